/** What things may be called (sls-api §7.2). Checked when they are made, never when they are read. */
import { AppError } from '#base/app-error.ts';

interface NameRule {
  readonly pattern: RegExp;
  readonly code: string;
  readonly what: string;
}

export type NameKind =
  | 'project'
  | 'logstore'
  | 'config'
  | 'machineGroup'
  | 'consumerGroup'
  | 'consumer'
  | 'savedSearch'
  | 'dashboard'
  | 'job';

const RULES: Readonly<Record<NameKind, NameRule>> = {
  project: {
    pattern: /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/,
    code: 'ParameterInvalid',
    what: 'project name',
  },
  logstore: {
    pattern: /^[a-z0-9][a-z0-9_-]{0,61}[a-z0-9]$/,
    code: 'LogStoreInfoInvalid',
    what: 'logstore name',
  },
  config: {
    pattern: /^[a-z0-9][a-z0-9_-]{0,126}[a-z0-9]$/,
    code: 'InvalidParameter',
    what: 'config name',
  },
  machineGroup: {
    pattern: /^[a-z0-9][a-z0-9_-]{0,126}[a-z0-9]$/,
    code: 'InvalidParameter',
    what: 'machine group name',
  },
  consumerGroup: {
    pattern: /^[A-Za-z0-9_-]{2,256}$/,
    code: 'ParameterInvalid',
    what: 'consumer group name',
  },
  consumer: {
    // Clients build names of host, process and time, so any visible text passes.
    pattern: /^[^\p{Cc}]{1,256}$/u,
    code: 'ParameterInvalid',
    what: 'consumer name',
  },
  savedSearch: {
    pattern: /^[A-Za-z0-9_-]{2,64}$/,
    code: 'ParameterInvalid',
    what: 'saved search name',
  },
  dashboard: {
    pattern: /^[A-Za-z0-9_-]{2,64}$/,
    code: 'ParameterInvalid',
    what: 'dashboard name',
  },
  job: {
    pattern: /^[A-Za-z0-9_-]{2,64}$/,
    code: 'ParameterInvalid',
    what: 'job name',
  },
};

export function isName(kind: NameKind, name: string): boolean {
  return RULES[kind].pattern.test(name);
}

/** Errors: ParameterInvalid, LogStoreInfoInvalid (logstores), InvalidParameter (configs, machine groups). */
export function checkName(kind: NameKind, name: string): void {
  if (isName(kind, name)) return;
  const { code, what } = RULES[kind];
  throw new AppError(code, `${what} ${shown(name)} is invalid`);
}

/** Enough of a bad name to recognise it by. */
function shown(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}

/** The options of `sluice reindex`. */
import type { OptionTable } from './option-table.ts';
import { booleanText, endpointUrl, text, unixTime } from './option-values.ts';

export interface ReindexConfig {
  readonly projectName: string | undefined;
  readonly logstoreName: string | undefined;
  /** Unix seconds. */
  readonly fromTime: number | undefined;
  readonly toTime: number | undefined;
  readonly status: boolean;
  readonly cancel: boolean;
  readonly noWait: boolean;
  readonly json: boolean;
  /** Origin of the server, without a slash at the end. */
  readonly endpoint: string;
  readonly dataDirectory: string | undefined;
  readonly accessKeyId: string | undefined;
  readonly accessKeySecret: string | undefined;
}

export const REINDEX_USAGE = 'sluice reindex --project <name> --logstore <name> [options]';

export const REINDEX_OPTIONS: OptionTable<ReindexConfig> = {
  projectName: {
    flag: '--project',
    env: undefined,
    schema: text,
    default: undefined,
    placeholder: '<name>',
    description: 'The project of the logstore.',
  },
  logstoreName: {
    flag: '--logstore',
    env: undefined,
    schema: text,
    default: undefined,
    placeholder: '<name>',
    description: 'The logstore whose old logs are to follow its present index configuration.',
  },
  fromTime: {
    flag: '--from',
    env: undefined,
    schema: unixTime,
    default: undefined,
    placeholder: '<time>',
    description:
      'Only segments with logs from this time on: Unix seconds, or a time with its zone like ' +
      '2026-11-23T08:00:00Z.',
  },
  toTime: {
    flag: '--to',
    env: undefined,
    schema: unixTime,
    default: undefined,
    placeholder: '<time>',
    description: 'Only segments with logs before this time.',
  },
  status: {
    flag: '--status',
    env: undefined,
    schema: booleanText,
    default: 'false',
    placeholder: undefined,
    description: 'Start nothing, say how far the last job of the logstore is.',
  },
  cancel: {
    flag: '--cancel',
    env: undefined,
    schema: booleanText,
    default: 'false',
    placeholder: undefined,
    description: 'Start nothing, end the job of the logstore. What is rebuilt stays.',
  },
  noWait: {
    flag: '--no-wait',
    env: undefined,
    schema: booleanText,
    default: 'false',
    placeholder: undefined,
    description: 'Start the job and leave it to the server.',
  },
  json: {
    flag: '--json',
    env: undefined,
    schema: booleanText,
    default: 'false',
    placeholder: undefined,
    description: 'Print the job as one JSON object.',
  },
  endpoint: {
    flag: '--endpoint',
    env: undefined,
    schema: endpointUrl,
    default: 'http://127.0.0.1:8080',
    placeholder: '<url>',
    description: 'The running server.',
  },
  dataDirectory: {
    flag: '--data-dir',
    env: 'SLUICE_DATA_DIR',
    schema: text,
    default: undefined,
    placeholder: '<path>',
    description:
      'Data directory of a server on this machine, for the root access key that is kept there.',
  },
  accessKeyId: {
    flag: '--access-key-id',
    env: 'SLUICE_ACCESS_KEY_ID',
    schema: text,
    default: undefined,
    placeholder: '<id>',
    description: 'Id of the root access key of the server.',
  },
  accessKeySecret: {
    flag: undefined,
    env: 'SLUICE_ACCESS_KEY_SECRET',
    schema: text,
    default: undefined,
    placeholder: '<secret>',
    description: 'Its secret; never on a command line.',
  },
};

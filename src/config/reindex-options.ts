/** The options of `sluice reindex`. */
import { CLIENT_OPTIONS, type ClientConfig } from './client-options.ts';
import type { OptionTable } from './option-table.ts';
import { booleanText, unixTime } from './option-values.ts';

export interface ReindexConfig extends ClientConfig {
  /** Unix seconds. */
  readonly fromTime: number | undefined;
  readonly toTime: number | undefined;
  readonly status: boolean;
  readonly cancel: boolean;
  readonly noWait: boolean;
  readonly json: boolean;
}

export const REINDEX_USAGE = 'sluice reindex --project <name> --logstore <name> [options]';

export const REINDEX_OPTIONS: OptionTable<ReindexConfig> = {
  ...CLIENT_OPTIONS,
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
};

/** The options of `sluice reindex`. */
import { CLIENT_OPTIONS, type ClientConfig } from './client-options.ts';
import type { OptionTable } from './option-table.ts';
import { booleanText } from './option-values.ts';
import { TIME_FORMS, timeText, type TimeText } from './time-text.ts';

export interface ReindexConfig extends ClientConfig {
  readonly fromTime: TimeText | undefined;
  readonly toTime: TimeText | undefined;
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
    schema: timeText,
    default: undefined,
    placeholder: '<time>',
    description: `Only segments with logs from this time on: ${TIME_FORMS}.`,
  },
  toTime: {
    flag: '--to',
    env: undefined,
    schema: timeText,
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

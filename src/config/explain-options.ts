/** The options of `sluice explain`. */
import { z } from 'zod';
import { CLIENT_OPTIONS, type ClientConfig } from './client-options.ts';
import type { OptionTable } from './option-table.ts';
import { booleanText } from './option-values.ts';
import { TIME_FORMS, timeText, type TimeText } from './time-text.ts';

export interface ExplainConfig extends ClientConfig {
  readonly query: string;
  readonly fromTime: TimeText;
  readonly toTime: TimeText;
  /** Empty: any. */
  readonly topic: string;
  /** Logs of the page; no meaning with SQL. */
  readonly line: number;
  /** Newest first. */
  readonly reverse: boolean;
  readonly json: boolean;
}

export const EXPLAIN_USAGE =
  "sluice explain --project <name> --logstore <name> [options] ['<query>']";

export const EXPLAIN_OPTIONS: OptionTable<ExplainConfig> = {
  ...CLIENT_OPTIONS,
  query: {
    flag: '--query',
    env: undefined,
    schema: z.string(),
    default: '*',
    placeholder: '<query>',
    description: 'A search, with or without SQL. --query itself may be left out.',
  },
  fromTime: {
    flag: '--from',
    env: undefined,
    schema: timeText,
    default: '-15m',
    placeholder: '<time>',
    description: `Logs from this time on: ${TIME_FORMS}.`,
  },
  toTime: {
    flag: '--to',
    env: undefined,
    schema: timeText,
    default: 'now',
    placeholder: '<time>',
    description: 'Logs before this time.',
  },
  topic: {
    flag: '--topic',
    env: undefined,
    schema: z.string(),
    default: '',
    placeholder: '<topic>',
    description: 'Only logs of this topic.',
  },
  line: {
    flag: '--line',
    env: undefined,
    schema: z
      .string()
      .regex(/^(?:\d{1,2}|100)$/u, 'it is not a number from 0 to 100')
      .transform(Number),
    default: '100',
    placeholder: '<count>',
    description: 'Logs of the page that is asked for, 0 to 100; no meaning with SQL.',
  },
  reverse: {
    flag: '--reverse',
    env: undefined,
    schema: booleanText,
    default: 'false',
    placeholder: undefined,
    description: 'Ask for the newest logs first.',
  },
  json: {
    flag: '--json',
    env: undefined,
    schema: booleanText,
    default: 'false',
    placeholder: undefined,
    description: 'Print what the server tells as one JSON object.',
  },
};

/** The options of `sluice tail`. */
import { z } from 'zod';
import { CLIENT_OPTIONS, type ClientConfig } from './client-options.ts';
import type { OptionTable } from './option-table.ts';
import { booleanText } from './option-values.ts';

export interface TailConfig extends ClientConfig {
  readonly query: string;
  /** Empty: any. */
  readonly topic: string;
  /** Logs from before the beginning. */
  readonly backCount: number;
  readonly json: boolean;
}

export const TAIL_USAGE = "sluice tail --project <name> --logstore <name> [options] ['<query>']";

export const TAIL_OPTIONS: OptionTable<TailConfig> = {
  ...CLIENT_OPTIONS,
  query: {
    flag: '--query',
    env: undefined,
    schema: z.string(),
    default: '*',
    placeholder: '<query>',
    description:
      'A search, without SQL: only logs that match are shown. --query itself may be left out.',
  },
  topic: {
    flag: '--topic',
    env: undefined,
    schema: z.string(),
    default: '',
    placeholder: '<topic>',
    description: 'Only logs of this topic.',
  },
  backCount: {
    flag: '--back',
    env: undefined,
    schema: z
      .string()
      .regex(/^\d{1,3}$/u, 'it is not a number from 0 to 500')
      .transform(Number)
      .refine((count) => count <= 500, 'it is not a number from 0 to 500'),
    default: '10',
    placeholder: '<count>',
    description: 'So many of the newest logs that match come first, at most 500.',
  },
  json: {
    flag: '--json',
    env: undefined,
    schema: booleanText,
    default: 'false',
    placeholder: undefined,
    description: 'Print each log as a JSON object on a line of its own.',
  },
};

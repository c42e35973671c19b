/** The options of `sluice tail`, and the query that stands among them. */
import { z } from 'zod';
import { AppError } from '#base/app-error.ts';
import type { OptionTable } from './option-table.ts';
import { booleanText, endpointUrl, text } from './option-values.ts';

export interface TailConfig {
  readonly projectName: string | undefined;
  readonly logstoreName: string | undefined;
  readonly query: string;
  /** Empty: any. */
  readonly topic: string;
  /** Logs from before the beginning. */
  readonly backCount: number;
  readonly json: boolean;
  /** Origin of the server, without a slash at the end. */
  readonly endpoint: string;
  readonly dataDirectory: string | undefined;
  readonly accessKeyId: string | undefined;
  readonly accessKeySecret: string | undefined;
}

export const TAIL_USAGE = "sluice tail --project <name> --logstore <name> [options] ['<query>']";

export const TAIL_OPTIONS: OptionTable<TailConfig> = {
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
    description: 'The logstore that is watched.',
  },
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
    description: 'Id of an access key of the server.',
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

/**
 * The words with the one that belongs to no option, the query, as the value of `--query`. What follows `--` belongs to
 * no option, whatever it begins with. Errors: ConfigInvalid for a second one.
 */
export function nameQuery(argv: readonly string[]): readonly string[] {
  const valued = new Set(
    Object.values(TAIL_OPTIONS).flatMap(({ flag, placeholder }) =>
      flag === undefined || placeholder === undefined ? [] : [flag],
    ),
  );
  const options: string[] = [];
  const words: string[] = [];
  let areOptions = true;
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (areOptions && word === '--') areOptions = false;
    else if (!areOptions || !word.startsWith('-')) words.push(word);
    else {
      options.push(word);
      const value = argv[i + 1];
      if (valued.has(word) && value !== undefined) {
        options.push(value);
        i++;
      }
    }
  }
  if (words.length > 1)
    throw new AppError(
      'ConfigInvalid',
      `the query is one word: put it in quotes, '${words.join(' ')}'`,
    );
  return words[0] === undefined ? options : [...options, `--query=${words[0]}`];
}

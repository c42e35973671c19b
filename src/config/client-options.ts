/** The options of every command that asks a running server something about one logstore. */
import { AppError } from '#base/app-error.ts';
import type { Option, OptionTable } from './option-table.ts';
import { endpointUrl, text } from './option-values.ts';

export interface ClientConfig {
  readonly projectName: string | undefined;
  readonly logstoreName: string | undefined;
  /** Origin of the server, without a slash at the end. */
  readonly endpoint: string;
  readonly dataDirectory: string | undefined;
  readonly accessKeyId: string | undefined;
  readonly accessKeySecret: string | undefined;
}

export const CLIENT_OPTIONS: OptionTable<ClientConfig> = {
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
    description: 'The logstore.',
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
export function nameQuery(
  argv: readonly string[],
  table: Readonly<Record<string, Pick<Option<unknown>, 'flag' | 'placeholder'>>>,
): readonly string[] {
  const valued = new Set(
    Object.values(table).flatMap(({ flag, placeholder }) =>
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

/**
 * The configuration with its project and logstore. Errors: ConfigInvalid when one is missing.
 */
export function withLogstore<Config extends ClientConfig>(
  config: Config,
): Config & { readonly projectName: string; readonly logstoreName: string } {
  const { projectName, logstoreName } = config;
  if (projectName === undefined) throw new AppError('ConfigInvalid', '--project is required');
  if (logstoreName === undefined) throw new AppError('ConfigInvalid', '--logstore is required');
  return { ...config, projectName, logstoreName };
}

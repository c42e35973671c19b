/**
 * One table of options per role; flags, environment variables, help text and types all come out of it.
 * Order of precedence: flag, environment, default. Everything arrives as text and is checked by zod.
 */
import type { z } from 'zod';
import { AppError } from '#base/app-error.ts';
import { nearestWord } from './nearest-word.ts';

export interface Option<Value> {
  /** `--data-dir`; undefined for what must not be on a command line (secrets). */
  readonly flag: string | undefined;
  readonly env: string | undefined;
  /** From the text that a user writes to the value. */
  readonly schema: z.ZodType<Value, string>;
  /** As a user would write it; undefined: the value is undefined when nobody sets it. */
  readonly default: string | undefined;
  /** What stands for the value in the help: `<path>`, `<host:port>`; undefined for a switch. */
  readonly placeholder: string | undefined;
  readonly description: string;
  /** The flag may come more than once, which makes a longer list; else the last one counts. */
  readonly repeats?: boolean | undefined;
}

export type OptionTable<Config> = { readonly [Name in keyof Config]: Option<Config[Name]> };

export interface OptionSources {
  /** Without the program itself. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

export type ParsedOptions<Config> =
  | { readonly kind: 'help' }
  | { readonly kind: 'config'; readonly config: Config };

/** Errors: ConfigInvalid, with a message for the user that names the flag or variable. */
export function parseOptions<Config extends object>(
  table: OptionTable<Config>,
  sources: OptionSources,
): ParsedOptions<Config> {
  if (sources.argv.includes('--help') || sources.argv.includes('-h')) return { kind: 'help' };
  const flags = readFlags(optionsOf(table), sources.argv);
  const config: Record<string, unknown> = {};
  for (const [name, option] of optionsOf(table)) {
    const found = textOf(option, flags, sources.env);
    config[name] = found === undefined ? undefined : checked(option, found);
  }
  return { kind: 'config', config: Object.freeze(config) as Config };
}

/** The help text of a role, one paragraph an option. */
export function helpText<Config extends object>(usage: string, table: OptionTable<Config>): string {
  const paragraphs = optionsOf(table).map(([, option]) => {
    const sign = option.flag ?? option.env ?? '';
    const head = option.placeholder === undefined ? sign : `${sign} ${option.placeholder}`;
    const notes = [
      option.default === undefined || option.default === 'false'
        ? undefined
        : `default ${option.default}`,
      option.flag === undefined || option.env === undefined ? undefined : `env ${option.env}`,
    ].filter((note) => note !== undefined);
    const end = notes.length === 0 ? '' : ` (${notes.join('; ')})`;
    return `  ${head}\n      ${option.description}${end}\n`;
  });
  return `Usage: ${usage}\n\n${paragraphs.join('\n')}`;
}

interface Found {
  readonly text: string;
  /** The flag or variable that it came from. */
  readonly from: string;
}

type AnyOption = Option<unknown>;

function optionsOf(table: object): readonly (readonly [name: string, option: AnyOption])[] {
  return Object.entries(table) as [string, AnyOption][];
}

/** Values by flag; those of a flag that repeats are joined by commas. */
function readFlags(
  options: readonly (readonly [string, AnyOption])[],
  argv: readonly string[],
): ReadonlyMap<string, string> {
  const byFlag = new Map(
    options.flatMap(([, option]) => (option.flag ? [[option.flag, option]] : [])),
  );
  const values = new Map<string, string>();
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? '';
    const equals = word.indexOf('=');
    const flag = equals < 0 ? word : word.slice(0, equals);
    const option = byFlag.get(flag);
    if (option === undefined) throw unknownFlag(flag, [...byFlag.keys()]);
    let value: string | undefined = equals < 0 ? undefined : word.slice(equals + 1);
    if (value === undefined) value = option.placeholder === undefined ? 'true' : argv[++index];
    if (value === undefined) throw invalid(`${flag} needs a value: ${flag} ${option.placeholder}`);
    const before = option.repeats === true ? values.get(flag) : undefined;
    values.set(flag, before === undefined ? value : `${before},${value}`);
  }
  return values;
}

function textOf(
  option: AnyOption,
  flags: ReadonlyMap<string, string>,
  env: Readonly<Record<string, string | undefined>>,
): Found | undefined {
  const { flag, env: variable } = option;
  const fromFlag = flag === undefined ? undefined : flags.get(flag);
  if (flag !== undefined && fromFlag !== undefined) return { text: fromFlag, from: flag };
  const fromEnv = variable === undefined ? undefined : env[variable];
  if (variable !== undefined && fromEnv !== undefined && fromEnv !== '')
    return { text: fromEnv, from: variable };
  if (option.default === undefined) return undefined;
  return { text: option.default, from: flag ?? variable ?? '' };
}

/** A value without a flag may be a secret, so it is not repeated. */
function checked(option: AnyOption, found: Found): unknown {
  const result = option.schema.safeParse(found.text);
  if (result.success) return result.data;
  const reason = result.error.issues[0]?.message ?? 'it is not valid';
  const shown = option.flag === undefined ? '' : ` ${JSON.stringify(found.text)}`;
  throw invalid(`${found.from}${shown}: ${reason}`);
}

function unknownFlag(word: string, flags: readonly string[]): AppError {
  if (!word.startsWith('-')) return invalid(`unexpected word ${JSON.stringify(word)}`);
  const nearest = nearestWord(word, flags);
  const hint = nearest === undefined ? 'see --help' : `did you mean ${nearest}?`;
  return invalid(`unknown option ${word}, ${hint}`);
}

function invalid(message: string): AppError {
  return new AppError('ConfigInvalid', message);
}

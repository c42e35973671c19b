/** Parses the text of a pipeline into its stages (sls-query §5). Expressions stay spans: they are SQL's to read. */
import { AppError } from '#base/app-error.ts';
import { SPL_STAGES_MAX } from '../limits.ts';
import { tokensOf, type SqlToken } from '../sql/tokens.ts';
import { StageReader } from './stage-reader.ts';
import type { Assignment, FieldName, Renamed, SortStage, Span, SplStage } from './stages.ts';

/** A stage without its place; the compiler keeps the members of each kind together. */
type StageOf<T> = T extends Span ? Omit<T, keyof Span> : never;
type Parsed = StageOf<SplStage>;

const COMMANDS: Readonly<Record<string, (reader: StageReader) => Parsed>> = {
  where: (reader) => ({ kind: 'where', condition: reader.expression() }),
  extend: (reader) => ({ kind: 'extend', assignments: reader.list(() => assignment(reader)) }),
  project: (reader) => {
    if (reader.options([], ['wildcard']).has('wildcard'))
      return { kind: 'projectLike', patterns: reader.list(() => reader.pattern()) };
    return { kind: 'project', fields: reader.list(() => renamed(reader)) };
  },
  'project-away': (reader) => {
    if (reader.options([], ['wildcard']).has('wildcard'))
      return { kind: 'dropLike', patterns: reader.list(() => reader.pattern()) };
    return { kind: 'drop', fields: reader.list(() => reader.field()) };
  },
  'project-rename': (reader) => ({
    kind: 'rename',
    fields: reader.list(() => {
      const to = reader.field();
      reader.expect('=');
      return { to, from: reader.field() };
    }),
  }),
  'parse-regexp': (reader) => {
    const field = reader.field();
    reader.expect(',');
    return { kind: 'parseRegexp', field, pattern: reader.text(), as: asFields(reader) };
  },
  'parse-json': (reader) => {
    const options = reader.options(['path', 'prefix']);
    const field = reader.field();
    const path = options.get('path');
    if (path !== undefined && !JSON_PATH.test(path))
      throw reader.error(field, `the path '${path}' is not of names and numbers, as '$.a.b[0]' is`);
    return { kind: 'parseJson', field, path, prefix: options.get('prefix') ?? '' };
  },
  'parse-csv': (reader) => {
    const options = reader.options(['delim']);
    const field = reader.field();
    const delimiter = options.get('delim') ?? ',';
    if (delimiter === '' || delimiter.includes('"'))
      throw reader.error(field, 'the delimiter must not be empty or a double quote');
    return { kind: 'parseCsv', field, delimiter, as: asFields(reader) };
  },
  'parse-kv': parseKv,
  'pack-fields': (reader) => {
    const options = reader.options(['include', 'exclude', 'ltrim'], ['keep']);
    reader.expect('as');
    return {
      kind: 'pack',
      include: options.get('include'),
      exclude: options.get('exclude'),
      prefix: options.get('ltrim') ?? '',
      keeps: options.has('keep'),
      as: reader.field(),
    };
  },
  stats: (reader) => {
    const outputs = reader.list(() => assignment(reader, 'by'));
    return {
      kind: 'stats',
      outputs,
      by: reader.take('by') ? reader.list(() => reader.field()) : [],
    };
  },
  sort: (reader) => ({ kind: 'sort', terms: reader.list(() => sortTerm(reader)) }),
  limit: (reader) => ({ kind: 'limit', count: reader.wholeNumber() }),
};

const JSON_PATH = /^\$(?:\.[\p{L}\p{N}_-]+|\[\d+\]|\["[^"\\]*"\])*$/u;

/**
 * `text`: all that follows the bar of the search, leading blanks included; places in messages count from there.
 * Errors: ParameterInvalid.
 */
export function parseSpl(text: string): readonly SplStage[] {
  const stages: SplStage[] = [];
  for (const { tokens, end } of cutStages(text)) {
    if (stages.length === SPL_STAGES_MAX)
      throw new AppError('ParameterInvalid', `a pipeline has at most ${SPL_STAGES_MAX} commands`);
    const reader = new StageReader(text, tokens, end);
    const place = { start: tokens[0]?.start ?? end, end };
    const name = reader.command();
    const parse = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (parse === undefined) throw reader.error(place, unknownCommand(name));
    const stage = parse(reader);
    reader.finish();
    stages.push({ ...stage, ...place });
  }
  return stages;
}

interface Cut {
  readonly tokens: readonly SqlToken[];
  readonly end: number;
}

/** At each bar outside quotes and comments. */
function cutStages(text: string): readonly Cut[] {
  const cuts: Cut[] = [];
  let tokens: SqlToken[] = [];
  for (const token of tokensOf(text)) {
    if (token.kind === 'comment') continue;
    if (token.text === '|') {
      cuts.push({ tokens, end: token.start });
      tokens = [];
    } else tokens.push(token);
  }
  cuts.push({ tokens, end: text.trimEnd().length });
  return cuts;
}

function unknownCommand(name: string): string {
  if (name === 'select' || name === 'with') return 'sql and spl cannot be mixed';
  return `unknown command '${name}', expecting ${Object.keys(COMMANDS).join(', ')}`;
}

function assignment(reader: StageReader, ...until: readonly string[]): Assignment {
  const field = reader.field();
  reader.expect('=');
  return { field, expression: reader.expression(...until) };
}

function renamed(reader: StageReader): Renamed {
  const to = reader.field();
  return { to, from: reader.take('=') ? reader.field() : to };
}

function asFields(reader: StageReader): readonly FieldName[] {
  reader.expect('as');
  return reader.list(() => reader.field());
}

function sortTerm(reader: StageReader): SortStage['terms'][number] {
  const field = reader.field();
  const isDescending = reader.take('desc');
  if (!isDescending) reader.take('asc');
  return { field, isDescending };
}

function parseKv(reader: StageReader): Parsed {
  const options = reader.options(['prefix'], ['delims', 'regexp']);
  const field = reader.field();
  const prefix = options.get('prefix') ?? '';
  reader.expect(',');
  const first = reader.text();
  if (options.has('regexp'))
    return { kind: 'parseKv', field, prefix, how: { kind: 'regexp', pattern: first } };
  reader.expect(',');
  const inside = reader.text();
  if (first === '' || inside === '' || first === inside)
    throw reader.error(field, 'separators must not be empty and must differ');
  const isAnyCharacter = options.has('delims');
  return {
    kind: 'parseKv',
    field,
    prefix,
    how: { kind: 'separators', between: first, inside, isAnyCharacter },
  };
}

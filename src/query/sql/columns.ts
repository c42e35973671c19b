/** The columns of the relation `log` (sls-query §3.2) and how each is read from a segment. */
import type { ColumnType } from '#parquet/column-chunk.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import type { SegmentReader } from '#segment/segment.ts';
import { LOG_TEXT_FIELDS_MAX } from '../limits.ts';
import { quoteName, quoteText } from './text.ts';

export type SqlColumnType = 'VARCHAR' | 'BIGINT' | 'DOUBLE';

export interface SqlColumn {
  readonly name: string;
  /** The log field that holds it. */
  readonly field: string;
  /** Dotted path below a JSON field. */
  readonly path: string | undefined;
  readonly type: SqlColumnType;
  /** A second name, which `select *` leaves out. */
  readonly isAlias: boolean;
  /** Of `LOG_TEXT`: the fields that it is made of. */
  readonly fields?: LogTextFields | undefined;
}

/** Either list may be empty; then it does not count. */
interface LogTextFields {
  readonly only: readonly string[];
  readonly except: readonly string[];
}

/** The text of a whole log, as clustering reads it. Only logstores with `log_reduce` in their index have it. */
export const LOG_TEXT = '__log_text__';

const TYPES: Readonly<Record<string, SqlColumnType>> = { long: 'BIGINT', double: 'DOUBLE' };

/** Columns of a configuration in order; names are unique but for letter case, the first one wins. */
export function sqlColumns(index: IndexConfig): readonly SqlColumn[] {
  const columns: SqlColumn[] = [];
  const taken = new Set<string>(['__time__']);
  const add = (column: SqlColumn): void => {
    const lower = column.name.toLowerCase();
    if (lower === '' || taken.has(lower)) return;
    taken.add(lower);
    columns.push(column);
  };
  const base = { path: undefined, type: 'VARCHAR' as const, isAlias: false };
  add({ ...base, name: '__source__', field: '__source__' });
  add({ ...base, name: '__topic__', field: '__topic__' });
  const aliases: SqlColumn[] = [];
  for (const [field, key] of Object.entries(index.keys ?? {})) {
    const column = { ...base, name: field, field, type: TYPES[key.type] ?? 'VARCHAR' };
    if (key.doc_value) {
      add(column);
      aliases.push({ ...column, name: key.alias ?? '', isAlias: true });
    }
    for (const [path, sub] of Object.entries(key.json_keys ?? {})) {
      if (sub.doc_value !== true) continue;
      const type = TYPES[sub.type] ?? 'VARCHAR';
      const subColumn = { name: `${field}.${path}`, field, path, type, isAlias: false };
      add(subColumn);
      aliases.push({ ...subColumn, name: sub.alias ?? '', isAlias: true });
    }
  }
  for (const alias of aliases) add(alias);
  if (index['log_reduce'] === true) {
    const only = stringsOf(index['log_reduce_white_list']);
    const except = stringsOf(index['log_reduce_black_list']);
    add({ ...base, name: LOG_TEXT, field: LOG_TEXT, isAlias: true, fields: { only, except } });
  }
  return columns;
}

/** A whole log but for its time, as a JSON object of texts. */
export const WHOLE_LOG = '__sls_log';

/** What every segment has beside the fields of its logs: the number of the row, the whole log, parts of the second. */
const BESIDE_FIELDS: Readonly<Record<string, (reader: SegmentReader) => string>> = {
  __sls_row: () => 'rows.file_row_number::BIGINT',
  [WHOLE_LOG]: logSql,
  __time_ns_part__: () => 'rows.__time_ns_part__::BIGINT',
};

/** The number of the segment among those of the relation; the view knows it. */
export const SEGMENT_NUMBER = '__sls_segment';

/**
 * Columns of a scan, which needs no index: any field of the logs by its name, as text. `names`: in any case where the index
 * has the field, else as in the logs; the first of those that are equal but for letter case is the column.
 */
export function scanColumns(names: readonly string[], index: IndexConfig): readonly SqlColumn[] {
  const spellings = new Map(
    Object.keys(index.keys ?? {}).map((field) => [field.toLowerCase(), field]),
  );
  const columns = new Map<string, SqlColumn>();
  for (const name of names) {
    const lower = name.toLowerCase();
    if (lower === '' || lower === '__time__' || columns.has(lower)) continue;
    const isText =
      lower === WHOLE_LOG || !(Object.hasOwn(BESIDE_FIELDS, lower) || lower === SEGMENT_NUMBER);
    const known = index.keys !== undefined && Object.hasOwn(index.keys, name);
    const field = known ? name : (spellings.get(lower) ?? name);
    const type = isText ? 'VARCHAR' : 'BIGINT';
    columns.set(lower, { name: field, field, path: undefined, type, isAlias: false });
  }
  return [...columns.values()];
}

function stringsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

/** The expression that reads a column from `rows`, a scan of a segment's Parquet file, with the type of the column. */
export function columnSql(column: SqlColumn, reader: SegmentReader, textBytesMax: number): string {
  const beside = Object.hasOwn(BESIDE_FIELDS, column.field)
    ? BESIDE_FIELDS[column.field]
    : undefined;
  if (beside !== undefined && column.path === undefined)
    return `CAST(${beside(reader)} AS ${column.type})`;
  if (column.fields !== undefined) return logTextSql(column.fields, reader, textBytesMax);
  const stored = reader.columns.find((one) => one.field === column.field);
  if (stored !== undefined && stored.type.kind !== 'text' && column.path === undefined)
    return numberSql(rowsColumn(stored.column), stored.type, column.type);
  const raw = fieldSql(column.field, reader);
  if (raw === undefined) return `NULL::${column.type}`;
  if (column.path === undefined) return typedSql(raw, column.type, textBytesMax);
  const path = column.path.split('.').map((name) => `."${name.replaceAll('"', '')}"`);
  const leaf = `CASE WHEN json_valid(${raw}) THEN json_extract_string(${raw}, ${quoteText(`$${path.join('')}`)}) END`;
  return typedSql(leaf, column.type, textBytesMax);
}

/** Qualified: fields may have the names of what the scan is joined with. */
function rowsColumn(name: string): string {
  return `rows.${quoteName(name)}`;
}

/** A column of numbers. A decimal has a point, which no text of a long index may have. */
function numberSql(raw: string, stored: ColumnType, type: SqlColumnType): string {
  if (type === 'BIGINT') return stored.kind === 'long' ? raw : 'NULL::BIGINT';
  return `CAST(${raw} AS ${type})`;
}

/** The fields with columns over those without. */
function logSql(reader: SegmentReader): string {
  const members = reader.columns.map(
    ({ field }) => `${quoteText(field)}, ${fieldSql(field, reader) ?? 'NULL'}`,
  );
  const rest =
    reader.restFields?.length === 0 ? "'{}'" : `coalesce(${rowsColumn('__rest__')}, '{}')`;
  return `json_merge_patch(${rest}, json_object(${members.join(', ')}))`;
}

/**
 * Values with the names of their fields, in the order of the names, so that logs of the same kind look the same. Fields of
 * the service itself are not a part of it, nor the name of the one that collectors put whole lines into.
 */
function logTextSql(
  { only, except }: LogTextFields,
  reader: SegmentReader,
  textBytesMax: number,
): string {
  const stored = [...reader.columns.map(({ field }) => field), ...(reader.restFields ?? [])];
  const known = stored.filter((field) => !field.startsWith('__') && !except.includes(field));
  const fields = [...new Set(only.length > 0 ? only : known)].sort();
  const parts = fields.slice(0, LOG_TEXT_FIELDS_MAX).flatMap((field) => {
    const raw = fieldSql(field, reader);
    if (raw === undefined) return [];
    const value = typedSql(raw, 'VARCHAR', textBytesMax);
    return field === 'content' ? [value] : [`${quoteText(`${field}: `)} || ${value}`];
  });
  // So many fields that the segment does not list them.
  if (reader.restFields === undefined && only.length === 0)
    parts.push(typedSql(`${rowsColumn('__rest__')}::VARCHAR`, 'VARCHAR', textBytesMax));
  return parts.length === 0 ? "''" : `concat_ws(' ', ${parts.join(', ')})`;
}

/** A log field as text, or undefined when no log of the segment has it. */
function fieldSql(field: string, reader: SegmentReader): string | undefined {
  const column = reader.columns.find((column) => column.field === field);
  if (column !== undefined) {
    const name = rowsColumn(column.column);
    return column.type.kind === 'text' ? name : `CAST(${name} AS VARCHAR)`;
  }
  if (reader.restFields?.includes(field) === false) return undefined;
  return `json_extract_string(${rowsColumn('__rest__')}, ${quoteText(`/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`)})`;
}

function typedSql(raw: string, type: SqlColumnType, textBytesMax: number): string {
  if (type === 'VARCHAR' && textBytesMax === Infinity) return raw;
  if (type === 'VARCHAR')
    return `CASE WHEN strlen(${raw}) > ${textBytesMax} THEN sls_cut(${raw}, ${textBytesMax}) ELSE ${raw} END`;
  // The engine's own casts take more than numbers are: they round `12.5` and read `1_000`.
  const pattern =
    type === 'BIGINT'
      ? '[+-]?[0-9]+'
      : String.raw`[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?`;
  return `CASE WHEN regexp_full_match(${raw}, '${pattern}') THEN TRY_CAST(${raw} AS ${type}) END`;
}

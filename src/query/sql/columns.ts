/** The columns of the relation `log` (sls-query §3.2) and how each is read from a segment. */
import type { ColumnType } from '#parquet/column-chunk.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import type { SegmentReader } from '#segment/segment.ts';
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
}

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
  return columns;
}

/** The expression that reads a column from `rows`, a scan of a segment's Parquet file, with the type of the column. */
export function columnSql(column: SqlColumn, reader: SegmentReader, textBytesMax: number): string {
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
  if (type === 'VARCHAR')
    return `CASE WHEN strlen(${raw}) > ${textBytesMax} THEN sls_cut(${raw}, ${textBytesMax}) ELSE ${raw} END`;
  // The engine's own casts take more than numbers are: they round `12.5` and read `1_000`.
  const pattern =
    type === 'BIGINT'
      ? '[+-]?[0-9]+'
      : String.raw`[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?`;
  return `CASE WHEN regexp_full_match(${raw}, '${pattern}') THEN TRY_CAST(${raw} AS ${type}) END`;
}

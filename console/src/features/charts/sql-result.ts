import type { LogRow } from '../../shared/log-types.ts';

/** What a column holds, as far as tables and charts care. */
export type ColumnKind = 'number' | 'time' | 'text';

export interface SqlColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  /** The server's type, such as `bigint`; "" when it named none. */
  readonly type: string;
}

export interface SqlResult {
  readonly columns: readonly SqlColumn[];
  readonly rows: readonly LogRow[];
}

/** SQL null travels as this text. */
export const NULL_TEXT = 'null';

const NUMBER_TYPES = /^(tinyint|smallint|integer|int|bigint|real|float|double|decimal|hugeint)/i;
const TIME_TYPES = /^(timestamp|date|time)/i;
const NUMBER_TEXT = /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const TIME_TEXT = /^\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$/;

/** Values looked at to tell what a column holds. */
const SAMPLE_ROWS = 200;

/**
 * The columns of an answer in the server's order. Answers without `keys` are read from the rows; reserved fields that SQL
 * answers always carry are not columns then.
 */
export function makeSqlResult(
  keys: readonly string[],
  columnTypes: readonly string[],
  rows: readonly LogRow[],
): SqlResult {
  const names =
    keys.length > 0
      ? keys
      : [...new Set(rows.flatMap((row) => Object.keys(row)))].filter(
          (name) => name !== '__time__' && name !== '__source__',
        );
  const columns = names.map((name, index) => {
    const type = columnTypes[index] ?? '';
    return { name, type, kind: columnKind(name, type, rows) };
  });
  return { columns, rows };
}

function columnKind(name: string, type: string, rows: readonly LogRow[]): ColumnKind {
  if (TIME_TYPES.test(type)) return 'time';
  const values = rows
    .slice(0, SAMPLE_ROWS)
    .map((row) => row[name] ?? NULL_TEXT)
    .filter((value) => value !== NULL_TEXT);
  const isNumber =
    NUMBER_TYPES.test(type) ||
    (type === '' && values.length > 0 && values.every((value) => NUMBER_TEXT.test(value)));
  if (isNumber) return isEpoch(name, values) ? 'time' : 'number';
  return values.length > 0 && values.every((value) => TIME_TEXT.test(value)) ? 'time' : 'text';
}

/** A number is a time when its column is called so and every value is a moment of 2001 to 2096 in seconds. */
function isEpoch(name: string, values: readonly string[]): boolean {
  if (!/time|date|^ts$|^t$/i.test(name) || values.length === 0) return false;
  return values.every((value) => Number(value) > 1e9 && Number(value) < 4e9);
}

/** The number in a cell; undefined for null, missing and everything that is not a number. */
export function numberOf(value: string | undefined): number | undefined {
  if (value === undefined || value === NULL_TEXT || value.trim() === '') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

/**
 * The moment in a cell as seconds on an axis. Texts carry the server's clock, so they are read without a zone and printed back
 * the same; numbers are Unix seconds.
 */
export function timeOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (NUMBER_TEXT.test(value)) return Number(value);
  if (!TIME_TEXT.test(value)) return undefined;
  const iso = value.length <= 10 ? value : value.replace(' ', 'T');
  const ms = Date.parse(value.length <= 10 ? `${iso}T00:00:00Z` : `${iso}Z`);
  return Number.isNaN(ms) ? undefined : ms / 1000;
}

export interface SortOrder {
  readonly column: string;
  readonly descending: boolean;
}

/** The rows in the order asked for; null is last either way, equal rows keep the server's order. */
export function sortRows(result: SqlResult, order: SortOrder | undefined): readonly LogRow[] {
  if (order === undefined) return result.rows;
  const { column: name, descending } = order;
  const column = result.columns.find((candidate) => candidate.name === name);
  const sign = descending ? -1 : 1;
  return result.rows.toSorted((left, right) => {
    const a = left[name] ?? NULL_TEXT;
    const b = right[name] ?? NULL_TEXT;
    if (a === NULL_TEXT || b === NULL_TEXT)
      return Number(a === NULL_TEXT) - Number(b === NULL_TEXT);
    if (column?.kind === 'number') return sign * ((numberOf(a) ?? 0) - (numberOf(b) ?? 0));
    return sign * a.localeCompare(b, 'en');
  });
}

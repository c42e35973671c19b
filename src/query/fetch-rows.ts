/** Reads rows of a segment's Parquet file by row number, as the texts that the log had. */
import type { SegmentReader } from '#segment/segment.ts';
import { quoteName, quoteText } from './sql-text.ts';

/** All fields of one log as texts, `__time__`, `__source__` and `__topic__` always among them. */
export type LogRow = Readonly<Record<string, string>>;

/** Runs a statement of our own and gives its few rows. */
export type ReadSql = (sql: string) => Promise<readonly (readonly unknown[])[]>;

/** The rows with these numbers, in the order asked for. Each number at most once. */
export async function fetchRows(
  readSql: ReadSql,
  reader: SegmentReader,
  rowNumbers: readonly number[],
): Promise<readonly LogRow[]> {
  if (rowNumbers.length === 0) return [];
  const names = reader.columns.map(({ column }) => quoteName(column));
  const rest = hasRest(reader) ? ['"__rest__"'] : [];
  const columns = ['file_row_number', '__time__', '__time_ns_part__', ...names, ...rest];
  const byNumber = new Map<number, LogRow>();
  for (const cells of await readSql(selectRows(reader, columns, rowNumbers)))
    byNumber.set(Number(cells[0]), toLogRow(reader, cells));
  return rowNumbers.map((number) => {
    const row = byNumber.get(number);
    if (row === undefined) throw new Error('assertion failed: row number beyond the segment');
    return row;
  });
}

/** Nanoseconds inside their second of rows in ascending order; 0 where a log has none. */
export async function fetchTimeNs(
  readSql: ReadSql,
  reader: SegmentReader,
  rowNumbers: readonly number[],
): Promise<readonly number[]> {
  const sql = selectRows(reader, ['file_row_number', '__time_ns_part__'], rowNumbers);
  const rows = await readSql(`${sql} ORDER BY 1`);
  return rows.map((cells) => Number(cells[1] ?? 0));
}

/** Whether the file has the column for fields without one of their own. */
export function hasRest(reader: SegmentReader): boolean {
  return reader.restFields === undefined || reader.restFields.length > 0;
}

function selectRows(
  reader: SegmentReader,
  columns: readonly string[],
  rowNumbers: readonly number[],
): string {
  const file = `read_parquet(${quoteText(reader.parquetPath)}, file_row_number=true)`;
  return `SELECT ${columns.join(', ')} FROM ${file} WHERE file_row_number IN (${rowNumbers.join()})`;
}

function toLogRow(reader: SegmentReader, cells: readonly unknown[]): LogRow {
  const row: Record<string, string> = {
    __time__: String(cells[1]),
    __source__: '',
    __topic__: '',
  };
  const timeNs = cells[2];
  if (typeof timeNs === 'number') row['__time_ns_part__'] = String(timeNs);
  for (const [i, { field }] of reader.columns.entries()) {
    const value = cells[3 + i];
    if (typeof value === 'string') setField(row, field, value);
  }
  const rest = cells[3 + reader.columns.length];
  if (typeof rest === 'string')
    for (const [field, value] of Object.entries(JSON.parse(rest) as Record<string, string>))
      setField(row, field, value);
  return row;
}

/** `__proto__` is a name like any other in a log. */
function setField(row: Record<string, string>, field: string, value: string): void {
  if (field !== '__proto__') row[field] = value;
  else
    Object.defineProperty(row, field, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
}

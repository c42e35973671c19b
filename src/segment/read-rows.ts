/** Reads rows of a segment's Parquet file by row number, as the texts that the log had. */
import { must } from '#base/assert.ts';
import { Bitset } from '#kernel/bitset.ts';
import { ParquetFile, type ParquetFileOptions } from '#parquet/parquet-file.ts';
import { REST_COLUMN, TIME_NS_COLUMN } from './columns.ts';
import { damaged } from './idx-codec.ts';
import { COLUMNS_AT_ONCE } from './limits.ts';
import { setField, type LogRow } from './log-row.ts';
import type { SegmentColumn } from './segment.ts';

export interface RowSource {
  readonly parquet: ParquetFileOptions;
  readonly columns: readonly SegmentColumn[];
  readonly rowCount: number;
  /** Log times and their nanoseconds by row, as the index has them, which is open anyway. */
  readonly times: () => Promise<Uint32Array>;
  readonly timeNs: () => Promise<Uint32Array | undefined>;
}

/**
 * The rows with these numbers, in the order asked for; only the pages that they are in are read. Errors: SegmentDamaged,
 * those of the source.
 */
export async function readRows(
  source: RowSource,
  rowNumbers: readonly number[],
): Promise<readonly LogRow[]> {
  if (rowNumbers.length === 0) return [];
  const file = await openRows(source);
  const sorted = [...new Set(rowNumbers)].sort((a, b) => a - b);
  const rows = await fixedFields(source, sorted);
  for (let from = 0; from < source.columns.length; from += COLUMNS_AT_ONCE) {
    const columns = source.columns.slice(from, from + COLUMNS_AT_ONCE);
    const texts = await Promise.all(
      columns.map(({ column }) => {
        const index = file.columnIndex(column);
        if (index < 0) throw damaged('a column of the rows is missing');
        return file.readTexts(index, sorted);
      }),
    );
    for (const [at, { field }] of columns.entries())
      for (const [i, text] of texts[at]!.entries())
        if (text !== undefined) setField(rows[i]!, field, textOf(text));
  }
  await addRest(file, sorted, rows);
  const byNumber = new Map(sorted.map((number, i) => [number, rows[i]!]));
  return rowNumbers.map((number) => must(byNumber.get(number), 'a row that was read'));
}

/** Rows whose text of a field passes a test. Errors: as `readRows`. */
export async function findRows(
  source: RowSource,
  field: string,
  test: (text: string) => boolean,
): Promise<Bitset> {
  const found = new Bitset(source.rowCount);
  const column = source.columns.find((one) => one.field === field)?.column;
  if (column === undefined) return found;
  const file = await openRows(source);
  const index = file.columnIndex(column);
  for (const [group, { firstRow, rowCount }] of file.groups.entries()) {
    const chunk = await file.readChunk(group, index, { from: 0, to: rowCount });
    const { arena, starts, ends } = chunk.strings;
    const passes = (entry: number): boolean =>
      test(textOf(arena.subarray(starts[entry], ends[entry])));
    const byId =
      chunk.ids === undefined ? undefined : Array.from(starts, (_, entry) => passes(entry));
    let value = 0;
    for (let row = 0; row < rowCount; row++) {
      const isThere =
        chunk.present === undefined || (chunk.present[row >>> 3]! & (1 << (row & 7))) !== 0;
      if (!isThere) continue;
      const entry = chunk.ids?.[value] ?? value;
      if (byId?.[entry] ?? passes(entry)) found.add(firstRow + row);
      value++;
    }
  }
  return found;
}

/** The Parquet file of a segment. Errors: SegmentDamaged when it is another one's. */
export async function openRows(source: RowSource): Promise<ParquetFile> {
  const file = await ParquetFile.open(source.parquet);
  if (file.rowCount !== source.rowCount) throw damaged('rows belong to another segment');
  return file;
}

async function fixedFields(
  source: RowSource,
  sorted: readonly number[],
): Promise<Record<string, string>[]> {
  const times = await source.times();
  const timeNs = await source.timeNs();
  return sorted.map((row) => {
    const fields: Record<string, string> = {
      __time__: String(times[row]),
      __source__: '',
      __topic__: '',
    };
    const ns = timeNs?.[row] ?? 0;
    if (ns !== 0) fields[TIME_NS_COLUMN] = String(ns);
    return fields;
  });
}

async function addRest(
  file: ParquetFile,
  sorted: readonly number[],
  rows: readonly Record<string, string>[],
): Promise<void> {
  const index = file.columnIndex(REST_COLUMN);
  if (index < 0) return;
  for (const [i, text] of (await file.readTexts(index, sorted)).entries())
    if (text !== undefined)
      for (const [field, value] of parseRest(text)) setField(rows[i]!, field, value);
}

/** The fields of a `__rest__` text. */
export function parseRest(text: Uint8Array): readonly (readonly [string, string])[] {
  try {
    return Object.entries(JSON.parse(textOf(text)) as Record<string, string>);
  } catch (error) {
    throw damaged('rest of a row', error);
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

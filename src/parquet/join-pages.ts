/** Makes one chunk of rows of the pages that hold them. */
import type { ByteStrings, ColumnChunk } from './column-chunk.ts';
import { copyRun, countBits, setBits } from './hybrid-codec.ts';
import type { DataPage } from './page-reader.ts';

export interface JoinOptions {
  /** Rows of the row group that are wanted. */
  readonly range: { readonly from: number; readonly to: number };
  /** Row of the row group with which the first page begins. */
  readonly firstRow: number;
  readonly dictionary: ByteStrings | undefined;
}

/** What is taken from one page: rows and values of it. */
interface Part {
  readonly page: DataPage;
  readonly fromRow: number;
  readonly toRow: number;
  readonly from: number;
  readonly to: number;
}

/** The pages must follow each other and hold the whole range. */
export function joinPages(pages: readonly DataPage[], options: JoinOptions): ColumnChunk {
  const { range, dictionary } = options;
  const parts = partsOf(pages, options);
  const rowCount = range.to - range.from;
  const valueCount = parts.reduce((sum, { from, to }) => sum + to - from, 0);
  const present = valueCount === rowCount ? undefined : joinPresent(parts, rowCount);
  if (dictionary === undefined)
    return { rowCount, present, valueCount, ids: undefined, strings: joinStrings(parts) };
  const ids = new Uint32Array(valueCount);
  let at = 0;
  for (const { page, from, to } of parts) {
    ids.set(page.ids!.subarray(from, to), at);
    at += to - from;
  }
  return { rowCount, present, valueCount, ids, strings: dictionary };
}

function partsOf(pages: readonly DataPage[], { range, firstRow }: JoinOptions): readonly Part[] {
  let start = firstRow;
  return pages.map((page) => {
    const fromRow = Math.max(0, range.from - start);
    const toRow = Math.min(page.rowCount, range.to - start);
    start += page.rowCount;
    if (page.present === undefined) return { page, fromRow, toRow, from: fromRow, to: toRow };
    const from = countBits(page.present, 0, fromRow);
    return { page, fromRow, toRow, from, to: from + countBits(page.present, fromRow, toRow) };
  });
}

function joinPresent(parts: readonly Part[], rowCount: number): Uint8Array {
  const present = new Uint8Array((rowCount + 7) >>> 3);
  let at = 0;
  for (const { page, fromRow, toRow } of parts) {
    const count = toRow - fromRow;
    if (page.present === undefined) setBits(present, at, count);
    else copyRun(page.present, present, { source: fromRow, target: at, count });
    at += toRow - fromRow;
  }
  return present;
}

function joinStrings(parts: readonly Part[]): ByteStrings {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) {
    const { arena, starts, ends } = only.page.strings;
    return {
      arena,
      starts: starts.subarray(only.from, only.to),
      ends: ends.subarray(only.from, only.to),
    };
  }
  const valueCount = parts.reduce((sum, { from, to }) => sum + to - from, 0);
  const sizeBytes = parts.reduce((sum, { page }) => sum + page.strings.arena.length, 0);
  const arena = new Uint8Array(sizeBytes);
  const starts = new Uint32Array(valueCount);
  const ends = new Uint32Array(valueCount);
  let base = 0;
  let at = 0;
  for (const { page, from, to } of parts) {
    const { strings } = page;
    arena.set(strings.arena, base);
    for (let value = from; value < to; value++) {
      starts[at] = base + strings.starts[value]!;
      ends[at++] = base + strings.ends[value]!;
    }
    base += strings.arena.length;
  }
  return { arena, starts, ends };
}

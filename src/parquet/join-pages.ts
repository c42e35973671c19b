/** Makes one chunk of rows of the pages that hold them. */
import { assert } from '#base/assert.ts';
import type { ByteStrings, ColumnChunk } from './column-chunk.ts';
import type { Integers } from './delta-codec.ts';
import { copyRun, countBits, setBits } from './hybrid-codec.ts';
import { printIntegers } from './number-texts.ts';
import type { DataPage } from './page-reader.ts';
import type { ReadMemory } from './read-memory.ts';

export interface JoinOptions {
  /** Rows of the row group that are wanted. */
  readonly range: { readonly from: number; readonly to: number };
  /** Row of the row group with which the first page begins. */
  readonly firstRow: number;
  readonly dictionary: ByteStrings | undefined;
  /** Fraction digits, when the values are numbers. */
  readonly scale: number;
  readonly memory: ReadMemory;
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
  const { range, dictionary, memory } = options;
  const parts = partsOf(pages, options);
  const rowCount = range.to - range.from;
  const valueCount = parts.reduce((sum, { from, to }) => sum + to - from, 0);
  const present = valueCount === rowCount ? undefined : joinPresent(parts, rowCount);
  const base = { rowCount, present, valueCount };
  if (dictionary !== undefined)
    return { ...base, ids: joinIds(parts, valueCount, memory), strings: dictionary };
  const isNumbers = parts.some(({ page }) => page.values.kind === 'integers');
  const strings = isNumbers ? joinIntegers(parts, valueCount, options) : joinStrings(parts, memory);
  return { ...base, ids: undefined, strings };
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

function joinIds(parts: readonly Part[], valueCount: number, memory: ReadMemory): Uint32Array {
  const ids = memory.u32(valueCount);
  let at = 0;
  for (const { page, from, to } of parts) {
    assert(page.values.kind === 'ids', 'all pages of a chunk with a dictionary have ids');
    if (parts.length === 1) return page.values.ids.subarray(from, to);
    ids.set(page.values.ids.subarray(from, to), at);
    at += to - from;
  }
  return ids;
}

function joinIntegers(
  parts: readonly Part[],
  valueCount: number,
  { scale, memory }: JoinOptions,
): ByteStrings {
  const pages = parts.map(({ page, from, to }) => {
    assert(page.values.kind === 'integers', 'all pages of a column of numbers have numbers');
    return page.values.integers.subarray(from, to);
  });
  return printIntegers(concatIntegers(pages, valueCount), scale, memory);
}

function concatIntegers(parts: readonly Integers[], valueCount: number): Integers {
  if (parts.length === 1) return parts[0]!;
  const isSmall = parts.every((part) => part instanceof Float64Array);
  let at = 0;
  if (isSmall) {
    const values = new Float64Array(valueCount);
    for (const part of parts) {
      values.set(part, at);
      at += part.length;
    }
    return values;
  }
  const values = new BigInt64Array(valueCount);
  for (const part of parts) for (const value of part) values[at++] = BigInt(value);
  return values;
}

function stringsOf({ page }: Part): ByteStrings {
  assert(page.values.kind === 'strings', 'all pages of a column of texts have texts');
  return page.values.strings;
}

function joinStrings(parts: readonly Part[], memory: ReadMemory): ByteStrings {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) {
    const { arena, starts, ends } = stringsOf(only);
    return {
      arena,
      starts: starts.subarray(only.from, only.to),
      ends: ends.subarray(only.from, only.to),
    };
  }
  const valueCount = parts.reduce((sum, { from, to }) => sum + to - from, 0);
  const sizeBytes = parts.reduce((sum, part) => sum + stringsOf(part).arena.length, 0);
  const arena = memory.bytes(sizeBytes);
  const starts = memory.u32(valueCount);
  const ends = memory.u32(valueCount);
  let base = 0;
  let at = 0;
  for (const part of parts) {
    const strings = stringsOf(part);
    const { from, to } = part;
    arena.set(strings.arena, base);
    for (let value = from; value < to; value++) {
      starts[at] = base + strings.starts[value]!;
      ends[at++] = base + strings.ends[value]!;
    }
    base += strings.arena.length;
  }
  return { arena, starts, ends };
}

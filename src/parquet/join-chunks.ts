/** Puts rows of several chunks of one column together, in any order. */
import { ByteWriter } from '#kernel/byte-writer.ts';
import type { ByteStrings, ColumnChunk } from './column-chunk.ts';
import { copyRun, countBits, setBits } from './hybrid-codec.ts';
import { ROW_GROUP_BYTES } from './limits.ts';
import { FRESH_MEMORY, type ReadMemory } from './read-memory.ts';
import { TextTable } from './text-table.ts';

/**
 * Where the rows of the output come from, run after run: counts[n] rows of chunk chunks[n], from its row sources[n] on.
 * The runs of one chunk ascend.
 */
export interface RowRuns {
  readonly chunks: Uint32Array;
  readonly sources: Uint32Array;
  readonly counts: Uint32Array;
}

/** Values [from, to) of each run. */
interface ValueRuns {
  readonly chunks: Uint32Array;
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  readonly valueCount: number;
}

type Chunks = readonly (ColumnChunk | undefined)[];

/**
 * The chunk of `rowCount` rows; those of undefined chunks lack the field. It has ids when all chunks with a value have, or
 * when it would be large without them.
 * Undefined: no row has the field.
 */
export function joinChunks(
  rowCount: number,
  chunks: Chunks,
  runs: RowRuns,
  memory: ReadMemory = FRESH_MEMORY,
): ColumnChunk | undefined {
  const bits = new Uint8Array((rowCount + 7) >>> 3);
  const values = valueRuns(chunks, runs, bits);
  const { valueCount } = values;
  if (valueCount === 0) return undefined;
  const base = { rowCount, present: valueCount === rowCount ? undefined : bits, valueCount };
  const used = chunks.filter((chunk) => chunk !== undefined && chunk.valueCount > 0);
  const haveIds = used.every((chunk) => chunk?.ids !== undefined);
  if (haveIds || repeatedBytes(chunks, values) > ROW_GROUP_BYTES)
    return { ...base, ...joinIds(chunks, values, memory) };
  return { ...base, ids: undefined, strings: joinStrings(chunks, values, memory) };
}

/** What the values with ids would take without them; many rows may share one that is large. */
function repeatedBytes(chunks: Chunks, runs: ValueRuns): number {
  let bytes = 0;
  for (let run = 0; run < runs.from.length; run++) {
    const chunk = chunks[runs.chunks[run]!];
    if (chunk?.ids === undefined) continue;
    const { starts, ends } = chunk.strings;
    for (let value = runs.from[run]!; value < runs.to[run]!; value++) {
      const entry = chunk.ids[value]!;
      bytes += ends[entry]! - starts[entry]!;
    }
  }
  return bytes;
}

/** Sets the bits of the rows that have the field. */
function valueRuns(chunks: Chunks, runs: RowRuns, bits: Uint8Array): ValueRuns {
  const length = runs.counts.length;
  const from = new Uint32Array(length);
  const to = new Uint32Array(length);
  // How far each chunk has been counted: rows, and values of them.
  const rows = new Uint32Array(chunks.length);
  const values = new Uint32Array(chunks.length);
  let valueCount = 0;
  let target = 0;
  for (let run = 0; run < length; run++) {
    const number = runs.chunks[run]!;
    const source = runs.sources[run]!;
    const count = runs.counts[run]!;
    const present = chunks[number]?.present;
    if (chunks[number] === undefined) {
      target += count;
      continue;
    }
    if (present === undefined) {
      from[run] = source;
      to[run] = source + count;
      setBits(bits, target, count);
    } else {
      from[run] = values[number]! + countBits(present, rows[number]!, source);
      const taken = copyRun(present, bits, { source, target, count });
      to[run] = values[number] = from[run]! + taken;
      rows[number] = source + count;
    }
    valueCount += to[run]! - from[run]!;
    target += count;
  }
  return { chunks: runs.chunks, from, to, valueCount };
}

function joinIds(
  chunks: Chunks,
  runs: ValueRuns,
  memory: ReadMemory,
): { readonly ids: Uint32Array; readonly strings: ByteStrings } {
  const ids = memory.u32(runs.valueCount);
  const table = new TextTable();
  // Entries that no row of the output uses must not come into the dictionary. Numbers + 1 by entry.
  const known = chunks.map((chunk) => new Uint32Array(chunk?.strings.starts.length ?? 0));
  let at = 0;
  for (let run = 0; run < runs.from.length; run++) {
    const to = runs.to[run]!;
    if (runs.from[run] === to) continue;
    const { ids: own, strings } = chunks[runs.chunks[run]!]!;
    const numbers = known[runs.chunks[run]!]!;
    for (let value = runs.from[run]!; value < to; value++) {
      const entry = own === undefined ? value : own[value]!;
      let number = numbers[entry]!;
      if (number === 0) {
        number = 1 + table.idOf(strings.arena, strings.starts[entry]!, strings.ends[entry]!);
        numbers[entry] = number;
      }
      ids[at++] = number - 1;
    }
  }
  return { ids, strings: table.strings() };
}

/** Texts behind each other in an arena of their own. */
class TextList {
  readonly #out: ByteWriter;
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;
  #count: number = 0;

  constructor(count: number, sizeBytes: number, memory: ReadMemory) {
    this.#out = new ByteWriter(memory.bytes(sizeBytes));
    this.#starts = memory.u32(count);
    this.#ends = memory.u32(count);
  }

  add(arena: Uint8Array, start: number, end: number): void {
    this.#starts[this.#count] = this.#out.length;
    this.#out.bytes(arena, start, end);
    this.#ends[this.#count++] = this.#out.length;
  }

  /** Entries [from, to) of the strings; those that follow each other in their arena are copied at once. */
  addRun({ arena, starts, ends }: ByteStrings, from: number, to: number): void {
    for (let entry = from; entry < to;) {
      const start = starts[entry]!;
      const shift = this.#out.length - start;
      let end = start;
      for (; entry < to && starts[entry] === end; entry++) {
        end = ends[entry]!;
        this.#starts[this.#count] = starts[entry]! + shift;
        this.#ends[this.#count++] = end + shift;
      }
      this.#out.bytes(arena, start, end);
    }
  }

  strings(): ByteStrings {
    return { arena: this.#out.view(), starts: this.#starts, ends: this.#ends };
  }
}

function joinStrings(chunks: Chunks, runs: ValueRuns, memory: ReadMemory): ByteStrings {
  let sizeBytes = 0;
  for (const chunk of chunks)
    if (chunk !== undefined && chunk.ids === undefined) sizeBytes += chunk.strings.arena.length;
  const list = new TextList(runs.valueCount, sizeBytes, memory);
  for (let run = 0; run < runs.from.length; run++) {
    const from = runs.from[run]!;
    const to = runs.to[run]!;
    if (from === to) continue;
    const { ids, strings } = chunks[runs.chunks[run]!]!;
    if (ids === undefined) list.addRun(strings, from, to);
    else
      for (let value = from; value < to; value++)
        list.add(strings.arena, strings.starts[ids[value]!]!, strings.ends[ids[value]!]!);
  }
  return list.strings();
}

/** Texts of single rows. */
export type RowTexts = ReadonlyMap<number, Uint8Array>;

/** The chunk with the texts of some rows put in; those of the chunk stand where there is none. It has ids. */
export function putTexts(
  rowCount: number,
  chunk: ColumnChunk | undefined,
  texts: RowTexts,
): ColumnChunk | undefined {
  const present = new Uint8Array((rowCount + 7) >>> 3);
  const table = new TextTable();
  const ids = new Uint32Array(rowCount);
  let value = 0;
  let valueCount = 0;
  for (let row = 0; row < rowCount; row++) {
    const isThere =
      chunk !== undefined &&
      (chunk.present === undefined || (chunk.present[row >>> 3]! & (1 << (row & 7))) !== 0);
    const text = texts.get(row);
    if (text !== undefined) ids[valueCount] = table.idOf(text, 0, text.length);
    else if (isThere) {
      const entry = chunk.ids === undefined ? value : chunk.ids[value]!;
      const { arena, starts, ends } = chunk.strings;
      ids[valueCount] = table.idOf(arena, starts[entry]!, ends[entry]!);
    } else continue;
    if (isThere) value++;
    valueCount++;
    present[row >>> 3]! |= 1 << (row & 7);
  }
  if (valueCount === 0) return undefined;
  return {
    rowCount,
    present: valueCount === rowCount ? undefined : present,
    valueCount,
    ids: ids.subarray(0, valueCount),
    strings: table.strings(),
  };
}

/** For tests: chunks from texts, files in memory. */
import type { ByteSource } from './byte-source.ts';
import { chooseType } from './choose-type.ts';
import type { ColumnChunk } from './column-chunk.ts';
import type { Codec } from './metadata.ts';
import { ParquetFile, type PageCache } from './parquet-file.ts';
import { ParquetWriter } from './parquet-writer.ts';

export type Cell = string | undefined;

/** `withIds`: with a dictionary of the distinct values. */
export function chunkOf(cells: readonly Cell[], withIds: boolean): ColumnChunk {
  const present = new Uint8Array(Math.ceil(cells.length / 8));
  for (const [row, cell] of cells.entries())
    if (cell !== undefined) present[row >>> 3]! |= 1 << (row & 7);
  const values = cells.filter((cell) => cell !== undefined);
  const entries = withIds ? [...new Set(values)] : values;
  const numbers = new Map(entries.map((text, i) => [text, i]));
  const texts = entries.map((text) => Buffer.from(text));
  const starts = new Uint32Array(texts.length);
  const ends = new Uint32Array(texts.length);
  // A byte between the values, as between those of a log group.
  let at = 0;
  for (const [i, text] of texts.entries()) {
    starts[i] = at + (i % 2);
    at = ends[i] = starts[i] + text.length;
  }
  const arena = new Uint8Array(at);
  for (const [i, text] of texts.entries()) arena.set(text, starts[i]);
  return {
    rowCount: cells.length,
    present: values.length === cells.length ? undefined : present,
    valueCount: values.length,
    ids: withIds ? Uint32Array.from(values, (text) => numbers.get(text)!) : undefined,
    strings: { arena, starts, ends },
  };
}

export function cellsOf(chunk: ColumnChunk): Cell[] {
  const { arena, starts, ends } = chunk.strings;
  let value = 0;
  return Array.from({ length: chunk.rowCount }, (_, row) => {
    const { present } = chunk;
    if (present !== undefined && (present[row >>> 3]! & (1 << (row & 7))) === 0) return undefined;
    const entry = chunk.ids?.[value] ?? value;
    value++;
    return Buffer.from(arena.subarray(starts[entry], ends[entry])).toString('utf8');
  });
}

export interface FixtureGroup {
  readonly times: Uint32Array;
  readonly timeNs: Uint32Array;
  /** By column, a chunk without a value may be undefined. */
  readonly chunks: readonly (ColumnChunk | undefined)[];
}

/** A file of row groups; types are chosen. */
export function fileOf(
  names: readonly string[],
  groups: readonly FixtureGroup[],
  codec: Codec,
): Uint8Array {
  const columns = names.map((name, i) => ({
    name,
    type: chooseType(groups.map(({ chunks }) => chunks[i])),
  }));
  using writer = new ParquetWriter({ columns, codec });
  const pieces: Uint8Array[] = [];
  for (const group of groups) {
    writer.begin(group);
    for (const chunk of group.chunks) {
      writer.addChunk(chunk);
      pieces.push(writer.take().slice());
    }
  }
  writer.finish();
  pieces.push(writer.take());
  return Buffer.concat(pieces);
}

export function sourceOf(bytes: Uint8Array): ByteSource {
  return {
    sizeBytes: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
  };
}

export const NO_CACHE: PageCache = { get: async (_key, load) => (await load()).value };

export function openBytes(bytes: Uint8Array): Promise<ParquetFile> {
  return ParquetFile.open({ source: sourceOf(bytes), cache: NO_CACHE, cacheKey: 'x' });
}

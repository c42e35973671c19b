/**
 * Reads the Parquet files of this room: whole ranges of a column, single rows with the pages that they are in, and
 * chunks as they are. Every page that is read has its checksum tested.
 */
import { ByteReader } from '#kernel/byte-writer.ts';
import type { ByteSource } from './byte-source.ts';
import { scaleOfType } from './choose-type.ts';
import type { ByteStrings, ColumnChunk, ColumnType } from './column-chunk.ts';
import { asDamage, fileDamaged } from './file-damaged.ts';
import { joinPages } from './join-pages.ts';
import { FOOTER_BYTES_MAX, PAGE_READ_BYTES_MAX, TAIL_READ_BYTES } from './limits.ts';
import {
  decodeFooter,
  decodeOffsetIndex,
  MAGIC,
  TRAILER_BYTES,
  type FileInfo,
  type GroupInfo,
  type PagePlace,
  type ParquetColumn,
  type ReadChunkInfo,
} from './metadata.ts';
import {
  decodeData,
  decodeDictionary,
  decodeTimeNs,
  decodeTimes,
  checkPages,
  readPage,
  type DataPage,
  type Page,
} from './page-reader.ts';
import { pickTexts } from './pick-texts.ts';
import { FRESH_MEMORY, type ReadMemory } from './read-memory.ts';
import type { ChunkCopy } from './parquet-writer.ts';

/** Keeps what is read more than once. `sizeBytes` is what it takes in memory. */
export interface PageCache {
  get<T>(
    key: string,
    load: () => Promise<{ readonly value: T; readonly sizeBytes: number }>,
  ): Promise<T>;
}

export interface ParquetFileOptions {
  readonly source: ByteSource;
  readonly cache: PageCache;
  /** Of this file for ever; its entries in the cache are `<cacheKey>:p…`. */
  readonly cacheKey: string;
}

export interface RowGroup extends GroupInfo<ReadChunkInfo> {
  readonly firstRow: number;
}

/** Rows of a row group, or of a file. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

/** What one object of a decoded footer takes, about twenty times its bytes. */
const FOOTER_MEMORY_FACTOR = 20;
/** Places of a text, or a number. */
const VALUE_MEMORY_BYTES = 8;
const FIXED_COLUMNS = 2;

interface OpenFile {
  readonly info: FileInfo;
  readonly groups: readonly RowGroup[];
  readonly rowCount: number;
}

export class ParquetFile {
  readonly columns: readonly ParquetColumn[];
  readonly groups: readonly RowGroup[];
  readonly rowCount: number;
  readonly #options: ParquetFileOptions;

  private constructor(options: ParquetFileOptions, file: OpenFile) {
    this.columns = file.info.columns;
    this.groups = file.groups;
    this.rowCount = file.rowCount;
    this.#options = options;
  }

  /** Reads the footer, once for the cache. Errors: SegmentDamaged, and those of the source. */
  static async open(options: ParquetFileOptions): Promise<ParquetFile> {
    const file = await options.cache.get(`${options.cacheKey}:p`, () => readFooter(options.source));
    return new ParquetFile(options, file);
  }

  /** Number of a column by its name, or −1. */
  columnIndex(name: string): number {
    return this.columns.findIndex((column) => column.name === name);
  }

  /** Whether no row of the row group has the field; known without reading a page. */
  isAbsent(group: number, column: number): boolean {
    const { statistics, rowCount } = this.#chunkInfo(group, FIXED_COLUMNS + column);
    return statistics.nullCount === rowCount;
  }

  /** Log times, Unix seconds, of rows of the file. */
  async times(range: RowRange): Promise<Uint32Array> {
    return this.#fixed(0, range, decodeTimes);
  }

  /** Nanoseconds inside their second, 0 where the log has none. */
  async timeNs(range: RowRange): Promise<Uint32Array> {
    return this.#fixed(1, range, decodeTimeNs);
  }

  /**
   * Rows of one row group, as texts. The chunk is the caller's, its dictionary shared: nobody may change it. All but the
   * dictionary and the bitmap may lie in `memory`.
   */
  async readChunk(
    group: number,
    column: number,
    range: RowRange,
    memory: ReadMemory = FRESH_MEMORY,
  ): Promise<ColumnChunk> {
    const { type } = this.columns[column]!;
    return guarded(async () => {
      const chunk = this.#chunkInfo(group, FIXED_COLUMNS + column);
      const dictionary = await this.#dictionary(chunk, type);
      const places = pagesOf(await this.#places(group, FIXED_COLUMNS + column), chunk, range);
      const join = { range, dictionary, scale: scaleOfType(type), memory };
      const first = places[0];
      if (first === undefined) return joinPages([], { ...join, firstRow: 0 });
      const pages = await this.#readPages(places, chunk, memory);
      const entryCount = dictionary?.starts.length;
      const decoded = pages.map((page) => decodeData(page, type, entryCount, memory));
      return joinPages(decoded, { ...join, firstRow: first.firstRow });
    });
  }

  /** Texts of single rows of the file, ascending; undefined where a row has no such field. */
  async readTexts(column: number, rows: readonly number[]): Promise<(Uint8Array | undefined)[]> {
    const { type } = this.columns[column]!;
    const texts: (Uint8Array | undefined)[] = [];
    await guarded(async () => {
      for (const { group, first, rowsOfGroup } of this.#byGroup(rows)) {
        const chunk = this.#chunkInfo(group, FIXED_COLUMNS + column);
        if (this.isAbsent(group, column)) {
          for (const _ of rowsOfGroup) texts.push(undefined);
          continue;
        }
        const dictionary = await this.#dictionary(chunk, type);
        const places = await this.#places(group, FIXED_COLUMNS + column);
        for (let at = 0; at < rowsOfGroup.length;) {
          const place = pageOfRow(places, rowsOfGroup[at]! - first);
          const data = await this.#page(place, chunk, { type, dictionary });
          const start = first + place.firstRow;
          const end = start + data.rowCount;
          const from = at;
          while (at < rowsOfGroup.length && rowsOfGroup[at]! < end) at++;
          if (at === from) throw fileDamaged('a row is in no page');
          const rowsOfPage = rowsOfGroup.slice(from, at).map((row) => row - start);
          const scale = scaleOfType(type);
          texts.push(...pickTexts(data, rowsOfPage, { dictionary, scale }));
        }
      }
    });
    return texts;
  }

  /** A chunk as it is, to be put into another file of the same column type. Its checksums have been tested. */
  async copyChunk(group: number, column: number): Promise<ChunkCopy> {
    return guarded(async () => {
      const info = this.#chunkInfo(group, FIXED_COLUMNS + column);
      const pages = await this.#places(group, FIXED_COLUMNS + column);
      const bytes = await this.#read(info.offset, info.length);
      checkPages(bytes);
      return { bytes, info: { ...info, pages } };
    });
  }

  /** Reads every page, so that a wrong checksum is found. Errors: SegmentDamaged. */
  async verify(): Promise<void> {
    for (const [group, { firstRow, rowCount }] of this.groups.entries()) {
      const rows = { from: firstRow, to: firstRow + rowCount };
      await this.times(rows);
      await this.timeNs(rows);
      for (let column = 0; column < this.columns.length; column++)
        await this.readChunk(group, column, { from: 0, to: rowCount });
    }
  }

  async #fixed(
    column: number,
    range: RowRange,
    decode: (page: Page) => Uint32Array,
  ): Promise<Uint32Array> {
    const values = new Uint32Array(range.to - range.from);
    await guarded(async () => {
      for (const [group, { firstRow, rowCount }] of this.groups.entries()) {
        const from = Math.max(0, range.from - firstRow);
        const to = Math.min(rowCount, range.to - firstRow);
        if (from >= to) continue;
        const chunk = this.#chunkInfo(group, column);
        const places = pagesOf(await this.#places(group, column), chunk, { from, to });
        let at = firstRow + (places[0]?.firstRow ?? 0);
        for (const page of await this.#readPages(places, chunk)) {
          const decoded = decode(page);
          const skip = Math.max(0, range.from - at);
          const part = decoded.subarray(skip, Math.max(skip, range.to - at));
          values.set(part, at + skip - range.from);
          at += decoded.length;
        }
      }
    });
    return values;
  }

  #chunkInfo(group: number, chunk: number): ReadChunkInfo {
    return this.groups[group]!.chunks[chunk]!;
  }

  /** The rows by row group; `first` is the first row of the group. */
  *#byGroup(
    rows: readonly number[],
  ): Generator<{ group: number; first: number; rowsOfGroup: readonly number[] }> {
    let at = 0;
    for (const [group, { firstRow, rowCount }] of this.groups.entries()) {
      const from = at;
      while (at < rows.length && rows[at]! < firstRow + rowCount) at++;
      if (at > from) yield { group, first: firstRow, rowsOfGroup: rows.slice(from, at) };
    }
    if (at < rows.length) throw fileDamaged('a row is in no row group');
  }

  /** Places of the pages of a chunk; those of a row group are read and kept together. */
  async #places(group: number, chunk: number): Promise<readonly PagePlace[]> {
    const { cache, cacheKey } = this.#options;
    const all = await cache.get(`${cacheKey}:pi${group}`, async () => {
      const { chunks } = this.groups[group]!;
      const start = chunks[0]!.indexOffset;
      const last = chunks.at(-1)!;
      const bytes = await this.#read(start, last.indexOffset + last.indexLength - start);
      const value = chunks.map(({ indexOffset, indexLength }) =>
        decodeOffsetIndex(bytes.subarray(indexOffset - start, indexOffset - start + indexLength)),
      );
      return { value, sizeBytes: bytes.length * FOOTER_MEMORY_FACTOR };
    });
    return all[chunk]!;
  }

  async #dictionary(chunk: ReadChunkInfo, type: ColumnType): Promise<ByteStrings | undefined> {
    if (chunk.dictionaryLength === 0) return undefined;
    const { cache, cacheKey } = this.#options;
    return cache.get(`${cacheKey}:pd${chunk.offset}`, async () => {
      const bytes = await this.#read(chunk.offset, chunk.dictionaryLength);
      const value = decodeDictionary(readPage(new ByteReader(bytes), chunk.codec), type);
      return { value, sizeBytes: value.arena.length + value.starts.length * 8 };
    });
  }

  /** A decoded page, kept: who fetches rows of a page mostly comes for its neighbours next. */
  async #page(
    place: PagePlace,
    chunk: ReadChunkInfo,
    column: { readonly type: ColumnType; readonly dictionary: ByteStrings | undefined },
  ): Promise<DataPage> {
    const { cache, cacheKey } = this.#options;
    return cache.get(`${cacheKey}:pp${place.offset}`, async () => {
      const [page] = await this.#readPages([place], chunk);
      if (page === undefined) throw fileDamaged('a page is missing');
      const value = decodeData(page, column.type, column.dictionary?.starts.length);
      return { value, sizeBytes: page.content.length + value.valueCount * VALUE_MEMORY_BYTES };
    });
  }

  /** Pages that follow each other, in one read. */
  async #readPages(
    places: readonly PagePlace[],
    chunk: ReadChunkInfo,
    memory: ReadMemory = FRESH_MEMORY,
  ): Promise<readonly Page[]> {
    const first = places[0];
    const last = places.at(-1);
    if (first === undefined || last === undefined) return [];
    const length = last.offset + last.length - first.offset;
    const bytes = await this.#read(first.offset, length, memory);
    return places.map(({ offset, firstRow }, i) => {
      const page = readPage(new ByteReader(bytes, offset - first.offset), chunk.codec);
      const end = places[i + 1]?.firstRow ?? firstRow + page.header.valueCount;
      if (end - firstRow !== page.header.valueCount || end > chunk.rowCount)
        throw fileDamaged('page has a wrong number of rows');
      return page;
    });
  }

  async #read(offset: number, length: number, memory?: ReadMemory): Promise<Uint8Array> {
    const { source } = this.#options;
    if (length < 0 || offset < 0 || offset + length > source.sizeBytes)
      throw fileDamaged('place is beyond the file');
    if (length > PAGE_READ_BYTES_MAX) throw fileDamaged('place is too large');
    const bytes = await source.read(offset, length, memory?.bytes(length));
    if (bytes.length !== length) throw fileDamaged('file is too short');
    return bytes;
  }
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asDamage('pages', error);
  }
}

async function readFooter(
  source: ByteSource,
): Promise<{ readonly value: OpenFile; readonly sizeBytes: number }> {
  if (source.sizeBytes < MAGIC.length + TRAILER_BYTES) throw fileDamaged('file is too short');
  const tailStart = Math.max(0, source.sizeBytes - TAIL_READ_BYTES);
  const tail = await source.read(tailStart, source.sizeBytes - tailStart);
  if (tail.length !== source.sizeBytes - tailStart) throw fileDamaged('file is too short');
  const trailer = tail.subarray(tail.length - TRAILER_BYTES);
  const length = new ByteReader(trailer).u32();
  if (!MAGIC.every((byte, i) => trailer[4 + i] === byte)) throw fileDamaged('magic');
  if (length > FOOTER_BYTES_MAX || length + TRAILER_BYTES > source.sizeBytes)
    throw fileDamaged('footer has a wrong size');
  const start = source.sizeBytes - TRAILER_BYTES - length;
  const footer =
    start >= tailStart
      ? tail.subarray(start - tailStart, tail.length - TRAILER_BYTES)
      : await source.read(start, length);
  try {
    // A copy, so that the statistics do not keep the whole tail alive.
    const info = decodeFooter(new Uint8Array(footer));
    let rowCount = 0;
    const groups = info.groups.map((group) => {
      const firstRow = rowCount;
      rowCount += group.rowCount;
      return { ...group, firstRow };
    });
    return { value: { info, groups, rowCount }, sizeBytes: length * FOOTER_MEMORY_FACTOR };
  } catch (error) {
    throw asDamage('footer', error);
  }
}

/** The pages with rows of the range. */
function pagesOf(
  places: readonly PagePlace[],
  chunk: ReadChunkInfo,
  { from, to }: RowRange,
): readonly PagePlace[] {
  return places.filter(({ firstRow }, i) => {
    const end = places[i + 1]?.firstRow ?? chunk.rowCount;
    return firstRow < to && end > from;
  });
}

function pageOfRow(places: readonly PagePlace[], row: number): PagePlace {
  let low = 0;
  let high = places.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (places[middle]!.firstRow <= row) low = middle;
    else high = middle - 1;
  }
  const place = places[low];
  if (place === undefined) throw fileDamaged('a row is in no page');
  return place;
}

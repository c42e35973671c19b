/** Encodes one column of a row group: pages with their headers, and what the footer says of them. */
import { crc32, constants, zstdCompressSync } from 'node:zlib';
import type { ByteWriter } from '#kernel/byte-writer.ts';
import { scaleOfType } from './choose-type.ts';
import type { ColumnChunk, ColumnType } from './column-chunk.ts';
import { bitWidth, writeDelta, type Integers } from './delta-codec.ts';
import { countBits, writeIds, writeLevels } from './hybrid-codec.ts';
import {
  DICTIONARY_BYTES,
  DICTIONARY_GAIN,
  PAGE_BYTES,
  PAGE_ROWS_MAX,
  ZSTD_LEVEL,
} from './limits.ts';
import {
  ENCODING,
  writePageHeader,
  type Codec,
  type PageHeader,
  type PagePlace,
  type Statistics,
  type WrittenChunk,
} from './metadata.ts';
import { parseIntegers, type TextPlaces } from './number-texts.ts';
import { integerStatistics, noBounds, textStatistics } from './statistics.ts';

export interface Target {
  readonly codec: Codec;
  /** Where the chunk begins in the file. */
  readonly offset: number;
  /** Gets the pages, as they follow each other in the file. */
  readonly out: ByteWriter;
  /** Room for one page; what is in it is lost. */
  readonly scratch: ByteWriter;
}

/** What a page holds: rows [fromRow, toRow), values [from, to). */
interface PageRange {
  readonly fromRow: number;
  readonly toRow: number;
  readonly from: number;
  readonly to: number;
}

interface Coding {
  readonly encoding: number;
  /** Bytes of a value in its page, for cutting pages; undefined: by rows only. */
  readonly sizeOf: ((value: number) => number) | undefined;
  readonly write: (page: PageRange, out: ByteWriter) => void;
}

/** Required integers: the log times. */
export function encodeTimes(times: Uint32Array, target: Target): WrittenChunk {
  const pages = new PageSink(target);
  for (const page of cutPages({ rowCount: times.length, present: undefined }, undefined)) {
    target.scratch.clear();
    writeDelta(times, page, target.scratch);
    pages.addData(page, ENCODING.delta, target.scratch.view());
  }
  return pages.finish(times.length, ENCODING.delta, integerStatistics(times, 0, 8));
}

/** Nanosecond parts of 32 bits; 0 is null, which the wire cannot tell from it. */
export function encodeTimeNs(timeNs: Uint32Array, target: Target): WrittenChunk {
  const rowCount = timeNs.length;
  const present = new Uint8Array((rowCount + 7) >>> 3);
  const kept = new Uint32Array(rowCount);
  let count = 0;
  for (let row = 0; row < rowCount; row++) {
    if (timeNs[row] === 0) continue;
    present[row >>> 3]! |= 1 << (row & 7);
    kept[count++] = timeNs[row]!;
  }
  const values = kept.subarray(0, count);
  const coding: Coding = {
    encoding: ENCODING.delta,
    sizeOf: undefined,
    write: (page, out) => writeDelta(values, page, out),
  };
  const statistics = integerStatistics(values, rowCount - values.length, 4);
  return encodePages({ rowCount, present }, coding, { pages: new PageSink(target), statistics });
}

/** Texts, or the numbers that they are. A chunk without any value is not compressed. */
export function encodeChunk(chunk: ColumnChunk, type: ColumnType, target: Target): WrittenChunk {
  const nullCount = chunk.rowCount - chunk.valueCount;
  const count = chunk.ids === undefined ? chunk.valueCount : chunk.strings.starts.length;
  const isText = scaleOfType(type) < 0;
  const integers = isText ? undefined : parseIntegers(chunk.strings, count);
  const pages = new PageSink(chunk.valueCount === 0 ? { ...target, codec: 'none' } : target);
  const statisticsOf = (): Statistics => {
    if (integers !== undefined) return integerStatistics(integers, nullCount, 8);
    // Files that live for minutes are not worth a comparison for each value.
    if (target.codec === 'none') return noBounds(nullCount);
    return textStatistics(chunk.strings, count, nullCount);
  };
  const coding =
    dictionaryCoding(chunk, integers, pages) ??
    (integers === undefined ? textCoding(chunk) : integerCoding(chunk, integers));
  return encodePages(chunk, coding, { pages, statistics: statisticsOf() });
}

/** Writes the dictionary page when the chunk has ids and they save enough; else gives undefined. */
function dictionaryCoding(
  { ids, strings, valueCount }: ColumnChunk,
  integers: Integers | undefined,
  pages: PageSink,
): Coding | undefined {
  if (ids === undefined || valueCount === 0) return undefined;
  const { starts, ends } = strings;
  const count = starts.length;
  const width = Math.max(1, bitWidth(count - 1));
  const sizeOf = (entry: number): number =>
    integers === undefined ? ends[entry]! - starts[entry]! + 4 : 8;
  let dictionaryBytes = 0;
  for (let entry = 0; entry < count; entry++) dictionaryBytes += sizeOf(entry);
  let plainBytes = 0;
  for (let value = 0; value < valueCount; value++) plainBytes += sizeOf(ids[value]!);
  const bytes = dictionaryBytes + (valueCount * width) / 8;
  const gain = dictionaryBytes > DICTIONARY_BYTES ? DICTIONARY_GAIN : 1.25;
  if (bytes * gain > plainBytes) return undefined;
  const out = pages.scratch;
  out.clear();
  if (integers === undefined) writePlainTexts(strings, out);
  else writePlainIntegers(integers, out);
  pages.addDictionary(count, out.view());
  return {
    encoding: ENCODING.dictionary,
    sizeOf: undefined,
    write: (page, pageOut) => {
      pageOut.u8(width);
      writeIds(ids, page, width, pageOut);
    },
  };
}

function writePlainTexts({ arena, starts, ends }: TextPlaces, out: ByteWriter): void {
  for (let entry = 0; entry < starts.length; entry++) {
    out.u32(ends[entry]! - starts[entry]!);
    out.bytes(arena, starts[entry], ends[entry]);
  }
}

function writePlainIntegers(values: Integers, out: ByteWriter): void {
  const plain = new BigInt64Array(values.length);
  for (const [i, value] of values.entries()) plain[i] = BigInt(value);
  out.bytes(new Uint8Array(plain.buffer));
}

function integerCoding({ ids }: ColumnChunk, integers: Integers): Coding {
  const values = ids === undefined ? integers : expand(integers, ids);
  return {
    encoding: ENCODING.delta,
    sizeOf: undefined,
    write: (page, out) => writeDelta(values, page, out),
  };
}

function expand(integers: Integers, ids: Uint32Array): Integers {
  if (integers instanceof BigInt64Array) return BigInt64Array.from(ids, (id) => integers[id]!);
  return Float64Array.from(ids, (id) => integers[id]!);
}

/** Of the page at hand. */
const lengthsOfPage: Uint32Array = new Uint32Array(PAGE_ROWS_MAX);

/** Lengths, then the bytes of all values (DELTA_LENGTH_BYTE_ARRAY). */
function textCoding({ ids, strings, valueCount }: ColumnChunk): Coding {
  const { arena, starts, ends } = strings;
  const entryOf = (value: number): number => (ids === undefined ? value : ids[value]!);
  let total = 0;
  for (let value = 0; value < valueCount; value++)
    total += ends[entryOf(value)]! - starts[entryOf(value)]!;
  return {
    encoding: ENCODING.deltaLength,
    sizeOf:
      total > PAGE_BYTES ? (value) => ends[entryOf(value)]! - starts[entryOf(value)]! : undefined,
    write: ({ from, to }, out) => {
      const lengths = lengthsOfPage;
      let bytes = 0;
      for (let value = from; value < to; value++) {
        const entry = entryOf(value);
        const length = ends[entry]! - starts[entry]!;
        lengths[value - from] = length;
        bytes += length;
      }
      writeDelta(lengths, { from: 0, to: to - from }, out);
      out.reserve(bytes);
      if (ids === undefined) {
        copyTexts(strings, from, to, out);
        return;
      }
      for (let value = from; value < to; value++)
        out.bytes(arena, starts[ids[value]!], ends[ids[value]!]);
    },
  };
}

/** Copies entries that follow each other in the arena at once. */
function copyTexts(
  { arena, starts, ends }: TextPlaces,
  from: number,
  to: number,
  out: ByteWriter,
): void {
  for (let entry = from; entry < to;) {
    const start = starts[entry]!;
    let end = ends[entry]!;
    for (entry++; entry < to && starts[entry] === end; entry++) end = ends[entry]!;
    out.bytes(arena, start, end);
  }
}

interface Rows {
  readonly rowCount: number;
  readonly present: Uint8Array | undefined;
}

function encodePages(
  rows: Rows,
  coding: Coding,
  { pages, statistics }: { readonly pages: PageSink; readonly statistics: Statistics },
): WrittenChunk {
  const out = pages.scratch;
  for (const page of cutPages(rows, coding.sizeOf)) {
    out.clear();
    writeLevels(rows.present, { from: page.fromRow, to: page.toRow }, out);
    coding.write(page, out);
    pages.addData(page, coding.encoding, out.view());
  }
  return pages.finish(rows.rowCount, coding.encoding, statistics);
}

function* cutPages(rows: Rows, sizeOf: Coding['sizeOf']): Generator<PageRange> {
  const { rowCount, present } = rows;
  let from = 0;
  for (let fromRow = 0; fromRow < rowCount;) {
    let toRow = Math.min(rowCount, fromRow + PAGE_ROWS_MAX);
    let to = from;
    if (sizeOf === undefined)
      to += present === undefined ? toRow - fromRow : countBits(present, fromRow, toRow);
    else {
      let bytes = 0;
      for (let row = fromRow; row < toRow; row++) {
        if (present !== undefined && (present[row >>> 3]! & (1 << (row & 7))) === 0) continue;
        bytes += sizeOf(to);
        if (bytes > PAGE_BYTES && row > fromRow) toRow = row;
        else to++;
      }
    }
    yield { fromRow, toRow, from, to };
    fromRow = toRow;
    from = to;
  }
}

/** Compresses pages and remembers where they are. */
class PageSink {
  readonly scratch: ByteWriter;
  readonly #codec: Codec;
  readonly #offset: number;
  readonly #out: ByteWriter;
  readonly #pages: PagePlace[] = [];
  #length: number = 0;
  #uncompressedBytes: number = 0;
  #dictionaryLength: number = 0;

  constructor({ codec, offset, out, scratch }: Target) {
    this.#out = out;
    this.scratch = scratch;
    this.#codec = codec;
    this.#offset = offset;
  }

  addDictionary(valueCount: number, content: Uint8Array): void {
    this.#add({ kind: 'dictionary', valueCount, encoding: ENCODING.plain }, content);
    this.#dictionaryLength = this.#length;
  }

  /** Keeps nothing of `content`. */
  addData({ fromRow, toRow }: PageRange, encoding: number, content: Uint8Array): void {
    const offset = this.#offset + this.#length;
    this.#add({ kind: 'data', valueCount: toRow - fromRow, encoding }, content);
    const length = this.#offset + this.#length - offset;
    this.#pages.push({ offset, length, firstRow: fromRow });
  }

  finish(rowCount: number, encoding: number, statistics: Statistics): WrittenChunk {
    return {
      codec: this.#codec,
      encoding,
      rowCount,
      offset: this.#offset,
      length: this.#length,
      uncompressedBytes: this.#uncompressedBytes,
      dictionaryLength: this.#dictionaryLength,
      statistics,
      pages: this.#pages,
    };
  }

  #add(page: Pick<PageHeader, 'kind' | 'valueCount' | 'encoding'>, content: Uint8Array): void {
    const stored = this.#codec === 'none' ? content : compress(content);
    const out = this.#out;
    const start = out.length;
    const uncompressedBytes = content.length;
    const storedBytes = stored.length;
    writePageHeader({ ...page, uncompressedBytes, storedBytes, crc: crc32(stored) }, out);
    const headerBytes = out.length - start;
    out.bytes(stored);
    this.#length += headerBytes + storedBytes;
    this.#uncompressedBytes += headerBytes + uncompressedBytes;
  }
}

/** With the checksum of the frame: DuckDB and other readers test that one, and not the checksums of pages. */
const ZSTD_OPTIONS = {
  params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL, [constants.ZSTD_c_checksumFlag]: 1 },
};

function compress(content: Uint8Array): Uint8Array {
  return zstdCompressSync(content, ZSTD_OPTIONS);
}

/** Decodes single pages: what `chunk-writer.ts` wrote. All throw a RangeError or an AppError for other bytes. */
import { crc32, zstdDecompressSync } from 'node:zlib';
import { ByteReader } from '#kernel/byte-writer.ts';
import { scaleOfType } from './choose-type.ts';
import type { ByteStrings, ColumnType } from './column-chunk.ts';
import { readDelta, type Integers } from './delta-codec.ts';
import { fileDamaged } from './file-damaged.ts';
import { countBits, readIds, readLevels } from './hybrid-codec.ts';
import { PAGE_READ_BYTES_MAX } from './limits.ts';
import { ENCODING, readPageHeader, type Codec, type PageHeader } from './metadata.ts';
import { printIntegers } from './number-texts.ts';
import { FRESH_MEMORY, type ReadMemory } from './read-memory.ts';

export interface Page {
  readonly header: PageHeader;
  readonly content: Uint8Array;
}

/** Rows of one data page. The arrays may be views of the page's bytes. */
export interface DataPage {
  readonly rowCount: number;
  /** Bitmap; undefined: every row has the field. */
  readonly present: Uint8Array | undefined;
  readonly valueCount: number;
  readonly values: PageValues;
}

/** Numbers stay numbers until it is known which are wanted: most pages are read for a few rows. */
export type PageValues =
  | { readonly kind: 'strings'; readonly strings: ByteStrings }
  /** Unscaled. */
  | { readonly kind: 'integers'; readonly integers: Integers }
  /** Entries of the chunk's dictionary. */
  | { readonly kind: 'ids'; readonly ids: Uint32Array };

/** Checks and decompresses the page at the position of the reader. */
export function readPage(reader: ByteReader, codec: Codec): Page {
  const header = readPageHeader(reader);
  if (header.uncompressedBytes > PAGE_READ_BYTES_MAX) throw fileDamaged('page is too large');
  const stored = reader.take(header.storedBytes);
  if (crc32(stored) !== header.crc) throw fileDamaged('checksum of a page is wrong');
  const content = codec === 'none' ? stored : decompress(stored, header.uncompressedBytes);
  if (content.length !== header.uncompressedBytes) throw fileDamaged('page has a wrong size');
  return { header, content };
}

/** One buffer of the right size from the start: growing it costs more than the decompression. */
function decompress(stored: Uint8Array, sizeBytes: number): Uint8Array {
  return zstdDecompressSync(stored, {
    maxOutputLength: Math.max(1, sizeBytes),
    chunkSize: Math.max(CHUNK_BYTES_MIN, sizeBytes),
  });
}

/** The least that Node takes. */
const CHUNK_BYTES_MIN = 64;

/** Tests the checksums of pages that follow each other, without decompressing them. */
export function checkPages(bytes: Uint8Array): void {
  const reader = new ByteReader(bytes);
  while (!reader.atEnd) {
    const header = readPageHeader(reader);
    if (crc32(reader.take(header.storedBytes)) !== header.crc)
      throw fileDamaged('checksum of a page is wrong');
  }
}

/** The dictionary of a chunk as texts. */
export function decodeDictionary({ header, content }: Page, type: ColumnType): ByteStrings {
  const count = header.valueCount;
  if (header.kind !== 'dictionary' || header.encoding !== ENCODING.plain || count > content.length)
    throw new RangeError('dictionary page is wrong');
  const scale = scaleOfType(type);
  if (scale < 0) return decodePlainTexts(content, count);
  if (content.length !== count * 8) throw new RangeError('dictionary page has a wrong size');
  const values = new BigInt64Array(new Uint8Array(content).buffer);
  return printIntegers(values, scale);
}

function decodePlainTexts(content: Uint8Array, count: number): ByteStrings {
  const starts = new Uint32Array(count);
  const ends = new Uint32Array(count);
  const reader = new ByteReader(content);
  for (let i = 0; i < count; i++) {
    const length = reader.u32();
    starts[i] = reader.position;
    reader.take(length);
    ends[i] = reader.position;
  }
  return { arena: content, starts, ends };
}

/** `entryCount`: entries of the chunk's dictionary; undefined when it has none. */
export function decodeData(
  { header, content }: Page,
  type: ColumnType,
  entryCount: number | undefined,
  memory: ReadMemory = FRESH_MEMORY,
): DataPage {
  if (header.kind !== 'data') throw new RangeError('page is no data page');
  const rowCount = header.valueCount;
  // A run of levels takes a few bytes for any number of rows; the rows of a page are known to be few.
  const reader = new ByteReader(content);
  const present = readLevels(reader, rowCount);
  const valueCount = present === undefined ? rowCount : countBits(present, 0, rowCount);
  const page = { rowCount, present, valueCount };
  if (entryCount !== undefined) {
    if (header.encoding !== ENCODING.dictionary) throw new RangeError('encoding is unknown');
    const ids = decodeIds(reader, entryCount, memory.u32(valueCount));
    return { ...page, values: { kind: 'ids', ids } };
  }
  return { ...page, values: decodeValues(header, reader, { type, valueCount, memory }) };
}

function decodeIds(reader: ByteReader, entryCount: number, ids: Uint32Array): Uint32Array {
  const width = reader.u8();
  readIds(reader, width, ids);
  for (let i = 0; i < ids.length; i++)
    if (ids[i]! >= entryCount) throw new RangeError('id is beyond the dictionary');
  return ids;
}

function decodeValues(
  { encoding }: PageHeader,
  reader: ByteReader,
  options: {
    readonly type: ColumnType;
    readonly valueCount: number;
    readonly memory: ReadMemory;
  },
): PageValues {
  const { type, valueCount, memory } = options;
  const scale = scaleOfType(type);
  if (scale >= 0 && encoding === ENCODING.delta)
    return { kind: 'integers', integers: readDelta(reader, valueCount, memory) };
  if (scale >= 0 || encoding !== ENCODING.deltaLength) throw new RangeError('encoding is unknown');
  const lengths = readDelta(reader, valueCount, memory);
  const starts = memory.u32(valueCount);
  const ends = memory.u32(valueCount);
  const arena = reader.bytes.subarray(reader.position);
  let at = 0;
  for (let i = 0; i < valueCount; i++) {
    const length = Number(lengths[i]!);
    starts[i] = at;
    at += length;
    if (length < 0 || at > arena.length) throw new RangeError('lengths are wrong');
    ends[i] = at;
  }
  if (at !== arena.length) throw new RangeError('lengths are wrong');
  return { kind: 'strings', strings: { arena, starts, ends } };
}

/** Required integers of a page: the log times. Throws a RangeError for any that is no time of 32 bits. */
export function decodeTimes({ header, content }: Page): Uint32Array {
  if (header.kind !== 'data' || header.encoding !== ENCODING.delta)
    throw new RangeError('encoding is unknown');
  const values = readDelta(new ByteReader(content), header.valueCount);
  return checkedU32(values);
}

/** Optional integers of a page: nanosecond parts, 0 where there is none. */
export function decodeTimeNs({ header, content }: Page): Uint32Array {
  if (header.kind !== 'data' || header.encoding !== ENCODING.delta)
    throw new RangeError('encoding is unknown');
  const rowCount = header.valueCount;
  const reader = new ByteReader(content);
  const present = readLevels(reader, rowCount);
  const valueCount = present === undefined ? rowCount : countBits(present, 0, rowCount);
  const values = checkedU32(readDelta(reader, valueCount));
  if (present === undefined) return values;
  const timeNs = new Uint32Array(rowCount);
  let next = 0;
  for (let row = 0; row < rowCount; row++)
    if ((present[row >>> 3]! & (1 << (row & 7))) !== 0) timeNs[row] = values[next++]!;
  return timeNs;
}

function checkedU32(values: Float64Array | BigInt64Array): Uint32Array {
  if (values instanceof BigInt64Array) throw new RangeError('time is out of range');
  const checked = Uint32Array.from(values);
  for (let i = 0; i < values.length; i++)
    if (checked[i] !== values[i]) throw new RangeError('time is out of range');
  return checked;
}

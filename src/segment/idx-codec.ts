/**
 * The `.idx` file of a segment, version 2. Integers are little-endian; `varint` is LEB128. A *block* is bytes
 * followed by the u32 CRC32C of them; a block's place is its offset in the file and the length of its bytes
 * without the checksum.
 *
 *   offset 0   8 bytes   magic "SLUICEIX"
 *          8   u32       version, 2
 *         12   blocks    dictionary blocks, id blocks, set blocks, long posting lists, numeric columns
 *                        (`numeric-codec.ts`), in the order in which they were made
 *              blocks    the sections
 *              footer    varint number of sections, then for each: varint kind, varint offset, varint length
 *              trailer   u32 length of the footer, u32 version, u32 CRC32C of the footer and these two
 *                        numbers, 8 bytes magic
 *
 *   sections   1 times, 4 nanosecond parts (only where a row has one): `time-codec.ts`
 *              2 directory: a packed stream, `idx-directory.ts`
 *              3 info: a packed stream, JSON of `IdxInfo`
 *
 *   packed stream
 *     varint length of the content, varint length of what is stored; 0: the content follows as it is, else
 *     so many bytes of a zstd frame with the content
 *
 *   list block: E entries, each with a posting list of rows and one of term sets (`#kernel/term-index.ts`)
 *     varint E
 *     packed stream of terms; empty but in dictionary blocks. There, for each entry in ascending order of the
 *       terms' bytes: varint bytes shared with the term before (0 for the first), varint further bytes, the
 *       further bytes
 *     packed stream of references, for each entry: u8 form of its rows + 4 × form of its sets, then what
 *       the two forms add:
 *         0  none
 *         1  one: a first number
 *         2  few: a first number; varint count − 2, then for each further one varint (number − the one before − 1)
 *         3  a posting list (`#kernel/postings.ts`; one of sets is bounded by the number of sets where one of
 *            rows is by the number of rows): varint bytes × 2; the bytes follow. Or varint bytes × 2 + 1,
 *            varint offset: it is a block of its own. Lists with the same rows may share one.
 *     first numbers of rows, first numbers of sets, in order of the entries that have one. For each of the two:
 *       varint how many, u8 bits w of each + 64 × m, then the numbers, lowest bit first, padded to a byte.
 *       m is 0 when they are there as they are, 1 when they ascend: each is the difference to the one before.
 *
 *   A text field's terms are in its dictionary; those that look like ids and have no term set may be in its id list
 *   instead (`id-list.ts`), some or all of their rows: the rows of a term are those of both.
 *
 *   dictionary block: a list block with terms. set block: a list block without sets, entry by entry the rows
 *   of consecutive term sets.
 *
 * Validity: trailer, footer and every block that is read must have their checksums; anything else is
 * `SegmentDamaged`. Unknown section kinds are ignored; any other version is `SegmentVersionUnknown`: segments are
 * derived, so that one of another version is built again and not read. Crash behaviour: the file appears under its
 * name only when complete. History: 1, terms list all their rows; 2, term sets, compressed blocks, id lists.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { AppError, errorCode } from '#base/app-error.ts';
import { ByteReader, ByteWriter } from '#kernel/byte-writer.ts';
import { crc32c } from '#kernel/crc32c.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import { IDX_CHUNK_BYTES, STREAM_BYTES_MAX } from './limits.ts';
import type { SegmentColumn, SegmentInfo } from './segment.ts';

export const IDX_VERSION = 2;
export const SECTION_TIMES = 1;
export const SECTION_DIRECTORY = 2;
export const SECTION_INFO = 3;
export const SECTION_TIME_NS = 4;
export const TRAILER_BYTES = 20;
export const CHECKSUM_BYTES = 4;

const MAGIC: Uint8Array = new TextEncoder().encode('SLUICEIX');

/** A stream stays as it is unless compression saves a twentieth: reading it costs time. */
const SAVED_SHARE = 0.05;
/** Below this no compression saves anything worth a frame header. */
const PACK_BYTES_MIN = 64;

/** The JSON of the info block. */
export interface IdxInfo {
  readonly segment: Omit<SegmentInfo, 'parquetBytes' | 'indexBytes'>;
  readonly indexConfig: IndexConfig;
  readonly columns: readonly SegmentColumn[];
  /** Fields in the `__rest__` column; null when there are too many to list. */
  readonly restFields: readonly string[] | null;
}

/** Place of a block: `length` is without its checksum. */
export interface BlockPlace {
  readonly offset: number;
  readonly length: number;
}

export function damaged(what: string, cause?: unknown): AppError {
  return new AppError('SegmentDamaged', `cannot read segment ${what}`, { cause });
}

/** Whatever decoding throws on checked bytes is damage too: a checksum can be right by chance or by bug. */
export async function guarded<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isDecoding =
      error instanceof RangeError ||
      error instanceof SyntaxError ||
      /^(?:ZSTD|Z)_/u.test(errorCode(error) ?? '');
    throw isDecoding ? damaged(what, error) : error;
  }
}

/** Makes a whole file in chunks, which can be taken while others are made. */
export class IdxFileWriter {
  #full: Uint8Array[] = [];
  #fullBytes: number = 0;
  #out: ByteWriter = new ByteWriter(1 << 16);
  readonly #sections: (BlockPlace & { readonly kind: number })[] = [];

  constructor() {
    this.#out.bytes(MAGIC);
    this.#out.u32(IDX_VERSION);
  }

  block(bytes: Uint8Array): BlockPlace {
    if (this.#out.length >= IDX_CHUNK_BYTES) {
      this.#full.push(this.#out.view());
      this.#fullBytes += this.#out.length;
      this.#out = new ByteWriter(2 * IDX_CHUNK_BYTES);
    }
    const place = { offset: this.#fullBytes + this.#out.length, length: bytes.length };
    this.#out.bytes(bytes);
    this.#out.u32(crc32c(bytes));
    return place;
  }

  /** The next pieces of the file that are complete, the caller's own. */
  takeFull(): readonly Uint8Array[] {
    const full = this.#full;
    if (full.length > 0) this.#full = [];
    return full;
  }

  section(kind: number, bytes: Uint8Array): void {
    this.#sections.push({ kind, ...this.block(bytes) });
  }

  /** Ends the file; the pieces that were not taken. The writer must not be used again. */
  finish(): readonly Uint8Array[] {
    const start = this.#out.length;
    this.#out.varint(this.#sections.length);
    for (const section of this.#sections) {
      this.#out.varint(section.kind);
      this.#out.varint(section.offset);
      this.#out.varint(section.length);
    }
    this.#out.u32(this.#out.length - start);
    this.#out.u32(IDX_VERSION);
    this.#out.u32(crc32c(this.#out.view(start)));
    this.#out.bytes(MAGIC);
    return [...this.#full, this.#out.view()];
  }
}

/** Section places by kind. `tail` is the end of the file and holds at least the footer. */
export function readFooter(tail: Uint8Array): ReadonlyMap<number, BlockPlace> {
  const trailerStart = tail.length - TRAILER_BYTES;
  if (trailerStart < 0 || !MAGIC.every((byte, i) => tail[trailerStart + 12 + i] === byte))
    throw damaged('footer');
  const trailer = new ByteReader(tail, trailerStart);
  const footerStart = trailerStart - trailer.u32();
  const version = trailer.u32();
  if (footerStart < 0 || crc32c(tail.subarray(footerStart, trailerStart + 8)) !== trailer.u32())
    throw damaged('footer');
  if (version !== IDX_VERSION)
    throw new AppError('SegmentVersionUnknown', `cannot read segment index of version ${version}`);
  const reader = new ByteReader(tail.subarray(0, trailerStart), footerStart);
  const sections = new Map<number, BlockPlace>();
  for (let left = reader.varint(); left > 0; left--) {
    const kind = reader.varint();
    sections.set(kind, { offset: reader.varint(), length: reader.varint() });
  }
  return sections;
}

/** The bytes of a block from `length + CHECKSUM_BYTES` bytes read at its place. */
export function checkBlock(stored: Uint8Array, length: number): Uint8Array {
  if (stored.length !== length + CHECKSUM_BYTES) throw damaged('block');
  const bytes = stored.subarray(0, length);
  if (crc32c(bytes) !== new ByteReader(stored, length).u32()) throw damaged('block');
  return bytes;
}

/** The level of streams that stay as they are: for segments that are merged soon. */
export const LEVEL_NONE = 0;

/** Appends the content as a packed stream; `level` is zstd's, or LEVEL_NONE. */
export function writePacked(content: Uint8Array, level: number, out: ByteWriter): void {
  out.varint(content.length);
  if (level !== LEVEL_NONE && content.length >= PACK_BYTES_MIN) {
    const params = { [constants.ZSTD_c_compressionLevel]: level };
    const stored = zstdCompressSync(content, { params, chunkSize: content.length });
    if (stored.length < content.length * (1 - SAVED_SHARE)) {
      out.varint(stored.length);
      out.bytes(stored);
      return;
    }
  }
  out.varint(0);
  out.bytes(content);
}

/** The content of a packed stream: own memory when it was compressed, else a view. */
export function readPacked(reader: ByteReader): Uint8Array {
  const length = reader.varint();
  const stored = reader.varint();
  if (stored === 0) return reader.take(length);
  if (length > STREAM_BYTES_MAX) throw new RangeError('stream is too long');
  // A little room makes zstd see that all is there.
  const options = { maxOutputLength: length, chunkSize: length + PACK_BYTES_MIN };
  const content = zstdDecompressSync(reader.take(stored), options);
  if (content.length !== length) throw new RangeError('stream has a wrong size');
  return content;
}

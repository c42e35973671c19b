/**
 * The `.idx` file of a segment, version 1. Integers are little-endian; `varint` is LEB128. A *block* is bytes
 * followed by the u32 CRC32C of them; a block's place is its offset in the file and the length of its bytes
 * without the checksum.
 *
 *   offset 0   8 bytes   magic "SLUICEIX"
 *          8   u32       version, 1
 *         12   blocks    dictionary blocks and long posting lists, in the order in which they were made
 *              blocks    numeric columns (`numeric-codec.ts`)
 *              block     times: zstd of varint first time, then varint time − previous time, row by row
 *              block     fields, see below
 *              block     info: JSON of `IdxInfo`
 *              footer    varint number of sections, then for each: varint kind, varint offset, varint length
 *              trailer   u32 length of the footer, u32 version, u32 CRC32C of the footer and these two
 *                        numbers, 8 bytes magic
 *
 *   sections   1 times, 2 fields, 3 info: the place of that block
 *
 *   posting reference
 *     varint tag; tag % 4 is the form and floor(tag / 4) is x:
 *     0  one row: x
 *     1  x bytes of a posting list (`#kernel/postings.ts`) follow here
 *     2  a posting list of x bytes in a block of its own: varint offset follows
 *     3  no row at all
 *
 *   dictionary block: entries in ascending order of the terms' bytes, to the end of the block:
 *     varint bytes shared with the term before (0 for the first), varint further bytes, the further
 *     bytes, posting reference
 *
 *   fields block
 *     varint rows of the segment
 *     varint number of text fields, for each:
 *       varint length of the name, name; u8 1 when it has terms, else 0; posting reference of the rows that
 *       have it, posting reference of the rows where it is empty; varint number of dictionary blocks, for
 *       each: varint length of the separator, separator, varint offset, varint length. A separator is at
 *       most the first term of its block and greater than the last term of the block before.
 *     varint number of numeric columns, for each:
 *       varint length of the name, name; posting reference of the rows with a number; varint offset,
 *       varint length of the block with their values in order of the rows
 *
 * Validity: trailer, footer and every block that is read must have their checksums; anything else is
 * `SegmentDamaged`. Unknown section kinds are ignored; a version above 1 is `SegmentVersionUnknown`. Crash
 * behaviour: the file appears under its name only when complete and synced. History: 1, first version.
 */
import { AppError } from '#base/app-error.ts';
import { ByteReader, ByteWriter } from '#kernel/byte-writer.ts';
import { crc32c } from '#kernel/crc32c.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import type { SegmentColumn, SegmentInfo } from './segment.ts';

export const IDX_VERSION = 1;
export const SECTION_TIMES = 1;
export const SECTION_FIELDS = 2;
export const SECTION_INFO = 3;
export const TRAILER_BYTES = 20;
export const CHECKSUM_BYTES = 4;

const MAGIC: Uint8Array = new TextEncoder().encode('SLUICEIX');

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

export type PostingRef =
  | { readonly kind: 'row'; readonly row: number }
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  | { readonly kind: 'block'; readonly place: BlockPlace }
  | { readonly kind: 'none' };

export function damaged(what: string, cause?: unknown): AppError {
  return new AppError('SegmentDamaged', `cannot read segment ${what}`, { cause });
}

/** Collects a whole file in memory. */
export class IdxFileWriter {
  readonly #out: ByteWriter = new ByteWriter(1 << 16);
  readonly #sections: (BlockPlace & { readonly kind: number })[] = [];

  constructor() {
    this.#out.bytes(MAGIC);
    this.#out.u32(IDX_VERSION);
  }

  block(bytes: Uint8Array): BlockPlace {
    const place = { offset: this.#out.length, length: bytes.length };
    this.#out.bytes(bytes);
    this.#out.u32(crc32c(bytes));
    return place;
  }

  section(kind: number, bytes: Uint8Array): void {
    this.#sections.push({ kind, ...this.block(bytes) });
  }

  /** Ends the file; the bytes are those of the writer, which must not be used again. */
  finish(): Uint8Array {
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
    return this.#out.view();
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
  if (version > IDX_VERSION)
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

export function writeRef(ref: PostingRef, out: ByteWriter): void {
  if (ref.kind === 'row') out.varint(ref.row * 4);
  else if (ref.kind === 'none') out.varint(3);
  else if (ref.kind === 'inline') {
    out.varint(ref.bytes.length * 4 + 1);
    out.bytes(ref.bytes);
  } else {
    out.varint(ref.place.length * 4 + 2);
    out.varint(ref.place.offset);
  }
}

export function readRef(reader: ByteReader): PostingRef {
  const tag = reader.varint();
  const x = Math.floor(tag / 4);
  switch (tag % 4) {
    case 0:
      return { kind: 'row', row: x };
    case 1:
      return { kind: 'inline', bytes: reader.take(x) };
    case 2:
      return { kind: 'block', place: { offset: reader.varint(), length: x } };
    default:
      return { kind: 'none' };
  }
}

/** Moves past a reference without making one. */
export function skipRef(reader: ByteReader): void {
  const tag = reader.varint();
  if (tag % 4 === 1) reader.take(Math.floor(tag / 4));
  else if (tag % 4 === 2) reader.varint();
}

/** Dictionary blocks of the `.idx` file (`idx-codec.ts` has the format): writing, finding, scanning. */
import { ByteReader, ByteWriter } from '#kernel/byte-writer.ts';
import { encodePostings } from '#kernel/postings.ts';
import {
  readRef,
  skipRef,
  writeRef,
  type BlockPlace,
  type IdxFileWriter,
  type PostingRef,
} from './idx-codec.ts';
import { DICTIONARY_BLOCK_BYTES, INLINE_POSTING_BYTES_MAX } from './limits.ts';

export interface DictionaryBlock {
  readonly separator: Uint8Array;
  readonly place: BlockPlace;
}

/** Stores posting lists where they belong: in the reference itself, or in blocks of the file. */
export class PostingWriter {
  readonly #file: IdxFileWriter;
  readonly #rowCount: number;
  readonly #scratch: ByteWriter = new ByteWriter(4096);

  constructor(file: IdxFileWriter, rowCount: number) {
    this.#file = file;
    this.#rowCount = rowCount;
  }

  /** The reference to rows[start, end), valid until the next call. */
  store(rows: Uint32Array, start: number, end: number): PostingRef {
    if (start === end) return { kind: 'none' };
    if (end - start === 1) return { kind: 'row', row: rows[start]! };
    this.#scratch.clear();
    encodePostings(rows, { start, end, rowCount: this.#rowCount }, this.#scratch);
    const bytes = this.#scratch.view();
    if (bytes.length <= INLINE_POSTING_BYTES_MAX) return { kind: 'inline', bytes };
    return { kind: 'block', place: this.#file.block(bytes) };
  }
}

/** Writes the dictionary of one field; terms come in ascending order. */
export class DictionaryWriter {
  readonly blocks: DictionaryBlock[] = [];
  readonly #file: IdxFileWriter;
  readonly #postings: PostingWriter;
  readonly #block: ByteWriter = new ByteWriter(2 * DICTIONARY_BLOCK_BYTES);
  #separator: Uint8Array = new Uint8Array(0);
  #previous: Uint8Array = new Uint8Array(0);
  #isFirst: boolean = true;

  constructor(file: IdxFileWriter, postings: PostingWriter) {
    this.#file = file;
    this.#postings = postings;
  }

  /** `term` must stay unchanged until the next call. */
  add(term: Uint8Array, rows: Uint32Array, range: { start: number; end: number }): void {
    const shared = sharedBytes(this.#previous, term);
    if (this.#isFirst) this.#separator = term.slice(0, shared + 1);
    const kept = this.#isFirst ? 0 : shared;
    this.#isFirst = false;
    this.#block.varint(kept);
    this.#block.varint(term.length - kept);
    this.#block.bytes(term, kept);
    writeRef(this.#postings.store(rows, range.start, range.end), this.#block);
    this.#previous = term;
    if (this.#block.length >= DICTIONARY_BLOCK_BYTES) this.#close();
  }

  /** Ends the dictionary; `blocks` is complete then. */
  finish(): void {
    if (!this.#isFirst) this.#close();
  }

  #close(): void {
    const place = this.#file.block(this.#block.view());
    this.blocks.push({ separator: this.#separator, place });
    this.#block.clear();
    this.#isFirst = true;
  }
}

/** Index of the only block that may hold the term, −1 when none may. */
export function findBlock(blocks: readonly DictionaryBlock[], term: Uint8Array): number {
  let low = 0;
  let high = blocks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes(blocks[middle]!.separator, term) <= 0) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The posting reference of a term in a block, or undefined. */
export function findInBlock(block: Uint8Array, term: Uint8Array): PostingRef | undefined {
  const reader = new ByteReader(block);
  // How many bytes of `term` the entry before agrees with; entries only have to be read where that changes.
  let matched = 0;
  while (!reader.atEnd) {
    const kept = reader.varint();
    const suffix = reader.take(reader.varint());
    if (kept < matched) return undefined;
    if (kept === matched) {
      const same = sharedBytes(suffix, term.subarray(matched));
      matched += same;
      if (same === suffix.length && matched === term.length) return readRef(reader);
    }
    skipRef(reader);
  }
  return undefined;
}

/**
 * Gives the terms of a block from `from` on to `visit`, in order, until it answers false. The bytes of a
 * term belong to the scan. Returns whether the scan came to the end of the block.
 */
export function scanBlock(
  block: Uint8Array,
  from: Uint8Array,
  visit: (term: Uint8Array, ref: PostingRef) => boolean,
): boolean {
  const reader = new ByteReader(block);
  const term = new ByteWriter(256);
  while (!reader.atEnd) {
    const kept = reader.varint();
    const prefix = term.view().slice(0, kept);
    term.clear();
    term.bytes(prefix);
    term.bytes(reader.take(reader.varint()));
    const ref = readRef(reader);
    if (compareBytes(term.view(), from) >= 0 && !visit(term.view(), ref)) return false;
  }
  return true;
}

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = sharedBytes(a, b);
  if (shared < a.length && shared < b.length) return a[shared]! - b[shared]!;
  return a.length - b.length;
}

/** How many bytes both start with. */
export function sharedBytes(a: Uint8Array, b: Uint8Array): number {
  const end = Math.min(a.length, b.length);
  let at = 0;
  while (at < end && a[at] === b[at]) at++;
  return at;
}

/** Dictionary blocks of the `.idx` file (`idx-codec.ts` has the format): writing, finding, scanning. */
import { ByteWriter } from '#kernel/byte-writer.ts';
import type { BlockPlace, IdxFileWriter } from './idx-codec.ts';
import { DICTIONARY_BLOCK_BYTES, REFERENCE_BLOCK_BYTES } from './limits.ts';
import { ListCursor, type ListBlock, type ListBlockWriter } from './list-block.ts';
import type { NumberList } from './posting-store.ts';

export interface DictionaryBlock {
  /** At most the first term of the block and greater than the last one of the block before. */
  readonly separator: Uint8Array;
  readonly place: BlockPlace;
}

/** arena[start, end). */
export interface ByteRange {
  arena: Uint8Array;
  start: number;
  end: number;
}

/** Writes the dictionary of one field; terms come in ascending order. */
export class DictionaryWriter {
  blocks: DictionaryBlock[] = [];
  readonly #file: IdxFileWriter;
  readonly #lists: ListBlockWriter;
  readonly #level: number;
  readonly #terms: ByteWriter = new ByteWriter(2 * DICTIONARY_BLOCK_BYTES);
  readonly #block: ByteWriter = new ByteWriter(2 * DICTIONARY_BLOCK_BYTES);
  /** The last term; its length is −1 before the first one. */
  #last: Uint8Array = new Uint8Array(256);
  #lastLength: number = -1;
  #separator: Uint8Array = new Uint8Array(0);
  /** Raw bytes of the terms in the block. */
  #rawBytes: number = 0;

  constructor(file: IdxFileWriter, lists: ListBlockWriter, level: number) {
    this.#file = file;
    this.#lists = lists;
    this.#level = level;
  }

  add(term: ByteRange, rows: NumberList, sets: NumberList): void {
    this.#addTerm(term);
    this.#lists.add(rows, sets);
    this.#closeFull();
  }

  /** A term that only this row has. */
  addRow(term: ByteRange, row: number): void {
    this.#addTerm(term);
    this.#lists.addRow(row);
    this.#closeFull();
  }

  /** Ends the dictionary; returns its blocks. The next `add` begins another one. */
  finish(): readonly DictionaryBlock[] {
    if (this.#lists.entryCount > 0) this.#close();
    this.#lastLength = -1;
    const { blocks } = this;
    this.blocks = [];
    return blocks;
  }

  #addTerm({ arena, start, end }: ByteRange): void {
    const length = end - start;
    if (length > this.#last.length) {
      const grown = new Uint8Array(length * 2);
      grown.set(this.#last.subarray(0, Math.max(this.#lastLength, 0)));
      this.#last = grown;
    }
    const last = this.#last;
    const comparable = Math.min(length, this.#lastLength);
    let shared = 0;
    while (shared < comparable && last[shared] === arena[start + shared]) shared++;
    for (let i = shared; i < length; i++) last[i] = arena[start + i]!;
    this.#lastLength = length;
    if (this.#lists.entryCount === 0) {
      this.#separator = last.slice(0, Math.min(length, shared + 1));
      shared = 0;
    }
    this.#terms.varint(shared);
    this.#terms.varint(length - shared);
    this.#terms.bytes(last, shared, length);
    this.#rawBytes += length;
  }

  #closeFull(): void {
    if (this.#rawBytes >= DICTIONARY_BLOCK_BYTES || this.#lists.refBytes >= REFERENCE_BLOCK_BYTES)
      this.#close();
  }

  #close(): void {
    this.#lists.finish(this.#terms.view(), this.#level, this.#block);
    this.blocks.push({
      separator: this.#separator,
      place: this.#file.block(this.#block.view()),
    });
    this.#block.clear();
    this.#terms.clear();
    this.#rawBytes = 0;
  }
}

/** Reads the terms of a block one after the other. */
export class TermCursor {
  /** The term is bytes[0, length); overwritten by the next one. */
  bytes: Uint8Array = new Uint8Array(256);
  length: number = 0;
  /** Bytes that the term shares with the one before it in the block. */
  shared: number = 0;
  #terms: Uint8Array = new Uint8Array(0);
  #position: number = 0;

  load(terms: Uint8Array): void {
    this.#terms = terms;
    this.#position = 0;
    this.length = 0;
  }

  /** False at the end of the block. */
  next(): boolean {
    const terms = this.#terms;
    if (this.#position >= terms.length) return false;
    const shared = this.#varint();
    const more = this.#varint();
    const length = shared + more;
    const from = this.#position;
    if (shared > this.length || from + more > terms.length)
      throw new RangeError('dictionary block has a wrong size');
    if (length > this.bytes.length) {
      const grown = new Uint8Array(length * 2);
      grown.set(this.bytes.subarray(0, shared));
      this.bytes = grown;
    }
    const { bytes } = this;
    for (let i = 0; i < more; i++) bytes[shared + i] = terms[from + i]!;
    this.#position = from + more;
    this.shared = shared;
    this.length = length;
    return true;
  }

  #varint(): number {
    const terms = this.#terms;
    let byte = terms[this.#position++]!;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    let scale = 128;
    do {
      byte = terms[this.#position++] ?? 0;
      value += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80);
    return value;
  }
}

/**
 * Number of the entry with the term, −1 when there is none. Copies no term, and stops at the first one that is greater.
 * Throws a RangeError when the bytes are no terms.
 */
export function findEntry(block: ListBlock, term: Uint8Array): number {
  const reader = new TermReader(block.terms);
  // How many bytes of `term` the entry before agrees with; entries only have to be compared where that changes.
  let matched = 0;
  for (let entry = 0; reader.next(); entry++) {
    if (reader.shared < matched) return -1;
    if (reader.shared > matched) continue;
    const end = Math.min(reader.length, term.length);
    while (matched < end && reader.byteAt(matched) === term[matched]) matched++;
    if (matched === term.length) return reader.length === matched ? entry : -1;
    if (matched < reader.length && reader.byteAt(matched) > term[matched]!) return -1;
  }
  return -1;
}

/**
 * Whether terms with the prefix are in the block (`here`), or would come before its end (`before`) or after all of its terms.
 * Throws a RangeError when the bytes are no terms.
 */
export function findPrefix(block: ListBlock, prefix: Uint8Array): 'here' | 'before' | 'after' {
  const reader = new TermReader(block.terms);
  let matched = 0;
  while (reader.next()) {
    if (reader.shared < matched) return 'before';
    if (reader.shared > matched) continue;
    const end = Math.min(reader.length, prefix.length);
    while (matched < end && reader.byteAt(matched) === prefix[matched]) matched++;
    if (matched === prefix.length) return 'here';
    if (matched < reader.length && reader.byteAt(matched) > prefix[matched]!) return 'before';
  }
  return 'after';
}

/** Goes over the terms of a block without putting them together. */
class TermReader {
  length = 0;
  /** Bytes that the term shares with the one before it. */
  shared = 0;
  readonly #terms: Uint8Array;
  #rest = 0;
  #position = 0;

  constructor(terms: Uint8Array) {
    this.#terms = terms;
  }

  /** False at the end of the block. */
  next(): boolean {
    const terms = this.#terms;
    if (this.#position >= terms.length) return false;
    const shared = this.#varint();
    const more = this.#varint();
    if (shared > this.length || this.#position + more > terms.length)
      throw new RangeError('dictionary block has a wrong size');
    this.#rest = this.#position;
    this.#position += more;
    this.shared = shared;
    this.length = shared + more;
    return true;
  }

  /** A byte of the term that it does not share. */
  byteAt(index: number): number {
    return this.#terms[this.#rest + index - this.shared]!;
  }

  #varint(): number {
    const terms = this.#terms;
    let byte = terms[this.#position++] ?? 0;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let scale = 128; byte >= 0x80; scale *= 128) {
      byte = terms[this.#position++] ?? 0;
      value += (byte & 0x7f) * scale;
    }
    return value;
  }
}

/** Goes over the terms of a block together with their lists. */
export class EntryCursor {
  readonly term: TermCursor = new TermCursor();
  readonly lists: ListCursor;

  constructor(block: ListBlock) {
    this.lists = new ListCursor(block);
    this.term.load(block.terms);
  }

  load(block: ListBlock): void {
    this.lists.load(block);
    this.term.load(block.terms);
  }

  /** False at the end of the block. */
  next(): boolean {
    if (!this.term.next()) return false;
    this.lists.next();
    return true;
  }
}

/** Below 0 when a[0, aLength) comes before b[0, bLength), 0 when they are equal. */
export function compareBytes(
  a: Uint8Array,
  b: Uint8Array,
  aLength: number = a.length,
  bLength: number = b.length,
): number {
  const end = Math.min(aLength, bLength);
  for (let i = 0; i < end; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return aLength - bLength;
}

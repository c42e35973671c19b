/** One index file as an input of a merge: all of it in memory, its lists decoded one by one. */
import { decodePostingRows } from '#kernel/postings.ts';
import { CHECKSUM_BYTES, checkBlock, damaged, type BlockPlace } from './idx-codec.ts';
import { readIdBlock, type IdBlock } from './id-list.ts';
import type { IdxDirectory, NumericField, TextField } from './idx-directory.ts';
import {
  entryAt,
  FORM_LIST,
  FORM_NONE,
  inlineList,
  ListCursor,
  readFew,
  readListBlock,
  type EntryRefs,
  type ListBlock,
  type ListRef,
} from './list-block.ts';
import type { OrderInput } from './merge-order.ts';
import { decodeNumbers } from './numeric-codec.ts';
import { readDirectory, type OpenDirectory } from './open-directory.ts';
import { EntryCursor } from './term-dictionary.ts';
import { decodeTimeNs, decodeTimes } from './time-codec.ts';

/** Errors of all: SegmentDamaged; RangeErrors and those of zstd for bytes that are no index. */
export class MergeInput {
  readonly info: OpenDirectory['info'];
  readonly directory: IdxDirectory;
  readonly #opened: OpenDirectory;
  readonly #bytes: Uint8Array;
  #sets: readonly EntryRefs[] | undefined;
  readonly #kept: Map<number, ListBlock> = new Map();
  #keepBytes: number;

  private constructor(bytes: Uint8Array, opened: OpenDirectory, keepBytes: number) {
    this.#keepBytes = keepBytes;
    this.info = opened.info;
    this.directory = opened.directory;
    this.#bytes = bytes;
    this.#opened = opened;
  }

  /** `bytes`: the whole file; they stay in use. Unpacked blocks of up to `keepBytes` are kept. */
  static async open(bytes: Uint8Array, keepBytes: number = 0): Promise<MergeInput> {
    const opened = await readDirectory({
      sizeBytes: bytes.length,
      read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
    });
    return new MergeInput(bytes, opened, keepBytes);
  }

  get rowCount(): number {
    return this.directory.rowCount;
  }

  get setCount(): number {
    return this.directory.setCount;
  }

  /** The times of the rows: the caller's own, because they are as large as an index. */
  times(): OrderInput {
    const { times, timeNs } = this.#opened;
    const seconds = decodeTimes(this.#read(times), this.rowCount);
    const parts = timeNs === undefined ? undefined : decodeTimeNs(this.#read(timeNs), seconds);
    return { times: seconds, timeNs: parts };
  }

  /** A dictionary block. Both passes of a merge read all of them, so that they are kept while there is room. */
  dictionary(number: number): ListBlock {
    const kept = this.#kept.get(number);
    if (kept !== undefined) return kept;
    const block = readListBlock(this.#read(this.directory.dictionaryPlace(number)));
    if (this.#keepBytes >= block.sizeBytes) {
      this.#keepBytes -= block.sizeBytes;
      this.#kept.set(number, block);
    }
    return block;
  }

  /** A block of an id list. */
  ids(number: number): IdBlock {
    return readIdBlock(this.#read(this.directory.idPlace(number)), this.rowCount);
  }

  fieldList(entry: number): EntryRefs {
    return entryAt(this.directory.fieldLists, entry);
  }

  /** Writes the rows of a list to out[at, …), which must have room for all rows; returns the new end. */
  readRows(block: ListBlock, ref: ListRef, out: Uint32Array, at: number): number {
    return this.#readList(block, ref, { out, at, bound: this.rowCount });
  }

  /** The same for term sets. */
  readSets(block: ListBlock, ref: ListRef, out: Uint32Array, at: number): number {
    return this.#readList(block, ref, { out, at, bound: this.setCount });
  }

  /** The rows of a term set, as `readRows`. The first call unpacks the set directory and keeps it. */
  readRowsOfSet(set: number, out: Uint32Array, at: number): number {
    this.#sets ??= this.#loadSets();
    const { block, rows } = this.#sets[set]!;
    return this.readRows(block, rows, out, at);
  }

  hasRowsOfSet(set: number): boolean {
    this.#sets ??= this.#loadSets();
    return this.#sets[set]!.rows.form !== FORM_NONE;
  }

  /** Numbers of a numeric column, in order of its rows. */
  numbers(field: NumericField, count: number): Float64Array {
    return decodeNumbers(this.#read(field.place), count);
  }

  #loadSets(): readonly EntryRefs[] {
    const { setStarts } = this.directory;
    const sets: EntryRefs[] = [];
    for (let number = 0; number + 1 < setStarts.length; number++) {
      const block = readListBlock(this.#read(this.directory.setPlace(number)));
      const cursor = new ListCursor(block);
      for (let set = setStarts[number]!; set < setStarts[number + 1]!; set++) {
        cursor.next();
        sets.push({ block, rows: cursor.rows.copy(), sets: cursor.sets });
      }
    }
    return sets;
  }

  #readList(
    block: ListBlock,
    ref: ListRef,
    target: { readonly out: Uint32Array; readonly at: number; readonly bound: number },
  ): number {
    const { out, at, bound } = target;
    if (ref.form === FORM_NONE) return at;
    let end: number;
    if (ref.form !== FORM_LIST) end = readFew(block, ref, out, at);
    else {
      const { offset, length } = ref;
      const bytes = offset < 0 ? inlineList(block, ref) : this.#read({ offset, length });
      end = decodePostingRows(bytes, out, at);
    }
    if (end > out.length || out[end - 1]! >= bound)
      throw new RangeError('posting is beyond the segment');
    return end;
  }

  #read({ offset, length }: BlockPlace): Uint8Array {
    if (offset < 0) throw damaged('block');
    return checkBlock(this.#bytes.subarray(offset, offset + length + CHECKSUM_BYTES), length);
  }
}

/** Goes over the terms of one field of an input, across its blocks. */
export class FieldCursor {
  readonly input: MergeInput;
  /** Number of the input. */
  readonly number: number;
  readonly entry: EntryCursor = new EntryCursor({
    entryCount: 0,
    terms: new Uint8Array(0),
    refs: new Uint8Array(0),
    firstRows: new Uint32Array(0),
    firstSets: new Uint32Array(0),
    sizeBytes: 0,
  });
  /** Bytes that the term shares with the one before. */
  shared: number = 0;
  readonly #blockEnd: number;
  #block: number;
  #last: Uint8Array = new Uint8Array(0);

  constructor(input: MergeInput, number: number, field: TextField) {
    this.input = input;
    this.number = number;
    this.#block = field.blockStart;
    this.#blockEnd = field.blockEnd;
  }

  /** False at the end of the dictionary. */
  next(): boolean {
    if (this.entry.next()) {
      this.shared = this.entry.term.shared;
      return true;
    }
    const { term } = this.entry;
    this.#last = term.bytes.slice(0, term.length);
    do {
      if (this.#block === this.#blockEnd) return false;
      this.entry.load(this.input.dictionary(this.#block++));
    } while (!this.entry.next());
    const end = Math.min(this.#last.length, term.length);
    let shared = 0;
    while (shared < end && this.#last[shared] === term.bytes[shared]) shared++;
    this.shared = shared;
    return true;
  }

  /** The next term that names a set. */
  nextWithSets(): boolean {
    let shared = Number.POSITIVE_INFINITY;
    while (this.next()) {
      shared = Math.min(shared, this.shared);
      if (this.entry.lists.sets.form === FORM_NONE) continue;
      this.shared = shared;
      return true;
    }
    return false;
  }
}

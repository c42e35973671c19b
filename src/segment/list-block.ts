/** List blocks of the `.idx` file (`idx-codec.ts` has the format): writing, and reading entry by entry. */
import { ByteReader, ByteWriter } from '#kernel/byte-writer.ts';
import { GrowingU32 } from '#kernel/growing-u32.ts';
import { readPacked, writePacked } from './idx-codec.ts';
import { FEW_MAX, STREAM_BYTES_MAX } from './limits.ts';
import type { NumberList, PostingStore } from './posting-store.ts';

export const FORM_NONE = 0;
export const FORM_ONE = 1;
export const FORM_FEW = 2;
export const FORM_LIST = 3;

/** Bit that says that first numbers are differences. */
const ASCENDING = 64;
/** Numbers of so many bits are unpacked with 32-bit operations. */
const SHORT_BITS = 24;
const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Collects the entries of one block after the other. */
export class ListBlockWriter {
  readonly #rowLists: PostingStore;
  readonly #setLists: PostingStore;
  readonly #refs: ByteWriter = new ByteWriter(1 << 16);
  readonly #firstRows: GrowingU32 = new GrowingU32(4096);
  readonly #firstSets: GrowingU32 = new GrowingU32(4096);
  #entryCount: number = 0;

  /** The stores take the lists of rows and those of sets that do not fit an entry. */
  constructor(rowLists: PostingStore, setLists: PostingStore) {
    this.#rowLists = rowLists;
    this.#setLists = setLists;
  }

  get entryCount(): number {
    return this.#entryCount;
  }

  get refBytes(): number {
    return this.#refs.length;
  }

  add(rows: NumberList, sets: NumberList): void {
    this.#entryCount++;
    this.#refs.u8(formOf(rows) + 4 * formOf(sets));
    if (rows.start < rows.end) this.#list(rows, this.#firstRows, this.#rowLists);
    if (sets.start < sets.end) this.#list(sets, this.#firstSets, this.#setLists);
  }

  /** An entry with this one row and no set. */
  addRow(row: number): void {
    this.#entryCount++;
    this.#refs.u8(FORM_ONE);
    this.#firstRows.push(row);
  }

  /** Appends the block to `out` and begins the next one. */
  finish(terms: Uint8Array | undefined, level: number, out: ByteWriter): void {
    out.varint(this.#entryCount);
    writePacked(terms ?? NO_BYTES, level, out);
    writePacked(this.#refs.view(), level, out);
    writeNumbers(this.#firstRows.view(), out);
    writeNumbers(this.#firstSets.view(), out);
    this.#entryCount = 0;
    this.#refs.clear();
    this.#firstRows.clear();
    this.#firstSets.clear();
  }

  #list(list: NumberList, first: GrowingU32, store: PostingStore): void {
    const { items, start, end } = list;
    const count = end - start;
    if (count > FEW_MAX) {
      store.write(list, this.#refs);
      return;
    }
    first.push(items[start]!);
    if (count === 1) return;
    this.#refs.varint(count - 2);
    for (let i = start + 1; i < end; i++) this.#refs.varint(items[i]! - items[i - 1]! - 1);
  }
}

function formOf({ start, end }: NumberList): number {
  const count = end - start;
  return count === 0 ? FORM_NONE : count === 1 ? FORM_ONE : count <= FEW_MAX ? FORM_FEW : FORM_LIST;
}

/** Appends numbers, packed; `idx-codec.ts` has the format under "first numbers". */
export function writeNumbers(numbers: Uint32Array, out: ByteWriter): void {
  out.varint(numbers.length);
  let all = 0;
  let allSteps = 0;
  let previous = 0;
  let ascends = true;
  for (const number of numbers) {
    all |= number;
    if (number < previous) ascends = false;
    allSteps |= number - previous;
    previous = number;
  }
  const bits = 32 - Math.clz32(ascends ? allSteps : all);
  out.u8(bits + (ascends ? ASCENDING : 0));
  const size = Math.ceil((numbers.length * bits) / 8);
  const bytes = out.reserve(size);
  const values = ascends ? stepsOf(numbers) : numbers;
  if (bits <= SHORT_BITS) packShort(values, bits, bytes, out.length);
  else packLong(values, bits, bytes, out.length);
  out.advance(size);
}

function stepsOf(numbers: Uint32Array): Uint32Array {
  const steps = numbers.slice();
  for (let i = steps.length - 1; i > 0; i--) steps[i] = steps[i]! - steps[i - 1]!;
  return steps;
}

/** At most 7 bits wait when a number comes: all fit 32. */
function packShort(values: Uint32Array, bits: number, bytes: Uint8Array, start: number): void {
  let at = start;
  let waiting = 0;
  let waitingBits = 0;
  for (const value of values) {
    waiting |= value << waitingBits;
    waitingBits += bits;
    for (; waitingBits >= 8; waitingBits -= 8) {
      bytes[at++] = waiting;
      waiting >>>= 8;
    }
  }
  if (waitingBits > 0) bytes[at] = waiting;
}

/** Up to 39 bits: a double holds them exactly. */
function packLong(values: Uint32Array, bits: number, bytes: Uint8Array, start: number): void {
  let at = start;
  let waiting = 0;
  let waitingBits = 0;
  for (const value of values) {
    waiting += value * 2 ** waitingBits;
    waitingBits += bits;
    for (; waitingBits >= 8; waitingBits -= 8) {
      bytes[at++] = waiting % 256;
      waiting = Math.floor(waiting / 256);
    }
  }
  if (waitingBits > 0) bytes[at] = waiting;
}

/** What `writeNumbers` wrote. Throws a RangeError when that is not there. */
export function readNumbers(reader: ByteReader): Uint32Array {
  const count = reader.varint();
  const head = reader.u8();
  const bits = head % ASCENDING;
  if (count > STREAM_BYTES_MAX || bits > 32) throw new RangeError('list block has a wrong size');
  const bytes = reader.take(Math.ceil((count * bits) / 8));
  const numbers = new Uint32Array(count);
  if (bits <= SHORT_BITS) unpackShort(bytes, bits, numbers);
  else unpackLong(bytes, bits, numbers);
  if (head >= ASCENDING) for (let i = 1; i < count; i++) numbers[i] = numbers[i - 1]! + numbers[i]!;
  return numbers;
}

/** Up to 7 bits wait when a number is taken from 8 more bits: all fit 32. */
function unpackShort(bytes: Uint8Array, bits: number, numbers: Uint32Array): void {
  const mask = (1 << bits) - 1;
  let waiting = 0;
  let waitingBits = 0;
  let at = 0;
  for (let i = 0; i < numbers.length; i++) {
    for (; waitingBits < bits; waitingBits += 8) waiting |= bytes[at++]! << waitingBits;
    numbers[i] = waiting & mask;
    waiting >>>= bits;
    waitingBits -= bits;
  }
}

function unpackLong(bytes: Uint8Array, bits: number, numbers: Uint32Array): void {
  const size = 2 ** bits;
  let waiting = 0;
  let waitingBits = 0;
  let at = 0;
  for (let i = 0; i < numbers.length; i++) {
    for (; waitingBits < bits; waitingBits += 8) waiting += bytes[at++]! * 2 ** waitingBits;
    numbers[i] = waiting % size;
    waiting = Math.floor(waiting / size);
    waitingBits -= bits;
  }
}

/** A block, unpacked. Shared by readers: nobody may change it. */
export interface ListBlock {
  readonly entryCount: number;
  readonly terms: Uint8Array;
  readonly refs: Uint8Array;
  readonly firstRows: Uint32Array;
  readonly firstSets: Uint32Array;
  /** Memory that it takes. */
  readonly sizeBytes: number;
}

/** Throws a RangeError, or what zstd throws, when the bytes are not a list block. They stay in use. */
export function readListBlock(bytes: Uint8Array): ListBlock {
  const reader = new ByteReader(bytes);
  const entryCount = reader.varint();
  const terms = readPacked(reader);
  const refs = readPacked(reader);
  const firstRows = readNumbers(reader);
  const firstSets = readNumbers(reader);
  if (!reader.atEnd || entryCount > refs.length)
    throw new RangeError('list block has a wrong size');
  const numbers = firstRows.byteLength + firstSets.byteLength;
  const sizeBytes = bytes.length + terms.length + refs.length + numbers + 256;
  return { entryCount, terms, refs, firstRows, firstSets, sizeBytes };
}

/** One list of an entry, as it stands in its block. */
export class ListRef {
  form: number = FORM_NONE;
  /** Of `one` and `few`. */
  first: number = 0;
  count: number = 0;
  /** Where in the block's references the further numbers, or the bytes of the posting list, begin. */
  at: number = 0;
  /** Bytes of the posting list. */
  length: number = 0;
  /** Offset of the posting list in the file, −1 when it stands in the block. */
  offset: number = -1;

  copy(): ListRef {
    return Object.assign(new ListRef(), this);
  }
}

/** Goes over the entries of a block; what `rows` and `sets` say is overwritten by `next`. */
export class ListCursor {
  readonly rows: ListRef = new ListRef();
  readonly sets: ListRef = new ListRef();
  block: ListBlock;
  #position: number = 0;
  #nextRow: number = 0;
  #nextSet: number = 0;

  constructor(block: ListBlock) {
    this.block = block;
  }

  /** Begins with the first entry of another block. */
  load(block: ListBlock): void {
    this.block = block;
    this.#position = 0;
    this.#nextRow = 0;
    this.#nextSet = 0;
  }

  next(): void {
    const { refs } = this.block;
    if (this.#position >= refs.length) throw new RangeError('list block has too few entries');
    const form = refs[this.#position++]!;
    const rowForm = form & 3;
    this.rows.form = rowForm;
    if (rowForm === FORM_ONE || rowForm === FORM_FEW)
      this.rows.first = this.block.firstRows[this.#nextRow++] ?? Number.NaN;
    if (rowForm > FORM_ONE) this.#readMore(this.rows);
    const setForm = form >>> 2;
    this.sets.form = setForm;
    if (setForm === FORM_NONE) return;
    if (setForm > FORM_LIST) throw new RangeError('unknown form of a list');
    if (setForm !== FORM_LIST)
      this.sets.first = this.block.firstSets[this.#nextSet++] ?? Number.NaN;
    if (setForm > FORM_ONE) this.#readMore(this.sets);
  }

  #readMore(ref: ListRef): void {
    if (ref.form === FORM_FEW) {
      ref.count = this.#varint() + 2;
      if (ref.count > FEW_MAX) throw new RangeError('list is too long for its form');
      ref.at = this.#position;
      const { refs } = this.block;
      for (let left = ref.count - 1; left > 0; left--) while (refs[this.#position++]! >= 0x80);
      return;
    }
    const head = this.#varint();
    ref.length = Math.floor(head / 2);
    ref.offset = -1;
    if (head % 2 === 1) {
      ref.offset = this.#varint();
      return;
    }
    ref.at = this.#position;
    this.#position += ref.length;
  }

  #varint(): number {
    const { refs } = this.block;
    let value = 0;
    for (let scale = 1; scale < 2 ** 57; scale *= 128) {
      const byte = refs[this.#position++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new RangeError('list block has too few bytes');
  }
}

/** The lists of one entry, to be kept. */
export interface EntryRefs {
  readonly block: ListBlock;
  readonly rows: ListRef;
  readonly sets: ListRef;
}

/** The lists of the entry with this number. */
export function entryAt(block: ListBlock, entry: number): EntryRefs {
  const cursor = new ListCursor(block);
  for (let i = 0; i <= entry; i++) cursor.next();
  return { block, rows: cursor.rows, sets: cursor.sets };
}

/** Writes the numbers of a `one` or `few` to out[at, …); returns the new end. They are not checked. */
export function readFew(block: ListBlock, ref: ListRef, out: Uint32Array, at: number): number {
  let number = ref.first;
  if (Number.isNaN(number)) throw new RangeError('list block has too few numbers');
  out[at] = number;
  if (ref.form === FORM_ONE) return at + 1;
  const { refs } = block;
  let position = ref.at;
  for (let i = 1; i < ref.count; i++) {
    let scale = 1;
    let byte: number;
    number++;
    do {
      byte = refs[position++] ?? 0;
      number += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80);
    out[at + i] = number;
  }
  return at + ref.count;
}

/** The bytes of a posting list that stands in its block. */
export function inlineList(block: ListBlock, ref: ListRef): Uint8Array {
  if (ref.at + ref.length > block.refs.length) throw new RangeError('read past the end');
  return block.refs.subarray(ref.at, ref.at + ref.length);
}

/**
 * Id lists of the `.idx` file: the terms of a field that look like ids (`id-key.ts`), each by its key alone. Keys
 * ascend by (prefix, hash), each once in a list; a list is cut into blocks.
 *
 *   id block
 *     varint number of keys n, at least 1
 *     u32 prefix of the first key, u8 low bits k
 *     numbers (`list-block.ts`): the low k bits of each of the n − 1 differences between a prefix and the one before
 *     varint number of bytes, and so many: what is above these bits of each difference, as so many 1 bits and a 0,
 *       lowest bit of a byte first (Rice coding)
 *     n × 5 bytes: the hashes
 *     numbers: the first row of each key
 *     varint number of keys with more rows; for each: varint index of the key − that of the one before − 1 (the first:
 *       index), varint further rows − 1, and for each varint (row − the one before − 1)
 *
 * What stands for a term is its key: a term that was never there is taken for one with the same prefix by a
 * chance of 2^-40 for each term that has this prefix.
 */
import { ByteReader, ByteWriter } from '#kernel/byte-writer.ts';
import { compareKeys } from './id-key.ts';
import type { BlockPlace, IdxFileWriter } from './idx-codec.ts';
import { ID_BLOCK_KEYS, ID_BLOCK_MORE_BYTES, STREAM_BYTES_MAX } from './limits.ts';
import { readNumbers, writeNumbers } from './list-block.ts';
import type { NumberList } from './posting-store.ts';

const HASH_BYTES = 5;

export interface IdBlockPlace {
  /** First key of the block. */
  readonly prefix: number;
  readonly hash: number;
  readonly place: BlockPlace;
}

/** Writes the id list of one field after the other; keys come in ascending order, each once. */
export class IdListWriter {
  readonly #file: IdxFileWriter;
  #blocks: IdBlockPlace[] = [];
  #count: number = 0;
  readonly #prefixes: Uint32Array = new Uint32Array(ID_BLOCK_KEYS);
  readonly #hashes: Float64Array = new Float64Array(ID_BLOCK_KEYS);
  readonly #rows: Uint32Array = new Uint32Array(ID_BLOCK_KEYS);
  readonly #lows: Uint32Array = new Uint32Array(ID_BLOCK_KEYS);
  readonly #more: ByteWriter = new ByteWriter(1024);
  #moreCount: number = 0;
  /** Index after the last key with more rows. */
  #moreEnd: number = 0;
  readonly #block: ByteWriter = new ByteWriter(16 * ID_BLOCK_KEYS);

  constructor(file: IdxFileWriter) {
    this.#file = file;
  }

  /** A key with this one row. */
  addRow(prefix: number, hash: number, row: number): void {
    const at = this.#count++;
    this.#prefixes[at] = prefix;
    this.#hashes[at] = hash;
    this.#rows[at] = row;
    if (this.#count === ID_BLOCK_KEYS) this.#close();
  }

  /** A key with at least one row. */
  add(prefix: number, hash: number, { items, start, end }: NumberList): void {
    if (end - start > 1) {
      this.#more.varint(this.#count - this.#moreEnd);
      this.#more.varint(end - start - 2);
      for (let i = start + 1; i < end; i++) this.#more.varint(items[i]! - items[i - 1]! - 1);
      this.#moreCount++;
      this.#moreEnd = this.#count + 1;
    }
    this.addRow(prefix, hash, items[start]!);
    if (this.#more.length >= ID_BLOCK_MORE_BYTES) this.#close();
  }

  /** Ends the list; returns its blocks. The next key begins another one. */
  finish(): readonly IdBlockPlace[] {
    if (this.#count > 0) this.#close();
    const blocks = this.#blocks;
    this.#blocks = [];
    return blocks;
  }

  #close(): void {
    const out = this.#block;
    const count = this.#count;
    out.varint(count);
    out.u32(this.#prefixes[0]!);
    this.#writePrefixes(out);
    const bytes = out.reserve(count * HASH_BYTES);
    let at = out.length;
    for (let i = 0; i < count; i++) {
      const hash = this.#hashes[i]!;
      const low = hash % 2 ** 32;
      bytes[at++] = low;
      bytes[at++] = low >>> 8;
      bytes[at++] = low >>> 16;
      bytes[at++] = low >>> 24;
      bytes[at++] = hash / 2 ** 32;
    }
    out.advance(count * HASH_BYTES);
    writeNumbers(this.#rows.subarray(0, count), out);
    out.varint(this.#moreCount);
    out.bytes(this.#more.view());
    const place = this.#file.block(out.view());
    this.#blocks.push({ prefix: this.#prefixes[0]!, hash: this.#hashes[0]!, place });
    out.clear();
    this.#more.clear();
    this.#count = 0;
    this.#moreCount = 0;
    this.#moreEnd = 0;
  }

  #writePrefixes(out: ByteWriter): void {
    const prefixes = this.#prefixes;
    const steps = this.#count - 1;
    const mean = steps === 0 ? 0 : (prefixes[steps]! - prefixes[0]!) / steps;
    const lowBits = mean < 2 ? 0 : 31 - Math.clz32(mean);
    const size = 2 ** lowBits;
    let bits = 0;
    for (let i = 0; i < steps; i++) {
      const step = prefixes[i + 1]! - prefixes[i]!;
      this.#lows[i] = step % size;
      bits += Math.floor(step / size) + 1;
    }
    out.u8(lowBits);
    writeNumbers(this.#lows.subarray(0, steps), out);
    const length = Math.ceil(bits / 8);
    out.varint(length);
    const bytes = out.reserve(length);
    const start = out.length;
    bytes.fill(0, start, start + length);
    let bit = 0;
    for (let i = 0; i < steps; i++, bit++)
      for (let left = Math.floor((prefixes[i + 1]! - prefixes[i]!) / size); left > 0; left--, bit++)
        bytes[start + (bit >>> 3)]! |= 1 << (bit & 7);
    out.advance(length);
  }
}

/** A block, unpacked. Shared by readers: nobody may change it. Key i has rows[rowStarts[i], rowStarts[i + 1]). */
export interface IdBlock {
  readonly count: number;
  readonly prefixes: Uint32Array;
  readonly hashes: Float64Array;
  readonly rowStarts: Uint32Array;
  readonly rows: Uint32Array;
  /** Memory that it takes. */
  readonly sizeBytes: number;
}

/** Throws a RangeError when the bytes are not an id block of a segment with so many rows. */
export function readIdBlock(bytes: Uint8Array, rowCount: number): IdBlock {
  const reader = new ByteReader(bytes);
  const count = reader.varint();
  if (count === 0 || count > bytes.length) throw new RangeError('id block has a wrong size');
  const prefixes = readPrefixes(reader, count);
  const stored = reader.take(count * HASH_BYTES);
  const hashes = new Float64Array(count);
  for (let i = 0, at = 0; i < count; i++, at += HASH_BYTES) {
    const low = stored[at]! | (stored[at + 1]! << 8) | (stored[at + 2]! << 16);
    hashes[i] = ((low | (stored[at + 3]! << 24)) >>> 0) + stored[at + 4]! * 2 ** 32;
  }
  const firstRows = readNumbers(reader);
  if (firstRows.length !== count) throw new RangeError('id block has a wrong number of rows');
  const { rowStarts, rows } = readMore(reader, firstRows);
  if (!reader.atEnd) throw new RangeError('id block has a wrong size');
  for (const row of rows)
    if (row >= rowCount) throw new RangeError('posting is beyond the segment');
  const sizeBytes =
    prefixes.byteLength + hashes.byteLength + rowStarts.byteLength + rows.byteLength + 256;
  return { count, prefixes, hashes, rowStarts, rows, sizeBytes };
}

function readPrefixes(reader: ByteReader, count: number): Uint32Array {
  const prefixes = new Uint32Array(count);
  let prefix = reader.u32();
  const size = 2 ** reader.u8();
  const lows = readNumbers(reader);
  const bytes = reader.take(reader.varint());
  if (lows.length !== count - 1) throw new RangeError('id block has a wrong number of keys');
  prefixes[0] = prefix;
  let bit = 0;
  for (let i = 1; i < count; i++) {
    let high = 0;
    for (; ((bytes[bit >>> 3]! >>> (bit & 7)) & 1) === 1; bit++) high++;
    bit++;
    prefix += high * size + lows[i - 1]!;
    prefixes[i] = prefix;
  }
  if (bit > bytes.length * 8 || prefix >= 2 ** 32)
    throw new RangeError('id block has a wrong size');
  return prefixes;
}

function readMore(
  reader: ByteReader,
  firstRows: Uint32Array,
): { readonly rowStarts: Uint32Array; readonly rows: Uint32Array } {
  const count = firstRows.length;
  const rowStarts = new Uint32Array(count + 1);
  let moreLeft = reader.varint();
  if (moreLeft === 0) {
    for (let i = 0; i <= count; i++) rowStarts[i] = i;
    return { rowStarts, rows: firstRows };
  }
  const rows: number[] = [];
  let next = 0;
  const copyUntil = (end: number): void => {
    if (end > count) throw new RangeError('id block has a wrong number of keys');
    for (; next < end; next++) {
      rowStarts[next] = rows.length;
      rows.push(firstRows[next]!);
    }
  };
  for (; moreLeft > 0; moreLeft--) {
    copyUntil(next + reader.varint() + 1);
    let row = rows.at(-1)!;
    let left = reader.varint() + 1;
    if (left > STREAM_BYTES_MAX) throw new RangeError('id block has a wrong number of rows');
    for (; left > 0; left--) rows.push((row += reader.varint() + 1));
  }
  copyUntil(count);
  rowStarts[count] = rows.length;
  return { rowStarts, rows: Uint32Array.from(rows) };
}

/** Index of the first key that does not come before this one; `count` when all do. */
export function firstKeyFrom(block: IdBlock, prefix: number, hash: number): number {
  let low = 0;
  let high = block.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(block.prefixes[middle]!, block.hashes[middle]!, prefix, hash) < 0)
      low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of a key, −1 when it is not there. */
export function findKey(block: IdBlock, prefix: number, hash: number): number {
  const at = firstKeyFrom(block, prefix, hash);
  return at < block.count && block.prefixes[at] === prefix && block.hashes[at] === hash ? at : -1;
}

/** Ids of one field as they come, with their rows, until they are written in order. */
export class IdCollector {
  #prefixes: Uint32Array = new Uint32Array(1024);
  #hashes: Float64Array = new Float64Array(1024);
  /** Rows of id i: items[starts[i], ends[i]). */
  #starts: Uint32Array = new Uint32Array(1024);
  #ends: Uint32Array = new Uint32Array(1024);
  #items: Uint32Array = new Uint32Array(0);
  #count: number = 0;
  #isSorted: boolean = true;

  /** The rows are read when the list is written. All ids of one list have the same `items`. */
  add(prefix: number, hash: number, { items, start, end }: NumberList): void {
    const at = this.#count++;
    if (at === this.#prefixes.length) this.#grow();
    this.#prefixes[at] = prefix;
    this.#hashes[at] = hash;
    this.#starts[at] = start;
    this.#ends[at] = end;
    this.#items = items;
    if (at > 0)
      this.#isSorted &&=
        compareKeys(this.#prefixes[at - 1]!, this.#hashes[at - 1]!, prefix, hash) < 0;
  }

  /** Writes all in order, without ending the list, and begins anew. */
  writeTo(writer: IdListWriter): void {
    const order = Uint32Array.from({ length: this.#count }, (_, i) => i);
    const prefixes = this.#prefixes;
    const hashes = this.#hashes;
    if (!this.#isSorted)
      order.sort((a, b) => compareKeys(prefixes[a]!, hashes[a]!, prefixes[b]!, hashes[b]!));
    const list = { items: this.#items, start: 0, end: 0 };
    for (let at = 0; at < order.length;) {
      const id = order[at]!;
      const first = at++;
      while (at < order.length && this.#isSame(id, order[at]!)) at++;
      list.start = this.#starts[id]!;
      list.end = this.#ends[id]!;
      writer.add(
        prefixes[id]!,
        hashes[id]!,
        at - first === 1 ? list : this.#united(order.subarray(first, at)),
      );
    }
    this.#count = 0;
    this.#isSorted = true;
  }

  #isSame(a: number, b: number): boolean {
    return this.#prefixes[a] === this.#prefixes[b] && this.#hashes[a] === this.#hashes[b];
  }

  /** Different terms with the same key are one. */
  #united(ids: Uint32Array): NumberList {
    const rows = new Set<number>();
    for (const id of ids)
      for (let i = this.#starts[id]!; i < this.#ends[id]!; i++) rows.add(this.#items[i]!);
    const items = Uint32Array.from(rows).sort();
    return { items, start: 0, end: items.length };
  }

  #grow(): void {
    const size = 2 * this.#prefixes.length;
    const grow = (old: Uint32Array): Uint32Array => {
      const grown = new Uint32Array(size);
      grown.set(old);
      return grown;
    };
    this.#prefixes = grow(this.#prefixes);
    this.#starts = grow(this.#starts);
    this.#ends = grow(this.#ends);
    const hashes = new Float64Array(size);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
  }
}

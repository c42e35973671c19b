/**
 * The bytes of one posting list: ascending row numbers of a segment of `rowCount` rows.
 *
 *   varint   count × 4 + form
 *   form 0   packed: blocks of 128 gaps (the last one shorter). A gap is row − previous row − 1, before
 *            the first row −1. A block: u8 bits a gap (0–32), then the gaps, lowest bit first, padded to a byte.
 *   form 1   bitset: (rowCount + 7) / 8 bytes, row r is bit r % 8 of byte r / 8.
 *   form 2   runs: until `count` rows are read: varint gap to the run, varint rows of the run − 1.
 *
 * The encoder takes the smallest of the three. Rows must be below rowCount; a decoder refuses others.
 */
import type { Bitset } from './bitset.ts';
import { ByteReader, type ByteWriter } from './byte-writer.ts';

const PACKED = 0;
const BITSET = 1;
const RUNS = 2;
const BLOCK = 128;

/** Appends rows[start, end), strictly ascending, at least one, to `out`. */
export function encodePostings(
  rows: Uint32Array,
  range: { readonly start: number; readonly end: number; readonly rowCount: number },
  out: ByteWriter,
): void {
  const { start, end, rowCount } = range;
  const count = end - start;
  const bitsetBytes = (rowCount + 7) >>> 3;
  const packedBytes = packedSize(rows, start, end);
  const runBytes = runsSize(rows, start, end);
  if (runBytes <= packedBytes && runBytes <= bitsetBytes) {
    out.varint(count * 4 + RUNS);
    writeRuns(rows, range, out);
  } else if (packedBytes <= bitsetBytes) {
    out.varint(count * 4 + PACKED);
    writePacked(rows, range, out);
  } else {
    out.varint(count * 4 + BITSET);
    const bytes = out.reserve(bitsetBytes);
    const base = out.length;
    bytes.fill(0, base, base + bitsetBytes);
    for (let i = start; i < end; i++) {
      const row = rows[i]!;
      bytes[base + (row >>> 3)]! |= 1 << (row & 7);
    }
    out.advance(bitsetBytes);
  }
}

/** How many rows a list has. */
export function postingCount(bytes: Uint8Array): number {
  return Math.floor(new ByteReader(bytes).varint() / 4);
}

/** Adds the rows of an encoded list to `into`. Throws a RangeError when the bytes are not such a list. */
export function decodePostings(bytes: Uint8Array, into: Bitset): void {
  const reader = new ByteReader(bytes);
  const head = reader.varint();
  const form = head % 4;
  const count = Math.floor(head / 4);
  if (count > into.length) throw new RangeError('posting list is longer than the segment');
  if (form === PACKED) readPacked(reader, count, into);
  else if (form === BITSET) readBitset(reader, into);
  else if (form === RUNS) readRuns(reader, count, into);
  else throw new RangeError('unknown form of a posting list');
}

/**
 * Writes the rows of an encoded list, ascending, to out[at, …) and returns the end of them. `out` needs room for
 * `postingCount(bytes)` rows. The bytes must be the list and nothing behind it. Throws a RangeError when they are not.
 */
export function decodePostingRows(bytes: Uint8Array, out: Uint32Array, at: number): number {
  const reader = new ByteReader(bytes);
  const head = reader.varint();
  const form = head % 4;
  const count = Math.floor(head / 4);
  if (count > out.length - at) throw new RangeError('posting list is longer than expected');
  if (form === PACKED) rowsOfPacked(reader, count, out.subarray(at, at + count));
  else if (form === BITSET) rowsOfBitset(reader, out.subarray(at, at + count));
  else if (form === RUNS) rowsOfRuns(reader, out.subarray(at, at + count));
  else throw new RangeError('unknown form of a posting list');
  return at + count;
}

function rowsOfPacked(reader: ByteReader, count: number, out: Uint32Array): void {
  let row = -1;
  for (let from = 0; from < count; from += BLOCK) {
    const inBlock = Math.min(count - from, BLOCK);
    const bits = reader.u8();
    if (bits > 32) throw new RangeError('posting gap is too wide');
    const bytes = reader.take((inBlock * bits + 7) >>> 3);
    for (let i = 0, bit = 0; i < inBlock; i++, bit += bits) {
      let gap = 0;
      for (let done = 0; done < bits;) {
        const at = bit + done;
        const taken = Math.min(8 - (at & 7), bits - done);
        gap |= ((bytes[at >>> 3]! >>> (at & 7)) & ((1 << taken) - 1)) << done;
        done += taken;
      }
      row += (gap >>> 0) + 1;
      if (row > 0xffff_ffff) throw new RangeError('posting is beyond the segment');
      out[from + i] = row;
    }
  }
}

function rowsOfBitset(reader: ByteReader, out: Uint32Array): void {
  const bytes = reader.take(reader.bytes.length - reader.position);
  let found = 0;
  for (let i = 0; i < bytes.length; i++)
    for (let byte = bytes[i]!; byte !== 0; byte &= byte - 1) {
      if (found === out.length) throw new RangeError('posting list is longer than it says');
      out[found++] = i * 8 + 31 - Math.clz32(byte & -byte);
    }
  if (found < out.length) throw new RangeError('posting list is shorter than it says');
}

function rowsOfRuns(reader: ByteReader, out: Uint32Array): void {
  let row = 0;
  for (let at = 0; at < out.length;) {
    row += reader.varint();
    const length = reader.varint() + 1;
    if (length > out.length - at || row + length > 2 ** 32)
      throw new RangeError('posting is beyond the segment');
    for (const end = at + length; at < end; at++) out[at] = row++;
  }
}

/** Bits that the largest gap of rows[from, to) takes. */
function gapBits(rows: Uint32Array, from: number, to: number, first: number): number {
  let all = 0;
  let previous = first;
  for (let i = from; i < to; i++) {
    all |= rows[i]! - previous - 1;
    previous = rows[i]!;
  }
  return 32 - Math.clz32(all);
}

function packedSize(rows: Uint32Array, start: number, end: number): number {
  let size = 0;
  for (let from = start; from < end; from += BLOCK) {
    const to = Math.min(from + BLOCK, end);
    const bits = gapBits(rows, from, to, from === start ? -1 : rows[from - 1]!);
    size += 1 + (((to - from) * bits + 7) >>> 3);
  }
  return size;
}

function varintSize(value: number): number {
  return value < 0x80
    ? 1
    : value < 0x4000
      ? 2
      : value < 0x20_0000
        ? 3
        : value < 0x1000_0000
          ? 4
          : 5;
}

function runsSize(rows: Uint32Array, start: number, end: number): number {
  let size = 0;
  let next = 0;
  for (let i = start; i < end;) {
    const from = i;
    while (i < end && i - from === rows[i]! - rows[from]!) i++;
    size += varintSize(rows[from]! - next) + varintSize(i - from - 1);
    next = rows[from]! + i - from;
  }
  return size;
}

function writeRuns(
  rows: Uint32Array,
  range: { readonly start: number; readonly end: number },
  out: ByteWriter,
): void {
  let next = 0;
  for (let i = range.start; i < range.end;) {
    const from = i;
    while (i < range.end && i - from === rows[i]! - rows[from]!) i++;
    out.varint(rows[from]! - next);
    out.varint(i - from - 1);
    next = rows[from]! + i - from;
  }
}

function writePacked(
  rows: Uint32Array,
  range: { readonly start: number; readonly end: number },
  out: ByteWriter,
): void {
  let previous = -1;
  for (let from = range.start; from < range.end; from += BLOCK) {
    const to = Math.min(from + BLOCK, range.end);
    const bits = gapBits(rows, from, to, previous);
    const size = ((to - from) * bits + 7) >>> 3;
    out.u8(bits);
    const bytes = out.reserve(size);
    let at = out.length;
    bytes.fill(0, at, at + size);
    let bit = 0;
    for (let i = from; i < to; i++) {
      let gap = rows[i]! - previous - 1;
      previous = rows[i]!;
      for (let left = bits; left > 0;) {
        const taken = Math.min(8 - bit, left);
        bytes[at]! |= (gap & ((1 << taken) - 1)) << bit;
        gap >>>= taken;
        left -= taken;
        bit += taken;
        if (bit === 8) {
          at++;
          bit = 0;
        }
      }
    }
    out.advance(size);
  }
}

function readPacked(reader: ByteReader, count: number, into: Bitset): void {
  const words = into.words;
  let row = -1;
  for (let left = count; left > 0; left -= BLOCK) {
    const inBlock = Math.min(left, BLOCK);
    const bits = reader.u8();
    if (bits > 32) throw new RangeError('posting gap is too wide');
    const bytes = reader.take((inBlock * bits + 7) >>> 3);
    let at = 0;
    let bit = 0;
    for (let i = 0; i < inBlock; i++) {
      let gap = 0;
      for (let done = 0; done < bits;) {
        const taken = Math.min(8 - bit, bits - done);
        gap |= ((bytes[at]! >>> bit) & ((1 << taken) - 1)) << done;
        done += taken;
        bit += taken;
        if (bit === 8) {
          at++;
          bit = 0;
        }
      }
      row += (gap >>> 0) + 1;
      if (row >= into.length) throw new RangeError('posting is beyond the segment');
      words[row >>> 5]! |= 1 << (row & 31);
    }
  }
}

function readBitset(reader: ByteReader, into: Bitset): void {
  const bytes = reader.take((into.length + 7) >>> 3);
  const used = into.length & 7;
  if (used !== 0 && bytes[bytes.length - 1]! >>> used !== 0)
    throw new RangeError('posting is beyond the segment');
  for (let i = 0; i < bytes.length; i++) into.words[i >>> 2]! |= bytes[i]! << ((i & 3) << 3);
}

function readRuns(reader: ByteReader, count: number, into: Bitset): void {
  let row = 0;
  for (let left = count; left > 0;) {
    row += reader.varint();
    const length = reader.varint() + 1;
    if (length > left || row + length > into.length)
      throw new RangeError('posting is beyond the segment');
    addRange(into, row, row + length);
    row += length;
    left -= length;
  }
}

function addRange(into: Bitset, from: number, to: number): void {
  let row = from;
  while (row < to && (row & 31) !== 0) into.add(row++);
  for (; row + 32 <= to; row += 32) into.words[row >>> 5] = 0xffffffff;
  while (row < to) into.add(row++);
}

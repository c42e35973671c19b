/**
 * The RLE / bit-packing hybrid (Encodings.md of parquet-format): runs, each a varint and what follows.
 *
 *   varint n << 1      the same value n times: the value in as many bytes as its width needs
 *   varint g << 1 | 1  g groups of eight values, packed from the lowest bit; the last group is padded
 *
 * Definition levels have width 1 and are here one run for a page: all there, all absent, or its bitmap.
 */
import type { ByteReader, ByteWriter } from '#kernel/byte-writer.ts';

/** Equal values that are worth a run of their own. */
const RUN_MIN = 16;

/** Writes ids [from, to), each below 2^width. */
export function writeIds(
  ids: Uint32Array,
  range: { readonly from: number; readonly to: number },
  width: number,
  out: ByteWriter,
): void {
  const { to } = range;
  let packed = range.from;
  let at = range.from;
  while (at < to) {
    const id = ids[at]!;
    let end = at + 1;
    while (end < to && ids[end] === id) end++;
    // Packed groups have eight values each, so a run begins where a group ends.
    const start = packed + (((at - packed + 7) >>> 3) << 3);
    if (end - start >= RUN_MIN) {
      writePacked(ids, packed, start, width, out);
      out.varint((end - start) * 2);
      for (let bits = 0; bits < width; bits += 8) out.u8(id >>> bits);
      packed = end;
    }
    at = end;
  }
  writePacked(ids, packed, to, width, out);
}

// oxlint-disable-next-line max-params -- the inner step of `writeIds`
function writePacked(
  ids: Uint32Array,
  from: number,
  to: number,
  width: number,
  out: ByteWriter,
): void {
  if (from >= to) return;
  const groups = (to - from + 7) >>> 3;
  out.varint(groups * 2 + 1);
  const bytes = out.reserve(groups * width + 8);
  const end = out.length + groups * width;
  let at = out.length;
  let held = 0;
  let heldBits = 0;
  for (let i = from; i < to; i++) {
    const id = ids[i]!;
    const low = Math.min(width, 16);
    held |= (id & 0xffff) << heldBits;
    for (heldBits += low; heldBits >= 8; heldBits -= 8) {
      bytes[at++] = held;
      held >>>= 8;
    }
    if (width <= 16) continue;
    held |= (id >>> 16) << heldBits;
    for (heldBits += width - 16; heldBits >= 8; heldBits -= 8) {
      bytes[at++] = held;
      held >>>= 8;
    }
  }
  if (heldBits > 0) bytes[at++] = held;
  bytes.fill(0, at, end);
  out.advance(groups * width);
}

/** Reads ids into `ids`, all of it. Throws a RangeError for bytes that are not so many. */
export function readIds(reader: ByteReader, width: number, ids: Uint32Array): void {
  if (width > 32) throw new RangeError('bit width is too large');
  const bytes = reader.bytes;
  let filled = 0;
  while (filled < ids.length) {
    const head = reader.varint();
    const count = Math.floor(head / 2);
    if (head % 2 === 0) {
      if (count === 0 || count > ids.length - filled) throw new RangeError('run is too long');
      let id = 0;
      for (let bits = 0; bits < width; bits += 8) id |= reader.u8() << bits;
      ids.fill(id >>> 0, filled, filled + count);
      filled += count;
      continue;
    }
    const start = reader.position;
    reader.take(count * width);
    const end = Math.min(ids.length, filled + count * 8);
    unpack(bytes, start, width, ids.subarray(filled, end));
    filled = end;
  }
}

// oxlint-disable-next-line max-params -- the inner step of `readIds`
function unpack(bytes: Uint8Array, start: number, width: number, ids: Uint32Array): void {
  if (width === 8) {
    for (let i = 0; i < ids.length; i++) ids[i] = bytes[start + i]!;
    return;
  }
  let at = start;
  let held = 0;
  let heldBits = 0;
  const low = Math.min(width, 16);
  const lowMask = (1 << low) - 1;
  const highMask = 2 ** (width - low) - 1;
  for (let i = 0; i < ids.length; i++) {
    for (; heldBits < low; heldBits += 8) held |= bytes[at++]! << heldBits;
    let id = held & lowMask;
    held >>>= low;
    heldBits -= low;
    if (width > 16) {
      for (; heldBits < width - 16; heldBits += 8) held |= bytes[at++]! << heldBits;
      id |= (held & highMask) << 16;
      held >>>= width - 16;
      heldBits -= width - 16;
    }
    ids[i] = id;
  }
}

/** Writes the levels of rows [from, to) of a bitmap (bit r % 8 of byte r / 8), with their length in front. */
export function writeLevels(
  present: Uint8Array | undefined,
  range: { readonly from: number; readonly to: number },
  out: ByteWriter,
): void {
  const { from, to } = range;
  const count = present === undefined ? to - from : countBits(present, from, to);
  const start = out.length;
  out.u32(0);
  if (present === undefined || count === to - from || count === 0) {
    out.varint((to - from) * 2);
    out.u8(count === 0 ? 0 : 1);
  } else {
    const groups = (to - from + 7) >>> 3;
    out.varint(groups * 2 + 1);
    const bytes = out.reserve(groups);
    copyBits(present, range, bytes.subarray(out.length, out.length + groups));
    out.advance(groups);
  }
  const length = out.length - start - 4;
  const head = out.view(start);
  for (let i = 0; i < 4; i++) head[i] = length >>> (i * 8);
}

/** The bitmap of `count` levels; undefined when all are there. Throws a RangeError for other bytes. */
export function readLevels(reader: ByteReader, count: number): Uint8Array | undefined {
  const length = reader.u32();
  const end = reader.position + length;
  const head = reader.varint();
  let present: Uint8Array | undefined;
  if (head % 2 === 0) {
    if (head !== count * 2) throw new RangeError('levels are not one run');
    if (reader.u8() === 0) present = new Uint8Array((count + 7) >>> 3);
  } else {
    const groups = (count + 7) >>> 3;
    if (head !== groups * 2 + 1) throw new RangeError('levels are not one run');
    present = reader.take(groups);
  }
  if (reader.position !== end) throw new RangeError('levels have a wrong size');
  return present;
}

/** Copies bits [from, to) to the front of `target`, the rest of its last byte becomes 0. */
export function copyBits(
  source: Uint8Array,
  range: { readonly from: number; readonly to: number },
  target: Uint8Array,
): void {
  const { from, to } = range;
  const shift = from & 7;
  const first = from >>> 3;
  for (let i = 0; i < target.length; i++) {
    const low = source[first + i] ?? 0;
    const high = source[first + i + 1] ?? 0;
    target[i] = shift === 0 ? low : (low >>> shift) | (high << (8 - shift));
  }
  const over = target.length * 8 - (to - from);
  if (over > 0 && target.length > 0) target[target.length - 1]! &= 0xff >>> over;
}

/** How many bits are set in [from, to). */
export function countBits(bits: Uint8Array, from: number, to: number): number {
  let count = 0;
  let at = from;
  for (; at < to && (at & 7) !== 0; at++) count += (bits[at >>> 3]! >>> (at & 7)) & 1;
  for (; at + 32 <= to; at += 32) {
    const byte = at >>> 3;
    const low = bits[byte]! | (bits[byte + 1]! << 8);
    let word = low | (bits[byte + 2]! << 16) | (bits[byte + 3]! << 24);
    // Counts in pairs, nibbles and bytes (Warren, Hacker's Delight, 5-1).
    word -= (word >>> 1) & 0x55555555;
    word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
    count += Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  for (; at < to; at++) count += (bits[at >>> 3]! >>> (at & 7)) & 1;
  return count;
}

/** Copies bits to other places; gives how many are set. */
export function copyRun(
  source: Uint8Array,
  target: Uint8Array,
  run: { readonly source: number; readonly target: number; readonly count: number },
): number {
  const end = run.source + run.count;
  let row = run.source;
  let to = run.target;
  for (; row < end && (to & 7) !== 0; row++, to++)
    if ((source[row >>> 3]! & (1 << (row & 7))) !== 0) target[to >>> 3]! |= 1 << (to & 7);
  const shift = row & 7;
  for (; row + 8 <= end; row += 8, to += 8) {
    const low = source[row >>> 3]! >>> shift;
    target[to >>> 3] = shift === 0 ? low : low | (source[(row >>> 3) + 1]! << (8 - shift));
  }
  for (; row < end; row++, to++)
    if ((source[row >>> 3]! & (1 << (row & 7))) !== 0) target[to >>> 3]! |= 1 << (to & 7);
  return countBits(source, run.source, end);
}

/** Sets `count` bits. */
export function setBits(bits: Uint8Array, from: number, count: number): void {
  const end = from + count;
  let at = from;
  for (; at < end && (at & 7) !== 0; at++) bits[at >>> 3]! |= 1 << (at & 7);
  if (end - at >= 8) {
    bits.fill(0xff, at >>> 3, end >>> 3);
    at = end & ~7;
  }
  for (; at < end; at++) bits[at >>> 3]! |= 1 << (at & 7);
}

/**
 * DELTA_BINARY_PACKED (Encodings.md of parquet-format):
 *
 *   varint 128 (values of a block), varint 4 (miniblocks of a block), varint number of values,
 *   zigzag varint of the first value; then for each block of the others' differences:
 *     zigzag varint of the smallest difference, u8 bit width of each miniblock, the differences − smallest,
 *     packed from the lowest bit; a miniblock without any value has width 0 and no bytes, the last one is padded
 *
 * Arithmetic wraps at 64 bits. Numbers below 2^51 are done as doubles, which are exact there and ten times as
 * fast as big integers.
 */
import type { ByteReader, ByteWriter } from '#kernel/byte-writer.ts';
import { FRESH_MEMORY, type ReadMemory } from './read-memory.ts';

const BLOCK = 128;
const MINI = 32;
const MINIS: number = BLOCK / MINI;
/** Differences of numbers below it, and differences of differences, are exact doubles. */
const EXACT_MAX: number = 2 ** 51;
const PIECE_BITS = 24;
const PIECE: number = 2 ** PIECE_BITS;

/** Integers of 64 bits: doubles when all are exact, else big ones. */
export type Integers = Float64Array | BigInt64Array;

/** Writes values [from, to). */
export function writeDelta(
  values: Integers | Uint32Array,
  range: { readonly from: number; readonly to: number },
  out: ByteWriter,
): void {
  const { from, to } = range;
  out.varint(BLOCK);
  out.varint(MINIS);
  out.varint(to - from);
  if (values instanceof BigInt64Array) {
    writeZigzagBig(from < to ? values[from]! : 0n, out);
    for (let at = from + 1; at < to; at += BLOCK)
      writeBigBlock(values, at, Math.min(at + BLOCK, to), out);
    return;
  }
  writeZigzag(from < to ? values[from]! : 0, out);
  for (let at = from + 1; at < to; at += BLOCK)
    writeBlock(values, at, Math.min(at + BLOCK, to), out);
}

function writeZigzag(value: number, out: ByteWriter): void {
  out.varint(value < 0 ? -2 * value - 1 : 2 * value);
}

function writeZigzagBig(value: bigint, out: ByteWriter): void {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  while (rest >= 0x80n) {
    out.u8(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  out.u8(Number(rest));
}

const deltas = new Float64Array(BLOCK);

function writeBlock(
  values: Float64Array | Uint32Array,
  from: number,
  to: number,
  out: ByteWriter,
): void {
  let low = Infinity;
  for (let at = from; at < to; at++) {
    const delta = values[at]! - values[at - 1]!;
    deltas[at - from] = delta;
    if (delta < low) low = delta;
  }
  writeZigzag(low, out);
  const count = to - from;
  const widths = [0, 0, 0, 0];
  for (let mini = 0; mini * MINI < count; mini++) {
    let high = 0;
    const end = Math.min(count, (mini + 1) * MINI);
    for (let i = mini * MINI; i < end; i++) {
      deltas[i]! -= low;
      if (deltas[i]! > high) high = deltas[i]!;
    }
    widths[mini] = bitWidth(high);
  }
  for (const width of widths) out.u8(width);
  deltas.fill(0, count);
  for (let mini = 0; mini * MINI < count; mini++) packMini(mini * MINI, widths[mini]!, out);
}

/** Bits of a number from 0 to 2^53. */
export function bitWidth(value: number): number {
  return value < 2 ** 31 ? 32 - Math.clz32(value) : 32 + bitWidth(Math.floor(value / 2 ** 32));
}

function packMini(from: number, width: number, out: ByteWriter): void {
  const bytes = out.reserve(width * 4 + 8);
  let at = out.length;
  let held = 0;
  let heldBits = 0;
  for (let i = from; i < from + MINI; i++) {
    let value = deltas[i]!;
    for (let left = width; left > 0; left -= PIECE_BITS) {
      const bits = Math.min(left, PIECE_BITS);
      const rest = Math.floor(value / PIECE);
      held |= (value - rest * PIECE) << heldBits;
      value = rest;
      for (heldBits += bits; heldBits >= 8; heldBits -= 8) {
        bytes[at++] = held;
        held >>>= 8;
      }
    }
  }
  out.advance(width * 4);
}

function writeBigBlock(values: BigInt64Array, from: number, to: number, out: ByteWriter): void {
  const differences: bigint[] = [];
  for (let at = from; at < to; at++)
    differences.push(BigInt.asIntN(64, values[at]! - values[at - 1]!));
  const low = differences.reduce((least, one) => (one < least ? one : least));
  writeZigzagBig(low, out);
  const packed = differences.map((one) => BigInt.asUintN(64, one - low));
  const widths = [0, 0, 0, 0].map((_, mini) =>
    packed
      .slice(mini * MINI, (mini + 1) * MINI)
      .reduce((width, one) => Math.max(width, one === 0n ? 0 : one.toString(2).length), 0),
  );
  for (const width of widths) out.u8(width);
  for (const [mini, width] of widths.entries()) {
    if (width === 0) continue;
    let bits = 0n;
    for (const [i, one] of packed.slice(mini * MINI, (mini + 1) * MINI).entries())
      bits |= one << BigInt(i * width);
    for (let i = 0; i < width * 4; i++) {
      out.u8(Number(bits & 0xffn));
      bits >>= 8n;
    }
  }
}

/** Reads `count` values. Throws a RangeError for bytes that are not so many. */
export function readDelta(
  reader: ByteReader,
  count: number,
  memory: ReadMemory = FRESH_MEMORY,
): Integers {
  const start = reader.position;
  const small = readSmall(reader, count, memory);
  if (small !== undefined) return small;
  reader.position = start;
  return readBig(reader, count);
}

function readHead(reader: ByteReader, count: number): void {
  if (reader.varint() !== BLOCK || reader.varint() !== MINIS || reader.varint() !== count)
    throw new RangeError('block of numbers has a wrong head');
}

/** Undefined when a number is too large for it. */
function readSmall(
  reader: ByteReader,
  count: number,
  memory: ReadMemory,
): Float64Array | undefined {
  readHead(reader, count);
  const values = memory.f64(count);
  let value = readZigzag(reader);
  if (value === undefined) return undefined;
  if (count > 0) values[0] = value;
  for (let at = 1; at < count; at += BLOCK) {
    const low = readZigzag(reader);
    if (low === undefined) return undefined;
    const widths = reader.take(MINIS);
    for (let mini = 0; mini < MINIS && at + mini * MINI < count; mini++) {
      const width = widths[mini]!;
      if (width > 52) return undefined;
      const from = at + mini * MINI;
      const to = Math.min(count, from + MINI);
      unpackMini(reader.take(width * 4), width, values.subarray(from, to));
      for (let i = from; i < to; i++) {
        value += low + values[i]!;
        values[i] = value;
        if (value >= EXACT_MAX || value <= -EXACT_MAX) return undefined;
      }
    }
  }
  return values;
}

function readZigzag(reader: ByteReader): number | undefined {
  const value = readZigzagBig(reader);
  return value >= EXACT_MAX || value <= -EXACT_MAX ? undefined : Number(value);
}

function readZigzagBig(reader: ByteReader): bigint {
  let low = 0;
  let scale = 1;
  // Seven times seven bits are exact as a double; more are seldom.
  for (let i = 0; i < 7; i++) {
    const byte = reader.u8();
    low += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte < 0x80) return unzigzag(BigInt(low));
  }
  let value = BigInt(low);
  for (let shift = 49n; shift < 70n; shift += 7n) {
    const byte = reader.u8();
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return unzigzag(BigInt.asUintN(64, value));
  }
  throw new RangeError('varint is too long');
}

function unzigzag(coded: bigint): bigint {
  return BigInt.asIntN(64, (coded >> 1n) ^ -(coded & 1n));
}

function unpackMini(bytes: Uint8Array, width: number, values: Float64Array): void {
  if (width <= PIECE_BITS) {
    unpackPieces(bytes, width, values);
    return;
  }
  let at = 0;
  let held = 0;
  let heldBits = 0;
  for (let i = 0; i < values.length; i++) {
    let value = 0;
    let scale = 1;
    for (let left = width; left > 0; left -= PIECE_BITS) {
      const bits = Math.min(left, PIECE_BITS);
      for (; heldBits < bits; heldBits += 8) held |= bytes[at++]! << heldBits;
      value += (held & ((1 << bits) - 1)) * scale;
      held >>>= bits;
      heldBits -= bits;
      scale *= PIECE;
    }
    values[i] = value;
  }
}

/** For numbers of one piece, which nearly all are. */
function unpackPieces(bytes: Uint8Array, width: number, values: Float64Array): void {
  const mask = (1 << width) - 1;
  let at = 0;
  let held = 0;
  let heldBits = 0;
  for (let i = 0; i < values.length; i++) {
    for (; heldBits < width; heldBits += 8) held |= bytes[at++]! << heldBits;
    values[i] = held & mask;
    held >>>= width;
    heldBits -= width;
  }
}

function readBig(reader: ByteReader, count: number): BigInt64Array {
  readHead(reader, count);
  const values = new BigInt64Array(count);
  let value = readZigzagBig(reader);
  if (count > 0) values[0] = value;
  for (let at = 1; at < count; at += BLOCK) {
    const low = readZigzagBig(reader);
    const widths = reader.take(MINIS);
    for (let mini = 0; mini < MINIS && at + mini * MINI < count; mini++) {
      const width = widths[mini]!;
      if (width > 64) throw new RangeError('bit width is too large');
      const bytes = reader.take(width * 4);
      let bits = 0n;
      for (let i = bytes.length - 1; i >= 0; i--) bits = (bits << 8n) | BigInt(bytes[i]!);
      const mask = (1n << BigInt(width)) - 1n;
      const from = at + mini * MINI;
      for (let i = from; i < Math.min(count, from + MINI); i++) {
        value = BigInt.asIntN(64, value + low + (bits & mask));
        values[i] = value;
        bits >>= BigInt(width);
      }
    }
  }
  return values;
}

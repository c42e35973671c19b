/**
 * The values of a numeric column.
 *
 *   u8 width w of each (1, 2, 4 or 8) + 16 × decimals d (0 to 9; 0 when w is 8)
 *   f64 minimum m, only when w is below 8: a safe integer
 *   packed stream (`idx-codec.ts`): the first byte of all values, then the second one of all, and so on. A value is a
 *     float64 when w is 8; else an unsigned integer u of w bytes that stands for (m + u) / 10^d
 *
 * All little-endian. The number of values is known from the rows of the column.
 */
import { ByteReader, ByteWriter } from '#kernel/byte-writer.ts';
import { readPacked, writePacked } from './idx-codec.ts';

/** Times in nanoseconds have as many. */
const DECIMALS_MAX = 9;
const DECIMALS_FACTOR = 16;
const DOUBLE_WIDTH = 8;

/** Numbers without NaN; `level`: as that of `writePacked`. */
export function encodeNumbers(values: Float64Array, level: number): Uint8Array {
  const decimals = decimalsOf(values);
  const power = 10 ** (decimals ?? 0);
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const least = values.length === 0 ? 0 : Math.round(low * power);
  const range = values.length === 0 ? 0 : Math.round(high * power) - least;
  const width = decimals === undefined ? DOUBLE_WIDTH : widthOf(range);
  const out = new ByteWriter(values.length * width + 32);
  const planes = new Uint8Array(values.length * width);
  if (width === DOUBLE_WIDTH) {
    out.u8(width);
    splitDoubles(values, planes);
  } else {
    out.u8(width + DECIMALS_FACTOR * decimals!);
    out.bytes(new Uint8Array(Float64Array.of(least).buffer));
    for (let i = 0; i < values.length; i++) {
      let rest = Math.round(values[i]! * power) - least;
      for (let at = i; at < planes.length; at += values.length) {
        planes[at] = rest;
        rest >>>= 8;
      }
    }
  }
  writePacked(planes, level, out);
  return out.view();
}

function widthOf(range: number): number {
  return range > 0xffff_ffff ? DOUBLE_WIDTH : range > 0xffff ? 4 : range > 0xff ? 2 : 1;
}

/** Decimals that all values are exact with, undefined when too many are needed. */
function decimalsOf(values: Float64Array): number | undefined {
  let decimals = 0;
  for (const value of values)
    while (!isExact(value, 10 ** decimals)) if (++decimals > DECIMALS_MAX) return undefined;
  const power = 10 ** decimals;
  return values.every((value) => isExact(value, power)) ? decimals : undefined;
}

function isExact(value: number, power: number): boolean {
  const integer = Math.round(value * power);
  return Number.isSafeInteger(integer) && integer / power === value && !Object.is(value, -0);
}

/** Throws a RangeError, or what zstd throws, when the bytes are not `count` values. */
export function decodeNumbers(bytes: Uint8Array, count: number): Float64Array {
  const reader = new ByteReader(bytes);
  const head = reader.u8();
  const width = head % DECIMALS_FACTOR;
  const least = width === DOUBLE_WIDTH ? 0 : doubleOf(reader.take(8));
  const planes = readPacked(reader);
  if (![1, 2, 4, DOUBLE_WIDTH].includes(width) || planes.length !== count * width)
    throw new RangeError('numeric column has a wrong size');
  const values = new Float64Array(count);
  if (width === DOUBLE_WIDTH) {
    const target = new Uint8Array(values.buffer);
    for (let byte = 0; byte < DOUBLE_WIDTH; byte++)
      for (let i = 0; i < count; i++) target[i * DOUBLE_WIDTH + byte] = planes[byte * count + i]!;
    return values;
  }
  const power = 10 ** Math.floor(head / DECIMALS_FACTOR);
  for (let byte = width - 1; byte >= 0; byte--)
    for (let i = 0; i < count; i++) values[i] = values[i]! * 256 + planes[byte * count + i]!;
  for (let i = 0; i < count; i++) values[i] = (least + values[i]!) / power;
  return values;
}

function doubleOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
}

function splitDoubles(values: Float64Array, planes: Uint8Array): void {
  const source = new Uint8Array(values.slice().buffer);
  for (let byte = 0; byte < DOUBLE_WIDTH; byte++)
    for (let i = 0; i < values.length; i++)
      planes[byte * values.length + i] = source[i * DOUBLE_WIDTH + byte]!;
}

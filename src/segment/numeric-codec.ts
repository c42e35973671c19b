/**
 * The values of a numeric column, zstd-compressed:
 *
 *   u8 width    1, 2, 4: f64 minimum, then each value − minimum as unsigned integer of that many bytes;
 *               8: float64 values, split by byte: first byte 0 of all values, then byte 1 of all, …
 *
 * All little-endian. The number of values is known from the rows of the column.
 */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';

const HEAD_BYTES = 9;

export function encodeNumbers(values: Float64Array): Uint8Array {
  let low = Infinity;
  let high = -Infinity;
  let integral = true;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
    if (integral && (!Number.isSafeInteger(value) || Object.is(value, -0))) integral = false;
  }
  const range = high - low;
  const width = !integral || range > 0xffff_ffff ? 8 : range > 0xffff ? 4 : range > 0xff ? 2 : 1;
  return zstdCompressSync(width === 8 ? splitDoubles(values) : packIntegers(values, low, width));
}

/** Throws a RangeError, or what zstd throws, when the bytes are not `count` values. */
export function decodeNumbers(bytes: Uint8Array, count: number): Float64Array {
  const raw = zstdDecompressSync(bytes, { maxOutputLength: HEAD_BYTES + count * 8 });
  const width = raw[0] ?? 0;
  const head = width === 8 ? 1 : HEAD_BYTES;
  if (![1, 2, 4, 8].includes(width) || raw.length !== head + count * width)
    throw new RangeError('numeric column has a wrong size');
  const values = new Float64Array(count);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
  if (width === 8) {
    const target = new Uint8Array(values.buffer);
    for (let byte = 0; byte < 8; byte++)
      for (let i = 0; i < count; i++) target[i * 8 + byte] = raw[1 + byte * count + i]!;
    return values;
  }
  const low = view.getFloat64(1, true);
  for (let i = 0; i < count; i++)
    values[i] = low + readUnsigned(view, HEAD_BYTES + i * width, width);
  return values;
}

function readUnsigned(view: DataView, at: number, width: number): number {
  if (width === 1) return view.getUint8(at);
  return width === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
}

function splitDoubles(values: Float64Array): Uint8Array {
  const source = new Uint8Array(values.slice().buffer);
  const out = new Uint8Array(1 + source.length);
  out[0] = 8;
  for (let byte = 0; byte < 8; byte++)
    for (let i = 0; i < values.length; i++)
      out[1 + byte * values.length + i] = source[i * 8 + byte]!;
  return out;
}

function packIntegers(values: Float64Array, low: number, width: number): Uint8Array {
  const out = new Uint8Array(HEAD_BYTES + values.length * width);
  const view = new DataView(out.buffer);
  out[0] = width;
  view.setFloat64(1, values.length === 0 ? 0 : low, true);
  for (let i = 0; i < values.length; i++) {
    const at = HEAD_BYTES + i * width;
    const value = values[i]! - low;
    if (width === 1) view.setUint8(at, value);
    else if (width === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
  }
  return out;
}

/** Which texts are numbers for a long or double index (sls-query §1.4). NaN stands for "not a number". */

const LONG = /^[+-]?\d+$/u;
const DOUBLE = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/u;
const LONG_MIN = -(2n ** 63n);
const LONG_MAX = 2n ** 63n - 1n;
/** Digits that always fit a double exactly. */
const SAFE_DIGITS = 15;
/** Longer texts are no numbers that anyone compares. */
const NUMBER_BYTES_MAX = 400;

const decoder = new TextDecoder();

/** The value of an integer text of 64 bits, to the nearest double. */
export function parseLong(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const sign = bytes[at];
  if (sign === 0x2d || sign === 0x2b) at++;
  if (at === end) return NaN;
  if (end - at > SAFE_DIGITS) return longOfText(bytes, start, end);
  let value = 0;
  for (; at < end; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return sign === 0x2d ? -value : value;
}

function longOfText(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > NUMBER_BYTES_MAX) return NaN;
  const text = decoder.decode(bytes.subarray(start, end));
  if (!LONG.test(text)) return NaN;
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return value < LONG_MIN || value > LONG_MAX ? NaN : Number(value);
}

/** The value of a decimal text, with or without fraction and exponent. */
export function parseDouble(bytes: Uint8Array, start: number, end: number): number {
  const quick = end - start <= SAFE_DIGITS ? parseLong(bytes, start, end) : NaN;
  if (!Number.isNaN(quick)) return quick;
  if (end === start || end - start > NUMBER_BYTES_MAX) return NaN;
  const text = decoder.decode(bytes.subarray(start, end));
  if (!DOUBLE.test(text)) return NaN;
  const value = Number(text);
  return Number.isFinite(value) ? value : NaN;
}

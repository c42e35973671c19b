/** Which texts are numbers. Twin: `#segment/numbers.ts`, which also has the last word on long ones. */
import { hostNumber } from './host';

export const KIND_LONG: u32 = 1;
export const KIND_DOUBLE: u32 = 2;

/** Digits that always fit a double exactly. */
const SAFE_DIGITS: usize = 15;

/** The value of a text as `kind`; NaN when it is none. */
export function parseNumber(kind: u32, start: usize, end: usize): f64 {
  const first = start < end ? load<u8>(start) : 0;
  const negative = first == 0x2d;
  const digits = start + (negative || first == 0x2b ? 1 : 0);
  if (digits == end) return NaN;
  if (end - digits > SAFE_DIGITS) return hostNumber(kind, start, end);
  let value: f64 = 0;
  let scale: f64 = 0;
  for (let at = digits; at < end; at++) {
    const digit = <u32>load<u8>(at) - 0x30;
    if (digit <= 9) {
      value = value * 10 + <f64>digit;
      scale *= 10;
    } else if (kind == KIND_DOUBLE && digit == 0xfffffffe && scale == 0) scale = 1;
    else return kind == KIND_LONG ? NaN : hostNumber(kind, start, end);
  }
  if (scale != 0) {
    // A lone point is no number.
    if (end - digits == 1) return NaN;
    // Both are exact (Clinger, 1990), so the quotient is rounded once, as it must be.
    value /= scale;
  }
  return negative ? -value : value;
}

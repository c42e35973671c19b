/**
 * Which texts are numbers that give the same text back, and the way from one to the other. A decimal is known by its
 * unscaled integer: `-12.50` is −1250 with scale 2.
 */
import type { Integers } from './delta-codec.ts';
import { FRESH_MEMORY, type ReadMemory } from './read-memory.ts';

/** Fraction digits of a decimal; one digit is left before the point. */
export const SCALE_MAX = 14;

/** Digits of a decimal: readers that make doubles of such get the same as from the text. */
const DIGITS_MAX = 15;
/** Integers of so many digits are exact doubles and stay so in every sum of the encodings. */
const EXACT_DIGITS = 15;
const LONG_DIGITS_MAX = 19;
const LONG_MAX: bigint = 2n ** 63n - 1n;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

export const NOT_A_NUMBER = -1;

/**
 * How a text can be stored as a number: 0 as an integer of 64 bits, 1–14 as a decimal of such a scale, NOT_A_NUMBER
 * when the number would not give the same text back.
 */
export function scaleOf(bytes: Uint8Array, start: number, end: number): number {
  const first = start < end && bytes[start] === MINUS ? start + 1 : start;
  if (end - first > LONG_DIGITS_MAX + 1) return NOT_A_NUMBER;
  const point = pointOf(bytes, first, end);
  const whole = point - first;
  if (whole < 1 || (whole > 1 && bytes[first] === ZERO)) return NOT_A_NUMBER;
  if (first > start && isAllZero(bytes, first, end)) return NOT_A_NUMBER;
  if (point === end) return isLong(bytes, start, end) ? 0 : NOT_A_NUMBER;
  const scale = end - point - 1;
  const fits = scale > 0 && scale <= SCALE_MAX && whole + scale <= DIGITS_MAX;
  return fits ? scale : NOT_A_NUMBER;
}

/** Where the point is, the end when there is none, −1 when there are not only digits beside it. */
function pointOf(bytes: Uint8Array, first: number, end: number): number {
  let point = end;
  for (let at = first; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === POINT && point === end) point = at;
    else if (byte < ZERO || byte > NINE) return -1;
  }
  return point;
}

function isAllZero(bytes: Uint8Array, first: number, end: number): boolean {
  for (let at = first; at < end; at++) if (bytes[at] !== ZERO && bytes[at] !== POINT) return false;
  return true;
}

/** Whether digits that are known to be an integer have 64 bits. */
function isLong(bytes: Uint8Array, start: number, end: number): boolean {
  const isNegative = bytes[start] === MINUS;
  if (end - start - (isNegative ? 1 : 0) < LONG_DIGITS_MAX) return true;
  const value = bigOf(bytes, start, end);
  return isNegative ? value >= -LONG_MAX - 1n : value <= LONG_MAX;
}

function bigOf(bytes: Uint8Array, start: number, end: number): bigint {
  let text = '';
  for (let at = start; at < end; at++)
    if (bytes[at] !== POINT) text += String.fromCharCode(bytes[at]!);
  return BigInt(text);
}

/** A list of texts by its arena and their places. */
export interface TextPlaces {
  readonly arena: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/** The unscaled integers of `count` texts which all are numbers of one scale. */
export function parseIntegers(texts: TextPlaces, count: number): Integers {
  const { arena, starts, ends } = texts;
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const start = starts[i]!;
    const end = ends[i]!;
    // A sign and a point may be among them.
    if (end - start > EXACT_DIGITS) return parseBig(texts, count);
    const isNegative = arena[start] === MINUS;
    let value = 0;
    for (let at = isNegative ? start + 1 : start; at < end; at++) {
      const digit = arena[at]!;
      if (digit !== POINT) value = value * 10 + digit - ZERO;
    }
    values[i] = isNegative ? -value : value;
  }
  return values;
}

function parseBig({ arena, starts, ends }: TextPlaces, count: number): BigInt64Array {
  const values = new BigInt64Array(count);
  for (let i = 0; i < count; i++) values[i] = bigOf(arena, starts[i]!, ends[i]!);
  return values;
}

/** Bytes of the longest text: a sign, 19 digits, a point. */
const TEXT_BYTES_MAX = 21;

/** The texts of unscaled integers. */
export function printIntegers(
  values: Integers,
  scale: number,
  memory: ReadMemory = FRESH_MEMORY,
): TextPlaces {
  const arena = memory.bytes(values.length * TEXT_BYTES_MAX);
  const starts = memory.u32(values.length);
  const ends = memory.u32(values.length);
  let at = 0;
  for (let i = 0; i < values.length; i++) {
    starts[i] = at;
    const value = values[i]!;
    if (typeof value === 'number' && scale === 0) at = printExact(value, arena, at);
    else at = printText(value, scale, arena, at);
    ends[i] = at;
  }
  return { arena: arena.subarray(0, at), starts, ends };
}

function printExact(value: number, arena: Uint8Array, start: number): number {
  let at = start;
  let rest = value;
  if (rest < 0) {
    arena[at++] = MINUS;
    rest = -rest;
  }
  let end = at + 1;
  for (let bound = 10; rest >= bound; bound *= 10) end++;
  for (let to = end - 1; to >= at; to--) {
    const quotient = Math.floor(rest / 10);
    arena[to] = ZERO + rest - quotient * 10;
    rest = quotient;
  }
  return end;
}

// oxlint-disable-next-line max-params -- the inner step of `printIntegers`
function printText(
  value: number | bigint,
  scale: number,
  arena: Uint8Array,
  start: number,
): number {
  const isNegative = value < 0;
  const digits = String(isNegative ? -value : value).padStart(scale + 1, '0');
  const whole = digits.length - scale;
  let at = start;
  if (isNegative) arena[at++] = MINUS;
  for (let i = 0; i < digits.length; i++) {
    if (i === whole) arena[at++] = POINT;
    arena[at++] = digits.charCodeAt(i);
  }
  return at;
}

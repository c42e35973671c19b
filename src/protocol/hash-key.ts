/**
 * The key space of shards: 128-bit numbers as 32 lower-case hex digits, so that text order is number order.
 * Shards cover [0…0, f…f); the last one also holds f…f itself. Where a range ends at f…f, arithmetic
 * takes 2^128, so that halves come out round (sls-api §5.3).
 */
import { AppError } from '#base/app-error.ts';
import { assert } from '#base/assert.ts';

export const KEY_DIGITS = 32;
export const MIN_KEY: string = '0'.repeat(KEY_DIGITS);
export const MAX_KEY: string = 'f'.repeat(KEY_DIGITS);

const HEX = /^[0-9a-fA-F]{1,32}$/;
const SPACE: bigint = 1n << 128n;

export interface KeyRange {
  readonly inclusiveBeginKey: string;
  readonly exclusiveEndKey: string;
}

/** A client's hash key in full length; a short one is filled with 0 on the right. Errors: ParameterInvalid. */
export function normalizeHashKey(key: string): string {
  if (!HEX.test(key)) {
    throw new AppError('ParameterInvalid', 'the hash key is not 1 to 32 hexadecimal digits');
  }
  return key.toLowerCase().padEnd(KEY_DIGITS, '0');
}

/** Whether the range holds the (normalised) key. */
export function holdsKey(range: KeyRange, key: string): boolean {
  if (key < range.inclusiveBeginKey) return false;
  return key < range.exclusiveEndKey || range.exclusiveEndKey === MAX_KEY;
}

/** The first of the ranges that holds the (normalised) key. Pass shards that take writes only. */
export function findByKey<Range extends KeyRange>(
  ranges: readonly Range[],
  key: string,
): Range | undefined {
  return ranges.find((range) => holdsKey(range, key));
}

/** The whole key space in `count` equal ranges, 1 ≤ count ≤ 256. */
export function divideKeySpace(count: number): readonly KeyRange[] {
  return divideRange({ inclusiveBeginKey: MIN_KEY, exclusiveEndKey: MAX_KEY }, count);
}

/** The range in `count` equal ranges. Errors: ParameterInvalid when it holds fewer keys than that. */
export function divideRange(range: KeyRange, count: number): readonly KeyRange[] {
  assert(Number.isInteger(count) && count >= 1 && count <= 256, 'parts of a range are 1 to 256');
  const begin = BigInt(`0x${range.inclusiveBeginKey}`);
  const width = endOf(range) - begin;
  if (width < BigInt(count)) throw new AppError('ParameterInvalid', 'invalid mid hash');
  const borders = [range.inclusiveBeginKey];
  for (let index = 1; index < count; index += 1) {
    borders.push(toKey(begin + (width * BigInt(index)) / BigInt(count)));
  }
  borders.push(range.exclusiveEndKey);
  return borders.slice(1).map((end, index) => ({
    inclusiveBeginKey: borders[index] ?? MIN_KEY,
    exclusiveEndKey: end,
  }));
}

/**
 * The two ranges of a split: at `key`, or in the middle when there is none.
 * Errors: ParameterInvalid unless the key is strictly inside the range.
 */
export function splitRange(range: KeyRange, key: string | undefined): readonly KeyRange[] {
  if (key === undefined || key === '') return divideRange(range, 2);
  const middle = HEX.test(key) ? normalizeHashKey(key) : '';
  if (middle <= range.inclusiveBeginKey || middle >= range.exclusiveEndKey) {
    throw new AppError('ParameterInvalid', 'invalid mid hash');
  }
  return [
    { inclusiveBeginKey: range.inclusiveBeginKey, exclusiveEndKey: middle },
    { inclusiveBeginKey: middle, exclusiveEndKey: range.exclusiveEndKey },
  ];
}

function endOf(range: KeyRange): bigint {
  return range.exclusiveEndKey === MAX_KEY ? SPACE : BigInt(`0x${range.exclusiveEndKey}`);
}

function toKey(value: bigint): string {
  return value.toString(16).padStart(KEY_DIGITS, '0');
}

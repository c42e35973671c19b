import { describe, expect, test } from 'vitest';

import { errorCode } from '#base/app-error.ts';
import {
  divideKeySpace,
  divideRange,
  findByKey,
  MAX_KEY,
  MIN_KEY,
  normalizeHashKey,
  splitRange,
} from './hash-key.ts';

const WHOLE = { inclusiveBeginKey: MIN_KEY, exclusiveEndKey: MAX_KEY };
const HALF = `8${'0'.repeat(31)}`;

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return errorCode(error);
  }
  return 'nothing thrown';
}

test('keys are 32 lower-case digits, short ones filled on the right', () => {
  expect(normalizeHashKey('14D2f850AD6ea48e46e4547edbbb27e0')).toBe(
    '14d2f850ad6ea48e46e4547edbbb27e0',
  );
  expect(normalizeHashKey('8')).toBe(HALF);
  for (const key of ['', 'g', '0x1', ' 1', '1'.repeat(33)]) {
    expect(codeOf(() => normalizeHashKey(key))).toBe('ParameterInvalid');
  }
});

describe('divideKeySpace', () => {
  test('one shard has it all, two meet at 8000…', () => {
    expect(divideKeySpace(1)).toEqual([WHOLE]);
    expect(divideKeySpace(2)).toEqual([
      { inclusiveBeginKey: MIN_KEY, exclusiveEndKey: HALF },
      { inclusiveBeginKey: HALF, exclusiveEndKey: MAX_KEY },
    ]);
  });

  test('ranges follow each other and every key belongs to exactly one', () => {
    for (const count of [1, 2, 3, 7, 64, 100, 256]) {
      const ranges = divideKeySpace(count);
      expect(ranges).toHaveLength(count);
      expect(ranges[0]?.inclusiveBeginKey).toBe(MIN_KEY);
      expect(ranges.at(-1)?.exclusiveEndKey).toBe(MAX_KEY);
      for (const [index, range] of ranges.slice(1).entries()) {
        expect(range.inclusiveBeginKey).toBe(ranges[index]?.exclusiveEndKey);
        expect(findByKey(ranges, range.inclusiveBeginKey)).toBe(range);
      }
      expect(findByKey(ranges, MIN_KEY)).toBe(ranges[0]);
      expect(findByKey(ranges, MAX_KEY)).toBe(ranges.at(-1));
    }
  });
});

test('a key outside of all ranges finds none', () => {
  expect(findByKey(divideKeySpace(2).slice(1), MIN_KEY)).toBe(undefined);
  expect(findByKey(divideKeySpace(2).slice(0, 1), MAX_KEY)).toBe(undefined);
});

describe('splitRange', () => {
  test('halves without a key', () => {
    expect(splitRange(WHOLE, undefined).map((range) => range.exclusiveEndKey)).toEqual([
      HALF,
      MAX_KEY,
    ]);
    const [lower] = splitRange(WHOLE, '');
    expect(lower).toEqual({ inclusiveBeginKey: MIN_KEY, exclusiveEndKey: HALF });
    expect(splitRange(lower ?? WHOLE, undefined)[0]?.exclusiveEndKey).toBe(`4${'0'.repeat(31)}`);
  });

  test('cuts at the key', () => {
    const key = '14d2f850ad6ea48e46e4547edbbb27e0';
    expect(splitRange(WHOLE, key.toUpperCase())).toEqual([
      { inclusiveBeginKey: MIN_KEY, exclusiveEndKey: key },
      { inclusiveBeginKey: key, exclusiveEndKey: MAX_KEY },
    ]);
  });

  test('refuses a key that is not strictly inside', () => {
    const upper = { inclusiveBeginKey: HALF, exclusiveEndKey: MAX_KEY };
    for (const key of [HALF, '8', MAX_KEY, MIN_KEY, '7', 'xyz']) {
      expect(codeOf(() => splitRange(upper, key))).toBe('ParameterInvalid');
    }
  });

  test('refuses to cut a range of one key', () => {
    const one = { inclusiveBeginKey: HALF, exclusiveEndKey: `8${'0'.repeat(30)}1` };
    expect(codeOf(() => splitRange(one, undefined))).toBe('ParameterInvalid');
    expect(codeOf(() => divideRange(one, 2))).toBe('ParameterInvalid');
  });
});

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareCounters, counterBeside, formatPackId, parsePackId } from './pack-id.ts';
import { formatPackMeta, parsePackMeta } from './pack-meta.ts';

const counters = fc
  .tuple(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.integer({ min: 0, max: 16 }))
  .map(([value, width]) => value.toString(16).padStart(width, '0'));

test('a pack id is cut at its last hyphen, and letters have no case', () => {
  expect(parsePackId('AB-cd-1F')).toEqual({ prefix: 'ab-cd', counter: '1f' });
  expect(formatPackId({ prefix: 'ab-cd', counter: '1f' })).toBe('ab-cd-1f');
});

test.each([
  '',
  'ab',
  '-1',
  'ab-',
  'ab-1g',
  'ab-12345678123456781',
  `${'a'.repeat(257)}-1`,
  'a\nb-1',
])('%j is no pack id', (text) => {
  expect(parsePackId(text)).toBeUndefined();
});

test('counters compare by their values, whatever their length', () => {
  fc.assert(
    fc.property(counters, counters, (a, b) => {
      const [x, y] = [BigInt(`0x${a}`), BigInt(`0x${b}`)];
      const expected = x === y ? Math.sign(a < b ? -1 : a === b ? 0 : 1) : x < y ? -1 : 1;
      expect(Math.sign(compareCounters(a, b))).toBe(expected);
    }),
  );
});

test('the counter beside another keeps its zeros and ends at 64 bits', () => {
  expect(counterBeside('9', 1)).toBe('a');
  expect(counterBeside('f', 1)).toBe('10');
  expect(counterBeside('10', -1)).toBe('f');
  expect(counterBeside('000f', 1)).toBe('0010');
  expect(counterBeside('0', -1)).toBeUndefined();
  expect(counterBeside('0', 1)).toBe('1');
  expect(counterBeside('ffffffffffffffff', 1)).toBeUndefined();
});

test('a pack meta comes back as it was', () => {
  const meta = { shardId: 12, time: 1_700_000_000, count: 40_960, rank: 40_959 };
  expect(formatPackMeta(meta)).toBe('12|MTcwMDAwMDAwMA==|40960|40959');
  expect(parsePackMeta(formatPackMeta(meta))).toEqual(meta);
});

test.each([
  '',
  '0|MTcwMDAwMDAwMA==|1',
  '0|MTcwMDAwMDAwMA==|1|1',
  '0|MTcwMDAwMDAwMA==|1|0|0',
  '-1|MTcwMDAwMDAwMA==|1|0',
  '0|bm8gdGltZQ==|1|0',
  '0||1|0',
  '0|MTcwMDAwMDAwMA==|x|0',
])('%j is no pack meta', (text) => {
  expect(parsePackMeta(text)).toBeUndefined();
});

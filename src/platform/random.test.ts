import { expect, test } from 'vitest';
import { RealRandom } from './real-random.ts';
import { SeededRandom } from './seeded-random.ts';
import type { Random } from './random.ts';

const MAKERS: readonly [string, () => Random][] = [
  ['seeded', () => new SeededRandom(7)],
  ['real', () => new RealRandom()],
];

function draw(seed: number): string {
  const random = new SeededRandom(seed);
  return Array.from({ length: 8 }, () => random.below(2 ** 40)).join();
}

test.each(MAKERS)('the %s generator is about uniform below its bound', (_, make) => {
  const random = make();
  const counts = new Uint32Array(7);
  for (let i = 0; i < 70_000; i++) counts[random.below(7)]!++;
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(600);
  expect(random.below(1)).toBe(0);
  expect(() => random.below(0)).toThrow(RangeError);
});

test.each(MAKERS)('the %s generator gives as many bytes as asked, of all values', (_, make) => {
  const random = make();
  expect(random.bytes(0)).toHaveLength(0);
  expect(random.bytes(5)).toHaveLength(5);
  expect(new Set(random.bytes(20_000)).size).toBe(256);
});

test('the seeded generator repeats itself, and differs by seed', () => {
  expect(draw(1)).toBe(draw(1));
  expect(new Set([0, 1, 2, 3, -1].map(draw)).size).toBe(5);
});

test('the seeded generator covers bounds past 32 bits', () => {
  const random = new SeededRandom(3);
  const bound = Number.MAX_SAFE_INTEGER;
  let high = 0;
  for (let i = 0; i < 1000; i++) {
    const value = random.below(bound);
    expect(Number.isSafeInteger(value) && value >= 0 && value < bound).toBe(true);
    if (value > bound / 2) high++;
  }
  expect(Math.abs(high - 500)).toBeLessThan(80);
});

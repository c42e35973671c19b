import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LEVEL_NONE } from './idx-codec.ts';
import { decodeNumbers, encodeNumbers } from './numeric-codec.ts';

test('numbers come back exactly, whatever their range', () => {
  const value = fc.oneof(
    fc.integer({ min: -5, max: 5 }),
    fc.integer({ min: 0, max: 70_000 }),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constant(-0),
  );
  const values = fc.oneof(
    fc.array(value),
    fc.array(fc.integer({ min: -5, max: 250 })),
    fc.array(fc.integer({ min: 0, max: 70_000 })),
    fc
      .tuple(fc.array(fc.integer({ min: -(2 ** 33), max: 2 ** 33 })), fc.nat(11))
      .map(([integers, decimals]) => integers.map((integer) => Number(`${integer}e-${decimals}`))),
  );
  fc.assert(
    fc.property(values, fc.constantFrom(LEVEL_NONE, 3), (given, level) => {
      const numbers = Float64Array.from(given);
      expect(decodeNumbers(encodeNumbers(numbers, level), numbers.length)).toEqual(numbers);
    }),
    { numRuns: 300 },
  );
});

test('a wrong count is refused', () => {
  const bytes = encodeNumbers(Float64Array.of(1, 2, 3), 3);
  expect(() => decodeNumbers(bytes, 2)).toThrow();
  expect(() => decodeNumbers(bytes, 4)).toThrow(RangeError);
});

function sizeOfShare(factor: number): number {
  const numbers = Float64Array.from({ length: 1000 }, (_, i) => ((i * 7919) % 60_000) / factor);
  return encodeNumbers(numbers, 3).length;
}

test('decimals take no more than the integers that they are tenths, hundredths and so on of', () => {
  for (const factor of [1, 10, 1000, 1e9]) expect(sizeOfShare(factor)).toBeLessThan(2030);
});

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
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
  );
  fc.assert(
    fc.property(values, (given) => {
      const numbers = Float64Array.from(given);
      expect(decodeNumbers(encodeNumbers(numbers), numbers.length)).toEqual(numbers);
    }),
    { numRuns: 300 },
  );
});

test('a wrong count is refused', () => {
  const bytes = encodeNumbers(Float64Array.of(1, 2, 3));
  expect(() => decodeNumbers(bytes, 2)).toThrow();
  expect(() => decodeNumbers(bytes, 4)).toThrow(RangeError);
});

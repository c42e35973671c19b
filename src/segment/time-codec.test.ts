import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeTimeNs, decodeTimes, encodeTimeNs, encodeTimes } from './time-codec.ts';

const rows = (part: fc.Arbitrary<number>): fc.Arbitrary<{ time: number; timeNs: number }[]> =>
  fc
    .array(
      fc.record({
        time: fc.oneof(
          fc.integer({ min: 1_700_000_000, max: 1_700_000_005 }),
          fc.constantFrom(0, 0xffff_ffff),
        ),
        timeNs: part,
      }),
      { maxLength: 200 },
    )
    .map((all) => all.sort((a, b) => a.time - b.time || a.timeNs - b.timeNs));

test('times and parts of every precision come back', () => {
  const part = fc.oneof(
    fc.constant(fc.constant(0)),
    ...[1, 1000, 1_000_000].map((unit) =>
      fc.constant(fc.nat(999_999_999).map((n) => n - (n % unit))),
    ),
  );
  fc.assert(
    fc.property(part.chain(rows), (given) => {
      const times = Uint32Array.from(given, ({ time }) => time);
      const timeNs = Uint32Array.from(given, (one) => one.timeNs);
      expect(decodeTimes(encodeTimes(times, 3), times.length)).toEqual(times);
      const encoded = encodeTimeNs(times, timeNs, 3);
      if (encoded === undefined) expect(timeNs.every((one) => one === 0)).toBe(true);
      else expect(decodeTimeNs(encoded, times)).toEqual(timeNs);
    }),
  );
});

test('many rows a second cost next to nothing', () => {
  const times = Uint32Array.from({ length: 100_000 }, (_, row) => 1_700_000_000 + (row >> 10));
  expect(encodeTimes(times, 3).length).toBeLessThan(250);
});

test('another number of rows is refused', () => {
  const bytes = encodeTimes(Uint32Array.of(5, 5, 9), 3);
  expect(() => decodeTimes(bytes, 2)).toThrow(RangeError);
  expect(() => decodeTimes(bytes, 4)).toThrow(RangeError);
});

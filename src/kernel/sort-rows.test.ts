import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { timeOrder } from './sort-rows.ts';

describe('order of rows', () => {
  test('is time, then nanoseconds, then arrival', () => {
    const time = fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 5, max: 7 }));
    const timeNs = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 999_999_999 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(time, timeNs), { maxLength: 50 }), (rows) => {
        const order = timeOrder(
          Uint32Array.from(rows, ([seconds]) => seconds),
          Uint32Array.from(rows, ([, ns]) => ns),
        );
        const all = rows.map((_, row) => row);
        const expected = all.toSorted(
          (a, b) => rows[a]![0] - rows[b]![0] || rows[a]![1] - rows[b]![1] || a - b,
        );
        if (order === undefined) expect(expected).toEqual(all);
        else expect([...order]).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  test('is not given when rows are in order already', () => {
    expect(timeOrder(Uint32Array.of(1, 1, 2), Uint32Array.of(5, 5, 0))).toBeUndefined();
  });
});

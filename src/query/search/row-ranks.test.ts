import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Bitset } from '#kernel/bitset.ts';
import { RowRanks, lowerBound } from './row-ranks.ts';

test('rank and select agree with counting', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 200 }), (bits) => {
      const rows = new Bitset(bits.length);
      const set = bits.flatMap((bit, row) => (bit ? [row] : []));
      for (const row of set) rows.add(row);
      const ranks = new RowRanks(rows);
      expect(ranks.count).toBe(set.length);
      expect(set.map((_, i) => ranks.select(i))).toEqual(set);
      for (let row = 0; row <= bits.length; row++)
        expect(ranks.rank(row)).toBe(set.filter((other) => other < row).length);
    }),
  );
});

test('the lower bound is the first value at or after', () => {
  const values = Uint32Array.of(1, 3, 3, 7);
  expect([0, 1, 2, 3, 4, 7, 8, 2 ** 40].map((value) => lowerBound(values, value))).toEqual([
    0, 0, 1, 1, 3, 3, 4, 4,
  ]);
});

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Bitset } from '#kernel/bitset.ts';
import type { SegmentReader } from '#segment/segment.ts';
import type { SegmentMatch } from '../search/match-segment.ts';
import { lowerBound, RowRanks } from '../search/row-ranks.ts';
import { countLogs, countTimes } from './count-times.ts';

interface Log {
  readonly time: number;
  readonly isMatch: boolean;
}

const segment = fc
  .array(fc.record({ time: fc.integer({ min: 1000, max: 1040 }), isMatch: fc.boolean() }), {
    maxLength: 80,
  })
  .map((logs) => logs.toSorted((a, b) => a.time - b.time));

function matchOf(logs: readonly Log[], from: number, to: number): SegmentMatch {
  const times = Uint32Array.from(logs.map(({ time }) => time));
  const [firstRow, endRow] = [lowerBound(times, from), lowerBound(times, to)];
  const rows = new Bitset(logs.length);
  for (let row = firstRow; row < endRow; row++) if (logs[row]?.isMatch === true) rows.add(row);
  const ranks = new RowRanks(rows);
  const isFull = ranks.count === endRow - firstRow;
  // Times and rows are all that is looked at.
  const reader = undefined as unknown as SegmentReader;
  return { reader, ranks, times, firstRow, endRow, isFull, isPartial: false };
}

test('each time of the range has as many logs as match', () => {
  fc.assert(
    fc.property(
      fc.array(segment, { maxLength: 3 }),
      fc.integer({ min: 995, max: 1045 }),
      fc.integer({ min: 0, max: 50 }),
      fc.constantFrom(0, 60),
      (segments, from, length, shift) => {
        const matches = segments.map((logs) => matchOf(logs, from, from + length));
        const inside = segments
          .flat()
          .filter(({ time, isMatch }) => isMatch && time >= from && time < from + length);
        const wanted = new Map<number, number>();
        for (const { time } of inside)
          wanted.set(time + shift, (wanted.get(time + shift) ?? 0) + 1);
        const counted = countTimes(matches, shift);
        const got = new Map<number, number>();
        for (const [i, time] of (counted?.times ?? []).entries())
          got.set(time, (got.get(time) ?? 0) + (counted?.counts[i] ?? 0));
        expect(got).toEqual(wanted);
        expect(countLogs(matches).counts.reduce((sum, n) => sum + n, 0)).toBe(inside.length);
      },
    ),
    { numRuns: 1000 },
  );
});

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Bitset } from '#kernel/bitset.ts';
import { bucketRanges, countByTime } from './histogram.ts';

const START = 1_700_000_000;

const rows = fc
  .array(fc.record({ time: fc.integer({ min: START - 50, max: START + 450 }), isIn: fc.boolean() }))
  .map((all) => all.sort((a, b) => a.time - b.time));
const requests = fc.record({
  fromTime: fc.integer({ min: START - 60, max: START + 100 }),
  seconds: fc.integer({ min: 1, max: 400 }),
  /** A range that ends inside a second has its last bucket end with that second. */
  more: fc.constantFrom(0, 1),
  intervalSeconds: fc.constantFrom(0, 1, 7, 60),
  isFull: fc.boolean(),
});

test('each bucket counts the rows whose time is in it', () => {
  fc.assert(
    fc.property(rows, requests, (all, { fromTime, seconds, more, intervalSeconds, isFull }) => {
      const asked = { fromTime, toTime: fromTime + seconds, intervalSeconds, timeZone: 'UTC' };
      const ranges = bucketRanges(asked);
      const toTime = asked.toTime + more;
      const set = new Bitset(all.length);
      for (const [row, { time, isIn }] of all.entries())
        if ((isFull || isIn) && time >= fromTime && time < toTime) set.add(row);
      const expected = ranges.map(({ from, to }, i) => {
        const end = i === ranges.length - 1 ? toTime : to;
        return all.filter(({ time }, row) => set.has(row) && time >= from && time < end).length;
      });
      const times = Uint32Array.from(all, ({ time }) => time);
      expect([...countByTime({ ranges, toTime }, { rows: set, times, isFull })]).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

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

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test.each([
  [15 * MINUTE, 15],
  [HOUR, MINUTE],
  [4 * HOUR, 5 * MINUTE],
  [DAY, 30 * MINUTE],
  [7 * DAY, 3 * HOUR],
])('a range of %d s has buckets of %d s, whenever it begins', (seconds, width) => {
  for (const fromTime of [START - (START % DAY), START, START + 7]) {
    const asked = { fromTime, toTime: fromTime + seconds, intervalSeconds: 0, timeZone: 'UTC' };
    const ranges = bucketRanges(asked);
    const inner = ranges.slice(1, -1);
    expect(inner.every(({ from, to }) => from % width === 0 && to - from === width)).toBe(true);
    expect(ranges.length - Number(fromTime % width !== 0)).toBe(seconds / width);
  }
});

test('no range has more than 61 automatic buckets, and 61 only when it cuts the first', () => {
  const lengths = fc.oneof(
    fc.integer({ min: 1, max: 100_000 }),
    fc.integer({ min: 1, max: 2 ** 31 }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 }), lengths, (fromTime, seconds) => {
      const asked = { fromTime, toTime: fromTime + seconds, intervalSeconds: 0, timeZone: 'UTC' };
      const ranges = bucketRanges(asked);
      expect(ranges.length).toBeLessThanOrEqual(61);
      const width = Math.max(...ranges.map(({ from, to }) => to - from));
      if (ranges.length === 61) expect(fromTime % width).not.toBe(0);
    }),
    { numRuns: 1000 },
  );
});

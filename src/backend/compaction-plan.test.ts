import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS, MIB } from '#base/units.ts';
import type { SegmentInfo } from '#segment/segment.ts';
import { planCompaction, settledAt } from './compaction-plan.ts';

const TODAY = 20_000;
const NOON_MS = TODAY * DAY_MS + 12 * HOUR_MS;
const BYTES_MAX = 1024 * MIB;

let lastId = 0;

function segment(change: Partial<SegmentInfo> & { readonly day?: number } = {}): SegmentInfo {
  const { day = TODAY, ...members } = change;
  const id = ++lastId;
  return {
    id: `${id}`,
    shardId: 0,
    firstSequence: id,
    nextSequence: id + 1,
    rowCount: 10,
    rawBytes: 100,
    minTime: day * 86_400,
    maxTime: day * 86_400 + 86_399,
    maxReceiveTimeMs: NOON_MS,
    parquetBytes: 1,
    indexBytes: 1,
    indexHash: 'a',
    ...members,
  };
}

function many(count: number, change: Parameters<typeof segment>[0] = {}): readonly SegmentInfo[] {
  return Array.from({ length: count }, () => segment(change));
}

describe('compaction', () => {
  test('takes eight of a size, not seven', () => {
    const seven = many(7);
    expect(planCompaction(seven, { nowMs: NOON_MS })).toBeUndefined();
    const eight = [...seven, segment()];
    expect(planCompaction(eight, { nowMs: NOON_MS })).toEqual(eight);
  });

  test('takes them in order of their sequences', () => {
    const eight = many(8);
    expect(planCompaction(eight.toReversed(), { nowMs: NOON_MS })).toEqual(eight);
  });

  test.each([
    ['log days', { day: TODAY - 1 }],
    ['days of receipt', { maxReceiveTimeMs: NOON_MS - DAY_MS }],
    ['index configurations', { indexHash: 'b' }],
  ])('keeps %s apart', (_, change) => {
    const mixed = [...many(7), ...many(7, change)];
    expect(planCompaction(mixed, { nowMs: NOON_MS - DAY_MS })).toBeUndefined();
  });

  test('leaves segments that span days, and those of unknown configuration', () => {
    const spanning = many(8, { minTime: TODAY * 86_400 - 1 });
    expect(planCompaction(spanning, { nowMs: NOON_MS + 3 * DAY_MS })).toBeUndefined();
    const unknown = many(8, { indexHash: undefined });
    expect(planCompaction(unknown, { nowMs: NOON_MS + 3 * DAY_MS })).toBeUndefined();
  });

  test('brings together what is left of a day once no commit can add to it', () => {
    const two = [segment({ rawBytes: 300 * MIB }), segment()];
    expect(planCompaction(two, { nowMs: NOON_MS + 12 * HOUR_MS })).toBeUndefined();
    expect(planCompaction(two, { nowMs: NOON_MS + 13 * HOUR_MS })).toEqual(two);
    expect(planCompaction([segment()], { nowMs: NOON_MS + 13 * HOUR_MS })).toBeUndefined();
  });

  test('knows what it will never take again', () => {
    const isSettled = settledAt(NOON_MS);
    expect(isSettled(segment())).toBe(false);
    expect(isSettled(segment({ rawBytes: 600 * MIB }))).toBe(true);
    expect(isSettled(segment({ indexHash: undefined }))).toBe(true);
    expect(isSettled(segment({ maxReceiveTimeMs: NOON_MS - 3 * DAY_MS }))).toBe(true);
  });

  test('a log every 5 s makes few segments, and writes each byte some eleven times', () => {
    // A commit each 10 minutes has 120 logs of 200 bytes.
    const committed = 24_000;
    let segments: readonly SegmentInfo[] = [];
    let merges = 0;
    let written = 0;
    let most = 0;
    const compact = (nowMs: number): void => {
      const plan = planCompaction(segments, { nowMs });
      if (plan === undefined) return;
      const rawBytes = plan.reduce((sum, one) => sum + one.rawBytes, 0);
      merges++;
      written += rawBytes;
      segments = [...segments.filter((one) => !plan.includes(one)), segment({ rawBytes })];
    };
    for (let commit = 0; commit < 144; commit++) {
      segments = [...segments, segment({ rawBytes: committed })];
      compact(NOON_MS);
      most = Math.max(most, segments.length);
    }
    const left = segments.length;
    compact(NOON_MS + DAY_MS);
    expect({ merges, most, left, after: segments.length }).toEqual({
      merges: 21,
      most: 7,
      left: 4,
      after: 1,
    });
    expect(written / (144 * committed)).toBeLessThan(12);
  });

  test('ends with few segments, none too large, each byte written a few times only', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 160 * MIB }), { minLength: 1, maxLength: 300 }),
        (sizes) => {
          let segments: readonly SegmentInfo[] = [];
          let written = 0;
          const compact = (nowMs: number): void => {
            for (;;) {
              const plan = planCompaction(segments, { nowMs });
              if (plan === undefined) return;
              expect(plan.length).toBeGreaterThan(1);
              const rawBytes = plan.reduce((sum, one) => sum + one.rawBytes, 0);
              expect(rawBytes).toBeLessThanOrEqual(BYTES_MAX);
              written += rawBytes;
              const { firstSequence } = plan[0] ?? segment();
              const merged = { ...segment({ rawBytes }), firstSequence };
              segments = [...segments.filter((one) => !plan.includes(one)), merged];
            }
          };
          for (const rawBytes of sizes) {
            segments = [...segments, segment({ rawBytes })];
            compact(NOON_MS);
            expect(segments.filter((one) => one.rawBytes < BYTES_MAX / 2).length).toBeLessThan(8);
          }
          compact(NOON_MS + 2 * DAY_MS);
          expect(segments.filter((one) => one.rawBytes < BYTES_MAX / 2).length).toBeLessThan(2);
          const total = sizes.reduce((sum, bytes) => sum + bytes, 0);
          expect(segments.reduce((sum, one) => sum + one.rawBytes, 0)).toBe(total);
          expect(written).toBeLessThanOrEqual(5 * total + 100 * MIB);
        },
      ),
      { numRuns: 100 },
    );
  });
});

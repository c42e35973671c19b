import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULT_TOKENS, type IndexConfig } from '#protocol/index-config.ts';
import type { SegmentReader } from '#segment/segment.ts';
import { matchSegment, type SegmentMatch } from '../search/match-segment.ts';
import { SegmentFixture } from '../search/segment-fixture.ts';
import { newestMatches, writtenNames } from './scan-logs.ts';

const INDEX: IndexConfig = {
  line: { token: DEFAULT_TOKENS, caseSensitive: false, chn: false },
  keys: {},
  max_text_len: 64,
};

let fixture: SegmentFixture;
let matches: readonly SegmentMatch[];

beforeAll(async () => {
  fixture = await SegmentFixture.create();
  const readers: SegmentReader[] = [];
  for (const times of [
    [1, 2, 3],
    [4, 5, 6, 7],
    [8, 9],
  ])
    readers.push(
      await fixture.build(
        times.map((__time__) => ({ __time__, a: 'x' })),
        INDEX,
      ),
    );
  matches = await Promise.all(
    readers.map((reader) =>
      matchSegment(reader, { plan: { kind: 'all' }, fromTime: 0, toTime: 100, topic: '' }),
    ),
  );
});
afterAll(() => fixture[Symbol.asyncDispose]());

function timesOf(kept: readonly SegmentMatch[]): number[] {
  const times = kept.flatMap(({ ranks, times }) =>
    Array.from({ length: ranks.count }, (_, i) => times[ranks.select(i)] ?? 0),
  );
  return times.toSorted((a, b) => a - b);
}

test('a scan takes the newest logs of a shard, and of all', () => {
  const limits = (shardLogsMax: number, logsMax: number): number[] =>
    timesOf(newestMatches(matches, { shardLogsMax, logsMax }));
  expect(limits(100, 4)).toEqual([6, 7, 8, 9]);
  expect(limits(3, 100)).toEqual([7, 8, 9]);
  expect(limits(6, 6)).toEqual([4, 5, 6, 7, 8, 9]);
  expect(limits(0, 6)).toEqual([]);
  expect(newestMatches(matches, { shardLogsMax: 9, logsMax: 9 })).toBe(matches);
});

test('names are all words outside texts and comments', () => {
  expect(
    writtenNames('select a, "b ""c" from log where d = \'e\' -- f\n/* g */ and a > 1e5'),
  ).toEqual(['select', 'a', 'b "c', 'from', 'log', 'where', 'd', 'and']);
});

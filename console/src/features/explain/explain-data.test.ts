import { describe, expect, test } from 'vitest';
import type { ExplainKinds, ExplainOperator, QueryExplain } from '#protocol/query-explain.ts';
import { blockReads, operatorLines, placesText, segmentParts, stepBars } from './explain-data.ts';

const NONE: ExplainKinds = { committed: 0, sealed: 0 };

function explained(change: Partial<QueryExplain>): QueryExplain {
  return {
    version: 1,
    segments: {
      total: NONE,
      pruned: NONE,
      skipped: NONE,
      matched: NONE,
      unmatched: NONE,
      list: [],
    },
    index: { termLookups: 0, postingLists: 0, postingRows: 0, blocks: {}, bytesRead: 0 },
    rows: { scanned: 0, matched: 0, fetched: 0, pages: { read: 0, cached: 0 }, bytesRead: 0 },
    caches: { rowSets: { hits: 0, misses: 0 }, parts: { hits: 0, misses: 0 } },
    steps: [],
    totals: { durationMs: 0, bytesRead: 0 },
    ...change,
  };
}

describe('steps', () => {
  test('lie on the time of the whole, the longest is known', () => {
    const steps = [
      { name: 'queue', startMs: 0, durationMs: 10 },
      { name: 'match', startMs: 20, durationMs: 60 },
      { name: 'profile', startMs: 80, durationMs: 20 },
    ];
    const bars = stepBars(explained({ steps, totals: { durationMs: 100, bytesRead: 0 } }));
    expect(bars.map((bar) => [bar.label, bar.tone, bar.start, bar.width, bar.isLongest])).toEqual([
      ['wait for a turn', 'wait', 0, 10, false],
      ['match', 'work', 20, 60, true],
      ['profile: run it again', 'extra', 80, 20, false],
    ]);
  });

  test('of a newer server keep their names, and no bar leaves the chart', () => {
    const steps = [{ name: 'dream', startMs: 50, durationMs: 150 }];
    const bars = stepBars(explained({ steps, totals: { durationMs: 100, bytesRead: 0 } }));
    expect(bars).toMatchObject([{ label: 'dream', tone: 'work', start: 25, width: 75 }]);
  });

  test('that took no time have bars without width', () => {
    const steps = [{ name: 'match', startMs: 0, durationMs: 0 }];
    expect(stepBars(explained({ steps }))).toMatchObject([{ width: 0, isLongest: false }]);
    expect(stepBars(explained({}))).toEqual([]);
  });
});

describe('segments', () => {
  test('are counted by what became of them, committed or not', () => {
    const segments = {
      total: { committed: 6, sealed: 2 },
      pruned: { committed: 4, sealed: 0 },
      skipped: NONE,
      matched: { committed: 1, sealed: 1 },
      unmatched: { committed: 1, sealed: 1 },
      list: [],
    };
    const parts = segmentParts(explained({ segments }));
    expect(parts.map(({ name, count, share, sealed }) => [name, count, share, sealed])).toEqual([
      ['matched', 2, 25, 1],
      ['unmatched', 2, 25, 1],
      ['skipped', 0, 0, 0],
      ['pruned', 4, 50, 0],
    ]);
  });

  test('that are not there have no share', () => {
    expect(segmentParts(explained({})).map((part) => part.share)).toEqual([0, 0, 0, 0]);
  });
});

test('only blocks that were wanted are told', () => {
  const blocks = { postings: { read: 1, cached: 2 }, times: { read: 0, cached: 0 } };
  const index = { termLookups: 0, postingLists: 0, postingRows: 0, blocks, bytesRead: 0 };
  expect(blockReads(explained({ index }))).toEqual([{ name: 'postings', read: 1, cached: 2 }]);
});

test.each([
  [[''], 1, 'the full text'],
  [['a'], 1, 'a'],
  [['', 'a', 'b'], 3, 'the full text and a, b'],
  [['a', 'b', 'c', 'd'], 4, '4 fields'],
  [['', 'a', 'b'], 60, 'the full text and 59 fields'],
])('terms were looked for in %j of %i', (fields, fieldCount, text) => {
  expect(placesText({ terms: ['x'], fields, fieldCount })).toBe(text);
});

function operator(name: string, children: readonly ExplainOperator[] = []): ExplainOperator {
  return { name, detail: '', rows: 1, rowsScanned: 0, durationMs: 0, children };
}

test('the plan of the engine is told from its root down', () => {
  const join = operator('join', [operator('scan a'), operator('scan b')]);
  const root = operator('sort', [join, operator('limit')]);
  expect(operatorLines(root).map((line) => [line.operator.name, line.depth])).toEqual([
    ['sort', 0],
    ['join', 1],
    ['scan a', 2],
    ['scan b', 2],
    ['limit', 1],
  ]);
});

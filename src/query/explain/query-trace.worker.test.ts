import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AppError } from '#base/app-error.ts';
import { must } from '#base/assert.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import type { ExplainNode, ExplainOperator, QueryExplain } from '#protocol/query-explain.ts';
import { QueryFixture } from '../query-fixture.ts';
import type { LogsRequest } from '../query-service.ts';

const TEXT = {
  type: 'text',
  token: [' ', '/'],
  caseSensitive: false,
  chn: false,
  doc_value: true,
  alias: '',
} as const;
const INDEX: IndexConfig = {
  line: { token: [' ', ':'], caseSensitive: false, chn: false },
  keys: {
    level: TEXT,
    uri: TEXT,
    ms: { ...TEXT, type: 'long' },
    other: TEXT,
  },
  max_text_len: 2048,
};
const START = 1_700_000_000;
const ROWS = 200;
const STEP = 10_000;

/** Three segments of 200 rows, 10,000 s apart; every tenth row of the first two is an ERROR, the third has none. */
function logsOf(segment: number): Record<string, string | number>[] {
  return Array.from({ length: ROWS }, (_, i) => ({
    __time__: START + segment * STEP + i,
    level: i % 10 === 0 && segment < 2 ? 'ERROR' : 'INFO',
    uri: i % 4 === 0 ? '/disk/full' : '/full/disk',
    ms: i,
    free: `segment-${segment}`,
  }));
}

let fixture: QueryFixture;

beforeAll(async () => {
  fixture = await QueryFixture.create({ matchCacheBytes: 1 << 20 });
  fixture.index = INDEX;
  for (const segment of [0, 1, 2]) await fixture.add(logsOf(segment));
});

afterAll(() => fixture[Symbol.asyncDispose]());

async function explain(query: string, request: Partial<LogsRequest> = {}): Promise<QueryExplain> {
  const { explain: found } = await fixture.query(query, { ...request, explain: true });
  return must(found, 'it was asked for');
}

function names(explained: QueryExplain): string[] {
  return explained.steps.map(({ name }) => name);
}

/** Label, rows and segments of each node. */
function outline({ label, rows, segments, operands }: ExplainNode): unknown {
  const own = [label, rows, segments];
  return operands.length === 0 ? own : [...own, operands.map(outline)];
}

describe('a search', () => {
  test('that nobody explains tells nothing', async () => {
    expect(await fixture.query('*')).not.toHaveProperty('explain', expect.anything());
  });

  test('tells which segments were pruned by time, matched or not, or not needed for the page', async () => {
    const range = { fromTime: START, toTime: START + 2 * STEP + 50 };
    const all = await explain('level:error', range);
    expect(all.segments).toMatchObject({
      total: { committed: 3, sealed: 0 },
      pruned: { committed: 0, sealed: 0 },
      skipped: { committed: 0, sealed: 0 },
      matched: { committed: 2, sealed: 0 },
      unmatched: { committed: 1, sealed: 0 },
    });
    expect(all.rows).toMatchObject({ scanned: 450, matched: 40, fetched: 40 });
    const early = await explain('level:error', { fromTime: START, toTime: START + 15 });
    expect(early.segments).toMatchObject({ pruned: { committed: 2 }, matched: { committed: 1 } });
    expect(early.rows).toMatchObject({ scanned: 15, matched: 2, fetched: 2 });
    const short = await explain('level:error', { ...range, line: 5 });
    expect(short.segments).toMatchObject({ skipped: { committed: 2 }, matched: { committed: 1 } });
    expect(short.rows).toMatchObject({ scanned: 200, matched: 20, fetched: 5 });
  });

  test('tells of each segment that was looked at', async () => {
    const { segments } = await explain('level:error', { reverse: true });
    expect(segments.list).toHaveLength(3);
    expect(segments.list[0]).toMatchObject({
      id: fixture.segments[2]?.info.id,
      kind: 'committed',
      minTime: START + 2 * STEP,
      maxTime: START + 2 * STEP + ROWS - 1,
      rowCount: ROWS,
      scannedRows: ROWS,
      matchedRows: 0,
    });
    expect(segments.list[1]).toMatchObject({ matchedRows: 20 });
  });

  test('tells the terms, fields and rows of each of its parts', async () => {
    const { search, index } = await explain('LEVEL:ERROR and not (uri:"disk full" or ms > 100)');
    const root = must(search, 'a search');
    // Without a row of the first operand the second is not evaluated, as in the third segment.
    expect(outline(root)).toEqual([
      'and',
      0,
      3,
      [
        ['level:ERROR', 40, 3],
        [
          'not',
          0,
          2,
          [
            [
              'or',
              400,
              2,
              [
                ['uri:"disk full"', 400, 2],
                ['ms > 100', 198, 2],
              ],
            ],
          ],
        ],
      ],
    ]);
    const [level, not] = root.operands;
    expect(level?.lookups).toEqual([{ terms: ['error'], fields: ['level'], fieldCount: 1 }]);
    const [or] = must(not, 'it is there').operands;
    expect(or?.operands.map(({ lookups }) => lookups)).toEqual([
      [{ terms: ['disk', 'full'], fields: ['uri'], fieldCount: 1 }],
      [{ terms: [], fields: ['ms'], fieldCount: 1 }],
    ]);
    // error in three segments, found in two; disk and full in two; and the presence of ms.
    expect(index).toMatchObject({ termLookups: 7, postingRows: 2 * 20 + 4 * 200 });
  });

  test('tells every way in which a text was cut', async () => {
    const { search } = await explain('segment-0 OR disk/fu*');
    const [word, pattern] = must(search, 'a search').operands;
    expect(word).toMatchObject({ label: 'segment-0', rows: 200 });
    expect(word?.lookups.map(({ terms }) => terms)).toEqual([['segment-0']]);
    expect(word?.lookups[0]?.fields).toContain('');
    expect(pattern?.lookups.map(({ terms }) => terms)).toContainEqual(['disk', 'fu*']);
  });

  test('tells what was kept of earlier searches, and reads nothing for it', async () => {
    const query = 'level:error and ms < 77';
    const first = await explain(query);
    expect(first.caches.rowSets).toEqual({ hits: 0, misses: 3 });
    expect(first.index.termLookups).toBe(3);
    const second = await explain(query);
    expect(second.caches.rowSets).toEqual({ hits: 3, misses: 0 });
    expect(second.index).toMatchObject({ termLookups: 0, postingLists: 0, bytesRead: 0 });
    expect(second.search).toMatchObject({ rows: 0, segments: 0 });
    expect(second.rows).toMatchObject({ matched: 16, bytesRead: 0 });
    expect(second.rows.pages).toMatchObject({ read: 0 });
    expect(second.segments.list.every(({ isCached }) => isCached)).toBe(true);
  });

  test('counts the rows whose texts were read for a phrase, and the rows that have it', async () => {
    const { rows, segments } = await explain('uri:#"disk/full"', { line: 10 });
    expect(rows).toMatchObject({ scanned: 200, matched: 50 });
    // Those that were looked at, and those of the page again.
    expect(rows.fetched).toBeGreaterThan(50);
    expect(segments.matched.committed).toBe(1);
  });

  test('has steps that follow each other and end with the whole', async () => {
    const { steps, totals } = await explain('level:error');
    expect(steps.map(({ name }) => name)).toEqual(['queue', 'segments', 'match', 'fetch']);
    let end = 0;
    for (const step of steps) {
      expect(step.startMs).toBeGreaterThanOrEqual(end);
      end = step.startMs + step.durationMs;
    }
    expect(totals.durationMs).toBeGreaterThanOrEqual(end);
  });
});

describe('a statement', () => {
  test('over all logs is answered from the index, with its SQL, relation and columns', async () => {
    const explained = await explain('* | select count(*) as n');
    const sql = must(explained.sql, 'there is SQL');
    expect(sql).toMatchObject({ statement: 'select count(*) as n', way: 'index', views: [] });
    expect(sql.parts).toEqual([{ view: 'log', way: 'count', hits: 0, misses: 0, rest: 0 }]);
    expect(sql.relations).toMatchObject([
      { view: 'log', logstoreName: 'store', shiftSeconds: 0, segments: 3, rows: 600, columns: [] },
    ]);
    expect(explained.rows.fetched).toBe(0);
    expect(names(explained).join(' ')).toBe(
      'queue start translate segments match plan answer profile',
    );
  });

  test('that reads rows tells its views and what DuckDB did, and answers as it does otherwise', async () => {
    const query = 'level:error | select uri, count(distinct ms) as n group by uri order by uri';
    const plain = await fixture.query(query);
    const found = await fixture.query(query, { explain: true });
    expect(found.rows).toEqual(plain.rows);
    const sql = must(found.explain?.sql, 'there is SQL');
    expect(sql.way).toBe('rows');
    expect(sql.relations[0]).toMatchObject({ rows: 40, segments: 2 });
    expect(sql.relations[0]?.columns.toSorted()).toEqual(['ms', 'uri']);
    expect(sql.views.map(({ name }) => name)).toEqual(['log']);
    for (const reader of fixture.segments.slice(0, 2))
      expect(sql.views[0]?.select).toContain(`'${reader.info.id}.parquet'`);
    expect(sql.views[0]?.select).toContain('IN (0,10,20,30,40,50,60,70,80,90, … 20 in all)');
    const profile = must(sql.profile, 'it was cheap');
    const operators = flat(profile.root);
    expect(operators.some(({ name }) => name === 'READ_PARQUET')).toBe(true);
    // Those that match, whichever operator drops the others.
    expect(operators.some(({ rows }) => rows === 40)).toBe(true);
    expect(profile.rowsScanned).toBeGreaterThanOrEqual(40);
    expect(operators[0]).toMatchObject({ rows: 2 });
  });

  test('tells no path and no folder of the server', async () => {
    const [first] = fixture.segments;
    const folder = must(first, 'a segment').parquetPath.split('/').slice(0, -1).join('/');
    for (const query of [
      `level:error | select "uri" as "it's", ms from log where uri <> 'x''y' and ms in (1, 10)`,
      '* | select uri, avg(ms), max(other) from log group by uri',
      'level:error | select ms from log order by ms limit 3',
    ]) {
      const text = JSON.stringify(await explain(query));
      expect(text).toContain('.parquet');
      expect(text).not.toContain(folder);
      expect(text).not.toMatch(/\/tmp|\/var|spill/u);
    }
  });

  test('tells of the time ranges that it compares, which are relations', async () => {
    const { sql, segments } = await explain(
      '* | select compare(n, 10000) from (select count(1) as n from log)',
      { fromTime: START + STEP, toTime: START + STEP + 100 },
    );
    expect(sql?.relations).toMatchObject([
      { fromTime: START + STEP, toTime: START + STEP + 100, shiftSeconds: 0, rows: 100 },
      { fromTime: START, toTime: START + 100, shiftSeconds: STEP, rows: 100 },
    ]);
    // The logstore is looked at twice.
    expect(segments).toMatchObject({ total: { committed: 6 }, pruned: { committed: 4 } });
  });

  test('that reads a damaged file has its owner look at it, as it does otherwise', async () => {
    await using world = await QueryFixture.create();
    world.index = INDEX;
    await world.add(logsOf(0));
    const reader = must(world.segments[0], 'a segment');
    let lookCount = 0;
    const verifyRows = (): Promise<void> => {
      lookCount++;
      return Promise.reject(new AppError('SegmentDamaged', 'segment is damaged'));
    };
    Object.assign(reader, { verifyRows });
    await rm(reader.parquetPath);
    for (const isExplained of [false, true]) {
      const asked = world.query('* | select max(other)', { explain: isExplained });
      await expect(asked).rejects.toMatchObject({ code: 'SegmentDamaged' });
    }
    expect(lookCount).toBe(2);
  });

  test('that is wrong fails as it does otherwise', async () => {
    const failed = explain('* | select no_such_column');
    await expect(failed).rejects.toMatchObject({ code: 'ParameterInvalid' });
  });
});

describe('a pipeline', () => {
  test('is told as the SQL that it became, with the same steps', async () => {
    const found = await fixture.query("level:error | where uri = '/disk/full' | project ms", {
      explain: true,
      line: 5,
    });
    expect(found.rows.map((row) => row['ms'])).toEqual(['0', '20', '40', '60', '80']);
    const { sql, steps, segments } = must(found.explain, 'it was asked for');
    expect(sql).toMatchObject({ way: 'rows', relations: [{ logstoreName: 'store', rows: 40 }] });
    expect(sql?.statement).toBe("where uri = '/disk/full' | project ms");
    expect(sql?.sent).toContain('/disk/full');
    expect(sql?.profile?.rowsScanned).toBeGreaterThan(0);
    expect(segments).toMatchObject({ matched: { committed: 2 }, unmatched: { committed: 1 } });
    const wanted = ['queue', 'start', 'translate', 'segments', 'match', 'answer', 'profile'];
    expect(steps.map(({ name }) => name)).toEqual(wanted);
  });

  test('that counts is told too', async () => {
    const { sql } = await explain('level:error | stats n = count(*) by uri');
    expect(sql).toMatchObject({ way: 'rows', parts: [], relations: [{ rows: 40 }] });
  });
});

describe('kept parts', () => {
  const BIG = 12_000;
  let big: QueryFixture;

  beforeEach(async () => {
    big = await QueryFixture.create();
    big.index = INDEX;
    for (const segment of [0, 1])
      await big.add(
        Array.from({ length: segment === 0 ? BIG : 50 }, (_, i) => ({
          __time__: START + segment * BIG * 2 + i,
          level: i % 2 === 0 ? 'a' : 'b',
          ms: i,
        })),
      );
    return () => big[Symbol.asyncDispose]();
  });

  test('of a statement that was asked before are told, with the segments that were read', async () => {
    const query = '* | select level, sum(ms) as s group by level order by level';
    const ask = async (): Promise<QueryExplain> =>
      must((await big.query(query, { explain: true })).explain, 'it was asked for');
    expect((await ask()).sql).toMatchObject({ way: 'rows', parts: [] });
    expect((await ask()).sql).toMatchObject({
      way: 'kept',
      parts: [{ view: 'log', way: 'kept', hits: 0, misses: 1, rest: 1 }],
    });
    const third = await ask();
    expect(third.sql?.parts).toEqual([{ view: 'log', way: 'kept', hits: 1, misses: 0, rest: 1 }]);
    expect(third.caches.parts).toEqual({ hits: 1, misses: 0 });
  });
});

function flat(operator: ExplainOperator): ExplainOperator[] {
  return [operator, ...operator.children.flatMap(flat)];
}

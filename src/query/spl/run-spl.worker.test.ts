/** How a pipeline is answered: its pages, its order, its facts; and scans by SQL, which read the same fields. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LONG_KEY } from '#protocol/index-config-fixture.ts';
import { SPL_FIRST_LOGS, SPL_PAGE_LOGS_MAX } from '../limits.ts';
import type { LogsRequest, LogsResult } from '../query-service.ts';
import { QueryFixture } from '../query-fixture.ts';
import type { FixtureLog } from '../search/segment-fixture.ts';

const START = 1_716_163_200;
const RANGE = { fromTime: START, toTime: START + 1000 };
const COUNT = 6000;

let world: QueryFixture;

/** Log n has the time START + n/10; every third is in the second segment, and all of a second are in ingestion order. */
beforeAll(async () => {
  world = await QueryFixture.create();
  world.index = { line: undefined, keys: { part: LONG_KEY }, max_text_len: 64 };
  const logs = Array.from({ length: COUNT }, (_, n) => ({
    __time__: START + Math.floor(n / 10),
    part: String(n % 3),
    n: String(n),
    big: 'x'.repeat(100),
  }));
  await world.add(logs.filter((_, n) => n % 3 !== 0));
  await world.add(logs.filter((_, n) => n % 3 === 0));
});
afterAll(() => world[Symbol.asyncDispose]());

function ask(query: string, request: Partial<LogsRequest> = {}): Promise<LogsResult> {
  return world.query(query, { ...RANGE, ...request });
}

/** A log of the first second. */
function logAt(ns: number): FixtureLog {
  return { __time__: START, __time_ns_part__: String(ns), n: String(ns) };
}

function numbers({ rows }: LogsResult): number[] {
  return rows.map((row) => Number(row['n']));
}

/** All pages in order, by the positions that they end with. */
async function pagesOf(
  query: string,
  request: Partial<LogsRequest> = {},
): Promise<readonly LogsResult[]> {
  const pages: LogsResult[] = [];
  let offset = 0;
  for (;;) {
    const page = await ask(query, { ...request, offset });
    expect(page.scan?.beginOffset).toBe(offset);
    pages.push(page);
    if (page.scan === undefined || page.scan.scanAll) return pages;
    expect(page.scan.endOffset).toBeGreaterThan(offset);
    offset = page.scan.endOffset;
  }
}

describe('a page of a pipeline', () => {
  test.each([false, true])('follows the one before it (newest first: %s)', async (reverse) => {
    const search: number[] = [];
    for (let offset = 0; offset < COUNT; offset += 100)
      search.push(...numbers(await ask('*', { offset, reverse })));
    const wanted = search.filter((n) => n % 7 === 0);
    const pages = await pagesOf('* | where cast(n as bigint) % 7 = 0', { reverse });
    expect(pages.flatMap(numbers)).toEqual(wanted);
    expect(pages.slice(0, -1).every(({ rows }) => rows.length === 100)).toBe(true);
    const named = await pagesOf('* | where cast(n as bigint) % 7 = 0 | project n', { reverse });
    expect(named.flatMap(numbers)).toEqual(wanted);
  });

  test('of rows that hardly ever pass reads on until it has them', async () => {
    const found = await ask(`* | where n = '${COUNT - 1}'`, { line: 1 });
    expect(numbers(found)).toEqual([COUNT - 1]);
    const none = await ask("* | where n = 'none'");
    expect(none.rows).toEqual([]);
    expect(none.scan).toEqual({
      beginOffset: 0,
      endOffset: COUNT,
      endTime: RANGE.toTime,
      scanAll: true,
    });
    expect(none.processedRows).toBe(COUNT);
  });

  test('that is full has read no more than it needs', async () => {
    const found = await ask('* | extend m=n', { line: 5 });
    expect(numbers(found)).toHaveLength(5);
    expect(found.scan).toEqual({
      beginOffset: 0,
      endOffset: 5,
      endTime: START,
      scanAll: false,
    });
    expect(found.processedRows).toBe(5);
    expect(SPL_FIRST_LOGS).toBeLessThan(SPL_PAGE_LOGS_MAX);
  });

  test('says what it is', async () => {
    const found = await ask("part:1 | where n = '1'  ");
    expect(found).toMatchObject({
      mode: 'scan',
      hasSql: false,
      progress: 'Complete',
      count: 1,
      whereQuery: 'part:1',
      aggQuery: "where n = '1'",
      insertedSql: '',
      columnTypes: [],
    });
    expect(found.keys.toSorted()).toEqual(Object.keys(found.rows[0] ?? {}).toSorted());
  });

  test('reads fewer large logs at once', async () => {
    await using large = await QueryFixture.create();
    large.index = world.index;
    const json = JSON.stringify({ text: 'x'.repeat(250_000) });
    for (let part = 0; part < 3; part++)
      await large.add(
        Array.from({ length: 100 }, (_, n) => ({ __time__: START + part * 100 + n, json })),
      );
    const { rows, scan } = await large.query('* | parse-json json | project text, json', {
      line: 90,
    });
    expect(rows.map((row) => row['text']?.length)).toEqual(rows.map(() => 250_000));
    expect([rows.length, scan?.endOffset]).toEqual([90, 90]);
  });

  test('of no line or behind the end is empty', async () => {
    const none = await ask('* | extend m=n', { line: 0 });
    expect([none.rows, none.scan?.endOffset, none.scan?.scanAll]).toEqual([[], 0, false]);
    const behind = await ask('* | extend m=n', { offset: COUNT + 5 });
    expect([behind.rows, behind.scan?.scanAll]).toEqual([[], true]);
    const nothing = await ask("part:9 | where n = '1'");
    expect([nothing.rows, nothing.scan?.scanAll]).toEqual([[], true]);
  });

  test('has rows with the time of their log', async () => {
    const { rows, keys } = await ask('part:0 | project n', { line: 2, offset: 5 });
    expect(rows).toEqual([
      { __source__: '', __time__: String(START + 1), n: '15' },
      { __source__: '', __time__: String(START + 1), n: '18' },
    ]);
    expect(keys).toEqual(['n']);
  });

  test('is Incomplete while logs are stored that no segment has', async () => {
    world.isIndexed = false;
    try {
      const found = await ask("* | where n = 'none'");
      expect(found.progress).toBe('Incomplete');
    } finally {
      world.isIndexed = true;
    }
  });
});

describe('a pipeline over all logs', () => {
  test('gives the first rows in the order of the search', async () => {
    const first = await ask('* | project n | limit 25');
    expect(numbers(first)).toEqual(numbers(await ask('*', { line: 25 })));
    const last = await ask('* | project n | limit 25', { reverse: true });
    expect(numbers(last)).toEqual(numbers(await ask('*', { line: 25, reverse: true })));
    expect(first.scan).toMatchObject({ scanAll: true, endOffset: COUNT });
  });

  test('has logs of one second in the order of their nanoseconds', async () => {
    await using precise = await QueryFixture.create();
    precise.index = world.index;
    await precise.add([logAt(10), logAt(30), logAt(50)]);
    await precise.add([logAt(20), logAt(40)]);
    for (const reverse of [false, true]) {
      const search = numbers(await precise.query('*', { reverse }));
      expect(search).toEqual(reverse ? [50, 40, 30, 20, 10] : [10, 20, 30, 40, 50]);
      for (const pipeline of ['project n | limit 9', 'project n', 'extend m=__time_ns_part__+1'])
        expect(numbers(await precise.query(`* | ${pipeline}`, { reverse }))).toEqual(search);
    }
    const { rows } = await precise.query('* | extend m=__time_ns_part__+1 | project m');
    expect(rows[0]?.['m']).toBe('11');
  });

  test('has 100 rows unless it says otherwise, and 10,000 at most', async () => {
    const few = await ask('* | stats c=count(*) by n');
    expect([few.rows.length, few.limited, few.hasSql]).toEqual([100, 100, true]);
    const many = await ask('* | stats c=count(*) by n | limit 10000');
    expect([many.rows.length, many.limited]).toEqual([COUNT, undefined]);
  });

  test('counts what the search finds', async () => {
    const { rows } = await ask(
      'part > 0 | stats c=count(*), m=max(cast(n as bigint)) by part | sort part',
    );
    expect(rows.map(({ part, c, m }) => [part, c, m])).toEqual([
      ['1', '2000', '5998'],
      ['2', '2000', '5999'],
    ]);
  });
});

describe('SQL in scan mode', () => {
  const SCAN = 'set session mode=scan;';

  test('reads fields without an index, as texts', async () => {
    const sql = `${SCAN} select n, part, length(big) as size from log where n in ('1', '2') order by n`;
    const found = await ask(`* | ${sql}`);
    expect(found.rows.map(({ n, part, size }) => [n, part, size])).toEqual([
      ['1', '1', '100'],
      ['2', '2', '100'],
    ]);
    expect(found.columnTypes).toEqual(['varchar', 'varchar', 'bigint']);
    expect(found).toMatchObject({ mode: 'scanSql', hasSql: true, isAccurate: true });
  });

  test('is asked for beside the statement, too', async () => {
    const sql =
      'part = 1 | select count(*) as c, max(cast(n as bigint)) as m, min(__time__) as t from log where big is not null';
    const found = await ask(sql, { session: 'mode=scan' });
    expect(found.rows.map(({ c, m, t }) => [c, m, t])).toEqual([['2000', '5998', String(START)]]);
    await expect(ask(sql)).rejects.toThrow("Column 'big' cannot be resolved");
  });

  test('groups, joins and nests as ever, with nulls for fields that no log has', async () => {
    const nested = `${SCAN} select part, count(distinct n) as c, max(nowhere) as x from (select part, n, nowhere from log where cast(n as bigint) < 30) group by part order by part`;
    expect(await world.cells(`* | ${nested}`, RANGE)).toEqual([
      ['0', '10', 'null'],
      ['1', '10', 'null'],
      ['2', '10', 'null'],
    ]);
    const joined = `${SCAN} with a as (select n from log where n = '7') select b.n, b.big from a join log b on a.n = b.n having b.n = '7'`;
    await expect(world.cells(`* | ${joined}`, RANGE)).rejects.toThrow();
    const plain = `${SCAN} with a as (select n from log where n = '7') select b.n from a join log b on a.n = b.n`;
    expect(await world.cells(`* | ${plain}`, RANGE)).toEqual([['7']]);
  });

  test.each(['select * from log', 'select log.* from log', 'select * from (select * from log)'])(
    '%s is refused',
    async (sql) => {
      await expect(ask(`* | ${SCAN} ${sql}`)).rejects.toThrow(
        /select \* is not supported in scan mode/,
      );
    },
  );

  test('leaves statements over the index as they are', async () => {
    for (let round = 0; round < 3; round++) {
      const sql = 'select part, count(*) as c from log group by part order by part';
      const scan = await ask(`* | ${SCAN} ${sql}`);
      const indexed = await ask(`* | ${sql}`);
      expect(scan.rows).toEqual(indexed.rows);
      expect([scan.columnTypes[0], indexed.columnTypes[0]]).toEqual(['varchar', 'bigint']);
    }
  });
});

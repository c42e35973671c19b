import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IndexConfig } from '#protocol/index-config.ts';
import { QueryFixture } from '../query-fixture.ts';

const LINE = { token: [' '], caseSensitive: false, chn: false };
const INDEX: IndexConfig = { line: LINE, max_text_len: 2048, log_reduce: true };
const DAY = 86_400;
const NOW = 1_592_374_067;

/** `2 × user … logged in`, `1 × disk …`, of a day before `1 × user …`. */
const LOGS = [
  { __time__: NOW, content: 'user alice logged in from 10.0.0.1 port 4711' },
  { __time__: NOW + 1, content: 'user bob logged in from 10.9.8.7 port 12' },
  { __time__: NOW + 2, content: 'disk /dev/sda1 is full: 97.5% of 500 GB' },
  { __time__: NOW - DAY, content: 'user carol logged in from ::1:2:3 port 9' },
];
const PATTERNS = 'a.pattern, a.count from (select log_reduce(3) as a from log)';

const range = { fromTime: NOW - 10, toTime: NOW + 10 };

let world: QueryFixture;
beforeAll(async () => {
  world = await QueryFixture.create();
  world.index = INDEX;
  await world.add(LOGS.slice(0, 2));
  await world.add(LOGS.slice(2, 3));
  await world.add(LOGS.slice(3));
});
afterAll(() => world[Symbol.asyncDispose]());

function ask(query: string, at = range): Promise<string[][]> {
  return world.cells(query, at);
}

async function countPatterns(precision: number): Promise<number> {
  const sql = `user | select pattern from (select log_reduce(${precision}) as a from log)`;
  return (await world.cells(sql)).length;
}

describe('log_reduce', () => {
  test('gives patterns, the most frequent ones first', async () => {
    expect(await world.cells(`* | select ${PATTERNS} limit 1000`, range)).toEqual([
      ['user * logged in from * port *', '2'],
      ['disk /dev/sda* is full: *% of * GB', '1'],
    ]);
  });

  test('has its fields under their plain names, too', async () => {
    const fields = 'pattern, count, signature, origin_signatures';
    const bare = `* | select ${fields} from (select log_reduce(3) as a from log) limit 1000`;
    const rows = await world.cells(bare, range);
    expect(rows.map(([pattern, count]) => [pattern, count])).toEqual([
      ['user * logged in from * port *', '2'],
      ['disk /dev/sda* is full: *% of * GB', '1'],
    ]);
    for (const [, , signature, origins] of rows) {
      expect(signature).toMatch(/^\d{10,19}$/);
      expect(origins).toMatch(/^\[\d+(,\d+)*\]$/);
    }
  });

  test('takes the search, a condition and the range', async () => {
    expect(await ask(`disk | select ${PATTERNS}`)).toHaveLength(1);
    expect(await ask(`nothing | select ${PATTERNS}`)).toEqual([]);
    expect(
      await ask(
        `* | select a.count from (select log_reduce(3) as a from log where __time__ > ${NOW + 1})`,
      ),
    ).toEqual([['1']]);
    expect(await ask(`user | select ${PATTERNS}`, { fromTime: 0, toTime: 2 ** 32 })).toEqual([
      ['user * logged in from * port *', '3'],
    ]);
  });

  test('signatures do not depend on the range', async () => {
    const sql =
      'user | select a.signature from (select log_reduce(3) as a from log where __time__ > 0)';
    const whole = await world.cells(sql);
    expect(await world.cells(sql, range)).toEqual(whole);
  });

  test('is finer with a smaller precision', async () => {
    expect([await countPatterns(1), await countPatterns(16)]).toEqual([3, 1]);
  });

  test('may be read as rows, ordered and counted', async () => {
    const rows = await world.cells('* | select log_reduce() from log', range);
    expect(rows).toHaveLength(2);
    expect(rows[0]?.[0]).toContain('user * logged in');
    expect(
      await world.cells(`* | select sum(a.count) from (select log_reduce(3) as a from log)`, range),
    ).toEqual([['3']]);
    expect(await world.cells('* | select log_reduce(3) from log limit 1', range)).toHaveLength(1);
  });
});

describe('compare_log_reduce', () => {
  test('counts the same patterns of the earlier range', async () => {
    const sql = `* | select v.pattern, v.signature, v.count, v.count_compare, v.diff
      from (select compare_log_reduce(3, ${DAY}) as v from log) order by v.diff desc limit 1000`;
    const rows = await world.cells(sql, range);
    expect(rows.map(([pattern, , ...counts]) => [pattern, ...counts])).toEqual([
      ['user * logged in from * port *', '2', '1', '1'],
      ['disk /dev/sda* is full: *% of * GB', '1', '0', '1'],
    ]);
  });

  test('gives patterns that are gone', async () => {
    const sql = `* | select v.pattern, v.diff from (select compare_log_reduce(3, 5) as v from log)`;
    expect(await world.cells(sql, { fromTime: NOW + 5, toTime: NOW + 8 })).toEqual([
      ['disk /dev/sda* is full: *% of * GB', '-1'],
      ['user * logged in from * port *', '-2'],
    ]);
  });
});

describe('what is refused', () => {
  test.each([
    ['select log_reduce(3), 1 from log', 'log_reduce stands alone'],
    ['select log_reduce(3) from log group by __time__', 'log_reduce stands alone'],
    ['select log_reduce(3) as a from log order by a', 'log_reduce stands alone'],
    ['select log_reduce(3) + 1 from log', 'log_reduce'],
    ['select length(log_reduce(3)) from log', 'log_reduce'],
    ['select log_reduce(3) from (select 1 as x from log)', 'log_reduce reads a logstore'],
    [
      'with t as (select 1 as x from log) select log_reduce(3) from t',
      'log_reduce reads a logstore',
    ],
    ['select log_reduce(0) from log', 'precision must be a whole number above 0'],
    ['select log_reduce(17) from log', 'precision must be between 1 and 16'],
    ['select log_reduce(3, 4) from log', 'log_reduce takes a precision only'],
    ["select log_reduce('x') from log", 'precision must be a whole number above 0'],
    ['select compare_log_reduce(3) from log', 'the time to compare with'],
    ['select compare_log_reduce(3, -1) from log', 'the time to compare with'],
  ])('%s', async (sql, message) => {
    await expect(world.query(`* | ${sql}`)).rejects.toMatchObject({
      code: 'ParameterInvalid',
      message: expect.stringContaining(message) as string,
    });
  });

  test('a logstore without log_reduce in its index', async () => {
    await using plain = await QueryFixture.create();
    plain.index = { line: LINE, max_text_len: 2048, log_reduce: false };
    await plain.add(LOGS);
    await expect(plain.query(`* | select ${PATTERNS}`)).rejects.toThrow(
      'line 1:41: log_reduce needs log clustering, please turn on log_reduce in the index attribute',
    );
  });
});

async function patterns(index: Partial<IndexConfig>): Promise<string[][]> {
  await using other = await QueryFixture.create();
  const key = { type: 'long', caseSensitive: false, chn: false, doc_value: true, alias: '' };
  const keys = { status: key } as NonNullable<IndexConfig['keys']>;
  other.index = { ...INDEX, keys, ...index };
  await other.add([
    { __time__: NOW, level: 'INFO', msg: 'request done', status: '200', user: 'a b c' },
    { __time__: NOW, level: 'WARN', msg: 'request done', status: '404' },
  ]);
  return await other.cells('* | select pattern, count from (select log_reduce(1) as a from log)');
}

describe('the fields that count', () => {
  test('are all of a log, by name', async () => {
    expect(await patterns({})).toEqual([
      ['level: INFO msg: request done status: * user: a b c', '1'],
      ['level: WARN msg: request done status: *', '1'],
    ]);
  });

  test('are those of the white list', async () => {
    expect(await patterns({ log_reduce_white_list: ['msg', 'gone'] })).toEqual([
      ['msg: request done', '2'],
    ]);
  });

  test('are not those of the black list', async () => {
    expect(await patterns({ log_reduce_black_list: ['user', 'status'] })).toEqual([
      ['level: INFO msg: request done', '1'],
      ['level: WARN msg: request done', '1'],
    ]);
  });
});

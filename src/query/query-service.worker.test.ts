import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LONG_KEY, TEXT_KEY } from '#protocol/index-config-fixture.ts';
import { AppError } from '#base/app-error.ts';
import { must } from '#base/assert.ts';
import { MemoryClock } from '#platform/memory-clock.ts';
import { DEFAULT_TOKENS, type IndexConfig } from '#protocol/index-config.ts';
import type { SegmentReader } from '#segment/segment.ts';
import { QueryFixture } from './query-fixture.ts';
import type { HistogramsResult, LogsResult } from './query-service.ts';

const INDEX: IndexConfig = {
  line: { token: DEFAULT_TOKENS, caseSensitive: false, chn: false },
  keys: { msg: { ...TEXT_KEY, alias: 'text' }, n: LONG_KEY },
  max_text_len: 64,
};
const START = 1_716_170_400;

function numbers(result: LogsResult): number[] {
  return result.rows.map((row) => Number(row['n']));
}

describe('pages', () => {
  let world: QueryFixture;
  beforeAll(async () => {
    world = await QueryFixture.create();
    world.index = INDEX;
    // 90 logs over three segments that overlap in time; `n` is their order.
    const logs = Array.from({ length: 90 }, (_, n) => ({
      __time__: START + Math.floor(n / 6),
      __time_ns_part__: (n % 6) * 1000,
      n: String(n),
      msg: n % 2 === 0 ? 'even' : 'odd',
    }));
    for (const part of [0, 1, 2]) await world.add(logs.filter(({ n }) => Number(n) % 3 === part));
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const all = Array.from({ length: 90 }, (_, n) => n);

  test('walk through all logs in order of time and nanoseconds, forward and back', async () => {
    for (const reverse of [false, true]) {
      const seen: number[] = [];
      for (let offset = 0; offset < 90; offset += 7)
        seen.push(...numbers(await world.query('*', { offset, line: 7, reverse })));
      expect(seen).toEqual(reverse ? all.toReversed() : all);
    }
  });

  test('of a search skip what does not match', async () => {
    const page = await world.query('even', { offset: 3, line: 4 });
    expect(numbers(page)).toEqual([6, 8, 10, 12]);
    expect(page.count).toBe(4);
    expect(numbers(await world.query('odd', { offset: 1, line: 3, reverse: true }))).toEqual([
      87, 85, 83,
    ]);
  });

  test('end where the logs end', async () => {
    expect(numbers(await world.query('*', { offset: 88, line: 10 }))).toEqual([88, 89]);
    expect(numbers(await world.query('*', { offset: 90, line: 10 }))).toEqual([]);
    expect(numbers(await world.query('*', { offset: 88, line: 10, reverse: true }))).toEqual([
      1, 0,
    ]);
    expect(numbers(await world.query('*', { offset: 95, line: 1, reverse: true }))).toEqual([]);
    expect(numbers(await world.query('*', { line: 0 }))).toEqual([]);
  });

  test('hold only logs of [from, to)', async () => {
    const times = { fromTime: START + 1, toTime: START + 3 };
    expect(numbers(await world.query('*', times))).toEqual(all.slice(6, 18));
    expect(numbers(await world.query('not even', times))).toEqual([7, 9, 11, 13, 15, 17]);
  });

  test('give every lease back', () => {
    expect(world.leaseCount).toBe(0);
  });
});

test('a page that later segments cannot change reads no later segment', async () => {
  await using world = await QueryFixture.create();
  world.index = INDEX;
  for (let i = 0; i < 5; i++) await world.add([{ __time__: START + i, n: String(i), msg: 'x' }]);
  const forward = await world.query('*', { line: 2 });
  expect(numbers(forward)).toEqual([0, 1]);
  expect(forward.processedRows).toBe(2);
  const back = await world.query('*', { line: 1, reverse: true });
  expect(numbers(back)).toEqual([4]);
  expect(back.processedRows).toBe(1);
});

describe('rows', () => {
  let world: QueryFixture;
  beforeAll(async () => {
    world = await QueryFixture.create();
    world.index = INDEX;
    await world.add([
      {
        __time__: START,
        __source__: '10.0.0.1',
        __topic__: 'Web',
        '__tag__:__path__': '/a.log',
        msg: '日志 "quoted" \\ \u0001',
        Other: 'upper',
        other: 'lower',
        filename: 'f',
        __proto__x: 'p',
        empty: '',
      },
      { __time__: START + 1, __time_ns_part__: 5, __topic__: 'web' },
      { __time__: START + 2, __topic__: 'b', msg: 'é'.repeat(40), n: '12.5' },
    ]);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  test('have every field as it was, and the reserved ones always', async () => {
    const { rows, keys } = await world.query('*', { line: 2 });
    expect(rows).toEqual([
      {
        __time__: String(START),
        __source__: '10.0.0.1',
        __topic__: 'Web',
        '__tag__:__path__': '/a.log',
        msg: '日志 "quoted" \\ \u0001',
        Other: 'upper',
        other: 'lower',
        filename: 'f',
        __proto__x: 'p',
        empty: '',
      },
      { __time__: String(START + 1), __time_ns_part__: '5', __source__: '', __topic__: 'web' },
    ]);
    expect(keys).toContain('__time_ns_part__');
  });

  test('are those of the topic', async () => {
    expect((await world.query('*', { topic: 'b' })).count).toBe(1);
    expect((await world.query('not upper', { topic: 'web' })).rows[0]?.['__topic__']).toBe('web');
  });

  test('come with the words to mark', async () => {
    const { terms } = await world.query('Upper or msg:"a b" not lower and other*');
    expect(terms).toEqual([
      { key: '', term: 'upper' },
      { key: 'msg', term: 'a' },
      { key: 'msg', term: 'b' },
      { key: '', term: 'other*' },
    ]);
  });

  test('of SQL cut long texts at a character and take no bad number', async () => {
    const answer = await world.query(
      '* | select length(msg) as l, n, text = msg as s order by __time__ desc limit 1',
    );
    expect(answer.rows).toEqual([{ __source__: '', __time__: '0', l: '32', n: 'null', s: 'true' }]);
    expect(answer.keys).toEqual(['l', 'n', 's']);
    expect(answer.columnTypes).toEqual(['bigint', 'bigint', 'boolean']);
    expect(answer).toMatchObject({ hasSql: true, limited: undefined, whereQuery: '*' });
  });

  test('of select * leave aliases out and are limited to 100', async () => {
    const answer = await world.query('* | select *');
    expect(answer.keys).toEqual(['__time__', '__source__', '__topic__', 'msg', 'n']);
    expect(answer.limited).toBe(100);
    expect(answer.count).toBe(3);
  });

  test('of SQL answer to the name of the logstore', async () => {
    expect(await world.cells('* | select count(*) from Store s where s.n is null')).toEqual([
      ['3'],
    ]);
  });
});

describe('histograms', () => {
  let world: QueryFixture;
  beforeAll(async () => {
    world = await QueryFixture.create();
    world.index = INDEX;
    const logs = Array.from({ length: 300 }, (_, n) => ({
      __time__: START + n,
      msg: n % 3 === 0 ? 'a' : 'b',
    }));
    await world.add(logs.slice(0, 200));
    await world.add(logs.slice(200));
  });
  afterAll(() => world[Symbol.asyncDispose]());

  function histogram(
    query: string,
    fromTime: number,
    toTime: number,
    intervalSeconds = 0,
  ): Promise<HistogramsResult> {
    return world.service.getHistograms({
      projectName: 'p',
      logstoreName: 's',
      fromTime,
      toTime,
      topic: '',
      query,
      intervalSeconds,
    });
  }

  test('count what the search part matches, without gaps', async () => {
    const result = await histogram('a | select count(*)', START - 30, START + 330);
    expect(result).toMatchObject({ progress: 'Complete', count: 100, processedRows: 300 });
    expect(result.buckets[0]?.from).toBe(START - 30);
    expect(result.buckets.at(-1)?.to).toBe(START + 330);
    for (const [i, bucket] of result.buckets.entries())
      expect(bucket.from).toBe(i === 0 ? START - 30 : result.buckets[i - 1]?.to);
  });

  test('have the width asked for', async () => {
    const { buckets } = await histogram('b', START, START + 300, 100);
    expect(buckets.map(({ count }) => count)).toEqual([66, 67, 67]);
  });

  test('refuse more buckets than anyone looks at', async () => {
    await expect(histogram('*', START, START + 3000, 1)).rejects.toMatchObject({
      code: 'ParameterInvalid',
    });
  });
});

test('ranges may begin and end inside a second', async () => {
  await using world = await QueryFixture.create();
  world.index = INDEX;
  const times = [0, 1, 2].flatMap((second) =>
    [undefined, 5, 999_999_999].map((ns) => [second, ns]),
  );
  await world.add(
    times.map(([second, ns], n) => ({
      __time__: START + (second ?? 0),
      ...(ns === undefined ? {} : { __time_ns_part__: ns }),
      n: String(n),
    })),
  );
  const cases = [
    [{}, [0, 1, 2, 3, 4, 5]],
    [{ fromNs: 5 }, [1, 2, 3, 4, 5]],
    [{ fromNs: 6, toNs: 5 }, [2, 3, 4, 5, 6]],
    [{ toNs: 6 }, [0, 1, 2, 3, 4, 5, 6, 7]],
    [{ toNs: 999_999_999 }, [0, 1, 2, 3, 4, 5, 6, 7]],
  ] as const;
  for (const [ns, rows] of cases) {
    const range = { fromTime: START, toTime: START + 2, ...ns };
    expect(numbers(await world.query('*', range))).toEqual(rows);
    const counted = await world.cells('* | select count(1) as c', range);
    expect(counted).toEqual([[String(rows.length)]]);
    const names = { projectName: 'p', logstoreName: 's', topic: '', query: '*' };
    const histogram = await world.service.getHistograms({ ...names, ...range, intervalSeconds: 1 });
    expect(histogram.count).toBe(rows.length);
    expect(histogram.buckets.at(-1)?.to).toBe(START + 2);
  }
  await expect(world.query('*', { fromNs: 1e9 })).rejects.toMatchObject({
    code: 'InvalidTimeRange',
  });
});

describe('topics', () => {
  // A key of its own cuts topics into words; the filter still means the whole topic.
  test.each([false, true])(
    'are compared exactly, with a key of their own: %s',
    async (topicKey) => {
      await using world = await QueryFixture.create();
      const keys = topicKey ? { ...INDEX.keys, __topic__: TEXT_KEY } : INDEX.keys;
      world.index = { ...INDEX, keys };
      const topics = ['Web', 'web', 'Web', 'ÄB', 'äb', "it's a web", ''];
      await world.add(
        topics.map((__topic__, n) => ({ __time__: START + n, __topic__, n: String(n) })),
      );
      await world.add([{ __time__: START + 7, __topic__: 'WEB', n: '7' }]);
      const expected = { Web: [0, 2], web: [1], WEB: [7], wEb: [], ÄB: [3], "it's a web": [5] };
      for (const [topic, rows] of Object.entries(expected)) {
        expect(numbers(await world.query('*', { topic }))).toEqual(rows);
        const counted = await world.cells('* | select count(1) as c', { topic });
        expect(counted).toEqual([[String(rows.length)]]);
        const histogram = await world.service.getHistograms({
          projectName: 'p',
          logstoreName: 's',
          fromTime: START,
          toTime: START + 10,
          topic,
          query: '*',
          intervalSeconds: 0,
        });
        expect(histogram.count).toBe(rows.length);
      }
      expect(numbers(await world.query('*'))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    },
  );
});

describe('requests that are wrong', () => {
  let world: QueryFixture;
  beforeAll(async () => {
    world = await QueryFixture.create();
    world.index = INDEX;
    await world.add([{ __time__: START, msg: 'x' }]);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  test.each([
    ['InvalidTimeRange', '*', { fromTime: 5, toTime: 5 }],
    ['InvalidLine', '*', { line: 101 }],
    ['InvalidLine', '*', { line: -1 }],
    ['InvalidOffset', '*', { offset: -1 }],
    ['InvalidOffset', '*', { offset: 0.5 }],
    ['ParameterInvalid', '* | select 1', { offset: 1 }],
    ['ParameterInvalid', '* | where a = 1', {}],
  ])('%s', async (code, query, request) => {
    await expect(world.query(query, request)).rejects.toMatchObject({ code });
  });

  test('a logstore without index', async () => {
    await using bare = await QueryFixture.create();
    await expect(bare.query('*')).rejects.toMatchObject({
      code: 'IndexConfigNotExist',
      message: 'logstore without index config',
    });
  });

  test.each([
    [
      'select 1a',
      'line 1:9: identifiers must not start with a digit; surround the identifier with double quotes',
    ],
    [
      'select b',
      "line 1:9: Column 'b' cannot be resolved;please add the column in the index attribute",
    ],
    [
      'select\n  b',
      "line 2:3: Column 'b' cannot be resolved;please add the column in the index attribute",
    ],
    ['select nope(msg)', 'line 1:9: Function nope not registered'],
    ['select msg > 1', "line 1:13: '>' cannot be applied to varchar, bigint"],
    [
      'select a from (select 1 as a)',
      'you are using nested sql, please specify FROM LOGSTORE in the innermost sql',
    ],
    ['select from from', "line 1:14: mismatched input 'from'"],
  ])('%s', async (sql, message) => {
    await expect(world.query(`* | ${sql}`)).rejects.toMatchObject({
      code: 'ParameterInvalid',
      message,
    });
  });
});

describe('time and load', () => {
  const SLOW = `* | select count(*) as c from log,
    unnest(sequence(1, 10000)) as a(x), unnest(sequence(1, 10000)) as b(y), unnest(sequence(1, 10000)) as d(z)
    where x * y % 7 = z % 11`;

  test('SQL that runs out of time is Incomplete', async () => {
    await using world = await QueryFixture.create({ timeBudgetMs: 300 });
    world.index = INDEX;
    await world.add([{ __time__: START, msg: 'x' }]);
    const answer = await world.query(SLOW);
    expect(answer).toMatchObject({ progress: 'Incomplete', rows: [], hasSql: true });
    expect((await world.query('x')).count).toBe(1);
    expect(world.leaseCount).toBe(0);
  });

  test('answers are Incomplete while logs wait to be indexed', async () => {
    await using world = await QueryFixture.create();
    world.index = INDEX;
    await world.add([{ __time__: START, msg: 'x' }]);
    const range = {
      projectName: 'p',
      logstoreName: 's',
      fromTime: START - 30,
      toTime: START + 30,
      topic: '',
    };
    for (const [isIndexed, progress] of [
      [false, 'Incomplete'],
      [true, 'Complete'],
    ] as const) {
      world.isIndexed = isIndexed;
      expect(await world.query('*')).toMatchObject({ progress, count: 1 });
      expect(await world.query('* | select count(*) as c')).toMatchObject({
        progress,
        rows: [{ c: '1' }],
      });
      const histogram = await world.service.getHistograms({
        ...range,
        query: '*',
        intervalSeconds: 0,
      });
      expect(histogram).toMatchObject({ progress, count: 1 });
      expect(histogram.buckets.every((bucket) => bucket.progress === progress)).toBe(true);
    }
  });

  test('a search without time left is Incomplete', async () => {
    await using world = await QueryFixture.create({ timeBudgetMs: 0, clock: new MemoryClock() });
    world.index = INDEX;
    await world.add([{ __time__: START, msg: 'x' }]);
    expect(await world.query('x')).toMatchObject({ progress: 'Incomplete', count: 0 });
  });

  test('a search that the engine interrupts is Incomplete', async () => {
    const clock = new MemoryClock();
    await using world = await QueryFixture.create({ timeBudgetMs: 1000, clock });
    world.index = INDEX;
    await world.add([{ __time__: START, msg: 'x' }]);
    const reader = must(world.segments.pop(), 'a segment');
    const slow = Object.create(reader, {
      info: { value: reader.info },
      times: {
        value: async () => {
          await clock.advance(2000);
          throw new AppError('QueryTimeout', 'query ran out of time');
        },
      },
    }) as SegmentReader;
    world.segments.push(slow);
    expect(await world.query('x')).toMatchObject({ progress: 'Incomplete', rows: [] });
    expect(world.leaseCount).toBe(0);
  });

  test('a search that is Incomplete gets further each time it is repeated', async () => {
    const clock = new MemoryClock();
    await using world = await QueryFixture.create({ timeBudgetMs: 1000, clock });
    world.index = INDEX;
    for (let i = 0; i < 6; i++) await world.add([{ __time__: START + i, msg: 'x' }]);
    const slow = world.segments.splice(0).map(
      (reader) =>
        new Proxy(reader, {
          get: (target, name) => {
            const member: unknown = Reflect.get(target, name, target);
            if (typeof member !== 'function') return member;
            return async (...args: unknown[]): Promise<unknown> => {
              if (name === 'termIn') await clock.advance(600);
              return await Reflect.apply(member, target, args);
            };
          },
        }),
    );
    world.segments.push(...slow);
    const answers: (readonly [string, number])[] = [];
    for (let i = 0; i < 3; i++) {
      const { progress, count } = await world.query('x');
      answers.push([progress, count]);
    }
    expect(answers).toEqual([
      ['Incomplete', 2],
      ['Incomplete', 4],
      ['Complete', 6],
    ]);
  });

  test('a client that goes away ends its query', async () => {
    await using world = await QueryFixture.create();
    world.index = INDEX;
    await world.add([{ __time__: START, msg: 'x' }]);
    const controller = new AbortController();
    const gone = new Error('client went away');
    setTimeout(() => controller.abort(gone), 100);
    await expect(world.query(SLOW, { signal: controller.signal })).rejects.toBe(gone);
    expect(world.leaseCount).toBe(0);
  });

  test('more queries than may wait are refused, the others all answered', async () => {
    await using world = await QueryFixture.create({ concurrencyMax: 1 });
    world.index = INDEX;
    await world.add([{ __time__: START, msg: 'x' }]);
    const settled = await Promise.allSettled(Array.from({ length: 12 }, () => world.query('x')));
    const refused = settled.filter((result) => result.status === 'rejected');
    expect(refused.map(({ reason }) => (reason as Error).message)).toEqual(
      Array.from({ length: 3 }, () => 'Too many queued queries'),
    );
    expect(settled.filter((result) => result.status === 'fulfilled').length).toBe(9);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_TOKENS, type IndexConfig } from '#protocol/index-config.ts';
import { parseQuery } from '#querylang/parse-query.ts';
import type { SegmentReader } from '#segment/segment.ts';
import { compileSearch } from './compile-search.ts';
import { matchSegment } from './match-segment.ts';
import { QueryFixture } from '../query-fixture.ts';
import { SegmentFixture, type FixtureLog } from './segment-fixture.ts';

const TEXT = {
  type: 'text',
  token: DEFAULT_TOKENS,
  caseSensitive: false,
  chn: false,
  doc_value: true,
  alias: '',
} as const;
const PLAIN = { caseSensitive: false, chn: false, doc_value: true, alias: '' } as const;

const INDEX: IndexConfig = {
  line: { token: DEFAULT_TOKENS, caseSensitive: false, chn: false },
  keys: {
    method: TEXT,
    uri: TEXT,
    msg: TEXT,
    level: TEXT,
    cn: { ...TEXT, chn: true },
    Path: { ...TEXT, token: [], caseSensitive: true },
    status: { ...PLAIN, type: 'long' },
    cost: { ...PLAIN, type: 'double' },
    ctx: {
      ...PLAIN,
      type: 'json',
      token: DEFAULT_TOKENS,
      index_all: true,
      max_depth: -1,
      json_keys: { 'user.id': { type: 'long' }, 'user.name': { type: 'text' } },
    },
  },
  max_text_len: 2048,
};

const LOGS: readonly FixtureLog[] = [
  {
    __source__: '10.0.0.1',
    __topic__: 'web',
    method: 'GET',
    uri: '/api/v1/user?id=7',
    status: '200',
    cost: '0.05',
    msg: 'login ok',
    level: 'INFO',
    ctx: '{"user":{"id":7,"name":"li lei"},"ok":true}',
  },
  {
    __source__: '10.0.0.2',
    __topic__: 'web',
    '__tag__:__hostname__': 'db-1',
    method: 'POST',
    uri: '/api/v1/login',
    status: '500',
    cost: '1.5',
    msg: 'disk full: write failed',
    level: 'ERROR',
    ctx: '{"user":{"id":8}}',
  },
  {
    __source__: '10.0.0.2',
    method: 'GET',
    uri: '/index.html',
    status: '404',
    cost: '0.01',
    msg: 'not found',
    level: 'WARN',
  },
  {
    __topic__: 'batch',
    msg: 'full disk scan done',
    level: 'INFO',
    status: 'n/a',
    cn: '用户登录失败',
  },
  {
    method: 'GET',
    uri: '/static/app.js',
    status: '304',
    cost: '0.003',
    msg: '',
    level: 'INFO',
    Path: '/Var/Log/a.log',
  },
  {
    msg: 'say "hello world" and_or',
    level: 'error',
    cn: '系统正常',
    Path: '/var/log/b.log',
    status: '-1',
  },
  {
    msg: 'timeout after 30s; retry=3',
    level: 'ERROR',
    other: 'plain text in other',
    status: '502',
    cost: '30',
  },
  {
    msg: 'user:bob logged in',
    level: 'INFO',
    other: 'GET /x',
    ctx: '{"user":{"id":9,"name":"bob"}}',
  },
];

/** The examples of the specification of the search language (sls-query §2.4). */
const EXAMPLES: readonly (readonly [string, readonly number[] | 'all' | 'error'])[] = [
  ['*', 'all'],
  ['', 'all'],
  ['login', [0, 1]],
  ['LOGIN', [0, 1]],
  ['log', []],
  ['disk full', [1, 3]],
  ['disk and full', [1, 3]],
  ['disk or timeout', [1, 3, 6]],
  ['disk or timeout and retry', [1, 3, 6]],
  ['(disk or timeout) and retry', [6]],
  ['"disk full"', [1, 3]],
  ['#"disk full"', [1]],
  ['msg:#"full disk"', [3]],
  ['msg:disk', [1, 3]],
  ['msg : disk', [1, 3]],
  ['MSG:disk', [1, 3]],
  ['msg:"disk full"', [1, 3]],
  ['msg:disk full', [1, 3]],
  ['msg:(disk)', 'error'],
  ['not msg:disk', [0, 2, 4, 5, 6, 7]],
  ['disk not full', []],
  ['status:404 not level:ERROR', [2]],
  ['msg:disk and not level:ERROR', [3]],
  ['level:error', [1, 5, 6]],
  ['level:"ERROR" or level:WARN', [1, 2, 5, 6]],
  ['not (level:error or level:warn)', [0, 3, 4, 7]],
  ['method:GET and status < 400', [0, 4]],
  ['status:200', [0]],
  ['status = 200', [0]],
  ['status:0200', [0]],
  ['status > 400', [1, 2, 6]],
  ['status >= 404 and status <= 500', [1, 2]],
  ['status in [404 500]', [1, 2]],
  ['status in (404 500]', [1]],
  ['status in [404 500)', [2]],
  ['status in (-1 300)', [0]],
  ['status:*', [0, 1, 2, 4, 5, 6]],
  ['not status:*', [3, 7]],
  ['not status > -1000000', [3, 7]],
  ['status:n/a', []],
  ['status:5*', []],
  ['cost > 0.01', [0, 1, 6]],
  ['cost:30', [6]],
  ['cost <= 0.01', [2, 4]],
  ['msg > 5', []],
  ['uri:api', [0, 1]],
  ['uri:/api/v1', [0, 1]],
  ['uri:"id=7"', [0]],
  ['uri:v1/api', [0, 1]],
  ['uri:app.js', [4]],
  ['uri:app', []],
  ['uri:app*', [4]],
  ['uri:ap?.js', [4]],
  ['uri:*.js', 'error'],
  ['?pi', 'error'],
  ['uri:"app*"', []],
  ['log?n', [0, 1]],
  ['tim*out', [6]],
  ['msg:*', 'all'],
  ['msg:""', [4]],
  ['not msg:""', [0, 1, 2, 3, 5, 6, 7]],
  ['cn:*', [3, 5]],
  ['not Path:*', [0, 1, 2, 3, 6, 7]],
  ['cn:"用户"', [3]],
  ['cn:"登录失败"', [3]],
  ['cn:"正常"', [5]],
  ['Path:"/var/log/b.log"', [5]],
  ['Path:/var*', [5]],
  ['Path:b.log', []],
  ['__source__:10.0.0.2', [1, 2]],
  ['source:10.0.0.2', [1, 2]],
  ['__topic__:web', [0, 1]],
  ['__topic__:""', [2, 4, 5, 6, 7]],
  ['__tag__:__hostname__:db-1', [1]],
  ['__tag__:__hostname__:db', []],
  ['"__tag__:__hostname__":"db-1"', [1]],
  ['ctx.user.id:8', [1]],
  ['ctx.user.id > 7', [1, 7]],
  ['ctx.user.name:lei', [0]],
  ['ctx.ok:true', [0]],
  ['lei', [0]],
  ['other:plain', 'error'],
  ['plain', [6]],
  ['other', [6, 7]],
  ['"user:bob"', [7]],
  ['user:bob', 'error'],
  ['"hello world"', [5]],
  ['msg:"say \\"hello"', [5]],
  ['and_or', [5]],
  ['"and"', []],
  ['retry=3', [6]],
  ['30s', [6]],
  ['30', []],
  ["'disk'", [1, 3]],
  ['(disk', 'error'],
  ['disk)', 'error'],
  ['"disk', 'error'],
  ['msg:', 'error'],
  ['disk and', 'error'],
  ['#"disk full" or timeout', 'error'],
];

/** The numbers of the logs that a query finds, through the whole service (phrases are read there). */
async function found(world: QueryFixture, query: string): Promise<readonly number[]> {
  const { rows } = await world.query(query);
  return rows.map((row) => Number(row['__time__']) - FIRST_TIME);
}

const FIRST_TIME = 1_700_000_000;
const TIMED = LOGS.map((log, i) => ({ ...log, __time__: FIRST_TIME + i }));

describe('the examples of the specification', () => {
  let whole: QueryFixture;
  let split: QueryFixture;

  beforeAll(async () => {
    whole = await QueryFixture.create();
    whole.index = INDEX;
    await whole.add(TIMED);
    split = await QueryFixture.create();
    split.index = INDEX;
    for (const log of TIMED) await split.add([log]);
  });
  afterAll(async () => {
    await whole[Symbol.asyncDispose]();
    await split[Symbol.asyncDispose]();
  });

  test('there are a hundred', () => {
    expect(EXAMPLES.length).toBe(100);
  });

  test.each(EXAMPLES)('%s', async (query, expected) => {
    for (const world of [whole, split])
      if (expected === 'error')
        await expect(found(world, query)).rejects.toMatchObject({ code: 'ParameterInvalid' });
      else
        expect(await found(world, query)).toEqual(
          expected === 'all' ? LOGS.map((_, i) => i) : expected,
        );
  });

  test.each(['other:plain', 'user:bob'])('%s names the key that has no index', async (query) => {
    const key = query.slice(0, query.indexOf(':'));
    await expect(whole.query(query)).rejects.toThrow(
      `key (${key}) is not config as key value config,if symbol : is in your log,please wrap : with quotation mark "`,
    );
  });
});

describe('index changes', () => {
  let fixture: SegmentFixture;
  let reader: SegmentReader;

  beforeAll(async () => {
    fixture = await SegmentFixture.create();
    const keys = { status: TEXT, count: { ...PLAIN, type: 'long' } } as const;
    reader = await fixture.build(
      [
        { __time__: FIRST_TIME, status: '200', count: '7' },
        { __time__: FIRST_TIME, status: '404', count: 'x' },
      ],
      { keys, max_text_len: 2048 },
    );
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  const present: IndexConfig = {
    keys: { status: { ...PLAIN, type: 'long' }, count: TEXT },
    max_text_len: 2048,
  };

  test.each([
    ['status = 404', [1]],
    ['status:200', [0]],
    ['status > 100', []],
    ['status:*', [0, 1]],
    ['count:7', [0]],
    ['count:*', [0]],
  ])('%s on logs from before', async (query, expected) => {
    const plan = compileSearch(parseQuery(query).search, present);
    const request = { plan, fromTime: 0, toTime: 2 ** 32, topic: '' };
    const { ranks } = await matchSegment(reader, request);
    const rows = Array.from({ length: ranks.count }, (_, i) => ranks.select(i));
    expect(rows).toEqual(expected);
  });
});

/** Rules of index options (sls-query §1) that searches show; each test is named as its rule. */
import { expect, test } from 'vitest';
import { DEFAULT_TOKENS, type IndexConfig, type KeyIndex } from '#protocol/index-config.ts';
import { PHRASE_CANDIDATES_MAX } from '../limits.ts';
import { QueryFixture } from '../query-fixture.ts';
import type { FixtureLog } from './segment-fixture.ts';

const CUT = { token: DEFAULT_TOKENS, caseSensitive: false, chn: false };
const COMMON = { ...CUT, doc_value: true, alias: '' };
const TEXT = { type: 'text', ...COMMON } as const;
const LONG = { type: 'long', ...COMMON } as const;
const json = (options: Partial<KeyIndex>): KeyIndex => ({ type: 'json', ...COMMON, ...options });

interface Rule {
  readonly index: Omit<IndexConfig, 'max_text_len'> & { readonly max_text_len?: number };
  readonly logs: readonly FixtureLog[];
  /** Numbers of the logs that each query finds. */
  readonly finds: Readonly<Record<string, readonly number[]>>;
  readonly refuses?: readonly string[];
}

const CTX = [
  { ctx: '{"user":{"id":7,"name":"Li Lei"},"ok":true,"tags":["red"],"n":null,"size":1.5}' },
  { ctx: '{"user":{"id":"7","name":""}}' },
  { ctx: '{"user":{"id":8}' },
  { other: 'red' },
] as const;

const RULES: Readonly<Record<string, Rule>> = {
  'fields with their own index leave the line index but stay in the full text': {
    index: { line: { ...CUT, token: [' '] }, keys: { path: TEXT } },
    logs: [{ path: '/var/log' }, { other: '/var/log' }],
    finds: { var: [0], '"/var/log"': [0, 1], '#"var log"': [0] },
  },
  'a text may have its words in several fields that cut it alike': {
    index: { line: CUT, keys: { msg: { ...TEXT, token: [' '] } } },
    logs: [{ msg: 'disk', other: 'full' }],
    finds: { '"disk full"': [0], 'disk full': [0], '#"disk full"': [], '"disk/full"': [] },
  },
  'include_keys limits names and values of the full text': {
    index: { line: { ...CUT, include_keys: ['a'] }, keys: {} },
    logs: [{ a: 'x', b: 'y', __source__: 'z' }],
    finds: { x: [0], a: [0], y: [], b: [], __source__: [], '__source__:z': [0], z: [0] },
  },
  'exclude_keys leaves a text index of the field as it is': {
    index: { line: { ...CUT, exclude_keys: ['msg', 'b'] }, keys: { msg: TEXT } },
    logs: [{ msg: 'x', b: 'y' }],
    finds: { x: [0], 'msg:x': [0], msg: [], y: [], b: [] },
  },
  'a phrase is not found in what is not indexed': {
    index: { line: { ...CUT, exclude_keys: ['b'] }, keys: {} },
    logs: [
      { a: 'full disk', b: 'disk full' },
      { a: 'disk full', b: '' },
    ],
    finds: { '#"disk full"': [1], 'disk full': [0, 1] },
  },
  'an alias is no name for searches': {
    index: { keys: { msg: { ...TEXT, alias: 'm' } } },
    logs: [{ msg: 'x' }],
    finds: { 'msg:x': [0] },
    refuses: ['m:x'],
  },
  'index field names are compared with log keys exactly': {
    index: { keys: { msg: TEXT } },
    logs: [{ Msg: 'x' }, { msg: 'x' }],
    finds: { 'msg:x': [1], 'MSG:x': [1] },
  },
  'json leaves are strings, numbers and booleans; arrays and objects are not': {
    index: { keys: { ctx: json({ index_all: true, max_depth: -1, json_keys: {} }) } },
    logs: CTX,
    finds: {
      'ctx.ok:true': [0],
      'ctx.user.name:lei': [0],
      'ctx.user.id:7': [0, 1],
      'ctx.size:1.5': [0],
      'ctx.tags:*': [],
      'ctx.tags:red': [],
      'ctx.n:*': [],
      'ctx.user:*': [],
      'ctx.user.name:""': [1],
      red: [],
      'ctx:*': [0, 1, 2],
      'not ctx:*': [3],
    },
  },
  'without index_all only sub-keys are indexed, and others are errors': {
    index: {
      keys: { ctx: json({ json_keys: { 'user.id': { type: 'long' }, ok: { type: 'text' } } }) },
    },
    logs: CTX,
    finds: { 'ctx.user.id >= 7': [0, 1], 'CTX.User.ID:7': [0, 1], 'ctx.ok:TRUE': [0], lei: [] },
    refuses: ['ctx.user.name:lei', 'ctx.size > 1:x', 'other:red'],
  },
  'max_depth counts names of a path': {
    index: { keys: { ctx: json({ index_all: true, max_depth: 1, json_keys: {} }) } },
    logs: CTX,
    finds: { 'ctx.ok:true': [0], 'ctx.user.name:lei': [], 'ctx.user.name:*': [] },
  },
  'long takes integer texts only': {
    index: { keys: { n: LONG } },
    logs: [{ n: '12.5' }, { n: 'abc' }, { n: '-12' }, { n: '' }, { n: ' 12' }, { m: '1' }],
    finds: {
      'n:*': [2],
      'n > -1000000': [2],
      'not n > -1000000': [0, 1, 3, 4, 5],
      'n:"-12.0"': [2],
    },
  },
  'topic and source are whole values, whatever a key says of their type': {
    index: { keys: { __topic__: LONG, __source__: json({ index_all: true }) } },
    logs: [
      { __topic__: 'a b', __source__: '10.0.0.1' },
      { __topic__: '5', __source__: '' },
    ],
    finds: { '__topic__:"a b"': [0], '__topic__ = 5': [1], 'a b': [] },
  },
  'a delimiter may be any character': {
    index: { keys: { msg: { ...TEXT, token: ['，', '🙂', 'x'] } } },
    logs: [{ msg: 'a，b🙂cxd X' }],
    finds: { 'msg:a': [0], 'msg:c': [0], 'msg:"d X"': [0], 'msg:X': [], 'msg:x': [0] },
  },
  'reserved words may be searched unquoted': {
    index: { line: CUT },
    logs: [{ a: 'sort asc desc group by avg sum min max limit' }],
    finds: { 'sort asc desc group by avg sum min max limit': [0] },
  },
};

test.each(Object.entries(RULES))('%s', async (_name, { index, logs, finds, refuses = [] }) => {
  await using world = await QueryFixture.create();
  world.index = { max_text_len: 2048, ...index };
  await world.add(logs.map((log, i) => ({ ...log, __time__: 1000 + i })));
  for (const [query, expected] of Object.entries(finds)) {
    const { rows, isAccurate } = await world.query(query);
    expect([query, ...rows.map((row) => Number(row['__time__']) - 1000)]).toEqual([
      query,
      ...expected,
    ]);
    expect(isAccurate).toBe(true);
  }
  for (const query of refuses)
    await expect(world.query(query), query).rejects.toMatchObject({ code: 'ParameterInvalid' });
});

test('max_text_len cuts what SQL sees and nothing of what searches see', async () => {
  await using world = await QueryFixture.create();
  world.index = { keys: { msg: TEXT }, max_text_len: 64 };
  await world.add([{ msg: `${'é'.repeat(40)} behind` }]);
  const sql = "| select length(msg) as n, msg like '%behind' as has from log";
  expect(await world.cells(`msg:behind ${sql}`)).toEqual([['32', 'false']]);
});

test('each segment follows the configuration that it was built with', async () => {
  await using world = await QueryFixture.create();
  world.index = { line: CUT, keys: { code: TEXT, ctx: TEXT }, max_text_len: 2048 };
  await world.add([{ __time__: 1, code: '404', ctx: '{"a":"x"}', msg: 'a.b' }]);
  world.index = {
    keys: { code: LONG, ctx: json({ index_all: true }), msg: TEXT },
    max_text_len: 2048,
  };
  await world.add([{ __time__: 2, code: '404', ctx: '{"a":"x"}', msg: 'a.b' }]);
  const found = async (query: string): Promise<readonly number[]> =>
    (await world.query(query)).rows.map((row) => Number(row['__time__']));
  expect(await found('code > 400')).toEqual([2]);
  expect(await found('code = 404')).toEqual([1, 2]);
  expect(await found('code:*')).toEqual([1, 2]);
  expect(await found('ctx.a:x')).toEqual([2]);
  expect(await found('msg:a.b')).toEqual([2]);
  // Without a full text a word is cut at punctuation; with one it is not.
  expect(await found('a.b')).toEqual([1]);
});

test('a phrase looks at ten thousand logs and says when there are more', async () => {
  await using world = await QueryFixture.create();
  world.index = { keys: { msg: TEXT }, max_text_len: 2048 };
  const far = { __time__: 1000, msg: 'disk not full' };
  await world.add([
    ...Array.from({ length: PHRASE_CANDIDATES_MAX }, () => far),
    { __time__: 2000, msg: 'disk full' },
  ]);
  const forward = await world.query('#"disk full"');
  expect([forward.rows.length, forward.isAccurate]).toEqual([0, false]);
  const backward = await world.query('#"disk full"', { reverse: true, line: 1 });
  expect([backward.rows.length, backward.isAccurate]).toEqual([1, true]);
});

test('a word with wildcards has at most 64 characters', async () => {
  await using world = await QueryFixture.create();
  world.index = { line: CUT, max_text_len: 2048 };
  await world.add([{ a: '🙂'.repeat(63) }]);
  expect((await world.query(`${'🙂'.repeat(62)}?*`)).rows.length).toBe(1);
  await expect(world.query(`${'🙂'.repeat(64)}*`)).rejects.toMatchObject({
    code: 'ParameterInvalid',
  });
});

test('an answer names the words that were looked for, cut as they were', async () => {
  await using world = await QueryFixture.create();
  const terms = async (query: string): Promise<readonly string[]> =>
    (await world.query(query)).terms.map(({ key, term }) => `${key}:${term}`);
  world.index = { line: CUT, keys: { n: LONG, msg: TEXT }, max_text_len: 2048 };
  expect(await terms('a-b/c msg:"x y" retry=3 n=3 not z or w*')).toEqual([
    ':a-b',
    ':c',
    'msg:x',
    'msg:y',
    ':retry',
    ':3',
    ':w*',
  ]);
  world.index = { keys: { msg: TEXT }, max_text_len: 2048 };
  expect(await terms('a-b/c')).toEqual([':a', ':b', ':c']);
});

import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorCode } from '#base/app-error.ts';
import type { LogRecord } from '#loghub/shard-log.ts';
import { DEFAULT_TOKENS, type IndexConfig, type KeyIndex } from '#protocol/index-config.ts';
import { LINE_FIELD, type SegmentReader } from './segment.ts';
import { buildAndOpen, recordOf, rowsOf, termsOf } from './segment-fixture.ts';

const text = (more: Partial<KeyIndex> = {}): KeyIndex => ({
  type: 'text',
  token: DEFAULT_TOKENS,
  caseSensitive: false,
  chn: false,
  doc_value: true,
  alias: '',
  ...more,
});

/** The index of the examples of sls-query §2.4. */
const EXAMPLE_INDEX: IndexConfig = {
  line: { token: DEFAULT_TOKENS, caseSensitive: false, chn: false },
  keys: {
    method: text(),
    uri: text(),
    msg: text(),
    level: text(),
    cn: text({ chn: true }),
    Path: text({ token: [], caseSensitive: true }),
    status: text({ type: 'long' }),
    cost: text({ type: 'double' }),
    ctx: text({
      type: 'json',
      index_all: true,
      max_depth: -1,
      json_keys: { 'user.id': { type: 'long' }, 'user.name': { type: 'text' } },
    }),
  },
  max_text_len: 2048,
};

interface Example {
  readonly source?: string;
  readonly topic?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string>>;
}

/** The logs of sls-query §2.4. */
const EXAMPLES: readonly Example[] = [
  {
    source: '10.0.0.1',
    topic: 'web',
    fields: {
      method: 'GET',
      uri: '/api/v1/user?id=7',
      status: '200',
      cost: '0.05',
      msg: 'login ok',
      level: 'INFO',
      ctx: '{"user":{"id":7,"name":"li lei"},"ok":true}',
    },
  },
  {
    source: '10.0.0.2',
    topic: 'web',
    tags: { __hostname__: 'db-1' },
    fields: {
      method: 'POST',
      uri: '/api/v1/login',
      status: '500',
      cost: '1.5',
      msg: 'disk full: write failed',
      level: 'ERROR',
      ctx: '{"user":{"id":8}}',
    },
  },
  {
    source: '10.0.0.2',
    fields: {
      method: 'GET',
      uri: '/index.html',
      status: '404',
      cost: '0.01',
      msg: 'not found',
      level: 'WARN',
    },
  },
  {
    topic: 'batch',
    fields: { msg: 'full disk scan done', level: 'INFO', status: 'n/a', cn: '用户登录失败' },
  },
  {
    fields: {
      method: 'GET',
      uri: '/static/app.js',
      status: '304',
      cost: '0.003',
      msg: '',
      level: 'INFO',
      Path: '/Var/Log/a.log',
    },
  },
  {
    fields: {
      msg: 'say "hello world" and_or',
      level: 'error',
      cn: '系统正常',
      Path: '/var/log/b.log',
      status: '-1',
    },
  },
  {
    fields: {
      msg: 'timeout after 30s; retry=3',
      level: 'ERROR',
      other: 'plain text in other',
      status: '502',
      cost: '30',
    },
  },
  {
    fields: {
      msg: 'user:bob logged in',
      level: 'INFO',
      other: 'GET /x',
      ctx: '{"user":{"id":9,"name":"bob"}}',
    },
  },
];

function exampleRecord(example: Example, index: number): LogRecord {
  const contents = Object.entries(example.fields).map(([key, value]) => ({ key, value }));
  const group = {
    logs: [{ time: 1_700_000_000 + index, contents }],
    topic: example.topic ?? '',
    source: example.source ?? '',
    tags: Object.entries(example.tags ?? {}).map(([key, value]) => ({ key, value })),
  };
  return recordOf(group, index + 1);
}

function plain(contents: readonly { key: string; value: string }[]): LogRecord {
  return recordOf({ logs: [{ time: 1, contents }], topic: '', source: '', tags: [] }, 1);
}

let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-segment-'));
});

afterAll(() => rm(directory, { recursive: true }));

describe('the example logs', () => {
  let reader: SegmentReader;

  beforeAll(async () => {
    reader = await buildAndOpen(EXAMPLES.map(exampleRecord), {
      directory,
      id: 'example',
      indexConfig: EXAMPLE_INDEX,
    });
  });

  test('make a segment that knows what it holds', async () => {
    expect(reader.info).toMatchObject({
      id: 'example',
      shardId: 3,
      firstSequence: 1,
      nextSequence: 9,
      rowCount: 8,
      minTime: 1_700_000_000,
      maxTime: 1_700_000_007,
      maxReceiveTimeMs: 1_700_000_100_008,
      indexBytes: (await stat(join(directory, 'example.idx'))).size,
      parquetBytes: (await stat(join(directory, 'example.parquet'))).size,
    });
    expect([...(await reader.times())]).toEqual(EXAMPLES.map((_, i) => 1_700_000_000 + i));
    expect(reader.indexConfig).toEqual(EXAMPLE_INDEX);
    expect(reader.restFields).toEqual([]);
    expect(reader.textFields).toContain('ctx.user.name');
    expect(reader.textFields).not.toContain('ctx');
    expect(reader.textFields).not.toContain('status');
    expect(reader.numericFields.toSorted()).toEqual(['cost', 'ctx.user.id', 'status']);
  });

  test.each([
    ['msg', 'login', [0]],
    ['uri', 'login', [1]],
    [LINE_FIELD, 'login', []],
    ['msg', 'disk', [1, 3]],
    ['level', 'error', [1, 5, 6]],
    ['uri', 'app.js', [4]],
    ['uri', 'app', []],
    ['cn', '用户', [3]],
    ['cn', '正常', [5]],
    ['Path', '/var/log/b.log', [5]],
    ['Path', '/Var/Log/a.log', [4]],
    ['__source__', '10.0.0.2', [1, 2]],
    ['__topic__', 'web', [0, 1]],
    ['__tag__:__hostname__', 'db-1', [1]],
    ['__tag__:__hostname__', 'db', []],
    ['ctx.user.name', 'lei', [0]],
    ['ctx.ok', 'true', [0]],
    [LINE_FIELD, 'plain', [6]],
    [LINE_FIELD, 'other', [6, 7]],
    [LINE_FIELD, 'web', [0, 1]],
    [LINE_FIELD, 'db-1', [1]],
    [LINE_FIELD, '30', []],
    ['msg', 'and_or', [5]],
    ['nothing', 'x', []],
  ])('%s:%s', async (field, term, rows) => {
    expect(rowsOf(await reader.term(field, term))).toEqual(rows);
  });

  test.each([
    ['msg', [0, 1, 2, 3, 4, 5, 6, 7], [4]],
    ['cn', [3, 5], []],
    ['Path', [4, 5], []],
    ['ctx', [0, 1, 7], []],
    ['ctx.user.name', [0, 7], []],
    ['__topic__', [0, 1, 2, 3, 4, 5, 6, 7], [2, 4, 5, 6, 7]],
    ['absent', [], []],
  ])('%s is present and empty where it should', async (field, present, empty) => {
    expect(rowsOf(await reader.present(field))).toEqual(present);
    expect(rowsOf(await reader.empty(field))).toEqual(empty);
  });

  test.each([
    ['status', [0, 1, 2, 4, 5, 6], [200, 500, 404, 304, -1, 502]],
    ['cost', [0, 1, 2, 4, 6], [0.05, 1.5, 0.01, 0.003, 30]],
    ['ctx.user.id', [0, 1, 7], [7, 8, 9]],
  ])('%s has its numbers', async (field, rows, numbers) => {
    const column = await reader.numeric(field);
    expect(rowsOf(column?.valid)).toEqual(rows);
    expect(rows.map((row) => column?.values[row])).toEqual(numbers);
    column?.valid.not();
    expect(rowsOf((await reader.numeric(field))?.valid)).toEqual(rows);
  });

  test('wildcards take the first matching terms and say when there are more', async () => {
    const any = { prefix: 'l', matches: (): boolean => true };
    const all = await reader.termsMatching('msg', any, 100);
    expect([rowsOf(all.rows), all.truncated]).toEqual([[0, 7], false]);
    const first = await reader.termsMatching('msg', any, 1);
    expect([rowsOf(first.rows), first.truncated]).toEqual([[7], true]);
    const none = await reader.termsMatching('nothing', any, 100);
    expect([rowsOf(none.rows), none.truncated]).toEqual([[], false]);
  });
});

describe('a build', () => {
  test('adds where and when a group was received when asked to', async () => {
    const reader = await buildAndOpen([plain([{ key: 'a', value: 'b' }])], {
      directory,
      id: 'meta',
      indexConfig: { max_text_len: 2048 },
      appendMeta: true,
    });
    expect(await termsOf(reader, '__tag__:__client_ip__')).toEqual(['192.0.2.1']);
    expect(await termsOf(reader, '__tag__:__receive_time__')).toEqual(['1700000100']);
  });

  test('limits the full text to the listed keys, or to all but the listed ones', async () => {
    const line = { token: [' '], caseSensitive: false, chn: false };
    const record = plain([
      { key: 'a', value: 'one' },
      { key: 'b', value: 'two' },
    ]);
    const only = { line: { ...line, include_keys: ['a'] }, max_text_len: 2048 };
    const without = { line: { ...line, exclude_keys: ['a'] }, max_text_len: 2048 };
    const first = await buildAndOpen([record], { directory, id: 'only', indexConfig: only });
    expect(await termsOf(first, LINE_FIELD)).toEqual(['a', 'one']);
    const second = await buildAndOpen([record], { directory, id: 'but', indexConfig: without });
    expect(await termsOf(second, LINE_FIELD)).toEqual(['__source__', '__topic__', 'b', 'two']);
  });

  test('puts what cannot be a column into the rest', async () => {
    const contents = Array.from({ length: 600 }, (_, i) => ({ key: `k${i}`, value: `v${i}` }));
    const odd = ['K0', '__time__', 'filename', 'file_row_number', '__rest__'];
    const reader = await buildAndOpen(
      [plain([...contents, ...odd.map((key) => ({ key, value: 'odd "x"' }))])],
      { directory, id: 'wide', indexConfig: { max_text_len: 2048 } },
    );
    expect(reader.columns.length).toBe(500);
    expect(reader.restFields?.length).toBe(600 + 2 + odd.length - 500);
    expect(odd.every((name) => reader.restFields?.includes(name))).toBe(true);
  });

  test('refuses more than a segment can take', async () => {
    const record = { ...plain([]), rawBytes: 2 ** 31 };
    const build = buildAndOpen([record], {
      directory,
      id: 'huge',
      indexConfig: { max_text_len: 2048 },
    });
    expect(await build.catch(errorCode)).toBe('BuildTooLarge');
  });

  test('bounds the JSON leaves that it finds, but keeps the declared ones', async () => {
    const ids = Array.from({ length: 1500 }, (_, i) => [`id${i}`, i] as const);
    const value = JSON.stringify({ ...Object.fromEntries(ids), last: 'x' });
    const key = text({ type: 'json', index_all: true, json_keys: { last: { type: 'text' } } });
    const reader = await buildAndOpen([plain([{ key: 'j', value }])], {
      directory,
      id: 'leaves',
      indexConfig: { keys: { j: key }, max_text_len: 2048 },
    });
    expect(reader.textFields.filter((name) => name.startsWith('j.')).length).toBe(1001);
    expect(rowsOf(await reader.term('j.last', 'x'))).toEqual([0]);
  });

  test('finds json leaves only down to max_depth', async () => {
    const key = text({ type: 'json', index_all: true, max_depth: 2 });
    const value = '{"a":"x","b":{"c":1.50,"d":{"e":"z"}},"f":["g"],"h":null}';
    const reader = await buildAndOpen([plain([{ key: 'j', value }])], {
      directory,
      id: 'depth',
      indexConfig: { keys: { j: key }, max_text_len: 2048 },
    });
    expect(reader.textFields.filter((name) => name.startsWith('j.'))).toEqual(['j.a', 'j.b.c']);
    expect(await termsOf(reader, 'j.b.c')).toEqual(['1.50']);
  });
});

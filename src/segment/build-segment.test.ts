import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LogRecord } from '#loghub/shard-log.ts';
import { RealFiles } from '#platform/real-files.ts';
import { compress } from '#protocol/compression.ts';
import { DEFAULT_TOKENS, type IndexConfig, type KeyIndex } from '#protocol/index-config.ts';
import { encodeLogGroup, type Log } from '#protocol/log-group.ts';
import { BlockCache } from './block-cache.ts';
import { buildSegment } from './build-segment.ts';
import { openSegment } from './open-segment.ts';
import { LINE_FIELD, type SegmentReader } from './segment.ts';

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
  const log: Log = {
    time: 1_700_000_000 + index,
    contents: Object.entries(example.fields).map(([key, value]) => ({ key, value })),
  };
  const raw = encodeLogGroup({
    logs: [log],
    topic: example.topic ?? '',
    source: example.source ?? '',
    tags: Object.entries(example.tags ?? {}).map(([key, value]) => ({ key, value })),
  });
  return {
    sequence: index + 1,
    compression: 'lz4',
    payload: compress('lz4', raw),
    rawBytes: raw.length,
    logCount: 1,
    receiveTimeMs: 1_700_000_100_000 + index,
    clientAddress: '192.0.2.1',
  };
}

describe('the example logs', () => {
  let directory = '';
  let reader: SegmentReader;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-segment-'));
    const info = await buildSegment(
      {
        id: 'example',
        shardId: 3,
        records: EXAMPLES.map(exampleRecord),
        indexConfig: EXAMPLE_INDEX,
        appendMeta: false,
        directory,
      },
      { files: new RealFiles() },
    );
    if (info === undefined) throw new Error('nothing was built');
    expect(info).toMatchObject({
      id: 'example',
      shardId: 3,
      firstSequence: 1,
      nextSequence: 9,
      rowCount: 8,
      minTime: 1_700_000_000,
      maxTime: 1_700_000_007,
      maxReceiveTimeMs: 1_700_000_100_007,
    });
    const file = await open(join(directory, 'example.idx'), 'r');
    const bytes = await file.readFile();
    await file.close();
    expect(bytes.length).toBe(info.indexBytes);
    reader = await openSegment({
      info,
      idx: {
        sizeBytes: bytes.length,
        read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
      },
      parquetPath: join(directory, 'example.parquet'),
      cache: new BlockCache(1 << 20),
    });
  });

  afterAll(() => rm(directory, { recursive: true }));

  const rowsOf = async (field: string, term: string): Promise<number[]> => {
    const rows: number[] = [];
    (await reader.term(field, term))?.forEach((row) => rows.push(row));
    return rows;
  };

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
    expect(await rowsOf(field, term)).toEqual(rows);
  });
});

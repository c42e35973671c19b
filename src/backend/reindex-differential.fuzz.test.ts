/**
 * Goal: segments that a reindex has rebuilt answer as if their logs had been written under the configuration.
 * Method: the same random log groups go to two worlds. One gets them under configuration A and is reindexed to B, the other has
 * B from the start. Everything that a reader tells of its segment must then be equal in both.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { KIB } from '#base/units.ts';
import type { Bitset } from '#kernel/bitset.ts';
import type { ShardKey } from '#loghub/shard-log.ts';
import { DEFAULT_TOKENS, type IndexConfig } from '#protocol/index-config.ts';
import { encodeLogGroup, type LogGroup, type LogPair } from '#protocol/log-group.ts';
import type { SegmentReader } from '#segment/segment.ts';
import { ALL_TIME, BackendWorld } from './backend-world.ts';

const RUNS = 15;
/** A UTC midnight, Unix seconds. */
const MIDNIGHT = 1_799_971_200;
const ALL_RANGE = { fromTime: 0, toTime: 2 ** 32 } as const;

const LINE = { token: DEFAULT_TOKENS, caseSensitive: false, chn: false } as const;
const TEXT = { ...LINE, type: 'text', doc_value: true, alias: '' } as const;
const NUMBER = { caseSensitive: false, chn: false, doc_value: true, alias: '' } as const;
const JSON_KEY = { ...TEXT, type: 'json' } as const;

/** Each differs from the others in something that a segment is built by. */
const INDEXES: readonly IndexConfig[] = [
  { line: LINE, max_text_len: 2048 },
  { line: { ...LINE, token: [';', ' '], caseSensitive: true, chn: true }, max_text_len: 64 },
  { line: { ...LINE, exclude_keys: ['msg', 'Msg'] }, max_text_len: 2048 },
  { line: { ...LINE, include_keys: ['msg', '__tag__:host'] }, max_text_len: 2048 },
  { keys: { msg: TEXT, status: TEXT, ctx: TEXT }, max_text_len: 2048 },
  {
    line: LINE,
    keys: {
      msg: { ...TEXT, chn: true },
      status: { ...NUMBER, type: 'long' },
      cost: { ...NUMBER, type: 'double' },
      Msg: TEXT,
      rowid: TEXT,
      ctx: { ...JSON_KEY, index_all: true, max_depth: 2, json_keys: {} },
    },
    max_text_len: 2048,
  },
  {
    line: LINE,
    keys: {
      status: { ...NUMBER, type: 'double' },
      cost: TEXT,
      rowid: { ...NUMBER, type: 'long' },
      ctx: {
        ...JSON_KEY,
        token: [],
        index_all: false,
        json_keys: {
          'user.id': { type: 'long', doc_value: true },
          'user.name': { type: 'text' },
          n: { type: 'double' },
        },
      },
    },
    max_text_len: 16_384,
  },
];

const anyText = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    'GET /a/b?c=d',
    'Error: time out;retry',
    'error',
    '用户登录失败',
    '日志 log',
  ),
  fc.constantFrom('0', '-7', '200', '404.5', '1e3', '9007199254740993', '0x1f', 'NaN'),
  fc.constantFrom(
    '{"user":{"id":5,"name":"Ann Lee"},"n":1.5}',
    '{"n":"x","deep":{"a":{"b":"c"}}}',
    '{"n":',
  ),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.uuid(),
);

const anyPair = fc.record({
  key: fc.constantFrom(
    'msg',
    'status',
    'cost',
    'ctx',
    'Msg',
    'rowid',
    'other',
    'an other',
    '__proto__',
  ),
  value: anyText,
});

const anyLogs = fc.array(
  fc.record({
    time: fc.integer({ min: 0, max: 5 }).map((n) => MIDNIGHT - 2 + n),
    timeNs: fc.constantFrom(0, 0, 5, 999_999_999),
    contents: fc
      .uniqueArray(anyPair, { selector: ({ key }) => key, maxLength: 7 })
      .map((pairs): LogPair[] => pairs),
  }),
  { minLength: 1, maxLength: 6 },
);

const anyGroup: fc.Arbitrary<LogGroup> = fc.record({
  topic: fc.constantFrom('', 'web', 'Ünicode'),
  source: fc.constantFrom('', '10.0.0.1'),
  tags: fc.uniqueArray(
    fc.record({ key: fc.constantFrom('host', 'pod', '__path__'), value: anyText }),
    { selector: ({ key }) => key, maxLength: 3 },
  ),
  logs: anyLogs,
});

async function worldOf(
  groups: readonly LogGroup<string | Uint8Array>[],
  index: IndexConfig,
): Promise<{ readonly world: BackendWorld; readonly shard: ShardKey }> {
  const world = await BackendWorld.open({ sealBytes: 1 * KIB, commitBytes: 2 * KIB });
  const { id: logstoreId } = await world.provision({ appendMeta: true }, { hasIndex: false });
  await world.backend.createIndex('web', 'app', index);
  const shard = { logstoreId, shardId: 0 };
  for (const group of groups) {
    const payload = encodeLogGroup(group);
    const logCount = group.logs.length;
    const receiveTimeMs = world.clock.nowMs();
    await world.shardLog.append(shard, [
      {
        compression: 'none',
        payload,
        rawBytes: payload.length,
        logCount,
        receiveTimeMs,
        clientAddress: '10.0.0.9',
      },
    ]);
  }
  await world.backend.flush(logstoreId);
  return { world, shard };
}

async function reindex(world: BackendWorld, index: IndexConfig): Promise<void> {
  await world.backend.updateIndex('web', 'app', index);
  await world.backend.reindexer.start('web', 'app', ALL_RANGE);
  await world.backend.reindexer.run();
  const report = await world.backend.reindexer.report('web', 'app');
  expect(report).toMatchObject({ state: 'done', done: report.total });
}

function rowsOf(rows: Bitset): readonly number[] {
  const numbers: number[] = [];
  rows.forEach((row) => numbers.push(row));
  return numbers;
}

interface Told {
  /** By field, with its rows by term; a map, for a log may use any name. */
  readonly fields: ReadonlyMap<string, { readonly found: ReadonlyMap<string, readonly number[]> }>;
  readonly numbers: unknown;
}

/** Everything that a segment answers, apart from its name and the sizes of its files. */
async function told(reader: SegmentReader, words: readonly string[]): Promise<Told> {
  const { id: _id, parquetBytes: _p, indexBytes: _i, parquetCrc: _c, ...info } = reader.info;
  const rows = Array.from({ length: info.rowCount }, (_, i) => i);
  const fields = new Map<string, { readonly found: ReadonlyMap<string, readonly number[]> }>();
  for (const field of reader.textFields) {
    const terms = new Set<string>();
    const matches = (term: string): boolean => terms.add(term).size > 0;
    const any = await reader.termsMatching(field, { prefix: '', matches }, 100_000);
    const found = new Map<string, readonly number[]>();
    for (const term of [...words, ...terms]) {
      const postings = await reader.term(field, term);
      if (postings !== undefined) found.set(term, rowsOf(postings));
    }
    const present = rowsOf(await reader.present(field));
    const empty = rowsOf(await reader.empty(field));
    // A field that only logs of other days have may be listed or not.
    const described = { found, any: rowsOf(any.rows), present, empty };
    if (present.length > 0) fields.set(field, described);
  }
  const numbers: Record<string, unknown> = {};
  for (const field of reader.numericFields) {
    const column = await reader.numeric(field);
    const valid = column === undefined ? [] : rowsOf(column.valid);
    if (valid.length > 0) numbers[field] = valid.map((row) => [row, column?.values[row]]);
  }
  const all = {
    info,
    fields,
    numbers,
    indexConfig: reader.indexConfig,
    times: await reader.times(),
    timeNs: await reader.timeNs(),
    logs: await reader.logs(rows),
  };
  return all;
}

async function allTold(world: BackendWorld, words: readonly string[]): Promise<readonly Told[]> {
  const logstore = await world.catalog.getLogstore('web', 'app');
  await using lease = await world.backend.acquire({ logstoreId: logstore.id, ...ALL_TIME });
  const all: Told[] = [];
  const segments = lease.segments.toSorted(
    ({ info: a }, { info: b }) => a.firstSequence - b.firstSequence || a.minTime - b.minTime,
  );
  for (const reader of segments) all.push(await told(reader, words));
  return all;
}

async function expectEqualWorlds(
  groups: readonly LogGroup<string | Uint8Array>[],
  before: IndexConfig,
  after: IndexConfig,
): Promise<readonly Told[]> {
  const { world: changed } = await worldOf(groups, before);
  const { world: fresh } = await worldOf(groups, after);
  try {
    await reindex(changed, after);
    const words = ['error', 'Error', 'get', '用户', 'web', 'ann', '10.0.0.1', 'msg', 'seldom'];
    const answers = await allTold(changed, words);
    expect(answers).toEqual(await allTold(fresh, words));
    return answers;
  } finally {
    await changed.close();
    await fresh.close();
  }
}

test('random logs under random configurations, changed or from the start', async () => {
  const anyIndex = fc.nat({ max: INDEXES.length - 1 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyGroup, { minLength: 1, maxLength: 12 }),
      anyIndex,
      fc.integer({ min: 1, max: INDEXES.length - 1 }),
      async (groups, before, step) => {
        const [a, b] = [INDEXES[before], INDEXES[(before + step) % INDEXES.length]];
        if (a === undefined || b === undefined) throw new Error('no such index');
        await expectEqualWorlds(groups, a, b);
      },
    ),
    // Shrinking takes minutes.
    { numRuns: RUNS, endOnFailure: true },
  );
}, 60_000);

test('a field among too many for columns gets one with its index', async () => {
  const many = Array.from({ length: 600 }, (_, i) => ({ key: `f${i}`, value: `seldom ${i % 7}` }));
  const logs = Array.from({ length: 5 }, (_, i) => ({
    time: MIDNIGHT + i,
    contents: [...many, { key: 'late', value: `${i}` }, { key: 'Late', value: 'other case' }],
  }));
  const groups = [{ topic: '', source: '', tags: [], logs }];
  const after: IndexConfig = {
    keys: { late: { ...NUMBER, type: 'long' }, f599: TEXT },
    max_text_len: 2048,
  };
  const answers = await expectEqualWorlds(groups, { line: LINE, max_text_len: 2048 }, after);
  expect(answers).toMatchObject([{ numbers: { late: [0, 1, 2, 3, 4].map((n) => [n, n]) } }]);
});

test('a line index that goes takes nothing of the fields along, one that comes finds them all', async () => {
  const logs = Array.from({ length: 9 }, (_, i) => ({
    time: MIDNIGHT + i,
    contents: [{ key: 'msg', value: `Error ${i} seldom` }],
  }));
  const groups = [{ topic: '', source: '', tags: [], logs }];
  const line: IndexConfig = { line: LINE, max_text_len: 2048 };
  const keys: IndexConfig = { keys: { msg: TEXT }, max_text_len: 2048 };
  const rows = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  for (const [before, after, field] of [
    [line, keys, 'msg'],
    [keys, line, ''],
  ] as const) {
    const [segment] = await expectEqualWorlds(groups, before, after);
    const { found } = segment?.fields.get(field) ?? {};
    expect([found?.get('error'), found?.get('seldom')]).toEqual([rows, rows]);
  }
});

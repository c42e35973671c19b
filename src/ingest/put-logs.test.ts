import { describe, expect, test } from 'vitest';

import { AppError, errorCode } from '#base/app-error.ts';
import { DAY_MS, MIB, MINUTE_MS } from '#base/units.ts';
import { EmbeddedShardLog } from '#loghub/embedded/embedded-shard-log.ts';
import type { AppendWriter, NewRecord, ShardKey, ShardLog } from '#loghub/shard-log.ts';
import type { Logstore, Shard } from '#meta/catalog-types.ts';
import { Catalog } from '#meta/catalog.ts';
import { MemoryMetaStore } from '#meta/memory/memory-meta-store.ts';
import { MemoryFiles } from '#platform/memory-files.ts';
import { MemoryClock } from '#platform/memory-clock.ts';
import { SeededRandom } from '#platform/seeded-random.ts';
import { compress, decompress } from '#protocol/compression.ts';
import { divideKeySpace } from '#protocol/hash-key.ts';
import { decodeLogGroup, encodeLogGroup, type LogGroup } from '#protocol/log-group.ts';
import { encodeLogPackageList, type LogPackage } from '#protocol/log-package-list.ts';
import { Ingest, type IngestOptions, type PutLogsRequest } from './put-logs.ts';

const NOW_MS = 1_772_526_827_500;
const NOW = 1_772_526_827;

/** The append side of the port, where a test can see what arrives and hold it up. */
class AppendProbe implements Pick<ShardLog, 'append'> {
  readonly batches: {
    readonly shard: ShardKey;
    readonly records: readonly NewRecord[];
    readonly writer: AppendWriter | undefined;
  }[] = [];
  gate: Promise<void> = Promise.resolve();

  async append(
    shard: ShardKey,
    records: readonly NewRecord[],
    writer?: AppendWriter,
  ): Promise<number> {
    await this.gate;
    this.batches.push({ shard, records, writer });
    return this.batches.length;
  }
}

interface Scene {
  readonly log: AppendProbe;
  readonly ingest: Ingest;
  readonly put: (request?: Partial<PutLogsRequest>) => Promise<void>;
  /** The error code of a put, or 'accepted'. */
  readonly outcome: (request?: Partial<PutLogsRequest>) => Promise<string | undefined>;
}

async function scene(
  options: IngestOptions = {},
  logstore: Partial<Logstore> = {},
): Promise<Scene> {
  const clock = new MemoryClock({ nowMs: NOW_MS });
  const catalog = new Catalog({ clock, random: new SeededRandom(1) }, new MemoryMetaStore());
  await catalog.createProject({ projectName: 'demo', description: '', attributes: {} });
  await catalog.createLogstore({ ...LOGSTORE, ...logstore });
  const log = new AppendProbe();
  const ingest = new Ingest(options, { catalog, shardLog: log, clock });
  const put = (request: Partial<PutLogsRequest> = {}): Promise<void> =>
    ingest.putLogs({ ...REQUEST, ...request });
  const outcome = (request: Partial<PutLogsRequest> = {}): Promise<string | undefined> =>
    put(request).then(
      () => 'accepted',
      (error: unknown) => errorCode(error),
    );
  return { log, ingest, put, outcome };
}

function shards(count: number): readonly Shard[] {
  return divideKeySpace(count).map((range, shardId) => ({
    ...range,
    shardId,
    status: 'readwrite',
    createTimeMs: 0,
  }));
}

const LOGSTORE: Logstore = {
  id: 'store1',
  projectName: 'demo',
  logstoreName: 'app_log',
  ttl: 30,
  enableTracking: false,
  autoSplit: false,
  maxSplitShard: 64,
  appendMeta: false,
  shards: shards(2),
  index: undefined,
  indexModifyTimeMs: 0,
  createTimeMs: 0,
  lastModifyTimeMs: 0,
  attributes: {},
};

function group(times: readonly number[] = [NOW], value: string | Uint8Array = 'v'): Uint8Array {
  return encodeLogGroup({
    logs: times.map((time) => ({ time, contents: [{ key: 'k', value }] })),
    topic: 't',
    source: '10.0.0.1',
    tags: [],
  });
}

/** A valid group of just so many bytes, which are about 10 MB. */
function fill(bytes: number): Uint8Array {
  const logs = Array.from({ length: 10 }, () => ({
    time: NOW,
    contents: [{ key: 'k', value: 'x'.repeat(1_048_000) }],
  }));
  const empty = encodeLogGroup({ logs, topic: '', source: '', tags: [] });
  // The length of the topic takes one byte more than that of an empty one.
  const topic = 'y'.repeat(bytes - empty.length - 1);
  return encodeLogGroup({ logs, topic, source: '', tags: [] });
}

function packed(raw: Uint8Array): LogPackage {
  return { data: compress('lz4', raw), rawBytes: raw.length, compression: 'lz4' };
}

const GROUP = group([NOW, NOW + 1, NOW + 2]);

const REQUEST: PutLogsRequest = {
  projectName: 'demo',
  logstoreName: 'app_log',
  body: GROUP,
  compression: 'none',
  rawBytes: undefined,
  form: 'protobuf',
  clientAddress: '192.0.2.7',
};

function stored(log: AppendProbe): readonly LogGroup[] {
  return log.batches
    .flatMap((batch) => batch.records)
    .map(({ compression, payload, rawBytes }) =>
      decodeLogGroup(decompress(compression, payload, rawBytes, MIB)),
    );
}

describe('one log group', () => {
  test('is appended in the bytes of the client, with its counts', async () => {
    for (const compression of ['lz4', 'deflate', 'zstd', 'gzip', 'none'] as const) {
      const { log, put } = await scene();
      const body = compress(compression, GROUP);
      await put({ body, compression, rawBytes: GROUP.length });
      const { records, shard } = log.batches[0] ?? { records: [], shard: undefined };
      expect(shard).toEqual({ logstoreId: 'store1', shardId: 0 });
      expect(records).toEqual([
        {
          compression,
          payload: body,
          rawBytes: GROUP.length,
          logCount: 3,
          receiveTimeMs: NOW_MS,
          clientAddress: '192.0.2.7',
        },
      ]);
      expect(records[0]?.payload).toBe(body);
    }
  });

  test('without logs is accepted and leaves no trace', async () => {
    const { log, outcome } = await scene();
    expect(await outcome({ body: new Uint8Array() })).toBe('accepted');
    expect(await outcome({ body: group([]) })).toBe('accepted');
    expect(log.batches).toEqual([]);
  });

  test('of exactly 10 MB raw is accepted, one byte more is not', async () => {
    const { outcome } = await scene();
    const exact = fill(10 * 1024 * 1024);
    expect(exact.length).toBe(10_485_760);
    const over = fill(10 * 1024 * 1024 + 1);
    expect(await outcome({ body: exact })).toBe('accepted');
    expect(await outcome({ body: over })).toBe('PostBodyTooLarge');
    for (const compression of ['lz4', 'zstd'] as const) {
      const request = (raw: Uint8Array): Partial<PutLogsRequest> => ({
        body: compress(compression, raw),
        compression,
        rawBytes: raw.length,
      });
      expect(await outcome(request(exact))).toBe('accepted');
      expect(await outcome(request(over))).toBe('PostBodyTooLarge');
    }
  });

  test('with a lying or missing raw size is refused', async () => {
    const { log, outcome } = await scene();
    const lz4 = { body: compress('lz4', GROUP), compression: 'lz4' } as const;
    expect(await outcome({ ...lz4, rawBytes: GROUP.length - 1 })).toBe('PostBodyUncompressError');
    expect(await outcome({ ...lz4, rawBytes: GROUP.length + 1 })).toBe('PostBodyUncompressError');
    expect(await outcome({ ...lz4, rawBytes: 0 })).toBe('PostBodyUncompressError');
    expect(await outcome({ ...lz4, rawBytes: undefined })).toBe('MissingBodyRawSize');
    expect(await outcome({ ...lz4, rawBytes: 11 * MIB })).toBe('PostBodyTooLarge');
    const wrongType = { ...lz4, compression: 'zstd', rawBytes: GROUP.length } as const;
    expect(await outcome(wrongType)).toBe('PostBodyUncompressError');
    expect(log.batches).toEqual([]);
  });

  test('that breaks a rule is refused as a whole', async () => {
    const { log, outcome } = await scene();
    expect(await outcome({ body: Buffer.from('not protobuf') })).toBe('PostBodyInvalid');
    expect(await outcome({ body: group([NOW, 0]) })).toBe('InvalidTimestamp');
    expect(await outcome({ body: group([NOW], 'x'.repeat(MIB + 1)) })).toBe('PostBodyInvalid');
    expect(log.batches).toEqual([]);
  });

  test('keeps values that are not UTF-8', async () => {
    const { log, put } = await scene();
    const body = group([NOW], Uint8Array.of(0xff, 0xfe));
    await put({ body });
    expect(log.batches[0]?.records[0]?.payload).toEqual(body);
  });

  test('a long client address is cut to what the log keeps', async () => {
    const { log, put } = await scene();
    await put({ clientAddress: 'a'.repeat(100) });
    expect(log.batches[0]?.records[0]?.clientAddress).toHaveLength(64);
  });
});

describe('time window', () => {
  test('by default any time but 0 passes', async () => {
    const { outcome } = await scene();
    expect(await outcome({ body: group([1, 0xffffffff]) })).toBe('accepted');
  });

  test('a configured window refuses logs outside of it', async () => {
    const timeWindow = { pastMs: 7 * DAY_MS, futureMs: 15 * MINUTE_MS };
    const { outcome } = await scene({ timeWindow });
    expect(await outcome({ body: group([NOW - 7 * 86_400 + 1, NOW + 900]) })).toBe('accepted');
    expect(await outcome({ body: group([NOW, NOW - 7 * 86_400]) })).toBe('PostBodyInvalid');
    expect(await outcome({ body: group([NOW, NOW + 901]) })).toBe('PostBodyInvalid');
  });

  test('each side can be open', async () => {
    const past = await scene({ timeWindow: { pastMs: undefined, futureMs: 0 } });
    expect(await past.outcome({ body: group([1]) })).toBe('accepted');
    expect(await past.outcome({ body: group([NOW + 1]) })).toBe('PostBodyInvalid');
    const future = await scene({ timeWindow: { pastMs: 0, futureMs: undefined } });
    expect(await future.outcome({ body: group([NOW + 9e6]) })).toBe('accepted');
    expect(await future.outcome({ body: group([NOW - 1]) })).toBe('PostBodyInvalid');
  });
});

describe('the shard', () => {
  test('without a key each readwrite shard has its turn', async () => {
    const four = shards(4).map((shard) =>
      shard.shardId === 2 ? { ...shard, status: 'readonly' as const } : shard,
    );
    const { log, put } = await scene({}, { shards: four });
    for (let count = 0; count < 6; count += 1) await put();
    expect(log.batches.map(({ shard }) => shard.shardId)).toEqual([0, 1, 3, 0, 1, 3]);
  });

  test('with a key it is the one whose range holds it', async () => {
    const { log, put } = await scene();
    for (const hashKey of ['7', '8', 'ffffffffffffffffffffffffffffffff', '00']) {
      await put({ hashKey });
    }
    expect(log.batches.map(({ shard }) => shard.shardId)).toEqual([0, 1, 1, 0]);
  });

  test('a key in the range of a split shard goes to the shard that replaced it', async () => {
    const halves = shards(2).map((shard) => ({ ...shard, shardId: shard.shardId + 1 }));
    const old = { ...shards(1)[0], status: 'readonly' } as Shard;
    const { log, put } = await scene({}, { shards: [old, ...halves] });
    await put({ hashKey: '8' });
    expect(log.batches[0]?.shard.shardId).toBe(2);
  });

  test('a key that is not hexadecimal is refused', async () => {
    const { outcome } = await scene();
    expect(await outcome({ hashKey: 'xyz' })).toBe('ParameterInvalid');
  });

  test('a logstore without writable shards is refused', async () => {
    const readonly = shards(1).map((shard) => ({ ...shard, status: 'readonly' as const }));
    const { outcome } = await scene({}, { shards: readonly });
    expect(await outcome()).toBe('LogStoreWithoutShard');
    expect(await outcome({ hashKey: '8' })).toBe('LogStoreWithoutShard');
  });

  test('an unknown project or logstore is told by its code', async () => {
    const { outcome } = await scene();
    expect(await outcome({ projectName: 'other' })).toBe('ProjectNotExist');
    expect(await outcome({ logstoreName: 'other' })).toBe('LogStoreNotExist');
  });
});

describe('JSON bodies', () => {
  const JSON_BODY = Buffer.from(
    '{"__topic__":"t","__logs__":[{"__time__":1700000000,"k":"v"},{"n":1}],"__tags__":{"h":"a"}}',
  );

  test('become log groups', async () => {
    const { log, put } = await scene();
    await put({ form: 'json', body: JSON_BODY });
    expect(log.batches[0]?.records[0]).toMatchObject({ compression: 'lz4', logCount: 2 });
    expect(stored(log)).toEqual([
      {
        topic: 't',
        source: '',
        tags: [{ key: 'h', value: 'a' }],
        logs: [
          { time: 1_700_000_000, contents: [{ key: 'k', value: 'v' }] },
          { time: NOW, contents: [{ key: 'n', value: '1' }] },
        ],
      },
    ]);
  });

  test('may be compressed', async () => {
    const { log, put } = await scene();
    const body = compress('lz4', JSON_BODY);
    await put({ form: 'json', body, compression: 'lz4', rawBytes: JSON_BODY.length });
    expect(stored(log)[0]?.logs).toHaveLength(2);
  });

  test('are held to the rules of any group', async () => {
    const { log, outcome } = await scene();
    const put = (text: string): Promise<string | undefined> =>
      outcome({ form: 'json', body: Buffer.from(text) });
    expect(await put('{"__logs__":[{"":"v"}]}')).toBe('InvalidKey');
    expect(await put(`{"__logs__":[{"${'k'.repeat(129)}":"v"}]}`)).toBe('InvalidKey');
    expect(await put('{"__logs__":[{"__time__":0}]}')).toBe('InvalidTimestamp');
    expect(await put('{"__logs__":1}')).toBe('PostBodyInvalid');
    expect(await put('{"__logs__":[]}')).toBe('accepted');
    expect(log.batches).toEqual([]);
  });

  test('that grow past the limit as log groups are refused', async () => {
    const { outcome } = await scene({ bodyRawBytesMax: 100 });
    const body = Buffer.from(`{"__logs__":[${Array.from({ length: 20 }, () => '{}').join()}]}`);
    expect(body.length).toBeLessThan(100);
    expect(await outcome({ form: 'json', body })).toBe('PostBodyTooLarge');
  });
});

describe('web tracking', () => {
  const body = Buffer.from('{"__logs__":[{"__time__":"5","k":"v"}]}');
  const tracked = { form: 'json', tracking: true, body } as const;

  test('needs the permission of the logstore', async () => {
    const { log, outcome } = await scene();
    expect(await outcome(tracked)).toBe('Unauthorized');
    expect(log.batches).toEqual([]);
  });

  test('gets time and source from the server', async () => {
    const { log, put } = await scene({}, { enableTracking: true });
    await put(tracked);
    expect(stored(log)[0]).toMatchObject({ source: '192.0.2.7', logs: [{ time: NOW }] });
  });
});

describe('batches of groups', () => {
  test('become one record a group, in one append', async () => {
    const { log, put } = await scene();
    const plain = { data: group([7]), rawBytes: undefined, compression: 'none' } as const;
    const body = encodeLogPackageList([packed(GROUP), packed(group([])), plain]);
    // LoongCollector names a compression and a raw size that mean nothing here.
    await put({ form: 'packages', body, compression: 'lz4', rawBytes: body.length });
    expect(log.batches).toHaveLength(1);
    expect(log.batches[0]?.records).toMatchObject([
      { compression: 'lz4', logCount: 3, rawBytes: GROUP.length },
      { compression: 'none', logCount: 1 },
    ]);
    expect(stored(log).map((item) => item.logs.length)).toEqual([3, 1]);
  });

  test('are refused as a whole when one group is bad', async () => {
    const { log, outcome } = await scene();
    const bad = [
      [packed(group([0])), 'InvalidTimestamp'],
      [{ ...packed(GROUP), rawBytes: 5 }, 'PostBodyUncompressError'],
      [{ ...packed(GROUP), rawBytes: undefined }, 'PostBodyInvalid'],
    ] as const;
    for (const [item, code] of bad) {
      const body = encodeLogPackageList([packed(GROUP), item]);
      expect(await outcome({ form: 'packages', body })).toBe(code);
    }
    expect(log.batches).toEqual([]);
  });

  test('share one limit of raw bytes', async () => {
    const { outcome } = await scene({ bodyRawBytesMax: 2 * GROUP.length });
    const two = encodeLogPackageList([packed(GROUP), packed(GROUP)]);
    const three = encodeLogPackageList([packed(GROUP), packed(GROUP), packed(GROUP)]);
    expect(await outcome({ form: 'packages', body: two })).toBe('accepted');
    expect(await outcome({ form: 'packages', body: three })).toBe('PostBodyTooLarge');
  });
});

describe('writes of a writer', () => {
  const hashKey = '00112233445566778899AABBCCDDEEFF';

  test('hand its key and range to the shard', async () => {
    const { log, put } = await scene();
    await put({ hashKey, writerRange: { previous: 5, sequence: 9 } });
    await put({ hashKey });
    expect(log.batches.map((batch) => batch.writer)).toEqual([
      { key: hashKey.toLowerCase(), previous: 5, sequence: 9 },
      undefined,
    ]);
  });

  test.each([
    [hashKey, 5, 5],
    [hashKey, 9, 5],
    [hashKey, -1, 5],
    [hashKey, 0, Number.MAX_SAFE_INTEGER + 1],
    [hashKey, Number.NaN, 5],
    ['ff', 0, 5],
    [undefined, 0, 5],
  ])('are refused when they make no sense: key %s, %d to %d', async (key, previous, sequence) => {
    const { log, outcome } = await scene();
    expect(await outcome({ hashKey: key, writerRange: { previous, sequence } })).toBe(
      'ParameterInvalid',
    );
    expect(log.batches).toEqual([]);
  });
});

test('what was acknowledged can be read back, also by a log that is opened again', async () => {
  const clock = new MemoryClock({ nowMs: NOW_MS });
  const files = new MemoryFiles();
  const options = { directory: '/data/log', durability: 'fsync' } as const;
  const shardLog = await EmbeddedShardLog.open(options, { files, clock });
  const shard = { logstoreId: LOGSTORE.id, shardId: 0 };
  await shardLog.createShard(shard);
  const catalog = { getLogstore: () => Promise.resolve({ ...LOGSTORE, shards: shards(1) }) };
  const ingest = new Ingest({}, { catalog, shardLog, clock });
  const lz4 = compress('lz4', GROUP);
  await ingest.putLogs({ ...REQUEST, body: lz4, compression: 'lz4', rawBytes: GROUP.length });
  const body = encodeLogPackageList([packed(GROUP), packed(group([7]))]);
  await ingest.putLogs({ ...REQUEST, body, form: 'packages' });
  const survivors = files.crash(new SeededRandom(1));
  const reopened = await EmbeddedShardLog.open(options, { files: survivors, clock });
  const records = await reopened.read(shard, 1, { maxRecords: 10, maxPayloadBytes: MIB });
  expect(records.map(({ sequence, logCount }) => [sequence, logCount])).toEqual([
    [1, 3],
    [2, 3],
    [3, 1],
  ]);
  expect(Buffer.from(records[0]?.payload ?? []).equals(lz4)).toBe(true);
});

describe('memory', () => {
  test('too many bodies in flight give ServerBusy until some are written', async () => {
    const { log, ingest, put, outcome } = await scene({ inFlightBytesMax: 2 * GROUP.length });
    const gate = Promise.withResolvers<void>();
    log.gate = gate.promise;
    const first = put();
    const second = put();
    expect(ingest.inFlightBytes).toBe(2 * GROUP.length);
    expect(await outcome()).toBe('ServerBusy');
    gate.resolve();
    await Promise.all([first, second]);
    expect(ingest.inFlightBytes).toBe(0);
    expect(await outcome()).toBe('accepted');
    expect(log.batches).toHaveLength(3);
  });

  test('a refused write gives its bytes back', async () => {
    const { ingest, log, outcome } = await scene();
    expect(await outcome({ body: Buffer.from('junk') })).toBe('PostBodyInvalid');
    log.gate = Promise.reject(new AppError('ServerBusy', 'queue is full'));
    expect(await outcome()).toBe('ServerBusy');
    expect(ingest.inFlightBytes).toBe(0);
  });
});

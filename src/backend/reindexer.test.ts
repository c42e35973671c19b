import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS, KIB, SECOND_MS } from '#base/units.ts';
import type { ShardKey } from '#loghub/shard-log.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import type { SegmentInfo } from '#segment/segment.ts';
import { ALL_TIME, BackendWorld, TEST_INDEX, TEST_LOGSTORE } from './backend-world.ts';
import { indexHash } from './index-hash.ts';
import { reindexKey } from './reindex-record.ts';
import type { ReindexReport } from './reindex-report.ts';

const ALL_RANGE = { fromTime: 0, toTime: 2 ** 32 } as const;
/** A UTC midnight, Unix seconds; the clock of a world starts eight hours later. */
const MIDNIGHT = 1_799_971_200;
const DAY = 86_400;

const NUMBERED: IndexConfig = {
  ...TEST_INDEX,
  keys: { text: { type: 'long', caseSensitive: false, chn: false, doc_value: true, alias: '' } },
};
const OTHER: IndexConfig = {
  line: { token: [';'], caseSensitive: true, chn: false },
  max_text_len: 64,
};

let world: BackendWorld;
let shard: ShardKey;

beforeEach(async () => {
  world = await BackendWorld.open({ sealBytes: 4 * KIB });
  const { id: logstoreId } = await world.provision();
  shard = { logstoreId, shardId: 0 };
});

afterEach(async () => {
  await world.close();
});

/** Commits a group of three logs, so many times, each on a day of its own from `day` on; gives all times. */
async function commitDays(count: number, day = 0, of = shard): Promise<readonly number[]> {
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    const timeOf = (i: number): number => MIDNIGHT + (day + n) * DAY + i;
    await world.append(of, 3, { timeOf, textOf: (i) => `${i}` });
    times.push(timeOf(0), timeOf(1), timeOf(2));
    await world.backend.flush(of.logstoreId);
  }
  return times;
}

function start(range: { fromTime: number; toTime: number } = ALL_RANGE): Promise<ReindexReport> {
  return world.backend.reindexer.start('web', 'app', range);
}

function report(logstoreName = 'app'): Promise<ReindexReport> {
  return world.backend.reindexer.report('web', logstoreName);
}

async function reindex(): Promise<ReindexReport> {
  await start();
  await world.backend.reindexer.run();
  return report();
}

async function segments(logstoreId = shard.logstoreId): Promise<readonly SegmentInfo[]> {
  const { segments: all } = await world.search(logstoreId);
  return all.toSorted((a, b) => a.minTime - b.minTime);
}

async function hashes(): Promise<readonly (string | undefined)[]> {
  return (await segments()).map((info) => info.indexHash);
}

describe('a reindex', () => {
  test('rebuilds what was committed under another configuration, and each log stays once', async () => {
    const times = await commitDays(4);
    const before = await segments();
    await world.backend.updateIndex('web', 'app', NUMBERED);
    const fresh = await commitDays(2, 10);
    const total = { segmentCount: 4, rowCount: 12, rawBytes: 0 };
    for (const { rawBytes } of before) total.rawBytes += rawBytes;
    expect(await start()).toMatchObject({ state: 'waiting', ...ALL_RANGE, total });
    await world.backend.reindexer.run();
    expect(await report()).toEqual({
      state: 'done',
      ...ALL_RANGE,
      createTimeMs: world.clock.nowMs(),
      endTimeMs: world.clock.nowMs(),
      indexHash: indexHash(NUMBERED),
      total,
      done: total,
    });
    const after = await segments();
    expect(new Set(after.map((info) => info.indexHash))).toEqual(new Set([indexHash(NUMBERED)]));
    expect(await world.foundTimes(shard.logstoreId)).toEqual([...times, ...fresh]);
    for (const [i, { id, ...old }] of before.entries()) {
      const { rowCount, rawBytes, minTime, maxTime, maxReceiveTimeMs } = old;
      const { firstSequence, nextSequence } = old;
      const kept = { rowCount, rawBytes, minTime, maxTime, maxReceiveTimeMs };
      expect(after[i]).toMatchObject({ ...kept, firstSequence, nextSequence });
      expect(after[i]?.id).not.toBe(id);
    }
    await using lease = await world.backend.acquire({ logstoreId: shard.logstoreId, ...ALL_TIME });
    for (const reader of lease.segments)
      expect((await reader.numeric('text'))?.valid.count()).toBe(reader.info.rowCount);
    expect(world.backend.stats()).toMatchObject({
      reindexedSegmentCount: 4,
      reindexedBytes: total.rawBytes,
      reindexCount: 0,
      failureCount: 0,
    });
  });

  test('leaves no file of the old segments, and none of its own work', async () => {
    await commitDays(3);
    await world.backend.updateIndex('web', 'app', NUMBERED);
    await reindex();
    const expected = (await segments()).flatMap(({ id }) => [`${id}.idx`, `${id}.parquet`]);
    const keys = await world.blobStore.list('seg/', { limit: 99 });
    expect(keys.map((key) => key.split('/').at(-1) ?? '').toSorted()).toEqual(expected.toSorted());
    expect(await world.files.list('data/backend/l0')).toEqual([]);
  });

  test('touches only segments of the time range, at once done when there are none', async () => {
    await commitDays(4);
    await world.backend.updateIndex('web', 'app', NUMBERED);
    await start({ fromTime: MIDNIGHT + DAY, toTime: MIDNIGHT + 3 * DAY });
    await world.backend.reindexer.run();
    const [old, present] = [indexHash(TEST_INDEX), indexHash(NUMBERED)];
    expect(await report()).toMatchObject({ state: 'done', done: { segmentCount: 2 } });
    expect(await hashes()).toEqual([old, present, present, old]);
    await start({ fromTime: MIDNIGHT + DAY, toTime: MIDNIGHT + 3 * DAY });
    await world.backend.reindexer.run();
    expect(await report()).toMatchObject({ state: 'done', total: { segmentCount: 0 } });
  });

  test('commits what was received but not committed, which has the present configuration', async () => {
    await world.append(shard, 3);
    await world.search(shard.logstoreId);
    await world.backend.updateIndex('web', 'app', NUMBERED);
    await world.append(shard, 2);
    await world.search(shard.logstoreId);
    expect(await reindex()).toMatchObject({ state: 'done', done: { rowCount: 3 } });
    expect((await world.search(shard.logstoreId)).rowCount).toBe(5);
    expect(world.backend.stats().shards).toMatchObject({
      sealedSegmentCount: 0,
      uncommittedCount: 0,
    });
    expect(new Set(await hashes())).toEqual(new Set([indexHash(NUMBERED)]));
  });

  test('a query under way keeps the old segment and its files until it ends', async () => {
    await commitDays(1);
    await world.backend.updateIndex('web', 'app', NUMBERED);
    const lease = await world.backend.acquire({ logstoreId: shard.logstoreId, ...ALL_TIME });
    await reindex();
    expect(await world.blobStore.list('seg/', { limit: 9 })).toHaveLength(4);
    expect(await lease.segments[0]?.logs([0, 1, 2])).toHaveLength(3);
    expect(lease.segments[0]?.indexConfig).toEqual(TEST_INDEX);
    await lease[Symbol.asyncDispose]();
    expect(await world.blobStore.list('seg/', { limit: 9 })).toHaveLength(2);
  });

  test('rebuilds segments in day records too', async () => {
    const times: number[] = [];
    for (let n = 0; n < 70; n++) {
      times.push(...(await commitDays(1, n)));
      await world.clock.advance(HOUR_MS);
    }
    await world.clock.advance(3 * DAY_MS);
    times.push(...(await commitDays(1, 70)));
    const names = (await world.metaStore.list('manifest/', { limit: 99 })).map(({ key }) => key);
    expect(names.length).toBeGreaterThan(2);
    await world.backend.updateIndex('web', 'app', OTHER);
    expect(await reindex()).toMatchObject({ state: 'done', done: { segmentCount: 71 } });
    expect(await world.foundTimes(shard.logstoreId)).toEqual(times);
    expect(new Set(await hashes())).toEqual(new Set([indexHash(OTHER)]));
  });

  test('afterwards segments of one day are compacted with those written later', async () => {
    for (let n = 0; n < 4; n++) await commitDays(1);
    await world.backend.updateIndex('web', 'app', NUMBERED);
    for (let n = 0; n < 4; n++) await commitDays(1);
    await world.backend.compact();
    expect(await segments()).toHaveLength(8);
    await reindex();
    await world.backend.compact();
    const all = await segments();
    expect(all.map(({ rowCount, indexHash: hash }) => [rowCount, hash])).toEqual([
      [24, indexHash(NUMBERED)],
    ]);
  });

  test('builds more pieces than one merge reads, in the order of the rows', async () => {
    const times: number[] = [];
    for (let n = 0; n < 300; n++) {
      const timeOf = (i: number): number => MIDNIGHT + n * 2 + i;
      await world.append(shard, 2, { timeOf, textOf: () => `${n} ${'x'.repeat(120)}` });
      times.push(timeOf(0), timeOf(1));
    }
    await world.backend.flush(shard.logstoreId);
    expect(await segments()).toHaveLength(1);
    world = await world.reopen({ sealBytes: 256 });
    await world.backend.updateIndex('web', 'app', NUMBERED);
    await reindex();
    expect(await world.foundTimes(shard.logstoreId)).toEqual(times);
    await using lease = await world.backend.acquire({ logstoreId: shard.logstoreId, ...ALL_TIME });
    const [reader] = lease.segments;
    const rows = Array.from({ length: 600 }, (_, i) => i);
    const texts = (await reader?.logs(rows))?.map(({ text }) => Number(text?.split(' ')[0]));
    expect(texts).toEqual(rows.map((row) => Math.floor(row / 2)));
    expect(await world.files.list('data/backend/l0')).toEqual([]);
  });
});

describe('a job', () => {
  test('survives a restart and goes on where the manifests are', async () => {
    await commitDays(3);
    await world.backend.updateIndex('web', 'app', NUMBERED);
    const { createTimeMs } = await start();
    world = await world.reopen();
    expect(await report()).toMatchObject({ createTimeMs, total: { segmentCount: 3 } });
    expect(world.backend.stats().reindexCount).toBe(1);
    await world.backend.reindexer.run();
    expect(await report()).toMatchObject({ state: 'done', done: { segmentCount: 3, rowCount: 9 } });
    const ended = await report();
    world = await world.reopen();
    expect(await report()).toEqual(ended);
  });

  test('the timer goes on with it', async () => {
    await commitDays(2);
    await world.backend.updateIndex('web', 'app', NUMBERED);
    await start();
    world = await world.reopen();
    void world.backend.run();
    await world.clock.advance(3 * SECOND_MS);
    await world.settle();
    while ((await report()).state !== 'done') await new Promise(setImmediate);
    expect(new Set(await hashes())).toEqual(new Set([indexHash(NUMBERED)]));
  });

  test('no segment begins while a commit is due', async () => {
    await commitDays(2);
    await world.backend.updateIndex('web', 'app', NUMBERED);
    await world.append(shard, 1);
    await world.search(shard.logstoreId);
    await world.clock.advance(11 * 60 * SECOND_MS);
    await start();
    await world.backend.reindexer.run();
    expect(await report()).toMatchObject({ state: 'waiting', done: { segmentCount: 0 } });
    await world.backend.flush(shard.logstoreId);
    await world.backend.reindexer.run();
    expect(await report()).toMatchObject({ state: 'done' });
  });

  test('is one for a logstore at a time, and can be asked for again once it is over', async () => {
    await commitDays(1);
    await world.backend.updateIndex('web', 'app', NUMBERED);
    await start();
    await expect(start()).rejects.toMatchObject({ code: 'JobAlreadyExist' });
    await world.backend.reindexer.run();
    await world.clock.advance(1000);
    await world.backend.updateIndex('web', 'app', OTHER);
    expect(await reindex()).toMatchObject({ state: 'done', indexHash: indexHash(OTHER) });
    world = await world.reopen();
    expect(await report()).toMatchObject({ state: 'done', indexHash: indexHash(OTHER) });
  });

  test('several logstores have theirs one after the other', async () => {
    const other = await world.backend.createLogstore('web', {
      ...TEST_LOGSTORE,
      logstoreName: 'b',
    });
    await world.backend.createIndex('web', 'b', TEST_INDEX);
    await commitDays(3);
    await commitDays(2, 0, { logstoreId: other.id, shardId: 0 });
    for (const name of ['app', 'b']) await world.backend.updateIndex('web', name, NUMBERED);
    await start();
    await world.clock.advance(1);
    await world.backend.reindexer.start('web', 'b', ALL_RANGE);
    expect(await report('b')).toMatchObject({ state: 'waiting', done: { segmentCount: 0 } });
    await world.backend.reindexer.run();
    expect(await report()).toMatchObject({ state: 'done', done: { segmentCount: 3 } });
    expect(await report('b')).toMatchObject({ state: 'done', done: { segmentCount: 2 } });
  });

  test('can be cancelled: nothing of it goes on, what is rebuilt stays', async () => {
    const times = await commitDays(5);
    await world.backend.updateIndex('web', 'app', NUMBERED);
    await start();
    while (world.backend.stats().reindexedSegmentCount < 2) await Promise.resolve();
    const cancelled = await world.backend.reindexer.cancel('web', 'app');
    expect(cancelled.state).toBe('cancelled');
    const { reindexedSegmentCount } = world.backend.stats();
    expect(cancelled.done.segmentCount).toBe(reindexedSegmentCount);
    expect(reindexedSegmentCount).toBeLessThan(5);
    await world.backend.reindexer.run();
    expect(world.backend.stats()).toMatchObject({ reindexedSegmentCount, reindexCount: 0 });
    expect(await world.backend.reindexer.cancel('web', 'app')).toEqual(cancelled);
    expect(await world.foundTimes(shard.logstoreId)).toEqual(times);
    expect(await reindex()).toMatchObject({
      state: 'done',
      total: { segmentCount: 5 - reindexedSegmentCount },
    });
    expect(await world.files.list('data/backend/l0')).toEqual([]);
  });

  test('goes on with the newest configuration when that changes under it', async () => {
    const times = await commitDays(4);
    await world.backend.updateIndex('web', 'app', NUMBERED);
    await start();
    while (world.backend.stats().reindexedSegmentCount < 1) await Promise.resolve();
    await world.backend.updateIndex('web', 'app', OTHER);
    await world.backend.reindexer.run();
    const over = await report();
    expect(over).toMatchObject({ state: 'done', indexHash: indexHash(OTHER), done: over.total });
    expect(over.total.segmentCount).toBe(4);
    expect(await hashes()).toEqual([OTHER, OTHER, OTHER, OTHER].map(indexHash));
    expect(await world.foundTimes(shard.logstoreId)).toEqual(times);
  });

  test('fails when the index is deleted under it, and is refused without one', async () => {
    await commitDays(4);
    await world.backend.updateIndex('web', 'app', NUMBERED);
    await start();
    await world.backend.deleteIndex('web', 'app');
    await world.backend.reindexer.run();
    expect(await report()).toMatchObject({ state: 'failed', errorCode: 'IndexConfigNotExist' });
    await expect(start()).rejects.toMatchObject({ code: 'IndexConfigNotExist' });
    expect(world.backend.stats().failureCount).toBe(0);
    expect(await world.blobStore.list('seg/', { limit: 9 })).toEqual([]);
  });

  test('goes with its logstore, and with it only', async () => {
    await expect(report()).rejects.toMatchObject({ code: 'JobNotExist' });
    await commitDays(4);
    await world.backend.updateIndex('web', 'app', NUMBERED);
    await start();
    await world.backend.deleteLogstore('web', 'app');
    await world.backend.reindexer.run();
    await expect(report()).rejects.toMatchObject({ code: 'LogStoreNotExist' });
    expect(await world.metaStore.get(reindexKey(shard.logstoreId))).toBeUndefined();
    expect(world.backend.stats()).toMatchObject({ reindexCount: 0, failureCount: 0 });
    await world.backend.createLogstore('web', TEST_LOGSTORE);
    await expect(report()).rejects.toMatchObject({ code: 'JobNotExist' });
  });

  test('has a segment with damaged rows built from the log', async () => {
    const times = await commitDays(3);
    const [key = ''] = (await world.blobStore.list('seg/', { limit: 9 })).filter((one) =>
      one.endsWith('.parquet'),
    );
    world.files.corrupt(`data/blob/blobs/${key}`, 60);
    await world.backend.updateIndex('web', 'app', NUMBERED);
    expect(await reindex()).toMatchObject({ state: 'done', done: { segmentCount: 3 } });
    expect(await world.foundTimes(shard.logstoreId)).toEqual(times);
    expect(world.backend.stats()).toMatchObject({ rebuildCount: 1, damagedCount: 0 });
    expect((await world.backend.scrub({ repair: false })).findings).toEqual([]);
  });

  test('fails in the end when a segment cannot be built at all, with all others rebuilt', async () => {
    await commitDays(3);
    const [key = ''] = (await world.blobStore.list('seg/', { limit: 9 })).filter((one) =>
      one.endsWith('.parquet'),
    );
    world.files.corrupt(`data/blob/blobs/${key}`, 60);
    await world.shardLog.trim(shard, world.clock.nowMs() + 1);
    const { firstSequence } = await world.shardLog.bounds(shard);
    await world.backend.updateIndex('web', 'app', NUMBERED);
    // A small log is one file, which is not trimmed while it is written to.
    if (firstSequence === 1) {
      const folder = `data/wal/${shard.logstoreId}/0`;
      const [file = ''] = (await world.files.list(folder)).filter((name) => name.endsWith('.wal'));
      const { sizeBytes } = await world.files.stat(`${folder}/${file}`);
      await world.close();
      for (let at = 100; at < sizeBytes; at += 20) world.files.corrupt(`${folder}/${file}`, at);
      world = await BackendWorld.open(world.options, world);
    }
    expect(await reindex()).toMatchObject({
      state: 'failed',
      errorCode: 'SegmentDamaged',
      done: { segmentCount: 2 },
    });
  });

  test('tries again after a failure, later each time, and says why', async () => {
    await commitDays(2);
    await world.backend.updateIndex('web', 'app', NUMBERED);
    await start();
    await world.backend.reindexer.cancel('web', 'app');
    await world.files.removeTree('data/backend/l0');
    await start();
    await world.backend.reindexer.run();
    expect(await report()).toMatchObject({ state: 'running', errorCode: 'ENOENT' });
    expect(world.backend.stats()).toMatchObject({ failureCount: 1, reindexCount: 1 });
    await world.backend.reindexer.run();
    expect(world.backend.stats().failureCount).toBe(1);
    await world.files.makeDirectory('data/backend/l0');
    await world.clock.advance(SECOND_MS);
    await world.backend.reindexer.run();
    const over = await report();
    expect(over).toMatchObject({ state: 'done', done: { segmentCount: 2 } });
    expect(over.errorCode).toBeUndefined();
  });

  test('a record that cannot be read is dropped, and the server starts', async () => {
    const key = reindexKey(shard.logstoreId);
    await world.metaStore.compareAndSet(key, new TextEncoder().encode('{"version":9}'), 0);
    world = await world.reopen();
    await expect(report()).rejects.toMatchObject({ code: 'JobNotExist' });
    expect(await world.metaStore.get(key)).toBeUndefined();
  });
});

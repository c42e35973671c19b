import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS, KIB } from '#base/units.ts';
import type { ShardKey } from '#loghub/shard-log.ts';
import type { SegmentInfo } from '#segment/segment.ts';
import { ALL_TIME, BackendWorld, TEST_LOGSTORE } from './backend-world.ts';

/** A UTC midnight, Unix seconds; the clock of a world starts eight hours later. */
const MIDNIGHT = 1_799_971_200;
const DAY = 86_400;

/** 10 kB: six groups of three fill a file of the log. */
function longText(): string {
  return 'x'.repeat(10_000);
}

let world: BackendWorld;

beforeEach(async () => {
  world = await BackendWorld.open();
});

afterEach(async () => {
  await world.close();
});

/** Appends a group of three logs, commits it, and gives their times. */
async function commitLogs(shard: ShardKey, count: number, day = 0): Promise<readonly number[]> {
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    const { nextSequence } = await world.shardLog.bounds(shard);
    const timeOf = (i: number): number => MIDNIGHT + day * DAY + 10 * nextSequence + i;
    await world.append(shard, 3, { timeOf });
    times.push(timeOf(0), timeOf(1), timeOf(2));
    await world.backend.flush(shard.logstoreId);
  }
  return times;
}

async function segmentsOf(logstoreId: string): Promise<readonly SegmentInfo[]> {
  return (await world.search(logstoreId)).segments;
}

/** Flips a byte of a file of the only (or first) segment. */
async function damage(extension: 'idx' | 'parquet', offset = 60): Promise<string> {
  const keys = await world.blobStore.list('seg/', { limit: 999 });
  const key = keys.find((one) => one.endsWith(`.${extension}`)) ?? '';
  world.files.corrupt(`data/blob/blobs/${key}`, offset);
  return key;
}

describe('days', () => {
  test('a commit makes a segment for each day of log time, and late logs go to theirs', async () => {
    const { id: logstoreId } = await world.provision();
    const shard = { logstoreId, shardId: 0 };
    const expected: number[] = [];
    for (let n = 0; n < 12; n++) {
      const timeOf = (i: number): number => MIDNIGHT - n * DAY + (n % 2) * 100 + i;
      await world.append(shard, 2, { timeOf });
      expected.push(timeOf(0), timeOf(1));
    }
    await world.backend.flush(logstoreId);
    const segments = await segmentsOf(logstoreId);
    expect(segments).toHaveLength(8);
    const oneDay = segments.filter(
      ({ minTime, maxTime }) => Math.floor(minTime / DAY) === Math.floor(maxTime / DAY),
    );
    expect(oneDay).toHaveLength(7);
    expect(new Set(segments.map(({ firstSequence }) => firstSequence))).toEqual(new Set([1]));
    expect(await world.foundTimes(logstoreId)).toEqual(expected.toSorted((a, b) => a - b));
  });

  test('all that a restart has to seal again is sealed in pieces and committed once', async () => {
    const sizes = { sealBytes: 2 * KIB, commitBytes: 1024 * KIB };
    await world.close();
    world = await BackendWorld.open(sizes);
    const { id: logstoreId } = await world.provision();
    for (let n = 0; n < 60; n++) await world.append({ logstoreId, shardId: 0 }, 5);
    await world.search(logstoreId);
    world = await world.reopen(sizes);
    await world.backend.flush(logstoreId);
    expect(world.backend.stats().sealCount).toBeGreaterThan(3);
    const segments = await segmentsOf(logstoreId);
    expect(segments.map(({ rowCount }) => rowCount)).toEqual([300]);
  });
});

describe('compaction', () => {
  test('eight segments of a day become one with the same logs', async () => {
    const { id: logstoreId } = await world.provision();
    const shard = { logstoreId, shardId: 0 };
    const times = await commitLogs(shard, 8);
    await world.backend.compact();
    const segments = await segmentsOf(logstoreId);
    expect(segments).toHaveLength(1);
    expect(segments[0]).toMatchObject({ firstSequence: 1, nextSequence: 9, rowCount: 24 });
    expect(await world.foundTimes(logstoreId)).toEqual(times);
    expect(await world.blobStore.list('seg/', { limit: 99 })).toHaveLength(2);
    expect(await world.files.list('data/backend/l0')).toEqual([]);
    world = await world.reopen();
    expect(await world.foundTimes(logstoreId)).toEqual(times);
    expect(world.backend.stats().failureCount).toBe(0);
  });

  test('other log days, other days of receipt and other index configurations stay apart', async () => {
    const { id: logstoreId } = await world.provision();
    const shard = { logstoreId, shardId: 0 };
    const times = [...(await commitLogs(shard, 4, -1)), ...(await commitLogs(shard, 4))];
    await world.backend.updateIndex('web', 'app', {
      line: { token: [';'], caseSensitive: false, chn: false },
      max_text_len: 2048,
    });
    times.push(...(await commitLogs(shard, 4)));
    await world.clock.advance(15 * HOUR_MS);
    await world.backend.compact();
    expect(await segmentsOf(logstoreId)).toHaveLength(4 + 4 + 4);
    // The first day of receipt is over: what it left is brought together, by day and configuration.
    await world.clock.advance(2 * HOUR_MS);
    times.push(...(await commitLogs(shard, 4)));
    await world.backend.compact();
    expect(await segmentsOf(logstoreId)).toHaveLength(1 + 1 + 1 + 4);
    await world.clock.advance(DAY_MS);
    await world.backend.compact();
    expect(await segmentsOf(logstoreId)).toHaveLength(4);
    expect(await world.foundTimes(logstoreId)).toEqual(times.toSorted((a, b) => a - b));
  });

  test('a query under way keeps the segments that it found', async () => {
    const { id: logstoreId } = await world.provision();
    await commitLogs({ logstoreId, shardId: 0 }, 8);
    const lease = await world.backend.acquire({ logstoreId, ...ALL_TIME });
    await world.backend.compact();
    expect(lease.segments).toHaveLength(8);
    for (const reader of lease.segments) {
      expect(await reader.times()).toHaveLength(3);
      expect((await world.files.stat(reader.parquetPath)).sizeBytes).toBeGreaterThan(0);
    }
    await lease[Symbol.asyncDispose]();
    expect(await world.blobStore.list('seg/', { limit: 99 })).toHaveLength(2);
  });

  test('none begins while a commit is due', async () => {
    const { id: logstoreId } = await world.provision({ shardCount: 2 });
    await commitLogs({ logstoreId, shardId: 0 }, 8);
    await world.append({ logstoreId, shardId: 1 }, 1);
    await world.clock.advance(11 * 60_000);
    await world.backend.compact();
    expect(world.backend.stats().compactionCount).toBe(0);
    await world.backend.flush(logstoreId);
    await world.backend.compact();
    expect(world.backend.stats().compactionCount).toBe(1);
  });

  test('the timer compacts by itself, also the shards of a restart', async () => {
    const { id: logstoreId } = await world.provision();
    const times = await commitLogs({ logstoreId, shardId: 0 }, 8);
    world = await world.reopen();
    void world.backend.run();
    await world.clock.advance(2000);
    await expect.poll(() => world.backend.stats().compactionCount).toBe(1);
    expect(await world.foundTimes(logstoreId)).toEqual(times);
  });

  test('an index or a logstore can go while its shard is compacted', async () => {
    const { id: logstoreId } = await world.provision();
    await commitLogs({ logstoreId, shardId: 0 }, 8);
    const compacting = world.backend.compact();
    await world.backend.deleteIndex('web', 'app');
    await compacting;
    expect(await world.blobStore.list('seg/', { limit: 99 })).toEqual([]);
    await world.backend.deleteLogstore('web', 'app');
    expect(await world.files.list('data/backend/l0')).toEqual([]);
    expect((await world.metaStore.list('', { limit: 9 })).map(({ key }) => key)).toEqual([
      'project/web',
    ]);
  });

  test('retention keeps its promise: nothing outlives its ttl by more than a day', async () => {
    const { id: logstoreId } = await world.provision({ ttl: 3 });
    const shard = { logstoreId, shardId: 0 };
    const start = world.clock.nowMs();
    for (let hour = 0; hour < 48; hour += 3) {
      await commitLogs(shard, 1);
      await world.clock.advance(3 * HOUR_MS);
    }
    await world.clock.advance(HOUR_MS);
    await world.backend.compact();
    expect((await segmentsOf(logstoreId)).length).toBeLessThan(6);
    await world.clock.advance(start + 3 * DAY_MS + 24 * HOUR_MS - world.clock.nowMs());
    await world.backend.expire();
    for (const info of await segmentsOf(logstoreId)) expect(info.firstSequence).toBeGreaterThan(1);
  });
});

describe('damage of a committed segment', () => {
  test.each(['idx', 'parquet'] as const)(
    'a flipped byte of its .%s is found by a scrub, and repaired from the log',
    async (extension) => {
      const { id: logstoreId } = await world.provision();
      const times = await commitLogs({ logstoreId, shardId: 0 }, 3);
      expect((await world.backend.scrub({ repair: false })).findings).toEqual([]);
      const key = await damage(extension);
      const kind = extension === 'idx' ? 'index' : 'rows';
      const found = { kind, logstoreId, shardId: 0, file: key };
      const report = await world.backend.scrub({ repair: false });
      expect(report.findings).toMatchObject([{ ...found, repaired: false }]);
      const repaired = await world.backend.scrub({ repair: true });
      expect(repaired.findings).toMatchObject([{ ...found, repaired: true }]);
      expect((await world.backend.scrub({ repair: false })).findings).toEqual([]);
      expect(await world.foundTimes(logstoreId)).toEqual(times);
      expect(await segmentsOf(logstoreId)).toHaveLength(3);
      expect(world.backend.stats()).toMatchObject({ rebuildCount: 1, damagedCount: 0 });
    },
  );

  test('a query that meets it waits for the rebuild and misses nothing', async () => {
    const { id: logstoreId } = await world.provision();
    const times = await commitLogs({ logstoreId, shardId: 0 }, 3);
    const key = await damage('idx');
    const { sizeBytes } = await world.files.stat(`data/blob/blobs/${key}`);
    world.files.corrupt(`data/blob/blobs/${key}`, sizeBytes - 30);
    world = await world.reopen();
    expect(await world.foundTimes(logstoreId)).toEqual(times);
    expect(world.backend.stats()).toMatchObject({ rebuildCount: 1, damagedSegmentCount: 1 });
  });

  test('a query that is told of it under way fails, and the next one finds all', async () => {
    const { id: logstoreId } = await world.provision();
    const times = await commitLogs({ logstoreId, shardId: 0 }, 1);
    await using lease = await world.backend.acquire({ logstoreId, ...ALL_TIME });
    const [reader] = lease.segments;
    for (let offset = 12; offset < 100; offset++) await damage('idx', offset);
    const read = Promise.all([reader?.term('', 'number'), reader?.times()]);
    await expect(read).rejects.toMatchObject({ code: 'ServerBusy' });
    await expect.poll(() => world.backend.stats().rebuildCount).toBe(1);
    expect(await world.foundTimes(logstoreId)).toEqual(times);
  });

  test('a compaction that meets it has it built again, and goes on later', async () => {
    const { id: logstoreId } = await world.provision();
    const times = await commitLogs({ logstoreId, shardId: 0 }, 8);
    await damage('parquet');
    await world.backend.compact();
    await world.settle();
    expect(world.backend.stats()).toMatchObject({ compactionCount: 0, rebuildCount: 1 });
    expect(await world.files.list('data/backend/l0')).toEqual([]);
    await world.clock.advance(5 * 60_000);
    await world.backend.compact();
    expect(world.backend.stats().compactionCount).toBe(1);
    expect(await world.foundTimes(logstoreId)).toEqual(times);
  });

  test('a local segment that is damaged is sealed again', async () => {
    const { id: logstoreId } = await world.provision();
    const shard = { logstoreId, shardId: 0 };
    for (let n = 0; n < 2; n++) {
      await world.append(shard, 5);
      await world.search(logstoreId);
    }
    const names = await world.files.list('data/backend/l0');
    for (const name of names)
      for (let offset = 12; offset < 40; offset++)
        world.files.corrupt(`data/backend/l0/${name}`, offset);
    await expect(world.backend.flush(logstoreId)).rejects.toMatchObject({ code: 'SegmentDamaged' });
    await world.backend.flush(logstoreId);
    expect((await world.search(logstoreId)).rowCount).toBe(10);
    expect(world.backend.stats()).toMatchObject({ damagedSegmentCount: 1, commitCount: 1 });
    expect(await world.files.list('data/backend/l0')).toEqual([]);
  });

  test('segments that share sequences are built again together', async () => {
    const { id: logstoreId } = await world.provision();
    const shard = { logstoreId, shardId: 0 };
    const expected: number[] = [];
    for (let n = 0; n < 9; n++) {
      const timeOf = (i: number): number => MIDNIGHT - (n % 3) * DAY + 10 * n + i;
      await world.append(shard, 2, { timeOf });
      expected.push(timeOf(0), timeOf(1));
      if (n % 3 === 2) await world.backend.flush(logstoreId);
    }
    const before = await segmentsOf(logstoreId);
    expect(before).toHaveLength(9);
    await damage('idx');
    await world.backend.scrub({ repair: true });
    const after = await segmentsOf(logstoreId);
    expect(after).toHaveLength(9);
    expect(after.filter(({ id }) => before.some((one) => one.id === id))).toHaveLength(6);
    expect(await world.foundTimes(logstoreId)).toEqual(expected.toSorted((a, b) => a - b));
  });

  test('a file that is missing is built again', async () => {
    const { id: logstoreId } = await world.provision();
    const times = await commitLogs({ logstoreId, shardId: 0 }, 2);
    const [key = ''] = await world.blobStore.list('seg/', { limit: 1 });
    await world.files.remove(`data/blob/blobs/${key}`);
    world = await world.reopen();
    const report = await world.backend.scrub({ repair: false });
    expect(report.findings).toMatchObject([
      { kind: 'index', file: key, what: 'the file is missing' },
    ]);
    expect(await world.foundTimes(logstoreId)).toEqual(times);
    expect((await world.backend.scrub({ repair: false })).findings).toEqual([]);
  });

  test('a segment in a day record is built again', async () => {
    const { id: logstoreId } = await world.provision({ ttl: 3650 });
    const times: number[] = [];
    for (let n = 0; n < 66; n++) {
      times.push(...(await commitLogs({ logstoreId, shardId: 0 }, 1)));
      await world.clock.advance(HOUR_MS);
    }
    await damage('parquet');
    const { findings } = await world.backend.scrub({ repair: true });
    expect(findings.map(({ repaired }) => repaired)).toEqual([true]);
    world = await world.reopen();
    expect(await world.foundTimes(logstoreId)).toEqual(times);
  });

  test('what neither the log nor the rows hold any more stays an error, and other segments answer', async () => {
    const { id: logstoreId } = await world.provision({ ttl: 3650 });
    const shard = { logstoreId, shardId: 0 };
    await commitLogs(shard, 1, -100);
    // Enough for the file of the first log to be closed and taken by the ttl of the log alone.
    for (let n = 0; n < 8; n++) await world.append(shard, 3, { textOf: longText });
    await world.backend.flush(logstoreId);
    await world.clock.advance(DAY_MS);
    for (let n = 0; n < 8; n++) await world.append(shard, 3, { textOf: longText });
    await world.shardLog.trim(shard, world.clock.nowMs());
    expect((await world.shardLog.bounds(shard)).firstSequence).toBeGreaterThan(2);
    const keys = await world.blobStore.list('seg/', { limit: 99 });
    const key = keys.find((one) => one.includes('/0-1-') && one.endsWith('.idx')) ?? '';
    const { sizeBytes } = await world.files.stat(`data/blob/blobs/${key}`);
    world.files.corrupt(`data/blob/blobs/${key}`, sizeBytes - 30);
    world.files.corrupt(`data/blob/blobs/${key.replace(/idx$/u, 'parquet')}`, 60);
    world = await world.reopen();
    const { findings } = await world.backend.scrub({ repair: true });
    expect(findings).toMatchObject([
      { kind: 'wal', what: expect.stringContaining('are missing, segments have them') as unknown },
      { kind: 'index', file: key, repaired: false },
      { kind: 'rows', repaired: false },
    ]);
    await expect(world.search(logstoreId)).rejects.toMatchObject({ code: 'SegmentDamaged' });
    const range = { fromTime: MIDNIGHT, toTime: MIDNIGHT + 3 * DAY };
    expect((await world.search(logstoreId, range)).rowCount).toBe(48);
    expect(world.backend.stats().damagedCount).toBe(1);
  });
});

describe('a scrub', () => {
  test('tells of damaged records of the log', async () => {
    const { id: logstoreId } = await world.provision();
    const shard = { logstoreId, shardId: 0 };
    for (let n = 0; n < 5; n++) await world.append(shard, 10);
    await world.backend.flush(logstoreId);
    await world.shardLog.close();
    const folder = `data/wal/${logstoreId}/0`;
    const [file = ''] = (await world.files.list(folder)).filter((name) => name.endsWith('.wal'));
    const { sizeBytes } = await world.files.stat(`${folder}/${file}`);
    world.files.corrupt(`${folder}/${file}`, Math.floor(sizeBytes / 2));
    world = await world.reopen();
    const report = await world.backend.scrub({ repair: true });
    expect(report.findings).toEqual([
      {
        kind: 'wal',
        logstoreId,
        shardId: 0,
        file: `wal/${logstoreId}/0`,
        what: '1 records from sequence 3 on cannot be read',
        repaired: false,
      },
    ]);
    expect(report.recordCount).toBe(4);
    expect(report.segmentCount).toBe(1);
    expect((await world.search(logstoreId)).rowCount).toBe(50);
  });

  test('tells of manifests that cannot be read', async () => {
    const { id: logstoreId } = await world.provision();
    await commitLogs({ logstoreId, shardId: 0 }, 1);
    const key = `manifest/${logstoreId}/0/head`;
    const revision = (await world.metaStore.get(key))?.revision ?? 0;
    await world.metaStore.compareAndSet(key, Uint8Array.of(1, 2, 3), revision);
    world = await world.reopen();
    const { findings } = await world.backend.scrub({ repair: true });
    expect(findings).toMatchObject([{ kind: 'manifest', file: key, repaired: false }]);
    // Nothing that the manifest may name was removed.
    expect(await world.blobStore.list('seg/', { limit: 9 })).toHaveLength(2);
  });

  test('finds files that belong to nothing, and removes them when it may', async () => {
    const { id: logstoreId } = await world.provision();
    const times = await commitLogs({ logstoreId, shardId: 0 }, 2);
    const orphans = [`seg/${logstoreId}/0/0-9-dead.idx`, 'seg/00000000000000000000/3/3-1-dead.idx'];
    for (const key of orphans) {
      const handle = await world.files.open('data/temp', 'create');
      await handle.close();
      await world.blobStore.putFile(key, 'data/temp');
    }
    const found = async (repair: boolean): Promise<readonly unknown[]> =>
      (await world.backend.scrub({ repair })).findings.map((one) => [
        one.kind,
        one.file,
        one.repaired,
      ]);
    expect(await found(false)).toEqual(orphans.map((key) => ['orphan', key, false]));
    expect(await found(true)).toEqual(orphans.map((key) => ['orphan', key, true]));
    expect(await found(true)).toEqual([]);
    expect(await world.foundTimes(logstoreId)).toEqual(times);
  });

  test('says how far it is, runs once at a time and can be given up', async () => {
    const { id: logstoreId } = await world.provision({ shardCount: 2 });
    for (const shardId of [0, 1]) await commitLogs({ logstoreId, shardId }, 3);
    const shares: number[] = [];
    const first = world.backend.scrub({
      repair: false,
      onProgress: ({ checkedBytes, totalBytes }) => shares.push(checkedBytes / totalBytes),
    });
    await expect(world.backend.scrub({ repair: false })).rejects.toMatchObject({
      code: 'ScrubInProgress',
    });
    const report = await first;
    expect(report).toMatchObject({ segmentCount: 6, recordCount: 6 });
    expect(shares.length).toBeGreaterThan(6);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await expect(world.backend.scrub({ repair: true, signal })).rejects.toBe(reason);
    expect((await world.backend.scrub({ repair: false })).findings).toEqual([]);
  });
});

describe('many shards', () => {
  test('idle ones cost nothing: no timer of their own and no call of a store', async () => {
    await world.provision({ shardCount: 250 });
    await world.backend.createLogstore('web', {
      ...TEST_LOGSTORE,
      logstoreName: 'more',
      shardCount: 250,
    });
    await world.backend.createIndex('web', 'more', {
      line: { token: [' '], caseSensitive: false, chn: false },
      max_text_len: 2048,
    });
    world = await world.reopen();
    void world.backend.run();
    await world.clock.advance(3000);
    await world.settle();
    const { operationCount } = world.files;
    const { changeCount } = world.metaStore;
    await world.clock.advance(20 * 60_000);
    expect(world.clock.sleeperCount).toBe(1);
    expect(world.files.operationCount).toBe(operationCount);
    expect(world.metaStore.changeCount).toBe(changeCount);
    expect(world.backend.stats()).toMatchObject({ sealCount: 0, commitCount: 0, readerCount: 0 });
  });

  test('a hot shard does not keep the others from being sealed, nor they it', async () => {
    await world.close();
    world = await BackendWorld.open({ sealBytes: 2 * KIB, commitBytes: 1024 * KIB });
    const { id: logstoreId } = await world.provision({ shardCount: 10 });
    void world.backend.run();
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    world.files.intercept(({ path }) => (path.includes('/l0/') ? held : undefined));
    for (let n = 0; n < 400; n++) await world.append({ logstoreId, shardId: 0 }, 20);
    for (let shardId = 1; shardId < 10; shardId++)
      for (let n = 0; n < 8; n++) await world.append({ logstoreId, shardId }, 20);
    // Which shards are at work, in the order of their first files.
    const order: number[] = [];
    const seen = new Set<string>();
    world.files.intercept(({ path }) => {
      const [, name = '', shardId] = /\/l0\/((\d+)-\d+-[0-9a-f]+)/u.exec(path) ?? [];
      if (shardId === undefined || seen.has(name)) return;
      seen.add(name);
      order.push(Number(shardId));
    });
    release();
    await world.settle();
    const lastOfOthers = order.findLastIndex((shardId) => shardId !== 0);
    const hotCount = order.filter((shardId) => shardId === 0).length;
    expect(hotCount).toBeGreaterThan(60);
    // Each other shard has two or three seals: they take turns with the hot one.
    expect(new Set(order.slice(0, 24)).size).toBe(10);
    expect(lastOfOthers).toBeLessThan(45);
    expect(order.slice(0, lastOfOthers)).toContain(0);
    expect((await world.search(logstoreId)).rowCount).toBe(400 * 20 + 9 * 8 * 20);
  });

  test('local segments stay bounded when commits fail, and what is behind is told', async () => {
    await world.close();
    world = await BackendWorld.open({ sealBytes: 2 * KIB, commitBytes: 4 * KIB });
    const { id: logstoreId } = await world.provision();
    void world.backend.run();
    world.files.intercept(({ path, kind }) => {
      if (kind === 'makeDirectory' && path.includes('/blobs/'))
        throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    });
    for (let n = 0; n < 200; n++) await world.append({ logstoreId, shardId: 0 }, 20);
    for (let i = 0; i < 20; i++) {
      await world.clock.advance(2000);
      await world.settle();
      expect(world.backend.stats().shards.sealedBytes).toBeLessThan(4 * 4 * KIB + 3 * KIB);
    }
    const { shards, failureCount } = world.backend.stats();
    expect(failureCount).toBeGreaterThan(1);
    expect(shards.pendingCount).toBeGreaterThan(50);
    expect(shards.pendingBytes).toBeGreaterThan(shards.pendingCount * 100);
    expect(shards.pendingMs).toBeGreaterThan(30_000);
    expect(shards.uncommittedCount).toBe(200);
    // There is no room for more, so a query fails instead of missing what is not indexed.
    await expect(world.search(logstoreId)).rejects.toMatchObject({ code: 'ENOSPC' });
    world.files.intercept(undefined);
    await world.clock.advance(120_000);
    await world.backend.flush(logstoreId);
    expect((await world.search(logstoreId)).rowCount).toBe(4000);
    expect(world.backend.stats().shards).toMatchObject({ pendingCount: 0, uncommittedCount: 0 });
  });
});

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KIB, MINUTE_MS } from '#base/units.ts';
import { ALL_TIME, BackendWorld, TEST_INDEX, TEST_LOGSTORE } from './backend-world.ts';

const DAY_MS = 24 * 60 * MINUTE_MS;

let world: BackendWorld;

beforeEach(async () => {
  world = await BackendWorld.open();
});

afterEach(async () => {
  await world.close();
});

async function totalRows(logstoreId: string): Promise<number> {
  return (await world.search(logstoreId)).rowCount;
}

describe('searching', () => {
  test('a search sees every log that was acknowledged before it', async () => {
    const { id: logstoreId } = await world.provision();
    expect(await totalRows(logstoreId)).toBe(0);
    for (let i = 1; i <= 5; i++) {
      await world.append({ logstoreId, shardId: 0 }, 3);
      expect(await totalRows(logstoreId)).toBe(3 * i);
    }
  });

  test('all shards of a logstore are searched', async () => {
    const { id: logstoreId } = await world.provision({ shardCount: 4 });
    for (let shardId = 0; shardId < 4; shardId++)
      await world.append({ logstoreId, shardId }, shardId + 1);
    const { rowCount, segments } = await world.search(logstoreId);
    expect(rowCount).toBe(10);
    expect(segments.map(({ shardId }) => shardId).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
  });

  test('searches at the same time share one seal', async () => {
    const { id: logstoreId } = await world.provision();
    await world.append({ logstoreId, shardId: 0 }, 7);
    const found = await Promise.all(Array.from({ length: 20 }, () => totalRows(logstoreId)));
    expect(new Set(found)).toEqual(new Set([7]));
    expect(world.backend.stats().sealCount).toBe(1);
  });

  test('segments outside the time range are left out, sealed or committed', async () => {
    const { id: logstoreId } = await world.provision();
    const shard = { logstoreId, shardId: 0 };
    await world.append(shard, 1, { time: 1000 });
    await world.backend.flush(logstoreId);
    await world.append(shard, 2, { time: 2000 });
    const rows = async (fromTime: number, toTime: number): Promise<number> =>
      (await world.search(logstoreId, { fromTime, toTime })).rowCount;
    expect(await rows(0, 1000)).toBe(0);
    expect(await rows(1000, 1001)).toBe(1);
    expect(await rows(1000, 2000)).toBe(1);
    expect(await rows(1001, 3000)).toBe(2);
    expect(await rows(1000, 2001)).toBe(3);
  });

  test('a lease keeps its files although their segments are committed or dropped meanwhile', async () => {
    const { id: logstoreId } = await world.provision();
    const shard = { logstoreId, shardId: 0 };
    await world.append(shard, 1);
    await world.backend.flush(logstoreId);
    await world.append(shard, 2);
    const lease = await world.backend.acquire({ logstoreId, ...ALL_TIME });
    expect(lease.segments).toHaveLength(2);
    await world.backend.flush(logstoreId);
    await world.backend.deleteLogstore('web', 'app');
    for (const reader of lease.segments)
      expect(await reader.times()).toHaveLength(reader.info.rowCount);
    for (const { parquetPath } of lease.segments)
      expect((await world.files.stat(parquetPath)).sizeBytes).toBeGreaterThan(0);
    await lease[Symbol.asyncDispose]();
    for (const { parquetPath } of lease.segments)
      await expect(world.files.stat(parquetPath)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('a lease says which of its segments are committed, and how many there are at all', async () => {
    const { id: logstoreId } = await world.provision();
    const shard = { logstoreId, shardId: 0 };
    await world.append(shard, 1, { time: 1000 });
    await world.backend.flush(logstoreId);
    await world.append(shard, 2, { time: 2_000_000 });
    await world.backend.flush(logstoreId);
    await world.append(shard, 3, { time: 1000 });
    await using lease = await world.backend.acquire({ logstoreId, fromTime: 0, toTime: 1001 });
    expect(lease.segments.map(({ info }) => info.firstSequence)).toEqual([1, 3]);
    expect(lease).toMatchObject({ committedCount: 1, total: { committed: 2, sealed: 1 } });
  });

  test('a search that is given up stops waiting', async () => {
    const { id: logstoreId } = await world.provision();
    await world.append({ logstoreId, shardId: 0 }, 1);
    const signal = AbortSignal.abort(new Error('given up'));
    await expect(world.backend.acquire({ logstoreId, ...ALL_TIME, signal })).rejects.toThrow(
      'given up',
    );
    expect(await totalRows(logstoreId)).toBe(1);
  });

  test('a search that may not wait gets what is indexed, and the rest when it asks again', async () => {
    const { id: logstoreId } = await world.provision();
    const shard = { logstoreId, shardId: 0 };
    await world.append(shard, 1);
    await world.backend.flush(logstoreId);
    await world.append(shard, 2);
    // The files of the new segment cannot be written until the early search has its answer.
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    world.files.intercept(({ path }) => (path.includes('/l0/') ? held : undefined));
    const acquiring = world.backend.acquire({ logstoreId, ...ALL_TIME, waitMs: 10 });
    while (world.clock.sleeperCount === 0) await new Promise(setImmediate);
    await world.clock.advance(10);
    const early = await acquiring;
    world.files.intercept(undefined);
    release();
    expect(early.isComplete).toBe(false);
    expect(early.segments.map(({ info }) => info.rowCount)).toEqual([1]);
    await early[Symbol.asyncDispose]();
    const later = await world.backend.acquire({ logstoreId, ...ALL_TIME });
    expect(later.isComplete).toBe(true);
    expect(later.segments.map(({ info }) => info.rowCount)).toEqual([1, 2]);
    await later[Symbol.asyncDispose]();
  });

  test('a logstore without an index, or that is gone, cannot be searched', async () => {
    const { id: logstoreId } = await world.provision({}, { hasIndex: false });
    await world.append({ logstoreId, shardId: 0 }, 1);
    await expect(totalRows(logstoreId)).rejects.toMatchObject({
      code: 'IndexConfigNotExist',
      message: 'logstore without index config',
    });
    await expect(totalRows('nothing')).rejects.toMatchObject({ code: 'LogStoreNotExist' });
    expect(world.backend.stats().sealCount).toBe(0);
  });

  test('groups without any log are passed over', async () => {
    const { id: logstoreId } = await world.provision();
    const shard = { logstoreId, shardId: 0 };
    await world.append(shard, 0);
    expect(await world.search(logstoreId)).toEqual({ rowCount: 0, segments: [] });
    await world.backend.flush(logstoreId);
    expect(world.backend.shardStats(logstoreId)[0]?.uncommittedCount).toBe(0);
    await world.append(shard, 2);
    expect(await totalRows(logstoreId)).toBe(2);
  });
});

describe('committing', () => {
  test('a commit puts all rows into one segment and the local ones go', async () => {
    const { id: logstoreId } = await world.provision();
    const shard = { logstoreId, shardId: 0 };
    for (let i = 0; i < 5; i++) {
      await world.append(shard, 2);
      await totalRows(logstoreId);
    }
    expect((await world.search(logstoreId)).segments).toHaveLength(5);
    await world.backend.flush(logstoreId);
    const { rowCount, segments } = await world.search(logstoreId);
    expect(rowCount).toBe(10);
    expect(segments).toHaveLength(1);
    expect(segments[0]).toMatchObject({ firstSequence: 1, nextSequence: 6, rowCount: 10 });
    expect(await world.files.list('data/backend/l0')).toEqual([]);
    const { parquetBytes = 0, indexBytes = 0 } = segments[0] ?? {};
    expect(world.backend.shardStats(logstoreId)).toEqual([
      {
        shardId: 0,
        pendingCount: 0,
        pendingBytes: 0,
        pendingMs: 0,
        uncommittedCount: 0,
        sealedBytes: 0,
        sealedFileBytes: 0,
        sealedSegmentCount: 0,
        committedSegmentCount: 1,
        committedFileBytes: parquetBytes + indexBytes,
        isSealing: false,
        isMerging: false,
      },
    ]);
  });

  test('committed rows are found after a restart, others are sealed again', async () => {
    const { id: logstoreId } = await world.provision();
    const shard = { logstoreId, shardId: 0 };
    await world.append(shard, 2);
    await world.backend.flush(logstoreId);
    await world.append(shard, 3);
    expect(await totalRows(logstoreId)).toBe(5);
    world = await world.reopen();
    expect(await world.files.list('data/backend/l0')).toEqual([]);
    expect(await totalRows(logstoreId)).toBe(5);
    expect((await world.search(logstoreId)).segments).toHaveLength(2);
  });

  test('enough bytes are sealed and committed without anybody asking', async () => {
    await world.close();
    world = await BackendWorld.open({ sealBytes: 2 * KIB, commitBytes: 8 * KIB });
    const { id: logstoreId } = await world.provision();
    for (let i = 0; i < 80; i++) await world.append({ logstoreId, shardId: 0 }, 20);
    const running = world.backend.run();
    await expect
      .poll(async () => {
        await world.clock.advance(2000);
        return world.backend.shardStats(logstoreId)[0]?.committedSegmentCount;
      })
      .toBeGreaterThan(2);
    const stats = world.backend.stats();
    expect(stats.failureCount).toBe(0);
    expect(stats.sealCount).toBeGreaterThan(stats.commitCount);
    const { rowCount, segments } = await world.search(logstoreId);
    expect(rowCount).toBe(1600);
    const rawBytes = segments.map((segment) => segment.rawBytes);
    expect(Math.max(...rawBytes)).toBeLessThan(12 * KIB);
    await world.backend.stop();
    await running;
  });

  test('the timer commits what is older than the interval', async () => {
    const { id: logstoreId } = await world.provision();
    const running = world.backend.run();
    await world.append({ logstoreId, shardId: 0 }, 20);
    await world.clock.advance(9 * MINUTE_MS);
    expect(world.backend.stats().commitCount).toBe(0);
    await world.clock.advance(MINUTE_MS + 2000);
    await expect.poll(() => world.backend.stats().commitCount).toBe(1);
    expect(world.backend.shardStats(logstoreId)[0]?.uncommittedCount).toBe(0);
    await world.backend.stop();
    await running;
  });

  test('many small local segments are folded, and hold the same rows', async () => {
    const { id: logstoreId } = await world.provision();
    const running = world.backend.run();
    for (let i = 1; i <= 100; i++) {
      await world.append({ logstoreId, shardId: 0 }, 1);
      const { rowCount, segments } = await world.search(logstoreId);
      expect(rowCount).toBe(i);
      expect(segments.length).toBeLessThan(20);
      await world.clock.advance(2000);
    }
    await expect.poll(() => world.backend.stats().foldCount).toBeGreaterThan(5);
    const { sealedSegmentCount = 0 } = world.backend.shardStats(logstoreId)[0] ?? {};
    const files = await world.files.list('data/backend/l0');
    await expect.poll(() => files.length).toBe(2 * sealedSegmentCount);
    await world.backend.stop();
    await running;
  });

  test('a shard that nobody writes asks nothing of the stores', async () => {
    await world.provision({ shardCount: 50 });
    const running = world.backend.run();
    await world.clock.advance(1000);
    const { operationCount } = world.files;
    const { changeCount } = world.metaStore;
    await world.clock.advance(30 * MINUTE_MS);
    expect(world.files.operationCount).toBe(operationCount);
    expect(world.metaStore.changeCount).toBe(changeCount);
    await world.backend.stop();
    await running;
  });

  test('old segments move to day records and are all found', async () => {
    const { id: logstoreId } = await world.provision({ ttl: 3650 });
    const shard = { logstoreId, shardId: 0 };
    for (let i = 0; i < 150; i++) {
      await world.append(shard, 1, { time: 1000 + i });
      await world.backend.flush(logstoreId);
      await world.clock.advance(DAY_MS / 40);
    }
    const keys = (await world.metaStore.list('manifest/', { limit: 99 })).map(({ key }) => key);
    expect(keys.length).toBeGreaterThan(3);
    expect(keys).toContain(`manifest/${logstoreId}/0/head`);
    world = await world.reopen();
    expect(await totalRows(logstoreId)).toBe(150);
    const range = { fromTime: 1010, toTime: 1013 };
    expect((await world.search(logstoreId, range)).rowCount).toBe(3);
    await world.backend.sweep();
    expect(await totalRows(logstoreId)).toBe(150);
  });
});

describe('damage', () => {
  test('sound records around a damaged one are indexed', async () => {
    const { id: logstoreId } = await world.provision();
    const shard = { logstoreId, shardId: 0 };
    for (let i = 0; i < 3; i++) await world.append(shard, 10);
    await world.shardLog.close();
    const folder = `data/wal/${logstoreId}/0`;
    const [file = ''] = (await world.files.list(folder)).filter((name) => name.endsWith('.wal'));
    const { sizeBytes } = await world.files.stat(`${folder}/${file}`);
    world.files.corrupt(`${folder}/${file}`, Math.floor(sizeBytes / 2));
    world = await world.reopen();
    expect(await totalRows(logstoreId)).toBe(20);
    expect(world.backend.stats().damagedRecordCount).toBe(1);
  });
});

describe('content', () => {
  test('a log group that cannot be read is left out, and its neighbours are found', async () => {
    const { id: logstoreId } = await world.provision();
    const shard = { logstoreId, shardId: 0 };
    await world.append(shard, 3);
    for (const compression of ['none', 'lz4'] as const)
      await world.shardLog.append(shard, [
        {
          compression,
          payload: new Uint8Array(50).fill(0xff),
          rawBytes: 50,
          logCount: 1,
          receiveTimeMs: world.clock.nowMs(),
          clientAddress: '',
        },
      ]);
    await world.append(shard, 4);
    expect(await totalRows(logstoreId)).toBe(7);
    expect(world.backend.stats().damagedRecordCount).toBe(2);
    await world.backend.flush(logstoreId);
    expect(await totalRows(logstoreId)).toBe(7);
  });
});

describe('retention', () => {
  test('segments and logs past their ttl go, newer ones stay', async () => {
    const { id: logstoreId } = await world.provision({ ttl: 3 });
    const shard = { logstoreId, shardId: 0 };
    for (let day = 0; day < 6; day++) {
      for (let i = 0; i < 10; i++) await world.append(shard, 200);
      await world.backend.flush(logstoreId);
      await world.clock.advance(DAY_MS);
    }
    const { usedBytes } = world.files;
    await world.backend.expire();
    expect(await totalRows(logstoreId)).toBe(3 * 10 * 200);
    expect(world.files.usedBytes).toBeLessThan(usedBytes * 0.7);
    expect((await world.shardLog.bounds(shard)).firstSequence).toBeGreaterThan(20);
    await world.clock.advance(9 * DAY_MS);
    await world.backend.expire();
    expect(await totalRows(logstoreId)).toBe(0);
    expect(await world.files.list('data/blob/blobs')).toEqual([]);
  });

  test('day records lose their segments too, and go when they are empty', async () => {
    const { id: logstoreId } = await world.provision({ ttl: 3 });
    for (let i = 0; i < 100; i++) {
      await world.append({ logstoreId, shardId: 0 }, 1);
      await world.backend.flush(logstoreId);
      await world.clock.advance(DAY_MS / 20);
    }
    const recordCount = async (): Promise<number> =>
      (await world.metaStore.list('manifest/', { limit: 99 })).length;
    const before = await recordCount();
    expect(before).toBeGreaterThan(3);
    await world.backend.expire();
    expect(await totalRows(logstoreId)).toBe(60);
    expect(await recordCount()).toBeLessThan(before);
    world = await world.reopen();
    expect(await totalRows(logstoreId)).toBe(60);
    await world.clock.advance(9 * DAY_MS);
    await world.backend.expire();
    expect(await totalRows(logstoreId)).toBe(0);
    expect(await recordCount()).toBe(1);
  });

  test('a ttl of 3650 days keeps everything, and a new ttl takes effect', async () => {
    const { id: logstoreId } = await world.provision({ ttl: 3650 });
    await world.append({ logstoreId, shardId: 0 }, 1);
    await world.backend.flush(logstoreId);
    await world.clock.advance(20 * 365 * DAY_MS);
    await world.backend.expire();
    expect(await totalRows(logstoreId)).toBe(1);
    await world.backend.updateLogstore('web', 'app', { ttl: 1 });
    await world.backend.expire();
    expect(await totalRows(logstoreId)).toBe(0);
  });
});

describe('index changes', () => {
  const OTHER_INDEX = { ...TEST_INDEX, line: { token: [';'], caseSensitive: true, chn: false } };

  test('a new index holds only logs written after it', async () => {
    const { id: logstoreId } = await world.provision({}, { hasIndex: false });
    const shard = { logstoreId, shardId: 0 };
    await world.append(shard, 5);
    await world.backend.createIndex('web', 'app', TEST_INDEX);
    expect(await totalRows(logstoreId)).toBe(0);
    await world.append(shard, 2);
    expect(await totalRows(logstoreId)).toBe(2);
    await expect(world.backend.createIndex('web', 'app', TEST_INDEX)).rejects.toMatchObject({
      code: 'IndexAlreadyExist',
    });
  });

  test('logs received before a change keep the index they had', async () => {
    const { id: logstoreId } = await world.provision({ shardCount: 2 });
    for (const shardId of [0, 1]) await world.append({ logstoreId, shardId }, 3);
    await totalRows(logstoreId);
    await world.append({ logstoreId, shardId: 0 }, 4);
    await world.backend.updateIndex('web', 'app', OTHER_INDEX);
    await world.append({ logstoreId, shardId: 1 }, 5);
    await using lease = await world.backend.acquire({ logstoreId, ...ALL_TIME });
    const rowsWith = (token: string | undefined): number =>
      lease.segments
        .filter((reader) => reader.indexConfig.line?.token[0] === token)
        .reduce((sum, reader) => sum + reader.info.rowCount, 0);
    expect(rowsWith(TEST_INDEX.line?.token[0])).toBe(10);
    expect(rowsWith(';')).toBe(5);
  });

  test('a change while logs arrive loses and doubles none', async () => {
    const { id: logstoreId } = await world.provision();
    const shard = { logstoreId, shardId: 0 };
    let appended = 0;
    const write = async (): Promise<void> => {
      for (let i = 0; i < 60; i++) {
        await world.append(shard, 1);
        appended++;
        if (i % 7 === 0) await totalRows(logstoreId);
      }
    };
    const change = async (): Promise<void> => {
      for (let i = 0; i < 6; i++)
        await world.backend.updateIndex('web', 'app', i % 2 === 0 ? OTHER_INDEX : TEST_INDEX);
    };
    await Promise.all([write(), change()]);
    expect(await totalRows(logstoreId)).toBe(appended);
    await world.backend.flush(logstoreId);
    expect(await totalRows(logstoreId)).toBe(60);
  });

  test('deleting the index ends searches and frees its space', async () => {
    const { id: logstoreId } = await world.provision();
    const shard = { logstoreId, shardId: 0 };
    await world.append(shard, 5);
    await world.backend.flush(logstoreId);
    await world.append(shard, 5);
    await totalRows(logstoreId);
    await world.backend.deleteIndex('web', 'app');
    await expect(totalRows(logstoreId)).rejects.toMatchObject({ code: 'IndexConfigNotExist' });
    expect(await world.files.list('data/blob/blobs')).toEqual([]);
    expect(await world.files.list('data/backend/l0')).toEqual([]);
    for (const change of [
      world.backend.updateIndex('web', 'app', TEST_INDEX),
      world.backend.deleteIndex('web', 'app'),
    ])
      await expect(change).rejects.toMatchObject({ code: 'IndexConfigNotExist' });
    await world.append(shard, 1);
    await world.backend.createIndex('web', 'app', TEST_INDEX);
    await world.append(shard, 2);
    expect(await totalRows(logstoreId)).toBe(2);
    world = await world.reopen();
    expect(await totalRows(logstoreId)).toBe(2);
  });
});

describe('logstores', () => {
  test('shards divide the key space evenly', async () => {
    const { shards } = await world.provision({ shardCount: 3 });
    expect(shards.map((shard) => [shard.inclusiveBeginKey, shard.exclusiveEndKey])).toEqual([
      ['00000000000000000000000000000000', '55555555555555555555555555555555'],
      ['55555555555555555555555555555555', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'],
      ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'ffffffffffffffffffffffffffffffff'],
    ]);
  });

  test('a name is used once, and only in a project', async () => {
    await world.provision();
    await expect(world.backend.createLogstore('web', TEST_LOGSTORE)).rejects.toMatchObject({
      code: 'LogStoreAlreadyExist',
    });
    await expect(world.backend.createLogstore('no', TEST_LOGSTORE)).rejects.toMatchObject({
      code: 'ProjectNotExist',
    });
  });

  test('an update changes what it names', async () => {
    await world.provision({ attributes: { mode: 'standard' } });
    const updated = await world.backend.updateLogstore('web', 'app', {
      ttl: 7,
      attributes: { hot_ttl: 7 },
    });
    expect(updated).toMatchObject({ ttl: 7, maxSplitShard: 64 });
    expect(updated.attributes).toEqual({ mode: 'standard', hot_ttl: 7 });
    expect(await world.catalog.getLogstore('web', 'app')).toEqual(updated);
  });

  test('a deleted logstore leaves nothing, and its name is free for another', async () => {
    const { usedBytes } = world.files;
    const { id: logstoreId } = await world.provision({ shardCount: 2 });
    for (const shardId of [0, 1]) await world.append({ logstoreId, shardId }, 50);
    await world.backend.flush(logstoreId);
    await world.append({ logstoreId, shardId: 0 }, 50);
    await totalRows(logstoreId);
    await world.backend.deleteLogstore('web', 'app');
    expect(world.files.usedBytes).toBe(usedBytes);
    const keys = (await world.metaStore.list('', { limit: 9 })).map(({ key }) => key);
    expect(keys).toEqual(['project/web']);
    await expect(totalRows(logstoreId)).rejects.toMatchObject({ code: 'LogStoreNotExist' });
    await expect(world.backend.deleteLogstore('web', 'app')).rejects.toMatchObject({
      code: 'LogStoreNotExist',
    });
    const again = await world.backend.createLogstore('web', TEST_LOGSTORE);
    expect(again.id).not.toBe(logstoreId);
  });

  test('a deleted project takes its logstores along', async () => {
    await world.provision();
    await world.backend.createLogstore('web', { ...TEST_LOGSTORE, logstoreName: 'second' });
    await world.backend.deleteProject('web');
    expect(await world.metaStore.list('', { limit: 9 })).toEqual([]);
    await expect(world.backend.deleteProject('web')).rejects.toMatchObject({
      code: 'ProjectNotExist',
    });
    await expect(world.backend.createLogstore('web', TEST_LOGSTORE)).rejects.toMatchObject({
      code: 'ProjectNotExist',
    });
  });
});

describe('readers', () => {
  test('only so many idle readers stay open', async () => {
    await world.close();
    world = await BackendWorld.open({ idleReadersMax: 4 });
    const { id: logstoreId } = await world.provision();
    for (let i = 0; i < 12; i++) {
      await world.append({ logstoreId, shardId: 0 }, 1);
      await world.backend.flush(logstoreId);
    }
    expect(await totalRows(logstoreId)).toBe(12);
    expect(world.backend.stats().readerCount).toBe(4);
    expect(await totalRows(logstoreId)).toBe(12);
    await world.close();
    expect(world.files.openHandleCount).toBe(0);
  });
});

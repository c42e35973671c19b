/**
 * Goal: whatever step of a commit, an index change or a removal the power fails at, each acknowledged log is found
 * exactly once afterwards, and nothing that belongs to no manifest stays.
 * Method: the same scenario again and again on a modelled disk, the power lost at the first change, at the second
 * and so on (changes of the disk and of the metadata), then opened again with what the disk kept.
 */
import { describe, expect, test } from 'vitest';
import { errorCode } from '#base/app-error.ts';
import { ALL_TIME, BackendWorld, TEST_INDEX, TEST_LOGSTORE } from '#backend/backend-world.ts';
import { SeededRandom } from '#platform/seeded-random.ts';

const SEEDS = [1, 2];
const OTHER_INDEX = { ...TEST_INDEX, line: { token: [';'], caseSensitive: true, chn: false } };
const WORLD = { sealBytes: 2048, commitBytes: 6000 };

interface Scenario {
  readonly prepare: (world: BackendWorld, logstoreId: string) => Promise<void>;
  readonly act: (world: BackendWorld, logstoreId: string) => Promise<void>;
}

interface Strike {
  readonly at: number;
  /** The disk, or the metadata before or after the change took effect. */
  readonly kind: 'disk' | 'meta' | 'meta after';
}

/** Runs until the power fails; tells whether it did, and what survived. */
async function strike(
  scenario: Scenario,
  seed: number,
  { at, kind }: Strike,
): Promise<{
  readonly world: BackendWorld;
  readonly logstoreId: string;
  readonly struck: boolean;
}> {
  const world = await BackendWorld.open({ ...WORLD, seed });
  const { id: logstoreId } = await world.provision({ shardCount: 2 });
  await scenario.prepare(world, logstoreId);
  if (kind === 'disk') world.files.losePowerAt(world.files.operationCount + at);
  else {
    world.metaStore.failAt = world.metaStore.changeCount + at;
    world.metaStore.failsAfterEffect = kind === 'meta after';
  }
  const failed = await scenario.act(world, logstoreId).then(
    () => false,
    () => true,
  );
  const struck = failed && world.files.hasLostPower;
  return { world: await world.crash(new SeededRandom(seed * 1000 + at)), logstoreId, struck };
}

async function strikeEverywhere(
  scenario: Scenario,
  check: (world: BackendWorld, logstoreId: string) => Promise<void>,
  kinds: readonly Strike['kind'][] = ['disk', 'meta', 'meta after'],
): Promise<number> {
  let count = 0;
  for (const seed of SEEDS)
    for (const kind of kinds)
      for (let at = 1; ; at++) {
        const { world, logstoreId, struck } = await strike(scenario, seed, { at, kind });
        try {
          await check(world, logstoreId);
        } catch (error) {
          throw new Error(`seed ${seed}, ${kind} change ${at}`, { cause: error });
        } finally {
          await world.close();
        }
        count++;
        if (!struck) break;
      }
  return count;
}

/** Fills two shards with `groups` groups each: the group of sequence n has n % 5 + 1 logs. */
async function fill(world: BackendWorld, logstoreId: string, groups: number): Promise<void> {
  for (let i = 0; i < groups; i++)
    for (const shardId of [0, 1]) {
      const { nextSequence } = await world.shardLog.bounds({ logstoreId, shardId });
      await world.append({ logstoreId, shardId }, (nextSequence % 5) + 1);
    }
}

/** Every sequence of every shard is in exactly one segment, with all its rows. */
async function checkEachOnce(world: BackendWorld, logstoreId: string): Promise<void> {
  const { segments, rowCount } = await world.search(logstoreId);
  let expectedRows = 0;
  for (const shardId of [0, 1]) {
    const { nextSequence } = await world.shardLog.bounds({ logstoreId, shardId });
    const ranges = segments
      .filter((segment) => segment.shardId === shardId)
      .toSorted((a, b) => a.firstSequence - b.firstSequence);
    let next = 1;
    for (const range of ranges) {
      expect(range.firstSequence).toBe(next);
      next = range.nextSequence;
      let rows = 0;
      for (let i = range.firstSequence; i < range.nextSequence; i++) rows += (i % 5) + 1;
      expect(range.rowCount).toBe(rows);
      expectedRows += rows;
    }
    expect(next).toBe(nextSequence);
  }
  expect(rowCount).toBe(expectedRows);
}

/** Blobs are exactly those of committed segments. */
async function checkNoOrphans(world: BackendWorld, logstoreId: string): Promise<void> {
  await world.backend.sweep();
  await world.backend.flush(logstoreId);
  const { segments } = await world.search(logstoreId);
  const expected = segments.flatMap(({ id }) => [`${id}.idx`, `${id}.parquet`]);
  const found = await world.blobStore.list('', { limit: 999 });
  const names = found.map((key) => key.slice(key.lastIndexOf('/') + 1));
  expect(names.toSorted()).toEqual(expected.toSorted());
}

async function checkWhole(world: BackendWorld, logstoreId: string): Promise<void> {
  await checkEachOnce(world, logstoreId);
  await checkNoOrphans(world, logstoreId);
  await checkEachOnce(world, logstoreId);
}

describe('a loss of power', () => {
  test('at any step of a commit leaves each log in exactly one segment', async () => {
    const count = await strikeEverywhere(
      {
        prepare: async (world, logstoreId) => {
          await fill(world, logstoreId, 8);
          await world.backend.flush(logstoreId);
          await fill(world, logstoreId, 30);
        },
        act: (world, logstoreId) => world.backend.flush(logstoreId),
      },
      checkWhole,
    );
    expect(count).toBeGreaterThan(80);
  });

  test('while logs are written, sealed and committed loses and doubles none', async () => {
    const acknowledged = new Map<string, number>();
    const count = await strikeEverywhere(
      {
        prepare: async () => acknowledged.clear(),
        act: async (world, logstoreId) => {
          for (let i = 0; i < 3; i++) {
            await fill(world, logstoreId, 6);
            for (const shardId of [0, 1]) acknowledged.set(`${shardId}`, 6 * (i + 1));
            await world.search(logstoreId);
            await world.backend.flush(logstoreId);
          }
        },
      },
      async (world, logstoreId) => {
        for (const shardId of [0, 1]) {
          const { nextSequence } = await world.shardLog.bounds({ logstoreId, shardId });
          expect(nextSequence - 1).toBeGreaterThanOrEqual(acknowledged.get(`${shardId}`) ?? 0);
        }
        await checkWhole(world, logstoreId);
      },
    );
    expect(count).toBeGreaterThan(150);
  });

  test('while old segments move to day records loses and doubles none', async () => {
    const count = await strikeEverywhere(
      {
        prepare: async (world, logstoreId) => {
          for (let i = 0; i < 64; i++) {
            await world.append({ logstoreId, shardId: 0 }, ((i + 1) % 5) + 1);
            await world.backend.flush(logstoreId);
            await world.clock.advance(3_600_000);
          }
          await fill(world, logstoreId, 1);
        },
        act: (world, logstoreId) => world.backend.flush(logstoreId),
      },
      checkWhole,
      ['meta', 'meta after'],
    );
    expect(count).toBeGreaterThan(12);
  });

  test('during an index change leaves the old or the new index and every log once', async () => {
    const count = await strikeEverywhere(
      {
        prepare: (world, logstoreId) => fill(world, logstoreId, 5),
        act: (world) => world.backend.updateIndex('web', 'app', OTHER_INDEX),
      },
      async (world, logstoreId) => {
        const { index } = await world.catalog.getLogstore('web', 'app');
        await checkWhole(world, logstoreId);
        if (index?.line?.token[0] !== ';') return;
        await using lease = await world.backend.acquire({ logstoreId, ...ALL_TIME });
        for (const { indexConfig } of lease.segments) expect(indexConfig).toEqual(TEST_INDEX);
      },
    );
    expect(count).toBeGreaterThan(30);
  });

  test('while an index is deleted leaves it whole or takes all its files', async () => {
    const count = await strikeEverywhere(
      {
        prepare: async (world, logstoreId) => {
          await fill(world, logstoreId, 5);
          await world.backend.flush(logstoreId);
        },
        act: (world) => world.backend.deleteIndex('web', 'app'),
      },
      async (world, logstoreId) => {
        const { index } = await world.catalog.getLogstore('web', 'app');
        if (index !== undefined) {
          await checkWhole(world, logstoreId);
          return;
        }
        expect(await world.blobStore.list('', { limit: 9 })).toEqual([]);
        await world.backend.createIndex('web', 'app', TEST_INDEX);
        expect((await world.search(logstoreId)).rowCount).toBe(0);
      },
    );
    expect(count).toBeGreaterThan(20);
  });

  test('while logs expire drops old segments only, and their files', async () => {
    const day = 24 * 3_600_000;
    const count = await strikeEverywhere(
      {
        prepare: async (world, logstoreId) => {
          await world.backend.updateLogstore('web', 'app', { ttl: 5 });
          for (let i = 0; i < 8; i++) {
            await fill(world, logstoreId, 1);
            await world.backend.flush(logstoreId);
            await world.clock.advance(day);
          }
        },
        act: (world) => world.backend.expire(),
      },
      async (world, logstoreId) => {
        await world.backend.expire();
        const { segments } = await world.search(logstoreId);
        expect(segments).toHaveLength(10);
        expect(Math.min(...segments.map((segment) => segment.firstSequence))).toBe(4);
        await checkNoOrphans(world, logstoreId);
      },
    );
    expect(count).toBeGreaterThan(20);
  });

  test('while a logstore is deleted leaves it, or nothing of it', async () => {
    const count = await strikeEverywhere(
      {
        prepare: async (world, logstoreId) => {
          await fill(world, logstoreId, 5);
          await world.backend.flush(logstoreId);
          await fill(world, logstoreId, 2);
        },
        act: (world) => world.backend.deleteLogstore('web', 'app'),
      },
      async (world, logstoreId) => {
        if (await isThere(world)) {
          await checkWhole(world, logstoreId);
          return;
        }
        await checkNothingOf(world, logstoreId);
      },
    );
    expect(count).toBeGreaterThan(20);
  });

  test('while a logstore is created leaves it whole, or nothing of it', async () => {
    const count = await strikeEverywhere(
      {
        prepare: (world) => world.backend.deleteLogstore('web', 'app'),
        act: async (world) => {
          await world.backend.createLogstore('web', { ...TEST_LOGSTORE, shardCount: 2 });
        },
      },
      async (world) => {
        if (await isThere(world)) {
          const { id: logstoreId } = await world.catalog.getLogstore('web', 'app');
          for (const shardId of [0, 1]) await world.append({ logstoreId, shardId }, 1);
        } else {
          expect(await world.files.list('data/wal')).toEqual([]);
          await world.backend.createLogstore('web', TEST_LOGSTORE);
        }
        const keys = await world.metaStore.list('provision/', { limit: 9 });
        expect(keys).toEqual([]);
      },
    );
    expect(count).toBeGreaterThan(20);
  });
});

async function isThere(world: BackendWorld): Promise<boolean> {
  try {
    await world.catalog.getLogstore('web', 'app');
    return true;
  } catch (error) {
    if (errorCode(error) !== 'LogStoreNotExist') throw error;
    return false;
  }
}

async function checkNothingOf(world: BackendWorld, logstoreId: string): Promise<void> {
  await world.backend.sweep();
  const keys = (await world.metaStore.list('', { limit: 99 })).map(({ key }) => key);
  expect(keys).toEqual(['project/web']);
  expect(await world.blobStore.list('', { limit: 9 })).toEqual([]);
  expect(await world.files.list('data/wal')).toEqual([]);
  await expect(world.search(logstoreId)).rejects.toMatchObject({ code: 'LogStoreNotExist' });
}

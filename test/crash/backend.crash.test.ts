/**
 * Goal: whatever step of a seal, fold, commit, compaction, rebuild, reindex, index change or removal the power fails at,
 * each acknowledged log is found exactly once afterwards, and nothing that belongs to no manifest stays.
 * Method: each scenario runs once to count its steps (changes of the disk and of the metadata), then again with the
 * power lost at steps that are spread evenly over all of them, each with a seed of its own that decides what the
 * disk kept. Every log has a time of its own, so the times that a search finds tell which logs it found.
 */
import { describe, expect, test } from 'vitest';
import { errorCode } from '#base/app-error.ts';
import { ALL_TIME, BackendWorld, TEST_INDEX, TEST_LOGSTORE } from '#backend/backend-world.ts';
import { SeededRandom } from '#platform/seeded-random.ts';

/** Another run of other strikes: `CRASH_SEED=1000 npx vitest run …`. */
const FIRST_SEED = Number(process.env['CRASH_SEED'] ?? 1);
const SEED_COUNT = 20;

/** For what takes long to prepare. */
const SLOW_SEED_COUNT = Math.ceil((SEED_COUNT * 3) / 5);
const OTHER_INDEX = { ...TEST_INDEX, line: { token: [';'], caseSensitive: true, chn: false } };
const WORLD = { sealBytes: 1024, commitBytes: 6000, compactBytesMax: 200_000 };
const DAY_MS = 24 * 3_600_000;
/** A UTC midnight, Unix seconds. */
const MIDNIGHT = 1_799_971_200;
const SHARD_IDS = [0, 1];

interface Scenario {
  readonly prepare: (world: BackendWorld, logstoreId: string) => Promise<void>;
  readonly act: (world: BackendWorld, logstoreId: string) => Promise<unknown>;
}

interface Strike {
  readonly at: number;
  /** The disk, or the metadata before or after the change took effect. */
  readonly kind: 'disk' | 'meta' | 'meta after';
}

type Check = (world: BackendWorld, logstoreId: string) => Promise<void>;

async function prepared(
  scenario: Scenario,
  seed: number,
): Promise<{ readonly world: BackendWorld; readonly logstoreId: string }> {
  const world = await BackendWorld.open({ ...WORLD, seed });
  const { id: logstoreId } = await world.provision({ shardCount: SHARD_IDS.length });
  await scenario.prepare(world, logstoreId);
  return { world, logstoreId };
}

/** How many changes of each kind the scenario makes when nothing fails. */
async function countSteps(
  scenario: Scenario,
  check: Check,
): Promise<{ readonly disk: number; readonly meta: number }> {
  const { world, logstoreId } = await prepared(scenario, FIRST_SEED);
  const disk = world.files.operationCount;
  const meta = world.metaStore.changeCount;
  await scenario.act(world, logstoreId);
  const steps = {
    disk: world.files.operationCount - disk,
    meta: world.metaStore.changeCount - meta,
  };
  await check(world, logstoreId);
  await world.close();
  return steps;
}

/** Runs until the power fails, opens again with what survived and checks it. */
async function strike(
  scenario: Scenario,
  check: Check,
  { at, kind, seed }: Strike & { readonly seed: number },
): Promise<void> {
  const { world, logstoreId } = await prepared(scenario, seed);
  if (kind === 'disk') world.files.losePowerAt(world.files.operationCount + at);
  else {
    world.metaStore.failAt = world.metaStore.changeCount + at;
    world.metaStore.failsAfterEffect = kind === 'meta after';
  }
  await scenario.act(world, logstoreId).catch(() => {});
  const survivor = await world.crash(new SeededRandom(seed));
  try {
    await check(survivor, logstoreId);
  } catch (error) {
    throw new Error(`CRASH_SEED=${seed}, ${kind} change ${at}`, { cause: error });
  } finally {
    await survivor.close();
  }
}

/** Spreads the strikes of all seeds over the steps from 1 to `stepCount`; other seeds strike at other steps. */
function spread(stepCount: number, i: number, count: number): number {
  const shift = (FIRST_SEED % 7) / 7;
  return 1 + (Math.floor(((i + shift) * stepCount) / count) % stepCount);
}

const ALL_KINDS = ['disk', 'disk', 'meta', 'disk', 'disk', 'meta after'] as const;

/** One strike a seed: at the disk, every third time at the metadata. */
async function strikeEverywhere(
  scenario: Scenario,
  check: Check,
  options: { readonly kinds?: readonly Strike['kind'][]; readonly seedCount?: number } = {},
): Promise<void> {
  const { kinds = ALL_KINDS, seedCount = SEED_COUNT } = options;
  const steps = await countSteps(scenario, check);
  if (kinds.includes('disk')) expect(steps.disk).toBeGreaterThan(5);
  if (kinds.includes('meta')) expect(steps.meta).toBeGreaterThan(0);
  for (let i = 0; i < seedCount; i++) {
    const kind = kinds[i % kinds.length] ?? 'disk';
    const at = spread(kind === 'disk' ? steps.disk : steps.meta, i, seedCount);
    await strike(scenario, check, { at, kind, seed: FIRST_SEED + i });
  }
}

/** The log `i` of a group; groups go to three days in turn. No two logs have the same time. */
function timeOf(shardId: number, sequence: number, i: number): number {
  return MIDNIGHT + (sequence % 3) * 86_400 + shardId * 40_000 + sequence * 8 + i;
}

function logCountOf(sequence: number): number {
  return (sequence % 5) + 1;
}

/** Fills shards with `groups` groups each. */
async function fill(
  world: BackendWorld,
  logstoreId: string,
  groups: number,
  shardIds: readonly number[] = SHARD_IDS,
): Promise<void> {
  for (let n = 0; n < groups; n++)
    for (const shardId of shardIds) {
      const shard = { logstoreId, shardId };
      const { nextSequence: sequence } = await world.shardLog.bounds(shard);
      await world.append(shard, logCountOf(sequence), {
        timeOf: (i) => timeOf(shardId, sequence, i),
      });
    }
}

/** Commits to the first shard several times, so that there is something to compact. */
async function fillCommits(world: BackendWorld, logstoreId: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await fill(world, logstoreId, 3, [0]);
    await world.backend.flush(logstoreId);
  }
}

/** Every log of every shard, from the first sequence on, is found exactly once. */
async function checkEachOnce(world: BackendWorld, logstoreId: string, first = 1): Promise<void> {
  const expected: number[] = [];
  for (const shardId of SHARD_IDS) {
    const { nextSequence } = await world.shardLog.bounds({ logstoreId, shardId });
    for (let sequence = first; sequence < nextSequence; sequence++)
      for (let i = 0; i < logCountOf(sequence); i++) expected.push(timeOf(shardId, sequence, i));
  }
  expect(await world.foundTimes(logstoreId)).toEqual(expected.sort((a, b) => a - b));
}

/** Once all is committed, blobs are exactly those of committed segments, and no local file is left. */
async function checkNoOrphans(world: BackendWorld, logstoreId: string): Promise<void> {
  await world.backend.sweep();
  await world.backend.flush(logstoreId);
  const { segments } = await world.search(logstoreId);
  const expected = segments.flatMap(({ id }) => [`${id}.idx`, `${id}.parquet`]);
  const found = await world.blobStore.list('', { limit: 999 });
  const names = found.map((key) => key.slice(key.lastIndexOf('/') + 1));
  expect(names.toSorted()).toEqual(expected.toSorted());
  expect(await world.files.list('data/backend/l0')).toEqual([]);
}

async function checkWhole(world: BackendWorld, logstoreId: string): Promise<void> {
  await checkEachOnce(world, logstoreId);
  await checkNoOrphans(world, logstoreId);
  await checkEachOnce(world, logstoreId);
  await world.backend.compact();
  await checkEachOnce(world, logstoreId);
  await checkNoOrphans(world, logstoreId);
  const { failureCount, damagedRecordCount } = world.backend.stats();
  expect({ failureCount, damagedRecordCount }).toEqual({ failureCount: 0, damagedRecordCount: 0 });
}

describe(`a loss of power (seeds ${FIRST_SEED} to ${FIRST_SEED + SEED_COUNT - 1})`, () => {
  test('at any step of a commit leaves each log in exactly one segment', async () => {
    await strikeEverywhere(
      {
        prepare: async (world, logstoreId) => {
          await fill(world, logstoreId, 4);
          await world.backend.flush(logstoreId);
          await fill(world, logstoreId, 16);
        },
        act: (world, logstoreId) => world.backend.flush(logstoreId),
      },
      checkWhole,
    );
  });

  test('while logs are written, sealed and committed loses and doubles none', async () => {
    const acknowledged = new Map<number, number>();
    await strikeEverywhere(
      {
        prepare: async () => acknowledged.clear(),
        act: async (world, logstoreId) => {
          for (let i = 0; i < 3; i++) {
            await fill(world, logstoreId, 4);
            for (const shardId of SHARD_IDS) acknowledged.set(shardId, 4 * (i + 1));
            await world.search(logstoreId);
            await world.backend.flush(logstoreId);
          }
        },
      },
      async (world, logstoreId) => {
        for (const shardId of SHARD_IDS) {
          const { nextSequence } = await world.shardLog.bounds({ logstoreId, shardId });
          expect(nextSequence - 1).toBeGreaterThanOrEqual(acknowledged.get(shardId) ?? 0);
        }
        await checkWhole(world, logstoreId);
      },
    );
  });

  test('while small local segments are folded and committed loses and doubles none', async () => {
    await strikeEverywhere(
      {
        prepare: async (world, logstoreId) => {
          for (let i = 0; i < 8; i++) {
            await fill(world, logstoreId, 1);
            await world.search(logstoreId);
          }
        },
        act: async (world, logstoreId) => {
          void world.backend.run();
          await world.clock.advance(2000);
          await world.settle();
          if (!world.files.hasLostPower)
            expect(world.backend.stats().foldCount).toBe(SHARD_IDS.length);
          await world.backend.flush(logstoreId);
        },
      },
      checkWhole,
      { seedCount: SLOW_SEED_COUNT },
    );
  });

  test('at any step of a compaction leaves each log in exactly one segment', async () => {
    await strikeEverywhere(
      {
        prepare: (world, logstoreId) => fillCommits(world, logstoreId, 8),
        act: async (world) => {
          await world.backend.compact();
          if (!world.files.hasLostPower) expect(world.backend.stats().compactionCount).toBe(3);
        },
      },
      checkWhole,
    );
  });

  test('while a damaged segment is built again leaves each log in exactly one segment', async () => {
    await strikeEverywhere(
      {
        prepare: async (world, logstoreId) => {
          await fillCommits(world, logstoreId, 3);
          const [key = ''] = await world.blobStore.list('seg/', { limit: 1 });
          world.files.corrupt(`data/blob/blobs/${key}`, 100);
        },
        act: async (world) => {
          const { findings } = await world.backend.scrub({ repair: true });
          expect(findings.map(({ kind, repaired }) => [kind, repaired])).toEqual([['index', true]]);
        },
      },
      async (world, logstoreId) => {
        const { findings } = await world.backend.scrub({ repair: true });
        for (const { repaired } of findings) expect(repaired).toBe(true);
        await checkWhole(world, logstoreId);
      },
    );
  });

  test('while old segments move to day records loses and doubles none', async () => {
    await strikeEverywhere(
      {
        prepare: async (world, logstoreId) => {
          for (let i = 0; i < 21; i++) {
            await fill(world, logstoreId, 3, [0]);
            await world.backend.flush(logstoreId);
            await world.clock.advance(6 * 3_600_000);
          }
          await fill(world, logstoreId, 3, [0]);
        },
        act: (world, logstoreId) => world.backend.flush(logstoreId),
      },
      async (world, logstoreId) => {
        await checkEachOnce(world, logstoreId);
        await checkNoOrphans(world, logstoreId);
      },
      { kinds: ['meta', 'meta after'], seedCount: 4 },
    );
  });

  test('during an index change leaves the old or the new index and every log once', async () => {
    await strikeEverywhere(
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
  });

  test('at any step of a reindex leaves each log in exactly one segment, and it goes on', async () => {
    const range = { fromTime: 0, toTime: 2 ** 32 };
    await strikeEverywhere(
      {
        prepare: async (world, logstoreId) => {
          await fillCommits(world, logstoreId, 3);
          await fill(world, logstoreId, 2);
          await world.backend.updateIndex('web', 'app', OTHER_INDEX);
          await fill(world, logstoreId, 2);
        },
        act: async (world) => {
          await world.backend.reindexer.start('web', 'app', range);
          await world.backend.reindexer.run();
          if (world.files.hasLostPower) return;
          expect(await world.backend.reindexer.report('web', 'app')).toMatchObject({
            state: 'done',
          });
        },
      },
      async (world, logstoreId) => {
        await checkEachOnce(world, logstoreId);
        await world.backend.reindexer.run();
        // The power may have failed before the job was stored: then nobody was told that it was.
        const job = await world.backend.reindexer.report('web', 'app').catch((error: unknown) => {
          expect(errorCode(error)).toBe('JobNotExist');
        });
        if (job === undefined) {
          await world.backend.reindexer.start('web', 'app', range);
          await world.backend.reindexer.run();
        }
        const { state } = await world.backend.reindexer.report('web', 'app');
        expect(state).toBe('done');
        await checkWhole(world, logstoreId);
        await using lease = await world.backend.acquire({ logstoreId, ...ALL_TIME });
        for (const { indexConfig } of lease.segments) expect(indexConfig).toEqual(OTHER_INDEX);
      },
    );
  });

  test('while an index is deleted leaves it whole or takes all its files', async () => {
    await strikeEverywhere(
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
  });

  test('while logs expire drops old segments only, and their files', async () => {
    await strikeEverywhere(
      {
        prepare: async (world, logstoreId) => {
          await world.backend.updateLogstore('web', 'app', { ttl: 5 });
          for (let i = 0; i < 8; i++) {
            await fill(world, logstoreId, 1);
            await world.backend.flush(logstoreId);
            await world.clock.advance(DAY_MS);
          }
        },
        act: (world) => world.backend.expire(),
      },
      async (world, logstoreId) => {
        await world.backend.expire();
        await checkEachOnce(world, logstoreId, 4);
        await checkNoOrphans(world, logstoreId);
      },
    );
  });

  test('while a logstore is deleted leaves it, or nothing of it', async () => {
    await strikeEverywhere(
      {
        prepare: async (world, logstoreId) => {
          await fill(world, logstoreId, 5);
          await world.backend.flush(logstoreId);
          await fill(world, logstoreId, 2);
        },
        act: (world) => world.backend.deleteLogstore('web', 'app'),
      },
      async (world, logstoreId) => {
        if (await isThere(world)) await checkWhole(world, logstoreId);
        else await checkNothingOf(world, logstoreId);
      },
    );
  });

  test('while a logstore is created leaves it whole, or nothing of it', async () => {
    await strikeEverywhere(
      {
        prepare: (world) => world.backend.deleteLogstore('web', 'app'),
        act: (world) => world.backend.createLogstore('web', { ...TEST_LOGSTORE, shardCount: 2 }),
      },
      async (world) => {
        if (await isThere(world)) {
          const { id: logstoreId } = await world.catalog.getLogstore('web', 'app');
          for (const shardId of SHARD_IDS) await world.append({ logstoreId, shardId }, 1);
        } else {
          expect(await world.files.list('data/wal')).toEqual([]);
          await world.backend.createLogstore('web', TEST_LOGSTORE);
        }
        expect(await world.metaStore.list('provision/', { limit: 9 })).toEqual([]);
      },
    );
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

/** What the contract does not see: group commit, disks that fill up or fail, open files, sparse files. */
import { expect, test } from 'vitest';
import { MemoryClock } from '#platform/memory-clock.ts';
import { diskError, MemoryFiles, type FileOperation } from '#platform/memory-files.ts';
import { SeededRandom } from '#platform/seeded-random.ts';
import { makeRecord, numberOf } from '../shard-log.contract.ts';
import { EmbeddedShardLog, type EmbeddedShardLogOptions } from './embedded-shard-log.ts';
import { decodeFileHeader } from './record-codec.ts';
import { walFileName } from './wal-file.ts';
import type { ShardKey } from '../shard-log.ts';

const SHARD: ShardKey = { logstoreId: 's', shardId: 0 };
const EVERYTHING = { maxRecords: 100_000, maxPayloadBytes: 1 << 28 };

async function open(
  files: MemoryFiles,
  options: Partial<EmbeddedShardLogOptions> = {},
): Promise<EmbeddedShardLog> {
  return await EmbeddedShardLog.open(
    { directory: '/wal', durability: 'fsync', ...options },
    { files, clock: new MemoryClock() },
  );
}

async function openWithShard(
  files: MemoryFiles,
  options: Partial<EmbeddedShardLogOptions> = {},
): Promise<EmbeddedShardLog> {
  const log = await open(files, options);
  await log.createShard(SHARD);
  return log;
}

const numbersIn = async (log: EmbeddedShardLog): Promise<number[]> =>
  (await log.read(SHARD, 0, EVERYTHING)).map(numberOf);

/** Counts the changes of the disk by kind. */
function countChanges(files: MemoryFiles): Map<FileOperation['kind'], number> {
  const counts = new Map<FileOperation['kind'], number>();
  files.intercept(({ kind }) => {
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  });
  return counts;
}

test('appends that wait for a sync are written and synced together by the next one', async () => {
  const files = new MemoryFiles();
  const log = await openWithShard(files);
  const gate = Promise.withResolvers<void>();
  const kinds: string[] = [];
  files.intercept(({ kind }) => {
    kinds.push(kind);
    return kinds.length === 2 ? gate.promise : undefined;
  });
  const first = log.append(SHARD, [makeRecord(1)]);
  while (kinds.length < 2) await new Promise((done) => setImmediate(done));
  const others = Array.from({ length: 100 }, (_, index) =>
    log.append(SHARD, [makeRecord(index + 2)]),
  );
  expect(await log.bounds(SHARD)).toEqual({ firstSequence: 1, nextSequence: 1 });
  expect(await numbersIn(log)).toEqual([]);
  gate.resolve();
  await Promise.all([first, ...others]);
  expect(kinds).toEqual(['write', 'sync', 'write', 'sync']);
  expect(await numbersIn(log)).toEqual(Array.from({ length: 101 }, (_, index) => index + 1));
});

test("durability 'os' does not sync for an append, and syncs a file that it closes", async () => {
  const files = new MemoryFiles();
  const log = await openWithShard(files, { durability: 'os', fileBytesMax: 2000 });
  const counts = countChanges(files);
  for (let number = 1; number <= 5; number++) await log.append(SHARD, [makeRecord(number)]);
  expect(Object.fromEntries(counts)).toEqual({ write: 5 });
  for (let number = 6; number <= 20; number++) await log.append(SHARD, [makeRecord(number)]);
  await log.close();
  const survivor = await open(files.crash(new SeededRandom(1)));
  expect(await numbersIn(survivor)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
});

test('a full disk refuses with ServerBusy, keeps reading, and takes logs again when there is space', async () => {
  const files = new MemoryFiles();
  const log = await openWithShard(files, { fileBytesMax: 2000 });
  for (let number = 1; number <= 20; number++) await log.append(SHARD, [makeRecord(number)]);
  files.setCapacity(files.usedBytes + 50);
  for (let round = 0; round < 5; round++)
    await expect(log.append(SHARD, [makeRecord(99), makeRecord(98)])).rejects.toMatchObject({
      code: 'ServerBusy',
      message: 'cannot write the shard log: the disk is full',
    });
  await expect(log.createShard({ ...SHARD, shardId: 5 })).rejects.toMatchObject({
    code: 'ServerBusy',
  });
  expect(await numbersIn(log)).toHaveLength(20);
  await log.trim(SHARD, makeRecord(15).receiveTimeMs);
  expect(await log.append(SHARD, [makeRecord(21)])).toBe(21);
  files.setCapacity(Number.POSITIVE_INFINITY);
  await log.createShard({ ...SHARD, shardId: 5 });
  await log.append({ ...SHARD, shardId: 5 }, [makeRecord(1)]);
  const { firstSequence } = await log.bounds(SHARD);
  const survivor = await open(files.crash(new SeededRandom(3)));
  expect(await numbersIn(survivor)).toEqual(
    Array.from({ length: 22 - firstSequence }, (_, index) => firstSequence + index),
  );
});

test('after a failed sync the same bytes are never acknowledged or read, and the next append is durable', async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const files = new MemoryFiles();
    const log = await openWithShard(files);
    await log.append(SHARD, [makeRecord(1)]);
    files.intercept(({ kind, path }) => {
      if (kind === 'sync') throw diskError('EIO', path);
    });
    await expect(log.append(SHARD, [makeRecord(2)])).rejects.toMatchObject({ code: 'ServerBusy' });
    files.intercept(undefined);
    expect(await numbersIn(log)).toEqual([1]);
    expect(await log.append(SHARD, [makeRecord(3)])).toBe(2);
    const survivor = await open(files.crash(new SeededRandom(seed)));
    expect(await numbersIn(survivor)).toEqual([1, 3]);
  }
});

test('appends behind a failed batch get their own chance', async () => {
  const files = new MemoryFiles();
  const log = await openWithShard(files);
  let failures = 1;
  files.intercept(({ kind, path }) => {
    if (kind === 'write' && failures-- > 0) throw diskError('EIO', path);
  });
  const results = await Promise.allSettled(
    Array.from({ length: 4 }, (_, index) =>
      log.append(SHARD, [makeRecord(index, { payload: new Uint8Array(5 << 20) })]),
    ),
  );
  expect(results.map((result) => result.status)).toEqual([
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ]);
  expect((await log.bounds(SHARD)).nextSequence).toBe(4);
});

test('an append larger than the queue can never fit and says so', async () => {
  const log = await openWithShard(new MemoryFiles(), { queueBytesMax: 1000 });
  await expect(
    log.append(SHARD, [makeRecord(1, { payload: new Uint8Array(2000) })]),
  ).rejects.toMatchObject({ code: 'PostBodyTooLarge' });
});

test('the bytes that wait in all shards together are bounded', async () => {
  const log = await open(new MemoryFiles(), { queueTotalBytesMax: 10_000 });
  const shards = Array.from({ length: 100 }, (_, shardId) => ({ ...SHARD, shardId }));
  for (const shard of shards) await log.createShard(shard);
  const results = await Promise.allSettled(
    shards.map((shard) => log.append(shard, [makeRecord(shard.shardId)])),
  );
  const refused = results.filter((result) => result.status === 'rejected');
  expect(refused.length).toBeGreaterThan(10);
  for (const { reason } of refused) expect(reason).toMatchObject({ code: 'ServerBusy' });
  for (const shard of shards) await log.append(shard, [makeRecord(1)]);
});

test('many shards at work hold no more files open than allowed, and none when closed', async () => {
  const files = new MemoryFiles();
  const log = await open(files, { openFilesMax: 10, fileBytesMax: 1000 });
  let most = 0;
  files.intercept(() => {
    most = Math.max(most, files.openHandleCount);
  });
  const shards = Array.from({ length: 60 }, (_, shardId) => ({ ...SHARD, shardId }));
  await Promise.all(shards.map((shard) => log.createShard(shard)));
  for (let round = 0; round < 5; round++) {
    await Promise.all(shards.map((shard) => log.append(shard, [makeRecord(round)])));
    await Promise.all(shards.map((shard) => log.read(shard, 0, EVERYTHING)));
    expect(files.openHandleCount).toBeLessThanOrEqual(10);
  }
  // New files and sparse files are written by handles of their own, at most one of each a shard.
  expect(most).toBeGreaterThan(5);
  await log.close();
  expect(files.openHandleCount).toBe(0);
});

test('a log that was closed opens without reading its records again', async () => {
  const files = new MemoryFiles();
  const log = await openWithShard(files);
  for (let number = 1; number <= 200; number++) await log.append(SHARD, [makeRecord(number)]);
  await log.close();
  const counts = countChanges(files);
  const again = await open(files);
  expect(await again.bounds(SHARD)).toEqual({ firstSequence: 1, nextSequence: 201 });
  expect(counts.get('write')).toBeUndefined();
  expect(counts.get('sync')).toBeUndefined();
});

test('reads of closed files work from sparse files, and without them', async () => {
  for (const hasSparse of [true, false]) {
    const files = new MemoryFiles();
    const log = await openWithShard(files, { fileBytesMax: 300_000 });
    for (let number = 1; number <= 300; number++)
      await log.append(SHARD, [makeRecord(number, { payload: makePayload(number) })]);
    await log.close();
    const names = await files.list('/wal/s/0');
    expect(names).toContain(walFileName(1).replace('.wal', '.sparse'));
    if (!hasSparse)
      for (const name of names)
        if (name.endsWith('.sparse')) await files.remove(`/wal/s/0/${name}`);
    const again = await open(files, { fileBytesMax: 300_000 });
    for (const sequence of [1, 17, 60, 61, 150, 299, 300]) {
      const records = await again.read(SHARD, sequence, { ...EVERYTHING, maxRecords: 2 });
      expect(numberOf(records[0]!)).toBe(sequence);
      const timeMs = makeRecord(sequence).receiveTimeMs;
      expect(await again.findByReceiveTime(SHARD, timeMs)).toBe(sequence);
    }
  }
});

test('reads while files are trimmed away see a suffix, never an error', async () => {
  const files = new MemoryFiles();
  const log = await openWithShard(files, { fileBytesMax: 1000, openFilesMax: 1 });
  for (let number = 1; number <= 100; number++) await log.append(SHARD, [makeRecord(number)]);
  const reads = [];
  const trims = [];
  for (let number = 1; number <= 100; number += 3) {
    trims.push(log.trim(SHARD, makeRecord(number).receiveTimeMs));
    for (const from of [0, number, 50]) reads.push(log.read(SHARD, from, EVERYTHING));
    reads.push(log.findByReceiveTime(SHARD, makeRecord(number).receiveTimeMs).then(() => []));
    await new Promise((done) => setImmediate(done));
  }
  await Promise.all(trims);
  for (const records of await Promise.all(reads)) {
    const numbers = records.map(numberOf);
    const from = numbers[0] ?? 0;
    expect(numbers).toEqual(numbers.map((_, index) => from + index));
  }
});

function makePayload(number: number): Uint8Array {
  const payload = new Uint8Array(5000);
  new DataView(payload.buffer).setUint32(0, number);
  return payload;
}

test('what was read once stays, even when it stems from a failed sync of a process that was killed', async () => {
  let found = 0;
  for (let seed = 1; seed <= 30; seed++) {
    const files = new MemoryFiles();
    const log = await openWithShard(files);
    await log.append(SHARD, [makeRecord(1)]);
    files.intercept(({ kind, path }) => {
      if (kind !== 'write') throw diskError('EIO', path);
    });
    await expect(log.append(SHARD, [makeRecord(2)])).rejects.toMatchObject({ code: 'ServerBusy' });
    const next = files.restart();
    const numbers = await numbersIn(await open(next));
    found += numbers.length;
    expect(await numbersIn(await open(next.crash(new SeededRandom(seed))))).toEqual(numbers);
  }
  expect(found, 'the refused record must be there to be read').toBe(60);
});

test('a record behind a torn one does not come back once its place is taken', async () => {
  const files = new MemoryFiles();
  const log = await openWithShard(files);
  await log.append(SHARD, [makeRecord(50)]);
  await log.append(SHARD, [makeRecord(100), makeRecord(150), makeRecord(200)]);
  const path = `/wal/s/0/${walFileName(1)}`;
  const recordBytes = 48 + '10.1.2.3'.length + 100;
  const torn = files.restart();
  torn.corrupt(path, (await torn.stat(path)).sizeBytes - 3 * recordBytes + 60);
  const again = await open(torn);
  expect(await numbersIn(again)).toEqual([50]);
  await again.append(SHARD, [makeRecord(250)]);
  expect(await numbersIn(await open(torn.restart()))).toEqual([50, 250]);
});

test('a new file has its name only once its header is durable', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const files = new MemoryFiles();
    await openWithShard(files);
    const survivor = files.crash(new SeededRandom(seed));
    const handle = await survivor.open(`/wal/s/0/${walFileName(1)}`, 'read');
    const bytes = new Uint8Array(await handle.size());
    await handle.read(bytes, 0);
    expect(decodeFileHeader(bytes)).toMatchObject({ shard: SHARD, firstSequence: 1 });
  }
});

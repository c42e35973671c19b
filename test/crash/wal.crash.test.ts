/**
 * Goal: whatever the moment at which the process or the machine stops, every acknowledged log is there
 * afterwards, byte for byte, and nothing else is half there; and what is remembered of each writer is what
 * is stored of it, so that a repeat is refused exactly when it would be a second copy.
 * Method: a seeded workload (appends, restarts of files, trims, a new logstore) runs over the modelled
 * disk and is stopped at every single change of the disk in turn: by a kill (the disk goes on as it is)
 * or by a loss of power (unsynced bytes and names kept, lost or torn). What comes up again is checked,
 * also when recovery itself is stopped at each of its changes. A failure names its seed and its stop.
 */
import { expect, test } from 'vitest';
import { errorCode } from '#base/app-error.ts';
import { EmbeddedShardLog } from '#loghub/embedded/embedded-shard-log.ts';
import { MemoryClock } from '#platform/memory-clock.ts';
import { diskError, MemoryFiles } from '#platform/memory-files.ts';
import { SeededRandom } from '#platform/seeded-random.ts';
import type { AppendWriter, NewRecord, ShardKey } from '#loghub/shard-log.ts';
import type { Random } from '#platform/random.ts';

const SHARDS: readonly ShardKey[] = [
  { logstoreId: 'a', shardId: 0 },
  { logstoreId: 'b', shardId: 7 },
];
const DIRECTORY = '/data/wal';
const EVERYTHING = { maxRecords: 100_000, maxPayloadBytes: 1 << 28 };

/** What the world may rely on. Sequences are positions in `acknowledged` of a shard, from 1. */
interface Ledger {
  /** By shard and sequence: the record that was acknowledged there. */
  readonly acknowledged: Map<string, NewRecord>;
  /** By shard: appends that were sent and had no answer, or a refusal. */
  readonly unsettled: Map<string, (readonly NewRecord[])[]>;
  readonly created: Set<string>;
  /** By append: its writer. */
  readonly writers: Map<readonly NewRecord[], AppendWriter>;
  /** By shard and writer key: what is stored, and what was sent. */
  readonly storedUpTo: Map<string, number>;
  readonly sentUpTo: Map<string, number>;
  /** By shard: the largest time that a trim was asked for. */
  readonly trimmedBefore: Map<string, number>;
  clockMs: number;
}

const nameOf = (shard: ShardKey): string => `${shard.logstoreId}/${shard.shardId}`;

function newLedger(): Ledger {
  return {
    acknowledged: new Map(),
    unsettled: new Map(),
    created: new Set(),
    writers: new Map(),
    storedUpTo: new Map(),
    sentUpTo: new Map(),
    trimmedBefore: new Map(),
    clockMs: 1_000_000,
  };
}

async function open(
  files: MemoryFiles,
  durability: 'fsync' | 'os' = 'fsync',
): Promise<EmbeddedShardLog> {
  return await EmbeddedShardLog.open(
    { directory: DIRECTORY, durability, fileBytesMax: 2500, openFilesMax: 3 },
    { files, clock: new MemoryClock() },
  );
}

function makeRecord(random: Random, ledger: Ledger): NewRecord {
  ledger.clockMs += random.below(100);
  return {
    compression: 'lz4',
    payload: random.bytes(random.below(4) === 0 ? random.below(1500) : random.below(60)),
    rawBytes: random.below(1 << 20),
    logCount: random.below(1000),
    receiveTimeMs: ledger.clockMs,
    clientAddress: `10.0.0.${random.below(255)}`,
  };
}

async function append(
  log: EmbeddedShardLog,
  shard: ShardKey,
  at: { readonly random: Random; readonly ledger: Ledger },
): Promise<void> {
  const { random, ledger } = at;
  const count = 1 + random.below(3);
  const records = Array.from({ length: count }, () => makeRecord(random, ledger));
  const unsettled = ledger.unsettled.get(nameOf(shard)) ?? [];
  ledger.unsettled.set(nameOf(shard), [...unsettled, records]);
  const writer = random.below(3) === 0 ? undefined : nextOf(shard, at);
  if (writer !== undefined) ledger.writers.set(records, writer);
  const first = await log.append(shard, records, writer);
  noteStored(ledger, shard, records);
  const others = (ledger.unsettled.get(nameOf(shard)) ?? []).filter((one) => one !== records);
  ledger.unsettled.set(nameOf(shard), others);
  for (const [index, record] of records.entries()) {
    const key = `${nameOf(shard)}#${first + index}`;
    if (ledger.acknowledged.has(key)) throw new Error(`sequence ${key} was given twice`);
    ledger.acknowledged.set(key, record);
  }
}

const KEYS: readonly string[] = ['a', 'b', 'c'].map((digit) => digit.repeat(32));
const nameOfWriter = (shard: ShardKey, key: string): string => `${nameOf(shard)}@${key}`;

/** The place of the next append of a writer, which sends on without waiting for answers. */
function nextOf(
  shard: ShardKey,
  at: { readonly random: Random; readonly ledger: Ledger },
): AppendWriter {
  const key = KEYS[at.random.below(KEYS.length)]!;
  const name = nameOfWriter(shard, key);
  const previous = at.ledger.sentUpTo.get(name) ?? 0;
  const sequence = previous + 1 + at.random.below(1000);
  at.ledger.sentUpTo.set(name, sequence);
  return { key, previous, sequence };
}

function noteStored(ledger: Ledger, shard: ShardKey, records: readonly NewRecord[]): void {
  const writer = ledger.writers.get(records);
  if (writer === undefined) return;
  const name = nameOfWriter(shard, writer.key);
  ledger.storedUpTo.set(name, Math.max(ledger.storedUpTo.get(name) ?? 0, writer.sequence));
}

/** A repeat of what is stored is refused. What was sent and is not stored will be sent again. */
async function checkWriters(log: EmbeddedShardLog, shard: ShardKey, ledger: Ledger): Promise<void> {
  for (const key of KEYS) {
    const name = nameOfWriter(shard, key);
    const stored = ledger.storedUpTo.get(name);
    ledger.sentUpTo.set(name, stored ?? 0);
    if (stored === undefined) continue;
    const repeat = { key, previous: stored - 1, sequence: stored + 5 };
    const record = makeRecord(new SeededRandom(1), ledger);
    await expect(log.append(shard, [record], repeat)).rejects.toMatchObject({
      code: 'InvalidSequenceId',
      details: { lastSequence: stored },
    });
  }
}

/** Ends early, without a word, when the disk stops; what else goes wrong is thrown. */
async function work(files: MemoryFiles, seed: number, ledger: Ledger): Promise<void> {
  const random = new SeededRandom(seed);
  try {
    const log = await open(files);
    for (const shard of SHARDS) {
      await log.createShard(shard);
      ledger.created.add(nameOf(shard));
    }
    for (let turn = 0; turn < 8; turn++) {
      const shard = SHARDS[random.below(SHARDS.length)]!;
      const appends = Array.from({ length: 1 + random.below(3) }, () =>
        append(log, shard, { random, ledger }),
      );
      const settled = await Promise.allSettled(appends);
      for (const one of settled) if (one.status === 'rejected') throw one.reason;
      if (random.below(4) === 0) {
        const timeMs = ledger.clockMs - random.below(200);
        ledger.trimmedBefore.set(nameOf(shard), timeMs);
        await log.trim(shard, timeMs);
      }
      await log.read(shard, 1, EVERYTHING);
    }
    await log.close();
  } catch (error) {
    if (!files.hasLostPower) throw error;
  }
}

/** Reads all shards and holds them against the ledger, which then takes what was found as given. */
async function check(log: EmbeddedShardLog, ledger: Ledger): Promise<void> {
  for (const shard of SHARDS) {
    const name = nameOf(shard);
    if (!ledger.created.has(name)) {
      await log.createShard(shard);
      ledger.created.add(name);
    }
    const { firstSequence, nextSequence } = await log.bounds(shard);
    const records = await log.read(shard, 0, EVERYTHING);
    expect(records.map((record) => record.sequence)).toEqual(
      Array.from({ length: nextSequence - firstSequence }, (_, index) => firstSequence + index),
    );
    const unacknowledged: NewRecord[] = [];
    for (const { sequence, ...record } of records) {
      const expected = ledger.acknowledged.get(`${name}#${sequence}`);
      if (expected === undefined) unacknowledged.push(record);
      else expect(record).toEqual(expected);
    }
    for (const [key, record] of ledger.acknowledged) {
      const [keyShard, sequence] = key.split('#');
      if (keyShard !== name || Number(sequence) >= firstSequence) continue;
      expect(record.receiveTimeMs).toBeLessThan(ledger.trimmedBefore.get(name) ?? 0);
    }
    expectNewest(ledger, name, nextSequence);
    const unsettled = ledger.unsettled.get(name) ?? [];
    for (const append of expectWholeAppends(unacknowledged, unsettled))
      noteStored(ledger, shard, append);
    ledger.unsettled.set(name, []);
    await checkWriters(log, shard, ledger);
    for (const { sequence, ...record } of records)
      ledger.acknowledged.set(`${name}#${sequence}`, record);
  }
}

function expectNewest(ledger: Ledger, name: string, nextSequence: number): void {
  for (const key of ledger.acknowledged.keys())
    if (key.startsWith(`${name}#`)) expect(Number(key.split('#')[1])).toBeLessThan(nextSequence);
}

/** What is there although it was not acknowledged must be whole appends, in any order. */
function expectWholeAppends(
  found: readonly NewRecord[],
  sent: readonly (readonly NewRecord[])[],
): readonly (readonly NewRecord[])[] {
  const rest = [...sent];
  const stored: (readonly NewRecord[])[] = [];
  let position = 0;
  while (position < found.length) {
    const index = rest.findIndex(
      (append) =>
        append[0]!.receiveTimeMs === found[position]!.receiveTimeMs &&
        Buffer.compare(append[0]!.payload, found[position]!.payload) === 0,
    );
    expect(index, 'a record that nobody sent').toBeGreaterThanOrEqual(0);
    const append = rest.splice(index, 1)[0]!;
    expect(found.slice(position, position + append.length)).toEqual(append);
    position += append.length;
    stored.push(append);
  }
  return stored;
}

function stop(files: MemoryFiles, random: Random): MemoryFiles {
  if (random.below(3) > 0) return files.crash(random);
  const next = files.restart();
  return random.below(2) === 0 ? next : next.crash(random);
}

async function changesOf(run: (files: MemoryFiles) => Promise<unknown>): Promise<number> {
  const files = new MemoryFiles();
  await run(files);
  return files.operationCount;
}

for (let seed = 1; seed <= 12; seed++)
  test(`every acknowledged log survives a stop at every change of the disk, seed ${seed}`, async () => {
    const changes = await changesOf((files) => work(files, seed, newLedger()));
    expect(changes).toBeGreaterThan(40);
    for (let number = 1; number <= changes; number++) {
      const random = new SeededRandom(seed * 1_000_003 + number);
      const ledger = newLedger();
      const files = new MemoryFiles();
      files.losePowerAt(number);
      await work(files, seed, ledger);
      let disk = stop(files, random);
      for (let round = 0; round < 2; round++) {
        const log = await open(disk);
        await check(log, ledger);
        for (const shard of SHARDS) await append(log, shard, { random, ledger });
        await check(log, ledger);
        disk = stop(disk, random);
      }
      const log = await open(disk);
      await check(log, ledger);
      await log.close();
    }
  });

for (let seed = 101; seed <= 106; seed++)
  test(`a stop at every change of a recovery costs nothing either, seed ${seed}`, async () => {
    const changes = await changesOf((files) => work(files, seed, newLedger()));
    for (let number = 5; number <= changes; number += 7) {
      for (let recoveryStop = 1; ; recoveryStop++) {
        const random = new SeededRandom(seed * 1_000_003 + number * 1009 + recoveryStop);
        const ledger = newLedger();
        const files = new MemoryFiles();
        files.losePowerAt(number);
        await work(files, seed, ledger);
        const second = stop(files, random);
        second.losePowerAt(second.operationCount + recoveryStop);
        const isWhole = await open(second)
          .then(async (log) => {
            await check(log, ledger);
            return true;
          })
          .catch((error: unknown) => {
            if (!second.hasLostPower) throw error;
            return false;
          });
        const log = await open(stop(second, random));
        await check(log, ledger);
        for (const shard of SHARDS) await append(log, shard, { random, ledger });
        await check(log, ledger);
        if (isWhole) break;
      }
    }
  });

test.each(['EIO', 'ENOSPC'])(
  'after %s at any change the log refuses, recovers by itself, and loses nothing in a later crash',
  async (code) => {
    for (let seed = 201; seed <= 206; seed++) {
      const changes = await changesOf((files) => work(files, seed, newLedger()));
      for (let number = 1; number <= changes; number++) {
        const random = new SeededRandom(seed * 1_000_003 + number);
        const ledger = newLedger();
        const files = new MemoryFiles();
        const failures = 1 + random.below(4);
        files.intercept((operation) => {
          if (operation.number >= number && operation.number < number + failures)
            throw diskError(code, operation.path);
        });
        await workThroughErrors(files, seed, ledger);
        const log = await open(stop(files, random));
        await check(log, ledger);
      }
    }
  },
);

/** Repeats what is refused; only refusals that say "try again" and plain disk errors are expected. */
async function persist<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++)
    try {
      return await attempt();
    } catch (error) {
      const isExpected = ['ServerBusy', 'EIO', 'ENOSPC'].includes(errorCode(error) ?? '');
      if (!isExpected || tries > 10) throw error;
    }
}

async function workThroughErrors(files: MemoryFiles, seed: number, ledger: Ledger): Promise<void> {
  const random = new SeededRandom(seed);
  const log = await persist(() => open(files));
  for (const shard of SHARDS) {
    await persist(() => log.createShard(shard));
    ledger.created.add(nameOf(shard));
  }
  for (let turn = 0; turn < 6; turn++) {
    const shard = SHARDS[random.below(SHARDS.length)]!;
    for (let count = 1 + random.below(3); count > 0; count--)
      await persist(() => append(log, shard, { random, ledger }));
    const timeMs = ledger.clockMs - random.below(200);
    ledger.trimmedBefore.set(nameOf(shard), timeMs);
    await persist(() => log.trim(shard, timeMs));
    const { firstSequence, nextSequence } = await log.bounds(shard);
    expect(await log.read(shard, 1, EVERYTHING)).toHaveLength(nextSequence - firstSequence);
  }
}

test("durability 'os' keeps everything when only the process dies, and stays consistent when power fails", async () => {
  let lost = 0;
  for (let seed = 301; seed <= 340; seed++) {
    const random = new SeededRandom(seed);
    const ledger = newLedger();
    const files = new MemoryFiles();
    const log = await open(files, 'os');
    for (const shard of SHARDS) {
      await log.createShard(shard);
      ledger.created.add(nameOf(shard));
    }
    for (let turn = 0; turn < 20; turn++)
      await append(log, SHARDS[random.below(2)]!, { random, ledger });
    const killed = files.restart();
    const again = await open(killed, 'os');
    await check(again, ledger);
    for (let turn = 0; turn < 20; turn++)
      await append(again, SHARDS[random.below(2)]!, { random, ledger });
    const after = await open(killed.crash(random), 'os');
    for (const shard of SHARDS) {
      const { firstSequence, nextSequence } = await after.bounds(shard);
      const records = await after.read(shard, 0, EVERYTHING);
      expect(records).toHaveLength(nextSequence - firstSequence);
      for (const { sequence, ...record } of records)
        expect(record).toEqual(ledger.acknowledged.get(`${nameOf(shard)}#${sequence}`));
      if (ledger.acknowledged.has(`${nameOf(shard)}#${nextSequence}`)) lost++;
    }
  }
  expect(lost, 'the model must be able to lose unsynced logs').toBeGreaterThan(0);
});

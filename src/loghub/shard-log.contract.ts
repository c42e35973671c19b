/** What every implementation of `ShardLog` must do; each runs this with its own way to open one. */
import { afterEach, describe, expect, test } from 'vitest';
import type {
  AppendWriter,
  LogRecord,
  NewRecord,
  ReadOptions,
  ShardKey,
  ShardLog,
} from './shard-log.ts';

export interface ContractOptions {
  /** Bytes after which the implementation should begin another file or block, where it has such. */
  readonly fileBytesMax?: number | undefined;
  readonly queueBytesMax?: number | undefined;
}

export interface OpenedShardLog {
  readonly log: ShardLog;
  /** Closes the log and opens it anew over the same bytes. */
  readonly reopen: () => Promise<OpenedShardLog>;
}

type Open = (options: ContractOptions) => Promise<OpenedShardLog>;

const SHARD: ShardKey = { logstoreId: 'store-1', shardId: 0 };
const EVERYTHING: ReadOptions = { maxRecords: 1_000_000, maxPayloadBytes: 1 << 30 };

/** A record whose payload tells its number. */
export function makeRecord(number: number, changes: Partial<NewRecord> = {}): NewRecord {
  const payload = new Uint8Array(100 + (number % 50)).fill(number);
  new DataView(payload.buffer).setUint32(0, number);
  return {
    compression: 'lz4',
    payload,
    rawBytes: 1000 + number,
    logCount: number,
    receiveTimeMs: 1_700_000_000_000 + number * 1000,
    clientAddress: '10.1.2.3',
    ...changes,
  };
}

export function numberOf(record: NewRecord): number {
  const { buffer, byteOffset } = record.payload;
  return new DataView(buffer, byteOffset).getUint32(0);
}

async function fill(log: ShardLog, from: number, to: number): Promise<void> {
  for (let number = from; number <= to; number++)
    expect(await log.append(SHARD, [makeRecord(number)])).toBe(number);
}

async function readAll(log: ShardLog): Promise<readonly LogRecord[]> {
  return await log.read(SHARD, 0, EVERYTHING);
}

const span = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);

export function describeShardLogContract(name: string, open: Open): void {
  describe(name, () => {
    const opened: ShardLog[] = [];
    const openTracked: Open = async (options) => track(await open(options));
    const track = (one: OpenedShardLog): OpenedShardLog => {
      opened.push(one.log);
      return { log: one.log, reopen: async () => track(await one.reopen()) };
    };
    afterEach(async () => {
      for (const log of opened.splice(0)) await log.close();
    });
    describeAppending(openTracked);
    describeReading(openTracked);
    describeTime(openTracked);
    describeLife(openTracked);
    describeWriters(openTracked);
    describeWriterMemory(openTracked);
  });
}

function describeAppending(open: Open): void {
  test('records come back as they were appended, with consecutive sequences from 1', async () => {
    const { log } = await open({});
    await log.createShard(SHARD);
    const sent = [
      makeRecord(1, { compression: 'none', clientAddress: '' }),
      makeRecord(2, { compression: 'zstd', payload: new Uint8Array(0), rawBytes: 0, logCount: 0 }),
      makeRecord(3, { compression: 'deflate', clientAddress: 'fe80::1%eth0' }),
      makeRecord(4, { compression: 'gzip', payload: new Uint8Array(300_000).fill(7) }),
    ];
    expect(await log.append(SHARD, sent.slice(0, 3))).toBe(1);
    expect(await log.append(SHARD, sent.slice(3))).toBe(4);
    const expected = sent.map((record, index) => ({ ...record, sequence: index + 1 }));
    expect(await readAll(log)).toEqual(expected);
    expect(await log.bounds(SHARD)).toEqual({ firstSequence: 1, nextSequence: 5 });
  });

  test('concurrent appends keep their own records together and take every sequence once', async () => {
    const { log } = await open({ fileBytesMax: 4000 });
    await log.createShard(SHARD);
    const firsts = await Promise.all(
      span(0, 49).map((group) =>
        log.append(SHARD, [makeRecord(group * 2), makeRecord(group * 2 + 1)]),
      ),
    );
    const records = await readAll(log);
    expect(records.map((record) => record.sequence)).toEqual(span(1, 100));
    for (const [group, first] of firsts.entries()) {
      expect(numberOf(records[first - 1]!)).toBe(group * 2);
      expect(numberOf(records[first]!)).toBe(group * 2 + 1);
    }
  });

  test('a full queue refuses with ServerBusy, all or none, and works again later', async () => {
    const { log } = await open({ queueBytesMax: 20_000 });
    await log.createShard(SHARD);
    const results = await Promise.allSettled(
      span(1, 200).map((number) => log.append(SHARD, [makeRecord(number), makeRecord(number)])),
    );
    const accepted = results.filter((result) => result.status === 'fulfilled').length;
    expect(accepted).toBeGreaterThan(0);
    expect(accepted).toBeLessThan(200);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'ServerBusy' });
    expect(await readAll(log)).toHaveLength(accepted * 2);
    expect(await log.append(SHARD, [makeRecord(1)])).toBe(accepted * 2 + 1);
  });

  test('listeners hear of each append once it can be read', async () => {
    const { log } = await open({});
    await log.createShard(SHARD);
    const heard: number[] = [];
    const listening = log.onAppend((shard, nextSequence) => {
      expect(shard).toEqual(SHARD);
      heard.push(nextSequence);
    });
    await log.append(SHARD, [makeRecord(1), makeRecord(2)]);
    await log.append(SHARD, [makeRecord(3)]);
    await Promise.resolve();
    expect(heard).toEqual([3, 4]);
    listening[Symbol.dispose]();
    await log.append(SHARD, [makeRecord(4)]);
    await Promise.resolve();
    expect(heard).toEqual([3, 4]);
  });
}

function describeReading(open: Open): void {
  test('a read starts anywhere and stops at its limits, over file borders', async () => {
    const { log } = await open({ fileBytesMax: 1000 });
    await log.createShard(SHARD);
    await fill(log, 1, 60);
    for (const from of [0, 1, 2, 7, 30, 59, 60]) {
      const records = await log.read(SHARD, from, { ...EVERYTHING, maxRecords: 9 });
      expect(records.map(numberOf)).toEqual(
        span(Math.max(from, 1), Math.min(60, Math.max(from, 1) + 8)),
      );
    }
    expect(await log.read(SHARD, 61, EVERYTHING)).toEqual([]);
    expect(await log.read(SHARD, 1000, EVERYTHING)).toEqual([]);
    expect(await log.read(SHARD, 1, { ...EVERYTHING, maxRecords: 0 })).toEqual([]);
  });

  test('a byte limit ends the read with the record that reaches it, at least one', async () => {
    const { log } = await open({});
    await log.createShard(SHARD);
    for (let number = 1; number <= 10; number++)
      await log.append(SHARD, [makeRecord(number, { payload: new Uint8Array(100) })]);
    for (const [maxPayloadBytes, count] of [
      [0, 1],
      [1, 1],
      [100, 1],
      [101, 2],
      [300, 3],
      [5000, 10],
    ] as const)
      expect(await log.read(SHARD, 1, { maxRecords: 100, maxPayloadBytes })).toHaveLength(count);
  });
}

function describeTime(open: Open): void {
  test('a receive time finds the first record at or after it', async () => {
    const { log } = await open({ fileBytesMax: 1000 });
    await log.createShard(SHARD);
    expect(await log.findByReceiveTime(SHARD, 0)).toBe(1);
    await fill(log, 1, 40);
    for (const number of [1, 2, 15, 39, 40]) {
      const timeMs = makeRecord(number).receiveTimeMs;
      expect(await log.findByReceiveTime(SHARD, timeMs)).toBe(number);
      expect(await log.findByReceiveTime(SHARD, timeMs - 999)).toBe(number);
      expect(await log.findByReceiveTime(SHARD, timeMs + 1)).toBe(number + 1);
    }
    expect(await log.findByReceiveTime(SHARD, 0)).toBe(1);
    expect(await log.findByReceiveTime(SHARD, Number.MAX_SAFE_INTEGER)).toBe(41);
  });

  test('receive times never go back inside a shard, even when the clock does and after a restart', async () => {
    let { log, reopen } = await open({ fileBytesMax: 1000 });
    await log.createShard(SHARD);
    const times = [500, 900, 300, 1000, 2, 2];
    for (const [index, receiveTimeMs] of times.entries()) {
      await log.append(SHARD, [makeRecord(index, { receiveTimeMs })]);
      ({ log, reopen } = await reopen());
    }
    const records = await readAll(log);
    expect(records.map((record) => record.receiveTimeMs)).toEqual([
      500, 900, 900, 1000, 1000, 1000,
    ]);
    expect(await log.findByReceiveTime(SHARD, 901)).toBe(4);
  });

  test('trim drops only whole old files and never the newest', async () => {
    const { log, reopen } = await open({ fileBytesMax: 1000 });
    await log.createShard(SHARD);
    await fill(log, 1, 40);
    await log.trim(SHARD, makeRecord(1).receiveTimeMs);
    expect(await log.bounds(SHARD)).toEqual({ firstSequence: 1, nextSequence: 41 });
    await log.trim(SHARD, makeRecord(20).receiveTimeMs);
    const { firstSequence } = await log.bounds(SHARD);
    expect(firstSequence).toBeGreaterThan(1);
    expect(firstSequence).toBeLessThanOrEqual(20);
    expect((await readAll(log)).map(numberOf)).toEqual(span(firstSequence, 40));
    expect(await log.findByReceiveTime(SHARD, 0)).toBe(firstSequence);
    await Promise.all([
      log.trim(SHARD, Number.MAX_SAFE_INTEGER),
      log.trim(SHARD, Number.MAX_SAFE_INTEGER),
      log.append(SHARD, [makeRecord(41)]),
    ]);
    const again = await reopen();
    const bounds = await again.log.bounds(SHARD);
    expect(bounds.nextSequence).toBe(42);
    expect(bounds.firstSequence).toBeGreaterThan(firstSequence);
    expect((await readAll(again.log)).map(numberOf)).toEqual(span(bounds.firstSequence, 41));
  });
}

function describeLife(open: Open): void {
  test('everything is there after a restart, and sequences go on', async () => {
    const { log, reopen } = await open({ fileBytesMax: 3000 });
    const other: ShardKey = { logstoreId: 'store-2', shardId: 12 };
    await log.createShard(SHARD);
    await log.createShard(other);
    await fill(log, 1, 30);
    await log.append(other, [makeRecord(77)]);
    const before = await readAll(log);
    const again = await reopen();
    expect(await readAll(again.log)).toEqual(before);
    expect((await again.log.read(other, 1, EVERYTHING)).map(numberOf)).toEqual([77]);
    await fill(again.log, 31, 32);
    expect((await readAll(again.log)).map(numberOf)).toEqual(span(1, 32));
  });

  test('creating a shard again changes nothing', async () => {
    const { log, reopen } = await open({});
    await Promise.all([log.createShard(SHARD), log.createShard({ ...SHARD })]);
    await fill(log, 1, 2);
    await log.createShard(SHARD);
    expect(await readAll(log)).toHaveLength(2);
    const again = await reopen();
    await again.log.createShard(SHARD);
    expect(await readAll(again.log)).toHaveLength(2);
  });

  test('an unknown shard is ShardNotExist for every call', async () => {
    const { log } = await open({});
    const missing = { code: 'ShardNotExist' };
    await expect(log.append(SHARD, [makeRecord(1)])).rejects.toMatchObject(missing);
    await expect(log.read(SHARD, 1, EVERYTHING)).rejects.toMatchObject(missing);
    await expect(log.bounds(SHARD)).rejects.toMatchObject(missing);
    await expect(log.findByReceiveTime(SHARD, 1)).rejects.toMatchObject(missing);
    await expect(log.trim(SHARD, 1)).rejects.toMatchObject(missing);
  });

  test('a deleted logstore is gone with all its shards, also after a restart; others stay', async () => {
    const { log, reopen } = await open({});
    const second: ShardKey = { ...SHARD, shardId: 1 };
    const other: ShardKey = { logstoreId: 'store-10', shardId: 0 };
    for (const shard of [SHARD, second, other]) {
      await log.createShard(shard);
      await log.append(shard, [makeRecord(1)]);
    }
    await log.deleteLogstore(SHARD.logstoreId);
    await log.deleteLogstore(SHARD.logstoreId);
    for (const one of [log, (await reopen()).log]) {
      await expect(one.bounds(SHARD)).rejects.toMatchObject({ code: 'ShardNotExist' });
      await expect(one.append(second, [makeRecord(2)])).rejects.toMatchObject({
        code: 'ShardNotExist',
      });
      expect(await one.read(other, 1, EVERYTHING)).toHaveLength(1);
    }
  });

  test('closing waits for the appends that were there and refuses later ones', async () => {
    const { log, reopen } = await open({});
    await log.createShard(SHARD);
    const appends = span(1, 20).map((number) => log.append(SHARD, [makeRecord(number)]));
    const [again] = await Promise.all([reopen(), ...appends]);
    await expect(log.append(SHARD, [makeRecord(21)])).rejects.toMatchObject({ code: 'ServerBusy' });
    expect((await readAll(again.log)).map(numberOf)).toEqual(span(1, 20));
  });
}

const KEY = '0123456789abcdef0123456789abcdef';
const OTHER_KEY = 'f'.repeat(32);

const writerOf = (key: string, previous: number, sequence: number): AppendWriter => ({
  key,
  previous,
  sequence,
});

const repeated = (lastSequence: number): object => ({
  code: 'InvalidSequenceId',
  details: { lastSequence },
});

function describeWriters(open: Open): void {
  test('an append of a writer is refused when repeated, also in another cut, and told how far it is', async () => {
    const { log } = await open({});
    await log.createShard(SHARD);
    const send = (previous: number, sequence: number, key = KEY): Promise<number> =>
      log.append(SHARD, [makeRecord(1), makeRecord(2)], writerOf(key, previous, sequence));
    expect(await send(0, 100)).toBe(1);
    for (const [previous, sequence] of [
      [0, 100],
      [0, 50],
      [99, 100],
      [99, 300],
    ] as const)
      await expect(send(previous, sequence)).rejects.toMatchObject(repeated(100));
    expect(await send(100, 200)).toBe(3);
    expect(await send(250, 300)).toBe(5);
    expect(await send(0, 100, OTHER_KEY)).toBe(7);
    await expect(send(250, 300)).rejects.toMatchObject(repeated(300));
    expect(await log.append(SHARD, [makeRecord(9)])).toBe(9);
    expect(await readAll(log)).toHaveLength(9);
  });

  test('writers of different shards know nothing of each other', async () => {
    const { log } = await open({});
    const other: ShardKey = { ...SHARD, shardId: 1 };
    await log.createShard(SHARD);
    await log.createShard(other);
    await log.append(SHARD, [makeRecord(1)], writerOf(KEY, 0, 100));
    expect(await log.append(other, [makeRecord(1)], writerOf(KEY, 0, 100))).toBe(1);
  });

  test('of repeats that wait together exactly one is stored', async () => {
    const { log } = await open({});
    await log.createShard(SHARD);
    const results = await Promise.allSettled(
      span(1, 40).map((number) =>
        log.append(
          SHARD,
          [makeRecord(number)],
          writerOf(KEY, (number % 4) * 10, (number % 4) * 10 + 10),
        ),
      ),
    );
    const stored = results.filter((result) => result.status === 'fulfilled');
    expect(await readAll(log)).toHaveLength(stored.length);
    expect(stored).toHaveLength(3);
    for (const result of results)
      if (result.status === 'rejected')
        expect(result.reason).toMatchObject({ code: 'InvalidSequenceId' });
    await expect(log.append(SHARD, [makeRecord(1)], writerOf(KEY, 30, 40))).rejects.toMatchObject(
      repeated(40),
    );
  });
}

function describeWriterMemory(open: Open): void {
  test('what writers have stored is known after a restart, over file borders and after a trim', async () => {
    let { log, reopen } = await open({ fileBytesMax: 1000 });
    await log.createShard(SHARD);
    const keys = span(1, 5).map((number) => String(number).repeat(32));
    for (let round = 1; round <= 8; round++) {
      for (const key of keys.slice(round % 3))
        await log.append(SHARD, [makeRecord(round)], writerOf(key, round * 10 - 10, round * 10));
      if (round % 2 === 0) ({ log, reopen } = await reopen());
      if (round === 7) await log.trim(SHARD, Number.MAX_SAFE_INTEGER);
      for (const [index, key] of keys.entries()) {
        const stored = [round, round - 1, round - 2].find((one) => index >= one % 3) ?? 0;
        if (stored === 0) continue;
        await expect(
          log.append(SHARD, [makeRecord(1)], writerOf(key, stored * 10 - 1, stored * 10)),
        ).rejects.toMatchObject(repeated(stored * 10));
      }
    }
  });

  test('an append that was refused for its size leaves its writer as it was', async () => {
    const { log } = await open({ queueBytesMax: 20_000 });
    await log.createShard(SHARD);
    const large = makeRecord(1, { payload: new Uint8Array(30_000) });
    await expect(log.append(SHARD, [large], writerOf(KEY, 0, 10))).rejects.toMatchObject({
      code: 'PostBodyTooLarge',
    });
    expect(await log.append(SHARD, [makeRecord(1)], writerOf(KEY, 0, 10))).toBe(1);
  });
}

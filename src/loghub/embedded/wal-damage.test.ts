/** Bit rot, cut files and lost files: reported to the reader, and everything else stays readable. */
import { describe, expect, test } from 'vitest';
import { MemoryClock } from '#platform/memory-clock.ts';
import { MemoryFiles } from '#platform/memory-files.ts';
import { makeRecord, numberOf } from '../shard-log.contract.ts';
import { EmbeddedShardLog } from './embedded-shard-log.ts';
import { fileHeaderBytes, RECORD_HEADER_BYTES } from './record-codec.ts';
import { walFileName } from './wal-file.ts';
import type { ShardKey } from '../shard-log.ts';

const SHARD: ShardKey = { logstoreId: 's', shardId: 0 };
const FOLDER = '/wal/s/0';
const EVERYTHING = { maxRecords: 1000, maxPayloadBytes: 1 << 20 };
const RECORD_BYTES = RECORD_HEADER_BYTES + '10.1.2.3'.length + 100;

async function open(files: MemoryFiles, fileBytesMax = 1 << 20): Promise<EmbeddedShardLog> {
  return await EmbeddedShardLog.open(
    { directory: '/wal', durability: 'fsync', fileBytesMax },
    { files, clock: new MemoryClock() },
  );
}

/** A shard with `count` records of equal size. */
async function makeShard(count: number, fileBytesMax?: number): Promise<MemoryFiles> {
  const files = new MemoryFiles();
  const log = await open(files, fileBytesMax);
  await log.createShard(SHARD);
  for (let number = 1; number <= count; number++)
    await log.append(SHARD, [makeRecord(number * 50)]);
  await log.close();
  return files;
}

const offsetOf = (index: number): number => fileHeaderBytes(SHARD) + index * RECORD_BYTES;

async function rewrite(
  files: MemoryFiles,
  path: string,
  change: { readonly bytes?: Uint8Array; readonly offset?: number; readonly size?: number },
): Promise<void> {
  const handle = await files.open(path, 'readwrite');
  if (change.size !== undefined) await handle.truncate(change.size);
  await handle.write([change.bytes ?? new Uint8Array(0)], change.offset ?? 0);
  await handle.sync();
  await handle.close();
}

/** Reads like a consumer that goes on after damage: the records, and the stretches it was told of. */
async function readAround(
  log: EmbeddedShardLog,
): Promise<{ readonly sequences: number[]; readonly damaged: (readonly [number, number])[] }> {
  const sequences: number[] = [];
  const damaged: (readonly [number, number])[] = [];
  const { firstSequence, nextSequence } = await log.bounds(SHARD);
  let sequence = firstSequence;
  while (sequence < nextSequence)
    try {
      for (const record of await log.read(SHARD, sequence, EVERYTHING)) {
        expect(numberOf(record)).toBe(record.sequence * 50);
        sequences.push(record.sequence);
        sequence = record.sequence + 1;
      }
    } catch (error) {
      expect(error).toMatchObject({ code: 'ShardLogDamaged' });
      const { details } = error as { details: { firstDamaged: number; resumeAt: number } };
      expect(details.firstDamaged).toBe(sequence);
      expect(details.resumeAt).toBeGreaterThan(sequence);
      damaged.push([details.firstDamaged, details.resumeAt]);
      sequence = details.resumeAt;
    }
  return { sequences, damaged };
}

async function walNames(files: MemoryFiles): Promise<readonly string[]> {
  return (await files.list(FOLDER)).filter((name) => name.endsWith('.wal'));
}

const without = (count: number, missing: readonly number[]): number[] =>
  Array.from({ length: count }, (_, index) => index + 1).filter((one) => !missing.includes(one));

test.each([
  ['the payload', RECORD_HEADER_BYTES + 20],
  ['the address', RECORD_HEADER_BYTES],
  ['the marker', 0],
  ['the header checksum', 5],
  ['the length', 13],
  ['the sequence', 30],
  ['the receive time', 40],
])('damage in %s of one record costs that record alone', async (_, within) => {
  for (const hasSparse of [true, false]) {
    const files = await makeShard(9);
    if (!hasSparse) await files.remove(`${FOLDER}/${walFileName(1).replace('wal', 'sparse')}`);
    files.corrupt(`${FOLDER}/${walFileName(1)}`, offsetOf(4) + within);
    const log = await open(files);
    expect(await readAround(log)).toEqual({ sequences: without(9, [5]), damaged: [[5, 6]] });
    expect(await log.append(SHARD, [makeRecord(500)])).toBe(10);
    expect((await readAround(log)).sequences).toEqual(without(10, [5]));
    await log.close();
    expect((await readAround(await open(files))).sequences).toEqual(without(10, [5]));
  }
});

test('damage found while the log is open is reported the same way', async () => {
  const files = await makeShard(9);
  const log = await open(files);
  expect((await readAround(log)).damaged).toEqual([]);
  files.corrupt(`${FOLDER}/${walFileName(1)}`, offsetOf(0));
  files.corrupt(`${FOLDER}/${walFileName(1)}`, offsetOf(1) + 90);
  files.corrupt(`${FOLDER}/${walFileName(1)}`, offsetOf(8) + 1);
  const found = await readAround(log);
  expect(found.sequences).toEqual(without(9, [1, 2, 9]));
  expect(found.damaged.flat()).toEqual(expect.arrayContaining([9, 10]));
});

test('a stretch over several records is one gap, and marker bytes inside payloads do not mislead', async () => {
  const files = new MemoryFiles();
  const log = await open(files);
  await log.createShard(SHARD);
  const payload = new Uint8Array(100);
  for (let at = 4; at < 100; at += 4) payload.set(new TextEncoder().encode('SLRC'), at);
  for (let number = 1; number <= 9; number++) {
    new DataView(payload.buffer).setUint32(0, number * 50);
    await log.append(SHARD, [makeRecord(number * 50, { payload: payload.slice() })]);
  }
  for (let offset = offsetOf(2) + 3; offset < offsetOf(5) + 50; offset += 40)
    files.corrupt(`${FOLDER}/${walFileName(1)}`, offset);
  const found = await readAround(log);
  expect(found.sequences).toEqual(without(9, [3, 4, 5, 6]));
});

test('a closed file that lost its end or its header costs only what is gone', async () => {
  for (const hasSparse of [true, false]) {
    const files = await makeShard(20, RECORD_BYTES * 5);
    const names = (await files.list(FOLDER)).filter((name) => name.endsWith('.wal'));
    expect(names.length).toBeGreaterThan(2);
    if (!hasSparse)
      for (const name of await files.list(FOLDER))
        if (name.endsWith('.sparse')) await files.remove(`${FOLDER}/${name}`);
    await rewrite(files, `${FOLDER}/${names[0]}`, { size: offsetOf(3) + 10 });
    files.corrupt(`${FOLDER}/${names[1]}`, 3);
    const log = await open(files, RECORD_BYTES * 5);
    const second = Number.parseInt(names[1]!, 10);
    expect(await readAround(log)).toEqual({
      sequences: without(
        20,
        Array.from({ length: second - 4 }, (_, index) => 4 + index),
      ),
      damaged: [[4, second]],
    });
    expect(await log.findByReceiveTime(SHARD, makeRecord(1000).receiveTimeMs)).toBe(20);
    await log.trim(SHARD, makeRecord(1000).receiveTimeMs);
    expect((await log.bounds(SHARD)).firstSequence).toBeGreaterThan(second);
  }
});

test('a newest file that lost acknowledged records is given up; their sequences are not used again', async () => {
  const files = await makeShard(9);
  await rewrite(files, `${FOLDER}/${walFileName(1)}`, { size: offsetOf(6) });
  const log = await open(files);
  expect(await log.append(SHARD, [makeRecord(500)])).toBe(10);
  expect(await readAround(log)).toEqual({
    sequences: without(10, [7, 8, 9]),
    damaged: [[7, 10]],
  });
});

test('a lost file in the middle is a gap', async () => {
  const files = await makeShard(20, RECORD_BYTES * 5);
  const names = (await files.list(FOLDER)).filter((name) => name.endsWith('.wal'));
  await files.remove(`${FOLDER}/${names[1]}`);
  const found = await readAround(await open(files, RECORD_BYTES * 5));
  expect(found.damaged).toEqual([names.slice(1, 3).map((name) => Number.parseInt(name, 10))]);
  expect(found.sequences).toHaveLength(20 - (found.damaged[0]![1] - found.damaged[0]![0]));
});

test('a torn tail is cut, back to the end of a whole append', async () => {
  const files = await makeShard(4);
  const log = await open(files);
  const three = [makeRecord(250), makeRecord(300), makeRecord(350)];
  await log.append(SHARD, three);
  const torn = files.restart();
  await rewrite(torn, `${FOLDER}/${walFileName(1)}`, { size: offsetOf(7) - 1 });
  const again = await open(torn);
  expect(await readAround(again)).toEqual({ sequences: [1, 2, 3, 4], damaged: [] });
  expect(await again.append(SHARD, three)).toBe(5);
  expect((await readAround(again)).sequences).toEqual(without(7, []));
});

test('a sparse file that is damaged, or points nowhere, changes nothing', async () => {
  for (const offset of [0, 20, 45, 60]) {
    const files = await makeShard(20, RECORD_BYTES * 5);
    for (const name of await files.list(FOLDER))
      if (name.endsWith('.sparse')) files.corrupt(`${FOLDER}/${name}`, offset);
    const log = await open(files, RECORD_BYTES * 5);
    expect((await readAround(log)).sequences).toEqual(without(20, []));
  }
  const files = await makeShard(20, RECORD_BYTES * 5);
  const [first, second] = (await files.list(FOLDER)).filter((name) => name.endsWith('.sparse'));
  await files.rename(`${FOLDER}/${first}`, `${FOLDER}/${second}`);
  const log = await open(files, RECORD_BYTES * 5);
  expect((await readAround(log)).sequences).toEqual(without(20, []));
});

test('records of another shard are not taken for its own', async () => {
  const files = await makeShard(5);
  const log = await open(files);
  const other: ShardKey = { logstoreId: 's', shardId: 1 };
  await log.createShard(other);
  await log.close();
  const source = await files.open(`${FOLDER}/${walFileName(1)}`, 'read');
  const bytes = new Uint8Array(await source.size());
  await source.read(bytes, 0);
  await rewrite(files, `/wal/s/1/${walFileName(1)}`, {
    bytes: bytes.subarray(fileHeaderBytes(SHARD)),
    offset: fileHeaderBytes(other),
  });
  const again = await open(files);
  expect(await again.bounds(other)).toEqual({ firstSequence: 1, nextSequence: 1 });
});

describe('what a check finds beside the records', () => {
  const FILE_BYTES = RECORD_BYTES * 5;

  test('nothing in a sound log, also not while files are rolled and trimmed', async () => {
    const files = await makeShard(30, FILE_BYTES);
    const log = await open(files, FILE_BYTES);
    expect(await log.verify(SHARD)).toEqual([]);
    await log.append(SHARD, [makeRecord(1550)]);
    await log.trim(SHARD, makeRecord(1000).receiveTimeMs);
    expect(await log.verify(SHARD)).toEqual([]);
    await log.close();
    expect(await (await open(files, FILE_BYTES)).verify(SHARD)).toEqual([]);
  });

  test.each([0, 1, -1])('the header of file %i', async (which) => {
    const files = await makeShard(20, FILE_BYTES);
    const name = (await walNames(files)).at(which);
    files.corrupt(`${FOLDER}/${name}`, 30);
    const log = await open(files, FILE_BYTES);
    const what = 'the header of the file is damaged, its records are not';
    expect(await log.verify(SHARD)).toEqual([{ file: `s/0/${name}`, what }]);
    expect((await readAround(log)).sequences).toEqual(without(20, []));
  });

  test.each([0, 1, -1])(
    'that file %i is missing; its sequences are not used again',
    async (which) => {
      const files = await makeShard(20, FILE_BYTES);
      const names = await walNames(files);
      const name = names.at(which);
      await files.remove(`${FOLDER}/${name}`);
      const log = await open(files, FILE_BYTES);
      expect(await log.verify(SHARD)).toEqual([
        { file: `s/0/${name}`, what: 'the file is missing' },
      ]);
      expect(await log.append(SHARD, [makeRecord(1050)])).toBe(21);
      const from = Number.parseInt(name ?? '', 10);
      const to = Number.parseInt(names[names.indexOf(name ?? '') + 1] ?? '21', 10);
      const lost = Array.from({ length: to - from }, (_, i) => from + i);
      const found = await readAround(log);
      expect(found.sequences).toEqual(without(21, lost));
      expect(found.damaged).toEqual(which === 0 ? [] : [[from, to]]);
      await log.trim(SHARD, makeRecord(1051).receiveTimeMs + 1);
      expect(await log.verify(SHARD)).toEqual([]);
    },
  );

  test('that the only file is missing', async () => {
    const files = await makeShard(9);
    await files.remove(`${FOLDER}/${walFileName(1)}`);
    const log = await open(files);
    expect(await log.bounds(SHARD)).toEqual({ firstSequence: 10, nextSequence: 10 });
    expect(await log.verify(SHARD)).toMatchObject([{ what: 'the file is missing' }]);
    expect(await log.append(SHARD, [makeRecord(500)])).toBe(10);
  });

  test('that a file of the open log is missing', async () => {
    const files = await makeShard(9);
    const log = await open(files);
    expect(await log.verify(SHARD)).toEqual([]);
    await files.remove(`${FOLDER}/${walFileName(1)}`);
    expect(await log.verify(SHARD)).toMatchObject([{ what: 'the file is missing' }]);
  });
});

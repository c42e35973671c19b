/** What the contract does not see: the bound of the table, its snapshot file, repeats beside a failed write. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { MemoryClock } from '#platform/memory-clock.ts';
import { diskError, MemoryFiles } from '#platform/memory-files.ts';
import { makeRecord } from '../shard-log.contract.ts';
import { EmbeddedShardLog } from './embedded-shard-log.ts';
import { shardSalt, type WriterEntry } from './record-codec.ts';
import { decodeWriterTable, encodeWriterTable, WriterTable } from './writer-table.ts';
import type { AppendWriter, ShardKey } from '../shard-log.ts';

const SHARD: ShardKey = { logstoreId: 's', shardId: 0 };
const PLACE = { firstSequence: 12, salt: shardSalt(SHARD) };
const keyOf = (number: number): string => number.toString(16).padStart(32, '0');
const writerOf = (number: number, previous: number, sequence: number): AppendWriter => ({
  key: keyOf(number),
  previous,
  sequence,
});

async function open(files: MemoryFiles, fileBytesMax = 1 << 20): Promise<EmbeddedShardLog> {
  return await EmbeddedShardLog.open(
    { directory: '/wal', durability: 'fsync', fileBytesMax },
    { files, clock: new MemoryClock() },
  );
}

test('the writer that wrote least recently is forgotten for a new one', () => {
  const table = new WriterTable([], 3);
  for (const number of [1, 2, 3, 1, 4]) table.note({ key: keyOf(number), sequence: number * 10 });
  expect(table.entries()).toEqual([
    { key: keyOf(3), sequence: 30 },
    { key: keyOf(1), sequence: 10 },
    { key: keyOf(4), sequence: 40 },
  ]);
  expect(table.lastSequence(keyOf(2))).toBeUndefined();
});

const entry: fc.Arbitrary<WriterEntry> = fc.record({
  key: fc.nat().map(keyOf),
  sequence: fc.maxSafeNat(),
});

test('a snapshot comes back; one of another place, with a changed byte or cut short is not valid', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 20 }), fc.nat(), (entries, at) => {
      const bytes = encodeWriterTable(entries, PLACE);
      expect(decodeWriterTable(bytes, PLACE)).toEqual(entries);
      expect(decodeWriterTable(bytes, { ...PLACE, firstSequence: 13 })).toBeUndefined();
      expect(decodeWriterTable(bytes, { ...PLACE, salt: 1 })).toBeUndefined();
      expect(decodeWriterTable(bytes.subarray(0, at % bytes.length), PLACE)).toBeUndefined();
      const index = at % bytes.length;
      bytes[index] = bytes[index]! ^ 1;
      expect(decodeWriterTable(bytes, PLACE)).toBeUndefined();
    }),
  );
});

test('while an append is written its repeat waits, and shares its failure', async () => {
  const files = new MemoryFiles();
  const log = await open(files);
  await log.createShard(SHARD);
  const send = (): Promise<number> => log.append(SHARD, [makeRecord(1)], writerOf(1, 0, 10));
  files.intercept(({ kind, path }) => {
    if (kind === 'sync') throw diskError('EIO', path);
  });
  for (const result of await Promise.allSettled([send(), send(), send()]))
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'ServerBusy' } });
  files.intercept(undefined);
  expect(await send()).toBe(1);
  await expect(send()).rejects.toMatchObject({ details: { lastSequence: 10 } });
});

test('a damaged snapshot leaves the log as it is and the writers after it known', async () => {
  const files = new MemoryFiles();
  const log = await open(files, 300);
  await log.createShard(SHARD);
  for (let number = 1; number <= 4; number++)
    await log.append(SHARD, [makeRecord(number)], writerOf(number, 0, 10));
  const names = (await files.list('/wal/s/0')).filter((name) => name.endsWith('.writers'));
  expect(names).toEqual(['0000000000000003.writers']);
  const handle = await files.open(`/wal/s/0/${names[0]}`, 'readwrite');
  await handle.write([Uint8Array.of(1, 2, 3)], 30);
  const again = await open(files.restart(), 300);
  expect(await again.bounds(SHARD)).toEqual({ firstSequence: 1, nextSequence: 5 });
  await expect(again.append(SHARD, [makeRecord(1)], writerOf(4, 0, 10))).rejects.toMatchObject({
    code: 'InvalidSequenceId',
  });
  expect(await again.append(SHARD, [makeRecord(1)], writerOf(1, 0, 10))).toBe(5);
});

/**
 * Goal: WAL files of version 1 are read for ever, and version 1 means these bytes.
 * Method: `v1/` is a log as it was written when the format was fixed; it is never made again. It is read
 * in full, and the encoder must still give the same bytes.
 */
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EmbeddedShardLog } from '#loghub/embedded/embedded-shard-log.ts';
import { MemoryClock } from '#platform/memory-clock.ts';
import { MemoryFiles } from '#platform/memory-files.ts';
import { RealFiles } from '#platform/real-files.ts';
import type { AppendWriter, NewRecord, ShardKey } from '#loghub/shard-log.ts';
import type { Files } from '#platform/files.ts';

const GOLDEN = join(import.meta.dirname, 'v1');
const SHARD: ShardKey = { logstoreId: 'golden-logstore', shardId: 42 };
const FOLDER = `${SHARD.logstoreId}/${SHARD.shardId}`;
const NAMES = [
  '0000000000000001.sparse',
  '0000000000000001.wal',
  '0000000000000005.wal',
  '0000000000000005.writers',
];

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const APPENDS: readonly (readonly NewRecord[])[] = [
  [record({ compression: 'none', payload: text('first'), clientAddress: '' })],
  [
    record({ compression: 'lz4', payload: text('second, of an append of two') }),
    record({ compression: 'deflate', payload: text('third'), receiveTimeMs: 1_700_000_000_500 }),
  ],
  [record({ compression: 'zstd', payload: new Uint8Array(300).fill(0xa5) })],
  [record({ compression: 'gzip', payload: new Uint8Array(0), clientAddress: '2001:db8::1' })],
];

/** By append. The last two are of one writer. */
const WRITERS: readonly (AppendWriter | undefined)[] = [
  undefined,
  { key: '00112233445566778899aabbccddeeff', previous: 0, sequence: 0x0102030405 },
  { key: 'ff'.repeat(16), previous: 7, sequence: 9 },
  { key: 'ff'.repeat(16), previous: 9, sequence: Number.MAX_SAFE_INTEGER },
];

function record(changes: Partial<NewRecord>): NewRecord {
  return {
    compression: 'none',
    payload: text(''),
    rawBytes: 0x01020304,
    logCount: 7,
    receiveTimeMs: 1_700_000_000_123,
    clientAddress: '192.0.2.1',
    ...changes,
  };
}

async function open(files: Files, directory: string): Promise<EmbeddedShardLog> {
  return await EmbeddedShardLog.open(
    { directory, durability: 'fsync', fileBytesMax: 700 },
    { files, clock: new MemoryClock({ nowMs: 1_700_000_001_000 }) },
  );
}

/** The records that the golden log holds. Times do not go back inside a shard. */
const EXPECTED = APPENDS.flat().map((one, index) => ({
  ...one,
  sequence: index + 1,
  receiveTimeMs: index < 2 ? 1_700_000_000_123 : 1_700_000_000_500,
}));

test('a log of version 1 is read, found and continued', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-golden-'));
  try {
    await cp(GOLDEN, join(directory, FOLDER), { recursive: true });
    const log = await open(new RealFiles(), directory);
    const everything = { maxRecords: 100, maxPayloadBytes: 1 << 20 };
    expect(await log.read(SHARD, 0, everything)).toEqual(EXPECTED);
    expect(await log.findByReceiveTime(SHARD, 1_700_000_000_124)).toBe(3);
    for (const [index, records] of APPENDS.entries())
      if (WRITERS[index] !== undefined)
        await expect(log.append(SHARD, records, WRITERS[index])).rejects.toMatchObject({
          code: 'InvalidSequenceId',
        });
    expect(await log.append(SHARD, [record({})])).toBe(6);
    await log.close();
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('the same appends still give the same bytes', async () => {
  const files = new MemoryFiles();
  const log = await open(files, '/wal');
  await log.createShard(SHARD);
  for (const [index, records] of APPENDS.entries())
    await log.append(SHARD, records, WRITERS[index]);
  await log.close();
  for (const name of NAMES) {
    const handle = await files.open(`/wal/${FOLDER}/${name}`, 'read');
    const bytes = new Uint8Array(await handle.size());
    await handle.read(bytes, 0);
    expect(Buffer.from(bytes).toString('hex'), name).toBe(
      (await readFile(join(GOLDEN, name))).toString('hex'),
    );
  }
});

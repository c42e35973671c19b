/**
 * Goal: an acknowledged log survives the death of the process, on the real disk.
 * Method: a child appends and reports each acknowledgement; it is killed with SIGKILL at a random moment,
 * again and again over the same folder; after each death everything ever reported is read back.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { crc32c } from '#kernel/crc32c.ts';
import { EmbeddedShardLog } from '#loghub/embedded/embedded-shard-log.ts';
import { RealClock } from '#platform/real-clock.ts';
import { RealFiles } from '#platform/real-files.ts';
import { RealRandom } from '#platform/real-random.ts';

const KILL_COUNT = 15;
const CHILD = join(import.meta.dirname, 'wal-kill-child.ts');

/** Runs the child until `lifeMs` after its first acknowledgement; the lines it wrote. */
async function runAndKill(directory: string, lifeMs: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, [CHILD, directory], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (output === '') setTimeout(() => child.kill('SIGKILL'), lifeMs);
    output += text;
  });
  const signal = await new Promise((resolve) => child.on('close', (_, how) => resolve(how)));
  expect(signal, `the child must live until it is killed: ${errors}`).toBe('SIGKILL');
  return output.split('\n').slice(0, -1);
}

test(`every log acknowledged by a process that is killed ${KILL_COUNT} times is there`, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-wal-kill-'));
  const random = new RealRandom();
  const acknowledged = new Map<string, number>();
  try {
    for (let round = 0; round < KILL_COUNT; round++) {
      for (const line of await runAndKill(directory, 20 + random.below(250))) {
        const [shardId, first, checksums] = line.split(' ');
        for (const [index, checksum] of checksums!.split(',').entries()) {
          const key = `${shardId}#${Number(first) + index}`;
          expect(acknowledged.has(key), `${key} was given twice`).toBe(false);
          acknowledged.set(key, Number(checksum));
        }
      }
      await expectAll(directory, acknowledged);
    }
    expect(acknowledged.size).toBeGreaterThan(KILL_COUNT * 10);
  } finally {
    await rm(directory, { recursive: true });
  }
});

async function expectAll(
  directory: string,
  acknowledged: ReadonlyMap<string, number>,
): Promise<void> {
  const log = await EmbeddedShardLog.open(
    { directory, durability: 'fsync' },
    { files: new RealFiles(), clock: new RealClock() },
  );
  let found = 0;
  for (const shardId of [0, 1]) {
    const shard = { logstoreId: 'victim', shardId };
    const { nextSequence } = await log.bounds(shard);
    for (let sequence = 1; sequence < nextSequence;) {
      const records = await log.read(shard, sequence, {
        maxRecords: 1000,
        maxPayloadBytes: 1 << 22,
      });
      for (const record of records) {
        expect(record.sequence).toBe(sequence++);
        const checksum = acknowledged.get(`${shardId}#${record.sequence}`);
        if (checksum === undefined) continue;
        expect(crc32c(record.payload)).toBe(checksum);
        found++;
      }
    }
  }
  expect(found).toBe(acknowledged.size);
  await log.close();
}

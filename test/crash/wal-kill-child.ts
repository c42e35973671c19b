/**
 * The victim of `wal-kill.crash.test.ts`: appends to the log in the folder of its first argument as fast
 * as it can and writes a line for each acknowledgement: shard, first sequence, checksums of the payloads.
 */
import { crc32c } from '#kernel/crc32c.ts';
import { EmbeddedShardLog } from '#loghub/embedded/embedded-shard-log.ts';
import { MIB } from '#base/units.ts';
import { RealClock } from '#platform/real-clock.ts';
import { RealFiles } from '#platform/real-files.ts';
import { RealRandom } from '#platform/real-random.ts';

const SHARD_COUNT = 2;
const APPENDERS_A_SHARD = 4;

const clock = new RealClock();
const random = new RealRandom();
const log = await EmbeddedShardLog.open(
  { directory: process.argv[2]!, durability: 'fsync', fileBytesMax: MIB },
  { files: new RealFiles(), clock },
);

async function appendForEver(shardId: number): Promise<never> {
  const shard = { logstoreId: 'victim', shardId };
  await log.createShard(shard);
  for (;;) {
    const records = Array.from({ length: 1 + random.below(3) }, () => ({
      compression: 'none' as const,
      payload: random.bytes(1 + random.below(30_000)),
      rawBytes: 1,
      logCount: 1,
      receiveTimeMs: clock.nowMs(),
      clientAddress: '127.0.0.1',
    }));
    const first = await log.append(shard, records);
    const checksums = records.map((record) => crc32c(record.payload));
    process.stdout.write(`${shardId} ${first} ${checksums.join(',')}\n`);
  }
}

await Promise.all(
  Array.from({ length: SHARD_COUNT * APPENDERS_A_SHARD }, (_, index) =>
    appendForEver(index % SHARD_COUNT),
  ),
);

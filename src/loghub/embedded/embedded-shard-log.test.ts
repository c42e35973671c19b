import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { MemoryClock } from '#platform/memory-clock.ts';
import { MemoryFiles } from '#platform/memory-files.ts';
import { RealClock } from '#platform/real-clock.ts';
import { RealFiles } from '#platform/real-files.ts';
import { describeShardLogContract, type OpenedShardLog } from '../shard-log.contract.ts';
import {
  EmbeddedShardLog,
  type EmbeddedShardLogCollaborators,
  type EmbeddedShardLogOptions,
} from './embedded-shard-log.ts';

const made: string[] = [];

afterAll(async () => {
  for (const directory of made) await rm(directory, { recursive: true });
});

async function open(
  options: EmbeddedShardLogOptions,
  collaborators: EmbeddedShardLogCollaborators,
): Promise<OpenedShardLog> {
  const log = await EmbeddedShardLog.open(options, collaborators);
  return {
    log,
    reopen: async () => {
      await log.close();
      return await open(options, collaborators);
    },
  };
}

for (const durability of ['fsync', 'os'] as const) {
  describeShardLogContract(`embedded, ${durability}, on a modelled disk`, (options) =>
    open(
      { directory: '/data/wal', durability, ...options },
      { files: new MemoryFiles(), clock: new MemoryClock() },
    ),
  );

  describeShardLogContract(`embedded, ${durability}, on the real disk`, async (options) => {
    const directory = await mkdtemp(join(tmpdir(), 'sluice-wal-'));
    made.push(directory);
    return await open(
      { directory: join(directory, 'wal'), durability, ...options },
      { files: new RealFiles(), clock: new RealClock() },
    );
  });
}

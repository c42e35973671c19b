/** Opens the stores of a data directory and puts a backend on them: for the server, and for commands beside it. */
import { Backend } from '#backend/backend.ts';
import { segmentOpener } from '#backend/segment-opener.ts';
import { openDirectoryBlobStore } from '#blob/directory/directory-blob-store.ts';
import { EmbeddedShardLog } from '#loghub/embedded/embedded-shard-log.ts';
import type { ShardLog } from '#loghub/shard-log.ts';
import { Catalog } from '#meta/catalog.ts';
import { LmdbMetaStore } from '#meta/lmdb/lmdb-meta-store.ts';
import type { Clock } from '#platform/clock.ts';
import type { Files } from '#platform/files.ts';
import type { Random } from '#platform/random.ts';
import { BlockCache } from '#segment/block-cache.ts';
import { SegmentWorkers } from '#segment/segment-workers.ts';
import { childLogger } from '#telemetry/logger.ts';
import type { Logger } from '#telemetry/logger.ts';

export interface BackendParts {
  readonly durability: 'fsync' | 'os';
  /** Of the data directory, which is locked. */
  readonly dataPath: string;
  readonly files: Files;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Closes what is opened here; what is put on it first is closed last. */
  readonly stack: AsyncDisposableStack;
  /** Index blocks and pages of rows kept in memory for all queries. */
  readonly blockCacheBytes: number;
}

export interface OpenBackend {
  readonly shardLog: ShardLog;
  readonly catalog: Catalog;
  /** Not started. */
  readonly backend: Backend;
}

/** Errors: those of the stores. */
export async function openBackend(parts: BackendParts): Promise<OpenBackend> {
  const { durability, dataPath, files, clock, random, logger, stack, blockCacheBytes } = parts;
  const metaStore = new LmdbMetaStore({ directory: `${dataPath}/meta` });
  stack.defer(() => metaStore.close());
  const shardLog = await EmbeddedShardLog.open(
    { directory: `${dataPath}/wal`, durability },
    { files, clock, logger: childLogger(logger, 'loghub') },
  );
  stack.defer(() => shardLog.close());
  const blobStore = await openDirectoryBlobStore({ directory: `${dataPath}/segments` }, { files });
  stack.defer(() => blobStore.close());
  const catalog = stack.use(new Catalog({ clock, random }, metaStore));
  const segmentBuilder = stack.use(new SegmentWorkers());
  const backend = new Backend(
    { directory: `${dataPath}/backend` },
    {
      shardLog,
      metaStore,
      blobStore,
      catalog,
      segmentBuilder,
      openSegment: segmentOpener({ files, cache: new BlockCache(blockCacheBytes) }),
      clock,
      random,
      files,
      logger: childLogger(logger, 'backend'),
    },
  );
  stack.defer(() => backend.stop());
  return { shardLog, catalog, backend };
}

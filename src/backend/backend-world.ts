/**
 * A whole backend in memory for tests: a modelled disk under the shard log and the blobs, a metadata store, a
 * clock that stands still, the real segment builder in the calling thread. A world can lose power and be opened
 * again with what survived.
 */
import { AppError } from '#base/app-error.ts';
import type { BlobStore } from '#blob/blob-store.ts';
import { openDirectoryBlobStore } from '#blob/directory/directory-blob-store.ts';
import { EmbeddedShardLog } from '#loghub/embedded/embedded-shard-log.ts';
import type { ShardKey } from '#loghub/shard-log.ts';
import { Catalog } from '#meta/catalog.ts';
import type { Logstore } from '#meta/catalog-types.ts';
import { MemoryMetaStore } from '#meta/memory/memory-meta-store.ts';
import { MemoryClock } from '#platform/memory-clock.ts';
import { MemoryFiles } from '#platform/memory-files.ts';
import type { Random } from '#platform/random.ts';
import { SeededRandom } from '#platform/seeded-random.ts';
import { DEFAULT_TOKENS, type IndexConfig } from '#protocol/index-config.ts';
import { encodeLogGroup } from '#protocol/log-group.ts';
import { BlockCache } from '#segment/block-cache.ts';
import { buildSegment } from '#segment/build-segment.ts';
import { mergeSegments } from '#segment/merge-segments.ts';
import type { SegmentInfo, SegmentReader } from '#segment/segment.ts';
import { createLogger, type Logger } from '#telemetry/logger.ts';
import { Backend, type BackendOptions } from './backend.ts';
import type { LogstoreRequest } from './provisioning.ts';
import { segmentOpener } from './segment-opener.ts';

export const TEST_INDEX: IndexConfig = {
  line: { token: DEFAULT_TOKENS, caseSensitive: false, chn: false },
  max_text_len: 2048,
};

export const TEST_LOGSTORE: LogstoreRequest = {
  logstoreName: 'app',
  ttl: 30,
  shardCount: 1,
  enableTracking: false,
  autoSplit: false,
  maxSplitShard: 64,
  appendMeta: false,
  attributes: {},
};

export const ALL_TIME = { fromTime: 0, toTime: 0xffffffff } as const;

const PROJECT = { projectName: 'web', description: '', attributes: {} };

/** Metadata that cannot be reached once the power of the disk is gone. */
class PoweredMetaStore extends MemoryMetaStore {
  /** Changes so far; `failAt` is the number of the one that fails, after it took effect or before. */
  changeCount = 0;
  failAt: number = Number.POSITIVE_INFINITY;
  failsAfterEffect = false;
  files: MemoryFiles | undefined;

  override async compareAndSet(
    key: string,
    value: Uint8Array,
    expectedRevision: number,
  ): Promise<number | undefined> {
    return this.#step(() => super.compareAndSet(key, value, expectedRevision));
  }

  override async delete(key: string, expectedRevision: number): Promise<boolean> {
    return this.#step(() => super.delete(key, expectedRevision));
  }

  async #step<T>(change: () => Promise<T>): Promise<T> {
    if (this.files?.hasLostPower === true) throw new AppError('EPOWER', 'no power');
    const isLast = ++this.changeCount === this.failAt;
    const result = isLast && !this.failsAfterEffect ? undefined : await change();
    if (!isLast) return result as T;
    this.files?.losePowerAt(0);
    throw new AppError('EPOWER', 'no power');
  }
}

export interface BackendWorldOptions extends Partial<Omit<BackendOptions, 'directory'>> {
  readonly seed?: number;
  readonly logger?: Logger;
}

export class BackendWorld {
  readonly options: BackendWorldOptions;
  readonly clock: MemoryClock;
  readonly random: Random;
  readonly metaStore: PoweredMetaStore;
  readonly files: MemoryFiles;
  readonly shardLog: EmbeddedShardLog;
  readonly blobStore: BlobStore;
  readonly catalog: Catalog;
  readonly backend: Backend;
  readonly #logger: Logger;

  private constructor(
    options: BackendWorldOptions,
    parts: Pick<
      BackendWorld,
      'clock' | 'random' | 'metaStore' | 'files' | 'shardLog' | 'blobStore'
    >,
  ) {
    const { clock, random, metaStore, files, shardLog, blobStore } = parts;
    this.options = options;
    this.clock = clock;
    this.random = random;
    this.metaStore = metaStore;
    this.files = files;
    this.shardLog = shardLog;
    this.blobStore = blobStore;
    this.#logger = options.logger ?? createLogger({ level: 'silent' });
    this.catalog = new Catalog({ clock, random }, metaStore);
    this.backend = new Backend(
      { directory: 'data/backend', ...options },
      {
        shardLog,
        metaStore,
        blobStore,
        catalog: this.catalog,
        segmentBuilder: {
          build: (request) => buildSegment(request, { files }),
          merge: (request) => mergeSegments(request, { files }),
          [Symbol.asyncDispose]: async () => {},
        },
        openSegment: segmentOpener({ files, cache: new BlockCache(1024 * 1024) }),
        clock,
        random,
        files,
        logger: this.#logger,
      },
    );
  }

  static async open(
    options: BackendWorldOptions = {},
    survivors?: Pick<BackendWorld, 'clock' | 'random' | 'metaStore' | 'files'>,
  ): Promise<BackendWorld> {
    const clock = survivors?.clock ?? new MemoryClock();
    const random = survivors?.random ?? new SeededRandom(options.seed ?? 1);
    const files = survivors?.files ?? new MemoryFiles();
    const metaStore = survivors?.metaStore ?? new PoweredMetaStore();
    metaStore.files = files;
    metaStore.failAt = Number.POSITIVE_INFINITY;
    const shardLog = await EmbeddedShardLog.open(
      { directory: 'data/wal', durability: 'fsync', fileBytesMax: 64 * 1024 },
      { files, clock },
    );
    const blobStore = await openDirectoryBlobStore({ directory: 'data/blob' }, { files });
    const world = new BackendWorld(options, {
      clock,
      random,
      metaStore,
      files,
      shardLog,
      blobStore,
    });
    await world.backend.start();
    return world;
  }

  /** A project with one logstore, with or without an index. */
  async provision(
    request: Partial<LogstoreRequest> = {},
    options: { readonly hasIndex: boolean } = { hasIndex: true },
  ): Promise<Logstore> {
    await this.catalog.createProject(PROJECT);
    const logstore = await this.backend.createLogstore('web', { ...TEST_LOGSTORE, ...request });
    if (options.hasIndex) await this.backend.createIndex('web', 'app', TEST_INDEX);
    return this.catalog.getLogstore('web', logstore.logstoreName);
  }

  /** Appends one group of logs; returns its sequence. */
  append(
    shard: ShardKey,
    logCount: number,
    change: {
      readonly time?: number;
      readonly timeOf?: (i: number) => number;
      readonly textOf?: (i: number) => string;
    } = {},
  ): Promise<number> {
    const time = change.time ?? Math.floor(this.clock.nowMs() / 1000);
    const { timeOf = () => time, textOf = (i) => `log number ${i}` } = change;
    const payload = encodeLogGroup({
      topic: '',
      source: '',
      tags: [],
      logs: Array.from({ length: logCount }, (_, i) => ({
        time: timeOf(i),
        contents: [{ key: 'text', value: textOf(i) }],
      })),
    });
    return this.shardLog.append(shard, [
      {
        compression: 'none',
        payload,
        rawBytes: payload.length,
        logCount,
        receiveTimeMs: this.clock.nowMs(),
        clientAddress: '10.0.0.1',
      },
    ]);
  }

  /** What a query over the time range sees. */
  async search(
    logstoreId: string,
    range: { readonly fromTime: number; readonly toTime: number } = ALL_TIME,
  ): Promise<{ readonly rowCount: number; readonly segments: readonly SegmentInfo[] }> {
    await using lease = await this.backend.acquire({ logstoreId, ...range });
    let rowCount = 0;
    for (const reader of lease.segments) rowCount += await countRows(reader);
    return { rowCount, segments: lease.segments.map(({ info }) => info) };
  }

  /** The time of each log that a query over all times finds, in ascending order. */
  async foundTimes(logstoreId: string): Promise<readonly number[]> {
    await using lease = await this.backend.acquire({ logstoreId, ...ALL_TIME });
    const found: number[] = [];
    for (const reader of lease.segments) found.push(...(await reader.times()));
    return found.sort((a, b) => a - b);
  }

  /** Resolves when no seal, fold, commit, compaction or rebuild is under way. */
  async settle(): Promise<void> {
    for (;;) {
      const { sealingCount, mergingCount } = this.backend.stats();
      if (sealingCount + mergingCount === 0) return;
      await new Promise(setImmediate);
    }
  }

  /** Everything under way ends; the disk and the metadata stay. */
  async close(): Promise<void> {
    await this.backend.stop();
    await this.shardLog.close().catch(() => {});
  }

  /** Closes and opens again on the same disk. */
  async reopen(options: BackendWorldOptions = this.options): Promise<BackendWorld> {
    await this.close();
    return BackendWorld.open(options, this);
  }

  /** Loses power: opens again with what the disk kept. */
  async crash(random: Random): Promise<BackendWorld> {
    const files = this.files.crash(random);
    await this.close().catch(() => {});
    return BackendWorld.open(this.options, { ...survivorsOf(this), files });
  }
}

function survivorsOf(world: BackendWorld): Pick<BackendWorld, 'clock' | 'random' | 'metaStore'> {
  return { clock: world.clock, random: world.random, metaStore: world.metaStore };
}

/** From the index itself, not from what its manifest says of it. */
async function countRows(reader: SegmentReader): Promise<number> {
  const times = await reader.times();
  if (times.length !== reader.info.rowCount) throw new Error('row count of a segment is wrong');
  return times.length;
}

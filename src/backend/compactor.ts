/**
 * Merges committed segments (`compaction-plan.ts` says which): one merge at a time over all shards, and none begins
 * while a commit of any shard is due. Queries under way keep the files that they use.
 */
import { AppError, errorCode } from '#base/app-error.ts';
import type { BlobStore } from '#blob/blob-store.ts';
import type { ShardKey } from '#loghub/shard-log.ts';
import type { Clock } from '#platform/clock.ts';
import type { Files } from '#platform/files.ts';
import type { Random } from '#platform/random.ts';
import type { SegmentBuilder, SegmentMergeInput } from '#segment/segment-builder.ts';
import type { SegmentInfo } from '#segment/segment.ts';
import type { Logger } from '#telemetry/logger.ts';
import { planCompaction } from './compaction-plan.ts';
import type { IndexerCounters } from './indexer-parts.ts';
import type { Limiter } from './limiter.ts';
import { COMPACT_RETRY_MS } from './limits.ts';
import type { ManifestHead } from './manifest-codec.ts';
import { mergeFiles } from './merge-files.ts';
import { Publication } from './publication.ts';
import { blobKeyPrefix, blobSegment } from './segment-files.ts';
import type { SegmentRegistry } from './segment-registry.ts';
import type { ShardIndexer } from './shard-indexer.ts';
import { isDamage } from './watch-reader.ts';

export interface CompactorOptions {
  /** Folder for the merged files until they are in the BlobStore. */
  readonly directory: string;
  readonly compactBytesMax?: number | undefined;
}

export interface CompactorCollaborators {
  /** All indexers that exist, in the same order each time. */
  readonly indexers: () => Iterable<ShardIndexer>;
  readonly segmentBuilder: SegmentBuilder;
  readonly blobStore: BlobStore;
  readonly registry: SegmentRegistry;
  /** Compactions and rebuilds: one of all at a time. */
  readonly upkeep: Limiter;
  readonly counters: IndexerCounters;
  readonly clock: Clock;
  readonly random: Random;
  readonly files: Files;
  readonly logger: Logger;
}

/** When a head was looked at and had nothing to merge; until the next day it has nothing either. */
interface Looked {
  readonly head: ManifestHead;
  readonly untilMs: number;
}

export class Compactor {
  readonly #options: CompactorOptions;
  readonly #with: CompactorCollaborators;
  readonly #looked = new WeakMap<ShardIndexer, Looked>();
  #running: Promise<void> | undefined;

  constructor(options: CompactorOptions, collaborators: CompactorCollaborators) {
    this.#options = options;
    this.#with = collaborators;
  }

  /** Starts merging unless something of it, or a rebuild, is under way. */
  tick(): void {
    if (this.#running === undefined && this.#with.upkeep.isIdle) void this.run();
  }

  /** Merges until there is nothing to merge or a commit is due. Failures are logged and tried again later. */
  run(): Promise<void> {
    this.#running ??= this.#mergeAll().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Resolves when no merge is under way; the indexers that it works for must have been stopped. */
  async stop(): Promise<void> {
    await this.#running;
  }

  async #mergeAll(): Promise<void> {
    for (;;) {
      const found = this.#next();
      if (found === undefined) return;
      const { indexer, inputs } = found;
      try {
        await this.#with.upkeep.run(() =>
          indexer.upkeep((signal) => this.#merge(indexer, inputs, signal)),
        );
      } catch (error) {
        const { head } = indexer.manifest;
        const untilMs = this.#with.clock.nowMs() + COMPACT_RETRY_MS;
        this.#looked.set(indexer, { head, untilMs });
        if (errorCode(error) === 'LogStoreNotExist') continue;
        this.#with.counters.failureCount++;
        this.#with.logger.error({ ...indexer.shard, err: error }, 'cannot compact a shard');
      }
    }
  }

  /** Shards that were not looked at since their head changed; a fresh head waits behind the others. */
  #next(): { readonly indexer: ShardIndexer; readonly inputs: readonly SegmentInfo[] } | undefined {
    const indexers = [...this.#with.indexers()];
    if (indexers.some((indexer) => indexer.isCommitDue)) return undefined;
    const nowMs = this.#with.clock.nowMs();
    for (const indexer of indexers) {
      const { head } = indexer.manifest;
      const looked = this.#looked.get(indexer);
      if (looked?.head === head && nowMs < looked.untilMs) continue;
      const bytesMax = this.#options.compactBytesMax;
      const inputs = planCompaction(head.segments, { nowMs, bytesMax });
      if (inputs !== undefined) return { indexer, inputs };
      this.#looked.set(indexer, { head, untilMs: nowMs + COMPACT_RETRY_MS });
    }
    return undefined;
  }

  async #merge(
    indexer: ShardIndexer,
    inputs: readonly SegmentInfo[],
    signal: AbortSignal,
  ): Promise<void> {
    const { shard, manifest, unnamedIds } = indexer;
    const { directory } = this.#options;
    await using publication = new Publication(
      { shard, directory, manifest, unnamedIds },
      this.#with,
    );
    await publication.put(await this.#mergeBlobs(indexer, inputs, signal));
    if (signal.aborted) return;
    if (await publication.replace(inputs)) this.#with.counters.compactionCount++;
  }

  async #mergeBlobs(
    { shard }: ShardIndexer,
    infos: readonly SegmentInfo[],
    signal: AbortSignal,
  ): Promise<readonly SegmentInfo[]> {
    const { blobStore } = this.#with;
    await using lent = new AsyncDisposableStack();
    const inputs: SegmentMergeInput[] = [];
    for (const info of infos) {
      const keyPrefix = blobKeyPrefix(shard, info.id);
      const parquet = lent.use(await blobStore.openLocal(`${keyPrefix}.parquet`));
      const index = lent.use(await blobStore.openLocal(`${keyPrefix}.idx`));
      inputs.push({ info, parquetPath: parquet.path, indexPath: index.path });
    }
    const { directory } = this.#options;
    const indexHash = infos[0]?.indexHash ?? '';
    try {
      return await mergeFiles(
        inputs,
        { shard, directory, storage: 'stored', daysMax: 1, indexHash, signal },
        this.#with,
      );
    } catch (error) {
      if (isDamage(error)) await this.#reportDamage(shard, infos, error);
      throw error;
    }
  }

  /** Of the input that the error names; when it names none, of those that cannot be opened. */
  async #reportDamage(
    shard: ShardKey,
    infos: readonly SegmentInfo[],
    error: unknown,
  ): Promise<void> {
    const { registry } = this.#with;
    const damagedId = error instanceof AppError ? error.details['segmentId'] : undefined;
    const damaged = infos.find(({ id }) => id === damagedId);
    if (damaged !== undefined) {
      await registry.reportDamage(blobSegment(shard, damaged), error);
      return;
    }
    for (const info of infos) {
      await using pin = registry.pin([blobSegment(shard, info)]);
      // Opening reports it.
      await pin.open().catch(() => {});
    }
  }
}

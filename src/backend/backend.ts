/**
 * The owner of the shards of a one-machine deployment: turns their logs into segments, hands the segments to
 * queries, drops what is past its ttl, and makes and removes logstores and indexes. What it keeps itself are
 * caches and L0 segments, all of which it builds again from the ShardLog.
 */
import { AppError } from '#base/app-error.ts';
import type { Service } from '#base/service.ts';
import { DAY_MS } from '#base/units.ts';
import type { BlobStore } from '#blob/blob-store.ts';
import type { ShardLog } from '#loghub/shard-log.ts';
import type { Catalog } from '#meta/catalog.ts';
import type { Logstore } from '#meta/catalog-types.ts';
import type { MetaStore } from '#meta/meta-store.ts';
import type { Clock } from '#platform/clock.ts';
import type { Files } from '#platform/files.ts';
import type { Random } from '#platform/random.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import type { SegmentBuilder } from '#segment/segment-builder.ts';
import type { SegmentLease, SegmentSource } from '#segment/segment.ts';
import type { Logger } from '#telemetry/logger.ts';
import { acquireSegments, rebuilding } from './acquire-segments.ts';
import { sumsOf, type BackendStats } from './backend-stats.ts';
import { Compactor } from './compactor.ts';
import { IndexChanges, noIndex } from './index-changes.ts';
import type { IndexerCounters, IndexerUsage, ShardStats } from './indexer-parts.ts';
import { KeyedLock } from './keyed-lock.ts';
import { Limiter } from './limiter.ts';
import {
  COMMIT_BYTES,
  COMMIT_INTERVAL_MS,
  COMMITS_AT_ONCE,
  EXPIRE_INTERVAL_MS,
  L0_BYTES_MAX,
  SEAL_BYTES,
  SEAL_INTERVAL_MS,
  SEALS_AT_ONCE,
} from './limits.ts';
import { TTL_DAYS_MAX } from '#protocol/limits.ts';
import { Provisioning, type LogstoreRequest } from './provisioning.ts';
import { removeForeignBlobs, removeOrphanBlobs } from './orphan-blobs.ts';
import { Reindexer } from './reindexer.ts';
import { scrubShards } from './scrub.ts';
import type { Scrubber, ScrubOptions, ScrubReport } from './scrub-report.ts';
import { blobSegment, type StoredSegment } from './segment-files.ts';
import { SegmentRegistry, type OpenSegment } from './segment-registry.ts';
import { SegmentRepairs } from './segment-repairs.ts';
import type { ShardIndexer } from './shard-indexer.ts';
import { ShardSet } from './shard-set.ts';

export interface BackendOptions {
  /** Folder of this process for L0 segments and builds; its content is removed at start. */
  readonly directory: string;
  readonly sealBytes?: number | undefined;
  readonly sealIntervalMs?: number | undefined;
  readonly commitBytes?: number | undefined;
  readonly commitIntervalMs?: number | undefined;
  /** Raw bytes of the largest compacted segment. */
  readonly compactBytesMax?: number | undefined;
  readonly expireIntervalMs?: number | undefined;
  readonly idleReadersMax?: number | undefined;
}

export interface BackendCollaborators {
  readonly shardLog: ShardLog;
  readonly metaStore: MetaStore;
  readonly blobStore: BlobStore;
  readonly catalog: Catalog;
  readonly segmentBuilder: SegmentBuilder;
  readonly openSegment: OpenSegment;
  readonly clock: Clock;
  readonly random: Random;
  readonly files: Files;
  readonly logger: Logger;
}

/** Members of a logstore that a user may change. */
export type LogstoreSettings = Partial<Omit<LogstoreRequest, 'logstoreName' | 'shardCount'>>;

export class Backend implements Service, SegmentSource, Scrubber {
  readonly id = 'backend';
  readonly reindexer: Reindexer;
  readonly #options: BackendOptions;
  readonly #with: BackendCollaborators;
  readonly #counters: IndexerCounters = {
    sealCount: 0,
    foldCount: 0,
    commitCount: 0,
    compactionCount: 0,
    rebuildCount: 0,
    reindexedSegmentCount: 0,
    reindexedBytes: 0,
    failureCount: 0,
    damagedRecordCount: 0,
    damagedSegmentCount: 0,
  };
  readonly #usage: IndexerUsage = { sealedBytes: 0 };
  readonly #registry: SegmentRegistry;
  readonly #shards: ShardSet;
  readonly #compactor: Compactor;
  readonly #repairs: SegmentRepairs;
  readonly #provisioning: Provisioning;
  readonly #indexChanges: IndexChanges;
  readonly #locks = new KeyedLock();
  readonly #stop = new AbortController();
  readonly #subscriptions = new DisposableStack();
  /** Rebuilds that the errors of opening segments tell of. */
  readonly #repairOfError = new WeakMap<object, Promise<unknown>>();
  #started: Promise<void> | undefined;
  #running: Promise<void> = Promise.resolve();
  #sweeping: Promise<void> = Promise.resolve();
  #scrubbing: Promise<unknown> | undefined;

  constructor(options: BackendOptions, collaborators: BackendCollaborators) {
    this.#options = options;
    this.#with = collaborators;
    this.#registry = new SegmentRegistry(options, collaborators);
    this.#registry.onDamage((segment, error) => this.#noteDamage(segment, error));
    const sizes = {
      directory: this.#directory,
      sealBytes: options.sealBytes ?? SEAL_BYTES,
      commitBytes: options.commitBytes ?? COMMIT_BYTES,
      commitIntervalMs: options.commitIntervalMs ?? COMMIT_INTERVAL_MS,
    };
    const parts = {
      ...collaborators,
      registry: this.#registry,
      seals: new Limiter(SEALS_AT_ONCE),
      commits: new Limiter(COMMITS_AT_ONCE),
      upkeep: new Limiter(1),
      usage: this.#usage,
      counters: this.#counters,
    };
    this.#shards = new ShardSet(sizes, parts);
    const shards = this.#shards;
    this.#compactor = new Compactor(
      { directory: this.#directory, compactBytesMax: options.compactBytesMax },
      { ...parts, indexers: () => shards.allIndexers() },
    );
    this.#repairs = new SegmentRepairs(sizes, {
      ...parts,
      indexerOf: (shard) => shards.indexer(shard),
    });
    this.#provisioning = new Provisioning({ ...parts, shards });
    this.#indexChanges = new IndexChanges({ ...parts, shards });
    this.reindexer = new Reindexer(sizes, {
      ...parts,
      shards,
      repairs: this.#repairs,
      compactor: this.#compactor,
      locks: this.#locks,
      ready: () => this.start(),
    });
  }

  /** Recovers and takes the shards over; every other call waits for it. Called by `run`, may be called before. */
  start(): Promise<void> {
    this.#started ??= this.#start();
    return this.#started;
  }

  run(): Promise<void> {
    this.#running = this.#run();
    return this.#running;
  }

  async stop(): Promise<void> {
    this.#stop.abort(new AppError('ServerBusy', 'the server is stopping'));
    this.#subscriptions.dispose();
    await this.#started?.catch(() => {});
    await this.#running.catch(() => {});
    await this.#sweeping;
    // First the shards: that ends the rebuild or merge that the others wait for.
    await this.#shards.stop();
    await this.reindexer.stop();
    await this.#compactor.stop();
    await this.#repairs.stop();
    await this.#scrubbing?.catch(() => {});
    await this.#registry.close();
  }

  /** Errors: ProjectNotExist, LogStoreAlreadyExist. */
  async createLogstore(projectName: string, request: LogstoreRequest): Promise<Logstore> {
    await this.start();
    return this.#locks.run(projectName, () => this.#provisioning.create(projectName, request));
  }

  /** Errors: ProjectNotExist, LogStoreNotExist. */
  async updateLogstore(
    projectName: string,
    logstoreName: string,
    settings: LogstoreSettings,
  ): Promise<Logstore> {
    await this.start();
    const updated = await this.#with.catalog.updateLogstore(
      projectName,
      logstoreName,
      (current) => ({
        ...current,
        ...definedMembers(settings),
        attributes: { ...current.attributes, ...settings.attributes },
      }),
    );
    this.#shards.apply(updated);
    return updated;
  }

  /** The logs, their segments and the record; space is free when it resolves and no query is under way. */
  async deleteLogstore(projectName: string, logstoreName: string): Promise<void> {
    await this.start();
    await this.#locks.run(projectName, () => this.#provisioning.delete(projectName, logstoreName));
  }

  /** The project and all its logstores. Errors: ProjectNotExist. */
  async deleteProject(projectName: string): Promise<void> {
    await this.start();
    const { catalog } = this.#with;
    await this.#locks.run(projectName, async () => {
      for (;;) {
        const { logstoreNames } = await catalog.listLogstores(projectName, {
          offset: 0,
          size: 100,
        });
        if (logstoreNames.length === 0) break;
        for (const name of logstoreNames) await this.#provisioning.delete(projectName, name);
      }
      await catalog.deleteProject(projectName);
    });
  }

  /** Errors: ProjectNotExist, LogStoreNotExist, IndexAlreadyExist. */
  async createIndex(projectName: string, logstoreName: string, config: IndexConfig): Promise<void> {
    await this.start();
    await this.#locks.run(projectName, () =>
      this.#indexChanges.create(projectName, logstoreName, config),
    );
  }

  /**
   * Logs written after it resolves follow the new configuration; what was received before the call keeps the
   * old one. Errors: ProjectNotExist, LogStoreNotExist, IndexConfigNotExist.
   */
  async updateIndex(projectName: string, logstoreName: string, config: IndexConfig): Promise<void> {
    await this.start();
    await this.#locks.run(projectName, () =>
      this.#indexChanges.update(projectName, logstoreName, config),
    );
  }

  /** Errors: ProjectNotExist, LogStoreNotExist, IndexConfigNotExist. */
  async deleteIndex(projectName: string, logstoreName: string): Promise<void> {
    await this.start();
    await this.#locks.run(projectName, () => this.#indexChanges.delete(projectName, logstoreName));
  }

  /** Commits every log that was received before the call. Errors: LogStoreNotExist, IndexConfigNotExist. */
  async flush(logstoreId: string): Promise<void> {
    await this.start();
    for (const indexer of await this.#shards.indexers(this.#indexed(logstoreId)))
      await indexer.flush();
  }

  /** Errors: LogStoreNotExist, IndexConfigNotExist, ServerBusy, those of reading segments. */
  async acquire(request: {
    readonly logstoreId: string;
    readonly fromTime: number;
    readonly toTime: number;
    readonly waitMs?: number | undefined;
    readonly signal?: AbortSignal | undefined;
  }): Promise<SegmentLease> {
    await this.start();
    const indexers = await this.#shards.indexers(this.#indexed(request.logstoreId));
    return acquireSegments(indexers, request, {
      ...this.#with,
      registry: this.#registry,
      repairOf: (error) =>
        typeof error === 'object' && error !== null ? this.#repairOfError.get(error) : undefined,
    });
  }

  /** Drops segments and log files past their ttl now; `run` does it every hour. */
  async expire(): Promise<void> {
    for (const logstore of this.#shards.logstores) {
      if (this.#stop.signal.aborted) return;
      if (logstore.ttl < TTL_DAYS_MAX) await this.#expireLogstore(logstore);
    }
  }

  /** Merges the committed segments that are worth it, unless a commit is due; `run` looks every tick. */
  async compact(): Promise<void> {
    await this.start();
    await this.#compactor.run();
  }

  /** Removes blobs that no manifest names; `run` does it once after the start. */
  async sweep(): Promise<void> {
    await this.start();
    await removeForeignBlobs(this.#with.blobStore, (id) => this.#shards.logstore(id) !== undefined);
    for (const { index, id } of this.#shards.logstores) {
      if (index === undefined || this.#stop.signal.aborted) continue;
      for (const indexer of await this.#shards.indexers(this.#indexed(id)))
        await removeOrphanBlobs(indexer, this.#with);
    }
  }

  /**
   * Reads everything that is stored and checks it; with `repair` builds damaged segments again and removes orphans.
   * Errors: ScrubInProgress, the signal's reason.
   */
  async scrub(options: ScrubOptions): Promise<ScrubReport> {
    await this.start();
    if (this.#scrubbing !== undefined)
      throw new AppError('ScrubInProgress', 'a scrub is under way already');
    const signals = options.signal === undefined ? [] : [options.signal];
    const scrubbing = scrubShards(
      { ...options, signal: AbortSignal.any([...signals, this.#stop.signal]) },
      { ...this.#with, shards: this.#shards, repairs: this.#repairs },
    ).finally(() => {
      this.#scrubbing = undefined;
    });
    this.#scrubbing = scrubbing;
    return scrubbing;
  }

  stats(): BackendStats {
    const shards = [...this.#shards.allIndexers()].map((indexer) => indexer.stats());
    return {
      ...this.#counters,
      ...sumsOf(shards),
      logstoreCount: this.#shards.logstores.length,
      readerCount: this.#registry.readerCount,
      damagedCount: this.#repairs.damagedCount,
      reindexCount: this.reindexer.activeCount,
    };
  }

  /** Shards of the logstore that had something to do since the start. */
  shardStats(logstoreId: string): readonly ShardStats[] {
    return this.#shards.readyIndexers(logstoreId).map((indexer) => indexer.stats());
  }

  get #directory(): string {
    return `${this.#options.directory}/l0`;
  }

  async #start(): Promise<void> {
    const { files, catalog, shardLog } = this.#with;
    await files.removeTree(this.#directory);
    await files.makeDirectory(this.#directory);
    this.#subscriptions.use(
      catalog.onLogstoreChange(({ projectName, logstoreName, logstore }) => {
        if (logstore === undefined) this.#shards.removeByName(projectName, logstoreName);
        else this.#shards.apply(logstore);
      }),
    );
    for (const logstore of await catalog.allLogstores()) this.#shards.apply(logstore);
    await this.#provisioning.recover();
    await this.reindexer.recover();
    this.#subscriptions.use(
      shardLog.onAppend((shard, nextSequence) => this.#shards.noteAppend(shard, nextSequence)),
    );
    for (const logstore of this.#shards.logstores) {
      await this.#indexChanges.recover(logstore);
      if (logstore.index !== undefined) await this.#wake(logstore);
    }
  }

  /** Shards with logs that are in no committed segment get an indexer, so that the timer sees them. */
  async #wake(logstore: Logstore): Promise<void> {
    for (const { shardId } of logstore.shards) {
      const shard = { logstoreId: logstore.id, shardId };
      const { nextSequence } = await this.#with.shardLog.bounds(shard);
      this.#shards.noteAppend(shard, nextSequence);
    }
  }

  async #run(): Promise<void> {
    await this.start();
    const { clock } = this.#with;
    const { signal } = this.#stop;
    const intervalMs = this.#options.sealIntervalMs ?? SEAL_INTERVAL_MS;
    let expireAtMs = clock.monotonicMs();
    this.#sweeping = this.#background(() => this.sweep(), 'cannot remove orphan blobs');
    while (!signal.aborted) {
      await clock.sleep(intervalMs, signal).catch(() => {});
      this.#tick();
      if (clock.monotonicMs() < expireAtMs) continue;
      expireAtMs = clock.monotonicMs() + (this.#options.expireIntervalMs ?? EXPIRE_INTERVAL_MS);
      await this.#background(() => this.expire(), 'cannot drop logs past their ttl');
    }
  }

  /** Failures of upkeep are logged; its next turn tries again. */
  async #background(work: () => Promise<void>, message: string): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#with.logger.error({ err: error }, message);
    }
  }

  #tick(): void {
    let fullest: ShardIndexer | undefined;
    for (const indexer of this.#shards.allIndexers()) {
      if (!indexer.isBusy) continue;
      indexer.tick();
      if (indexer.sealedBytes > (fullest?.sealedBytes ?? 0)) fullest = indexer;
    }
    if (this.#usage.sealedBytes >= L0_BYTES_MAX) fullest?.askCommit();
    this.#compactor.tick();
    this.reindexer.tick();
  }

  /** Has a segment that cannot be read built again; gives the error for whoever wanted to read it. */
  async #noteDamage(segment: StoredSegment, error: unknown): Promise<unknown> {
    const { shard, info, place } = segment;
    const indexer = this.#shards.readyIndexer(shard);
    if (indexer === undefined) return error;
    const busy = rebuilding(info.id, error);
    if (place.kind === 'local') {
      indexer.noteDamage(info.id);
      this.#repairOfError.set(busy, Promise.resolve());
      return busy;
    }
    const isNamed = (await indexer.manifest.all()).some(({ id }) => id === info.id);
    if (!isNamed) return error;
    this.#counters.damagedSegmentCount++;
    const repair = this.#repair(segment, error);
    repair.catch(() => {});
    if (this.#repairs.isLost(info.id)) return error;
    this.#repairOfError.set(busy, repair);
    return busy;
  }

  /** Resolves when its logs are in sound segments; else throws the error that told of the damage. */
  async #repair({ shard, info }: StoredSegment, error: unknown): Promise<void> {
    const outcome = await this.#repairs.repair(shard, info.id);
    if (outcome === 'lost') throw error;
  }

  /** The manifest first, then the files: a query never finds a segment without them. */
  async #expireLogstore(logstore: Logstore): Promise<void> {
    const receivedBeforeMs = this.#with.clock.nowMs() - logstore.ttl * DAY_MS;
    if (logstore.index !== undefined)
      for (const indexer of await this.#shards.indexers(logstore))
        for (const info of await indexer.manifest.expire(receivedBeforeMs))
          await this.#registry.retire(blobSegment(indexer.shard, info));
    for (const { shardId } of logstore.shards)
      await this.#with.shardLog.trim({ logstoreId: logstore.id, shardId }, receivedBeforeMs);
  }

  #indexed(logstoreId: string): Logstore {
    const logstore = this.#shards.logstore(logstoreId);
    if (logstore === undefined) throw new AppError('LogStoreNotExist', 'logstore does not exist');
    if (logstore.index === undefined) throw noIndex();
    return logstore;
  }
}

/** The members that are given; the others keep what they are. */
function definedMembers(settings: LogstoreSettings): LogstoreSettings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

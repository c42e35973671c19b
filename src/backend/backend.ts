/**
 * The owner of the shards of a one-machine deployment: turns their logs into segments, hands the segments to
 * queries, drops what is past its ttl, and makes and removes logstores and indexes. What it keeps itself are
 * caches and L0 segments, all of which it builds again from the ShardLog.
 */
import { AppError, errorCode } from '#base/app-error.ts';
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
import { IndexChanges, noIndex } from './index-changes.ts';
import { KeyedLock } from './keyed-lock.ts';
import { Limiter } from './limiter.ts';
import {
  ACQUIRE_ATTEMPTS_MAX,
  COMMIT_BYTES,
  COMMIT_INTERVAL_MS,
  COMMITS_AT_ONCE,
  EXPIRE_INTERVAL_MS,
  SEAL_BYTES,
  SEAL_INTERVAL_MS,
  SEALS_AT_ONCE,
} from './limits.ts';
import { TTL_DAYS_MAX } from '#protocol/limits.ts';
import { Provisioning, type LogstoreRequest } from './provisioning.ts';
import { overlaps } from './manifest.ts';
import { SegmentRegistry, type OpenSegment } from './segment-registry.ts';
import type { IndexerCounters, ShardIndexer, ShardStats } from './shard-indexer.ts';
import { ShardSet } from './shard-set.ts';
import { removeForeignBlobs, removeOrphanBlobs } from './orphan-blobs.ts';

export interface BackendOptions {
  /** Folder of this process for L0 segments and builds; its content is removed at start. */
  readonly directory: string;
  readonly sealBytes?: number | undefined;
  readonly sealIntervalMs?: number | undefined;
  readonly commitBytes?: number | undefined;
  readonly commitIntervalMs?: number | undefined;
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

export interface BackendStats extends Readonly<IndexerCounters> {
  readonly logstoreCount: number;
  /** Segments whose readers are kept, in use or not. */
  readonly readerCount: number;
}

export class Backend implements Service, SegmentSource {
  readonly id = 'backend';
  readonly #options: BackendOptions;
  readonly #with: BackendCollaborators;
  readonly #counters: IndexerCounters = {
    sealCount: 0,
    foldCount: 0,
    commitCount: 0,
    failureCount: 0,
    damagedRecordCount: 0,
  };
  readonly #registry: SegmentRegistry;
  readonly #shards: ShardSet;
  readonly #provisioning: Provisioning;
  readonly #indexChanges: IndexChanges;
  readonly #locks = new KeyedLock();
  readonly #stop = new AbortController();
  readonly #subscriptions = new DisposableStack();
  #started: Promise<void> | undefined;
  #running: Promise<void> = Promise.resolve();
  #sweeping: Promise<void> = Promise.resolve();

  constructor(options: BackendOptions, collaborators: BackendCollaborators) {
    this.#options = options;
    this.#with = collaborators;
    this.#registry = new SegmentRegistry(options, collaborators);
    this.#shards = new ShardSet(
      {
        directory: this.#directory,
        sealBytes: options.sealBytes ?? SEAL_BYTES,
        commitBytes: options.commitBytes ?? COMMIT_BYTES,
        commitIntervalMs: options.commitIntervalMs ?? COMMIT_INTERVAL_MS,
      },
      {
        ...collaborators,
        registry: this.#registry,
        seals: new Limiter(SEALS_AT_ONCE),
        commits: new Limiter(COMMITS_AT_ONCE),
        counters: this.#counters,
      },
    );
    const parts = { ...collaborators, registry: this.#registry, shards: this.#shards };
    this.#provisioning = new Provisioning(parts);
    this.#indexChanges = new IndexChanges(parts);
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
    await this.#shards.stop();
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
    const targets = await Promise.all(
      indexers.map(async (indexer) => ({
        indexer,
        nextSequence: (await this.#with.shardLog.bounds(indexer.shard)).nextSequence,
      })),
    );
    for (let attempt = 1; ; attempt++) {
      try {
        const sealing = targets.map(({ indexer, nextSequence }) => indexer.sealTo(nextSequence));
        const isSealed = await this.#waitFor(Promise.all(sealing), request);
        const wanted = isSealed
          ? targets
          : targets.map(({ indexer }) => ({ indexer, nextSequence: 0 }));
        const lease = await this.#lease(wanted, request);
        if (lease !== undefined) return { ...lease, isComplete: isSealed };
      } catch (error) {
        // A segment that the snapshot named was dropped meanwhile: look again.
        if (errorCode(error) !== 'BlobNotExist' || attempt >= ACQUIRE_ATTEMPTS_MAX) throw error;
      }
    }
  }

  /** Drops segments and log files past their ttl now; `run` does it every hour. */
  async expire(): Promise<void> {
    for (const logstore of this.#shards.logstores) {
      if (this.#stop.signal.aborted) return;
      if (logstore.ttl < TTL_DAYS_MAX) await this.#expireLogstore(logstore);
    }
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

  stats(): BackendStats {
    return {
      ...this.#counters,
      logstoreCount: this.#shards.logstores.length,
      readerCount: this.#registry.readerCount,
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
      for (const indexer of this.#shards.busyIndexers()) indexer.pump();
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

  /** Undefined when something was unsealed since; then the caller seals again. */
  /** False when the work is not done after `waitMs`; it goes on. */
  async #waitFor(
    work: Promise<unknown>,
    limits: { readonly waitMs?: number | undefined; readonly signal?: AbortSignal | undefined },
  ): Promise<boolean> {
    const done = work.then(() => true);
    if (limits.waitMs === undefined) return await abortable(done, limits.signal);
    const timer = new AbortController();
    const late = this.#with.clock.sleep(limits.waitMs, timer.signal).then(
      () => false,
      () => true,
    );
    try {
      return await abortable(Promise.race([done, late]), limits.signal);
    } finally {
      timer.abort();
      done.catch(() => {});
    }
  }

  async #lease(
    targets: readonly { readonly indexer: ShardIndexer; readonly nextSequence: number }[],
    range: { readonly fromTime: number; readonly toTime: number },
  ): Promise<Omit<SegmentLease, 'isComplete'> | undefined> {
    const snapshots = targets.flatMap(({ indexer, nextSequence }) => {
      const snapshot = indexer.snapshot(nextSequence);
      return snapshot === undefined ? [] : [{ indexer, ...snapshot }];
    });
    if (snapshots.length < targets.length) return undefined;
    const sealed = snapshots.flatMap((snapshot) => snapshot.sealed);
    const stack = new AsyncDisposableStack();
    try {
      const sealedPin = stack.use(
        this.#registry.pin(sealed.filter(({ info }) => overlaps(info, range))),
      );
      const committed = await Promise.all(
        snapshots.map(async ({ indexer, head }) => {
          const infos = await indexer.manifest.segmentsOf(head, range);
          return infos.map((info) => indexer.stored(info));
        }),
      );
      const committedPin = stack.use(this.#registry.pin(committed.flat()));
      const segments = [...(await committedPin.open()), ...(await sealedPin.open())];
      return { segments, [Symbol.asyncDispose]: () => stack.disposeAsync() };
    } catch (error) {
      await stack.disposeAsync();
      throw error;
    }
  }

  /** The manifest first, then the files: a query never finds a segment without them. */
  async #expireLogstore(logstore: Logstore): Promise<void> {
    const receivedBeforeMs = this.#with.clock.nowMs() - logstore.ttl * DAY_MS;
    if (logstore.index !== undefined)
      for (const indexer of await this.#shards.indexers(logstore))
        for (const info of await indexer.manifest.expire(receivedBeforeMs))
          await this.#registry.retire(indexer.stored(info));
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

/** Rejects with the signal's reason when it is aborted; work that others share goes on. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    work.catch(() => {});
    aborted.catch(() => {});
  }
}

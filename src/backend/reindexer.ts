/**
 * Rebuilding old segments with the present index configuration, when a user asks for it: one job a logstore, one
 * segment at a time over all of them, each from its own rows and put in the place of the old one by one compare-and-set.
 * So a crash at any moment leaves old segments and new ones, each log in exactly one of them, and what is left to do can
 * be read off the manifests: segments whose `indexHash` is another. Only the wish itself is stored (`reindex-record.ts`).
 *
 * A job begins by committing what was received so far: what a commit under way still writes with the configuration of
 * before is then in the manifest and seen. L0 segments are none of its business, for they are built anew whenever the
 * configuration changes. When it changes under a job, the job goes on with the newest.
 *
 * It is work that nobody waits for. No segment begins while a commit of any shard is due, reading rows rests about as long as
 * it has worked, and compactions and repairs have their turn after each segment.
 */
import { AppError, errorCode, errorMessage } from '#base/app-error.ts';
import type { Catalog } from '#meta/catalog.ts';
import type { Logstore } from '#meta/catalog-types.ts';
import type { MetaStore } from '#meta/meta-store.ts';
import type { Compactor } from './compactor.ts';
import { noIndex } from './index-changes.ts';
import { indexHash } from './index-hash.ts';
import type { IndexerCollaborators } from './indexer-parts.ts';
import type { KeyedLock } from './keyed-lock.ts';
import type { Limiter } from './limiter.ts';
import { REINDEX_REST_MS_MAX } from './limits.ts';
import { extentOf, extentWithout, outdatedSegments } from './outdated-segments.ts';
import { ReindexJob, type PlannedSegment } from './reindex-job.ts';
import { decodeReindex, listReindexes, reindexLogstore } from './reindex-record.ts';
import type { ReindexExtent, ReindexReport } from './reindex-report.ts';
import { replaceFromRows, type RebuildOutcome } from './replace-from-rows.ts';
import type { SegmentRepairs } from './segment-repairs.ts';
import type { ShardIndexer } from './shard-indexer.ts';
import type { ShardSet } from './shard-set.ts';

export interface ReindexerOptions {
  /** Local folder for what is being built. */
  readonly directory: string;
  /** Raw bytes of one piece of a build. */
  readonly sealBytes: number;
}

export interface ReindexerCollaborators extends IndexerCollaborators {
  readonly metaStore: MetaStore;
  readonly catalog: Catalog;
  readonly shards: ShardSet;
  readonly repairs: SegmentRepairs;
  readonly compactor: Compactor;
  /** Compactions and rebuilds: one of all at a time. */
  readonly upkeep: Limiter;
  /** Changes of one project: one at a time. */
  readonly locks: KeyedLock;
  /** Resolves when the backend has recovered. */
  readonly ready: () => Promise<void>;
}

/** Log times, Unix seconds, [fromTime, toTime). */
export interface ReindexRange {
  readonly fromTime: number;
  readonly toTime: number;
}

export class Reindexer {
  readonly #options: ReindexerOptions;
  readonly #with: ReindexerCollaborators;
  /** By logstore; the last of each, over or not. */
  readonly #jobs = new Map<string, ReindexJob>();
  readonly #stop = new AbortController();
  #step: { readonly job: ReindexJob; readonly done: Promise<void> } | undefined;
  #running: Promise<void> | undefined;

  constructor(options: ReindexerOptions, collaborators: ReindexerCollaborators) {
    this.#options = options;
    this.#with = collaborators;
  }

  /** Jobs that are not over. */
  get activeCount(): number {
    return [...this.#jobs.values()].filter((job) => !job.isOver).length;
  }

  /** Takes over what an earlier process was asked for. Called once, before the backend is ready. */
  async recover(): Promise<void> {
    const { metaStore, shards, logger } = this.#with;
    for await (const entry of listReindexes(metaStore)) {
      const logstoreId = reindexLogstore(entry.key);
      try {
        if (shards.logstore(logstoreId) === undefined)
          await metaStore.delete(entry.key, entry.revision);
        else {
          const stored = { logstoreId, record: decodeReindex(entry), revision: entry.revision };
          this.#jobs.set(logstoreId, new ReindexJob(stored, this.#with));
        }
      } catch (error) {
        if (errorCode(error) !== 'ReindexDamaged') throw error;
        logger.error({ logstoreId, err: error }, 'dropped a reindex whose record is damaged');
        await metaStore.delete(entry.key, entry.revision);
      }
    }
  }

  /**
   * Durable when it resolves; the work begins soon. Errors: ProjectNotExist, LogStoreNotExist, IndexConfigNotExist,
   * JobAlreadyExist (one is waiting or running).
   */
  async start(
    projectName: string,
    logstoreName: string,
    range: ReindexRange,
  ): Promise<ReindexReport> {
    await this.#with.ready();
    return this.#with.locks.run(projectName, async () => {
      const logstore = await this.#with.catalog.getLogstore(projectName, logstoreName);
      if (logstore.index === undefined) throw noIndex();
      const former = this.#jobs.get(logstore.id);
      if (former?.isOver === false)
        throw new AppError('JobAlreadyExist', 'a reindex of the logstore is under way already');
      const query = { ...range, indexHash: indexHash(logstore.index) };
      const total = extentOf((await this.#planOf(logstore, query)).map(({ info }) => info));
      const createTimeMs = this.#with.clock.nowMs();
      const record = { ...query, state: 'waiting', createTimeMs, total } as const;
      let job = new ReindexJob({ logstoreId: logstore.id, record }, this.#with);
      if (former === undefined) await job.save({});
      else job = await former.restart(record);
      this.#jobs.set(logstore.id, job);
      this.tick();
      return job.report(total);
    });
  }

  /** The last job of the logstore. Errors: ProjectNotExist, LogStoreNotExist, JobNotExist. */
  async report(projectName: string, logstoreName: string): Promise<ReindexReport> {
    const { job, logstore } = await this.#find(projectName, logstoreName);
    return job.report(await this.#left(job, logstore));
  }

  /**
   * Ends the last job of the logstore, unless it is over. What is rebuilt stays; nothing of it goes on when this
   * resolves. Errors: as `report`.
   */
  async cancel(projectName: string, logstoreName: string): Promise<ReindexReport> {
    const { job, logstore } = await this.#find(projectName, logstoreName);
    if (!job.isOver) {
      job.abort();
      if (this.#step?.job === job) await this.#step.done;
      if (!job.isOver) await this.#end(job, logstore, { state: 'cancelled' });
    }
    return job.report(await this.#left(job, logstore));
  }

  /** Goes on with the jobs unless it is at it, and forgets those of logstores that are gone. */
  tick(): void {
    for (const logstoreId of this.#jobs.keys())
      if (this.#with.shards.logstore(logstoreId) === undefined) this.#jobs.delete(logstoreId);
    if (this.#running === undefined && this.#next() !== undefined) void this.run();
  }

  /** Works until no job is left, a commit is due or all that is left waits after a failure. Never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#runAll().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Resolves when nothing is under way; the indexers that it works for must have been stopped. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #runAll(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const job = this.#next();
      if (job === undefined || this.#isCommitDue()) return;
      const done = this.#advance(job);
      this.#step = { job, done };
      await done;
      this.#step = undefined;
      // It looks by itself only when nothing else is at committed segments.
      await this.#with.compactor.run();
    }
  }

  /** The oldest job that is due. */
  #next(): ReindexJob | undefined {
    const due = [...this.#jobs.values()].filter((job) => job.isDue);
    return due.sort((a, b) => a.record.createTimeMs - b.record.createTimeMs)[0];
  }

  #isCommitDue(): boolean {
    return [...this.#with.shards.allIndexers()].some((indexer) => indexer.isCommitDue);
  }

  /** One step of a job; its failures end here. */
  async #advance(job: ReindexJob): Promise<void> {
    try {
      await this.#takeStep(job);
      job.noteSuccess();
    } catch (error) {
      job.plan = undefined;
      if (this.#stop.signal.aborted || job.signal.aborted) return;
      const code = errorCode(error);
      if (code === 'JobNotExist') this.#jobs.delete(job.logstoreId);
      // The index or the logstore is being removed: the next step sees which.
      if (REMOVAL_CODES.has(code ?? '')) return;
      const waitMs = job.noteFailure(error);
      this.#with.counters.failureCount++;
      this.#with.logger.error(
        { logstoreId: job.logstoreId, waitMs, err: error, message: errorMessage(error) },
        'cannot reindex a logstore',
      );
    } finally {
      job.underWay = undefined;
    }
  }

  async #takeStep(job: ReindexJob): Promise<void> {
    const logstore = this.#with.shards.logstore(job.logstoreId);
    if (logstore === undefined) {
      this.#jobs.delete(job.logstoreId);
      return;
    }
    if (logstore.index === undefined) {
      await this.#end(job, logstore, {
        state: 'failed',
        errorCode: 'IndexConfigNotExist',
        errorMessage: 'the index was deleted under the reindex',
      });
      return;
    }
    if (job.plan === undefined || job.record.indexHash !== indexHash(logstore.index))
      await this.#begin(job, logstore);
    const next = job.plan?.shift();
    if (next !== undefined) await this.#rebuild(job, next);
    else await this.#finish(job, logstore);
  }

  async #begin(job: ReindexJob, logstore: Logstore): Promise<void> {
    if (logstore.index === undefined) throw noIndex();
    for (const indexer of await this.#with.shards.indexers(logstore)) await indexer.flush();
    const hash = indexHash(logstore.index);
    const { record } = job;
    const plan = await this.#planOf(logstore, { ...record, indexHash: hash });
    const left = extentOf(plan.map(({ info }) => info));
    const isSame = record.indexHash === hash;
    if (!isSame || record.state === 'waiting')
      await job.save({
        state: 'running',
        indexHash: hash,
        total: isSame && record.state === 'running' ? record.total : left,
      });
    job.begin(left);
    job.plan = plan.filter(({ info }) => !job.lostIds.has(info.id));
  }

  /** Over, unless there is more than was planned: what was compacted meanwhile. */
  async #finish(job: ReindexJob, logstore: Logstore): Promise<void> {
    const plan = await this.#planOf(logstore, job.record);
    job.plan = plan.filter(({ info }) => !job.lostIds.has(info.id));
    if (job.plan.length > 0) return;
    if (plan.length === 0) await this.#end(job, logstore, { state: 'done' });
    else
      await this.#end(job, logstore, {
        state: 'failed',
        errorCode: 'SegmentDamaged',
        errorMessage: `damaged segments that cannot be built again: ${plan.length}; see sluice scrub`,
      });
  }

  async #rebuild(job: ReindexJob, { indexer, info }: PlannedSegment): Promise<void> {
    const { upkeep, counters, repairs } = this.#with;
    const outcome = await upkeep.run(() =>
      indexer.upkeep((signal) => this.#replace(job, { indexer, info }, signal)),
    );
    if (outcome === 'rebuilt') {
      counters.reindexedSegmentCount++;
      counters.reindexedBytes += info.rawBytes;
    }
    if (outcome !== 'lost') return;
    // From the shard log then, with the present configuration as well.
    if ((await repairs.repair(indexer.shard, info.id)) === 'lost') job.lostIds.add(info.id);
  }

  async #replace(
    job: ReindexJob,
    { indexer, info }: PlannedSegment,
    indexerSignal: AbortSignal,
  ): Promise<RebuildOutcome> {
    const isNamed = (await indexer.manifest.all()).some(({ id }) => id === info.id);
    if (!isNamed) return 'gone';
    const { clock } = this.#with;
    const signal = AbortSignal.any([indexerSignal, job.signal]);
    const underWay = { info, rowCount: 0 };
    job.underWay = underWay;
    let workedFromMs = clock.monotonicMs();
    const onRows = async (rowCount: number): Promise<void> => {
      underWay.rowCount += rowCount;
      const workedMs = clock.monotonicMs() - workedFromMs;
      if (workedMs > 0) await clock.sleep(Math.min(workedMs, REINDEX_REST_MS_MAX), signal);
      workedFromMs = clock.monotonicMs();
    };
    return replaceFromRows(indexer, { ...this.#options, info, signal, onRows }, this.#with);
  }

  async #end(
    job: ReindexJob,
    logstore: Logstore,
    change: Pick<ReindexReport, 'state' | 'errorCode' | 'errorMessage'>,
  ): Promise<void> {
    const done = extentWithout(job.record.total, await this.#left(job, logstore));
    await job.save({ ...change, done, endTimeMs: this.#with.clock.nowMs() });
    job.plan = undefined;
    const { logstoreId, record } = job;
    this.#with.logger.info({ logstoreId, state: record.state, ...done }, 'a reindex is over');
  }

  /**
   * What of the job is of another configuration still. Without an index nothing can be said to be done, and what a job
   * that is over has done is in its record.
   */
  async #left(job: ReindexJob, logstore: Logstore): Promise<ReindexExtent> {
    if (logstore.index === undefined || job.isOver) return job.record.total;
    const plan = await this.#planOf(logstore, job.record);
    return extentOf(plan.map(({ info }) => info));
  }

  /** The newest first. */
  async #planOf(
    logstore: Logstore,
    query: ReindexRange & { readonly indexHash: string },
  ): Promise<PlannedSegment[]> {
    const plan: PlannedSegment[] = [];
    for (const indexer of await this.#with.shards.indexers(logstore))
      plan.push(...(await plannedOf(indexer, query)));
    return plan.sort((a, b) => b.info.maxTime - a.info.maxTime);
  }

  async #find(
    projectName: string,
    logstoreName: string,
  ): Promise<{ readonly job: ReindexJob; readonly logstore: Logstore }> {
    await this.#with.ready();
    const logstore = await this.#with.catalog.getLogstore(projectName, logstoreName);
    const job = this.#jobs.get(logstore.id);
    if (job === undefined)
      throw new AppError('JobNotExist', 'nobody has asked for a reindex of the logstore');
    return { job, logstore };
  }
}

const REMOVAL_CODES: ReadonlySet<string> = new Set([
  'JobNotExist',
  'LogStoreNotExist',
  'IndexConfigNotExist',
]);

async function plannedOf(
  indexer: ShardIndexer,
  query: ReindexRange & { readonly indexHash: string },
): Promise<PlannedSegment[]> {
  const outdated = outdatedSegments(await indexer.manifest.all(), query);
  return outdated.map((info) => ({ indexer, info }));
}

/** One reindex: its record in the MetaStore, and what this process knows of it besides. */
import { ABSENT, type MetaStore } from '#meta/meta-store.ts';
import type { Clock } from '#platform/clock.ts';
import type { SegmentInfo } from '#segment/segment.ts';
import { AppError, errorCode, errorMessage } from '#base/app-error.ts';
import { RETRY_MS_MAX, RETRY_MS_MIN } from './limits.ts';
import { extentWithout } from './outdated-segments.ts';
import { encodeReindex, reindexKey, type ReindexRecord } from './reindex-record.ts';
import { isOver, type ReindexExtent, type ReindexReport } from './reindex-report.ts';
import type { ShardIndexer } from './shard-indexer.ts';

export interface PlannedSegment {
  readonly indexer: ShardIndexer;
  readonly info: SegmentInfo;
}

export class ReindexJob {
  readonly logstoreId: string;
  /** What is left to do, in order. Undefined: to be found out. */
  plan: PlannedSegment[] | undefined;
  /** Segments that cannot be built again. */
  readonly lostIds: Set<string> = new Set();
  /** The segment under way, and how many of its rows have been read. */
  underWay: { readonly info: SegmentInfo; rowCount: number } | undefined;
  readonly #store: MetaStore;
  readonly #clock: Clock;
  readonly #cancelled = new AbortController();
  #record: ReindexRecord;
  #revision: number;
  /** When this process began, monotonic, and what was done then. */
  #began: { readonly atMs: number; readonly doneBytes: number } | undefined;
  #failure: unknown;
  #failuresInARow = 0;
  #retryAtMs = 0;

  constructor(
    stored: {
      readonly logstoreId: string;
      readonly record: ReindexRecord;
      readonly revision?: number;
    },
    collaborators: { readonly metaStore: MetaStore; readonly clock: Clock },
  ) {
    this.logstoreId = stored.logstoreId;
    this.#record = stored.record;
    this.#revision = stored.revision ?? ABSENT;
    this.#store = collaborators.metaStore;
    this.#clock = collaborators.clock;
  }

  get record(): ReindexRecord {
    return this.#record;
  }

  get isOver(): boolean {
    return isOver(this.#record.state);
  }

  /** Aborted when somebody cancels the job. */
  get signal(): AbortSignal {
    return this.#cancelled.signal;
  }

  /** Whether there may be something to do now. */
  get isDue(): boolean {
    const isWaiting = this.#clock.monotonicMs() < this.#retryAtMs;
    return !this.isOver && !this.signal.aborted && !isWaiting;
  }

  /** Has what is under way end; the record is the caller's to write. */
  abort(): void {
    this.#cancelled.abort(new AppError('ReindexCancelled', 'the reindex was cancelled'));
  }

  /** Durable when it resolves. Errors: JobNotExist, when the record was removed with its logstore. */
  async save(change: Partial<ReindexRecord>): Promise<void> {
    const next = { ...this.#record, ...change };
    const revision = await this.#store.compareAndSet(
      reindexKey(this.logstoreId),
      encodeReindex(next),
      this.#revision,
    );
    if (revision === undefined)
      throw new AppError('JobNotExist', 'the reindex is gone, with its logstore');
    this.#revision = revision;
    this.#record = next;
  }

  /** A new job in the place of this one, which is over. Errors: as `save`. */
  async restart(record: ReindexRecord): Promise<ReindexJob> {
    const { logstoreId } = this;
    const next = new ReindexJob(
      { logstoreId, record, revision: this.#revision },
      { metaStore: this.#store, clock: this.#clock },
    );
    await next.save({});
    return next;
  }

  /** From here on the rate is counted. */
  begin(left: ReindexExtent): void {
    const doneBytes = extentWithout(this.#record.total, left).rawBytes;
    this.#began = { atMs: this.#clock.monotonicMs(), doneBytes };
  }

  /** How long it is left alone, ms: twice as long with each failure in a row. */
  noteFailure(error: unknown): number {
    const waitMs = Math.min(RETRY_MS_MIN * 2 ** this.#failuresInARow++, RETRY_MS_MAX);
    this.#failure = error;
    this.#retryAtMs = this.#clock.monotonicMs() + waitMs;
    return waitMs;
  }

  noteSuccess(): void {
    this.#failure = undefined;
    this.#failuresInARow = 0;
  }

  /** `left`: what of it the manifests say is of another configuration. */
  report(left: ReindexExtent): ReindexReport {
    const { done: doneAtEnd, ...record } = this.#record;
    if (this.isOver) return { ...record, done: doneAtEnd ?? extentWithout(record.total, left) };
    const done = this.#withUnderWay(extentWithout(record.total, left));
    return { ...record, done, ...this.#rate(done), ...this.#failureFacts() };
  }

  #withUnderWay(done: ReindexExtent): ReindexExtent {
    if (this.underWay === undefined) return done;
    const { info, rowCount } = this.underWay;
    const { total } = this.#record;
    const rawBytes = Math.floor((info.rawBytes * rowCount) / Math.max(1, info.rowCount));
    return {
      segmentCount: done.segmentCount,
      rowCount: Math.min(total.rowCount, done.rowCount + rowCount),
      rawBytes: Math.min(total.rawBytes, done.rawBytes + rawBytes),
    };
  }

  #rate(done: ReindexExtent): Pick<ReindexReport, 'bytesPerSecond' | 'remainingMs'> {
    if (this.#began === undefined) return {};
    const { atMs, doneBytes } = this.#began;
    const elapsedMs = this.#clock.monotonicMs() - atMs;
    const bytes = done.rawBytes - doneBytes;
    if (elapsedMs <= 0 || bytes <= 0) return {};
    const leftBytes = this.#record.total.rawBytes - done.rawBytes;
    return {
      bytesPerSecond: Math.round((bytes * 1000) / elapsedMs),
      remainingMs: Math.round((leftBytes * elapsedMs) / bytes),
    };
  }

  #failureFacts(): Pick<ReindexReport, 'errorCode' | 'errorMessage'> {
    if (this.#failure === undefined) return {};
    return {
      errorCode: errorCode(this.#failure) ?? 'InternalServerError',
      errorMessage: errorMessage(this.#failure),
    };
  }
}

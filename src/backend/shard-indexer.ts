/**
 * Turns the log of one shard into segments.
 *
 *   committed            sealed (L0)                  pending (only in the shard log)
 *   [1, head.next)       [head.next, #sealedSequence)   [#sealedSequence, #endSequence)
 *
 * Sealing builds one L0 segment from at most `sealBytes` of records and appends it to the local list. It happens
 * as soon as the lane is free and enough is pending, or when a query asks. Committing merges the first L0
 * segments, about `commitBytes`, into one segment for each day of log time, puts their files to the BlobStore and
 * names them by one compare-and-set of the manifest; then those L0 segments go. Folding merges several small L0
 * segments into one. Sealing runs beside committing or folding; each of the two is one at a time.
 *
 * What a crash leaves: local files (wiped at start), blobs that no manifest names (removed at start). The rows of
 * a sequence are in a committed segment when it is below `head.nextSequence` and only then.
 */
import { AppError, errorCode, errorMessage } from '#base/app-error.ts';
import { must } from '#base/assert.ts';
import type { ShardKey } from '#loghub/shard-log.ts';
import type { SegmentInfo } from '#segment/segment.ts';
import { buildRange, type BuildSettings, type SealedRange } from './build-range.ts';
import { settledAt } from './compaction-plan.ts';
import { planFold } from './fold-plan.ts';
import { indexHash } from './index-hash.ts';
import type { IndexerCollaborators, IndexerOptions, ShardStats } from './indexer-parts.ts';
import type { Limiter } from './limiter.ts';
import {
  DAYS_PER_COMMIT_MAX,
  FOLD_BYTES_MAX,
  L0_BYTES_MAX,
  RECORD_RAW_BYTES_GUESS,
  RETRY_MS_MAX,
  RETRY_MS_MIN,
  SEAL_BYTES_MIN,
  SEAL_BYTES_TRICKLE,
  UNCOMMITTED_COMMITS_MAX,
} from './limits.ts';
import type { ManifestHead } from './manifest-codec.ts';
import { fileBytesOf, type ShardManifest } from './manifest.ts';
import type { MergeTarget } from './merge-files.ts';
import { Publication } from './publication.ts';
import { localSegment, type StoredSegment } from './segment-files.ts';
import { rawBytesOf, SealedRanges, segmentsOf } from './sealed-ranges.ts';
import { isDamage } from './watch-reader.ts';

export interface ShardSnapshot {
  readonly head: ManifestHead;
  readonly sealed: readonly StoredSegment[];
}

export class ShardIndexer {
  readonly shard: ShardKey;
  readonly manifest: ShardManifest;
  /** Ids of segments whose files may be in the BlobStore although no manifest names them yet. */
  readonly unnamedIds: Set<string> = new Set();
  readonly #options: IndexerOptions;
  readonly #with: IndexerCollaborators;
  readonly #sealed: SealedRanges;
  readonly #stop = new AbortController();
  #settings: BuildSettings;
  #sealedSequence: number;
  #endSequence: number;
  #recordRawBytes = RECORD_RAW_BYTES_GUESS;
  #sealing: Promise<void> | undefined;
  /** A commit or a fold. */
  #rewriting: Promise<void> | undefined;
  /** A compaction or a rebuild. */
  #upkeep: Promise<unknown> | undefined;
  /** When the oldest uncommitted sequence was first seen, monotonic; and the oldest pending one, at the latest. */
  #uncommittedSinceMs: number | undefined;
  #pendingSinceMs: number | undefined;
  /** The commit that is being written goes up to here. */
  #publishingTo = 0;
  #isFlushing = false;
  #isCommitAsked = false;
  #failuresInARow = 0;
  #retryAtMs = 0;

  constructor(
    options: IndexerOptions & {
      readonly shard: ShardKey;
      readonly manifest: ShardManifest;
      readonly settings: BuildSettings;
    },
    collaborators: IndexerCollaborators,
  ) {
    this.#options = options;
    this.#with = collaborators;
    this.#sealed = new SealedRanges(collaborators);
    this.shard = options.shard;
    this.manifest = options.manifest;
    this.#settings = options.settings;
    this.#sealedSequence = this.manifest.head.nextSequence;
    this.#endSequence = this.#sealedSequence;
  }

  /** What new segments are built with. */
  get settings(): BuildSettings {
    return this.#settings;
  }

  /** Raw bytes of the L0 segments. */
  get sealedBytes(): number {
    return this.#sealed.rawBytes;
  }

  /** False: nothing to seal, fold or commit, so no timer has to look. */
  get isBusy(): boolean {
    return !this.#isStopped && this.#endSequence > this.manifest.head.nextSequence;
  }

  /** Whether a commit is under way or should be: upkeep of any shard waits for it. */
  get isCommitDue(): boolean {
    return this.#publishingTo > 0 || (this.isBusy && this.#isCommitWanted());
  }

  stats(): ShardStats {
    const { segments, days, nextSequence } = this.manifest.head;
    const nowMs = this.#with.clock.monotonicMs();
    const sealed = segmentsOf(this.#sealed.list).map(({ info }) => info);
    const pendingCount = Math.max(0, this.#endSequence - this.#sealedSequence);
    return {
      shardId: this.shard.shardId,
      pendingCount,
      pendingBytes: pendingCount * this.#recordRawBytes,
      pendingMs: this.#pendingSinceMs === undefined ? 0 : nowMs - this.#pendingSinceMs,
      uncommittedCount: Math.max(0, this.#endSequence - nextSequence),
      sealedBytes: this.#sealed.rawBytes,
      sealedFileBytes: fileBytesOf(sealed),
      sealedSegmentCount: sealed.length,
      committedSegmentCount: segments.length + days.reduce((sum, day) => sum + day.segmentCount, 0),
      committedFileBytes:
        fileBytesOf(segments) + days.reduce((sum, { fileBytes = 0 }) => sum + fileBytes, 0),
      isSealing: this.#sealing !== undefined,
      isMerging: this.#rewriting !== undefined || this.#upkeep !== undefined,
    };
  }

  /** Tells of appended records; cheap unless a seal is due. */
  noteAppend(nextSequence: number): void {
    if (nextSequence <= this.#endSequence) return;
    this.#endSequence = nextSequence;
    const nowMs = this.#with.clock.monotonicMs();
    this.#uncommittedSinceMs ??= nowMs;
    this.#pendingSinceMs ??= nowMs;
    if (this.#isSealDue(SEAL_BYTES_MIN)) this.pump();
  }

  /** Commits soon, although less than `commitBytes` are sealed. */
  askCommit(): void {
    this.#isCommitAsked = true;
    this.pump();
  }

  /** Starts what is due. Failures are logged and tried again later, further apart each time. */
  pump(sealBytesMin: number = SEAL_BYTES_MIN): void {
    const nowMs = this.#with.clock.monotonicMs();
    if (this.#isStopped || nowMs < this.#retryAtMs) return;
    if (this.#isSealDue(sealBytesMin)) void this.#try('seal', () => this.#seal());
    if (this.#rewriting !== undefined || this.#isFlushing) return;
    const { seals, commits } = this.#with;
    if (this.#sealed.rawBytes >= this.#options.commitBytes || this.#isCommitAsked)
      void this.#try('commit', () => this.#rewrite(commits, () => this.#commit()));
    else if (this.isBusy && this.#isCommitWanted()) void this.#try('commit', () => this.flush());
    else {
      const fold = planFold(
        this.#sealed.list.map(({ rawBytes }) => rawBytes),
        Math.min(FOLD_BYTES_MAX, this.#options.sealBytes),
      );
      if (fold !== undefined)
        void this.#try('fold', () => this.#rewrite(seals, () => this.#fold(fold)));
    }
  }

  /** What the timer calls: also a trickle is sealed. */
  tick(): void {
    this.pump(SEAL_BYTES_TRICKLE);
  }

  /**
   * Resolves when every sequence below `nextSequence` is in a segment. Calls share their work. While too much is
   * not committed it waits for a commit first. Errors: those of the builder and the stores; LogStoreNotExist
   * once stopped.
   */
  async sealTo(nextSequence: number): Promise<void> {
    this.noteAppend(nextSequence);
    while (this.#sealedSequence < nextSequence) {
      this.#assertServed();
      if (this.#isFull())
        await this.#exclusively(() => (this.#isFull() ? this.#commit() : NOTHING));
      else await this.#seal();
    }
    this.#assertServed();
  }

  /** Commits everything that was received before the call, with the present settings. */
  async flush(): Promise<void> {
    this.#isFlushing = true;
    try {
      const { nextSequence } = await this.#with.shardLog.bounds(this.shard);
      this.noteAppend(nextSequence);
      while (this.manifest.head.nextSequence < nextSequence) {
        this.#assertServed();
        const isMore = this.#sealedSequence < nextSequence;
        if (isMore && this.#sealed.rawBytes < this.#options.commitBytes) await this.#seal();
        else await this.#exclusively(() => this.#commit());
      }
    } finally {
      this.#isFlushing = false;
    }
  }

  /** Builds with other settings from now on; sealed ranges are built again. */
  changeSettings(settings: BuildSettings): void {
    const isSame = JSON.stringify(settings) === JSON.stringify(this.#settings);
    if (isSame) return;
    this.#settings = settings;
    this.#unseal();
  }

  /** An L0 segment cannot be read: its range is built again. */
  noteDamage(segmentId: string): void {
    if (!this.#sealed.has(segmentId)) return;
    this.#with.counters.damagedSegmentCount++;
    this.#unseal();
  }

  /**
   * The segments of this moment, when every sequence below `nextSequence` is in one. The caller pins the sealed
   * ones before it waits for anything.
   */
  snapshot(nextSequence: number): ShardSnapshot | undefined {
    const { head } = this.manifest;
    if (this.#sealedSequence < nextSequence) return undefined;
    // Just after a commit its L0 segments are still in the list.
    const uncommitted = this.#sealed.list.filter((range) => range.nextSequence > head.nextSequence);
    return { head, sealed: segmentsOf(uncommitted) };
  }

  /**
   * Runs a change of committed segments, one at a time. The signal is aborted when the shard is stopped, which then
   * waits for the change to end.
   */
  async upkeep<T>(change: (signal: AbortSignal) => Promise<T>): Promise<T> {
    while (this.#upkeep !== undefined) await this.#upkeep.catch(() => {});
    this.#assertServed();
    const done = change(this.#stop.signal).finally(() => {
      this.#upkeep = undefined;
    });
    this.#upkeep = done;
    return done;
  }

  /** Ends the work under way; L0 segments stay until their queries end. */
  async stop(): Promise<void> {
    this.#stop.abort(notServed());
    for (;;) {
      const running = [this.#sealing, this.#rewriting, this.#upkeep];
      const underWay = running.filter((work) => work !== undefined);
      if (underWay.length === 0) break;
      await Promise.allSettled(underWay);
    }
    this.#dropSealed(this.#sealed.list);
  }

  get #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  #isSealDue(bytesMin: number): boolean {
    return (
      this.#sealing === undefined &&
      this.#endSequence > this.#sealedSequence &&
      this.#pendingBytes() >= Math.min(bytesMin, this.#options.sealBytes) &&
      !this.#isFull() &&
      this.#with.usage.sealedBytes < L0_BYTES_MAX
    );
  }

  #isCommitWanted(): boolean {
    const { commitBytes, commitIntervalMs } = this.#options;
    if (this.#sealed.rawBytes >= commitBytes || this.#isCommitAsked) return true;
    const sinceMs = this.#uncommittedSinceMs;
    return sinceMs !== undefined && this.#with.clock.monotonicMs() - sinceMs >= commitIntervalMs;
  }

  #isFull(): boolean {
    return this.#sealed.rawBytes >= UNCOMMITTED_COMMITS_MAX * this.#options.commitBytes;
  }

  /** An estimate: how large the last records were, times how many there are. */
  #pendingBytes(): number {
    return (this.#endSequence - this.#sealedSequence) * this.#recordRawBytes;
  }

  /** Work of the background: its failures end here. */
  async #try(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#failuresInARow = 0;
      this.#retryAtMs = 0;
    } catch (error) {
      if (this.#isStopped) return;
      const waitMs = Math.min(RETRY_MS_MIN * 2 ** this.#failuresInARow++, RETRY_MS_MAX);
      this.#retryAtMs = this.#with.clock.monotonicMs() + waitMs;
      this.#with.counters.failureCount++;
      this.#with.logger.error(
        { ...this.shard, what, waitMs, err: error, message: errorMessage(error) },
        'cannot index a shard',
      );
    }
    this.pump();
  }

  async #seal(): Promise<void> {
    this.#assertServed();
    this.#sealing ??= this.#with.seals
      .run(() => this.#sealOnce())
      .finally(() => {
        this.#sealing = undefined;
      });
    await this.#sealing;
  }

  async #sealOnce(): Promise<void> {
    const settings = this.#settings;
    const firstSequence = this.#sealedSequence;
    const toSequence = this.#endSequence;
    const startMs = this.#with.clock.monotonicMs();
    const { shard } = this;
    const { directory, sealBytes } = this.#options;
    const built = await buildRange(
      { shard, directory, firstSequence, toSequence, rawBytesMax: sealBytes },
      settings,
      this.#with,
    );
    // The settings changed or the shard was reset meanwhile: the range is built again.
    if (settings !== this.#settings || firstSequence !== this.#sealedSequence || this.#isStopped) {
      await this.#sealed.retire([built]);
      return;
    }
    this.#sealed.set([...this.#sealed.list, built]);
    this.#sealedSequence = built.nextSequence;
    if (this.#sealedSequence >= this.#endSequence) this.#pendingSinceMs = undefined;
    else if (this.#sealedSequence >= toSequence) this.#pendingSinceMs = startMs;
    this.#with.counters.sealCount++;
    this.#with.counters.damagedRecordCount += built.damagedCount;
    const recordCount = built.nextSequence - firstSequence;
    if (built.rawBytes > 0) this.#recordRawBytes = Math.ceil(built.rawBytes / recordCount);
  }

  #assertServed(): void {
    if (this.#isStopped) throw notServed();
  }

  #rewrite(lane: Limiter, work: () => Promise<void>): Promise<void> {
    const done = lane.run(work).finally(() => {
      this.#rewriting = undefined;
    });
    this.#rewriting = done;
    return done;
  }

  /** Runs the work when no commit or fold is under way. */
  async #exclusively(work: () => Promise<void>): Promise<void> {
    while (this.#rewriting !== undefined) await this.#rewriting.catch(() => {});
    await this.#rewrite(this.#with.commits, work);
  }

  async #fold(plan: { readonly start: number; readonly end: number }): Promise<void> {
    const settings = this.#settings;
    const folded = this.#sealed.list.slice(plan.start, plan.end);
    const first = must(folded[0], 'a fold has segments');
    const [info] = await this.#merge(folded, { storage: 'local', daysMax: 1 });
    const at = this.#sealed.list.indexOf(first);
    const segment = info && localSegment(this.shard, this.#options.directory, info);
    const built: SealedRange = {
      firstSequence: first.firstSequence,
      nextSequence: must(folded.at(-1), 'a fold has segments').nextSequence,
      rawBytes: rawBytesOf(folded),
      segment,
    };
    if (settings !== this.#settings || at < 0 || this.#isStopped) {
      await this.#sealed.retire([built]);
      return;
    }
    this.#sealed.set(this.#sealed.list.toSpliced(at, folded.length, built));
    this.#with.counters.foldCount++;
    await this.#sealed.retire(folded);
  }

  /** Commits the first L0 segments, as many as make up `commitBytes`. */
  async #commit(): Promise<void> {
    this.#isCommitAsked = false;
    const settings = this.#settings;
    const ranges = this.#sealed.first(this.#options.commitBytes);
    const last = ranges.at(-1);
    if (last === undefined || this.#isStopped) return;
    await using publication = new Publication(
      { ...this.#options, shard: this.shard, manifest: this.manifest, unnamedIds: this.unnamedIds },
      this.#with,
    );
    const infos = await this.#merge(ranges, { storage: 'stored', daysMax: DAYS_PER_COMMIT_MAX });
    if (settings !== this.#settings || this.#isStopped) {
      for (const info of infos)
        await this.#with.registry.retire(localSegment(this.shard, this.#options.directory, info));
      return;
    }
    await this.#publish(publication, infos, last.nextSequence);
    this.#with.counters.commitCount++;
    this.#sealed.forget(ranges);
    this.#uncommittedSinceMs = this.isBusy ? this.#with.clock.monotonicMs() : undefined;
    await this.#sealed.retire(ranges);
    await this.manifest.moveOld(settledAt(this.#with.clock.nowMs()));
  }

  async #publish(
    publication: Publication,
    infos: readonly SegmentInfo[],
    nextSequence: number,
  ): Promise<void> {
    const former = this.manifest.head.nextSequence;
    this.#publishingTo = nextSequence;
    try {
      const named = await publication.put(infos);
      await publication.commit(async () => {
        await this.manifest.commit(named, nextSequence);
        return true;
      });
    } catch (error) {
      this.#publishingTo = 0;
      // Somebody else wrote the manifest, or this did and could not tell: what is sealed may be committed.
      if (this.manifest.head.nextSequence !== former) this.#unseal();
      throw error;
    }
    this.#publishingTo = 0;
  }

  /** Local segments as new files. Those that cannot be read are built again, with all after them. */
  async #merge(
    ranges: readonly SealedRange[],
    target: Pick<MergeTarget, 'storage' | 'daysMax'>,
  ): Promise<readonly SegmentInfo[]> {
    const { shard } = this;
    const { directory } = this.#options;
    const { signal } = this.#stop;
    const hash = indexHash(this.#settings.indexConfig);
    try {
      return await this.#sealed.merge(ranges, {
        ...target,
        shard,
        directory,
        indexHash: hash,
        signal,
      });
    } catch (error) {
      if (isDamage(error) || errorCode(error) === 'ENOENT') {
        this.#with.counters.damagedSegmentCount++;
        this.#unseal();
      }
      throw error;
    }
  }

  /** Back to what is committed, or about to be: those ranges must not become visible a second time. */
  #unseal(): void {
    const { nextSequence } = this.manifest.head;
    const isPublishing = (range: SealedRange): boolean =>
      range.firstSequence >= nextSequence && range.nextSequence <= this.#publishingTo;
    const { list } = this.#sealed;
    const kept = list.filter(isPublishing);
    this.#dropSealed(list.filter((range) => !isPublishing(range)));
    this.#sealedSequence = kept.at(-1)?.nextSequence ?? Math.max(nextSequence, this.#publishingTo);
    if (this.#sealedSequence < this.#endSequence)
      this.#pendingSinceMs ??= this.#with.clock.monotonicMs();
  }

  /** Forgets L0 segments at once; their files go when no query uses them. */
  #dropSealed(ranges: readonly SealedRange[]): void {
    this.#sealed.forget(ranges);
    this.#sealed
      .retire(ranges)
      .catch((error: unknown) =>
        this.#with.logger.warn({ ...this.shard, err: error }, 'cannot remove local segments'),
      );
  }
}

const NOTHING: Promise<void> = Promise.resolve();

function notServed(): AppError {
  return new AppError('LogStoreNotExist', 'the shard is not served any more');
}

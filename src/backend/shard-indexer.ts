/**
 * Turns the log of one shard into segments.
 *
 *   committed            sealed (L0)                  pending (only in the shard log)
 *   [1, head.next)       [head.next, #sealedSequence)   [#sealedSequence, #endSequence)
 *
 * Sealing appends one L0 segment, built from at most `sealBytes` of records, to the local list; it happens when
 * enough is pending or a query asks. Committing builds one segment of about `commitBytes` from the range of the
 * first L0 segments, puts its two files to the BlobStore and commits it by one compare-and-set of the
 * manifest; then those L0 segments go. Folding makes one L0 segment of several small ones. Sealing runs beside
 * committing or folding; each of the two is one at a time.
 *
 * What a crash leaves: local files (wiped at start), blobs that no manifest names (removed at start). The rows of
 * a sequence are in a committed segment when it is below `head.nextSequence` and only then.
 */
import { AppError, errorMessage } from '#base/app-error.ts';
import { must } from '#base/assert.ts';
import type { BlobStore } from '#blob/blob-store.ts';
import type { ShardKey, ShardLog } from '#loghub/shard-log.ts';
import type { Clock } from '#platform/clock.ts';
import type { Files } from '#platform/files.ts';
import type { Random } from '#platform/random.ts';
import type { SegmentBuilder } from '#segment/segment-builder.ts';
import type { SegmentInfo } from '#segment/segment.ts';
import type { Logger } from '#telemetry/logger.ts';
import { planFold } from './fold-plan.ts';
import type { Limiter } from './limiter.ts';
import {
  RECORD_RAW_BYTES_GUESS,
  RETRY_MS_MAX,
  RETRY_MS_MIN,
  SEAL_BYTES_MIN,
  UNCOMMITTED_COMMITS_MAX,
} from './limits.ts';
import type { ManifestHead } from './manifest-codec.ts';
import type { ShardManifest } from './manifest.ts';
import {
  buildRange,
  type BuildRange,
  type BuildSettings,
  type BuiltRange,
  type SealedRange,
} from './build-range.ts';
import { localPaths, type SegmentRegistry, type StoredSegment } from './segment-registry.ts';

export interface IndexerOptions {
  /** Folder for L0 segments and builds; wiped at start. */
  readonly directory: string;
  readonly sealBytes: number;
  readonly commitBytes: number;
  readonly commitIntervalMs: number;
}

export interface IndexerCollaborators {
  readonly shardLog: ShardLog;
  readonly blobStore: BlobStore;
  readonly registry: SegmentRegistry;
  readonly segmentBuilder: SegmentBuilder;
  readonly seals: Limiter;
  readonly commits: Limiter;
  readonly counters: IndexerCounters;
  readonly clock: Clock;
  readonly random: Random;
  readonly files: Files;
  readonly logger: Logger;
}

/** Shared by all indexers of a backend; only grows. */
export interface IndexerCounters {
  sealCount: number;
  foldCount: number;
  commitCount: number;
  failureCount: number;
  damagedRecordCount: number;
}

export interface ShardStats {
  readonly shardId: number;
  /** Sequences that are in no segment yet, and those in none that is committed. */
  readonly pendingCount: number;
  readonly uncommittedCount: number;
  /** Raw bytes of the L0 segments. */
  readonly sealedBytes: number;
  readonly sealedSegmentCount: number;
  readonly committedSegmentCount: number;
}

export interface ShardSnapshot {
  readonly head: ManifestHead;
  readonly sealed: readonly StoredSegment[];
}

/** The key under which the files of a committed segment lie, without `.parquet` and `.idx`. */
export function blobKeyPrefix(shard: ShardKey, segmentId: string): string {
  return `${shardBlobPrefix(shard)}${segmentId}`;
}

export function shardBlobPrefix(shard: ShardKey): string {
  return `seg/${shard.logstoreId}/${shard.shardId}/`;
}

export class ShardIndexer {
  readonly shard: ShardKey;
  readonly manifest: ShardManifest;
  readonly #options: IndexerOptions;
  readonly #with: IndexerCollaborators;
  #settings: BuildSettings;
  #sealed: readonly SealedRange[] = [];
  #sealedSequence: number;
  #endSequence: number;
  #recordRawBytes = RECORD_RAW_BYTES_GUESS;
  #sealing: Promise<void> | undefined;
  /** A commit, a fold or a reset. */
  #rewriting: Promise<void> | undefined;
  /** When the oldest uncommitted sequence was first seen, monotonic. */
  #uncommittedSinceMs: number | undefined;
  /** The commit that is being written goes up to here. */
  #publishingTo = 0;
  #isFlushing = false;
  #failuresInARow = 0;
  #retryAtMs = 0;
  #stopped = false;

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
    this.shard = options.shard;
    this.manifest = options.manifest;
    this.#settings = options.settings;
    this.#sealedSequence = this.manifest.head.nextSequence;
    this.#endSequence = this.#sealedSequence;
  }

  /** False: nothing to seal, fold or commit, so no timer has to look. */
  get isBusy(): boolean {
    return !this.#stopped && this.#endSequence > this.manifest.head.nextSequence;
  }

  stats(): ShardStats {
    return {
      shardId: this.shard.shardId,
      pendingCount: Math.max(0, this.#endSequence - this.#sealedSequence),
      uncommittedCount: Math.max(0, this.#endSequence - this.manifest.head.nextSequence),
      sealedBytes: this.#sealedBytes(),
      sealedSegmentCount: this.#sealed.filter(({ segment }) => segment !== undefined).length,
      committedSegmentCount:
        this.manifest.head.segments.length +
        this.manifest.head.days.reduce((sum, day) => sum + day.segmentCount, 0),
    };
  }

  /** Tells of appended records; cheap unless a seal is due. */
  noteAppend(nextSequence: number): void {
    if (nextSequence <= this.#endSequence) return;
    this.#endSequence = nextSequence;
    this.#uncommittedSinceMs ??= this.#with.clock.monotonicMs();
    if (this.#sealing === undefined && this.#pendingBytes() >= this.#options.sealBytes) this.pump();
  }

  /** Starts what is due. Failures are logged and tried again later, further apart each time. */
  pump(): void {
    const nowMs = this.#with.clock.monotonicMs();
    if (this.#stopped || nowMs < this.#retryAtMs) return;
    if (this.#isSealDue()) void this.#try('seal', () => this.#seal());
    if (this.#rewriting !== undefined || this.#isFlushing) return;
    const sinceMs = this.#uncommittedSinceMs;
    const isOld = sinceMs !== undefined && nowMs - sinceMs >= this.#options.commitIntervalMs;
    const fold = planFold(
      this.#sealed.map(({ rawBytes }) => rawBytes),
      this.#options.sealBytes,
    );
    if (this.#sealedBytes() >= this.#options.commitBytes)
      void this.#try('commit', () => this.#rewrite(() => this.#commit()));
    else if (isOld && this.isBusy) void this.#try('commit', () => this.flush());
    else if (fold !== undefined)
      void this.#try('fold', () => this.#rewrite(() => this.#fold(fold.start, fold.end)));
  }

  /**
   * Resolves when every sequence below `nextSequence` is in a segment. Calls share their work.
   * Errors: those of the builder and the stores; LogStoreNotExist once stopped.
   */
  async sealTo(nextSequence: number): Promise<void> {
    this.#assertServed();
    this.noteAppend(nextSequence);
    while (this.#sealedSequence < nextSequence) await this.#seal();
  }

  /** Commits everything that was received before the call, with the present settings. */
  async flush(): Promise<void> {
    this.#isFlushing = true;
    try {
      const { nextSequence } = await this.#with.shardLog.bounds(this.shard);
      while (this.manifest.head.nextSequence < nextSequence) {
        await this.sealTo(nextSequence);
        await this.exclusively(() => this.#commit());
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

  /**
   * The segments of this moment, when every sequence below `nextSequence` is in one. The caller pins the sealed
   * ones before it waits for anything.
   */
  snapshot(nextSequence: number): ShardSnapshot | undefined {
    const { head } = this.manifest;
    if (this.#sealedSequence < nextSequence) return undefined;
    // Just after a commit its L0 segments are still in the list.
    const uncommitted = this.#sealed.filter((range) => range.nextSequence > head.nextSequence);
    return { head, sealed: uncommitted.flatMap(({ segment }) => segment ?? []) };
  }

  stored(info: SegmentInfo): StoredSegment {
    return { info, place: { kind: 'blob', keyPrefix: blobKeyPrefix(this.shard, info.id) } };
  }

  /** Runs the change while no segment is being committed. */
  async exclusively(change: () => Promise<void>): Promise<void> {
    while (this.#rewriting !== undefined) await this.#rewriting.catch(() => {});
    await this.#rewrite(change);
  }

  /** Ends the work under way; L0 segments stay until their queries end. */
  async stop(): Promise<void> {
    this.#stopped = true;
    while (this.#sealing !== undefined || this.#rewriting !== undefined)
      await Promise.allSettled([this.#sealing, this.#rewriting]);
    this.#dropSealed(this.#sealed);
  }

  #isSealDue(): boolean {
    const uncommittedMax = UNCOMMITTED_COMMITS_MAX * this.#options.commitBytes;
    return (
      this.#sealing === undefined &&
      this.#pendingBytes() >= Math.min(SEAL_BYTES_MIN, this.#options.sealBytes) &&
      this.#sealedBytes() < uncommittedMax
    );
  }

  /** An estimate: how large the last records were, times how many there are. */
  #pendingBytes(): number {
    return (this.#endSequence - this.#sealedSequence) * this.#recordRawBytes;
  }

  #sealedBytes(): number {
    return this.#sealed.reduce((sum, { rawBytes }) => sum + rawBytes, 0);
  }

  /** Work of the background: its failures end here. */
  async #try(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#failuresInARow = 0;
      this.#retryAtMs = 0;
    } catch (error) {
      if (this.#stopped) return;
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
    const built = await this.#build(
      { firstSequence, toSequence: this.#endSequence, rawBytesMax: this.#options.sealBytes },
      settings,
    );
    // The settings changed or the shard was reset meanwhile: the range is built again.
    if (settings !== this.#settings || firstSequence !== this.#sealedSequence || this.#stopped) {
      if (built.segment !== undefined) await this.#with.registry.retire(built.segment);
      return;
    }
    this.#sealed = [...this.#sealed, built];
    this.#sealedSequence = built.nextSequence;
    this.#with.counters.sealCount++;
    this.#with.counters.damagedRecordCount += built.damagedCount;
    const recordCount = built.nextSequence - firstSequence;
    if (built.rawBytes > 0) this.#recordRawBytes = Math.ceil(built.rawBytes / recordCount);
  }

  #assertServed(): void {
    if (this.#stopped) throw new AppError('LogStoreNotExist', 'the shard is not served any more');
  }

  #rewrite(work: () => Promise<void>): Promise<void> {
    const done = this.#with.commits.run(work).finally(() => {
      this.#rewriting = undefined;
    });
    this.#rewriting = done;
    return done;
  }

  async #fold(start: number, end: number): Promise<void> {
    const settings = this.#settings;
    const folded = this.#sealed.slice(start, end);
    const first = must(folded[0], 'a fold has segments');
    const toSequence = must(folded.at(-1), 'a fold has segments').nextSequence;
    const built = await this.#build(
      { firstSequence: first.firstSequence, toSequence, rawBytesMax: Number.POSITIVE_INFINITY },
      settings,
    );
    const at = this.#sealed.indexOf(first);
    if (settings !== this.#settings || at < 0 || this.#stopped) {
      if (built.segment !== undefined) await this.#with.registry.retire(built.segment);
      return;
    }
    this.#sealed = this.#sealed.toSpliced(at, folded.length, built);
    this.#with.counters.foldCount++;
    await this.#retireSealed(folded);
  }

  /** Commits the first L0 segments, as many as make up `commitBytes`. */
  async #commit(): Promise<void> {
    const settings = this.#settings;
    const firstSequence = this.manifest.head.nextSequence;
    const target = this.#commitTarget();
    if (target === undefined || this.#stopped) return;
    const built = await this.#build(
      { firstSequence, toSequence: target, rawBytesMax: Number.POSITIVE_INFINITY },
      settings,
    );
    if (settings !== this.#settings || this.#stopped) {
      if (built.segment !== undefined) await this.#with.registry.retire(built.segment);
      return;
    }
    await this.#publish(built);
    this.#publishingTo = 0;
    this.#with.counters.commitCount++;
    const gone = this.#sealed.filter(({ nextSequence }) => nextSequence <= target);
    this.#sealed = this.#sealed.filter(({ nextSequence }) => nextSequence > target);
    this.#uncommittedSinceMs = this.isBusy ? this.#with.clock.monotonicMs() : undefined;
    await this.#retireSealed(gone);
    await this.manifest.moveOld();
  }

  #commitTarget(): number | undefined {
    let total = 0;
    let target: number | undefined;
    for (const { rawBytes, nextSequence } of this.#sealed) {
      if (total >= this.#options.commitBytes) break;
      total += rawBytes;
      target = nextSequence;
    }
    return target;
  }

  /** Both files, then the manifest; what a failure leaves is cleaned up unless the commit did happen. */
  async #publish({ segment, firstSequence, nextSequence }: BuiltRange): Promise<void> {
    this.#publishingTo = nextSequence;
    try {
      if (segment !== undefined) await this.#putFiles(segment.info);
      await this.manifest.commit(segment?.info, nextSequence);
    } catch (error) {
      this.#publishingTo = 0;
      await this.manifest.reload();
      const { head } = this.manifest;
      if (head.segments.some(({ id }) => id === segment?.info.id)) return;
      if (head.nextSequence !== firstSequence) this.#unseal();
      if (segment !== undefined) {
        await this.#with.registry.retire(segment);
        await this.#with.registry.retire(this.stored(segment.info));
      }
      throw error;
    }
  }

  async #putFiles({ id }: SegmentInfo): Promise<void> {
    const paths = localPaths(this.#options.directory, id);
    const keyPrefix = blobKeyPrefix(this.shard, id);
    await this.#with.blobStore.putFile(`${keyPrefix}.parquet`, paths.parquetPath);
    await this.#with.blobStore.putFile(`${keyPrefix}.idx`, paths.indexPath);
  }

  #build(range: BuildRange, settings: BuildSettings): Promise<BuiltRange> {
    const { directory } = this.#options;
    return buildRange({ ...range, shard: this.shard, directory }, settings, this.#with);
  }

  /** Back to what is committed, or about to be: those ranges must not become visible a second time. */
  #unseal(): void {
    const { nextSequence } = this.manifest.head;
    const isPublishing = (range: SealedRange): boolean =>
      range.firstSequence >= nextSequence && range.nextSequence <= this.#publishingTo;
    const kept = this.#sealed.filter(isPublishing);
    this.#dropSealed(this.#sealed.filter((range) => !isPublishing(range)));
    this.#sealedSequence = kept.at(-1)?.nextSequence ?? Math.max(nextSequence, this.#publishingTo);
  }

  /** Forgets L0 segments at once; their files go when no query uses them. */
  #dropSealed(ranges: readonly SealedRange[]): void {
    this.#sealed = this.#sealed.filter((range) => !ranges.includes(range));
    this.#retireSealed(ranges).catch((error: unknown) =>
      this.#with.logger.warn({ ...this.shard, err: error }, 'cannot remove local segments'),
    );
  }

  async #retireSealed(ranges: readonly SealedRange[]): Promise<void> {
    for (const { segment } of ranges)
      if (segment !== undefined) await this.#with.registry.retire(segment);
  }
}

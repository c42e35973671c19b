/**
 * The contract of segment building. `segment-workers.ts` runs it on worker threads; `build-segment.ts` and
 * `merge-segments.ts` are the work itself.
 */
import type { LogRecord } from '#loghub/shard-log.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import type { SegmentInfo } from './segment.ts';

/**
 * `local`: for L0, quick to write and to merge: rows are not compressed, files are not synced.
 * `stored`: for the BlobStore: compressed, both files synced when the build resolves.
 */
export type SegmentStorage = 'local' | 'stored';

export interface SegmentBuildRequest {
  readonly id: string;
  readonly shardId: number;
  /** Consecutive records of one shard; at least one. Their payload buffers may be transferred away. */
  readonly records: readonly LogRecord[];
  readonly indexConfig: IndexConfig;
  /** Adds `__tag__:__client_ip__` and `__tag__:__receive_time__` (the logstore's appendMeta). */
  readonly appendMeta: boolean;
  /** Folder on this machine that gets `<id>.parquet` and `<id>.idx`. */
  readonly directory: string;
  readonly storage: SegmentStorage;
}

/** Undefined when the records hold no log at all. */
export type SegmentBuildResult = SegmentInfo | undefined;

export interface SegmentMergeInput {
  readonly info: SegmentInfo;
  readonly parquetPath: string;
  readonly indexPath: string;
}

export interface SegmentMergeRequest {
  /** Ids of the results are `<idPrefix>-<n>`. */
  readonly idPrefix: string;
  readonly shardId: number;
  /** In order of their sequences, built with the same index configuration; at least one. */
  readonly inputs: readonly SegmentMergeInput[];
  readonly directory: string;
  readonly storage: SegmentStorage;
  /**
   * Rows go to one segment for each UTC day of their log times, as long as there are no more days than this; else
   * the days with the most rows have one each and all others share the last. 1: no split.
   */
  readonly daysMax: number;
}

export interface SegmentBuilder extends AsyncDisposable {
  build(request: SegmentBuildRequest): Promise<SegmentBuildResult>;
  /**
   * The rows of all inputs, each exactly once, sorted by (time, nanosecond part, sequence); one result or more,
   * in order of their days. Errors: SegmentDamaged (an input; `details.segmentId`), those of the files; the
   * signal's reason, as soon as an implementation can give up. What a failed merge wrote is the caller's to remove:
   * files of the folder whose names begin with `<idPrefix>-`.
   */
  merge(request: SegmentMergeRequest, signal?: AbortSignal): Promise<readonly SegmentInfo[]>;
}

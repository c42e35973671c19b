/**
 * The contract of segment building. `segment-workers.ts` runs it on worker threads; `build-segment.ts` is the
 * work itself.
 */
import type { LogRecord } from '#loghub/shard-log.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import type { SegmentInfo } from './segment.ts';

export interface SegmentBuildRequest {
  readonly id: string;
  readonly shardId: number;
  /** Consecutive records of one shard; at least one. Their payload buffers may be transferred away. */
  readonly records: readonly LogRecord[];
  readonly indexConfig: IndexConfig;
  /** Adds `__tag__:__client_ip__` and `__tag__:__receive_time__` (the logstore's appendMeta). */
  readonly appendMeta: boolean;
  /** Folder on this machine that gets `<id>.parquet` and `<id>.idx`; both are synced when it resolves. */
  readonly directory: string;
}

/** Undefined when the records hold no log at all. */
export type SegmentBuildResult = SegmentInfo | undefined;

export interface SegmentBuilder extends AsyncDisposable {
  build(request: SegmentBuildRequest): Promise<SegmentBuildResult>;
}

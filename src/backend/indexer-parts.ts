/** What the indexers of all shards share, and what each tells of itself. */
import type { BlobStore } from '#blob/blob-store.ts';
import type { ShardLog } from '#loghub/shard-log.ts';
import type { Clock } from '#platform/clock.ts';
import type { Files } from '#platform/files.ts';
import type { Random } from '#platform/random.ts';
import type { SegmentBuilder } from '#segment/segment-builder.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { Limiter } from './limiter.ts';
import type { SegmentRegistry } from './segment-registry.ts';

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
  /**
   * The lanes of the work. A shard stands at most once in each, and again at its end once it was served: so a hot
   * shard gets what is left and no other waits longer than a round.
   */
  readonly seals: Limiter;
  readonly commits: Limiter;
  readonly usage: IndexerUsage;
  readonly counters: IndexerCounters;
  readonly clock: Clock;
  readonly random: Random;
  readonly files: Files;
  readonly logger: Logger;
}

/** What all indexers hold at this moment. */
export interface IndexerUsage {
  /** Raw bytes of the L0 segments. */
  sealedBytes: number;
}

/** Shared by all indexers of a backend; only grows. */
export interface IndexerCounters {
  sealCount: number;
  foldCount: number;
  commitCount: number;
  compactionCount: number;
  /** Damaged segments that were built again, with those that shared their sequences. */
  rebuildCount: number;
  /** Segments that a reindex has rebuilt, and raw bytes of their logs. */
  reindexedSegmentCount: number;
  reindexedBytes: number;
  failureCount: number;
  /** Log groups that are in no segment because nobody can read them. */
  damagedRecordCount: number;
  /** How often a segment was found damaged. */
  damagedSegmentCount: number;
}

export interface ShardStats {
  readonly shardId: number;
  /** Sequences that are in no segment yet, an estimate of their raw bytes, and how long the oldest waits, ms. */
  readonly pendingCount: number;
  readonly pendingBytes: number;
  readonly pendingMs: number;
  /** Sequences that are in no committed segment. */
  readonly uncommittedCount: number;
  /** L0 segments: raw bytes of their logs, and bytes of their files. */
  readonly sealedBytes: number;
  readonly sealedFileBytes: number;
  readonly sealedSegmentCount: number;
  readonly committedSegmentCount: number;
  readonly committedFileBytes: number;
  readonly isSealing: boolean;
  /** A commit, a fold, a compaction or a rebuild is under way or in line. */
  readonly isMerging: boolean;
}

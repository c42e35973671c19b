/** What a backend tells of itself, of all shards together. */
import type { IndexerCounters, ShardStats } from './indexer-parts.ts';

export interface BackendStats extends Readonly<IndexerCounters>, ShardSums {
  readonly logstoreCount: number;
  /** Segments whose readers are kept, in use or not. */
  readonly readerCount: number;
  /** Damaged segments that could not be built again so far. */
  readonly damagedCount: number;
  /** Reindexes that are waiting or running. */
  readonly reindexCount: number;
}

interface ShardSums {
  /** Sums over all shards; `pendingMs` is the largest. */
  readonly shards: Omit<ShardStats, 'shardId' | 'isSealing' | 'isMerging'>;
  /** Shards whose seal, or whose merge, is under way or in line. */
  readonly sealingCount: number;
  readonly mergingCount: number;
}

export function sumsOf(all: readonly ShardStats[]): ShardSums {
  const sum = (of: (stats: ShardStats) => number): number =>
    all.reduce((total, stats) => total + of(stats), 0);
  return {
    shards: {
      pendingCount: sum((stats) => stats.pendingCount),
      pendingBytes: sum((stats) => stats.pendingBytes),
      pendingMs: all.reduce((longest, { pendingMs }) => Math.max(longest, pendingMs), 0),
      uncommittedCount: sum((stats) => stats.uncommittedCount),
      sealedBytes: sum((stats) => stats.sealedBytes),
      sealedFileBytes: sum((stats) => stats.sealedFileBytes),
      sealedSegmentCount: sum((stats) => stats.sealedSegmentCount),
      committedSegmentCount: sum((stats) => stats.committedSegmentCount),
      committedFileBytes: sum((stats) => stats.committedFileBytes),
    },
    sealingCount: sum(({ isSealing }) => Number(isSealing)),
    mergingCount: sum(({ isMerging }) => Number(isMerging)),
  };
}

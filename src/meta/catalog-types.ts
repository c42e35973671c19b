/** The records of the catalog: what projects, logstores and shards are, apart from how they travel. */
import type { IndexConfig } from '#protocol/index-config.ts';

export interface Project {
  readonly projectName: string;
  readonly description: string;
  readonly createTimeMs: number;
  readonly lastModifyTimeMs: number;
  /** Members of CreateProject that are kept and echoed (resourceGroupId, dataRedundancyType, …). */
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface Shard {
  readonly shardId: number;
  readonly status: 'readwrite' | 'readonly';
  /** 32 lower-case hex digits, 128-bit key space. */
  readonly inclusiveBeginKey: string;
  readonly exclusiveEndKey: string;
  readonly createTimeMs: number;
}

export interface Logstore {
  /** Unique for ever, `[a-z0-9]+`: a logstore created again under an old name is another logstore. */
  readonly id: string;
  readonly projectName: string;
  readonly logstoreName: string;
  /** Days; 3650 means for ever. */
  readonly ttl: number;
  readonly enableTracking: boolean;
  readonly autoSplit: boolean;
  readonly maxSplitShard: number;
  readonly appendMeta: boolean;
  readonly shards: readonly Shard[];
  readonly index: IndexConfig | undefined;
  readonly indexModifyTimeMs: number;
  readonly createTimeMs: number;
  readonly lastModifyTimeMs: number;
  /** Other members of CreateLogstore, kept and echoed (telemetryType, mode, hot_ttl, …). */
  readonly attributes: Readonly<Record<string, unknown>>;
}

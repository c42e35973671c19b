/** Bounds and defaults of the backend. */
import { GIB, KIB, MIB, MINUTE_MS, SECOND_MS } from '#base/units.ts';

/** Raw bytes of one L0 segment: small enough to build while a query waits, large enough to be few. */
export const SEAL_BYTES: number = 16 * MIB;

/**
 * Raw bytes from which on a seal starts as soon as the lane is free. What arrives while it runs makes the next
 * one larger, as with a group commit: a light load gets quick seals, a heavy one gets few.
 */
export const SEAL_BYTES_MIN: number = 2 * MIB;

/**
 * Raw bytes from which on the timer seals. Less is left to the next query, which seals it in some tens of
 * milliseconds; sealing every trickle would only make segments to be folded.
 */
export const SEAL_BYTES_TRICKLE: number = 256 * KIB;

export const SEAL_INTERVAL_MS: number = 2 * SECOND_MS;

/** Raw bytes of one commit: some 64 L0 segments, which one merge can hold open. */
export const COMMIT_BYTES: number = 128 * MIB;

/** Bounds what a restart has to build again, and how long a slow shard waits for its segment. */
export const COMMIT_INTERVAL_MS: number = 10 * MINUTE_MS;

/** Log days that get a segment of their own in one commit; an agent that reads old files sends weeks at once. */
export const DAYS_PER_COMMIT_MAX = 8;

/** Logs may live an interval longer than their ttl says; an hour is 4 % of the smallest ttl. */
export const EXPIRE_INTERVAL_MS: number = 60 * MINUTE_MS;

/** Sealing a shard stops when so many commits are due: the WAL absorbs the rest, on disk either way. */
export const UNCOMMITTED_COMMITS_MAX = 4;

/** Raw bytes of all L0 segments: past it the timer seals no more and the shard with the most commits early. */
export const L0_BYTES_MAX: number = 2 * GIB;

/** L0 builds and folds at once over all shards: one reads the log while the other is in the worker. */
export const SEALS_AT_ONCE = 2;

/** L1 merges at once: each streams through `COMMIT_BYTES` of rows. */
export const COMMITS_AT_ONCE = 1;

/** L0 segments of one size that are folded into one: bounds how many files a query opens. */
export const FOLD_SEGMENTS = 8;

/** Raw bytes below which an L0 segment is of the smallest size; each size is `FOLD_SEGMENTS` times larger. */
export const FOLD_BYTES_SMALLEST: number = 256 * KIB;

/** Folding makes no larger segments: seals under load are as large, and a commit merges them anyway. */
export const FOLD_BYTES_MAX: number = 4 * MIB;

/** Committed segments of one size that are merged into one: each byte is written about once a size. */
export const COMPACT_SEGMENTS = 8;

/** Raw bytes below which a committed segment is of the smallest size; each size is 8 times larger. */
export const COMPACT_BYTES_SMALLEST: number = 1 * MIB;

/** Raw bytes of the largest compacted segment. One of more than half of it is never written again. */
export const COMPACT_BYTES_MAX: number = GIB;

/** Segments that one compaction reads: two open files each. */
export const COMPACT_INPUTS_MAX = 64;

/** After the end of a day its last commits are done: then what is left of it is brought together. */
export const COMPACT_DAY_AFTER_MS: number = 30 * MINUTE_MS;

/** How long a compaction that failed is left alone. */
export const COMPACT_RETRY_MS: number = 5 * MINUTE_MS;

/** How long a query waits for a damaged segment to be built again before it is told to come back. */
export const REPAIR_WAIT_MS: number = 10 * SECOND_MS;

/** Damaged segments that wait to be built again; queries ask again for those past it. */
export const REPAIRS_MAX = 1000;

/** Rows read at once to build a segment from its own rows: some MB of usual logs. */
export const REBUILD_ROWS_AT_ONCE = 1024;

/** Pieces of such a build before some are merged: as many files as a compaction reads. */
export const REBUILD_PIECES_MAX = 64;

/** Values of one log group of such a build: a few groups make up a piece. */
export const REBUILD_GROUP_BYTES: number = 4 * MIB;

/** Decoded pages of all columns, kept while the rows of a page are read. */
export const REBUILD_CACHE_BYTES: number = 32 * MIB;

/** Longest rest of a reindex between two reads of rows: a read takes some ms, a wait for a worker needs no rest. */
export const REINDEX_REST_MS_MAX = 50;

/** Findings that a scrub lists; a disk that lost everything has one for each file. */
export const SCRUB_FINDINGS_MAX = 10_000;

/** Records read at once; with groups of 1 KiB that is 16 MB. */
export const READ_RECORDS_MAX = 16_384;

/** Payload bytes read at once; LZ4 of log lines grows about four times, so this is one seal. */
export const READ_PAYLOAD_BYTES: number = 4 * MIB;

/** What a log group is taken to hold before the first one of a shard was read. */
export const RECORD_RAW_BYTES_GUESS: number = 16 * KIB;

/** Waiting time after failures of one shard: doubled each time, so that a full disk is not hammered. */
export const RETRY_MS_MIN: number = 1 * SECOND_MS;
export const RETRY_MS_MAX: number = 60 * SECOND_MS;

/** Segments in a manifest's head before the older ones move to day records: 64 × 350 B is one small write. */
export const HEAD_SEGMENTS_MAX = 64;

/** Newest segments that stay in the head when the others move. */
export const HEAD_SEGMENTS_KEPT = 16;

/** Segments of one day record: 1000 × 350 B stays well below the 1 MiB of a MetaStore value. */
export const DAY_SEGMENTS_MAX = 1000;

/** Readers kept open without a query that uses them: two files each. */
export const IDLE_READERS_MAX = 512;

/** Readers in use at once; past it a query is told to come back, before the process runs out of files. */
export const USED_READERS_MAX = 16_384;

/** Readers opened at once by one query: the disk's queue, not the event loop, should be full. */
export const OPENS_AT_ONCE = 16;

/** A query that meets a segment which was dropped meanwhile looks at the manifests again. */
export const ACQUIRE_ATTEMPTS_MAX = 5;

/** Keys asked for in one list call. */
export const LIST_PAGE = 500;

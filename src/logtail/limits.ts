/** Every bound of the agent in one place, each with the reason for its number. */
import { KIB, MIB, MINUTE_MS, SECOND_MS } from '#base/units.ts';

/** Bytes of one read, and so of one batch and one log: what other agents cut at; far below the 10 MB of a server. */
export const CHUNK_BYTES: number = 512 * KIB;
/** Logs of one batch. Keeps a group far below the 40,960 logs a server takes. */
export const BATCH_LOGS_MAX = 4096;
/** Bytes hashed at the head of a file and before an offset: long enough for several time-stamped lines. */
export const SIGNATURE_BYTES = 1024;
/** Files followed at once; each costs about 1 KB of memory and 300 bytes of checkpoint. */
export const FILES_MAX = 100_000;
/** Folders visited by one walk, so that a pattern over a whole disk cannot hold the agent for minutes. */
export const WALK_DIRECTORIES_MAX = 20_000;
/** Depth of a `**` when the configuration says nothing: deeper log trees are rare, deeper loops are not. */
export const WALK_DEPTH_DEFAULT = 16;
/** Ceiling of `maxDepth`; paths on Linux end at 4096 bytes anyway. */
export const WALK_DEPTH_MAX = 1000;
/** Siblings looked at in one search for a rotated file. */
export const SIBLINGS_MAX = 1000;
/** Generations of one path that wait to be read. Beyond it the newest wait on disk until older ones are read. */
export const GENERATIONS_MAX = 256;
/** Open files. Above it the files idle for longest are closed; a unix process often has 1024 or more. */
export const OPEN_FILES_MAX = 800;
/** A file that is read to its end and silent for this long is closed and opened again when it grows. */
export const IDLE_CLOSE_MS: number = MINUTE_MS;
/** A deleted file is released this long after its last growth: a writer may still hold it open. */
export const DELETED_RELEASE_MS: number = 5 * SECOND_MS;
/** A rotated file that no pattern matches is forgotten after this long without growth. */
export const ROTATED_RELEASE_MS: number = 2 * MINUTE_MS;
/** After a rotation generations that nobody saw are searched this long, this often: listings race with renames. */
export const ROTATION_SEARCH_MS: number = 5 * SECOND_MS;
export const ROTATION_SEARCH_GAP_MS = 100;
/** The last line of a rotated or deleted file is complete after this long: nobody will end it. */
export const ROTATED_FLUSH_MS: number = 5 * SECOND_MS;
/** A file idle for longer is looked at only by the walk, not by the fast poll. */
export const ACTIVE_MS: number = 3 * MINUTE_MS;
/** A copy of a followed file must stand still this long before it counts as nothing but a copy. */
export const COPY_SETTLE_MS: number = 5 * SECOND_MS;
/** Directory watches, only hints: the poll finds everything without them. The kernel's default is 8192 a user. */
export const WATCHES_MAX = 1024;
/** Bytes of a hole of NULs searched for its end in one look. */
export const HOLE_SCAN_BYTES: number = 64 * MIB;
/** How far a line that was cut is followed back to its start, only to number its pieces. */
export const LONG_LINE_SCAN_BYTES: number = 64 * MIB;
/** Fixed cost that a batch is charged with besides its bytes: objects, headers, compressed copy. */
export const BATCH_OVERHEAD_BYTES: number = 256 * KIB;
/** Answer bodies of the server are error texts; more is not read. */
export const ANSWER_BYTES_MAX: number = 64 * KIB;
/** Retry waits by kind of failure, doubled from the first to the second, with jitter. */
export const BACKOFF_SERVER_MS: readonly [number, number] = [200, 30 * SECOND_MS];
export const BACKOFF_QUOTA_MS: readonly [number, number] = [500, MINUTE_MS];
export const BACKOFF_CONFIG_MS: readonly [number, number] = [SECOND_MS, 5 * MINUTE_MS];
/** Bytes of refused logs kept on disk. When full, refused logs wait in their file instead: nothing is dropped. */
export const DEAD_LETTER_BYTES_MAX: number = 64 * MIB;
/** Acknowledgements between two checkpoints: hundreds a second of 400 bytes; more means checkpoints cannot be saved. */
export const ACK_LOG_BYTES_MAX: number = 64 * MIB;
/** A checkpoint file above this is refused as damaged: 100,000 entries are about 40 MB. */
export const CHECKPOINT_BYTES_MAX: number = 256 * MIB;
/** Files listed in the status file: the ones that lag most. */
export const STATUS_FILES_MAX = 1000;
/** Distinct alarms kept; they merge by type and subject. */
export const ALARMS_MAX = 1000;
/** Bytes of a configuration or key file. */
export const CONFIG_BYTES_MAX: number = MIB;

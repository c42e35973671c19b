/** Every bound of the room, with the reason for its number. */
import { KIB, MIB } from '#base/units.ts';

/** A WAL file is closed at this size: small enough to expire in good time, large enough to be few. */
export const WAL_FILE_BYTES_MAX: number = 64 * MIB;

/** Offsets inside a file are stored in 32 bits; a last write may go past the file's own limit. */
export const WAL_FILE_BYTES_CEILING: number = 1024 * MIB;

/** Bytes that wait for the disk in one shard: some seconds of the busiest shard's 5 MB/s. */
export const QUEUE_BYTES_MAX: number = 32 * MIB;

/** Bytes that wait for the disk in all shards: keeps a stalled disk from filling the memory. */
export const QUEUE_TOTAL_BYTES_MAX: number = 256 * MIB;

/** One write and one sync serve at most this much, so that nobody waits long behind others. */
export const BATCH_BYTES_MAX: number = 8 * MIB;

/** One entry of the sparse index stands for this much of a file: at most 1 024 entries a file. */
export const SPARSE_INDEX_STEP_BYTES: number = 64 * KIB;

/** Open files of all shards together; well below the usual limit of 1 024 a process. */
export const OPEN_FILES_MAX = 128;

/** Sparse indexes of closed files kept in memory, about 24 KiB each. */
export const CLOSED_INDEXES_MAX = 256;

/** Read when only record headers are wanted: several small records, or little more than one header. */
export const HEADER_READ_BYTES: number = 16 * KIB;

/** Read at once when looking for the next whole record after damage. */
export const RESYNC_READ_BYTES: number = 256 * KIB;

/** Bounds of one read of records; a larger record is read by itself. */
export const READ_BYTES_MIN: number = 64 * KIB;
export const READ_BYTES_MAX: number = 2 * MIB;

/** Payload bytes that one `read` returns at most, whatever the caller asks for. */
export const READ_PAYLOAD_BYTES_MAX: number = 64 * MIB;

/** Bytes of a sender's address: the longest IPv6 text with a zone fits. */
export const CLIENT_ADDRESS_BYTES_MAX = 64;

/** Writers that a shard remembers, 24 bytes each in a file: twice the files of a busy shard's agents. */
export const WRITERS_MAX = 16_384;

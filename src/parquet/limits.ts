/** Bounds of Parquet files, each with its reason. */
import { KIB, MIB } from '#base/units.ts';

/** Value bytes of one page: a single row costs the decompression of one page of each column. */
export const PAGE_BYTES: number = 256 * KIB;

/**
 * Rows of one page; columns of few distinct values would have a whole row group in one, which a single row would decode. With a quarter
 * of 32k a needle in wide logs takes two thirds of the time, for 1.7 % more bytes.
 */
export const PAGE_ROWS_MAX: number = 8 * KIB;

/** Rows of a row group: memory of a writer and of every reader is in proportion. */
export const ROW_GROUP_ROWS: number = 64 * KIB;

/** Value bytes of a row group, for logs so large that 64k rows would not fit. */
export const ROW_GROUP_BYTES: number = 16 * MIB;

/** A dictionary is larger only when it saves a lot: to fetch one row its page must be read. */
export const DICTIONARY_BYTES: number = MIB;

/** How many times its size such a dictionary must save. */
export const DICTIONARY_GAIN = 8;

/** Longer smallest and largest texts are cut in the statistics: they only prune, and stand in every footer. */
export const STATISTICS_BYTES_MAX = 64;

/** zstd level of stored files: on pages of this size level 3 is 1 % smaller for a third more time, level 6 3 % for four times. */
export const ZSTD_LEVEL = 1;

/** Bytes read from the end of a file at once: the footer of most files and the page places of their last row groups. */
export const TAIL_READ_BYTES: number = 64 * KIB;

/** Largest footer that is read; 500 columns and 64 row groups take 6 MB. */
export const FOOTER_BYTES_MAX: number = 64 * MIB;

/** Largest decompressed page that is read: one value may be as large as a log group. */
export const PAGE_READ_BYTES_MAX: number = 256 * MIB;

/** Columns of a file that is read. */
export const COLUMNS_READ_MAX = 4096;

/** Nesting of the structures of a footer; the deepest of the format are six levels. */
export const THRIFT_DEPTH_MAX = 16;

/** Rows of a row group that is read: what is reserved for them must be bounded before the first is seen. */
export const GROUP_ROWS_READ_MAX: number = 1024 * KIB;

/** Buffers of a writer that are kept for the next file of the thread: a row group of usual logs has columns of 8 MB at most. */
export const BUFFERS_KEPT_BYTES: number = 16 * MIB;

/** Memory that a reader takes at once, and what it keeps from one column of a row group to the next: a usual one of text. */
export const MEMORY_SLAB_BYTES: number = 4 * MIB;
export const MEMORY_KEPT_BYTES: number = 48 * MIB;

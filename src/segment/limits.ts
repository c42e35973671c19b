/** Bounds of segments and of their building, each with its reason. */
import { KIB, MIB } from '#base/units.ts';

/** Columns of one Parquet file besides the fixed ones; readers open a buffer for each. More go to `__rest__`. */
export const COLUMNS_MAX = 500;

/** Raw bytes of one build: what the kernel can address the blocks for, whatever the logs are. */
export const BUILD_RAW_BYTES_MAX: number = 32 * MIB;

/** Memory of a build kernel that is kept for the next build: 16 MB of usual logs take 50–80 MB. */
export const KERNEL_BYTES_MAX: number = 160 * MIB;

/** Tag fields with own postings in one segment; the values of more are only in the line index. */
export const TAG_FIELDS_MAX = 1000;

/** JSON leaves found by `index_all` in one segment. Objects keyed by ids would make a field of every id. */
export const JSON_LEAF_FIELDS_MAX = 1000;

/** Nesting of JSON values; deeper ones count as invalid. Keeps the parser's stack bounded. */
export const JSON_DEPTH_MAX = 200;

/**
 * Bytes of terms after which a dictionary block is closed. Measured: 8 KiB make the index 1 % larger, 32 KiB no smaller, and
 * a lookup takes as long as the block.
 */
export const DICTIONARY_BLOCK_BYTES: number = 16 * KIB;

/** Bytes of posting references after which a block is closed, however few its terms are. */
export const REFERENCE_BLOCK_BYTES: number = 64 * KIB;

/** Longest posting list that stands in the dictionary itself; longer ones cost a second read. */
export const INLINE_POSTING_BYTES_MAX = 64;

/** The same for rows of term sets: a term may name thousands of sets, and each block is a read. */
export const INLINE_SET_BYTES_MAX = 1024;

/** Term sets of one block of the set directory. */
export const SET_BLOCK_SETS = 512;

/**
 * Numbers up to which a list is written as gaps in its entry; a posting list has more to say about itself. Part of the
 * format: readers refuse more.
 */
export const FEW_MAX = 16;

/** Own rows up to which a term that looks like an id goes to the id list: repeated ones gain from a dictionary's lists. */
export const ID_ROWS_MAX = 4;

/** Keys of one block of an id list: about 5 KB, so that a lookup is one small read. */
export const ID_BLOCK_KEYS = 512;

/** Bytes of further rows after which an id block is closed. */
export const ID_BLOCK_MORE_BYTES: number = 16 * KIB;

/**
 * Rows that are read to find out which of their ids match a pattern: some tens of milliseconds. The ids themselves are not
 * in the index.
 */
export const ID_CANDIDATE_ROWS_MAX = 2000;

/** Rows read at once for that: each may hold values of a megabyte. */
export const ID_CANDIDATE_ROWS_AT_ONCE = 100;

/** Bytes that one stream may have: of 1 GB of very short logs a numeric column has nearly as many. */
export const STREAM_BYTES_MAX: number = 256 * MIB;

/** Posting lists that are remembered for equal ones, and their bytes: what a build may spend on finding them. */
export const SHARED_LISTS_MAX = 65_536;
export const SHARED_LIST_BYTES_MAX: number = 16 * MIB;

/** Blocks of one list that are read at the same time: each is a buffer and a pending read. */
export const BLOCKS_AT_ONCE_MAX = 16;

/** Inputs of one merge: the number of an input takes a byte a row. */
export const MERGE_INPUTS_MAX = 255;

/** Results of one merge: their number takes a byte a row. */
export const MERGE_DAYS_MAX = 255;

/**
 * Unpacked dictionary blocks of each input that a merge keeps from its first pass to its second: about all that name term
 * sets. Unpacking others again takes 0.1 ms each.
 */
export const MERGE_BLOCK_BYTES_MAX: number = MIB;

/** Terms that a merge writes before it gives away what is complete of its files. */
export const MERGE_TERMS_AT_ONCE = 4096;

/** Footers and dictionaries of the Parquet files of a merge. */
export const MERGE_CACHE_BYTES: number = 32 * MIB;

/** Bytes of one chunk of an index file that is being made. */
export const IDX_CHUNK_BYTES: number = 2 * MIB;

/** Bytes read from the end of an index file at once: the footer and nearly always all that open needs. */
export const TAIL_READ_BYTES: number = 64 * KIB;

/** Names of `__rest__` fields listed in the index; a segment with more says only that there are many. */
export const REST_FIELDS_LISTED_MAX = 5000;

/** Bytes of Wasm memory after which a build worker is replaced: it never shrinks by itself. */
export const WORKER_HEAP_BYTES_MAX: number = 384 * MIB;

/**
 * JavaScript heap of a build worker, MB. Rows, terms and postings are in typed arrays outside of it; what
 * grows there is names: of fields, and of JSON leaves.
 */
export const WORKER_SCRIPT_HEAP_MB = 1024;

/** Builds waiting for a worker; the caller has one or two for each shard it owns. */
export const BUILD_QUEUE_MAX = 1024;

/** Columns whose pages are read at the same time for single rows: as many as the pool of threads serves at once. */
export const COLUMNS_AT_ONCE = 4;

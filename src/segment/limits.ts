/** Bounds of segments and of their building, each with its reason. */
import { GIB, KIB, MIB } from '#base/units.ts';

/** Columns of one Parquet file besides the fixed ones; readers open a buffer for each. More go to `__rest__`. */
export const COLUMNS_MAX = 500;

/** Rows of a Parquet row group: small enough to fetch single rows from, large enough to compress well. */
export const ROW_GROUP_ROWS: number = 64 * 1024;

/** Bytes of a row group, for logs so large that 64k rows would not fit the memory of a build. */
export const ROW_GROUP_BYTES_MAX: number = 64 * MIB;

/** Cells (rows × columns) of one Arrow batch: their offsets take four bytes each. */
export const BATCH_CELLS_MAX: number = 2 * 1024 * 1024;

/** Value bytes of one Arrow batch; about four copies live at a time on the way to Parquet. */
export const BATCH_BYTES_MAX: number = 8 * MIB;

/** Raw bytes of one build. Compaction reads segments, not logs, so nothing asks for more. */
export const BUILD_RAW_BYTES_MAX: number = GIB;

/** Tag fields with own postings in one segment; the values of more are only in the line index. */
export const TAG_FIELDS_MAX = 1000;

/** JSON leaves found by `index_all` in one segment. Objects keyed by ids would make a field of every id. */
export const JSON_LEAF_FIELDS_MAX = 1000;

/** Nesting of JSON values; deeper ones count as invalid. Keeps the parser's stack bounded. */
export const JSON_DEPTH_MAX = 200;

/** Bytes after which a dictionary block is closed: one small read, and a short linear scan. */
export const DICTIONARY_BLOCK_BYTES: number = 4 * KIB;

/** Longest posting list that stands in the dictionary itself; longer ones cost a second read. */
export const INLINE_POSTING_BYTES_MAX = 64;

/** Bytes read from the end of an index file at once: the footer and nearly always all that open needs. */
export const TAIL_READ_BYTES: number = 64 * KIB;

/** Names of `__rest__` fields listed in the index; a segment with more says only that there are many. */
export const REST_FIELDS_LISTED_MAX = 5000;

/** Terms of a value that are remembered for the next equal one; longer values seldom repeat. */
export const MEMO_TERMS_MAX = 32;

/** Bytes of Wasm memory after which a build worker is replaced: it never shrinks by itself. */
export const WORKER_HEAP_BYTES_MAX: number = 384 * MIB;

/**
 * JavaScript heap of a build worker, MB. Rows, terms and postings are in typed arrays outside of it; what
 * grows there is names: of fields, and of JSON leaves.
 */
export const WORKER_SCRIPT_HEAP_MB = 1024;

/** Builds waiting for a worker; the caller has one or two for each shard it owns. */
export const BUILD_QUEUE_MAX = 1024;

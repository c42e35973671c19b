/**
 * What the rest of the system knows of a segment: `<id>.parquet` (rows, sorted by time, then nanosecond
 * part, then ingestion order) and `<id>.idx` (term dictionary, postings, numeric and time columns). Both are
 * derived from a range of one shard's log and never change.
 */
import type { Bitset } from '#kernel/bitset.ts';
import type { ColumnType } from '#parquet/column-chunk.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import type { LogRow } from './log-row.ts';
import type { ReadCounts } from './read-counts.ts';

/** The pseudo field of the full-text ("line") index; no real field has an empty name. */
export const LINE_FIELD = '';

/** What a manifest holds of a segment: enough to prune and to find its files. JSON-safe. */
export interface SegmentInfo {
  /** `[A-Za-z0-9-]+`, unique for ever. */
  readonly id: string;
  readonly shardId: number;
  /** The range [firstSequence, nextSequence) of the shard's log whose rows it holds. */
  readonly firstSequence: number;
  readonly nextSequence: number;
  readonly rowCount: number;
  /** Decompressed bytes of the log groups. */
  readonly rawBytes: number;
  /** Smallest and largest log time, Unix seconds. */
  readonly minTime: number;
  readonly maxTime: number;
  /** Receive time of the newest group, Unix ms; retention counts from it. */
  readonly maxReceiveTimeMs: number;
  readonly parquetBytes: number;
  readonly indexBytes: number;
  /**
   * Names the index configuration that it was built with: only segments with the same one can be merged. Given by
   * the backend; manifests of older servers lack it.
   */
  readonly indexHash?: string | undefined;
  /**
   * CRC-32 (that of zlib) of the whole Parquet file: its pages have checksums, its footer has none. Given by the
   * backend when it stores the file; manifests of older servers lack it.
   */
  readonly parquetCrc?: number | undefined;
}

/** Values of a long or double index, by row. */
export interface NumericColumn {
  /** Rows that have a valid number. The caller's own. */
  readonly valid: Bitset;
  /** By row; meaningless where not valid. Shared: callers must not change it. Longs beyond 2^53 compare by their nearest double. */
  readonly values: Float64Array;
}

/** One column of the Parquet file. */
export interface SegmentColumn {
  /** The log field. */
  readonly field: string;
  /** Its name in the Parquet file (the same, except where Parquet readers would confuse two names). */
  readonly column: string;
  /** How it is stored; printing its numbers gives the texts of the log. */
  readonly type: ColumnType;
}

/** Which terms are wanted, folded by the field's tokenizer. */
export interface TermPattern {
  /** All of them begin with it. */
  readonly prefix: string;
  readonly matches: (term: string) => boolean;
  /**
   * What follows the prefix, if known: `*` for any run of characters, `?` for one, others for themselves. Terms without a text
   * in the index (ids) are then found without reading their logs, or known not to match. `matches` must say the same.
   */
  readonly rest?: string | undefined;
}

/** What a pattern found. */
export interface MatchingRows {
  readonly rows: Bitset;
  readonly truncated: boolean;
  readonly isEmpty: boolean;
}

/** Read access to one segment. All methods read blocks on demand through a shared, bounded cache. */
export interface SegmentReader {
  readonly info: SegmentInfo;
  /** The configuration that it was built with: query text is cut with these tokenizers. */
  readonly indexConfig: IndexConfig;
  /** Columns of the Parquet file, without `__time__` and `__time_ns_part__`, which are always there. */
  readonly columns: readonly SegmentColumn[];
  /**
   * Fields without a column of their own: their values stand in the column `__rest__`, a JSON object as text
   * (null in rows with none of them). Empty: there is no such column. Undefined: too many to list, so any
   * field that is not among `columns` may be there.
   */
  readonly restFields: readonly string[] | undefined;
  /**
   * Fields with text postings: text keys, JSON text leaves (`ctx.user.name`), `__source__`, `__topic__`,
   * `__tag__:…`, and `LINE_FIELD`. Exact names.
   */
  readonly textFields: readonly string[];
  /** Fields with a numeric column: long and double keys and JSON sub-keys. */
  readonly numericFields: readonly string[];
  /** Path of the Parquet file on this machine while the lease is held. */
  readonly parquetPath: string;
  /** Memory that it takes while it is open, about, without what is in the cache. */
  readonly sizeBytes: number;

  /** Rows whose field has the term (already folded by the field's tokenizer); undefined: no such term. */
  term(field: string, term: string): Promise<Bitset | undefined>;
  /** Rows that have the term in any of the fields, as `term`: at less cost than asking for each. */
  termIn(fields: readonly string[], term: string): Promise<Bitset | undefined>;
  /**
   * Rows that have any of the first `termsMax` terms which match; `truncated` when more do, or when the ids that may match
   * are in more rows than are read to find out. With `isEmpty` no term does, and the (empty) set is shared: callers must not
   * change it. Errors: also those of `logs`.
   */
  termsMatching(field: string, pattern: TermPattern, termsMax: number): Promise<MatchingRows>;
  /** Rows that have the (text) field at all, the empty text included. */
  present(field: string): Promise<Bitset>;
  /** Rows whose (text) field is there and empty. */
  empty(field: string): Promise<Bitset>;
  numeric(field: string): Promise<NumericColumn | undefined>;
  /** Log time by row, Unix seconds, ascending. Shared: callers must not change it. */
  times(): Promise<Uint32Array>;
  /** Nanosecond part of the log time by row, 0 where there is none; undefined: no row has one. Shared, as `times`. */
  timeNs(): Promise<Uint32Array | undefined>;
  /**
   * The logs of these rows, in the order asked for, with all their fields as texts; only the pages that they are in are
   * read. With `isNeeded` others than the needed fields may be missing. Errors: SegmentDamaged, those of the file.
   */
  logs(rows: readonly number[], isNeeded?: (field: string) => boolean): Promise<readonly LogRow[]>;
  /**
   * Rows whose text of the field, exactly as it was in the log, passes the test, which is asked about once for equal texts
   * that stand together; a field without a column has none. Errors: as `logs`.
   */
  rowsWhere(field: string, test: (text: string) => boolean): Promise<Bitset>;
  /**
   * Reads the whole Parquet file, for whoever read it by its path and failed. Where it is missing nobody can do anything
   * about damage. Errors: SegmentDamaged, or what the owner of the segment says of it; the signal's reason.
   */
  verifyRows?(signal?: AbortSignal): Promise<void>;
  /** The same segment, for as long as this reader may be used; what is read through it is added to the counts. */
  counted(counts: ReadCounts): SegmentReader;
}

/** Segments by where they are: in the manifest, or sealed on this machine only (L0). */
export interface SegmentKinds {
  readonly committed: number;
  readonly sealed: number;
}

export interface SegmentLease extends AsyncDisposable {
  readonly segments: readonly SegmentReader[];
  /** False when the wait ended before all acknowledged logs were indexed: the newest are not in it yet. */
  readonly isComplete: boolean;
  /** The first so many of `segments` are committed, the others sealed only. */
  readonly committedCount: number;
  /** All segments of the logstore, whatever their times. */
  readonly total: SegmentKinds;
}

/** Gives a query the segments it must look at. Implemented by the owner of the shards (`#backend`). */
export interface SegmentSource {
  /**
   * All segments of the logstore that may hold log times in [fromTime, toTime), Unix seconds; together
   * they hold every log that was acknowledged before the call, each exactly once. Pending logs are sealed
   * first, for `waitMs` at most: a shard that takes more than it can index must not hold up its queries.
   * The files stay until the lease is disposed.
   */
  acquire(request: {
    readonly logstoreId: string;
    readonly fromTime: number;
    readonly toTime: number;
    /** Undefined: as long as it takes. */
    readonly waitMs?: number | undefined;
    readonly signal?: AbortSignal | undefined;
  }): Promise<SegmentLease>;
}

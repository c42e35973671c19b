/** What the parts of a query hand to `QueryService`. */
import type { LogRow } from '#segment/log-row.ts';

export type Progress = 'Complete' | 'Incomplete';

/** What a search or SQL found, before the facts every answer has. */
export interface Found {
  readonly progress: Progress;
  readonly rows: readonly LogRow[];
  /** Columns of SQL in order, or the names of the fields of the rows. */
  readonly keys: readonly string[];
  /** Presto type names by column; empty without SQL. */
  readonly columnTypes: readonly string[];
  /** The number of rows SQL was cut to because it has no LIMIT. */
  readonly limited: number | undefined;
  readonly processedRows: number;
  readonly processedBytes: number;
  /** False when a wildcard had too many terms or a phrase too many candidates. */
  readonly isAccurate: boolean;
}

export interface BucketCount {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

export interface BucketCounts {
  readonly progress: Progress;
  readonly count: number;
  readonly buckets: readonly BucketCount[];
  readonly processedRows: number;
  readonly processedBytes: number;
}

/**
 * The rows half of a merge: rows of several segments in a given order become one Parquet file, column by column. Runs of
 * rows are copied as blocks, and a row group that is one of an input as a whole keeps its bytes.
 */
import type { ParquetFile } from '#parquet/parquet-file.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import type { SegmentStorage } from './segment-builder.ts';
import type { SegmentColumn } from './segment.ts';

export interface MergeRowsInput {
  readonly file: ParquetFile;
  /** As the `.idx` of the input says. */
  readonly columns: readonly SegmentColumn[];
  readonly restFields: readonly string[] | null;
}

export interface MergeRowsRequest {
  readonly inputs: readonly MergeRowsInput[];
  /** Row n of the output is row rowOf[n] of input inputOf[n]. The rows of each input are in ascending order. */
  readonly inputOf: Uint8Array | Uint16Array;
  readonly rowOf: Uint32Array;
  readonly indexConfig: IndexConfig;
  readonly storage: SegmentStorage;
}

export interface MergedRows {
  /** For the `.idx` of the output, known before any row is read. */
  readonly columns: readonly SegmentColumn[];
  readonly restFields: readonly string[] | null;
  /** The Parquet file. Memory: one row group. Errors: SegmentDamaged, those of the sources. */
  readonly pieces: AsyncIterable<Uint8Array>;
}

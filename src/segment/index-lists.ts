/** What a build gives to the writer of the index. */
import type { TermIndex } from '#kernel/term-index.ts';

/** Numbers of a column by row, only where there are any. */
export interface NumericCells {
  readonly field: string;
  /** Ascending. */
  readonly rows: Uint32Array;
  readonly values: Float64Array;
}

/** A text index field: its presence lists are numbers of lists in the terms. */
export interface IndexedField {
  readonly name: string;
  /** False for JSON parents: only `presentList` and `emptyList` mean something. */
  readonly hasTerms: boolean;
  readonly presentList: number;
  readonly emptyList: number;
}

export interface BuiltTerms {
  readonly terms: TermIndex;
  /** By field number of `terms`. */
  readonly textFields: readonly IndexedField[];
  readonly numericFields: readonly NumericCells[];
}

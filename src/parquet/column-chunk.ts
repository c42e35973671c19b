/** Columns of a row group on their way into or out of a Parquet file: texts stay bytes. */

/**
 * How a column is stored. Every type has texts on both sides: a column is `long` or `decimal` only when each of its
 * texts is exactly what reading the number back gives.
 */
export type ColumnType =
  /** UTF-8 bytes. */
  | { readonly kind: 'text' }
  /** 64-bit integers: no sign but a minus, no leading zero, no minus zero. */
  | { readonly kind: 'long' }
  /** Integers of at most 15 digits with `scale` (1–14) fraction digits: `12.50` with scale 2; one digit at least before the point. */
  | { readonly kind: 'decimal'; readonly scale: number };

/** A list of byte strings: entry e is arena[starts[e], ends[e]). */
export interface ByteStrings {
  readonly arena: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/** One column of one row group. */
export interface ColumnChunk {
  readonly rowCount: number;
  /** Bit r % 8 of byte r / 8 is set where row r has the field; undefined: every row has it. */
  readonly present: Uint8Array | undefined;
  /** Rows that have the field: the values, in order of the rows, are `values` of so many entries. */
  readonly valueCount: number;
  /**
   * Value v is entry ids[v] of `strings`, which then differ from each other; without ids it is entry v.
   */
  readonly ids: Uint32Array | undefined;
  readonly strings: ByteStrings;
}

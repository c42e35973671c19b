/**
 * What inverting the rows of a segment gives: for each term of each index field the rows that have it. Two ways
 * lead from a term to rows. Its *own* rows are listed for the term itself. A *term set* is all that a repeated value
 * (or the head of a log group, or the list of a log's field names) adds to the index; its rows are listed once for the
 * set, and each of its terms names the set. So
 *
 *   rows(term) = own rows(term) ∪ rows(s) for every term set s that the term names
 *
 * A value that occurs in a million rows is tokenised once and costs one posting a row, however many terms it has.
 * All lists are ascending. The arrays may be views of memory that is reused: see who made them.
 */

/** The `fields` entry of lists that no dictionary holds (presence and the like). */
export const NO_FIELD = -1;

export interface TermIndex {
  readonly rowCount: number;
  /** Terms, and lists without a term (`NO_FIELD`). */
  readonly termCount: number;
  /** Term t is arena[offsets[t], offsets[t + 1]). */
  readonly arena: Uint8Array;
  readonly offsets: Uint32Array;
  /** Number of the index field of each term, or NO_FIELD. */
  readonly fields: Int32Array;
  /** The terms of index fields, in order of field number, then of their bytes. */
  readonly order: Uint32Array;
  /** Own rows of term t: rows[rowStarts[t], rowStarts[t + 1]). */
  readonly rowStarts: Uint32Array;
  readonly rows: Uint32Array;
  /** Term sets of term t: sets[setStarts[t], setStarts[t + 1]). */
  readonly setStarts: Uint32Array;
  readonly sets: Uint32Array;
  readonly setCount: number;
  /** Rows of term set s: setRows[setRowStarts[s], setRowStarts[s + 1]). */
  readonly setRowStarts: Uint32Array;
  readonly setRows: Uint32Array;
}

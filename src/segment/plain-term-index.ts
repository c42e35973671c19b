/** A term index without term sets: every term lists its own rows. */
import { sortTerms } from '#kernel/sort-terms.ts';
import type { TermIndex } from '#kernel/term-index.ts';
import type { TermPostings } from '#kernel/term-table.ts';

/** Shares the memory of `postings`. */
export function plainTermIndex(postings: TermPostings, rowCount: number): TermIndex {
  const { termCount, arena, offsets, fields } = postings;
  const none = new Uint32Array(0);
  return {
    rowCount,
    termCount,
    arena,
    offsets,
    fields,
    order: termOrder(postings),
    rowStarts: postings.starts,
    rows: postings.rows,
    setStarts: new Uint32Array(termCount + 1),
    sets: none,
    setCount: 0,
    setRowStarts: new Uint32Array(1),
    setRows: none,
  };
}

/** The terms of index fields by field, then by their bytes. */
export function termOrder(
  terms: Pick<TermIndex, 'termCount' | 'arena' | 'offsets' | 'fields'>,
): Uint32Array {
  const { termCount, fields } = terms;
  let fieldCount = 0;
  for (let id = 0; id < termCount; id++) fieldCount = Math.max(fieldCount, fields[id]! + 1);
  const starts = new Uint32Array(fieldCount + 1);
  for (let id = 0; id < termCount; id++) if (fields[id]! >= 0) starts[fields[id]! + 1]!++;
  for (let field = 0; field < fieldCount; field++) starts[field + 1]! += starts[field]!;
  const order = new Uint32Array(starts[fieldCount]!);
  const next = starts.slice();
  for (let id = 0; id < termCount; id++) if (fields[id]! >= 0) order[next[fields[id]!]!++] = id;
  for (let field = 0; field < fieldCount; field++)
    sortTerms(order, starts[field]!, starts[field + 1]!, terms);
  return order;
}

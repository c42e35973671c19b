import { sortTerms } from '#kernel/sort-terms.twin.ts';
import type { TermIndex } from '#kernel/term-index.ts';

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

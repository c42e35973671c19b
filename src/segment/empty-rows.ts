/** Sets without a row that take no memory of their own, for answers that find nothing. */
import { Bitset } from '#kernel/bitset.ts';

/** As long as the largest segment that asked. */
let zeros: Uint32Array = new Uint32Array(0);

/** An empty set of `rowCount` rows. Its words are shared by all such sets: nobody may change it. */
export function emptyRows(rowCount: number): Bitset {
  const wordCount = (rowCount + 31) >>> 5;
  if (zeros.length < wordCount) zeros = new Uint32Array(wordCount);
  return new Bitset(rowCount, zeros.subarray(0, wordCount));
}

/** Counting and finding the set rows of a bitset in constant and logarithmic time. */
import type { Bitset } from '#kernel/bitset.ts';

/** A snapshot of a bitset that must not change while this is used. */
export class RowRanks {
  readonly rows: Bitset;
  /** Set rows before each 32-row word; one more entry for the total. */
  readonly #before: Uint32Array;

  constructor(rows: Bitset) {
    this.rows = rows;
    this.#before = new Uint32Array(rows.words.length + 1);
    let total = 0;
    for (let i = 0; i < rows.words.length; i++) {
      this.#before[i] = total;
      total += popCount(rows.words[i] ?? 0);
    }
    this.#before[rows.words.length] = total;
  }

  get count(): number {
    return this.#before[this.rows.words.length] ?? 0;
  }

  /** How many set rows are below `row`, 0 ≤ row ≤ length. */
  rank(row: number): number {
    const word = row >>> 5;
    const mask = (1 << (row & 31)) - 1;
    return (this.#before[word] ?? 0) + popCount((this.rows.words[word] ?? 0) & mask);
  }

  /** The set row that has `rank` set rows below it, 0 ≤ rank < count. */
  select(rank: number): number {
    let low = 0;
    let high = this.rows.words.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#before[middle] ?? 0) <= rank) low = middle;
      else high = middle - 1;
    }
    let word = this.rows.words[low] ?? 0;
    for (let skip = rank - (this.#before[low] ?? 0); skip > 0; skip--) word &= word - 1;
    return (low << 5) + 31 - Math.clz32(word & -word);
  }
}

/** The first index whose value is at or after `value`, in an ascending array. */
export function lowerBound(values: Uint32Array, value: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Set bits of a 32-bit word (Warren, Hacker's Delight, 5-1). */
function popCount(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return (((x + (x >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

/** Counting and finding the set rows of a bitset in constant and logarithmic time. */
import { popCount, type Bitset } from '#kernel/bitset.ts';

/** A snapshot of a bitset that must not change while this is used. */
export class RowRanks {
  readonly rows: Bitset;
  readonly count: number;
  /** Set rows before each 32-row word, made when it is first asked for: counts never do. */
  #before: Uint32Array | undefined;

  constructor(rows: Bitset) {
    this.rows = rows;
    this.count = rows.count();
  }

  /** How many set rows are below `row`, 0 ≤ row ≤ length. */
  rank(row: number): number {
    const word = row >>> 5;
    const mask = (1 << (row & 31)) - 1;
    if (word >= this.rows.words.length) return this.count;
    return this.#prefixes()[word]! + popCount(this.rows.words[word]! & mask);
  }

  /** The set row that has `rank` set rows below it, 0 ≤ rank < count. */
  select(rank: number): number {
    const before = this.#prefixes();
    let low = 0;
    let high = this.rows.words.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (before[middle]! <= rank) low = middle;
      else high = middle - 1;
    }
    let word = this.rows.words[low] ?? 0;
    for (let skip = rank - before[low]!; skip > 0; skip--) word &= word - 1;
    return (low << 5) + 31 - Math.clz32(word & -word);
  }

  #prefixes(): Uint32Array {
    if (this.#before !== undefined) return this.#before;
    const { words } = this.rows;
    const before = new Uint32Array(words.length);
    let total = 0;
    for (let i = 0; i < words.length; i++) {
      before[i] = total;
      total += popCount(words[i]!);
    }
    this.#before = before;
    return before;
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

/**
 * A set of row numbers in [0, length), one bit a row, 32 rows a word, bits past `length` always zero.
 * Combining methods change the receiver in place; both sides must have the same length.
 */
export class Bitset {
  readonly length: number;
  readonly words: Uint32Array;

  constructor(length: number, words: Uint32Array = new Uint32Array((length + 31) >>> 5)) {
    this.length = length;
    this.words = words;
  }

  static full(length: number): Bitset {
    const set = new Bitset(length);
    set.words.fill(0xffffffff);
    set.#clearTail();
    return set;
  }

  clone(): Bitset {
    return new Bitset(this.length, this.words.slice());
  }

  add(row: number): void {
    this.words[row >>> 5] = (this.words[row >>> 5] ?? 0) | (1 << (row & 31));
  }

  has(row: number): boolean {
    return (((this.words[row >>> 5] ?? 0) >>> (row & 31)) & 1) === 1;
  }

  and(other: Bitset): this {
    for (let i = 0; i < this.words.length; i++)
      this.words[i] = (this.words[i] ?? 0) & (other.words[i] ?? 0);
    return this;
  }

  or(other: Bitset): this {
    for (let i = 0; i < this.words.length; i++)
      this.words[i] = (this.words[i] ?? 0) | (other.words[i] ?? 0);
    return this;
  }

  /** Removes the rows of `other`. */
  andNot(other: Bitset): this {
    for (let i = 0; i < this.words.length; i++)
      this.words[i] = (this.words[i] ?? 0) & ~(other.words[i] ?? 0);
    return this;
  }

  not(): this {
    for (let i = 0; i < this.words.length; i++) this.words[i] = ~(this.words[i] ?? 0);
    this.#clearTail();
    return this;
  }

  /** Keeps only rows in [from, to). */
  clip(from: number, to: number): this {
    for (let i = 0; i < this.words.length; i++) {
      const base = i << 5;
      if (base + 32 <= from || base >= to) this.words[i] = 0;
      else if (base < from || base + 32 > to)
        for (let bit = 0; bit < 32; bit++)
          if (base + bit < from || base + bit >= to)
            this.words[i] = (this.words[i] ?? 0) & ~(1 << bit);
    }
    return this;
  }

  count(): number {
    let total = 0;
    for (const word of this.words) total += popCount(word);
    return total;
  }

  isEmpty(): boolean {
    return this.words.every((word) => word === 0);
  }

  /** Calls `visit` for each row in ascending order. */
  forEach(visit: (row: number) => void): void {
    for (let i = 0; i < this.words.length; i++) {
      let word = this.words[i] ?? 0;
      while (word !== 0) {
        visit((i << 5) + 31 - Math.clz32(word & -word));
        word &= word - 1;
      }
    }
  }

  #clearTail(): void {
    const used = this.length & 31;
    if (used !== 0) {
      const last = this.words.length - 1;
      this.words[last] = (this.words[last] ?? 0) & ((1 << used) - 1);
    }
  }
}

/** Set bits of a 32-bit word (Warren, Hacker's Delight, 5-1). */
function popCount(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return (((x + (x >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

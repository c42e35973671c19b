/**
 * Sorts byte strings that lie in one arena, by their bytes: multikey quicksort (Bentley and Sedgewick, 1997)
 * over six bytes at a time, which fit a double together with how many bytes are left.
 */
export interface TermBytes {
  readonly arena: Uint8Array;
  /** Term t is arena[offsets[t], offsets[t + 1]). */
  readonly offsets: Uint32Array;
}

const KEY_BYTES = 6;
const SMALL = 12;

/** Sorts the term numbers ids[start, end) in place. The terms must differ from each other. */
export function sortTerms(ids: Uint32Array, start: number, end: number, terms: TermBytes): void {
  new TermSorter(ids, start, end, terms).run();
}

class TermSorter {
  readonly #ids: Uint32Array;
  readonly #terms: TermBytes;
  readonly #start: number;
  /** Key of ids[start + i] at the depth that is being sorted. */
  readonly #keys: Float64Array;
  /** Ranges still to be sorted: [from, to, depth] each. An explicit stack: depth is not bounded. */
  readonly #pending: number[];

  constructor(ids: Uint32Array, start: number, end: number, terms: TermBytes) {
    this.#ids = ids.subarray(start, end);
    this.#terms = terms;
    this.#start = 0;
    this.#keys = new Float64Array(end - start);
    this.#pending = [this.#start, end - start, 0];
  }

  run(): void {
    const pending = this.#pending;
    this.#loadKeys(0, this.#keys.length, 0);
    while (pending.length > 0) {
      const depth = pending.pop()!;
      const to = pending.pop()!;
      const from = pending.pop()!;
      if (to - from <= SMALL) this.#insertionSort(from, to, depth);
      else this.#partition(from, to, depth);
    }
  }

  #loadKeys(from: number, to: number, depth: number): void {
    const { arena, offsets } = this.#terms;
    for (let i = from; i < to; i++) {
      const id = this.#ids[i]!;
      const start = offsets[id]! + depth;
      const left = offsets[id + 1]! - start;
      const taken = Math.min(left, KEY_BYTES);
      let key = 0;
      for (let b = 0; b < taken; b++) key = key * 256 + arena[start + b]!;
      for (let b = taken; b < KEY_BYTES; b++) key *= 256;
      this.#keys[i] = key * 8 + Math.min(left, KEY_BYTES + 1);
    }
  }

  #partition(from: number, to: number, depth: number): void {
    const keys = this.#keys;
    const pivot = median(keys[from]!, keys[(from + to) >>> 1]!, keys[to - 1]!);
    let low = from;
    let high = to;
    for (let i = from; i < high;) {
      const key = keys[i]!;
      if (key < pivot) this.#swap(low++, i++);
      else if (key > pivot) this.#swap(i, --high);
      else i++;
    }
    if (low - from > 1) this.#pending.push(from, low, depth);
    if (to - high > 1) this.#pending.push(high, to, depth);
    if (high - low > 1) {
      this.#loadKeys(low, high, depth + KEY_BYTES);
      this.#pending.push(low, high, depth + KEY_BYTES);
    }
  }

  #swap(a: number, b: number): void {
    const id = this.#ids[a]!;
    const key = this.#keys[a]!;
    this.#ids[a] = this.#ids[b]!;
    this.#keys[a] = this.#keys[b]!;
    this.#ids[b] = id;
    this.#keys[b] = key;
  }

  #insertionSort(from: number, to: number, depth: number): void {
    for (let i = from + 1; i < to; i++)
      for (let j = i; j > from && this.#less(j, j - 1, depth); j--) this.#swap(j, j - 1);
  }

  #less(a: number, b: number, depth: number): boolean {
    const difference = this.#keys[a]! - this.#keys[b]!;
    if (difference !== 0) return difference < 0;
    return compareTerms(this.#terms, this.#ids[a]!, this.#ids[b]!, depth + KEY_BYTES) < 0;
  }
}

function compareTerms(terms: TermBytes, a: number, b: number, depth: number): number {
  const { arena, offsets } = terms;
  let i = offsets[a]! + depth;
  let j = offsets[b]! + depth;
  const iEnd = offsets[a + 1]!;
  const jEnd = offsets[b + 1]!;
  for (; i < iEnd && j < jEnd; i++, j++) if (arena[i] !== arena[j]) return arena[i]! - arena[j]!;
  return iEnd - i - (jEnd - j);
}

function median(a: number, b: number, c: number): number {
  return a < b ? (b < c ? b : Math.max(a, c)) : a < c ? a : Math.max(b, c);
}

/**
 * Seeded numbers and choices. Only operations that IEEE 754 and ECMAScript define to the last bit are used (no
 * `Math.pow`, `log`, `exp`), so that a seed gives the same logs on every machine and with every engine.
 */

export class CorpusRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 32 random bits. Mulberry32 (public domain, T. Ettinger): small, and good enough for test data. */
  bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** 0 ≤ x < 1. */
  unit(): number {
    return this.bits() / 4_294_967_296;
  }

  /** A whole number, 0 ≤ x < bound ≤ 2^32. */
  below(bound: number): number {
    return Math.floor(this.unit() * bound);
  }

  /** A whole number, first ≤ x ≤ last. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1);
  }

  chance(part: number): boolean {
    return this.unit() < part;
  }

  /** A number from 0 to below `bound` whose small values are common: the fourth power of a uniform one. */
  skewed(bound: number): number {
    const u = this.unit();
    return Math.floor(u * u * u * u * bound);
  }

  pick<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)]!;
  }

  /** `digits` must be a multiple of 8. */
  hex(digits: number): string {
    let text = '';
    while (text.length < digits) text += this.bits().toString(16).padStart(8, '0');
    return text;
  }
}

/**
 * Picks rank r (from 0) with probability proportional to 1/(r + 1): Zipf's law with exponent 1, which words, paths,
 * users and hosts follow. Constant time by the alias method (A. J. Walker 1977, M. D. Vose 1991).
 */
export class Zipf {
  readonly #keep: Float64Array;
  readonly #alias: Uint32Array;

  constructor(count: number) {
    let sum = 0;
    for (let rank = 0; rank < count; rank++) sum += 1 / (rank + 1);
    const keep = new Float64Array(count);
    const alias = new Uint32Array(count);
    const small: number[] = [];
    const large: number[] = [];
    for (let rank = 0; rank < count; rank++) {
      keep[rank] = count / (rank + 1) / sum;
      (keep[rank]! < 1 ? small : large).push(rank);
    }
    while (small.length > 0 && large.length > 0) {
      const low = small.pop()!;
      const high = large.at(-1)!;
      alias[low] = high;
      const rest = keep[high]! + keep[low]! - 1;
      keep[high] = rest;
      if (rest < 1) small.push(large.pop()!);
    }
    for (const rest of [...small, ...large]) keep[rest] = 1;
    this.#keep = keep;
    this.#alias = alias;
  }

  rank(random: CorpusRandom): number {
    const slot = random.below(this.#keep.length);
    return random.unit() < this.#keep[slot]! ? slot : this.#alias[slot]!;
  }
}

/** A vocabulary whose first words are the common ones. */
export class ZipfWords<Value> {
  readonly values: readonly Value[];
  readonly #zipf: Zipf;

  constructor(values: readonly Value[]) {
    this.values = values;
    this.#zipf = new Zipf(values.length);
  }

  pick(random: CorpusRandom): Value {
    return this.values[this.#zipf.rank(random)]!;
  }
}

/**
 * Picks that come in runs, as clients do: with probability `repeatShare` one of the last `windowSize` values, else a
 * new one.
 */
export class RecentPicks<Value> {
  readonly #options: { readonly windowSize: number; readonly repeatShare: number };
  readonly #recent: Value[] = [];
  #next = 0;

  constructor(options: { readonly windowSize: number; readonly repeatShare: number }) {
    this.#options = options;
  }

  pick(random: CorpusRandom, make: (random: CorpusRandom) => Value): Value {
    const { windowSize, repeatShare } = this.#options;
    if (this.#recent.length > 0 && random.chance(repeatShare)) return random.pick(this.#recent);
    const value = make(random);
    this.#recent[this.#next] = value;
    this.#next = (this.#next + 1) % windowSize;
    return value;
  }
}

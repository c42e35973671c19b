import type { Random } from './random.ts';

const WORD_RANGE = 0x1_0000_0000;

/**
 * A generator that gives the same numbers for the same seed: xoshiro128** (Blackman and Vigna), its
 * state filled by splitmix32. Never for secrets. The seed is any integer; only its low 32 bits count.
 */
export class SeededRandom implements Random {
  readonly #state: Uint32Array = new Uint32Array(4);

  constructor(seed: number) {
    let mixed = seed | 0;
    for (let i = 0; i < 4; i++) {
      mixed = (mixed + 0x9e3779b9) | 0;
      let word = mixed ^ (mixed >>> 16);
      word = Math.imul(word, 0x21f0aaad);
      word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
      this.#state[i] = word ^ (word >>> 15);
    }
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    let word = 0;
    for (let i = 0; i < count; i++) {
      word = (i & 3) === 0 ? this.#next() : word >>> 8;
      bytes[i] = word;
    }
    return bytes;
  }

  /** Bounds up to 2^53 − 1; uniform by rejection of the range's uneven end. */
  below(boundExclusive: number): number {
    if (!Number.isSafeInteger(boundExclusive) || boundExclusive < 1)
      throw new RangeError(`random bound ${boundExclusive} is not a positive integer`);
    const wide = boundExclusive > WORD_RANGE;
    const range = wide ? WORD_RANGE * 0x20_0000 : WORD_RANGE;
    const fairEnd = range - (range % boundExclusive);
    for (;;) {
      const value = wide ? (this.#next() >>> 11) * WORD_RANGE + this.#next() : this.#next();
      if (value < fairEnd) return value % boundExclusive;
    }
  }

  #next(): number {
    const state = this.#state;
    const [a, b, c, d] = state as unknown as [number, number, number, number];
    const scrambled = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const mixedC = c ^ a;
    const mixedD = d ^ b;
    state[0] = a ^ mixedD;
    state[1] = b ^ mixedC;
    state[2] = mixedC ^ (b << 9);
    state[3] = rotateLeft(mixedD, 11);
    return scrambled;
  }
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** Randomness as the rooms see it: the system's, or a seeded generator in tests. */
export interface Random {
  /** `count` random bytes. */
  bytes(count: number): Uint8Array;
  /** A uniform integer in [0, boundExclusive). */
  below(boundExclusive: number): number;
}

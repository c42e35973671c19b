import { randomBytes, randomInt } from 'node:crypto';
import type { Random } from './random.ts';

/** The system's randomness, fit for secrets. `below` takes bounds up to 2^48 − 1. */
export class RealRandom implements Random {
  bytes(count: number): Uint8Array {
    return new Uint8Array(randomBytes(count));
  }

  below(boundExclusive: number): number {
    return randomInt(boundExclusive);
  }
}

/**
 * Request ids: 24 upper-case hex digits, the form that clients know. The first 12 are those of the process,
 * the last 12 count up, so that an id costs no randomness and does not repeat in 2^48 requests.
 */
import { assert } from '#base/assert.ts';

const SEED_BYTES = 12;
const HALF_DIGITS = 12;
const COUNTER_END: number = 2 ** 48;

/** Makes ids from 12 random bytes; two processes must not share them. */
export function createRequestIds(seed: Uint8Array): () => string {
  assert(seed.length >= SEED_BYTES, 'a request id seed has 12 bytes');
  const digits = Array.from(seed.subarray(0, SEED_BYTES), (byte) =>
    byte.toString(16).padStart(2, '0'),
  );
  const prefix = digits.slice(0, 6).join('').toUpperCase();
  let counter = Number.parseInt(digits.slice(6).join(''), 16);
  return () => {
    counter = (counter + 1) % COUNTER_END;
    return prefix + counter.toString(16).toUpperCase().padStart(HALF_DIGITS, '0');
  };
}

/**
 * Keeps the share of the server's thread that all live tails take together below a bound, so that writes go on: whoever
 * has worked rests for a multiple of that time, one after the other.
 */
import type { Clock } from '#platform/clock.ts';
import { TAIL_REST_FACTOR, TAIL_SLICE_MS } from '../limits.ts';

export class Pacer {
  readonly #clock: Clock;
  #freeAtMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Does the work at once, and rests when the work of late has been long. Errors: those of the work, the signal's reason. */
  async run(work: () => void, signal: AbortSignal): Promise<void> {
    const startMs = this.#clock.monotonicMs();
    work();
    const nowMs = this.#clock.monotonicMs();
    const workMs = nowMs - startMs;
    this.#freeAtMs = Math.max(startMs, this.#freeAtMs) + workMs * (1 + TAIL_REST_FACTOR);
    const restMs = this.#freeAtMs - nowMs;
    if (restMs >= TAIL_SLICE_MS * TAIL_REST_FACTOR) await this.#clock.sleep(restMs, signal);
  }
}

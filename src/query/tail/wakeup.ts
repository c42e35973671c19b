/** Waiting for something to be there, for a while at most. One waiter at a time. */
import type { Clock } from '#platform/clock.ts';

export class Wakeup {
  readonly #clock: Clock;
  #wake: (() => void) | undefined;
  #isDue = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** From here on a wake counts. Look for what is waited for after this, then wait. */
  reset(): void {
    this.#isDue = false;
  }

  /** Ends waits until the next reset. */
  wake(): void {
    this.#isDue = true;
    this.#wake?.();
  }

  /** Resolves when woken since the last reset, or after `waitMs`. Errors: the signal's reason. */
  async wait(waitMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#isDue) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const woken = new AbortController();
    this.#wake = resolve;
    try {
      const either = AbortSignal.any([signal, woken.signal]);
      await Promise.race([promise, this.#clock.sleep(waitMs, either)]);
    } finally {
      this.#wake = undefined;
      woken.abort();
    }
  }
}

import { setImmediate } from 'node:timers/promises';
import type { Clock } from './clock.ts';

interface Sleeper {
  readonly wakeAtMs: number;
  readonly wake: () => void;
}

/** A clock that stands still until a test turns it. */
export class MemoryClock implements Clock {
  #wallMs: number;
  #monotonicMs = 0;
  readonly #sleepers = new Set<Sleeper>();

  constructor(options: { readonly nowMs?: number | undefined } = {}) {
    this.#wallMs = options.nowMs ?? 1_800_000_000_000;
  }

  /** How many sleeps have not ended. */
  get sleeperCount(): number {
    return this.#sleepers.size;
  }

  nowMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason as Error);
      };
      const sleeper: Sleeper = {
        wakeAtMs: this.#monotonicMs + Math.max(ms, 0),
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#sleepers.add(sleeper);
    });
  }

  /**
   * Lets `ms` pass on both clocks and wakes the sleepers that are due, in order, each at its own time.
   * What a woken sleeper starts gets one turn of the event loop before the next one wakes, so a loop
   * that sleeps again is woken again. Also `advance(0)` wakes sleepers of zero milliseconds.
   */
  async advance(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms;
    for (;;) {
      await setImmediate();
      const next = this.#nextSleeper();
      if (next === undefined || next.wakeAtMs > endMs) break;
      this.#pass(next.wakeAtMs - this.#monotonicMs);
      next.wake();
    }
    this.#pass(endMs - this.#monotonicMs);
  }

  /** Sets the wall clock alone, as an operator or a time server does. Sleeps do not notice. */
  jumpTo(nowMs: number): void {
    this.#wallMs = nowMs;
  }

  #pass(ms: number): void {
    this.#monotonicMs += ms;
    this.#wallMs += ms;
  }

  #nextSleeper(): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.#sleepers)
      if (first === undefined || sleeper.wakeAtMs < first.wakeAtMs) first = sleeper;
    return first;
  }
}

/**
 * The memory that batches on their way may take. A target may hold at most half of it when there are several, so that
 * one that stands still does not stop the others. Waiters are served in order, target by target.
 */
import { assert } from '#base/assert.ts';

interface Waiter {
  readonly target: string;
  readonly bytes: number;
  readonly grant: () => void;
}

export class MemoryBudget {
  readonly #totalBytes: number;
  readonly #shareBytes: number;
  readonly #used = new Map<string, number>();
  #usedBytes = 0;
  #waiters: Waiter[] = [];

  constructor(options: { readonly totalBytes: number; readonly targetCount: number }) {
    this.#totalBytes = options.totalBytes;
    this.#shareBytes = options.targetCount > 1 ? options.totalBytes / 2 : options.totalBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Resolves when the bytes are granted; rejects when the signal aborts. One waiter a file at most. */
  async acquire(target: string, bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#fits(target, bytes)) {
      this.#grant(target, bytes);
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        reject(signal.reason as Error);
      };
      const waiter: Waiter = {
        target,
        bytes,
        grant: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiters.push(waiter);
    });
  }

  release(target: string, bytes: number): void {
    const used = (this.#used.get(target) ?? 0) - bytes;
    assert(used >= 0, 'a budget is released once');
    this.#used.set(target, used);
    this.#usedBytes -= bytes;
    this.#waiters = this.#waiters.filter((waiter) => {
      if (!this.#fits(waiter.target, waiter.bytes)) return true;
      this.#grant(waiter.target, waiter.bytes);
      waiter.grant();
      return false;
    });
  }

  /** A target with nothing in flight always gets one batch: a large line must not wait for ever. */
  #fits(target: string, bytes: number): boolean {
    const used = this.#used.get(target) ?? 0;
    if (used === 0) return true;
    return used + bytes <= this.#shareBytes && this.#usedBytes + bytes <= this.#totalBytes;
  }

  #grant(target: string, bytes: number): void {
    this.#used.set(target, (this.#used.get(target) ?? 0) + bytes);
    this.#usedBytes += bytes;
  }
}

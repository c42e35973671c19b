/** How many queries run at once, and how many may wait. */
import { AppError } from '#base/app-error.ts';

export interface QuerySlotsOptions {
  readonly runningMax: number;
  readonly queuedMax: number;
}

export class QuerySlots {
  readonly #runningMax: number;
  readonly #queuedMax: number;
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor(options: QuerySlotsOptions) {
    this.#runningMax = options.runningMax;
    this.#queuedMax = options.queuedMax;
  }

  /**
   * Runs the work when a slot is free, first come first served. Errors: ParameterInvalid when too many wait;
   * the signal's reason when it is aborted while waiting.
   */
  async run<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    if (this.#running < this.#runningMax) this.#running++;
    else await this.#wait(signal);
    try {
      return await work();
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    if (this.#queue.length >= this.#queuedMax)
      throw new AppError('ParameterInvalid', 'Too many queued queries');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const start = (): void => {
      signal?.removeEventListener('abort', leave);
      resolve();
    };
    const leave = (): void => {
      this.#queue.splice(this.#queue.indexOf(start), 1);
      reject(signal?.reason as Error);
    };
    this.#queue.push(start);
    signal?.addEventListener('abort', leave, { once: true });
    return promise;
  }
}

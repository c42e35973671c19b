/** When a query must end. */
import type { Clock } from '#platform/clock.ts';

export class QueryBudget {
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock;
  readonly startMs: number;
  readonly #limitMs: number;

  constructor(clock: Clock, limitMs: number, signal: AbortSignal | undefined) {
    this.clock = clock;
    this.signal = signal;
    this.startMs = clock.monotonicMs();
    this.#limitMs = limitMs;
  }

  get elapsedMs(): number {
    return this.clock.monotonicMs() - this.startMs;
  }

  get remainingMs(): number {
    return Math.max(0, this.#limitMs - this.elapsedMs);
  }

  /** Whether the time is over. Throws the signal's reason when the client has gone. */
  isOver(): boolean {
    this.signal?.throwIfAborted();
    return this.remainingMs === 0;
  }

  /** For a part of the work: the same query with this share of the time that remains now. */
  part(share: number): QueryBudget {
    return new QueryBudget(this.clock, this.remainingMs * share, this.signal);
  }
}

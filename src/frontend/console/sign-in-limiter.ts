/** Counts failed sign-ins by address, so that a secret cannot be guessed through the console. */
import { SIGN_IN_ADDRESSES_MAX, SIGN_IN_FAILURES_MAX, SIGN_IN_WINDOW_MS } from '../limits.ts';

interface Failures {
  readonly sinceMs: number;
  readonly count: number;
}

export class SignInLimiter {
  /** In order of their first failure. */
  readonly #failures = new Map<string, Failures>();

  mayTry(address: string, nowMs: number): boolean {
    const failures = this.#current(address, nowMs);
    return failures === undefined || failures.count < SIGN_IN_FAILURES_MAX;
  }

  failed(address: string, nowMs: number): void {
    const failures = this.#current(address, nowMs) ?? { sinceMs: nowMs, count: 0 };
    this.#failures.set(address, { ...failures, count: failures.count + 1 });
    const oldest = this.#failures.keys().next();
    if (this.#failures.size > SIGN_IN_ADDRESSES_MAX && oldest.done === false)
      this.#failures.delete(oldest.value);
  }

  /** A clock that jumps back starts a new window too. */
  #current(address: string, nowMs: number): Failures | undefined {
    const failures = this.#failures.get(address);
    if (failures === undefined) return undefined;
    if (Math.abs(nowMs - failures.sinceMs) < SIGN_IN_WINDOW_MS) return failures;
    this.#failures.delete(address);
    return undefined;
  }
}

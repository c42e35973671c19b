/** Time as the rooms see it. `real-clock.ts` is the system's, `memory-clock.ts` one that tests turn. */
export interface Clock {
  /** Wall time, Unix milliseconds. May jump. */
  nowMs(): number;
  /** Never goes back; only differences mean something. */
  monotonicMs(): number;
  /** Resolves after `ms`, or rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

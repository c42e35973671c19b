/** The segments that one query reads: leases that it shares among its parts and gives back together. */
import type { SegmentLease, SegmentSource } from '#segment/segment.ts';
import type { QueryTrace } from './explain/query-trace.ts';
import { INDEX_WAIT_MS } from './limits.ts';

export interface LeaseRequest {
  readonly logstoreId: string;
  /** Unix seconds, [fromTime, toTime). */
  readonly fromTime: number;
  readonly toTime: number;
}

/** Disposal waits for leases that are still on their way. */
export class QueryLeases implements AsyncDisposable {
  readonly #source: SegmentSource;
  readonly #signal: AbortSignal | undefined;
  readonly #trace: QueryTrace | undefined;
  readonly #leases = new Map<string, Promise<SegmentLease>>();
  #isComplete = true;

  constructor(
    options: { readonly signal: AbortSignal | undefined },
    collaborators: {
      readonly segments: SegmentSource;
      /** Notes what is read of the segments. */
      readonly trace?: QueryTrace | undefined;
    },
  ) {
    this.#signal = options.signal;
    this.#source = collaborators.segments;
    this.#trace = collaborators.trace;
  }

  /** Whether the leases so far hold all logs that were acknowledged before they were asked for. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** The lease stays this object's. The same logs are leased once. Errors: those of `SegmentSource.acquire`. */
  async acquire(request: LeaseRequest): Promise<SegmentLease> {
    const { logstoreId, fromTime, toTime } = request;
    const key = `${logstoreId} ${fromTime} ${toTime}`;
    let acquired = this.#leases.get(key);
    if (acquired === undefined) {
      const limits = { waitMs: INDEX_WAIT_MS, signal: this.#signal };
      acquired = this.#source.acquire({ logstoreId, fromTime, toTime, ...limits });
      const trace = this.#trace;
      if (trace !== undefined) acquired = acquired.then((lease) => trace.lease(lease));
      this.#leases.set(key, acquired);
    }
    const lease = await acquired;
    this.#isComplete &&= lease.isComplete;
    return lease;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using leases = new AsyncDisposableStack();
    for (const settled of await Promise.allSettled(this.#leases.values()))
      if (settled.status === 'fulfilled') leases.use(settled.value);
  }
}

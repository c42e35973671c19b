/** Notes what one query does, for `meta.explain` of its answer. Queries that nobody explains have none. */
import type { Clock } from '#platform/clock.ts';
import type { ExplainSql, ExplainStep, QueryExplain } from '#protocol/query-explain.ts';
import { ReadCounts } from '#segment/read-counts.ts';
import type { SegmentLease, SegmentReader } from '#segment/segment.ts';
import type { SearchPlan } from '../search/compile-search.ts';
import { SearchTrace } from './search-trace.ts';
import { SegmentTrace } from './segment-trace.ts';

const EXPLAIN_VERSION = 1;

export type StepName =
  | 'queue'
  | 'start'
  | 'translate'
  | 'segments'
  | 'match'
  | 'fetch'
  | 'plan'
  | 'answer';

export class QueryTrace {
  readonly search: SearchTrace;
  readonly segments: SegmentTrace = new SegmentTrace();
  /** Undefined: the query has no SQL, or its answer is not there yet. */
  sql: ExplainSql | undefined;
  readonly #reads = new ReadCounts();
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #steps: ExplainStep[] = [];

  /** Begins with the query. */
  constructor(collaborators: { readonly clock: Clock }) {
    this.#clock = collaborators.clock;
    this.#startMs = this.#clock.monotonicMs();
    this.search = new SearchTrace(collaborators);
  }

  /** Begins a step; what it gives ends it. */
  open(name: StepName): () => void {
    const startMs = this.#elapsedMs();
    return () => {
      this.#steps.push({ name, startMs, durationMs: this.#elapsedMs() - startMs });
    };
  }

  /** Runs the work that has a statement answered; the end of it may have been explaining. */
  async answer<T extends { readonly explained?: { readonly tookMs: number } | undefined }>(
    work: () => Promise<T>,
  ): Promise<T> {
    const startMs = this.#elapsedMs();
    const answer = await work();
    const durationMs = this.#elapsedMs() - startMs;
    // Another clock has measured it.
    const profileMs = Math.min(answer.explained?.tookMs ?? 0, durationMs);
    const endMs = durationMs - profileMs;
    this.#steps.push({ name: 'answer', startMs, durationMs: endMs });
    if (answer.explained !== undefined)
      this.#steps.push({ name: 'profile', startMs: startMs + endMs, durationMs: profileMs });
    return answer;
  }

  lease(lease: SegmentLease): SegmentLease {
    return this.segments.lease(lease, this.#reads);
  }

  /** Runs the work that finds the rows of a segment. */
  async match<
    T extends { readonly firstRow: number; readonly endRow: number; readonly ranks: Counted },
  >(reader: SegmentReader, work: () => Promise<T>): Promise<T> {
    const startMs = this.#elapsedMs();
    const match = await work();
    this.segments.matched(reader, {
      scannedRows: match.endRow - match.firstRow,
      matchedRows: match.ranks.count,
      durationMs: this.#elapsedMs() - startMs,
    });
    return match;
  }

  /** `plan`: of the search; undefined for SQL over a project. */
  report(plan: SearchPlan | undefined): QueryExplain {
    const { termLookups, postingLists, postingRows, blocks, fetchedRows } = this.#reads;
    const { indexBytes, rowBytes } = this.#reads;
    const { pages, ...ofIndex } = blocks;
    const parts = this.sql?.parts ?? [];
    return {
      version: EXPLAIN_VERSION,
      search: plan && this.search.report(plan),
      segments: this.segments.report(),
      index: { termLookups, postingLists, postingRows, blocks: ofIndex, bytesRead: indexBytes },
      rows: { ...this.segments.rows, fetched: fetchedRows, pages, bytesRead: rowBytes },
      caches: {
        rowSets: this.segments.rowSets,
        parts: {
          hits: parts.reduce((sum, { hits }) => sum + hits, 0),
          misses: parts.reduce((sum, { misses }) => sum + misses, 0),
        },
      },
      sql: this.sql,
      steps: this.#steps.toSorted((a, b) => a.startMs - b.startMs),
      totals: { durationMs: this.#elapsedMs(), bytesRead: indexBytes + rowBytes },
    };
  }

  #elapsedMs(): number {
    return this.#clock.monotonicMs() - this.#startMs;
  }
}

interface Counted {
  readonly count: number;
}

/** Runs a step of a query, noted if somebody wants to know. */
export async function step<T>(
  trace: QueryTrace | undefined,
  name: StepName,
  work: () => Promise<T>,
): Promise<T> {
  if (trace === undefined) return await work();
  const end = trace.open(name);
  try {
    return await work();
  } finally {
    end();
  }
}

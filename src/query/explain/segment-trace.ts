/** Which segments a query was given, which of them it looked at, and what it found there. */
import type { ExplainKinds, ExplainSegment, ExplainSegments } from '#protocol/query-explain.ts';
import type { ReadCounts } from '#segment/read-counts.ts';
import type { SegmentKinds, SegmentLease, SegmentReader } from '#segment/segment.ts';
import { EXPLAIN_SEGMENTS_MAX } from '../limits.ts';

type Kind = keyof SegmentKinds;

interface Leased {
  readonly kind: Kind;
  isLooked: boolean;
  isCached: boolean;
  scannedRows: number;
  matchedRows: number;
  durationMs: number;
}

export class SegmentTrace {
  readonly #total = { committed: 0, sealed: 0 };
  readonly #leased = new Map<SegmentReader, Leased>();
  /** In order of the work. */
  readonly #looked: SegmentReader[] = [];
  #keptCount = 0;
  #evaluatedCount = 0;

  /** The lease with readers that are counted. It is still the owner's to dispose, by either of the two. */
  lease(lease: SegmentLease, counts: ReadCounts): SegmentLease {
    this.#total.committed += lease.total.committed;
    this.#total.sealed += lease.total.sealed;
    const segments = lease.segments.map((reader, i) => {
      const kind = i < lease.committedCount ? 'committed' : 'sealed';
      const facts = { isLooked: false, isCached: false, scannedRows: 0, matchedRows: 0 };
      const made = countedReader(reader, counts);
      this.#leased.set(made, { kind, ...facts, durationMs: 0 });
      return made;
    });
    const { isComplete, committedCount, total } = lease;
    return {
      segments,
      isComplete,
      committedCount,
      total,
      [Symbol.asyncDispose]: () => lease[Symbol.asyncDispose](),
    };
  }

  /** Whether the rows that a search has in a segment were kept from an earlier one. */
  rowSet(reader: SegmentReader, isKept: boolean): void {
    if (isKept) this.#keptCount++;
    else this.#evaluatedCount++;
    const facts = this.#leased.get(reader);
    if (facts !== undefined) facts.isCached = isKept;
  }

  matched(
    reader: SegmentReader,
    found: {
      readonly scannedRows: number;
      readonly matchedRows: number;
      readonly durationMs: number;
    },
  ): void {
    const facts = this.#leased.get(reader);
    if (facts === undefined) return;
    if (!facts.isLooked) this.#looked.push(reader);
    facts.isLooked = true;
    facts.scannedRows += found.scannedRows;
    facts.matchedRows += found.matchedRows;
    facts.durationMs += found.durationMs;
  }

  /** Rows of the segment that are left when their texts were read. */
  verified(reader: SegmentReader, matchedRows: number): void {
    const facts = this.#leased.get(reader);
    if (facts !== undefined) facts.matchedRows = matchedRows;
  }

  get rowSets(): { readonly hits: number; readonly misses: number } {
    return { hits: this.#keptCount, misses: this.#evaluatedCount };
  }

  get rows(): { readonly scanned: number; readonly matched: number } {
    let scanned = 0;
    let matched = 0;
    for (const { scannedRows, matchedRows } of this.#leased.values()) {
      scanned += scannedRows;
      matched += matchedRows;
    }
    return { scanned, matched };
  }

  report(): ExplainSegments {
    const all = [...this.#leased.values()];
    const leased = kindsOf(all);
    return {
      total: { ...this.#total },
      pruned: {
        committed: this.#total.committed - leased.committed,
        sealed: this.#total.sealed - leased.sealed,
      },
      skipped: kindsOf(all.filter(({ isLooked }) => !isLooked)),
      matched: kindsOf(all.filter(({ isLooked, matchedRows }) => isLooked && matchedRows > 0)),
      unmatched: kindsOf(all.filter(({ isLooked, matchedRows }) => isLooked && matchedRows === 0)),
      list: this.#looked.slice(0, EXPLAIN_SEGMENTS_MAX).flatMap((reader) => this.#segment(reader)),
    };
  }

  #segment(reader: SegmentReader): ExplainSegment[] {
    const facts = this.#leased.get(reader);
    if (facts === undefined) return [];
    const { kind, scannedRows, matchedRows, isCached, durationMs } = facts;
    const { id, minTime, maxTime, rowCount } = reader.info;
    const place = { id, kind, minTime, maxTime, rowCount };
    return [{ ...place, scannedRows, matchedRows, isCached, durationMs }];
  }
}

/** With what the owner of the segment added to its reader. */
function countedReader(reader: SegmentReader, counts: ReadCounts): SegmentReader {
  const counted = reader.counted(counts);
  if (reader.verifyRows === undefined) return counted;
  return Object.assign(counted, { verifyRows: reader.verifyRows.bind(reader) });
}

function kindsOf(segments: readonly { readonly kind: Kind }[]): ExplainKinds {
  const committed = segments.filter(({ kind }) => kind === 'committed').length;
  return { committed, sealed: segments.length - committed };
}

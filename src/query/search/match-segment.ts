/** The rows of one segment that a query is about: its search, its time range and its topic together. */
import type { SegmentReader } from '#segment/segment.ts';
import type { SearchPlan } from './compile-search.ts';
import { evaluateSearch } from './evaluate-search.ts';
import type { FalseMatches } from './false-matches.ts';
import { RowRanks, lowerBound } from './row-ranks.ts';

export interface MatchRequest {
  readonly plan: SearchPlan;
  /** Unix seconds, [fromTime, toTime). */
  readonly fromTime: number;
  readonly toTime: number;
  /** Empty: any topic. */
  readonly topic: string;
  /** Without it topics match in any case and times by the second, as the index has them. */
  readonly falseMatches?: FalseMatches | undefined;
}

export interface SegmentMatch {
  readonly reader: SegmentReader;
  readonly ranks: RowRanks;
  readonly times: Uint32Array;
  /** Rows of the time range, matching or not: [firstRow, endRow). */
  readonly firstRow: number;
  readonly endRow: number;
  /** Whether every row of the time range matches. */
  readonly isFull: boolean;
  /** Whether a wildcard had too many terms, so that rows may be missing. */
  readonly isPartial: boolean;
}

export async function matchSegment(
  reader: SegmentReader,
  request: MatchRequest,
): Promise<SegmentMatch> {
  const { fromTime, toTime, topic } = request;
  const times = await reader.times();
  const firstRow = lowerBound(times, fromTime);
  const endRow = lowerBound(times, toTime);
  const topicPlan: SearchPlan = {
    kind: 'field',
    field: { name: '__topic__', type: 'text' },
    text: topic,
    form: 'quoted',
  };
  const plan: SearchPlan =
    topic === '' ? request.plan : { kind: 'and', operands: [topicPlan, request.plan] };
  const { rows, isPartial } = await evaluateSearch(
    firstRow < endRow ? plan : { kind: 'none' },
    reader,
  );
  rows.clip(firstRow, endRow);
  if (request.falseMatches !== undefined) rows.andNot(await request.falseMatches(reader, rows));
  const ranks = new RowRanks(rows);
  const isFull = ranks.count === endRow - firstRow;
  return { reader, ranks, times, firstRow, endRow, isFull, isPartial };
}

/** How many matching rows are older than `time` (Unix seconds). */
export function countBefore(match: SegmentMatch, time: number): number {
  return match.ranks.rank(lowerBound(match.times, time));
}

/** The rows of one segment that a query is about: its search, its time range and its topic together. */
import type { SegmentReader } from '#segment/segment.ts';
import type { SearchPlan } from './compile-search.ts';
import { evaluateSearch, type SearchRows } from './evaluate-search.ts';
import type { FalseMatches } from './false-matches.ts';
import type { MatchCache } from './match-cache.ts';
import { RowRanks, lowerBound } from './row-ranks.ts';

export interface MatchRequest {
  readonly plan: SearchPlan;
  /** Unix seconds, [fromTime, toTime). */
  readonly fromTime: number;
  readonly toTime: number;
  /** Empty: any topic. */
  readonly topic: string;
  /** Without it topics match in any case, as the index has them. */
  readonly wrongTopics?: FalseMatches | undefined;
  /** Without it times match by the second, as the index has them. */
  readonly wrongTimes?: FalseMatches | undefined;
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

/** `cache`: keeps what is found beside the time range. Errors: those of the reader. */
export async function matchSegment(
  reader: SegmentReader,
  request: MatchRequest,
  cache?: MatchCache,
): Promise<SegmentMatch> {
  const { fromTime, toTime, wrongTimes } = request;
  const times = await reader.times();
  const firstRow = lowerBound(times, fromTime);
  const endRow = lowerBound(times, toTime);
  const isOutside = firstRow >= endRow;
  const { rows, isPartial } = isOutside
    ? await evaluateSearch({ kind: 'none' }, reader)
    : await matchingRows(reader, request, cache);
  rows.clip(firstRow, endRow);
  if (wrongTimes !== undefined) rows.andNot(await wrongTimes(reader, rows));
  const ranks = new RowRanks(rows);
  const isFull = ranks.count === endRow - firstRow;
  return { reader, ranks, times, firstRow, endRow, isFull, isPartial };
}

/** Rows of any time; the caller owns them. */
function matchingRows(
  reader: SegmentReader,
  request: MatchRequest,
  cache: MatchCache | undefined,
): Promise<SearchRows> {
  const { plan, topic } = request;
  // All rows are made faster than copied.
  if (cache === undefined || (plan.kind === 'all' && topic === ''))
    return evaluateRequest(reader, request);
  const key = { segmentId: reader.info.id, plan, topic };
  return cache.rows(key, () => evaluateRequest(reader, request));
}

async function evaluateRequest(
  reader: SegmentReader,
  { plan, topic, wrongTopics }: MatchRequest,
): Promise<SearchRows> {
  if (topic === '') return await evaluateSearch(plan, reader);
  const ofTopic: SearchPlan = {
    kind: 'field',
    field: { name: '__topic__', type: 'text' },
    text: topic,
    form: 'quoted',
  };
  const found = await evaluateSearch({ kind: 'and', operands: [ofTopic, plan] }, reader);
  if (wrongTopics !== undefined) found.rows.andNot(await wrongTopics(reader, found.rows));
  return found;
}

/** How many matching rows are older than `time` (Unix seconds). */
export function countBefore(match: SegmentMatch, time: number): number {
  return match.ranks.rank(lowerBound(match.times, time));
}

/** The rows of one segment that a query is about: its search, its time range and its topic together. */
import type { SegmentReader } from '#segment/segment.ts';
import type { QueryTrace } from '../explain/query-trace.ts';
import type { SearchTrace } from '../explain/search-trace.ts';
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

export interface MatchTools {
  /** Keeps what is found beside the time range. */
  readonly cache?: MatchCache | undefined;
  readonly trace?: QueryTrace | undefined;
}

/** Errors: those of the reader. */
export function matchSegment(
  reader: SegmentReader,
  request: MatchRequest,
  tools: MatchTools = {},
): Promise<SegmentMatch> {
  const work = (): Promise<SegmentMatch> => findMatch(reader, request, tools);
  return tools.trace === undefined ? work() : tools.trace.match(reader, work);
}

async function findMatch(
  reader: SegmentReader,
  request: MatchRequest,
  tools: MatchTools,
): Promise<SegmentMatch> {
  const { fromTime, toTime, wrongTimes } = request;
  const times = await reader.times();
  const firstRow = lowerBound(times, fromTime);
  const endRow = lowerBound(times, toTime);
  const isOutside = firstRow >= endRow;
  const { rows, isPartial } = isOutside
    ? await evaluateSearch({ kind: 'none' }, reader)
    : await matchingRows(reader, request, tools);
  rows.clip(firstRow, endRow);
  if (wrongTimes !== undefined) rows.andNot(await wrongTimes(reader, rows));
  const ranks = new RowRanks(rows);
  const isFull = ranks.count === endRow - firstRow;
  return { reader, ranks, times, firstRow, endRow, isFull, isPartial };
}

/** Rows of any time; the caller owns them. */
async function matchingRows(
  reader: SegmentReader,
  request: MatchRequest,
  { cache, trace }: MatchTools,
): Promise<SearchRows> {
  const { plan, topic } = request;
  const evaluate = (): Promise<SearchRows> => evaluateRequest(reader, request, trace?.search);
  // All rows are made faster than copied.
  if (cache === undefined || (plan.kind === 'all' && topic === '')) return await evaluate();
  const key = { segmentId: reader.info.id, plan, topic };
  let isKept = true;
  const rows = await cache.rows(key, () => {
    isKept = false;
    return evaluate();
  });
  trace?.segments.rowSet(reader, isKept);
  return rows;
}

async function evaluateRequest(
  reader: SegmentReader,
  { plan, topic, wrongTopics }: MatchRequest,
  trace: SearchTrace | undefined,
): Promise<SearchRows> {
  if (topic === '') return await evaluateSearch(plan, reader, trace);
  const ofTopic: SearchPlan = {
    kind: 'field',
    field: { name: '__topic__', type: 'text' },
    text: topic,
    form: 'quoted',
  };
  const found = await evaluateSearch({ kind: 'and', operands: [ofTopic, plan] }, reader, trace);
  if (wrongTopics !== undefined) found.rows.andNot(await wrongTopics(reader, found.rows));
  return found;
}

/** How many matching rows are older than `time` (Unix seconds). */
export function countBefore(match: SegmentMatch, time: number): number {
  return match.ranks.rank(lowerBound(match.times, time));
}

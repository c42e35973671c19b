/** Runs a search over segments: pages of logs, and counts by time. Neither reads more segments than it needs. */
import { errorCode } from '#base/app-error.ts';
import type { LogRow } from '#segment/log-row.ts';
import type { SegmentReader } from '#segment/segment.ts';
import { withPackMeta } from '../context/pack-meta.ts';
import { step, type QueryTrace } from '../explain/query-trace.ts';
import { eachSegment } from './each-segment.ts';
import { fetchPage, timeNsOf } from './fetch-rows.ts';
import { countByTime, type BucketRange } from './histogram.ts';
import type { MatchCache } from './match-cache.ts';
import { PhraseMatcher } from './match-phrases.ts';
import {
  countBefore,
  matchSegment,
  type MatchRequest,
  type SegmentMatch,
} from './match-segment.ts';
import { pageRows, type Page } from './page-rows.ts';
import type { BucketCounts, Found } from '../found.ts';
import type { QueryBudget } from '../query-budget.ts';
import { lowerBound } from './row-ranks.ts';
import { phrasesOf } from './verify-phrase.ts';

export interface SearchRequest extends MatchRequest, Page {
  /** Whether the logs carry `__pack_meta__`. */
  readonly withPackMeta?: boolean | undefined;
}

export interface SearchCollaborators {
  readonly segments: readonly SegmentReader[];
  readonly budget: QueryBudget;
  readonly cache?: MatchCache | undefined;
  readonly trace?: QueryTrace | undefined;
}

/** What the segments that were looked at hold of the answer. */
interface Gathered {
  readonly matches: SegmentMatch[];
  processedRows: number;
  processedBytes: number;
  isPartial: boolean;
  isComplete: boolean;
}

/** One page of matching logs in order. */
export async function runSearch(
  request: SearchRequest,
  collaborators: SearchCollaborators,
): Promise<Found> {
  const { budget, trace } = collaborators;
  const gathered: Gathered = {
    matches: [],
    processedRows: 0,
    processedBytes: 0,
    isPartial: false,
    isComplete: true,
  };
  const found = await unlessOver(budget, async () => {
    await step(trace, 'match', () => gather(request, collaborators, gathered));
    return await step(trace, 'fetch', () => readPage(request, collaborators, gathered));
  });
  const rows = found ?? [];
  return {
    progress: gathered.isComplete && found !== undefined ? 'Complete' : 'Incomplete',
    rows,
    keys: [...new Set(rows.flatMap((row) => Object.keys(row)))],
    columnTypes: [],
    limited: undefined,
    processedRows: gathered.processedRows,
    processedBytes: gathered.processedBytes,
    isAccurate: !gathered.isPartial,
  };
}

async function readPage(
  request: SearchRequest,
  { segments }: SearchCollaborators,
  { matches }: Gathered,
): Promise<readonly LogRow[]> {
  const page = await pageRows(matches, request, timeNsOf);
  const logs = await fetchPage(page);
  return request.withPackMeta === true ? await withPackMeta(page, logs, segments) : logs;
}

/** Undefined when the query's time ended during the work. Errors: all others, and the signal's reason. */
async function unlessOver<T>(budget: QueryBudget, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    budget.signal?.throwIfAborted();
    if (errorCode(error) === 'QueryTimeout') return undefined;
    throw error;
  }
}

/** How many logs match in each range; adjacency of phrases is not looked at. */
export async function countBuckets(
  request: MatchRequest & { readonly ranges: readonly BucketRange[] },
  collaborators: SearchCollaborators,
): Promise<BucketCounts> {
  const counts = request.ranges.map(() => 0);
  const { segments, budget, cache } = collaborators;
  let processedRows = 0;
  let processedBytes = 0;
  let isComplete = true;
  await eachSegment(segments, async (reader) => {
    const match = budget.isOver()
      ? undefined
      : await unlessOver(budget, () => matchSegment(reader, request, { cache }));
    isComplete &&= match !== undefined;
    if (match === undefined) return false;
    const found = countByTime(request, { ...match, rows: match.ranks.rows });
    for (let i = 0; i < counts.length; i++) counts[i]! += found[i]!;
    processedRows += match.endRow - match.firstRow;
    processedBytes += reader.info.indexBytes;
    return true;
  });
  return {
    progress: isComplete ? 'Complete' : 'Incomplete',
    count: counts.reduce((sum, count) => sum + count, 0),
    buckets: request.ranges.map((range, i) => ({ ...range, count: counts[i] ?? 0 })),
    processedRows,
    processedBytes,
  };
}

/** Matches segments in the order of the page until no other one can hold a row of it. */
async function gather(
  request: MatchRequest & Page,
  collaborators: SearchCollaborators,
  gathered: Gathered,
): Promise<void> {
  const { segments, budget, trace } = collaborators;
  const wanted = phrasesOf(request.plan);
  const phrases =
    wanted.length === 0 ? undefined : new PhraseMatcher({ phrases: wanted, page: request, budget });
  const ordered = [...segments].sort((a, b) =>
    request.reverse ? b.info.maxTime - a.info.maxTime : a.info.minTime - b.info.minTime,
  );
  for (const reader of ordered) {
    if (isPageFull(gathered.matches, request, reader)) break;
    if (budget.isOver()) {
      gathered.isComplete = false;
      break;
    }
    let match = await matchSegment(reader, request, collaborators);
    gathered.isPartial ||= match.isPartial;
    gathered.processedRows += match.endRow - match.firstRow;
    gathered.processedBytes += reader.info.indexBytes;
    if (phrases !== undefined) {
      const checked = await phrases.match(match);
      gathered.isPartial ||= checked.isPartial;
      gathered.isComplete &&= checked.isComplete;
      match = checked.match;
      trace?.segments.verified(reader, match.ranks.count);
    }
    if (match.ranks.count > 0) gathered.matches.push(match);
  }
}

/** Whether all rows of the page come before every row of `next` and of the segments behind it. */
function isPageFull(matches: readonly SegmentMatch[], page: Page, next: SegmentReader): boolean {
  const wanted = page.offset + page.line;
  let sure = 0;
  for (const match of matches)
    sure += page.reverse
      ? match.ranks.count - match.ranks.rank(lowerBound(match.times, next.info.maxTime + 1))
      : countBefore(match, next.info.minTime);
  return sure >= wanted;
}

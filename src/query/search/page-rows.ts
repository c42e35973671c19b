/**
 * Picks the rows of one page over all matching segments in the order of the service: time, nanoseconds,
 * ingestion. Each segment is sorted that way already, so ranks say how many rows precede a second; only
 * seconds that several segments share need the nanoseconds of their rows.
 */
import { NS_MERGE_ROWS_MAX } from '../limits.ts';
import { countBefore, type SegmentMatch } from './match-segment.ts';
import { lowerBound } from './row-ranks.ts';

export interface PageRow {
  readonly match: SegmentMatch;
  readonly row: number;
}

export interface Page {
  readonly offset: number;
  readonly line: number;
  /** Newest first. */
  readonly reverse: boolean;
}

/** Nanoseconds inside their second of ascending rows of a segment, 0 where a log has none. */
export type ReadTimeNs = (
  match: SegmentMatch,
  rows: readonly number[],
) => Promise<readonly number[]>;

/** Rows [first, end) of a segment by rank, all of one second. */
interface Run {
  readonly match: SegmentMatch;
  readonly first: number;
  readonly end: number;
}

/** The rows of the page in answer order. `matches` may come in any order. */
export async function pageRows(
  matches: readonly SegmentMatch[],
  page: Page,
  readTimeNs: ReadTimeNs,
): Promise<readonly PageRow[]> {
  const ordered = [...matches].sort(byIngestion);
  const total = ordered.reduce((sum, match) => sum + match.ranks.count, 0);
  const first = page.reverse ? Math.max(0, total - page.offset - page.line) : page.offset;
  const end = page.reverse ? total - page.offset : Math.min(total, page.offset + page.line);
  if (first >= end) return [];
  const rows: PageRow[] = [];
  let time = timeOfRank(ordered, first);
  let before = ordered.reduce((sum, match) => sum + countBefore(match, time), 0);
  while (before < end) {
    const runs = runsOf(ordered, time);
    const size = runs.reduce((sum, run) => sum + run.end - run.first, 0);
    const range = { first: Math.max(0, first - before), end: Math.min(size, end - before) };
    rows.push(...(await orderRuns(runs, range, readTimeNs)));
    before += size;
    if (before < end) time = nextTime(ordered, time);
  }
  return page.reverse ? rows.reverse() : rows;
}

/** The order of segments whose rows have the same time. */
export function byIngestion(a: SegmentMatch, b: SegmentMatch): number {
  const [x, y] = [a.reader.info, b.reader.info];
  return x.shardId - y.shardId || x.firstSequence - y.firstSequence;
}

/** The time of the row with this rank in the order of all segments. */
function timeOfRank(matches: readonly SegmentMatch[], rank: number): number {
  let low = Math.min(...matches.map((match) => match.reader.info.minTime));
  let high = Math.max(...matches.map((match) => match.reader.info.maxTime));
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const before = matches.reduce((sum, match) => sum + countBefore(match, middle), 0);
    if (before <= rank) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The next time after `time` that has a matching row; there must be one. */
function nextTime(matches: readonly SegmentMatch[], time: number): number {
  let next = Infinity;
  for (const match of matches) {
    const rank = countBefore(match, time + 1);
    if (rank < match.ranks.count)
      next = Math.min(next, match.times[match.ranks.select(rank)] ?? Infinity);
  }
  return next;
}

function runsOf(matches: readonly SegmentMatch[], time: number): Run[] {
  const runs: Run[] = [];
  for (const match of matches) {
    const first = match.ranks.rank(lowerBound(match.times, time));
    const end = match.ranks.rank(lowerBound(match.times, time + 1));
    if (first < end) runs.push({ match, first, end });
  }
  return runs;
}

/** The rows [range.first, range.end) of one second's runs in order. */
async function orderRuns(
  runs: readonly Run[],
  range: { readonly first: number; readonly end: number },
  readTimeNs: ReadTimeNs,
): Promise<readonly PageRow[]> {
  const size = runs.reduce((sum, run) => sum + run.end - run.first, 0);
  if (runs.length === 1 || size > NS_MERGE_ROWS_MAX) return sliceRuns(runs, range);
  const timed: { readonly pageRow: PageRow; readonly timeNs: number }[] = [];
  for (const run of runs) {
    const rows = rowsOfRun(run, 0, run.end - run.first);
    const timeNs = await readTimeNs(run.match, rows);
    for (const [i, row] of rows.entries())
      timed.push({ pageRow: { match: run.match, row }, timeNs: timeNs[i] ?? 0 });
  }
  // The sort is stable, so equal nanoseconds stay in ingestion order.
  timed.sort((a, b) => a.timeNs - b.timeNs);
  return timed.slice(range.first, range.end).map(({ pageRow }) => pageRow);
}

function sliceRuns(
  runs: readonly Run[],
  range: { readonly first: number; readonly end: number },
): PageRow[] {
  const rows: PageRow[] = [];
  let before = 0;
  for (const run of runs) {
    const size = run.end - run.first;
    const first = Math.max(0, range.first - before);
    const end = Math.min(size, range.end - before);
    if (first < end)
      rows.push(...rowsOfRun(run, first, end).map((row) => ({ match: run.match, row })));
    before += size;
  }
  return rows;
}

function rowsOfRun(run: Run, first: number, end: number): number[] {
  const rows: number[] = [];
  for (let i = first; i < end; i++) rows.push(run.match.ranks.select(run.first + i));
  return rows;
}

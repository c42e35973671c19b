/**
 * Runs a pipeline over the logs that its search found (sls-query §5).
 *
 * One whose rows are of one log each is read in pages: the next logs in the order of the search, few at first and more
 * while hardly any pass, until the page is full or has read enough. The answer says where it stopped, in logs that the search
 * finds; the next page begins there. One that counts, sorts or limits reads all logs that a scan may, at once.
 */
import { errorCode } from '#base/app-error.ts';
import { must } from '#base/assert.ts';
import type { LogRow } from '#segment/log-row.ts';
import type { SqlAnswer } from '../duck/duck-messages.ts';
import type { DuckProcess } from '../duck/duck-process.ts';
import { noteSql } from '../explain/explain-sql.ts';
import { step } from '../explain/query-trace.ts';
import type { Found } from '../found.ts';
import {
  SPL_BYTES_AT_ONCE,
  SPL_FIRST_LOGS,
  SPL_GROWTH,
  SPL_LOGS_AT_ONCE_MAX,
  SPL_PAGE_LOGS_MAX,
  SPL_PAGE_MS,
} from '../limits.ts';
import { fetchPage, timeNsOf } from '../search/fetch-rows.ts';
import type { SegmentMatch } from '../search/match-segment.ts';
import { byIngestion, pageRows, type Page, type PageRow } from '../search/page-rows.ts';
import { askSql } from '../sql/answer-sql.ts';
import {
  findLogs,
  type FindLogsCollaborators,
  type FoundLogs,
  type OwnLogs,
} from '../sql/find-logs.ts';
import { NO_ROWS, factsOf, failure, newestLogs } from '../sql/run-sql.ts';
import type { Relation } from '../sql/relation.ts';
import { onlyRows } from '../sql/scan-logs.ts';
import { logView } from '../sql/view.ts';
import type { TimeRange } from '../time-range.ts';
import { rowMaker } from './spl-rows.ts';
import type { TranslatedSpl } from './spl-request.ts';

export interface RunSplRequest extends Page {
  /** All that follows the bar. */
  readonly text: string;
  readonly own: OwnLogs;
  readonly range: TimeRange;
}

export interface RunSplCollaborators extends FindLogsCollaborators {
  readonly duck: DuckProcess;
}

/** Which logs of the search a page has read: [beginOffset, endOffset) in its order. */
export interface ScanPosition {
  readonly beginOffset: number;
  readonly endOffset: number;
  /** Time of the last log that was read, Unix seconds. */
  readonly endTime: number;
  /** Whether there is nothing behind. */
  readonly scanAll: boolean;
}

export interface FoundSpl extends Found {
  /** Whether its rows count logs. */
  readonly isStats: boolean;
  readonly scan: ScanPosition;
}

/**
 * Rows of a page, or of the whole pipeline. Incomplete: its time was over before the logs were found or the answer was
 * there. Errors: ParameterInvalid, those of leases and readers, the signal's reason.
 */
export async function runSpl(
  request: RunSplRequest,
  collaborators: RunSplCollaborators,
): Promise<FoundSpl> {
  const { duck, budget, trace } = collaborators;
  const { text, own, range, reverse } = request;
  let logs: FoundLogs | undefined;
  let isStats = false;
  try {
    const { index } = own.logstore;
    const spellings = Object.keys(index.keys ?? {});
    const { fromTime, toTime } = range;
    const pipeline = { text, spellings, reverse, fromTime, toTime };
    const translated = await step(trace, 'translate', () =>
      duck.run(budget, 'translateSpl', pipeline),
    );
    ({ isStats } = translated);
    const wanted = {
      specs: [translated.spec],
      own,
      others: new Map(),
      range,
      scanNames: translated.names,
    };
    logs = await findLogs(wanted, collaborators);
    const run = translated.isBlocking ? allRows : pageOfRows;
    return await run({ request, translated, logs }, collaborators);
  } catch (error) {
    budget.signal?.throwIfAborted();
    if (errorCode(error) !== 'QueryTimeout')
      throw await failure(error, { ...collaborators, text, logs });
    return {
      ...factsOf(logs),
      ...NO_ROWS,
      isStats,
      scan: positionOf(request, { offset: request.offset, time: undefined, isLast: false }),
    };
  }
}

interface SplWork {
  readonly request: RunSplRequest;
  readonly translated: TranslatedSpl;
  readonly logs: FoundLogs;
}

async function allRows(
  { request, translated, logs: found }: SplWork,
  collaborators: RunSplCollaborators,
): Promise<FoundSpl> {
  const logs = newestLogs(found);
  const relation = relationOf(logs);
  const { isStats, limited } = translated;
  const answer = await askLogs({ request, translated, relation }, collaborators);
  const makeRow = rowMaker(translated);
  const time = request.range.fromTime;
  const rows = answer.rows.map((cells) => makeRow({ cells, log: undefined, time }));
  const offset = relation.matches.reduce((sum, { ranks }) => sum + ranks.count, 0);
  return {
    ...factsOf(logs),
    progress: logs.isComplete ? 'Complete' : 'Incomplete',
    rows,
    keys: keysOf(translated, rows),
    columnTypes: [],
    limited,
    isStats,
    scan: positionOf(request, { offset, time: undefined, isLast: true }),
  };
}

async function pageOfRows(
  { request, translated, logs }: SplWork,
  collaborators: RunSplCollaborators,
): Promise<FoundSpl> {
  const { budget } = collaborators;
  const relation = relationOf(logs);
  const total = relation.matches.reduce((sum, { ranks }) => sum + ranks.count, 0);
  const endMs = budget.elapsedMs + SPL_PAGE_MS;
  const rows: LogRow[] = [];
  let { offset } = request;
  const sizeMax = logsAtOnce(relation);
  let size = Math.min(SPL_FIRST_LOGS, sizeMax);
  let last: PageRow | undefined;
  while (rows.length < request.line && offset < total) {
    const readCount = offset - request.offset;
    if (readCount >= SPL_PAGE_LOGS_MAX || (readCount > 0 && budget.elapsedMs >= endMs)) break;
    const line = Math.min(size, SPL_PAGE_LOGS_MAX - readCount);
    const page = { offset, line, reverse: request.reverse };
    const picked = await pageRows(relation.matches, page, timeNsOf);
    const passed = await passedRows({ request, relation, picked, translated }, collaborators);
    const taken = passed.slice(0, request.line - rows.length);
    rows.push(...(await rowsOf(taken, translated)));
    const isCut = rows.length === request.line;
    const read = isCut ? must(taken.at(-1), 'a full page has rows').rank + 1 : picked.length;
    last = picked[read - 1];
    offset += read;
    size = Math.min(size * SPL_GROWTH, sizeMax);
  }
  const time = last && last.match.times[last.row];
  return {
    ...factsOf(logs),
    processedRows: offset - Math.min(request.offset, offset),
    progress: logs.isComplete ? 'Complete' : 'Incomplete',
    rows,
    keys: keysOf(translated, rows),
    columnTypes: [],
    limited: undefined,
    isStats: false,
    scan: positionOf(request, { offset, time, isLast: offset >= total && logs.isComplete }),
  };
}

/** Fewer where logs are large. */
function logsAtOnce({ matches }: Relation): number {
  const infos = matches.map(({ reader }) => reader.info);
  const bytes = infos.reduce((sum, { rawBytes }) => sum + rawBytes, 0);
  const count = infos.reduce((sum, { rowCount }) => sum + rowCount, 0);
  const logs = Math.floor((SPL_BYTES_AT_ONCE * count) / Math.max(1, bytes));
  return Math.min(Math.max(1, logs), SPL_LOGS_AT_ONCE_MAX);
}

interface PassedRow {
  readonly cells: readonly string[];
  readonly pageRow: PageRow;
  /** Its place among the logs that were read. */
  readonly rank: number;
}

interface AskedLogs {
  readonly request: RunSplRequest;
  readonly translated: TranslatedSpl;
  readonly relation: Relation;
}

async function askLogs(
  { request, translated, relation }: AskedLogs,
  { duck, budget, trace }: RunSplCollaborators,
): Promise<SqlAnswer> {
  const wanted = { sql: translated.sql, views: [logView(relation)], parts: [] };
  const { answer, asked } = await askSql(wanted, { duck, budget, trace });
  noteSql(
    trace,
    { asked, relations: [relation], plan: undefined, profile: answer.explained?.profile },
    {
      statement: request.text.trim(),
      logstoreName: request.own.logstore.logstoreName,
      range: request.range,
    },
  );
  return answer;
}

/** The logs that the pipeline lets through, in the order of the search. */
async function passedRows(
  { picked, ...asking }: AskedLogs & { readonly picked: readonly PageRow[] },
  collaborators: RunSplCollaborators,
): Promise<readonly PassedRow[]> {
  const ofMatch = Map.groupBy(picked, ({ match }) => match);
  const matches = [...ofMatch].map(([match, rows]) =>
    onlyRows(
      match,
      rows.map(({ row }) => row),
    ),
  );
  const numbers = new Map([...ofMatch.keys()].map((match, number) => [match, number]));
  const rankOf = new Map(
    picked.map(({ match, row }, rank) => [`${numbers.get(match) ?? ''} ${row}`, rank]),
  );
  const relation = { ...asking.relation, matches };
  const { rows } = await askLogs({ ...asking, relation }, collaborators);
  const passed = rows.map((cells): PassedRow => {
    const [segment, row] = cells.slice(-2);
    const rank = must(rankOf.get(`${segment} ${row}`), 'a row is one of those that were read');
    return { cells, rank, pageRow: must(picked[rank], 'a rank is a place') };
  });
  return passed.sort((a, b) => a.rank - b.rank);
}

/** Reads the logs only where the answer has fields that the pipeline does not name. */
async function rowsOf(
  passed: readonly PassedRow[],
  translated: TranslatedSpl,
): Promise<readonly LogRow[]> {
  const needsLog = translated.shape.rests.some(({ cell }) => cell === undefined);
  const logs = needsLog ? await fetchPage(passed.map(({ pageRow }) => pageRow)) : [];
  const makeRow = rowMaker(translated);
  return passed.map(({ cells, pageRow: { match, row } }, i) =>
    makeRow({ cells, log: logs[i], time: match.times[row] ?? 0 }),
  );
}

/** In order: rows of equal times that a pipeline sorts stay as they were received. */
function relationOf({ relations }: FoundLogs): Relation {
  const [relation] = relations;
  const { matches, ...rest } = must(relation, 'a pipeline has a relation');
  return { ...rest, matches: [...matches].sort((a: SegmentMatch, b) => byIngestion(a, b)) };
}

/** Names of the fields as the pipeline has them; with fields that it does not name, those of the rows. */
function keysOf({ shape }: TranslatedSpl, rows: readonly LogRow[]): readonly string[] {
  if (shape.rests.length === 0) return shape.fields;
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}

function positionOf(
  { offset, range, reverse }: RunSplRequest,
  end: { readonly offset: number; readonly time: number | undefined; readonly isLast: boolean },
): ScanPosition {
  const [first, last] = reverse ? [range.toTime, range.fromTime] : [range.fromTime, range.toTime];
  return {
    beginOffset: offset,
    endOffset: end.offset,
    endTime: end.isLast ? last : (end.time ?? first),
    scanAll: end.isLast,
  };
}

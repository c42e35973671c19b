/** Searches, histograms and SQL over the logs of one logstore (sls-query §2–§4). */
import { AppError } from '#base/app-error.ts';
import type { Logstore } from '#meta/catalog-types.ts';
import type { Clock } from '#platform/clock.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import { parseQuery } from '#querylang/parse-query.ts';
import type { ParsedQuery } from '#querylang/search-ast.ts';
import type { SegmentLease, SegmentSource } from '#segment/segment.ts';
import type { Logger } from '#telemetry/logger.ts';
import { compileSearch, hitTerms, type HitTerm } from './search/compile-search.ts';
import { DuckProcess } from './duck/duck-process.ts';
import { falseMatches } from './search/false-matches.ts';
import type { BucketCount, BucketCounts, Found, Progress } from './found.ts';
import { bucketRanges } from './search/histogram.ts';
import {
  INDEX_WAIT_MS,
  LINE_MAX,
  OFFSET_MAX,
  QUEUED_FOR_EACH_RUNNING,
  TIME_BUDGET_MS,
} from './limits.ts';
import type { MatchRequest } from './search/match-segment.ts';
import { QueryBudget } from './query-budget.ts';
import { QuerySlots } from './query-slots.ts';
import { countBuckets, runSearch } from './search/run-search.ts';
import { runSql, type RunSqlRequest } from './sql/run-sql.ts';

const NS_MAX = 999_999_999;

export interface QueryServiceOptions {
  /** Memory of DuckDB for all SQL together. */
  readonly memoryLimitBytes: number;
  /** What DuckDB's process may have beyond that. Default: 512 MB. */
  readonly memoryOverheadBytes?: number | undefined;
  readonly threads: number;
  /** Folder for what does not fit into memory. */
  readonly spillDirectory: string;
  /** Folders below which all segment files are; SQL can read nothing else. */
  readonly segmentDirectories: readonly string[];
  /** IANA name. Default: Asia/Shanghai, as the service has it. */
  readonly timeZone?: string | undefined;
  /** Default: 55 s. */
  readonly timeBudgetMs?: number | undefined;
  /** SQL queries that run at once, and searches as many; eight times as many may wait. */
  readonly concurrencyMax: number;
}

export interface QueryServiceCollaborators {
  readonly catalog: {
    /** Errors: ProjectNotExist, LogStoreNotExist. */
    getLogstore(projectName: string, logstoreName: string): Promise<Logstore>;
  };
  readonly segments: SegmentSource;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface QueryRequest {
  readonly projectName: string;
  readonly logstoreName: string;
  /** Unix seconds, [fromTime, toTime). */
  readonly fromTime: number;
  readonly toTime: number;
  /** Nanoseconds added to `fromTime` and `toTime`, 0 to 999999999. Default: 0. */
  readonly fromNs?: number | undefined;
  readonly toNs?: number | undefined;
  /** Empty: any topic. */
  readonly topic: string;
  readonly query: string;
  readonly signal?: AbortSignal | undefined;
}

export interface LogsRequest extends QueryRequest {
  /** Logs of the page, 0–100; no meaning with SQL. */
  readonly line: number;
  readonly offset: number;
  /** Newest first. */
  readonly reverse: boolean;
}

export interface HistogramsRequest extends QueryRequest {
  /** 0: chosen from the range. */
  readonly intervalSeconds: number;
}

export interface LogsResult extends Found {
  readonly count: number;
  readonly hasSql: boolean;
  /** The search part. */
  readonly whereQuery: string;
  /** What follows the bar, or empty. */
  readonly aggQuery: string;
  readonly elapsedMs: number;
  /** Words to mark in the rows. */
  readonly terms: readonly HitTerm[];
}

export interface HistogramsResult extends BucketCounts {
  /** Each bucket is as complete as the whole. */
  readonly buckets: readonly (BucketCount & { readonly progress: Progress })[];
  /** The search part. */
  readonly whereQuery: string;
  readonly elapsedMs: number;
}

const DEFAULT_TIME_ZONE = 'Asia/Shanghai';

export class QueryService implements AsyncDisposable {
  readonly #catalog: QueryServiceCollaborators['catalog'];
  readonly #segments: SegmentSource;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #timeZone: string;
  readonly #timeBudgetMs: number;
  readonly #searches: QuerySlots;
  readonly #statements: QuerySlots;
  readonly #sqlProcess: DuckProcess;
  readonly #memoryLimitBytes: number;

  constructor(options: QueryServiceOptions, collaborators: QueryServiceCollaborators) {
    this.#catalog = collaborators.catalog;
    this.#segments = collaborators.segments;
    this.#clock = collaborators.clock;
    this.#logger = collaborators.logger;
    this.#timeZone = options.timeZone ?? DEFAULT_TIME_ZONE;
    this.#timeBudgetMs = options.timeBudgetMs ?? TIME_BUDGET_MS;
    this.#memoryLimitBytes = options.memoryLimitBytes;
    const slots = {
      runningMax: options.concurrencyMax,
      queuedMax: options.concurrencyMax * QUEUED_FOR_EACH_RUNNING,
    };
    this.#searches = new QuerySlots(slots);
    this.#statements = new QuerySlots(slots);
    this.#sqlProcess = new DuckProcess(
      {
        ...options,
        timeZone: this.#timeZone,
        spillDirectory: `${options.spillDirectory}/sql`,
      },
      collaborators,
    );
  }

  /**
   * One page of logs, or the rows of SQL. Errors: InvalidTimeRange, InvalidLine, InvalidOffset,
   * InvalidQueryString, IndexConfigNotExist, ProjectNotExist, LogStoreNotExist, ParameterInvalid (everything in
   * the query itself), and the signal's reason.
   */
  async getLogs(request: LogsRequest): Promise<LogsResult> {
    checkTimeRange(request);
    if (!isIntegerIn(request.line, LINE_MAX))
      throw new AppError('InvalidLine', `line must be between 0 and ${LINE_MAX}`);
    if (!isIntegerIn(request.offset, OFFSET_MAX))
      throw new AppError('InvalidOffset', 'offset is invalid');
    const { logstore, index } = await this.#indexedLogstore(request);
    const parsed = parseQuery(request.query);
    const analysis = analysisText(parsed);
    if (parsed.analysis.kind === 'spl')
      throw new AppError('ParameterInvalid', 'pipeline commands are not supported');
    if (parsed.analysis.kind === 'sql' && request.offset > 0)
      throw new AppError(
        'ParameterInvalid',
        'ErrorType:OLSQueryParseError.ErrorMessage:offset is not available for pagination in sql query, please use limit x,y syntax for pagination.',
      );
    const plan = compileSearch(parsed.search, index);
    const { found, elapsedMs } =
      parsed.analysis.kind === 'sql'
        ? await this.#getSql({ ...request, plan, sql: parsed.analysis.text, index }, logstore)
        : await this.#getPage({ ...request, plan }, logstore);
    return {
      ...found,
      count: found.rows.length,
      hasSql: parsed.analysis.kind === 'sql',
      whereQuery: parsed.whereText,
      aggQuery: analysis,
      elapsedMs,
      terms: hitTerms(parsed.search, index),
    };
  }

  /** Counts by time of what the search part matches. Errors: as `getLogs`. */
  async getHistograms(request: HistogramsRequest): Promise<HistogramsResult> {
    checkTimeRange(request);
    const { logstore, index } = await this.#indexedLogstore(request);
    const parsed = parseQuery(request.query);
    const plan = compileSearch(parsed.search, index);
    const ranges = bucketRanges({ ...request, timeZone: this.#timeZone });
    const { found, elapsedMs } = await this.#run(
      { request, logstore, slots: this.#searches },
      (lease, budget) =>
        countBuckets(
          { ...request, plan, ranges, ...exactBounds(request) },
          { segments: lease.segments, budget },
        ),
    );
    const { progress } = found;
    const buckets = found.buckets.map((bucket) => ({ ...bucket, progress }));
    return { ...found, buckets, whereQuery: parsed.whereText, elapsedMs };
  }

  /** Waits for running queries. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sqlProcess[Symbol.asyncDispose]();
  }

  async #indexedLogstore(
    request: QueryRequest,
  ): Promise<{ readonly logstore: Logstore; readonly index: IndexConfig }> {
    const logstore = await this.#catalog.getLogstore(request.projectName, request.logstoreName);
    if (logstore.index === undefined)
      throw new AppError('IndexConfigNotExist', 'logstore without index config');
    return { logstore, index: logstore.index };
  }

  #getPage(
    request: LogsRequest & MatchRequest,
    logstore: Logstore,
  ): Promise<{ readonly found: Found; readonly elapsedMs: number }> {
    return this.#run({ request, logstore, slots: this.#searches }, (lease, budget) =>
      runSearch({ ...request, ...exactBounds(request) }, { segments: lease.segments, budget }),
    );
  }

  #getSql(
    request: LogsRequest & RunSqlRequest,
    logstore: Logstore,
  ): Promise<{ readonly found: Found; readonly elapsedMs: number }> {
    const duck = this.#sqlProcess;
    return this.#run({ request, logstore, slots: this.#statements, duck }, (lease, budget) =>
      runSql(
        { ...request, ...exactBounds(request) },
        { duck, segments: lease.segments, budget, memoryLimitBytes: this.#memoryLimitBytes },
      ),
    );
  }

  /** Runs work on the segments of the request, in a slot and with a budget that starts there. */
  async #run<T extends { readonly progress: Progress }>(
    place: {
      readonly request: QueryRequest;
      readonly logstore: Logstore;
      readonly slots: QuerySlots;
      /** What the work needs; its start takes nothing of the budget. */
      readonly duck?: DuckProcess | undefined;
    },
    work: (lease: SegmentLease, budget: QueryBudget) => Promise<T>,
  ): Promise<{ readonly found: T; readonly elapsedMs: number }> {
    const { fromTime, signal } = place.request;
    const toTime = endSecond(place.request);
    return place.slots.run(signal, async () => {
      await place.duck?.start();
      const budget = new QueryBudget(this.#clock, this.#timeBudgetMs, signal);
      await using lease = await this.#segments.acquire({
        logstoreId: place.logstore.id,
        fromTime,
        toTime,
        waitMs: INDEX_WAIT_MS,
        signal,
      });
      const answer = await work(lease, budget);
      const found = lease.isComplete ? answer : { ...answer, progress: 'Incomplete' as const };
      const elapsedMs = Math.round(budget.elapsedMs);
      this.#logger.debug({ logstoreId: place.logstore.id, elapsedMs }, 'query done');
      return { found, elapsedMs };
    });
  }
}

function checkTimeRange(request: QueryRequest): void {
  const { fromTime, toTime } = request;
  if (!Number.isSafeInteger(fromTime) || !Number.isSafeInteger(toTime) || fromTime >= toTime)
    throw new AppError('InvalidTimeRange', 'request time range is invalid');
  const { fromNs = 0, toNs = 0 } = request;
  if (!isIntegerIn(fromNs, NS_MAX) || !isIntegerIn(toNs, NS_MAX))
    throw new AppError('InvalidTimeRange', 'fromNs and toNs must be between 0 and 999999999');
}

/** The range in whole seconds, and what has to be left out again of what the index finds in it. */
function exactBounds(request: QueryRequest): Pick<MatchRequest, 'toTime' | 'falseMatches'> {
  const { fromNs = 0, toNs = 0 } = request;
  return { toTime: endSecond(request), falseMatches: falseMatches({ ...request, fromNs, toNs }) };
}

/** The second after the last one that the range touches. */
function endSecond({ toTime, toNs = 0 }: QueryRequest): number {
  return toNs > 0 ? toTime + 1 : toTime;
}

function isIntegerIn(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}

function analysisText(parsed: ParsedQuery): string {
  const { analysis } = parsed;
  if (analysis.kind === 'sql' || analysis.kind === 'spl') return analysis.text.trim();
  return analysis.kind === 'packMeta' ? 'with_pack_meta' : '';
}

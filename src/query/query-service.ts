/** Searches, histograms and SQL over the logs of a logstore, and SQL over those of a project (sls-query §2–§4). */
import { AppError } from '#base/app-error.ts';
import type { Clock } from '#platform/clock.ts';
import { parseQuery } from '#querylang/parse-query.ts';
import type { QueryExplain } from '#protocol/query-explain.ts';
import type { ParsedQuery } from '#querylang/search-ast.ts';
import type { SegmentLease, SegmentSource } from '#segment/segment.ts';
import type { Logger } from '#telemetry/logger.ts';
import {
  planContext,
  runContext,
  type ContextAsk,
  type FoundContext,
} from './context/run-context.ts';
import { compileSearch, hitTerms, type HitTerm } from './search/compile-search.ts';
import type { DuckProcess } from './duck/duck-process.ts';
import { ZonedProcesses } from './duck/zoned-processes.ts';
import { QueryTrace, step } from './explain/query-trace.ts';
import type { BucketCount, BucketCounts, Found, Progress } from './found.ts';
import { highlightsOf, type Highlight } from './search/highlights.ts';
import { bucketRanges } from './search/histogram.ts';
import { LINE_MAX, OFFSET_MAX, QUEUED_FOR_EACH_RUNNING, TIME_BUDGET_MS } from './limits.ts';
import { MatchCache } from './search/match-cache.ts';
import { QueryBudget } from './query-budget.ts';
import { QueryLeases } from './query-leases.ts';
import { QuerySlots } from './query-slots.ts';
import { countBuckets, runSearch } from './search/run-search.ts';
import { phrasesOf } from './search/verify-phrase.ts';
import { runSpl, type RunSplRequest, type ScanPosition } from './spl/run-spl.ts';
import { runSql, type RunSqlRequest } from './sql/run-sql.ts';
import {
  indexedLogstore,
  SqlLogstores,
  type Authorize,
  type IndexedLogstore,
  type LogstoreCatalog,
} from './sql/sql-logstores.ts';
import { insertedSql, isScan, timeZoneOf } from './sql/statement-text.ts';
import { checkTimeRange, exactBounds, type TimeRange } from './time-range.ts';
import type { DataFileOptions } from './udf/data-files.ts';

/** Times that logs can have, for statements that choose their own. */
const ALL_TIMES: TimeRange = { fromTime: 0, toTime: 2 ** 32 };

export interface QueryServiceOptions {
  /** Memory of DuckDB for all SQL together. */
  readonly memoryLimitBytes: number;
  /** What DuckDB's process may have beyond that. Default: 512 MB. */
  readonly memoryOverheadBytes?: number | undefined;
  /** Sets of rows that searches found, kept for their repetition. */
  readonly matchCacheBytes: number;
  readonly threads: number;
  /** Folder for what does not fit into memory. */
  readonly spillDirectory: string;
  /** Folders below which all segment files are; SQL can read nothing else. */
  readonly segmentDirectories: readonly string[];
  /** IANA name. Default: Asia/Shanghai, as the service has it. */
  readonly timeZone?: string | undefined;
  /** Files that functions look things up in. Default: none. */
  readonly dataFiles?: DataFileOptions | undefined;
  /** Default: 55 s. */
  readonly timeBudgetMs?: number | undefined;
  /** SQL queries that run at once, and searches as many; eight times as many may wait. */
  readonly concurrencyMax: number;
  /** Of them, those of one project. Default: all. */
  readonly projectConcurrencyMax?: number | undefined;
}

export interface QueryServiceCollaborators {
  readonly catalog: LogstoreCatalog;
  readonly segments: SegmentSource;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface ProjectRequest {
  readonly projectName: string;
  readonly query: string;
  readonly signal?: AbortSignal | undefined;
}

/** What SQL is asked beside its text. */
interface SqlOptions {
  /** Asked about each logstore that a statement names. Default: all may be read. */
  readonly authorize?: Authorize | undefined;
  /** Settings before the statement, as in `set session`: `mode=scan`, `time_zone=UTC`. */
  readonly session?: string | undefined;
}

export interface QueryRequest extends ProjectRequest, TimeRange {
  readonly logstoreName: string;
  /** Empty: any topic. */
  readonly topic: string;
}

export interface LogsRequest extends QueryRequest, SqlOptions {
  /** Logs of the page, 0–100; no meaning with SQL. */
  readonly line: number;
  readonly offset: number;
  /** Newest first. */
  readonly reverse: boolean;
  /** Whether the answer tells the words in its rows. Default: false. */
  readonly highlight?: boolean | undefined;
  /** Whether the answer tells what was done for it. Default: false. */
  readonly explain?: boolean | undefined;
}

/** SQL over logstores of a project: `query` is the statement, which names them and their times. */
export interface ProjectLogsRequest extends ProjectRequest, SqlOptions {}

/** Logs around one whose ids a search with `with_pack_meta` gave. */
export interface ContextRequest extends Omit<ProjectRequest, 'query'>, ContextAsk {
  readonly logstoreName: string;
}

export interface HistogramsRequest extends QueryRequest {
  /** 0: chosen from the range. */
  readonly intervalSeconds: number;
}

/** What a query was answered from: the index, texts of logs that have the words of a phrase, fields without an index. */
export type QueryMode = 'index' | 'phrase' | 'scan' | 'scanSql';

export interface LogsResult extends Found {
  readonly mode: QueryMode;
  /** Where a pipeline stopped. */
  readonly scan?: ScanPosition | undefined;
  readonly count: number;
  readonly hasSql: boolean;
  /** The search part. */
  readonly whereQuery: string;
  /** What follows the bar, or empty. */
  readonly aggQuery: string;
  /** The SQL with the limit that was added; empty without SQL. */
  readonly insertedSql: string;
  readonly elapsedMs: number;
  /** Words to mark in the rows. */
  readonly terms: readonly HitTerm[];
  /** Whether texts of logs were read to find phrases. */
  readonly isPhraseSearch: boolean;
  /** Words to mark by row, if they were asked for. */
  readonly highlights: readonly (readonly Highlight[])[];
  /** What was done, if that was asked. */
  readonly explain?: QueryExplain | undefined;
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
  readonly #catalog: LogstoreCatalog;
  readonly #segments: SegmentSource;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #timeZone: string;
  readonly #timeBudgetMs: number;
  readonly #searches: QuerySlots;
  readonly #statements: QuerySlots;
  readonly #processes: ZonedProcesses;
  readonly #cache: MatchCache;

  constructor(options: QueryServiceOptions, collaborators: QueryServiceCollaborators) {
    this.#catalog = collaborators.catalog;
    this.#segments = collaborators.segments;
    this.#clock = collaborators.clock;
    this.#logger = collaborators.logger;
    this.#timeZone = options.timeZone ?? DEFAULT_TIME_ZONE;
    this.#timeBudgetMs = options.timeBudgetMs ?? TIME_BUDGET_MS;
    this.#cache = new MatchCache(options.matchCacheBytes);
    const { concurrencyMax, projectConcurrencyMax = concurrencyMax } = options;
    const slots = {
      runningMax: concurrencyMax,
      projectRunningMax: projectConcurrencyMax,
      queuedMax: concurrencyMax * QUEUED_FOR_EACH_RUNNING,
      projectQueuedMax: projectConcurrencyMax * QUEUED_FOR_EACH_RUNNING,
    };
    this.#searches = new QuerySlots(slots);
    this.#statements = new QuerySlots(slots);
    this.#processes = new ZonedProcesses({ ...options, timeZone: this.#timeZone }, collaborators);
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
    const { projectName, logstoreName } = request;
    const logstore = await indexedLogstore(this.#catalog, projectName, logstoreName);
    const parsed = parseQuery(request.query);
    if (parsed.analysis.kind === 'sql' && request.offset > 0)
      throw new AppError(
        'ParameterInvalid',
        'ErrorType:OLSQueryParseError.ErrorMessage:offset is not available for pagination in sql query, please use limit x,y syntax for pagination.',
      );
    const plan = compileSearch(parsed.search, logstore.index);
    const trace = request.explain === true ? new QueryTrace({ clock: this.#clock }) : undefined;
    const search = {
      whereQuery: parsed.whereText,
      terms: hitTerms(parsed.search, logstore.index),
      isPhraseSearch: phrasesOf(plan).length > 0,
      highlights: [],
    };
    const own = { logstore, plan, topic: request.topic };
    if (parsed.analysis.kind === 'spl') {
      const pipeline = { ...request, text: parsed.analysis.text, own, range: request };
      return { ...search, ...(await this.#getSpl(request, { ...pipeline, trace })) };
    }
    if (parsed.analysis.kind === 'sql') {
      const statement = { sql: parsed.analysis.text, own, range: request };
      return { ...search, ...(await this.#getSql({ ...request, trace }, statement)) };
    }
    const withPackMeta = parsed.analysis.kind === 'packMeta';
    const page = { ...request, plan, ...exactBounds(request), withPackMeta };
    const { found, elapsedMs } = await this.#run(
      { request, slots: this.#searches, trace },
      async (leases, budget) => {
        const lease = await step(trace, 'segments', () => leased(leases, page, logstore));
        return await runSearch(page, { ...lease, budget, cache: this.#cache, trace });
      },
    );
    return {
      ...found,
      ...search,
      mode: search.isPhraseSearch ? 'phrase' : 'index',
      highlights:
        request.highlight === true ? highlightsOf(found.rows, search.terms, logstore.index) : [],
      count: found.rows.length,
      hasSql: false,
      aggQuery: analysisText(parsed),
      insertedSql: '',
      elapsedMs,
      explain: trace?.report(plan),
    };
  }

  /**
   * The rows of SQL over logstores that it names. Errors: ParameterInvalid (everything in the statement itself),
   * IndexConfigNotExist, ProjectNotExist, what `authorize` throws, and the signal's reason.
   */
  async getProjectLogs(request: ProjectLogsRequest): Promise<LogsResult> {
    const statement = { sql: request.query, own: undefined, range: ALL_TIMES };
    const facts = await this.#getSql(request, statement);
    return { whereQuery: '', terms: [], isPhraseSearch: false, highlights: [], ...facts };
  }

  /** Counts by time of what the search part matches. Errors: as `getLogs`. */
  async getHistograms(request: HistogramsRequest): Promise<HistogramsResult> {
    checkTimeRange(request);
    const { projectName, logstoreName } = request;
    const logstore = await indexedLogstore(this.#catalog, projectName, logstoreName);
    const parsed = parseQuery(request.query);
    const plan = compileSearch(parsed.search, logstore.index);
    const ranges = bucketRanges({ ...request, timeZone: this.#timeZone });
    const wanted = { ...request, plan, ranges, ...exactBounds(request) };
    const { found, elapsedMs } = await this.#run(
      { request, slots: this.#searches },
      async (leases, budget) =>
        countBuckets(wanted, {
          ...(await leased(leases, wanted, logstore)),
          budget,
          cache: this.#cache,
        }),
    );
    const { progress } = found;
    const buckets = found.buckets.map((bucket) => ({ ...bucket, progress }));
    return { ...found, buckets, whereQuery: parsed.whereText, elapsedMs };
  }

  /**
   * What its origin sent before and after a log. Errors: InvalidParameter (ids that are none, numbers of lines),
   * IndexConfigNotExist, ProjectNotExist, LogStoreNotExist, and the signal's reason.
   */
  async getContextLogs(request: ContextRequest): Promise<FoundContext> {
    const plan = planContext(request);
    const { projectName, logstoreName } = request;
    const logstore = await indexedLogstore(this.#catalog, projectName, logstoreName);
    const { found } = await this.#run({ request, slots: this.#searches }, async (leases, budget) =>
      runContext(plan, { ...(await leased(leases, plan.range, logstore)), budget }),
    );
    return found;
  }

  /** Waits for running queries. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#processes[Symbol.asyncDispose]();
  }

  async #getSql(
    request: ProjectRequest & SqlOptions & { readonly trace?: QueryTrace | undefined },
    statement: RunSqlRequest,
  ): Promise<Omit<LogsResult, 'whereQuery' | 'terms' | 'isPhraseSearch' | 'highlights'>> {
    const { projectName, authorize, trace } = request;
    const text = statement.sql;
    const isScanned = isScan(text, request.session);
    const timeZone = timeZoneOf(text, request.session);
    const { found, elapsedMs } = await this.#runStatement(
      { request, timeZone, trace },
      (leases, budget, duck) =>
        runSql(
          { ...statement, isScan: isScanned },
          {
            duck,
            logstores: new SqlLogstores(
              { projectName, text, authorize },
              { catalog: this.#catalog },
            ),
            leases,
            budget,
            cache: this.#cache,
            trace,
          },
        ),
    );
    return {
      ...found,
      mode: isScanned ? 'scanSql' : 'index',
      count: found.rows.length,
      hasSql: true,
      aggQuery: text.trim(),
      insertedSql: insertedSql(text, found.limited),
      elapsedMs,
      explain: trace?.report(statement.own?.plan),
    };
  }

  async #getSpl(
    request: ProjectRequest & SqlOptions,
    pipeline: RunSplRequest & { readonly trace?: QueryTrace | undefined },
  ): Promise<Omit<LogsResult, 'whereQuery' | 'terms' | 'isPhraseSearch' | 'highlights'>> {
    const { text, trace } = pipeline;
    const timeZone = timeZoneOf('', request.session);
    const cache = this.#cache;
    const { found, elapsedMs } = await this.#runStatement(
      { request, timeZone, trace },
      (leases, budget, duck) => runSpl(pipeline, { duck, leases, budget, cache, trace }),
    );
    return {
      ...found,
      mode: 'scan',
      count: found.rows.length,
      hasSql: found.isStats,
      aggQuery: text.trim(),
      insertedSql: '',
      elapsedMs,
      explain: trace?.report(pipeline.own.plan),
    };
  }

  /** Runs work that needs the process of a time zone; undefined: the server's. */
  async #runStatement<T extends { readonly progress: Progress }>(
    place: {
      readonly request: Omit<ProjectRequest, 'query'>;
      readonly timeZone: string | undefined;
      readonly trace?: QueryTrace | undefined;
    },
    work: (leases: QueryLeases, budget: QueryBudget, duck: DuckProcess) => Promise<T>,
  ): Promise<{ readonly found: T; readonly elapsedMs: number }> {
    const { request, timeZone, trace } = place;
    return await this.#processes.use(timeZone, (duck) =>
      this.#run({ request, slots: this.#statements, duck, trace }, (leases, budget) =>
        work(leases, budget, duck),
      ),
    );
  }

  /** Runs work in a slot, with a budget that starts there; what it leases is released at its end, whatever that is. */
  async #run<T extends { readonly progress: Progress }>(
    place: {
      readonly request: Omit<ProjectRequest, 'query'>;
      readonly slots: QuerySlots;
      /** What the work needs; its start takes nothing of the budget. */
      readonly duck?: DuckProcess | undefined;
      readonly trace?: QueryTrace | undefined;
    },
    work: (leases: QueryLeases, budget: QueryBudget) => Promise<T>,
  ): Promise<{ readonly found: T; readonly elapsedMs: number }> {
    const { projectName, signal } = place.request;
    const { duck, trace } = place;
    const endQueue = trace?.open('queue');
    return place.slots.run(projectName, signal, async () => {
      endQueue?.();
      if (duck !== undefined) await step(trace, 'start', () => duck.start());
      const budget = new QueryBudget(this.#clock, this.#timeBudgetMs, signal);
      await using leases = new QueryLeases({ signal }, { segments: this.#segments, trace });
      const answer = await work(leases, budget);
      const found = leases.isComplete ? answer : { ...answer, progress: 'Incomplete' as const };
      const elapsedMs = Math.round(budget.elapsedMs);
      this.#logger.debug({ projectName, elapsedMs }, 'query done');
      return { found, elapsedMs };
    });
  }
}

/** The segments of a search; `range` in whole seconds. */
async function leased(
  leases: QueryLeases,
  { fromTime, toTime }: TimeRange,
  { id }: IndexedLogstore,
): Promise<Pick<SegmentLease, 'segments'>> {
  return await leases.acquire({ logstoreId: id, fromTime, toTime });
}

function isIntegerIn(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}

function analysisText(parsed: ParsedQuery): string {
  const { analysis } = parsed;
  if (analysis.kind === 'sql' || analysis.kind === 'spl') return analysis.text.trim();
  return analysis.kind === 'packMeta' ? 'with_pack_meta' : '';
}

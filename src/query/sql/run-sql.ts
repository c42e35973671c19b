/** Runs a statement: translates it, finds the logs of its relations, reads the rows. */
import { AppError, errorCode, errorMessage } from '#base/app-error.ts';
import { assert } from '#base/assert.ts';
import { setField, type LogRow } from '#segment/log-row.ts';
import type { DuckTasks, SqlAnswer } from '../duck/duck-messages.ts';
import type { DuckProcess } from '../duck/duck-process.ts';
import { noteSql } from '../explain/explain-sql.ts';
import { step } from '../explain/query-trace.ts';
import type { Found } from '../found.ts';
import { RELATIONS_MAX } from '../limits.ts';
import type { QueryBudget } from '../query-budget.ts';
import type { TimeRange } from '../time-range.ts';
import { answerSql } from './answer-sql.ts';
import { scanColumns, sqlColumns } from './columns.ts';
import type { SqlLogstore } from './request.ts';
import { sqlError } from './errors.ts';
import { findLogs, type FindLogsCollaborators, type FoundLogs, type OwnLogs } from './find-logs.ts';
import { newestMatches, writtenNames } from './scan-logs.ts';
import type { IndexedLogstore, SqlLogstores } from './sql-logstores.ts';

export interface RunSqlRequest {
  /** All that follows the bar. */
  readonly sql: string;
  /** The logstore of the request and its search; undefined: SQL over a project. */
  readonly own: OwnLogs | undefined;
  /** The range of the request. */
  readonly range: TimeRange;
  /** Whether it reads fields without an index. */
  readonly isScan?: boolean | undefined;
}

export interface RunSqlCollaborators extends FindLogsCollaborators {
  readonly duck: DuckProcess;
  readonly logstores: SqlLogstores;
}

type Translated = Extract<DuckTasks['translate']['answer'], { kind: 'sql' }>;

/** How errors of DuckDB look that a damaged or missing file may be the reason of. */
const FILE_ERROR = /parquet|zstd|thrift|IO Error|No such file|corrupt|checksum/iu;

/**
 * The rows of the statement. Incomplete: over the newest logs only, when there was no time to match all segments; no rows,
 * when the statement itself did not end in time. Errors: ParameterInvalid, those of `SqlLogstores.find`.
 */
export async function runSql(
  request: RunSqlRequest,
  collaborators: RunSqlCollaborators,
): Promise<Found> {
  const { duck, budget, trace } = collaborators;
  let logs: FoundLogs | undefined;
  try {
    const translated = await step(trace, 'translate', () => translate(request, collaborators));
    const others = collaborators.logstores.found;
    const scanNames = scanNamesOf(request);
    const specs = translated.relations;
    logs = await findLogs({ ...request, specs, others, scanNames }, collaborators);
    if (request.isScan === true) logs = newestLogs(logs);
    const { limited } = translated;
    const { relations } = logs;
    const { answer, asked } = await answerSql(
      { ...translated, relations },
      { duck, budget, trace },
    );
    noteSql(
      trace,
      { asked, relations, plan: translated.plan, profile: answer.explained?.profile },
      {
        statement: request.sql.trim(),
        logstoreName: request.own?.logstore.logstoreName ?? '',
        range: request.range,
      },
    );
    return {
      ...factsOf(logs),
      progress: logs.isComplete ? 'Complete' : 'Incomplete',
      rows: rowsOf(answer, firstTime(request, translated)),
      keys: answer.keys,
      columnTypes: answer.columnTypes,
      limited,
    };
  } catch (error) {
    budget.signal?.throwIfAborted();
    if (errorCode(error) === 'QueryTimeout') return { ...factsOf(logs), ...NO_ROWS };
    throw await failure(error, { ...collaborators, text: request.sql, logs });
  }
}

/** What a failed statement or pipeline is to the user; has damaged files looked at. */
export async function failure(
  error: unknown,
  context: {
    readonly text: string;
    readonly logs: FoundLogs | undefined;
    readonly budget: QueryBudget;
    readonly duck: DuckProcess;
  },
): Promise<unknown> {
  if (FILE_ERROR.test(errorMessage(error))) await verifyFiles(context.logs, context.budget);
  return sqlError(error, context.text, context.duck.memoryLimitBytes);
}

/** Asks again while the statement names logstores that are not known yet. */
async function translate(
  request: RunSqlRequest,
  { duck, budget, logstores }: RunSqlCollaborators,
): Promise<Translated> {
  const { sql, own, range, isScan } = request;
  const scanNames = scanNamesOf(request);
  for (;;) {
    const translated = await duck.translate(budget, {
      text: sql,
      logstore: own && sqlLogstore(own.logstore.logstoreName, own.logstore, scanNames),
      otherLogstores: [...logstores.found].map(([name, logstore]) =>
        sqlLogstore(name, logstore, scanNames),
      ),
      fromTime: range.fromTime,
      toTime: range.toTime,
      isScan,
    });
    if (translated.kind === 'sql') {
      if (translated.relations.length > RELATIONS_MAX)
        throw new AppError('ParameterInvalid', `a statement can read ${RELATIONS_MAX} relations`);
      return translated;
    }
    const unknown = translated.logstoreNames.filter((name) => !logstores.found.has(name));
    assert(unknown.length > 0, 'a translation needs only what it was not given');
    await logstores.find(unknown);
  }
}

function scanNamesOf({ sql, isScan }: RunSqlRequest): readonly string[] | undefined {
  return isScan === true ? writtenNames(sql) : undefined;
}

function sqlLogstore(
  name: string,
  { index }: IndexedLogstore,
  scanNames: readonly string[] | undefined,
): SqlLogstore {
  return {
    name,
    columns: scanNames === undefined ? sqlColumns(index) : scanColumns(scanNames, index),
  };
}

/** As far as a scan may read them. */
export function newestLogs(logs: FoundLogs): FoundLogs {
  let { isAccurate } = logs;
  const relations = logs.relations.map((relation) => {
    const matches = newestMatches(relation.matches);
    isAccurate &&= matches === relation.matches;
    return { ...relation, matches };
  });
  return { ...logs, relations, isAccurate };
}

/** What an answer has when the time was over before any row. */
export const NO_ROWS: Pick<Found, 'progress' | 'rows' | 'keys' | 'columnTypes' | 'limited'> = {
  progress: 'Incomplete',
  rows: [],
  keys: [],
  columnTypes: [],
  limited: undefined,
};

export function factsOf(
  logs: FoundLogs | undefined,
): Pick<Found, 'processedRows' | 'processedBytes' | 'isAccurate'> {
  const { processedRows = 0, processedBytes = 0, isAccurate = true } = logs ?? {};
  return { processedRows, processedBytes, isAccurate };
}

/** The time that rows of an answer carry, whatever their columns are: where the logs begin, in Unix seconds. */
function firstTime({ own, range }: RunSqlRequest, { relations }: Translated): number {
  if (own !== undefined) return range.fromTime;
  return Math.min(...relations.map(({ timeRange }) => timeRange?.fromTime ?? range.fromTime));
}

/** Clients read a time and a source in every row; `keys` says which are columns (sls-query §4.1). */
function rowsOf({ keys, rows }: SqlAnswer, fromTime: number): LogRow[] {
  const time = String(fromTime);
  return rows.map((cells) => {
    const row: Record<string, string> = { __source__: '', __time__: time };
    for (const [i, key] of keys.entries()) setField(row, key, cells[i] ?? 'null');
    return row;
  });
}

/** Whose file it was says its owner, who then has it built again. */
async function verifyFiles(logs: FoundLogs | undefined, budget: QueryBudget): Promise<void> {
  const readers = logs?.relations.flatMap(({ matches }) => matches.map(({ reader }) => reader));
  for (const reader of new Set(readers)) await reader.verifyRows?.(budget.signal);
}

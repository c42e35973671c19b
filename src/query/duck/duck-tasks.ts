/** What the process that owns DuckDB does for each kind of task. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { AppError } from '#base/app-error.ts';
import type { Clock } from '#platform/clock.ts';
import {
  EXPLAIN_AGAIN_MS_MAX,
  KEPT_MEMORY_SHARE,
  SQL_ANSWER_BYTES_MAX,
  SQL_ROWS_MAX,
} from '../limits.ts';
import { translateSpl } from '../spl/translate-spl.ts';
import { planAnswer } from '../sql/answer-plan.ts';
import { cellFormat, nameFields, prestoType } from '../sql/cells.ts';
import type { SqlColumn } from '../sql/columns.ts';
import { translateSql } from '../sql/dialect.ts';
import { readFunctionFacts, type FunctionFacts } from '../sql/function-facts.ts';
import { withParts } from './answer-parts.ts';
import type { DuckTask, DuckTasks, SqlAnswer } from './duck-messages.ts';
import { createBits, withRelations } from './duck-views.ts';
import { KeptParts } from './kept-parts.ts';
import { profileOf } from './profile.ts';

/** What tasks of one process share. */
export class SharedState {
  readonly kept: KeptParts;
  #functions: FunctionFacts | undefined;

  constructor(options: { readonly memoryLimitBytes: number }) {
    this.kept = new KeptParts({ bytesMax: options.memoryLimitBytes * KEPT_MEMORY_SHARE });
  }

  async functions(connection: DuckDBConnection): Promise<FunctionFacts> {
    this.#functions ??= await readFunctionFacts(connection);
    return this.#functions;
  }
}

export interface TaskContext {
  /** IANA name. */
  readonly timeZone: string;
  readonly shared: SharedState;
  readonly clock: Clock;
  /** Takes rows of the answer; resolves when more may come. */
  readonly sendRows: (rows: SqlAnswer['rows']) => Promise<void>;
}

/** The answer without the rows that went to `sendRows`. */
export async function runTask(
  connection: DuckDBConnection,
  task: DuckTask,
  context: TaskContext,
): Promise<unknown> {
  const { kept } = context.shared;
  if (task.kind === 'translate') return await translate(connection, task.request, context.shared);
  if (task.kind === 'translateSpl') return await translateSpl(connection, task.request);
  if (task.kind === 'missing')
    return task.request.parts.map(({ key, segments }) => kept.missing(key, segments));
  const { views, parts, isExplained } = task.request;
  for (const view of views) await createBits(connection, view);
  return await withParts(connection, { parts, kept }, async (relations) => {
    const sql = withRelations([...views, ...relations], task.request.sql);
    const startMs = context.clock.monotonicMs();
    const answer = await readAnswer(connection, sql, context);
    if (isExplained !== true) return answer;
    const isShort = context.clock.monotonicMs() - startMs <= EXPLAIN_AGAIN_MS_MAX;
    const explained = isShort ? await profileOf(connection, sql, context.clock) : undefined;
    return { ...answer, explained };
  });
}

async function translate(
  connection: DuckDBConnection,
  request: DuckTasks['translate']['request'],
  shared: SharedState,
): Promise<DuckTasks['translate']['answer']> {
  const translated = await translateSql(connection, request);
  if (translated.kind === 'needs') return translated;
  const columns = new Map<string, readonly SqlColumn[]>();
  for (const { viewName, logstoreName } of translated.relations) {
    const logstore =
      logstoreName === undefined
        ? request.logstore
        : request.otherLogstores.find(({ name }) => name === logstoreName);
    if (logstore !== undefined) columns.set(viewName, logstore.columns);
  }
  const functions = await shared.functions(connection);
  const plan = await planAnswer(connection, translated.sql, { columns, functions });
  return { ...translated, plan };
}

async function readAnswer(
  connection: DuckDBConnection,
  sql: string,
  context: TaskContext,
): Promise<SqlAnswer> {
  const result = await connection.stream(sql);
  const types = result.columnTypes();
  const unnamed = types.flatMap((type, i) => (nameFields(type) ? [i] : []));
  const formats = types.map((type) => cellFormat(type, context.timeZone));
  let bytes = 0;
  let rowCount = 0;
  // Rows are on their way while the next ones are made.
  let sent = Promise.resolve();
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    for (const i of unnamed) nameFields(chunk.getColumnVector(i).type);
    const rows = chunk
      .getRows()
      .map((cells) => cells.map((value, i) => formats[i]?.(value) ?? 'null'));
    rowCount += rows.length;
    for (const row of rows) for (const text of row) bytes += text.length;
    if (bytes > SQL_ANSWER_BYTES_MAX || rowCount > SQL_ROWS_MAX)
      throw new AppError('ParameterInvalid', 'sql answer is too large, please use a smaller limit');
    await sent;
    sent = context.sendRows(rows);
  }
  await sent;
  return {
    keys: result.columnNames(),
    columnTypes: result.columnTypes().map(prestoType),
    rows: [],
  };
}

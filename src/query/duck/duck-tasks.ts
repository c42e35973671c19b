/** What the process that owns DuckDB does for each kind of task. */
import { DuckDBBlobValue, type DuckDBConnection } from '@duckdb/node-api';
import { AppError } from '#base/app-error.ts';
import type { DuckTask, LogView, SqlAnswer } from './duck-messages.ts';
import { SQL_ANSWER_BYTES_MAX, SQL_ROWS_MAX } from '../limits.ts';
import { cellFormat, prestoType } from '../sql/cells.ts';
import { translateSql } from '../sql/dialect.ts';

export interface TaskContext {
  /** IANA name. */
  readonly timeZone: string;
  /** Takes rows of the answer; resolves when more may come. */
  readonly sendRows: (rows: SqlAnswer['rows']) => Promise<void>;
}

/** The answer without the rows that went to `sendRows`. */
export function runTask(
  connection: DuckDBConnection,
  task: DuckTask,
  context: TaskContext,
): Promise<unknown> {
  if (task.kind === 'translate') return translateSql(connection, task.request);
  return readAnswer(connection, task.request, context);
}

async function readAnswer(
  connection: DuckDBConnection,
  request: { readonly sql: string; readonly views: readonly LogView[] },
  context: TaskContext,
): Promise<SqlAnswer> {
  await createViews(connection, request.views);
  const result = await connection.stream(request.sql);
  const formats = result.columnTypes().map((type) => cellFormat(type, context.timeZone));
  let bytes = 0;
  let rowCount = 0;
  // Rows are on their way while the next ones are made.
  let sent = Promise.resolve();
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
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

async function createViews(connection: DuckDBConnection, views: readonly LogView[]): Promise<void> {
  await connection.run('CREATE TEMP TABLE sls_bits (name VARCHAR, segment INTEGER, bits BIT)');
  for (const { name, select, bits } of views) {
    for (const { segment, bytes } of bits)
      await connection.run(`INSERT INTO sls_bits VALUES ('${name}', ${segment}, $1::BLOB::BIT)`, [
        new DuckDBBlobValue(bytes),
      ]);
    await connection.run(`CREATE TEMP VIEW ${name} AS ${select}`);
  }
}

/** Runs the analysis part of a query: translate, make the view, read the rows. */
import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api';
import { AppError, errorCode } from '#base/app-error.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import type { SegmentReader } from '#segment/segment.ts';
import type { DuckEngine, QueryBudget } from './duck-engine.ts';
import type { LogRow } from './fetch-rows.ts';
import type { Found } from './found.ts';
import { SQL_ANSWER_BYTES_MAX, SQL_ROWS_MAX, SQL_SEGMENTS_MAX } from './limits.ts';
import { matchSegment, type MatchRequest, type SegmentMatch } from './match-segment.ts';
import { cellFormat, prestoType } from './sql-cells.ts';
import { sqlColumns } from './sql-columns.ts';
import { translateSql } from './sql-dialect.ts';
import { sqlError } from './sql-errors.ts';
import { createLogView } from './sql-view.ts';

export interface RunSqlRequest extends MatchRequest {
  readonly logstoreName: string;
  readonly sql: string;
  readonly index: IndexConfig;
  readonly timeZone: string;
}

export interface RunSqlCollaborators {
  readonly engine: DuckEngine;
  readonly segments: readonly SegmentReader[];
  readonly budget: QueryBudget;
  readonly memoryLimitBytes: number;
}

/** The rows of the statement; none, and Incomplete, when the time was over. Errors: ParameterInvalid. */
export async function runSql(
  request: RunSqlRequest,
  collaborators: RunSqlCollaborators,
): Promise<Found> {
  const { engine, segments, budget } = collaborators;
  if (segments.length > SQL_SEGMENTS_MAX)
    throw new AppError('ParameterInvalid', 'time range has too many segments for sql');
  const matches: SegmentMatch[] = [];
  const facts = { processedRows: 0, processedBytes: 0, isAccurate: true, limited: undefined };
  try {
    return await engine.use(budget, async (connection) => {
      const columns = sqlColumns(request.index);
      const { logstoreName, sql: text } = request;
      const { sql, limited } = await translateSql(connection, { text, logstoreName, columns });
      for (const reader of segments) {
        if (budget.isOver()) throw new AppError('QueryTimeout', 'query ran out of time');
        const match = await matchSegment(reader, request);
        if (match.isPartial) facts.isAccurate = false;
        if (match.ranks.count === 0) continue;
        facts.processedRows += match.ranks.count;
        facts.processedBytes += reader.info.parquetBytes;
        matches.push(match);
      }
      const textBytesMax = request.index.max_text_len;
      await createLogView(connection, { matches, columns, textBytesMax });
      const answer = await readAnswer(connection, sql, request.timeZone);
      return { ...facts, ...answer, limited, progress: 'Complete' };
    });
  } catch (error) {
    budget.signal?.throwIfAborted();
    if (errorCode(error) === 'QueryTimeout')
      return { ...facts, progress: 'Incomplete', rows: [], keys: [], columnTypes: [] };
    throw sqlError(error, request.sql, collaborators.memoryLimitBytes);
  }
}

async function readAnswer(
  connection: DuckDBConnection,
  sql: string,
  timeZone: string,
): Promise<Pick<Found, 'rows' | 'keys' | 'columnTypes'>> {
  const result: DuckDBResult = await connection.stream(sql);
  const keys = result.columnNames();
  const formats = result.columnTypes().map((type) => cellFormat(type, timeZone));
  const rows: LogRow[] = [];
  let bytes = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    for (const cells of chunk.getRows()) {
      const row: [string, string][] = [];
      for (const [i, value] of cells.entries()) {
        const text = formats[i]?.(value) ?? 'null';
        bytes += text.length;
        row.push([keys[i] ?? '', text]);
      }
      rows.push(Object.fromEntries(row));
    }
    if (bytes > SQL_ANSWER_BYTES_MAX || rows.length > SQL_ROWS_MAX)
      throw new AppError('ParameterInvalid', 'sql answer is too large, please use a smaller limit');
  }
  return { rows, keys, columnTypes: result.columnTypes().map(prestoType) };
}

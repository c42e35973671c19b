/** Runs the analysis part of a query: translate, make the view, read the rows. */
import { AppError, errorCode, errorMessage } from '#base/app-error.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import type { SegmentReader } from '#segment/segment.ts';
import type { DuckProcess } from '../duck/duck-process.ts';
import type { Found } from '../found.ts';
import { SQL_SEGMENTS_MAX } from '../limits.ts';
import { matchSegment, type MatchRequest, type SegmentMatch } from '../search/match-segment.ts';
import type { QueryBudget } from '../query-budget.ts';
import { sqlColumns } from './columns.ts';
import { sqlError } from './errors.ts';
import { answerSql } from './answer-sql.ts';

export interface RunSqlRequest extends MatchRequest {
  readonly logstoreName: string;
  readonly sql: string;
  readonly index: IndexConfig;
}

export interface RunSqlCollaborators {
  readonly duck: DuckProcess;
  readonly segments: readonly SegmentReader[];
  readonly budget: QueryBudget;
  readonly memoryLimitBytes: number;
}

/** How errors of DuckDB look that a damaged or missing file may be the reason of. */
const FILE_ERROR = /parquet|zstd|thrift|IO Error|No such file|corrupt|checksum/iu;

/** The rows of the statement; none, and Incomplete, when the time was over. Errors: ParameterInvalid. */
export async function runSql(
  request: RunSqlRequest,
  collaborators: RunSqlCollaborators,
): Promise<Found> {
  const { duck, segments, budget } = collaborators;
  if (segments.length > SQL_SEGMENTS_MAX)
    throw new AppError('ParameterInvalid', 'time range has too many segments for sql');
  const matches: SegmentMatch[] = [];
  const facts = { processedRows: 0, processedBytes: 0, isAccurate: true, limited: undefined };
  try {
    const columns = sqlColumns(request.index);
    const { logstoreName, sql: text } = request;
    const translated = await duck.run(budget, 'translate', {
      text,
      logstore: { name: logstoreName, columns },
      otherLogstores: [],
      fromTime: request.fromTime,
      toTime: request.toTime,
    });
    if (translated.kind === 'needs')
      throw new AppError('ParameterInvalid', 'other logstores cannot be read');
    for (const reader of segments) {
      if (budget.isOver()) throw new AppError('QueryTimeout', 'query ran out of time');
      const match = await matchSegment(reader, request);
      if (match.isPartial) facts.isAccurate = false;
      if (match.ranks.count === 0) continue;
      facts.processedRows += match.ranks.count;
      facts.processedBytes += reader.info.parquetBytes;
      matches.push(match);
    }
    const { sql, limited, relations } = translated;
    const { keys, columnTypes, rows } = await answerSql(
      {
        sql,
        relations: relations.map((spec) => ({
          spec,
          columns,
          textBytesMax: request.index.max_text_len,
          matches,
        })),
      },
      { duck, budget },
    );
    return {
      ...facts,
      rows: rows.map((cells) =>
        Object.fromEntries(keys.map((key, i) => [key, cells[i] ?? 'null'])),
      ),
      keys,
      columnTypes,
      limited,
      progress: 'Complete',
    };
  } catch (error) {
    budget.signal?.throwIfAborted();
    if (errorCode(error) === 'QueryTimeout')
      return { ...facts, progress: 'Incomplete', rows: [], keys: [], columnTypes: [] };
    // Whose file it was says its owner, who then has it built again.
    if (FILE_ERROR.test(errorMessage(error)))
      for (const { reader } of matches) await reader.verifyRows?.(budget.signal);
    throw sqlError(error, request.sql, collaborators.memoryLimitBytes);
  }
}

/** From the service's SQL to what DuckDB runs: the one door a parser of our own would come in by. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { AppError } from '#base/app-error.ts';
import { must } from '#base/assert.ts';
import { checkSql } from './check.ts';
import type { SqlColumn } from './columns.ts';
import type { RelationSpec } from './relation.ts';
import { rewriteSql } from './rewrite.ts';
import { lineColumn, spliceSql } from './splice.ts';
import { expandTimes } from './time.ts';
import { parseSql, printSql } from './tree.ts';
import { usedNames } from './used-names.ts';

export interface SqlRequest {
  /** All that follows the bar. */
  readonly text: string;
  /** The logstore of the request; undefined for SQL over a project, where every relation is named. */
  readonly logstore: SqlLogstore | undefined;
  /** Other logstores of the project that the statement names, as far as they are known yet. */
  readonly otherLogstores: readonly SqlLogstore[];
  /** The range of the request, [from, to) in Unix seconds. */
  readonly fromTime: number;
  readonly toTime: number;
}

export interface SqlLogstore {
  readonly name: string;
  readonly columns: readonly SqlColumn[];
}

export type TranslatedSql =
  /** Nothing was translated: ask again with these logstores too. */
  | { readonly kind: 'needs'; readonly logstoreNames: readonly string[] }
  | {
      readonly kind: 'sql';
      /** One SELECT over the views of the relations. */
      readonly sql: string;
      readonly relations: readonly RelationSpec[];
      /** The limit that was added. */
      readonly limited: number | undefined;
    };

/** Errors: ParameterInvalid, with the service's messages as far as they are known (sls-query §3.10). */
export async function translateSql(
  connection: DuckDBConnection,
  request: SqlRequest,
): Promise<TranslatedSql> {
  const { sql: text, hasSkip } = spliceSql(request.text);
  const parsed = await parseSql(connection, text);
  if (parsed.kind === 'error') throw syntaxError(request.text, parsed);
  if (parsed.statementCount !== 1)
    throw new AppError('ParameterInvalid', 'only one sql statement is allowed');
  const { name, columns } = must(request.logstore, 'a request without a logstore');
  const relations = new Set(['log', name.toLowerCase()]);
  checkSql(parsed.root, { text: request.text, relations });
  const starColumns = [
    '__time__',
    ...columns.filter((column) => !column.isAlias).map((column) => column.name),
  ];
  const limited = rewriteSql(parsed.root, { relations, starColumns, hasSkip });
  await expandTimes(connection, parsed.root);
  const sql = await printSql(connection, parsed.root);
  const log: RelationSpec = {
    viewName: 'log',
    logstoreName: undefined,
    shiftSeconds: 0,
    timeRange: undefined,
    usedNames: usedNames(parsed.root, relations),
  };
  return { kind: 'sql', sql, relations: [log], limited };
}

function syntaxError(
  text: string,
  error: { readonly message: string; readonly position: number | undefined },
): AppError {
  const near = /at or near "([\s\S]*)"/.exec(error.message)?.[1];
  if (near === undefined) {
    const isOther = error.message.startsWith('Only SELECT');
    const detail = isOther ? 'only SELECT statements over log are supported' : error.message;
    return new AppError('ParameterInvalid', `line 1:1: ${detail}`);
  }
  const place = lineColumn(text, error.position ?? 0);
  return new AppError('ParameterInvalid', `line ${place}: mismatched input '${near}'`);
}

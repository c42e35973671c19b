/** From the service's SQL to what DuckDB runs: the one door a parser of our own would come in by. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { AppError } from '#base/app-error.ts';
import { checkSql, tableNames } from './check.ts';
import type { SqlContext } from './context.ts';
import { RelationTable, relationSpec, type ReadRelation } from './relation-table.ts';
import type { RelationSpec } from './relation.ts';
import type { SqlRequest, TranslatedSql } from './request.ts';
import { rewriteQuery, rewriteSql } from './rewrite.ts';
import { spliceSql, type SplicedSql } from './splice.ts';
import { openTemplates } from './templates.ts';
import { eachNode, parseSql, printSql, selectNode, type SqlNode } from './tree.ts';

/** Errors: ParameterInvalid, with the service's messages as far as they are known (sls-query §3.10). */
export async function translateSql(
  connection: DuckDBConnection,
  request: SqlRequest,
): Promise<TranslatedSql> {
  const spliced = spliceSql(request.text);
  const parsed = await parseSql(connection, spliced.sql);
  if (parsed.kind === 'error') throw syntaxError(spliced, parsed);
  if (parsed.statementCount !== 1)
    throw new AppError('ParameterInvalid', 'only one sql statement is allowed');
  checkSql(parsed.root, spliced);
  if (request.isScan === true) checkScan(parsed.root, spliced);
  const relations = new RelationTable(request);
  const needed = tableNames(parsed.root).filter((name) => relations.find(name) === undefined);
  if (needed.length > 0) return { kind: 'needs', logstoreNames: needed };
  const context: SqlContext = {
    request,
    spliced,
    templates: await openTemplates(connection),
    relations,
    kinds: new WeakMap(),
    query: (query, scope) => rewriteQuery(query, scope, context),
  };
  const limited = rewriteSql(parsed.root, context);
  const sql = await printSql(connection, parsed.root);
  const specs: RelationSpec[] = [];
  for (const relation of relations.relations)
    specs.push(relationSpec(relation, await timeRange(connection, relation, request)));
  return { kind: 'sql', sql, relations: specs, limited };
}

/** A scan knows only the fields that it names. */
function checkScan(root: SqlNode, spliced: SplicedSql): void {
  eachNode(root, (node) => {
    if (node['class'] !== 'STAR') return true;
    const place = spliced.placeOf(node['query_location']);
    throw new AppError('ParameterInvalid', `line ${place}: select * is not supported in scan mode`);
  });
}

/** The range that conditions give a relation; undefined: the request's. */
async function timeRange(
  connection: DuckDBConnection,
  { logstoreName, bounds }: ReadRelation,
  { logstore }: SqlRequest,
): Promise<RelationSpec['timeRange']> {
  if (logstore !== undefined) return undefined;
  let fromTime = -Infinity;
  let toTime = Infinity;
  for (const { isFrom, isInside, seconds } of bounds) {
    const value = await constantSeconds(connection, seconds);
    if (value === undefined) continue;
    // The range is of whole seconds, begins inside and ends outside.
    if (isFrom) fromTime = Math.max(fromTime, isInside ? Math.ceil(value) : Math.floor(value) + 1);
    else toTime = Math.min(toTime, isInside ? Math.floor(value) + 1 : Math.ceil(value));
  }
  if (!Number.isFinite(fromTime) || !Number.isFinite(toTime))
    throw new AppError(
      'ParameterInvalid',
      `the logs of ${logstoreName ?? 'log'} need a time range: where __time__ >= … and __time__ < …`,
    );
  return { fromTime, toTime: Math.max(toTime, fromTime) };
}

/** The value of a constant expression of the user; undefined for null. */
async function constantSeconds(
  connection: DuckDBConnection,
  expression: SqlNode,
): Promise<number | undefined> {
  const select = selectNode([expression], { type: 'EMPTY', alias: '', sample: null });
  const sql = await printSql(connection, { node: select, named_param_map: [] });
  const result = await connection.runAndReadAll(sql);
  const value = result.getRowsJS()[0]?.[0];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** The error of the parser in the words of the service. */
export function syntaxError(
  spliced: SplicedSql,
  error: { readonly message: string; readonly position: number | undefined },
): AppError {
  const near = /at or near "([\s\S]*)"/.exec(error.message)?.[1];
  const place = spliced.placeOf(error.position);
  if (near !== undefined)
    return new AppError('ParameterInvalid', `line ${place}: mismatched input '${near}'`);
  if (error.message.startsWith('Only SELECT'))
    return new AppError(
      'ParameterInvalid',
      'line 1:1: only SELECT statements over log are supported',
    );
  if (error.message.startsWith('SELECT clause without selection list'))
    return new AppError('ParameterInvalid', "line 1:1: mismatched input 'from'");
  const isEnd = /end of input/.test(error.message);
  return new AppError(
    'ParameterInvalid',
    `line ${place}: mismatched input${isEnd ? " '<EOF>'" : ''}`,
  );
}

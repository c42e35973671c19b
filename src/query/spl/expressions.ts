/** Expressions inside the stages of a pipeline: SQL's, for one row, or for many in `stats`. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { AppError } from '#base/app-error.ts';
import { checkSql } from '../sql/check.ts';
import type { SqlContext } from '../sql/context.ts';
import { syntaxError } from '../sql/dialect.ts';
import { unknownColumn } from '../sql/errors.ts';
import { AGGREGATE_FUNCTIONS } from '../sql/functions.ts';
import { spliceExpression, type SplicedSql } from '../sql/splice.ts';
import {
  eachNode,
  isNode,
  nodesOf,
  parseSql,
  printSql,
  selectNode,
  textOf,
  textsOf,
  type SqlNode,
} from '../sql/tree.ts';
import { HIDDEN_PREFIX } from './stage-reader.ts';
import type { Span } from './stages.ts';

export interface SplExpression {
  readonly node: SqlNode;
  readonly spliced: SplicedSql;
  /** Names that may be fields, as written. */
  readonly names: readonly string[];
}

/** Members of a SELECT that an expression does not have. */
const CLAUSES = ['where_clause', 'having', 'sample', 'qualify'] as const;
const LISTS = ['modifiers', 'group_expressions'] as const;

/** A checked expression. Errors: ParameterInvalid. */
export async function readExpression(
  connection: DuckDBConnection,
  text: string,
  { start, end }: Span,
): Promise<SplExpression> {
  const spliced = spliceExpression(text, start, end);
  const parsed = await parseSql(connection, spliced.sql);
  if (parsed.kind === 'error') throw syntaxError(spliced, parsed);
  checkSql(parsed.root, spliced);
  const place = spliced.placeOf(SELECT_LENGTH);
  const node = parsed.statementCount === 1 ? onlyExpression(parsed.root['node']) : undefined;
  if (node === undefined)
    throw new AppError('ParameterInvalid', `line ${place}: this is not one expression`);
  const names: string[] = [];
  eachNode(node, (inner) => {
    checkNode(inner, spliced);
    if (inner['class'] !== 'COLUMN_REF') return true;
    const [name = ''] = textsOf(inner, 'column_names');
    if (name.toLowerCase().startsWith(HIDDEN_PREFIX)) throw unknownColumn(spliced, inner, name);
    names.push(name);
    return true;
  });
  return { node, spliced, names };
}

const SELECT_LENGTH = 'SELECT '.length;

function onlyExpression(select: SqlNode[string] | undefined): SqlNode | undefined {
  if (!isNode(select) || select['type'] !== 'SELECT_NODE') return undefined;
  const [node, ...others] = nodesOf(select, 'select_list');
  const from = select['from_table'];
  const ctes = select['cte_map'];
  const isPlain =
    others.length === 0 &&
    isNode(from) &&
    from['type'] === 'EMPTY' &&
    CLAUSES.every((clause) => !isNode(select[clause])) &&
    LISTS.every((list) => nodesOf(select, list).length === 0) &&
    (!isNode(ctes) || nodesOf(ctes, 'map').length === 0);
  return isPlain && node !== undefined && textOf(node, 'alias') === '' ? node : undefined;
}

function checkNode(node: SqlNode, spliced: SplicedSql): void {
  const kind = node['class'];
  const what =
    kind === 'SUBQUERY'
      ? 'a query'
      : kind === 'WINDOW'
        ? 'a window function'
        : kind === 'STAR'
          ? "'*'"
          : undefined;
  if (what === undefined) return;
  const place = spliced.placeOf(node['query_location']);
  throw new AppError('ParameterInvalid', `line ${place}: ${what} cannot be used in a pipeline`);
}

/** Errors: ParameterInvalid for one that makes one value of many rows. */
export function checkOneRow({ node, spliced }: SplExpression): void {
  eachNode(node, (inner) => {
    const name = textOf(inner, 'function_name').toLowerCase();
    if (!AGGREGATE_FUNCTIONS.has(name)) return true;
    const place = spliced.placeOf(inner['query_location']);
    throw new AppError('ParameterInvalid', `line ${place}: ${name} is only available in stats`);
  });
}

/** The text of a rewritten expression. */
export async function printExpression(
  connection: DuckDBConnection,
  node: SqlNode,
): Promise<string> {
  const select = selectNode([node], { type: 'EMPTY', alias: '', sample: null });
  const sql = await printSql(connection, { node: select, named_param_map: [] });
  return sql.slice(SELECT_LENGTH);
}

/** The context of the rewrites, for places inside this expression. */
export function contextOf(context: SqlContext, { spliced }: SplExpression): SqlContext {
  return { ...context, spliced };
}

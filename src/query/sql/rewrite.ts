/**
 * Turns a checked tree in the service's dialect into one that DuckDB understands in the same way (sls-query §3.5): queries
 * with their scopes, common table expressions, limits. `from.ts` does relations, `outputs.ts` what a SELECT gives,
 * `rewrite-expressions.ts` expressions.
 */
import { AppError } from '#base/app-error.ts';
import { SQL_PAGE_ROWS_MAX, SQL_ROWS_DEFAULT, SQL_ROWS_MAX } from '../limits.ts';
import { compareKeys, compareSeconds, isQueryRelation, joinEarlier } from './compare.ts';
import { errorAt, type RewrittenQuery, type SqlContext } from './context.ts';
import { cteName } from './cte-name.ts';
import { rewriteFrom, type RewrittenFrom } from './from.ts';
import { commonKind } from './kinds.ts';
import {
  outputScope,
  rewriteGroups,
  rewriteOrders,
  rewriteOutputs,
  type Outputs,
} from './outputs.ts';
import { rewriteCondition, rewriteExpression } from './rewrite-expressions.ts';
import { histogramRows } from './histogram-rows.ts';
import { logReduce } from './log-reduce.ts';
import { gatherBounds } from './time-bounds.ts';
import { timeSeries } from './time-series.ts';
import {
  EMPTY_SCOPE,
  renameColumns,
  type Scope,
  type ScopeCte,
  type ScopeRelation,
} from './scope.ts';
import {
  constantText,
  integerNode,
  isNode,
  nodesOf,
  tableNode,
  textOf,
  textsOf,
  type SqlNode,
  type SqlValue,
} from './tree.ts';
import { findName } from './tokens.ts';
import { liftTries } from './try-lift.ts';

/**
 * Rewrites the statement in place. Returns the number of rows it was limited to because it has no LIMIT.
 * Errors: ParameterInvalid.
 */
export function rewriteSql(statement: SqlNode, context: SqlContext): number | undefined {
  const root = statement['node'];
  if (!isNode(root)) throw refuse('only SELECT statements over log are supported');
  if (context.request.logstore !== undefined) addImplicitFrom(root);
  const limited = limitOutermost(root, context.spliced.hasSkip);
  statement['node'] = rewriteQuery(root, EMPTY_SCOPE, context, true).node;
  return limited;
}

/** FROM may be left out at the top level, in each arm of a union. */
function addImplicitFrom(node: SqlNode): void {
  for (const arm of setArms(node)) addImplicitFrom(arm);
  const from = node['from_table'];
  if (node['type'] === 'SELECT_NODE' && isNode(from) && from['type'] === 'EMPTY')
    node['from_table'] = tableNode('log', '');
}

function setArms(node: SqlNode): readonly SqlNode[] {
  if (node['type'] !== 'SET_OPERATION_NODE') return [];
  return [node['left'], node['right'], ...nodesOf(node, 'children')].filter(isNode);
}

function limitOutermost(root: SqlNode, hasSkip: boolean): number | undefined {
  const modifiers = root['modifiers'] as SqlValue[];
  const limit = nodesOf(root, 'modifiers').find((node) => node['type'] === 'LIMIT_MODIFIER');
  if (limit === undefined || limit['limit'] === null) {
    const added = { type: 'LIMIT_MODIFIER', limit: integerNode(SQL_ROWS_DEFAULT), offset: null };
    root['modifiers'] = [...modifiers.filter((modifier) => modifier !== limit), added];
    return SQL_ROWS_DEFAULT;
  }
  const count = wholeNumber(limit['limit']);
  const skip = limit['offset'] === null ? 0 : wholeNumber(limit['offset']);
  if (limit['offset'] !== null && !hasSkip)
    throw refuse("line 1:1: mismatched input 'offset' expecting <EOF>");
  if (count + skip > SQL_ROWS_MAX || (skip > 0 && count > SQL_PAGE_ROWS_MAX))
    throw refuse(
      `limit is too large: at most ${SQL_ROWS_MAX} rows, ${SQL_PAGE_ROWS_MAX} with skipped rows`,
    );
  return undefined;
}

function wholeNumber(value: SqlValue | undefined): number {
  const number = isNode(value) ? Number(constantText(value) ?? Number.NaN) : Number.NaN;
  if (!Number.isSafeInteger(number) || number < 0) throw refuse('limit is not a whole number');
  return number;
}

/** A SELECT or a set operation with all below it. Errors: ParameterInvalid. */
export function rewriteQuery(
  query: SqlNode,
  outer: Scope,
  context: SqlContext,
  isOutermost = false,
): RewrittenQuery {
  const scope = { ...outer, ctes: rewriteCtes(query, outer, context) };
  if (!isOutermost) checkInnerLimit(query);
  if (query['type'] === 'SET_OPERATION_NODE') return rewriteSetOperation(query, scope, context);
  if (query['type'] !== 'SELECT_NODE')
    throw refuse('only SELECT statements over log are supported');
  return (
    timeSeries(query, scope, context) ??
    histogramRows(query, scope, context) ??
    logReduce(query, scope, context) ??
    rewriteSelect(query, scope, context)
  );
}

function checkInnerLimit(query: SqlNode): void {
  for (const modifier of nodesOf(query, 'modifiers'))
    if (modifier['type'] === 'LIMIT_MODIFIER' && modifier['offset'] !== null)
      throw refuse('limit with skipped rows is only available in the outermost sql');
}

/** Common table expressions see those before them. */
function rewriteCtes(
  query: SqlNode,
  outer: Scope,
  context: SqlContext,
): ReadonlyMap<string, ScopeCte> {
  const map = query['cte_map'];
  if (!isNode(map)) return outer.ctes;
  let { ctes } = outer;
  for (const entry of nodesOf(map, 'map')) {
    const name = textOf(entry, 'key');
    const value = entry['value'];
    const inner = isNode(value) && isNode(value['query']) ? value['query'] : undefined;
    if (!isNode(value) || inner === undefined || !isNode(inner['node']))
      throw refuse('with is only supported for queries');
    const scope = { ...EMPTY_SCOPE, ctes, shiftSeconds: outer.shiftSeconds };
    const original = context.templates.copy(inner['node']);
    const { node, columns } = rewriteQuery(inner['node'], scope, context);
    inner['node'] = node;
    const aliases = textsOf(value, 'aliases');
    entry['key'] = cteName(name);
    ctes = new Map(ctes).set(name.toLowerCase(), {
      name: cteName(name),
      columns: renameColumns(columns, aliases),
      original,
      scope,
      aliases,
    });
  }
  return ctes;
}

function rewriteSetOperation(query: SqlNode, scope: Scope, context: SqlContext): RewrittenQuery {
  if (!/^(?:UNION|EXCEPT|INTERSECT)$/.test(textOf(query, 'setop_type')))
    throw refuse("line 1:1: mismatched input 'by'");
  const arms: RewrittenQuery[] = [];
  const rewriteArm = (arm: SqlNode): SqlNode => {
    const rewritten = rewriteQuery(arm, scope, context);
    arms.push(rewritten);
    return rewritten.node;
  };
  for (const side of ['left', 'right'])
    if (isNode(query[side])) query[side] = rewriteArm(query[side]);
  if (Array.isArray(query['children']))
    query['children'] = nodesOf(query, 'children').map(rewriteArm);
  const columns = (arms[0]?.columns ?? []).map(({ name }, i) => ({
    name,
    kind: commonKind(arms.flatMap((arm) => arm.columns[i]?.kind ?? [])),
  }));
  for (const arm of arms)
    if (arm.columns.length !== columns.length)
      throw refuse('line 1:1: union query has different number of fields');
  const names: Outputs = {
    nodes: columns.map(() => integerNode(0)),
    columns,
    aliases: new Map(columns.map(({ name }, i) => [name.toLowerCase(), i + 1])),
    shapes: [],
  };
  for (const modifier of nodesOf(query, 'modifiers')) {
    if (modifier['type'] === 'ORDER_MODIFIER') rewriteOrders(modifier, names, scope, context);
    checkDistinct(modifier, context);
  }
  return { node: query, columns };
}

function checkDistinct(modifier: SqlNode, context: SqlContext): void {
  if (modifier['type'] !== 'DISTINCT_MODIFIER') return;
  const [target] = nodesOf(modifier, 'distinct_on_targets');
  if (target !== undefined) throw errorAt(context, target, "mismatched input 'on'");
}

function rewriteSelect(select: SqlNode, scope: Scope, context: SqlContext): RewrittenQuery {
  checkSelect(select, context);
  const { from, inner } = selectFrom(select, scope, context);
  select['from_table'] = from;
  gatherBounds(select, inner, context);
  select['where_clause'] = rewriteCondition(select['where_clause'], 'WHERE', inner, context);
  const outputs = rewriteOutputs(select, inner, context);
  select['select_list'] = outputs.nodes;
  rewriteGroups(select, outputs, inner, context);
  const named = outputScope(inner, outputs);
  select['having'] = rewriteCondition(select['having'], 'HAVING', named, context);
  for (const modifier of nodesOf(select, 'modifiers')) {
    if (modifier['type'] === 'ORDER_MODIFIER') rewriteOrders(modifier, outputs, named, context);
    checkDistinct(modifier, context);
  }
  return { node: liftTries(select, context), columns: outputs.columns };
}

/** What DuckDB has beyond the service's grammar. */
function checkSelect(select: SqlNode, { request }: SqlContext): void {
  const fail = (word: string): never => {
    throw refuse(
      `line ${findName(request.text, word)?.place ?? '1:1'}: mismatched input '${word}'`,
    );
  };
  if (isNode(select['qualify'])) fail('qualify');
  if (isNode(select['sample'])) fail('sample');
  if (select['aggregate_handling'] !== 'STANDARD_HANDLING') fail('all');
}

/** The FROM of a SELECT and the scope that it gives. */
function selectFrom(
  select: SqlNode,
  scope: Scope,
  context: SqlContext,
): { readonly from: SqlNode; readonly inner: Scope } {
  const given = select['from_table'];
  const seconds = compareSeconds(select, context);
  const isGrouped = nodesOf(select, 'group_expressions').length > 0;
  if (!isNode(given)) throw refuse('only SELECT statements over log are supported');
  if (seconds.length === 0 || !isQueryRelation(given, scope)) {
    const { node, relations } = rewriteFrom(given, scope, context);
    return { from: node, inner: { ...scope, relations, isGrouped } };
  }
  const alias = textOf(given, 'alias') || textOf(given, 'table_name') || 'sls_now';
  const copies = seconds.map(() => context.templates.copy(given));
  given['alias'] = alias;
  const now = qualified(rewriteFrom(given, scope, context));
  const earlier = seconds.map((n, i) => {
    const copy = copies[i] as SqlNode;
    copy['alias'] = `sls_before_${n}`;
    const shifted = { ...scope, shiftSeconds: scope.shiftSeconds + n };
    const { node, relation } = qualified(rewriteFrom(copy, shifted, context));
    return { seconds: n, from: node, relation };
  });
  const inner: Scope = { ...scope, relations: [now.relation], isGrouped };
  const keys = compareKeys(select);
  const keyIn = keys.map((key) => (relation: ScopeRelation | undefined): SqlNode => {
    const relations = [relation ?? now.relation];
    const copy = { ...context.templates.copy(key), alias: '' };
    return rewriteExpression(copy, { ...inner, relations }, context);
  });
  return {
    from: joinEarlier(now.node, earlier, keyIn, context),
    inner: {
      ...inner,
      earlier: new Map(earlier.map(({ seconds: n, relation }) => [n, relation])),
      earlierKeys: keyIn.map((key) => key(undefined)),
    },
  };
}

function qualified({ node, relations }: RewrittenFrom): {
  readonly node: SqlNode;
  readonly relation: ScopeRelation;
} {
  const [relation] = relations;
  if (relation === undefined) throw refuse('compare is only available over a subquery');
  return { node, relation: { ...relation, isQualified: true } };
}

function refuse(message: string): AppError {
  return new AppError('ParameterInvalid', message);
}

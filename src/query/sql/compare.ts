/**
 * `compare(x, n…)` and `ts_compare(x, n…)` (sls-query §3.9): the inner query runs over the logs of now and once for each n over
 * those of n seconds before, under the same search; the results are joined on what the outer SELECT groups by. The
 * view of earlier logs adds n to `__time__`, so that the groups of both line up.
 */
import { AppError } from '#base/app-error.ts';
import { COMPARE_TIMES_MAX } from '../limits.ts';
import { positiveNumber, timeOf } from './calls.ts';
import { errorAt, kindOf, withKind, type SqlContext } from './context.ts';
import { AGGREGATE_FUNCTIONS } from './functions.ts';
import { arrayOf, DOUBLE, isTime } from './kinds.ts';
import type { Rewrite } from './lambdas.ts';
import type { Scope, ScopeRelation } from './scope.ts';
import {
  constantText,
  eachNode,
  functionNode,
  isNode,
  joinNode,
  nodesOf,
  operatorNode,
  plainColumn,
  textNode,
  textOf,
  type SqlNode,
  type SqlValue,
} from './tree.ts';

/** Whether a part of a SELECT calls one of the functions; subqueries answer for themselves. */
function compareCalls(value: SqlValue): readonly SqlNode[] {
  const calls: SqlNode[] = [];
  eachNode(value, (node) => {
    if (/^(?:ts_)?compare$/i.test(textOf(node, 'function_name'))) calls.push(node);
    return node['class'] !== 'SUBQUERY';
  });
  return calls;
}

/** The seconds that a SELECT compares with, none when it does not. Errors: ParameterInvalid. */
export function compareSeconds(select: SqlNode, context: SqlContext): readonly number[] {
  const parts = ['select_list', 'having', 'modifiers'].map((part) => select[part] ?? null);
  const calls = compareCalls(parts);
  const seconds = new Set<number>();
  for (const call of calls) {
    const [, ...times] = nodesOf(call, 'children');
    if (times.length === 0)
      throw errorAt(context, call, 'compare needs a column and at least one number of seconds');
    for (const time of times)
      seconds.add(positiveNumber(time, 'the time to compare with', context));
  }
  if (seconds.size > COMPARE_TIMES_MAX)
    throw new AppError('ParameterInvalid', `compare takes at most ${COMPARE_TIMES_MAX} times`);
  return [...seconds];
}

/** What the outer SELECT groups by, as expressions over the inner query; without groups, its plain columns. */
export function compareKeys(select: SqlNode): readonly SqlNode[] {
  const outputs = nodesOf(select, 'select_list');
  const groups = nodesOf(select, 'group_expressions');
  if (groups.length === 0) return outputs.filter((output) => output['class'] === 'COLUMN_REF');
  return groups.map((group) => {
    const name = plainColumn(group)?.toLowerCase();
    const ordinal = Number(constantText(group) ?? Number.NaN);
    const output =
      outputs[ordinal - 1] ?? outputs.find((one) => textOf(one, 'alias').toLowerCase() === name);
    return output === undefined || name === '' ? group : output;
  });
}

export interface EarlierQuery {
  readonly seconds: number;
  /** The FROM over the logs of so many seconds before. */
  readonly from: SqlNode;
  readonly relation: ScopeRelation;
}

/** The FROM joined with the earlier ones. `keyIn` gives a key over a relation. */
export function joinEarlier(
  from: SqlNode,
  earlier: readonly EarlierQuery[],
  keys: readonly ((relation: ScopeRelation | undefined) => SqlNode)[],
  { templates }: SqlContext,
): SqlNode {
  let joined = from;
  for (const { from: right, relation } of earlier) {
    const conditions = keys.map((key) =>
      templates.fill('same', { sls_a: key(undefined), sls_b: key(relation) }),
    );
    const condition =
      conditions.length === 0
        ? templates.fill('same', { sls_a: textNode(''), sls_b: textNode('') })
        : conditions.reduce((a, b) => templates.fill('both', { sls_a: a, sls_b: b }));
    joined = joinNode(joined, right, { type: 'LEFT', condition });
  }
  return joined;
}

interface CompareWork {
  readonly call: SqlNode;
  readonly scope: Scope;
  readonly context: SqlContext;
  readonly rewrite: Rewrite;
}

/** The call as an array of doubles: now, each before, each ratio, and for `ts_compare` each earlier time. */
export function rewriteCompare({ call, scope, context, rewrite }: CompareWork): SqlNode {
  const { templates } = context;
  const name = textOf(call, 'function_name').toLowerCase();
  const [value, ...times] = nodesOf(call, 'children');
  const seconds = times.map((time) => positiveNumber(time, 'the time to compare with', context));
  const relations = seconds.map((n) => scope.earlier.get(n));
  if (value === undefined || relations.some((relation) => relation === undefined))
    throw errorAt(
      context,
      call,
      `${name} is only available in the select list over a subquery: select ${name}(x, n) from (select … as x from log)`,
    );
  const now = rewrite(templates.copy(value), scope);
  const befores = relations.map((relation) =>
    rewrite(templates.copy(value), {
      ...scope,
      relations: relation === undefined ? [] : [relation],
    }),
  );
  const ratios = befores.map((before) => templates.fill('ratio', { sls_a: now, sls_b: before }));
  const earlierTimes = name === 'ts_compare' ? timesBefore(call, seconds, scope, context) : [];
  const items = [now, ...befores].map((one) => templates.fill('double', { sls_x: one }));
  const array = operatorNode('ARRAY_CONSTRUCTOR', [...items, ...ratios, ...earlierTimes]);
  const isAggregated = callsAggregate(value);
  const result = scope.isGrouped && !isAggregated ? functionNode('any_value', [array]) : array;
  result['alias'] = call['alias'] ?? '';
  return withKind(context, result, arrayOf(DOUBLE));
}

function callsAggregate(value: SqlNode): boolean {
  let found = false;
  eachNode(value, (node) => {
    found ||= AGGREGATE_FUNCTIONS.has(textOf(node, 'function_name').toLowerCase());
    return true;
  });
  return found;
}

/** Unix times of the groups that are compared with. */
function timesBefore(
  call: SqlNode,
  seconds: readonly number[],
  scope: Scope,
  context: SqlContext,
): readonly SqlNode[] {
  const keys = scope.earlierKeys;
  const time = keys.find((key) => isTime(kindOf(context, key))) ?? keys[0];
  if (time === undefined)
    throw errorAt(context, call, 'ts_compare needs a time column in the outer group by');
  return seconds.map((n) =>
    context.templates.fill('earlier', {
      sls_x: timeOf(time, context),
      sls_n: numberNode(n),
    }),
  );
}

function numberNode(value: number): SqlNode {
  const constant = { type: { id: 'BIGINT', type_info: null }, is_null: false, value };
  return { class: 'CONSTANT', type: 'VALUE_CONSTANT', alias: '', value: constant };
}

/** Whether a node is a query in FROM, the only thing that can be compared. */
export function isQueryRelation(from: SqlValue | undefined, scope: Scope): from is SqlNode {
  if (!isNode(from)) return false;
  if (from['type'] === 'SUBQUERY') return true;
  return from['type'] === 'BASE_TABLE' && scope.ctes.has(textOf(from, 'table_name').toLowerCase());
}

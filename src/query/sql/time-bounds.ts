/**
 * The time range of a relation of SQL over a project: conditions on `__time__` or `__date__` that all of WHERE depends on, in
 * the SELECT whose FROM has the relation (sls-query §4.1). Their constants are evaluated by the engine.
 */
import { timeOf } from './calls.ts';
import type { SqlContext } from './context.ts';
import { rewriteExpression } from './rewrite-expressions.ts';
import { EMPTY_SCOPE, type Scope, type ScopeRelation, type TimeBound } from './scope.ts';
import { eachNode, isNode, nodesOf, textOf, textsOf, type SqlNode, type SqlValue } from './tree.ts';

const FLIPPED: Readonly<Record<string, string>> = {
  COMPARE_LESSTHAN: 'COMPARE_GREATERTHAN',
  COMPARE_GREATERTHAN: 'COMPARE_LESSTHAN',
  COMPARE_LESSTHANOREQUALTO: 'COMPARE_GREATERTHANOREQUALTO',
  COMPARE_GREATERTHANOREQUALTO: 'COMPARE_LESSTHANOREQUALTO',
};

/** Notes the bounds of the relations of a SELECT whose FROM is rewritten and whose WHERE is not yet. */
export function gatherBounds(select: SqlNode, scope: Scope, context: SqlContext): void {
  if (context.request.logstore !== undefined) return;
  for (const condition of conjuncts(select['where_clause'])) gather(condition, scope, context);
}

function conjuncts(value: SqlValue | undefined): readonly SqlNode[] {
  if (!isNode(value)) return [];
  return value['type'] === 'CONJUNCTION_AND'
    ? nodesOf(value, 'children').flatMap(conjuncts)
    : [value];
}

function gather(condition: SqlNode, scope: Scope, context: SqlContext): void {
  const add = (column: SqlValue | undefined, type: string, value: SqlValue | undefined): void => {
    if (!isNode(column) || !isNode(value) || !isConstant(value)) return;
    const relation = timeRelation(column, scope);
    if (relation?.bounds === undefined) return;
    const isDate = textsOf(column, 'column_names').at(-1)?.toLowerCase() === '__date__';
    relation.bounds.push(...boundsOf(type, secondsOf(value, isDate, context)));
  };
  const { left, right, input, lower, upper } = condition;
  const type = textOf(condition, 'type');
  if (condition['class'] === 'COMPARISON') {
    add(left, type, right);
    add(right, FLIPPED[type] ?? type, left);
  }
  if (type === 'COMPARE_BETWEEN') {
    add(input, 'COMPARE_GREATERTHANOREQUALTO', lower);
    add(input, 'COMPARE_LESSTHANOREQUALTO', upper);
  }
}

function boundsOf(type: string, seconds: SqlNode): readonly TimeBound[] {
  switch (type) {
    case 'COMPARE_GREATERTHAN':
      return [{ isFrom: true, seconds, isInside: false }];
    case 'COMPARE_GREATERTHANOREQUALTO':
      return [{ isFrom: true, seconds, isInside: true }];
    case 'COMPARE_LESSTHAN':
      return [{ isFrom: false, seconds, isInside: false }];
    case 'COMPARE_LESSTHANOREQUALTO':
      return [{ isFrom: false, seconds, isInside: true }];
    case 'COMPARE_EQUAL':
      return [
        { isFrom: true, seconds, isInside: true },
        { isFrom: false, seconds, isInside: true },
      ];
    default:
      return [];
  }
}

function isConstant(value: SqlNode): boolean {
  let isOne = true;
  eachNode(value, (node) => {
    const isKeyword = /^(?:current_timestamp|current_date|localtimestamp)$/i.test(
      textsOf(node, 'column_names').join('.'),
    );
    if (node['class'] === 'SUBQUERY' || (node['class'] === 'COLUMN_REF' && !isKeyword))
      isOne = false;
    return isOne;
  });
  return isOne;
}

/** The one relation whose time a column is. */
function timeRelation(column: SqlNode, scope: Scope): ScopeRelation | undefined {
  const names = textsOf(column, 'column_names').map((name) => name.toLowerCase());
  const [first, second] = names;
  if (names.length > 2 || !/^__(?:time|date)__$/.test(names.at(-1) ?? '')) return undefined;
  const relations = scope.relations.filter(
    ({ alias, columns }) =>
      (second === undefined || alias.toLowerCase() === first) &&
      columns.some(({ name }) => name === '__time__'),
  );
  return relations.length === 1 ? relations[0] : undefined;
}

/** Unix seconds of a constant: a number as it is, what is compared with a date as the time that it means. */
function secondsOf(value: SqlNode, isDate: boolean, context: SqlContext): SqlNode {
  const { templates } = context;
  const constant = rewriteExpression(templates.copy(value), EMPTY_SCOPE, context);
  return isDate
    ? templates.fill('unixSeconds', { sls_x: timeOf(constant, context) })
    : templates.fill('double', { sls_x: constant });
}

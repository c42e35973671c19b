/** Expressions of the service's dialect as DuckDB's, in the scope that they stand in (sls-query §3.3, §3.5). */
import { rewriteCall, timeOf } from './calls.ts';
import { rewriteCompare } from './compare.ts';
import { errorAt, kindOf, withKind, type SqlContext } from './context.ts';
import { unknownColumn } from './errors.ts';
import {
  arrayOf,
  BIGINT,
  BOOLEAN,
  callKind,
  DATE,
  commonKind,
  DOUBLE,
  isNumber,
  itemOf,
  kindOfType,
  kindText,
  rowOf,
  TIMESTAMP,
  UNKNOWN,
  VARCHAR,
  type Kind,
} from './kinds.ts';
import { rewriteLambdaCall } from './lambdas.ts';
import { findColumns, innerScope, type Scope } from './scope.ts';
import {
  castNode,
  constantText,
  isNode,
  nodesOf,
  plainColumn,
  textOf,
  textsOf,
  type SqlNode,
  type SqlValue,
} from './tree.ts';

/** The expression, or one to put in its place. Errors: ParameterInvalid. */
export function rewriteExpression(node: SqlNode, scope: Scope, context: SqlContext): SqlNode {
  switch (node['class']) {
    case 'COLUMN_REF':
      return rewriteColumn(node, scope, context);
    case 'CONSTANT':
      return rewriteConstant(node, context);
    case 'FUNCTION':
    case 'WINDOW':
      return rewriteFunction(node, scope, context);
    case 'SUBQUERY':
      return rewriteSubquery(node, scope, context);
    case 'LAMBDA':
      throw errorAt(context, node, 'lambda expression should always be used inside a function');
    case 'STAR':
      throw errorAt(context, node, "mismatched input '*'");
    default:
      rewriteMembers(node, scope, context);
      return rewriteOther(node, context);
  }
}

/** Every expression below a node, in place; not what has no class, such as types and values. */
function rewriteMembers(node: SqlNode, scope: Scope, context: SqlContext): void {
  for (const [member, value] of Object.entries(node))
    if (member !== 'cast_type' && member !== 'value')
      node[member] = rewriteMember(value, scope, context);
}

function rewriteMember(value: SqlValue, scope: Scope, context: SqlContext): SqlValue {
  if (Array.isArray(value)) return value.map((item) => rewriteMember(item, scope, context));
  if (!isNode(value)) return value;
  if (value['class'] !== undefined) return rewriteExpression(value, scope, context);
  rewriteMembers(value, scope, context);
  return value;
}

function rewriteFunction(node: SqlNode, scope: Scope, context: SqlContext): SqlNode {
  const name = textOf(node, 'function_name').toLowerCase();
  const rewrite = (one: SqlNode, inner: Scope): SqlNode => rewriteExpression(one, inner, context);
  if (name === 'compare' || name === 'ts_compare')
    return rewriteCompare({ call: node, scope, context, rewrite });
  if (name === 'unnest') throw errorAt(context, node, 'unnest is only available in from');
  const lambda = rewriteLambdaCall({ call: node, scope, context, rewrite });
  if (lambda !== undefined) return lambda;
  rewriteMembers(node, scope, context);
  checkArithmetic(node, name, context);
  return rewriteCall(node, context);
}

function rewriteSubquery(node: SqlNode, scope: Scope, context: SqlContext): SqlNode {
  const subquery = node['subquery'];
  if (isNode(node['child'])) node['child'] = rewriteExpression(node['child'], scope, context);
  if (!isNode(subquery) || !isNode(subquery['node'])) return node;
  const { node: query, columns } = context.query(subquery['node'], innerScope(scope, scope));
  subquery['node'] = query;
  const isScalar = node['subquery_type'] === 'SCALAR';
  return withKind(context, node, isScalar ? (columns[0]?.kind ?? UNKNOWN) : BOOLEAN);
}

function rewriteColumn(node: SqlNode, scope: Scope, context: SqlContext): SqlNode {
  const names = textsOf(node, 'column_names');
  const [first = '', second, third] = names;
  const alias = node['alias'] ?? '';
  const parameter = scope.parameters.get(first.toLowerCase());
  if (parameter !== undefined) {
    const copy = { ...context.templates.copy(parameter.node), alias };
    const rest = names.slice(1);
    if (rest.length === 0) return withKind(context, copy, parameter.kind);
    throw errorAt(context, node, `Column '${names.join('.')}' cannot be resolved`);
  }
  const output = names.length === 1 ? scope.outputs.get(first.toLowerCase()) : undefined;
  if (output !== undefined) {
    const copy = { ...context.templates.copy(output), alias };
    return withKind(context, copy, kindOf(context, output));
  }
  if (second === undefined) return resolve(node, { name: first }, scope, context);
  if (third === undefined && findColumns(scope, second, first).length > 0)
    return resolve(node, { name: second, relation: first }, scope, context);
  return resolveField(node, names, scope, context);
}

interface ColumnName {
  readonly name: string;
  readonly relation?: string;
}

function resolve(
  node: SqlNode,
  { name, relation }: ColumnName,
  scope: Scope,
  context: SqlContext,
): SqlNode {
  const [found, other] = findColumns(scope, name, relation);
  const isKeyword = relation === undefined && !context.spliced.isQuotedAt(node['query_location']);
  if (found === undefined) {
    const lower = name.toLowerCase();
    if (isKeyword && /^(?:current_(?:timestamp|date|time)|localtime|localtimestamp)$/.test(lower))
      return withKind(context, node, callKind(lower, []));
    if (lower === '__date__') return dateColumn(node, relation, scope, context);
    const full = relation === undefined ? name : `${relation}.${name}`;
    throw unknownColumn(context.spliced, node, full);
  }
  if (other !== undefined) throw errorAt(context, node, `Column '${name}' is ambiguous`);
  found.relation.onRead?.(found.column.name.toLowerCase());
  const isQualified = relation !== undefined || found.relation.isQualified;
  const path = found.column.row === undefined ? [] : [found.column.row];
  node['column_names'] = [
    ...(isQualified ? [found.relation.alias] : []),
    ...path,
    found.column.name,
  ];
  return withKind(context, node, found.column.kind);
}

/** `__date__` is the time of a log as a timestamp. */
function dateColumn(
  node: SqlNode,
  relation: string | undefined,
  scope: Scope,
  context: SqlContext,
): SqlNode {
  if (findColumns(scope, '__time__', relation).length === 0)
    throw unknownColumn(context.spliced, node, '__date__');
  const alias = node['alias'] ?? '';
  const time = { ...node, alias: '' };
  const column = { name: '__time__', ...(relation === undefined ? {} : { relation }) };
  const result = timeOf(resolve(time, column, scope, context), context);
  return withKind(context, { ...result, alias }, TIMESTAMP);
}

/** `relation.column.field` and `column.field`, of a row. */
function resolveField(
  node: SqlNode,
  names: readonly string[],
  scope: Scope,
  context: SqlContext,
): SqlNode {
  const [first = '', second = '', ...rest] = names;
  const isColumn = findColumns(scope, first, undefined).length > 0;
  const head = isColumn ? { name: first } : { name: second, relation: first };
  const fields = isColumn ? [second, ...rest] : rest;
  const column = resolve({ ...node, alias: '' }, head, scope, context);
  let kind = kindOf(context, column);
  for (const field of fields) {
    const at = kind.fields?.findIndex((one) => one.toLowerCase() === field.toLowerCase()) ?? -1;
    if (at < 0) throw unknownColumn(context.spliced, node, names.join('.'));
    kind = kind.items[at] ?? UNKNOWN;
  }
  node['column_names'] = [...textsOf(column, 'column_names'), ...fields];
  return withKind(context, node, kind);
}

/** `1.5` is a double in the service and a decimal in DuckDB. */
function rewriteConstant(node: SqlNode, context: SqlContext): SqlNode {
  const value = node['value'];
  const type = isNode(value) && isNode(value['type']) ? value['type'] : {};
  const kind = kindOfType(type);
  if (type['id'] !== 'DECIMAL') return withKind(context, node, kind);
  const cast = { ...castNode({ ...node, alias: '' }, 'DOUBLE'), alias: node['alias'] ?? '' };
  return withKind(context, cast, DOUBLE);
}

/** What is no call, column or constant, once its members are rewritten. */
function rewriteOther(node: SqlNode, context: SqlContext): SqlNode {
  switch (node['class']) {
    case 'CAST':
      return rewriteCast(node, context);
    case 'COMPARISON':
      checkComparison(node, [node['left'], node['right']], context);
      return withKind(context, node, BOOLEAN);
    case 'BETWEEN':
      checkComparison(node, [node['input'], node['lower']], context);
      checkComparison(node, [node['input'], node['upper']], context);
      return withKind(context, node, BOOLEAN);
    case 'CASE':
      return withKind(context, node, caseKind(node, context));
    case 'OPERATOR':
      return withKind(context, node, operatorKind(node, context));
    default:
      return withKind(context, node, BOOLEAN);
  }
}

function operatorKind(node: SqlNode, context: SqlContext): Kind {
  const children = nodesOf(node, 'children');
  const kinds = children.map((child) => kindOf(context, child));
  const [first = UNKNOWN] = kinds;
  switch (node['type']) {
    case 'ARRAY_CONSTRUCTOR':
      return arrayOf(commonKind(kinds));
    case 'ARRAY_EXTRACT':
      checkSubscript(children, context);
      return itemOf(first);
    case 'OPERATOR_COALESCE':
      return commonKind(kinds);
    case 'OPERATOR_NULLIF':
    case 'OPERATOR_TRY':
      return first;
    case 'GROUPING_FUNCTION':
      return BIGINT;
    case 'STRUCT_EXTRACT':
      return fieldKind(first, children[1]);
    case 'COMPARE_IN':
    case 'COMPARE_NOT_IN':
      for (const child of children.slice(1)) checkComparison(node, [children[0], child], context);
      return BOOLEAN;
    default:
      return BOOLEAN;
  }
}

/** DuckDB takes letters out of texts by number. */
function checkSubscript(children: readonly SqlNode[], context: SqlContext): void {
  const [value] = children;
  if (value === undefined) return;
  const kind = kindOf(context, value);
  if (['array', 'map', 'row', 'json', 'unknown'].includes(kind.name)) return;
  throw errorAt(context, value, `cannot access an element of ${kindText(kind)}`);
}

function fieldKind(row: Kind, field: SqlNode | undefined): Kind {
  const name = field === undefined ? undefined : constantText(field)?.toLowerCase();
  const at = row.fields?.findIndex((one) => one.toLowerCase() === name) ?? -1;
  return row.items[at] ?? UNKNOWN;
}

function caseKind(node: SqlNode, context: SqlContext): Kind {
  const results = nodesOf(node, 'case_checks').map((check) => check['then_expr']);
  return commonKind(
    [...results, node['else_expr']].filter(isNode).map((one) => kindOf(context, one)),
  );
}

function rewriteCast(node: SqlNode, context: SqlContext): SqlNode {
  const { child, cast_type: type } = node;
  if (!isNode(child) || !isNode(type)) return node;
  const kind = kindOfType(type);
  const from = kindOf(context, child);
  // Half away from zero, and not half to even.
  if (kind === BIGINT && from === DOUBLE)
    node['child'] = context.templates.fill('rounded', { sls_x: child });
  // `date(x)` is a cast to the parser.
  if (kind === DATE && isNumber(from)) node['child'] = timeOf(child, context);
  // A row constructor has no names of fields yet.
  if (from.name === 'row' && kind.name === 'row')
    return withKind(context, node, rowOf(kind.fields ?? [], kind.items));
  return withKind(context, node, kind);
}

const COMPARISONS: Readonly<Record<string, string>> = {
  COMPARE_EQUAL: '=',
  COMPARE_NOTEQUAL: '<>',
  COMPARE_LESSTHAN: '<',
  COMPARE_GREATERTHAN: '>',
  COMPARE_LESSTHANOREQUALTO: '<=',
  COMPARE_GREATERTHANOREQUALTO: '>=',
};

/** A text and a number do not compare; a text literal may stand for a number (sls-query §3.3). */
function checkComparison(
  node: SqlNode,
  operands: readonly (SqlValue | undefined)[],
  context: SqlContext,
): void {
  const [left, right] = operands;
  if (!isNode(left) || !isNode(right)) return;
  const kinds = [kindOf(context, left), kindOf(context, right)];
  const isTextColumn = (one: SqlNode): boolean =>
    kindOf(context, one) === VARCHAR && one['class'] !== 'CONSTANT';
  if (!kinds.some(isNumber) || !(isTextColumn(left) || isTextColumn(right))) return;
  const sign = COMPARISONS[textOf(node, 'type')] ?? '=';
  throw errorAt(context, node, `'${sign}' cannot be applied to ${kinds.map(kindText).join(', ')}`);
}

function checkArithmetic(node: SqlNode, name: string, context: SqlContext): void {
  if (!/^[-+*/%]$/.test(name)) return;
  const kinds = nodesOf(node, 'children').map((child) => kindOf(context, child));
  const isWrong = kinds.some((kind) =>
    ['varchar', 'boolean', 'array', 'map', 'row'].includes(kind.name),
  );
  if (!isWrong) return;
  throw errorAt(context, node, `'${name}' cannot be applied to ${kinds.map(kindText).join(', ')}`);
}

/** WHERE, HAVING and ON take a boolean. Errors: ParameterInvalid. */
export function rewriteCondition(
  value: SqlValue | undefined,
  clause: string,
  scope: Scope,
  context: SqlContext,
): SqlValue {
  if (!isNode(value)) return value ?? null;
  const condition = rewriteExpression(value, scope, context);
  const kind = kindOf(context, condition);
  if (kind === BOOLEAN || kind === UNKNOWN) return condition;
  throw errorAt(
    context,
    plainColumn(condition) === undefined ? value : condition,
    `${clause} clause must evaluate to a boolean: actual type ${kindText(kind)}`,
  );
}

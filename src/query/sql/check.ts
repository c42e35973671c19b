/**
 * Decides whether a statement may run: one SELECT over `log`, made of nothing but known kinds of nodes, names
 * and functions. The walk visits every object of the tree, so that what it does not know is refused.
 */
import { AppError } from '#base/app-error.ts';
import { SQL_DEPTH_MAX } from '../limits.ts';
import { ALLOWED_FUNCTIONS, ALLOWED_TYPES, SERVER_NAMES } from './functions.ts';
import { findName } from './splice.ts';
import { isNode, nodesOf, plainColumn, textOf, type SqlNode, type SqlValue } from './tree.ts';

const CLASSES: ReadonlySet<string> = new Set([
  'COLUMN_REF',
  'CONSTANT',
  'FUNCTION',
  'OPERATOR',
  'COMPARISON',
  'CONJUNCTION',
  'BETWEEN',
  'CASE',
  'CAST',
  'SUBQUERY',
  'WINDOW',
  'LAMBDA',
  'STAR',
]);

/** Kinds of nodes that are no expressions. */
const TYPES: ReadonlySet<string> = new Set([
  'SELECT_NODE',
  'SET_OPERATION_NODE',
  'BASE_TABLE',
  'SUBQUERY',
  'JOIN',
  'TABLE_FUNCTION',
  'EMPTY',
  'EXPRESSION_LIST',
  'ORDER_MODIFIER',
  'LIMIT_MODIFIER',
  'DISTINCT_MODIFIER',
  'ORDER_DEFAULT',
  'ASCENDING',
  'DESCENDING',
  'DECIMAL_TYPE_INFO',
  'LIST_TYPE_INFO',
  'STRUCT_TYPE_INFO',
  'STRING_TYPE_INFO',
  'GENERIC_TYPE_INFO',
  'UNBOUND_TYPE_INFO',
]);

export interface SqlCheckContext {
  /** The text as the user wrote it, for places in messages. */
  readonly text: string;
  /** Lower-case names of relations that may be read: `log` and the logstore. */
  readonly relations: ReadonlySet<string>;
}

/** Errors: ParameterInvalid. */
export function checkSql(root: SqlNode, context: SqlCheckContext): void {
  const names = new Set(context.relations);
  visit(root, 0, (node) => {
    for (const entry of nodesOf(node, 'map')) names.add(textOf(entry, 'key').toLowerCase());
  });
  visit(root, 0, (node) => checkNode(node, names, context));
}

function visit(value: SqlValue, depth: number, check: (node: SqlNode) => void): void {
  if (depth > SQL_DEPTH_MAX) throw refuse('statement is nested too deep');
  if (Array.isArray(value)) for (const item of value) visit(item, depth, check);
  if (!isNode(value)) return;
  check(value);
  for (const member of Object.values(value)) visit(member, depth + 1, check);
}

function checkNode(node: SqlNode, names: ReadonlySet<string>, context: SqlCheckContext): void {
  const kind = node['class'];
  const type = node['type'];
  if (kind !== undefined) {
    if (typeof kind !== 'string' || !CLASSES.has(kind))
      throw refuse(`${textOf(node, 'class').toLowerCase()} is not supported`);
    checkExpression(node, kind, context);
  } else if (typeof type === 'string') {
    if (!TYPES.has(type)) throw refuse('only SELECT statements over log are supported');
    checkRelation(node, type, names, context);
  }
}

function checkExpression(node: SqlNode, kind: string, context: SqlCheckContext): void {
  if (node['function_name'] !== undefined) checkFunction(node, context);
  // Each element of a list would become a list of its own, in memory that no limit covers.
  if (kind === 'LAMBDA' && isNode(node['expr']) && callsFunction(node['expr'], 'sequence'))
    throw refuse('sequence is not supported in a lambda expression');
  if (kind === 'STAR' && (node['columns'] === true || node['expr'] !== null))
    throw refuse('columns() is not supported');
  const name = plainColumn(node);
  if (name !== undefined && SERVER_NAMES.has(name.toLowerCase()))
    throw unknownColumn(context.text, name);
}

function callsFunction(root: SqlNode, name: string): boolean {
  let found = false;
  visit(root, 0, (node) => {
    found ||= textOf(node, 'function_name').toLowerCase() === name;
  });
  return found;
}

function checkFunction(node: SqlNode, context: SqlCheckContext): void {
  const name = textOf(node, 'function_name');
  const schema = textOf(node, 'schema');
  const isPlain = textOf(node, 'catalog') === '' && (schema === '' || schema === 'main');
  if (isPlain && ALLOWED_FUNCTIONS.has(name.toLowerCase())) return;
  const place = findName(context.text, name)?.place ?? '1:1';
  throw refuse(`line ${place}: Function ${name} not registered`);
}

function checkRelation(
  node: SqlNode,
  type: string,
  names: ReadonlySet<string>,
  context: SqlCheckContext,
): void {
  if (type === 'BASE_TABLE') {
    const name = textOf(node, 'table_name');
    const isPlain =
      textOf(node, 'schema_name') === '' &&
      textOf(node, 'catalog_name') === '' &&
      node['at_clause'] === null;
    if (isPlain && names.has(name.toLowerCase())) return;
    const place = findName(context.text, name)?.place ?? '1:1';
    throw refuse(`line ${place}: Table ${name} does not exist`);
  }
  if (type === 'TABLE_FUNCTION') {
    const call = node['function'];
    if (!isNode(call) || textOf(call, 'function_name').toLowerCase() !== 'unnest')
      throw refuse('only unnest can be used as a table');
  }
  if (type === 'UNBOUND_TYPE_INFO') {
    const name = textOf(node, 'name').toLowerCase();
    const isPlain = textOf(node, 'schema') === '' && textOf(node, 'catalog') === '';
    if (!isPlain || !ALLOWED_TYPES.has(name)) throw refuse(`Unknown type: ${name}`);
  }
}

/** The message of the service for a name that is no column (sls-query §3.10). */
export function unknownColumn(text: string, name: string): AppError {
  const found = findName(text, name);
  const place = found?.place ?? '1:1';
  if (found?.isQuoted === true)
    return refuse(
      `ErrorType:ColumnNotExists.ErrorPosition,line:0,column:1.ErrorMessage:line ${place}: Column '${name}' cannot be resolved; it seems ${name} is wrapper by ";if ${name} is a string ,not a key field, please use '${name}'`,
    );
  return refuse(
    `line ${place}: Column '${name}' cannot be resolved;please add the column in the index attribute`,
  );
}

function refuse(message: string): AppError {
  return new AppError('ParameterInvalid', message);
}

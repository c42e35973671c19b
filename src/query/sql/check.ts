/**
 * Decides whether a statement may run: one SELECT, made of nothing but known kinds of nodes and functions. Names of
 * relations and columns are for the rewrites to resolve. The walk visits every object of the tree, so that what it does not know is refused.
 */
import { AppError } from '#base/app-error.ts';
import { SQL_DEPTH_MAX } from '../limits.ts';
import { unknownColumn } from './errors.ts';
import {
  ALLOWED_FUNCTIONS,
  ALLOWED_TYPES,
  REWRITTEN_FUNCTIONS,
  SERVER_NAMES,
  UNPLANNED_FUNCTIONS,
} from './functions.ts';
import type { SplicedSql } from './splice.ts';
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

/** Types as the parser names them: those of casts and of constants. */
const TYPE_IDS: ReadonlySet<string> = new Set([
  'NULL',
  'BOOLEAN',
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'HUGEINT',
  'INTEGER_LITERAL',
  'FLOAT',
  'DOUBLE',
  'DECIMAL',
  'VARCHAR',
  'STRING_LITERAL',
  'BLOB',
  'DATE',
  'TIME',
  'TIMESTAMP',
  'TIMESTAMP WITH TIME ZONE',
  'INTERVAL',
  'LIST',
  'MAP',
  'STRUCT',
  'UNBOUND',
]);

/** Errors: ParameterInvalid. */
export function checkSql(root: SqlNode, spliced: SplicedSql): void {
  visit(root, 0, (node) => checkNode(node, spliced));
}

/** Names that a statement reads as tables, without those of its common table expressions. */
export function tableNames(root: SqlNode): readonly string[] {
  const names = new Set<string>();
  const ctes = new Set<string>();
  visit(root, 0, (node) => {
    for (const entry of nodesOf(node, 'map')) ctes.add(textOf(entry, 'key').toLowerCase());
    if (node['type'] === 'BASE_TABLE') names.add(textOf(node, 'table_name'));
  });
  return [...names].filter((name) => !ctes.has(name.toLowerCase()));
}

function visit(value: SqlValue, depth: number, check: (node: SqlNode) => void): void {
  if (depth > SQL_DEPTH_MAX) throw refuse('statement is nested too deep');
  if (Array.isArray(value)) for (const item of value) visit(item, depth, check);
  if (!isNode(value)) return;
  check(value);
  for (const member of Object.values(value)) visit(member, depth + 1, check);
}

function checkNode(node: SqlNode, spliced: SplicedSql): void {
  const kind = node['class'];
  const type = node['type'];
  const id = node['id'];
  if (typeof id === 'string' && !TYPE_IDS.has(id))
    throw refuse(`Unknown type: ${id.toLowerCase()}`);
  if (kind !== undefined) {
    if (typeof kind !== 'string' || !CLASSES.has(kind))
      throw refuse(`${textOf(node, 'class').toLowerCase()} is not supported`);
    checkExpression(node, kind, spliced);
  } else if (typeof type === 'string') {
    if (!TYPES.has(type)) throw refuse('only SELECT statements over log are supported');
    checkRelation(node, type, spliced);
  }
}

function checkExpression(node: SqlNode, kind: string, spliced: SplicedSql): void {
  if (node['function_name'] !== undefined) checkFunction(node, spliced);
  // Each element of a list would become a list of its own, in memory that no limit covers.
  if (kind === 'LAMBDA' && isNode(node['expr']) && callsFunction(node['expr'], 'sequence'))
    throw refuse('sequence is not supported in a lambda expression');
  if (kind === 'STAR' && (node['columns'] === true || node['expr'] !== null))
    throw refuse('columns() is not supported');
  const name = plainColumn(node);
  if (name !== undefined && SERVER_NAMES.has(name.toLowerCase()))
    throw unknownColumn(spliced, node, name);
}

function callsFunction(root: SqlNode, name: string): boolean {
  let found = false;
  visit(root, 0, (node) => {
    found ||= textOf(node, 'function_name').toLowerCase() === name;
  });
  return found;
}

function checkFunction(node: SqlNode, spliced: SplicedSql): void {
  const name = textOf(node, 'function_name');
  const schema = textOf(node, 'schema');
  const isPlain = textOf(node, 'catalog') === '' && (schema === '' || schema === 'main');
  const lower = name.toLowerCase();
  if (isPlain && (ALLOWED_FUNCTIONS.has(lower) || REWRITTEN_FUNCTIONS.has(lower))) return;
  const place = spliced.placeOf(node['query_location']);
  const reason = Object.hasOwn(UNPLANNED_FUNCTIONS, lower) ? UNPLANNED_FUNCTIONS[lower] : undefined;
  const detail = reason === undefined ? '' : `: ${reason}`;
  throw refuse(`line ${place}: Function ${name} not registered${detail}`);
}

function checkRelation(node: SqlNode, type: string, spliced: SplicedSql): void {
  if (type === 'BASE_TABLE') {
    const isPlain =
      textOf(node, 'schema_name') === '' &&
      textOf(node, 'catalog_name') === '' &&
      node['at_clause'] === null;
    if (isPlain) return;
    const place = spliced.placeOf(node['query_location']);
    throw refuse(`line ${place}: Table ${textOf(node, 'table_name')} does not exist`);
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

function refuse(message: string): AppError {
  return new AppError('ParameterInvalid', message);
}

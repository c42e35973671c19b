/**
 * Turns a checked tree in the service's dialect into one that DuckDB understands in the same way (sls-query
 * §3.5): relations, star, GROUP BY aliases, names of outputs, limits. `rewrite-expressions.ts` does the
 * expressions.
 */
import { AppError } from '#base/app-error.ts';
import { SQL_PAGE_ROWS_MAX, SQL_ROWS_DEFAULT, SQL_ROWS_MAX } from '../limits.ts';
import { cteName } from './cte-name.ts';
import { rewriteExpression } from './rewrite-expressions.ts';
import {
  columnNode,
  constantText,
  integerNode,
  isNode,
  logTable,
  nodesOf,
  plainColumn,
  textOf,
  type SqlNode,
  type SqlValue,
} from './tree.ts';

export interface RewriteContext {
  /** Lower-case names that mean `log`. */
  readonly relations: ReadonlySet<string>;
  /** What `select *` stands for, in order. */
  readonly starColumns: readonly string[];
  /** Whether the text had `LIMIT skip, n`. */
  readonly hasSkip: boolean;
}

/**
 * Rewrites the statement in place. Returns the number of rows it was limited to because it has no LIMIT.
 * Errors: ParameterInvalid.
 */
export function rewriteSql(statement: SqlNode, context: RewriteContext): number | undefined {
  const root = statement['node'];
  if (!isNode(root)) throw refuse('only SELECT statements over log are supported');
  addImplicitFrom(root);
  const limited = limitOutermost(root, context.hasSkip);
  rewriteValue(statement, context, root);
  return limited;
}

/** FROM may be left out at the top level, in each arm of a union. */
function addImplicitFrom(node: SqlNode): void {
  if (node['type'] === 'SET_OPERATION_NODE') {
    for (const member of ['left', 'right']) if (isNode(node[member])) addImplicitFrom(node[member]);
    for (const child of nodesOf(node, 'children')) addImplicitFrom(child);
  }
  const from = node['from_table'];
  if (node['type'] === 'SELECT_NODE' && isNode(from) && from['type'] === 'EMPTY')
    node['from_table'] = logTable();
}

function limitOutermost(root: SqlNode, hasSkip: boolean): number | undefined {
  const modifiers = root['modifiers'] as SqlValue[];
  const limit = nodesOf(root, 'modifiers').find((node) => node['type'] === 'LIMIT_MODIFIER');
  if (limit === undefined || limit['limit'] === null) {
    const added = { type: 'LIMIT_MODIFIER', limit: integerNode(SQL_ROWS_DEFAULT), offset: null };
    modifiers.push(added);
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

/** Rewrites what is below first, then the node itself. */
function rewriteValue(value: SqlValue, context: RewriteContext, root: SqlNode): SqlValue {
  if (Array.isArray(value)) return value.map((item) => rewriteValue(item, context, root));
  if (!isNode(value)) return value;
  for (const [member, child] of Object.entries(value))
    value[member] = rewriteValue(child, context, root);
  if (value['class'] !== undefined) return rewriteExpression(value);
  switch (value['type']) {
    case 'SELECT_NODE':
      rewriteSelect(value, context);
      break;
    case 'BASE_TABLE':
      rewriteTable(value, context);
      break;
    case 'LIMIT_MODIFIER':
      if (value['offset'] !== null && !nodesOf(root, 'modifiers').includes(value))
        throw refuse('limit with skipped rows is only available in the outermost sql');
      break;
    default:
      for (const entry of nodesOf(value, 'map')) entry['key'] = cteName(textOf(entry, 'key'));
  }
  return value;
}

function rewriteTable(table: SqlNode, context: RewriteContext): void {
  const name = textOf(table, 'table_name');
  const isLog = context.relations.has(name.toLowerCase());
  if (textOf(table, 'alias') === '') table['alias'] = name;
  table['table_name'] = isLog ? 'log' : cteName(name);
}

function rewriteSelect(select: SqlNode, context: RewriteContext): void {
  const from = select['from_table'];
  if (isNode(from) && from['type'] === 'EMPTY')
    throw refuse('you are using nested sql, please specify FROM LOGSTORE in the innermost sql');
  let outputs = nodesOf(select, 'select_list');
  if (isNode(from) && from['type'] === 'BASE_TABLE' && textOf(from, 'table_name') === 'log')
    outputs = outputs.flatMap((output) =>
      isPlainStar(output) ? context.starColumns.map(columnNode) : [output],
    );
  for (const [i, output] of outputs.entries()) {
    const isNamed = output['class'] === 'COLUMN_REF' || output['class'] === 'STAR';
    if (!isNamed && textOf(output, 'alias') === '') output['alias'] = `_col${i}`;
  }
  select['select_list'] = outputs;
  groupByAliases(select, outputs);
}

function isPlainStar(output: SqlNode): boolean {
  return (
    output['class'] === 'STAR' &&
    nodesOf(output, 'replace_list').length === 0 &&
    isEmpty(output['exclude_list'])
  );
}

function isEmpty(value: SqlValue | undefined): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** A name in GROUP BY that is the name of an output means the output, even when a column has that name too. */
function groupByAliases(select: SqlNode, outputs: readonly SqlNode[]): void {
  const groups = nodesOf(select, 'group_expressions');
  const sets = select['group_sets'];
  const isPlain = Array.isArray(sets) && sets.length <= 1;
  select['group_expressions'] = groups.map((group) => {
    const name = plainColumn(group)?.toLowerCase();
    if (name === undefined) return group;
    const at = outputs.findIndex((output) => textOf(output, 'alias').toLowerCase() === name);
    const output = outputs[at];
    if (output === undefined) return group;
    return isPlain ? integerNode(at + 1) : { ...structuredCopy(output), alias: '' };
  });
}

function structuredCopy(node: SqlNode): SqlNode {
  const copy = (value: SqlValue): SqlValue => {
    if (Array.isArray(value)) return value.map(copy);
    if (!isNode(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, copy(child)]));
  };
  return copy(node) as SqlNode;
}

function refuse(message: string): AppError {
  return new AppError('ParameterInvalid', message);
}

/**
 * `TRY` around aggregates or windows: DuckDB refuses it. The SELECT becomes two, the inner one with the aggregates and the outer
 * one with what is around them.
 */
import { type SqlContext } from './context.ts';
import { AGGREGATE_FUNCTIONS } from './functions.ts';
import {
  columnNode,
  constantText,
  eachNode,
  isNode,
  nodesOf,
  selectNode,
  subqueryNode,
  textOf,
  type SqlNode,
  type SqlValue,
} from './tree.ts';

/** Whether a rewritten node is computed from several rows. */
function isOfRows(node: SqlNode): boolean {
  if (node['class'] === 'WINDOW') return true;
  return (
    (node['class'] === 'FUNCTION' && isAggregateName(textOf(node, 'function_name'))) ||
    node['type'] === 'GROUPING_FUNCTION'
  );
}

function isAggregateName(name: string): boolean {
  return AGGREGATE_FUNCTIONS.has(name) || NATIVE.has(name);
}

/** Names that rewrites give to aggregates of the service. */
const NATIVE: ReadonlySet<string> = new Set(
  'any_value bool_and bit_and bit_or geomean list quantile_disc count count_star'.split(' '),
);

function hasTryOfRows(value: SqlValue): boolean {
  let found = false;
  eachNode(value, (node) => {
    if (node['class'] === 'SUBQUERY') return false;
    if (node['type'] === 'OPERATOR_TRY')
      eachNode(node['children'] ?? null, (inner) => {
        found ||= isOfRows(inner);
        return !found && inner['class'] !== 'SUBQUERY';
      });
    return !found;
  });
  return found;
}

/** The rewritten SELECT, or two in its place. */
export function liftTries(select: SqlNode, context: SqlContext): SqlNode {
  const parts = ['select_list', 'having', 'modifiers'] as const;
  if (!parts.some((part) => hasTryOfRows(select[part] ?? null))) return select;
  const lifted: SqlNode[] = [];
  const lift = (node: SqlNode): SqlNode => {
    const text = JSON.stringify(node);
    const at = lifted.findIndex((one) => JSON.stringify({ ...one, alias: node['alias'] }) === text);
    if (at < 0) lifted.push({ ...node, alias: '' });
    const name = `sls_v${at < 0 ? lifted.length - 1 : at}`;
    return { ...columnNode(name), alias: node['alias'] ?? '' };
  };
  const outputs = nodesOf(select, 'select_list');
  const groups = nodesOf(select, 'group_expressions').map((group) => groupOf(group, outputs));
  const keys = new Set(groups.map(keyText));
  const replace = (value: SqlValue): SqlValue => {
    if (Array.isArray(value)) return value.map(replace);
    if (!isNode(value)) return value;
    if (isOfRows(value) || keys.has(keyText(value)) || value['class'] === 'COLUMN_REF')
      return lift(value);
    if (value['class'] === 'SUBQUERY') return value;
    return Object.fromEntries(
      Object.entries(value).map(([member, child]) => [member, replace(child)]),
    );
  };
  const outer = selectNode([], select);
  outer['select_list'] = outputs.map(replace);
  outer['where_clause'] = replace(select['having'] ?? null);
  outer['modifiers'] = nodesOf(select, 'modifiers').map(replace);
  select['select_list'] = lifted.map((node, i) => ({ ...node, alias: `sls_v${i}` }));
  select['group_expressions'] = groups.map((group) => ({
    ...context.templates.copy(group),
    alias: '',
  }));
  select['having'] = null;
  select['modifiers'] = [];
  outer['from_table'] = subqueryNode(select, 'sls_lifted');
  return outer;
}

/** A group that is the number of an output is the output. */
function groupOf(group: SqlNode, outputs: readonly SqlNode[]): SqlNode {
  if (group['class'] !== 'CONSTANT') return group;
  return outputs[Number(constantText(group)) - 1] ?? group;
}

function keyText(node: SqlNode): string {
  return JSON.stringify({ ...node, alias: '' }, (key, value: unknown) =>
    key === 'query_location' ? undefined : value,
  );
}

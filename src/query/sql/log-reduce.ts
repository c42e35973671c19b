/**
 * `select log_reduce(precision) from log` and `compare_log_reduce(precision, seconds)` (sls-query §4.7): one row for each pattern
 * of the logs. DuckDB counts logs by their shape, so that memory and spilling are its own; what is left for the functions of
 * `udf/log-reduce.ts` are the most frequent shapes.
 */
import { LOG_SHAPES_MAX } from '../limits.ts';
import { positiveNumber } from './calls.ts';
import { LOG_TEXT } from './columns.ts';
import { errorAt, type RewrittenQuery, type SqlContext } from './context.ts';
import { arrayOf, BIGINT, rowOf, VARCHAR } from './kinds.ts';
import type { Scope } from './scope.ts';
import {
  castNode,
  columnNode,
  functionNode,
  integerNode,
  isNode,
  joinNode,
  nodesOf,
  selectNode,
  subqueryNode,
  textOf,
  type SqlNode,
} from './tree.ts';

const NAME = /^(?:compare_)?log_reduce$/i;
/** The smaller, the finer. */
const PRECISION_DEFAULT = 3;
const PRECISION_MAX = 16;

const COMMON = { pattern: VARCHAR, signature: BIGINT, origin_signatures: arrayOf(BIGINT) };
const FIELDS = {
  log_reduce: { ...COMMON, count: BIGINT },
  compare_log_reduce: { ...COMMON, count: BIGINT, count_compare: BIGINT, diff: BIGINT },
} as const;

interface LogReduce {
  readonly select: SqlNode;
  readonly call: SqlNode;
  readonly scope: Scope;
  readonly context: SqlContext;
}

/** Undefined for a SELECT without them. Errors: ParameterInvalid. */
export function logReduce(
  select: SqlNode,
  scope: Scope,
  context: SqlContext,
): RewrittenQuery | undefined {
  const outputs = nodesOf(select, 'select_list');
  const call = outputs.find((output) => NAME.test(textOf(output, 'function_name')));
  if (call === undefined) return undefined;
  const work = { select, call, scope, context };
  checkSelect(work);
  const name = textOf(call, 'function_name').toLowerCase() as keyof typeof FIELDS;
  const [precision, seconds] = nodesOf(call, 'children');
  const finest = integerNode(precisionOf(precision, work));
  const now = topShapes(work, 0);
  const isCompared = name === 'compare_log_reduce';
  const earlier = isCompared
    ? topShapes(work, positiveNumber(seconds, 'the time to compare with', context))
    : undefined;
  if (!isCompared && seconds !== undefined)
    throw errorAt(context, call, 'log_reduce takes a precision only');
  const patterns =
    earlier === undefined
      ? functionNode('sls_log_reduce', [finest, column('now', 'top'), column('now', 'total')])
      : functionNode('sls_log_reduce_compared', [
          finest,
          functionNode('list_value', [pack('now'), pack('before')]),
        ]);
  const alias = textOf(call, 'alias') || '_col0';
  const rows = { ...context.templates.fill('unnest', { sls_x: patterns }), alias };
  const from = subqueryNode(now, 'sls_now');
  const always = context.templates.fill('always', {});
  const node = selectNode(
    [rows],
    earlier === undefined
      ? from
      : joinNode(from, subqueryNode(earlier, 'sls_before'), { type: 'INNER', condition: always }),
  );
  node['modifiers'] = nodesOf(select, 'modifiers');
  const fields = FIELDS[name];
  const kind = rowOf(Object.keys(fields), Object.values(fields));
  // The service knows the fields without the name of the row, too.
  const inside = Object.entries(fields).map(([field, fieldKind]) => ({
    name: field,
    kind: fieldKind,
    isAlias: true,
    row: alias,
  }));
  return { node, columns: [{ name: alias, kind }, ...inside] };
}

function checkSelect({ select, call, scope, context }: LogReduce): void {
  const name = textOf(call, 'function_name').toLowerCase();
  const isAlone =
    nodesOf(select, 'select_list').length === 1 &&
    nodesOf(select, 'group_expressions').length === 0 &&
    !isNode(select['having']) &&
    nodesOf(select, 'modifiers').every((modifier) => modifier['type'] === 'LIMIT_MODIFIER');
  if (!isAlone)
    throw errorAt(
      context,
      call,
      `${name} stands alone: select a.pattern, a.count from (select ${name}(…) as a from log)`,
    );
  const from = select['from_table'];
  const table = isNode(from) && from['type'] === 'BASE_TABLE' ? textOf(from, 'table_name') : '';
  const isExpression = scope.ctes.has(table.toLowerCase());
  const logstore = isExpression ? undefined : context.relations.find(table);
  if (logstore === undefined)
    throw errorAt(context, call, `${name} reads a logstore: select ${name}(…) from log`);
  if (!logstore.columns.some((one) => one.name === LOG_TEXT))
    throw errorAt(
      context,
      call,
      `${name} needs log clustering, please turn on log_reduce in the index attribute`,
    );
}

function precisionOf(node: SqlNode | undefined, { call, context }: LogReduce): number {
  if (node === undefined) return PRECISION_DEFAULT;
  const precision = positiveNumber(node, 'precision', context);
  if (precision <= PRECISION_MAX) return precision;
  throw errorAt(context, call, `precision must be between 1 and ${PRECISION_MAX}`);
}

/** The most frequent shapes as `sls_top`, and the number of all logs as `sls_total`. */
function topShapes({ select, scope, context }: LogReduce, shiftSeconds: number): SqlNode {
  const { templates } = context;
  const shape = functionNode('sls_log_shape', [columnNode(LOG_TEXT)]);
  const from = select['from_table'];
  const shapes = selectNode(
    [
      { ...shape, alias: 'sls_shape' },
      { ...functionNode('count_star', []), alias: 'sls_count' },
    ],
    isNode(from) ? templates.copy(from) : {},
  );
  const where = select['where_clause'];
  if (isNode(where)) shapes['where_clause'] = templates.copy(where);
  shapes['group_expressions'] = [integerNode(1)];
  shapes['group_sets'] = [[0]];
  const shifted = { ...scope, shiftSeconds: scope.shiftSeconds + shiftSeconds };
  const inner = context.query(shapes, shifted);
  const count = columnNode('sls_count');
  const pair = functionNode('struct_pack', [
    { ...count, alias: 'n' },
    { ...columnNode('sls_shape'), alias: 's' },
  ]);
  const top = functionNode('max', [pair, integerNode(LOG_SHAPES_MAX)]);
  const total = castNode(functionNode('sum', [{ ...count }]), 'BIGINT');
  return selectNode(
    [
      { ...top, alias: 'sls_top' },
      { ...total, alias: 'sls_total' },
    ],
    subqueryNode(inner.node, 'sls_shapes'),
  );
}

function column(relation: string, name: string): SqlNode {
  const node = columnNode(`sls_${name}`);
  return { ...node, column_names: [`sls_${relation}`, `sls_${name}`] };
}

function pack(relation: string): SqlNode {
  return functionNode('struct_pack', [
    { ...column(relation, 'top'), alias: 'shapes' },
    { ...column(relation, 'total'), alias: 'total' },
  ]);
}

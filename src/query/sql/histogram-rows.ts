/**
 * Functions whose map is shown as rows (sls-query §3.8): `histogram_u(x)` and `numeric_histogram_u(b, x)`, the map of the
 * function without `_u`, and `series_padding`.
 */
import { errorAt, type RewrittenQuery, type SqlContext } from './context.ts';
import { itemOf, UNKNOWN } from './kinds.ts';
import type { Scope } from './scope.ts';
import { columnNode, nodesOf, selectNode, subqueryNode, textOf, type SqlNode } from './tree.ts';

const NAME = /^(?:(?:numeric_)?histogram_u|series_padding)$/i;

/** Undefined for a SELECT without them. Errors: ParameterInvalid beside other outputs. */
export function histogramRows(
  select: SqlNode,
  scope: Scope,
  context: SqlContext,
): RewrittenQuery | undefined {
  const outputs = nodesOf(select, 'select_list');
  const call = outputs.find((output) => NAME.test(textOf(output, 'function_name')));
  if (call === undefined) return undefined;
  const name = textOf(call, 'function_name').toLowerCase();
  if (outputs.length > 1 || nodesOf(select, 'group_expressions').length > 0)
    throw errorAt(context, call, `${name} must be the only item of the select list`);
  const modifiers = nodesOf(select, 'modifiers');
  const order = modifiers.find((modifier) => modifier['type'] === 'ORDER_MODIFIER');
  if (order !== undefined)
    throw errorAt(context, call, `${name} cannot be ordered, please use it in a subquery`);
  call['function_name'] = name === 'series_padding' ? 'sls_series' : name.replace(/_u$/, '');
  call['alias'] = 'sls_map';
  select['modifiers'] = [];
  const inner = context.query(select, scope);
  const map = columnNode('sls_map');
  const { templates } = context;
  const [key, value] =
    name === 'series_padding' ? (['unixtime', 'pad_value'] as const) : (['key', 'value'] as const);
  const rows = (['keysOf', 'valuesOf'] as const).map((part, i) => {
    const list = templates.fill(part, { sls_x: map });
    return { ...templates.fill('unnest', { sls_x: list }), alias: i === 0 ? key : value };
  });
  const node = selectNode(rows, subqueryNode(inner.node, 'sls_histogram'));
  node['modifiers'] = modifiers;
  const kind = inner.columns[0]?.kind ?? UNKNOWN;
  return {
    node,
    columns: [
      { name: key, kind: kind.items[0] ?? UNKNOWN },
      { name: value, kind: itemOf(kind) },
    ],
  };
}

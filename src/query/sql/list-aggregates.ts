/**
 * Aggregates of the service that DuckDB has no word for (sls-query §3.8, §3.9): an aggregate of DuckDB's own, which keeps the
 * call's FILTER, DISTINCT, ORDER BY and OVER, and functions around it that make its value the one that was asked for.
 */
import { castNode, functionNode, operatorNode, type SqlNode } from './tree.ts';

/** DuckDB's aggregate of that name in the place of the call. */
type Over = (name: string, ...children: SqlNode[]) => SqlNode;
type Build = (over: Over, children: readonly SqlNode[]) => SqlNode | undefined;

function call(name: string, ...children: SqlNode[]): SqlNode {
  return functionNode(name, children);
}

function reals(over: Over, x: SqlNode): SqlNode {
  return over('list', castNode(x, 'DOUBLE'));
}

const BUILDERS: Readonly<Record<string, Build>> = {
  approx_most_frequent: (over, [count, x]) =>
    count && x && call('sls_top', over('histogram', x), count),
  approx_percentile: (over, [x, weight, share]) => {
    if (x === undefined || weight === undefined || share === undefined) return undefined;
    const isArray =
      share['type'] === 'ARRAY_CONSTRUCTOR' || share['function_name'] === 'list_value';
    const ranks = [reals(over, x), reals(over, weight), share] as const;
    return isArray
      ? call('list_select', over('list', x), call('sls_weighted_ranks', ...ranks))
      : operatorNode('ARRAY_EXTRACT', [over('list', x), call('sls_weighted_rank', ...ranks)]);
  },
  approx_set: (over, [x]) => x && call('sls_sketch', over('list', call('sls_sketch_item', x))),
  checksum: (over, [x]) =>
    x && call('sls_checksum', over('sum', castNode(call('hash', x), 'HUGEINT'))),
  map_union: (over, [map]) => map && call('sls_map_union', over('list', map)),
  merge: (over, [sketch]) => sketch && call('sls_sketch_merge', over('list', sketch)),
  numeric_histogram: (over, [bins, x, weight]) => {
    if (bins === undefined || x === undefined) return undefined;
    return weight === undefined
      ? call('sls_numeric_histogram', bins, reals(over, x))
      : call('sls_weighted_histogram', bins, reals(over, x), reals(over, weight));
  },
  set_agg: (over, [x]) => x && call('list_distinct', over('list', x)),
  set_union: (over, [array]) =>
    array && call('array_distinct', call('flatten', over('list', array))),
  // `series_padding`, whose rows are made around this.
  sls_series: (over, [time, value, interval, kind]) =>
    time &&
    value &&
    interval &&
    kind &&
    call('sls_padding', over('list', castNode(time, 'BIGINT')), reals(over, value), interval, kind),
  // The second argument is a timestamp by now.
  window_funnel: (over, [width, time, ...steps]) =>
    width &&
    time &&
    call(
      'sls_funnel',
      castNode(width, 'DOUBLE'),
      over('list', call('sls_funnel_item', call('epoch', time), call('sls_funnel_step', ...steps))),
    ),
};

/** What to put in the place of a call, FUNCTION or WINDOW, whose arguments are rewritten; undefined for any other. */
export function listAggregate(
  name: string,
  node: SqlNode,
  children: readonly SqlNode[],
): SqlNode | undefined {
  const build = Object.hasOwn(BUILDERS, name) ? BUILDERS[name] : undefined;
  // A sketch is the same with every value once, in memory that has a bound.
  const distinct = name === 'approx_set' ? true : (node['distinct'] ?? false);
  return build?.(
    (inner, ...arguments_) => ({
      ...node,
      function_name: inner,
      children: arguments_,
      alias: '',
      distinct,
    }),
    children,
  );
}

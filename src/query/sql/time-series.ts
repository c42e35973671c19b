/**
 * `time_series(t, window, format, padding)` (sls-query §3.9): groups by windows of time and gives a row for every window of
 * the request's range, the missing ones padded. Windows are aligned in the zone of the query. With further groups each of
 * them has all windows.
 */
import { AppError } from '#base/app-error.ts';
import { TIME_SERIES_BUCKETS_MAX } from '../limits.ts';
import { cteName } from './cte-name.ts';
import { errorAt, type RewrittenQuery, type SqlContext } from './context.ts';
import { strftimeFormat } from './date-format.ts';
import { VARCHAR } from './kinds.ts';
import type { Scope, ScopeColumn } from './scope.ts';
import { BUCKET, SERIES } from './templates.ts';
import {
  columnNode,
  constantText,
  functionNode,
  integerNode,
  isNode,
  joinNode,
  nodesOf,
  plainColumn,
  selectNode,
  subqueryNode,
  tableNode,
  textNode,
  textOf,
  type SqlNode,
} from './tree.ts';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const PADDINGS: ReadonlySet<string> = new Set(['0', 'null', 'last', 'next', 'avg']);

interface Series {
  /** Number of the output, from 0. */
  readonly at: number;
  readonly alias: string;
  readonly time: SqlNode;
  readonly windowSeconds: number;
  readonly format: string;
  readonly padding: string;
}

/** Undefined for a SELECT without it. Errors: ParameterInvalid. */
export function timeSeries(
  select: SqlNode,
  scope: Scope,
  context: SqlContext,
): RewrittenQuery | undefined {
  const outputs = nodesOf(select, 'select_list');
  const at = outputs.findIndex((one) => /^time_series$/i.test(textOf(one, 'function_name')));
  const call = outputs[at];
  if (call === undefined) return undefined;
  const series = readCall(call, at, context);
  const modifiers = nodesOf(select, 'modifiers');
  const order = modifiers.find((modifier) => modifier['type'] === 'ORDER_MODIFIER');
  const groups = nodesOf(select, 'group_expressions');
  if (!groups.some((group) => isOutput(group, series)))
    throw errorAt(context, call, 'time_series needs its alias in group by');
  checkOrder(order, series, call, context);
  const { fromTime, toTime } = context.request;
  if ((toTime - fromTime) / series.windowSeconds > TIME_SERIES_BUCKETS_MAX)
    throw errorAt(context, call, 'time_series has too many windows in this time range');
  const keys = keyNumbers(groups, outputs, series);
  select['group_expressions'] = groups.map((group) =>
    isOutput(group, series) ? integerNode(at + 1) : group,
  );
  const bucket = functionNode(BUCKET, [series.time, integerNode(series.windowSeconds)]);
  outputs[at] = { ...bucket, alias: BUCKET };
  select['select_list'] = outputs;
  select['modifiers'] = [];
  const inner = context.query(select, scope);
  return outerQuery(inner, { series, keys, modifiers }, context);
}

function readCall(call: SqlNode, at: number, context: SqlContext): Series {
  const [time, ...rest] = nodesOf(call, 'children');
  const [window, format, padding] = rest.map(constantText);
  if (time === undefined || rest.length !== 3 || format === undefined)
    throw errorAt(
      context,
      call,
      "time_series takes a time, a window, a format and a padding: time_series(__time__, '1m', '%H:%i', '0')",
    );
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/.exec(window ?? '') ?? [];
  const windowSeconds = Number(count ?? 0) * (SECONDS[unit] ?? 0);
  if (windowSeconds === 0)
    throw errorAt(context, call, 'the window of time_series is a number and s, m, h or d');
  if (padding === undefined || !PADDINGS.has(padding))
    throw errorAt(
      context,
      call,
      "the padding of time_series is '0', 'null', 'last', 'next' or 'avg'",
    );
  const alias = textOf(call, 'alias');
  return { at, alias, time, windowSeconds, format: strftimeFormat(format), padding };
}

function isOutput(node: SqlNode, { alias, at }: Series): boolean {
  const name = plainColumn(node)?.toLowerCase();
  return (name !== undefined && name === alias.toLowerCase()) || constantText(node) === `${at + 1}`;
}

function checkOrder(
  order: SqlNode | undefined,
  series: Series,
  call: SqlNode,
  context: SqlContext,
): void {
  const [first] = order === undefined ? [] : nodesOf(order, 'orders');
  const expression = first?.['expression'];
  const isSeries = isNode(expression) && isOutput(expression, series);
  if (!isSeries || first?.['type'] === 'DESCENDING')
    throw errorAt(context, call, 'time_series needs order by its alias, ascending');
}

/** Numbers of outputs, from 0, that are groups beside the windows. */
function keyNumbers(
  groups: readonly SqlNode[],
  outputs: readonly SqlNode[],
  series: Series,
): ReadonlySet<number> {
  const numbers = new Set<number>();
  for (const group of groups) {
    if (isOutput(group, series)) continue;
    const name = plainColumn(group)?.toLowerCase();
    const byNumber = Number(constantText(group) ?? Number.NaN) - 1;
    const byName = outputs.findIndex(
      (output) =>
        name !== undefined &&
        (textOf(output, 'alias').toLowerCase() || plainColumn(output)?.toLowerCase()) === name,
    );
    const at = Number.isInteger(byNumber) ? byNumber : byName;
    if (at < 0)
      throw new AppError(
        'ParameterInvalid',
        'groups beside time_series must be in the select list',
      );
    numbers.add(at);
  }
  return numbers;
}

interface Outer {
  readonly series: Series;
  readonly keys: ReadonlySet<number>;
  readonly modifiers: readonly SqlNode[];
}

const BUCKETS = 'sls_buckets';
const KEYS = 'sls_keys';
const SERIES_CTE = cteName(SERIES);

function outerQuery(inner: RewrittenQuery, outer: Outer, context: SqlContext): RewrittenQuery {
  const { series, keys, modifiers } = outer;
  const columns: readonly ScopeColumn[] = inner.columns.map((column, i) =>
    i === series.at ? { name: series.alias, kind: VARCHAR } : column,
  );
  const inside = inner.columns.map(({ name }) => name);
  const outputs = columns.map(({ name, kind }, i) => {
    if (i === series.at) return { ...bucketLabel(series, context), alias: name };
    if (keys.has(i)) return { ...qualifiedColumn(KEYS, inside[i]), alias: name };
    const value = padded({ name: inside[i] ?? '', kind }, outer, inside, context);
    return { ...value, alias: name };
  });
  const select = selectNode(outputs, seriesFrom(outer, inside, context));
  select['cte_map'] = {
    map: [
      {
        key: SERIES_CTE,
        value: {
          aliases: [],
          query: { node: inner.node },
          materialized: 'CTE_MATERIALIZE_DEFAULT',
          key_targets: [],
        },
      },
    ],
  };
  select['modifiers'] = modifiers.map((modifier) =>
    orderByBuckets(modifier, series, columns, context),
  );
  return { node: select, columns };
}

function qualifiedColumn(relation: string, name = ''): SqlNode {
  return { class: 'COLUMN_REF', type: 'COLUMN_REF', alias: '', column_names: [relation, name] };
}

function bucketLabel({ format }: Series, { templates }: SqlContext): SqlNode {
  const bucket = qualifiedColumn(BUCKETS, BUCKET);
  return templates.fill('bucketLabel', { sls_x: bucket, sls_f: textNode(format) });
}

/** The windows of the range, for each of the other groups, with the rows that there are. */
function seriesFrom(
  { series, keys }: Outer,
  inside: readonly string[],
  { templates, request }: SqlContext,
): SqlNode {
  const edge = (seconds: number): SqlNode =>
    templates.fill('localOfUnix', { sls_x: integerNode(seconds) });
  const width = integerNode(series.windowSeconds);
  const first = templates.fill('bucket', { sls_x: edge(request.fromTime), sls_w: width });
  const range: SqlNode = {
    type: 'TABLE_FUNCTION',
    alias: BUCKETS,
    sample: null,
    function: functionNode('range', [first, edge(request.toTime), width]),
    column_name_alias: [BUCKET],
  };
  let from = range;
  const names = [...keys].map((key) => inside[key] ?? '');
  if (names.length > 0) {
    const distinct = selectNode(names.map(columnNode), tableNode(SERIES_CTE, ''));
    distinct['modifiers'] = [{ type: 'DISTINCT_MODIFIER', distinct_on_targets: [] }];
    const condition = templates.fill('always', {});
    from = joinNode(from, subqueryNode(distinct, KEYS), { type: 'INNER', condition });
  }
  const conditions = [
    [qualifiedColumn(SERIES, BUCKET), qualifiedColumn(BUCKETS, BUCKET)] as const,
    ...names.map((name) => [qualifiedColumn(SERIES, name), qualifiedColumn(KEYS, name)] as const),
  ].map(([a, b]) => templates.fill('same', { sls_a: a, sls_b: b }));
  const condition = conditions.reduce((a, b) => templates.fill('both', { sls_a: a, sls_b: b }));
  return joinNode(from, tableNode(SERIES_CTE, SERIES), { type: 'LEFT', condition });
}

/** The value of an output, or what stands for it in a window without rows. */
function padded(
  { name, kind }: ScopeColumn,
  { series, keys }: Outer,
  inside: readonly string[],
  { templates }: SqlContext,
): SqlNode {
  const value = qualifiedColumn(SERIES, name);
  if (series.padding === 'null') return value;
  if (series.padding === '0')
    return templates.fill(kind === VARCHAR ? 'padText' : 'padZero', { sls_x: value });
  const around = (template: 'previousValue' | 'nextValue'): SqlNode => {
    const node = templates.fill(template, {
      sls_x: value,
      sls_b: qualifiedColumn(BUCKETS, BUCKET),
    });
    node['partitions'] = [...keys].map((key) => qualifiedColumn(KEYS, inside[key]));
    return node;
  };
  const pad =
    series.padding === 'last'
      ? around('previousValue')
      : series.padding === 'next'
        ? around('nextValue')
        : templates.fill('mean', { sls_a: around('previousValue'), sls_b: around('nextValue') });
  return templates.fill('padWith', { sls_x: value, sls_p: pad });
}

function orderByBuckets(
  modifier: SqlNode,
  series: Series,
  columns: readonly ScopeColumn[],
  context: SqlContext,
): SqlNode {
  if (modifier['type'] !== 'ORDER_MODIFIER') return modifier;
  for (const order of nodesOf(modifier, 'orders')) {
    const expression = order['expression'];
    if (!isNode(expression)) continue;
    if (isOutput(expression, series)) {
      order['expression'] = qualifiedColumn(BUCKETS, BUCKET);
      continue;
    }
    const name = plainColumn(expression)?.toLowerCase();
    const ordinal = Number(constantText(expression) ?? Number.NaN);
    const at = columns.findIndex(
      (column, i) => column.name.toLowerCase() === name || i + 1 === ordinal,
    );
    if (at < 0)
      throw errorAt(context, expression, 'order by beside time_series takes outputs only');
    order['expression'] = integerNode(at + 1);
  }
  return modifier;
}

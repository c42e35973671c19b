/** Expressions of the service's dialect as DuckDB's (sls-query §3.3, §3.6–§3.8), one node at a time. */
import { AppError } from '#base/app-error.ts';
import { strftimeFormat } from './date-format.ts';
import { TIME_FUNCTION } from './time.ts';
import {
  castNode,
  constantText,
  functionNode,
  integerNode,
  isNode,
  nodesOf,
  textNode,
  textOf,
  type SqlNode,
} from './tree.ts';

/** Functions that are the same under another name; unlike macros these can be windowed and filtered. */
const RENAMED: Readonly<Record<string, string>> = {
  arbitrary: 'any_value',
  every: 'bool_and',
  bitwise_and_agg: 'bit_and',
  bitwise_or_agg: 'bit_or',
  geometric_mean: 'geomean',
  filter: 'list_filter',
  transform: 'list_transform',
  truncate: 'trunc',
  date: 'sls_date',
};

/** Which arguments are times. */
const TIME_ARGUMENTS: Readonly<Record<string, readonly number[]>> = {
  date_format: [0],
  date_trunc: [1],
  date_add: [2],
  date_diff: [1, 2],
  date_part: [1],
  to_unixtime: [0],
  to_iso8601: [0],
  date: [0],
  last_day_of_month: [0],
  ...Object.fromEntries(
    [
      'year quarter month day day_of_month hour minute second day_of_week dow day_of_year doy week',
      'week_of_year year_of_week yow',
    ]
      .join(' ')
      .split(' ')
      .map((name) => [name, [0]]),
  ),
};

/** Functions whose result is a timestamp of the query's zone already. */
const TIMESTAMPS: ReadonlySet<string> = new Set([
  'from_unixtime',
  'date_trunc',
  'date_add',
  'strptime',
  TIME_FUNCTION,
  'sls_seconds',
]);

const MAPS: ReadonlySet<string> = new Set([
  'map',
  'histogram',
  'map_agg',
  'multimap_agg',
  'map_concat',
  'map_from_entries',
  'split_to_map',
]);

const ARRAYS: ReadonlySet<string> = new Set([
  'list_value',
  'split',
  'array_agg',
  'list_filter',
  'list_transform',
  'sequence',
  'slice',
  'map_keys',
  'map_values',
  'regexp_extract_all',
  'regexp_split',
  'array_distinct',
  'array_sort',
  'array_union',
]);

/** The node, or one to put in its place; its children are done already. Errors: ParameterInvalid. */
export function rewriteExpression(node: SqlNode): SqlNode {
  if (node['class'] === 'CONSTANT') return doubleConstant(node);
  if (node['class'] !== 'FUNCTION' && node['class'] !== 'WINDOW') return node;
  const name = textOf(node, 'function_name').toLowerCase();
  const children = nodesOf(node, 'children');
  for (const at of TIME_ARGUMENTS[name] ?? []) {
    const child = children[at];
    if (child !== undefined) children[at] = timeOf(child);
  }
  node['children'] = children;
  const renamed = Object.hasOwn(RENAMED, name) ? RENAMED[name] : undefined;
  if (renamed !== undefined && !(name === 'truncate' && children.length > 1)) {
    node['function_name'] = renamed;
    return node;
  }
  if (name === 'approx_distinct') return countDistinct(node, children);
  if (name === 'approx_percentile' && children.length === 2) {
    node['function_name'] = 'quantile_disc';
    return node;
  }
  return withAlias(special(name, children) ?? node, node);
}

function special(name: string, children: readonly SqlNode[]): SqlNode | undefined {
  const [first, second] = children;
  if (first === undefined) return undefined;
  switch (name) {
    case 'date_format':
      return functionNode('strftime', [first, formatOf(second)]);
    case 'date_parse':
      return functionNode('strptime', [first, formatOf(second)]);
    case 'date_part':
      return functionNode('date_part', [partOf(first), ...children.slice(1)]);
    case 'concat':
      return children.reduce((left, right) => functionNode('||', [left, right], true));
    case 'greatest':
    case 'least':
      return children.reduce((left, right) => functionNode(`sls_${name}`, [left, right]));
    case 'cardinality':
      return isCall(first, MAPS) ? undefined : functionNode('len', [first]);
    case 'reverse':
      return isCall(first, ARRAYS) ? functionNode('list_reverse', [first]) : undefined;
    case 'element_at':
      return operatorNode('ARRAY_EXTRACT', [...children]);
    default:
      return name.endsWith('_match') ? matchNode(name, children) : undefined;
  }
}

function withAlias(replacement: SqlNode, original: SqlNode): SqlNode {
  replacement['alias'] = original['alias'] ?? '';
  return replacement;
}

/** `1.5` is a double in the service and a decimal in DuckDB. */
function doubleConstant(node: SqlNode): SqlNode {
  const value = node['value'];
  if (!isNode(value) || !isNode(value['type'])) return node;
  const { type } = value;
  if (!isNode(type) || type['id'] !== 'DECIMAL') return node;
  return withAlias(castNode({ ...node, alias: '' }, 'DOUBLE'), node);
}

/** Exact: the sketch of the service is, too, for as few values as its users look at. */
function countDistinct(node: SqlNode, children: readonly SqlNode[]): SqlNode {
  node['function_name'] = 'count';
  node['children'] = children.slice(0, 1);
  node['distinct'] = true;
  return node;
}

/** A time argument as a timestamp in the zone of the query. */
function timeOf(node: SqlNode): SqlNode {
  if (isCall(node, TIMESTAMPS)) return node;
  return functionNode(isSeconds(node) ? 'sls_seconds' : TIME_FUNCTION, [node]);
}

/** Whether an expression is known to be seconds: `__time__` and whole numbers with arithmetic. */
function isSeconds(node: SqlNode): boolean {
  const names = node['column_names'];
  if (node['class'] === 'COLUMN_REF' && Array.isArray(names)) return names.at(-1) === '__time__';
  if (node['class'] === 'CONSTANT') {
    const value = node['value'];
    const type = isNode(value) && isNode(value['type']) ? value['type']['id'] : undefined;
    return type === 'INTEGER' || type === 'BIGINT';
  }
  const isArithmetic = /^[-+*/%]$/.test(textOf(node, 'function_name'));
  return isArithmetic && nodesOf(node, 'children').every(isSeconds);
}

function isCall(node: SqlNode, names: ReadonlySet<string>): boolean {
  return node['class'] === 'FUNCTION' && names.has(textOf(node, 'function_name').toLowerCase());
}

function formatOf(node: SqlNode | undefined): SqlNode {
  const format = node === undefined ? undefined : constantText(node);
  if (format === undefined)
    throw new AppError('ParameterInvalid', 'the format of a date function must be a text literal');
  return textNode(strftimeFormat(format));
}

/** Monday is day 1 of the service's week and day 0 is DuckDB's Sunday. */
function partOf(node: SqlNode): SqlNode {
  const part = constantText(node)?.toLowerCase();
  if (part === 'dow' || part === 'day_of_week') return textNode('isodow');
  if (part === 'day_of_year') return textNode('doy');
  if (part === 'yow' || part === 'year_of_week') return textNode('isoyear');
  return node;
}

function matchNode(name: string, children: readonly SqlNode[]): SqlNode {
  const found = functionNode('len', [functionNode('list_filter', [...children])]);
  const all = functionNode('len', children.slice(0, 1));
  const type = name === 'any_match' ? 'COMPARE_GREATERTHAN' : 'COMPARE_EQUAL';
  const right = name === 'all_match' ? all : integerNode(0);
  return { class: 'COMPARISON', type, alias: '', left: found, right };
}

function operatorNode(type: string, children: SqlNode[]): SqlNode {
  return { class: 'OPERATOR', type, alias: '', children };
}

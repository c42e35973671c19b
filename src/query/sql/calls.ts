/** Functions of the service's dialect as DuckDB's (sls-query §3.3, §3.6–§3.8), once their arguments are rewritten. */
import { errorAt, kindOf, withKind, type SqlContext } from './context.ts';
import { strftimeFormat } from './date-format.ts';
import {
  BIGINT,
  DATE,
  DOUBLE,
  TIMESTAMP,
  VARCHAR,
  ZONED,
  callKind,
  isNumber,
  kindText,
} from './kinds.ts';
import { listAggregate } from './list-aggregates.ts';
import { BUCKET, type TemplateName } from './templates.ts';
import {
  castNode,
  constantText,
  functionNode,
  integerNode,
  nodesOf,
  operatorNode,
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
  array_agg: 'list',
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
  window_funnel: [1],
  ...Object.fromEntries(
    `year quarter month day day_of_month hour minute second day_of_week dow day_of_year doy week
    week_of_year year_of_week yow`
      .split(/\s+/)
      .map((name) => [name, [0]]),
  ),
};

/** Macros over a list of all values: the core can be windowed and filtered, the macro goes around it. */
const OVER_LIST: Readonly<Record<string, string>> = {
  map_agg: 'sls_kv_map',
  multimap_agg: 'sls_mm_map',
};

/** A call, FUNCTION or WINDOW, whose arguments are rewritten. Errors: ParameterInvalid. */
export function rewriteCall(node: SqlNode, context: SqlContext): SqlNode {
  const name = textOf(node, 'function_name').toLowerCase();
  const children = nodesOf(node, 'children');
  const kinds = children.map((child) => kindOf(context, child));
  const truncated = name === 'date_trunc' ? truncatedSeconds(children, context) : undefined;
  if (truncated !== undefined)
    return withKind(context, { ...truncated, alias: node['alias'] ?? '' }, TIMESTAMP);
  for (const at of TIME_ARGUMENTS[name] ?? []) {
    const child = children[at];
    if (child !== undefined) children[at] = timeOf(child, context);
  }
  node['children'] = children;
  node['function_name'] = Object.hasOwn(RENAMED, name) ? (RENAMED[name] ?? name) : name;
  const result = replacement(name, node, children, context) ?? node;
  if (result !== node) result['alias'] = node['alias'] ?? '';
  return withKind(context, result, callKind(name, kinds));
}

/** A time argument as a timestamp in the zone of the query (sls-query §3.6). */
export function timeOf(node: SqlNode, context: SqlContext): SqlNode {
  const { templates } = context;
  const kind = kindOf(context, node);
  if (kind === TIMESTAMP) return node;
  if (kind === DATE || kind === ZONED) return castNode(node, 'TIMESTAMP');
  const name: TemplateName =
    kind === BIGINT
      ? 'timeOfSeconds'
      : kind === DOUBLE
        ? 'timeOfDouble'
        : kind === VARCHAR
          ? 'timeOfText'
          : 'time';
  return withKind(context, templates.fill(name, { sls_x: node }), TIMESTAMP);
}

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86_400,
};

/** Undefined: not `date_trunc` of Unix seconds to a unit that has always as many. */
function truncatedSeconds(children: readonly SqlNode[], context: SqlContext): SqlNode | undefined {
  const [unit, time] = children;
  if (unit === undefined || time === undefined || kindOf(context, time) !== BIGINT)
    return undefined;
  const name = constantText(unit)?.toLowerCase() ?? '';
  const seconds = Object.hasOwn(UNIT_SECONDS, name) ? UNIT_SECONDS[name] : undefined;
  if (children.length !== 2 || seconds === undefined) return undefined;
  return context.templates.fill('truncatedSeconds', { sls_x: time, sls_n: integerNode(seconds) });
}

interface Call {
  readonly node: SqlNode;
  readonly first: SqlNode;
  readonly second: SqlNode | undefined;
  readonly children: readonly SqlNode[];
  readonly context: SqlContext;
}

function replacement(
  name: string,
  node: SqlNode,
  children: readonly SqlNode[],
  context: SqlContext,
): SqlNode | undefined {
  const overList = listAggregate(name, node, children);
  if (overList !== undefined) return overList;
  if (node['class'] === 'WINDOW' || isAggregateOf(name))
    return aggregate(name, node, children, context);
  const [first, second] = children;
  const replace = Object.hasOwn(REPLACED, name) ? REPLACED[name] : undefined;
  if (first === undefined || replace === undefined) return undefined;
  return replace({ node, first, second, children, context });
}

/** What is put in the place of a call; undefined leaves it. */
const REPLACED: Readonly<Record<string, (call: Call) => SqlNode | undefined>> = {
  date_format: ({ first, second }) => withFormat('strftime', 'sls_date_format', first, second),
  date_parse: ({ first, second }) => withFormat('strptime', 'sls_date_parse', first, second),
  date_part: ({ first, children }) =>
    functionNode('date_part', [partOf(first), ...children.slice(1)]),
  concat: ({ children }) =>
    children.reduce((left, right) => functionNode('||', [left, right], true)),
  greatest: ({ children }) =>
    children.reduce((left, right) => functionNode('sls_greatest', [left, right])),
  least: ({ children }) =>
    children.reduce((left, right) => functionNode('sls_least', [left, right])),
  sign: ({ node, first, context }) =>
    kindOf(context, first) === DOUBLE ? castNode({ ...node, alias: '' }, 'DOUBLE') : undefined,
  ceil: wholeAsIs,
  ceiling: wholeAsIs,
  floor: wholeAsIs,
  ...Object.fromEntries(
    'days hours minutes seconds milliseconds microseconds nanoseconds'
      .split(' ')
      .map((unit) => [`to_${unit}`, durationIn]),
  ),
  truncate: ({ first, children }) =>
    children.length === 1 ? functionNode('trunc', [first]) : undefined,
  cardinality: ({ first, context }) => {
    const { name } = kindOf(context, first);
    if (name === 'varbinary') return functionNode('sls_sketch_size', [first]);
    return name === 'array' ? functionNode('len', [first]) : undefined;
  },
  reverse: ({ first, context }) =>
    kindOf(context, first).name === 'array' ? functionNode('list_reverse', [first]) : undefined,
  element_at: ({ node, first, children, context }) => {
    const kind = kindOf(context, first);
    if (!['array', 'map', 'unknown'].includes(kind.name))
      throw errorAt(
        context,
        node,
        `Unexpected parameters (${kindText(kind)}) for function element_at`,
      );
    return operatorNode('ARRAY_EXTRACT', [...children]);
  },
  random: ({ first, context }) => context.templates.fill('randomBelow', { sls_n: first }),
  typeof: ({ first, context }) => context.templates.fill('typeName', { sls_x: first }),
  [BUCKET]: ({ first, second, context }) =>
    context.templates.fill('bucket', {
      sls_x: context.templates.fill('localSeconds', { sls_x: timeOf(first, context) }),
      sls_w: second ?? integerNode(1),
    }),
  '+': (call) => dateStep(call) ?? wideNumbers(call),
  '-': (call) => dateStep(call) ?? wideNumbers(call),
  '*': wideNumbers,
};

/** A whole number is its own; DuckDB would make it a double. */
function wholeAsIs({ first, context }: Call): SqlNode | undefined {
  return kindOf(context, first) === BIGINT ? { ...first } : undefined;
}

/** The parser makes intervals of calls with numbers; a user's have texts such as '5s'. */
function durationIn({ node, first, context }: Call): SqlNode | undefined {
  if (isNumber(kindOf(context, first))) return undefined;
  return functionNode(`sls_${textOf(node, 'function_name')}`, [first]);
}

function isAggregateOf(name: string): boolean {
  return (
    Object.hasOwn(OVER_LIST, name) ||
    name === 'approx_distinct' ||
    name === 'approx_percentile' ||
    name === 'count_if' ||
    name === 'sum'
  );
}

function aggregate(
  name: string,
  node: SqlNode,
  children: readonly SqlNode[],
  context: SqlContext,
): SqlNode | undefined {
  const { templates } = context;
  const [first, second] = children;
  if (first === undefined) return undefined;
  if (name === 'approx_distinct') {
    // Exact: the sketch of the service is, too, for as few values as its users look at.
    node['function_name'] = 'count';
    node['children'] = [first];
    node['distinct'] = true;
    return undefined;
  }
  if (name === 'count_if') {
    // The engine's own gives null for no rows.
    node['function_name'] = 'count';
    node['children'] = [templates.fill('oneWhen', { sls_x: first })];
    return undefined;
  }
  if (name === 'approx_percentile') {
    if (children.length === 2) node['function_name'] = 'quantile_disc';
    return undefined;
  }
  if (name === 'sum')
    return kindOf(context, first) === BIGINT
      ? templates.fill('whole', { sls_x: { ...node, alias: '' } })
      : undefined;
  const finish = Object.hasOwn(OVER_LIST, name) ? OVER_LIST[name] : undefined;
  if (finish === undefined) return undefined;
  node['function_name'] = 'list';
  if (second !== undefined) {
    node['children'] = [
      functionNode('struct_pack', [
        { ...first, alias: 'k' },
        { ...second, alias: 'v' },
      ]),
    ];
    addFilter(node, operatorNode('OPERATOR_IS_NOT_NULL', [first]), context);
  }
  return functionNode(finish, [{ ...node, alias: '' }]);
}

/** A map has no entries for null keys. */
function addFilter(node: SqlNode, filter: SqlNode, { templates }: SqlContext): void {
  const member = node['class'] === 'WINDOW' ? 'filter_expr' : 'filter';
  const before = node[member];
  node[member] =
    typeof before === 'object' && before !== null && !Array.isArray(before)
      ? templates.fill('both', { sls_a: before, sls_b: filter })
      : filter;
}

/** `date - interval '1' month` stays a date. */
function dateStep({ node, children, context }: Call): SqlNode | undefined {
  const names = new Set(children.map((child) => kindOf(context, child).name));
  const isStep = names.has('date') && names.has('interval');
  return isStep ? castNode({ ...node, alias: '' }, 'DATE') : undefined;
}

/** `60 * 60 * 24 * 365 * 100` has no overflow: whole numbers are of 64 bits, and the engine's small ones of 32. */
function wideNumbers({ node, first, second, children, context }: Call): SqlNode | undefined {
  const isWide = constantText(first) === undefined || second === undefined;
  if (isWide || children.some((child) => kindOf(context, child) !== BIGINT)) return undefined;
  return { ...node, children: [castNode(first, 'BIGINT'), second] };
}

/** The engine's own function for a constant format, the slower one in JavaScript for one of each row. */
function withFormat(
  constant: string,
  byRow: string,
  value: SqlNode,
  format: SqlNode | undefined,
): SqlNode | undefined {
  if (format === undefined) return undefined;
  const text = constantText(format);
  if (text === undefined) return functionNode(byRow, [value, format]);
  return functionNode(constant, [value, textNode(strftimeFormat(text))]);
}

/** Monday is day 1 of the service's week and day 0 is DuckDB's Sunday. */
function partOf(node: SqlNode): SqlNode {
  const part = constantText(node)?.toLowerCase();
  if (part === 'dow' || part === 'day_of_week') return textNode('isodow');
  if (part === 'day_of_year') return textNode('doy');
  if (part === 'yow' || part === 'year_of_week') return textNode('isoyear');
  return node;
}

/** A constant whole number above 0. Errors: ParameterInvalid. */
export function positiveNumber(
  node: SqlNode | undefined,
  what: string,
  context: SqlContext,
): number {
  const value = node === undefined ? Number.NaN : Number(constantText(node) ?? Number.NaN);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw errorAt(context, node ?? integerNode(0), `${what} must be a whole number above 0`);
}

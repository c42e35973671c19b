/**
 * Aggregates that can be made of aggregates over parts of the rows: what to ask of each part, and how the answers become one.
 * Exact but for sums of doubles, whose last digits depend on the order of the parts.
 */
import {
  castNode,
  columnNode,
  functionNode,
  integerNode,
  textOf,
  type SqlNode,
  type SqlValue,
} from './tree.ts';

/** The column of a relation of times that says how many logs have the time. */
export const TIME_COUNT_COLUMN = 'sls_n';

/** An aggregate of a SELECT over parts. */
export interface SplitAggregate {
  /** To be asked of each part, over its rows. */
  readonly partials: readonly SqlNode[];
  /** The same over times and their counts, where that is possible. */
  readonly ofTimes: readonly SqlNode[] | undefined;
  /** The aggregate, given the columns that hold the partials. */
  readonly combine: (columns: readonly SqlNode[]) => SqlNode;
}

/** Parts of parts are parts, and repeated rows change nothing. */
const REPEATABLE: ReadonlySet<string> = new Set([
  'min',
  'max',
  'bool_and',
  'bool_or',
  'bit_and',
  'bit_or',
  'any_value',
]);

/** Undefined: it needs all rows at once. `node`: a call without DISTINCT and ORDER BY. */
export function splitAggregate(
  node: SqlNode,
  children: readonly SqlNode[],
): SplitAggregate | undefined {
  const name = textOf(node, 'function_name').toLowerCase();
  const filter = node['filter'] ?? null;
  const call = (function_: string, args: SqlNode[]): SqlNode => ({
    ...functionNode(function_, args),
    filter,
  });
  const [argument] = children;
  if (name === 'count_star' || (name === 'count' && argument === undefined))
    return {
      partials: [call('count_star', [])],
      ofTimes: [call('sum', [columnNode(TIME_COUNT_COLUMN)])],
      combine: ([column]) => castNode(orZero(sum(column)), 'BIGINT'),
    };
  if (argument === undefined || children.length !== 1) return undefined;
  if (REPEATABLE.has(name)) {
    const partials = [call(name, [argument])];
    return {
      partials,
      ofTimes: partials,
      combine: ([column]) => functionNode(name, [column as SqlNode]),
    };
  }
  switch (name) {
    case 'count':
      return {
        partials: [call('count', [argument])],
        ofTimes: [call('sum', [countWhere(isNotNull(argument))])],
        combine: ([column]) => castNode(orZero(sum(column)), 'BIGINT'),
      };
    case 'sum':
      return {
        partials: [call('sum', [argument])],
        ofTimes: undefined,
        combine: ([column]) => sum(column),
      };
    case 'avg':
      return {
        partials: [call('sum', [argument]), call('count', [argument])],
        ofTimes: undefined,
        combine: ([total, count]) => quotient(sum(total), sum(count)),
      };
    default:
      return undefined;
  }
}

function sum(column: SqlNode | undefined): SqlNode {
  return functionNode('sum', [column as SqlNode]);
}

function orZero(value: SqlNode): SqlNode {
  return operator('OPERATOR_COALESCE', [value, integerNode(0)]);
}

function isNotNull(value: SqlNode): SqlNode {
  return operator('OPERATOR_IS_NOT_NULL', [value]);
}

function operator(type: string, children: SqlNode[]): SqlNode {
  return { class: 'OPERATOR', type, alias: '', children };
}

/** The count of a time that meets a condition, else 0. */
function countWhere(condition: SqlNode): SqlNode {
  return caseNode(condition, columnNode(TIME_COUNT_COLUMN), integerNode(0));
}

/** Null where nothing was counted. */
function quotient(total: SqlNode, count: SqlNode): SqlNode {
  const zero = functionNode('nullif', [castNode(count, 'DOUBLE'), integerNode(0)]);
  return functionNode('/', [castNode(total, 'DOUBLE'), zero], true);
}

function caseNode(when: SqlNode, then: SqlNode, otherwise: SqlNode): SqlNode {
  const checks: SqlValue = [{ when_expr: when, then_expr: then }];
  return {
    class: 'CASE',
    type: 'CASE_EXPR',
    alias: '',
    case_checks: checks,
    else_expr: otherwise,
  };
}

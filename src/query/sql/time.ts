/**
 * Time arguments: bigint seconds, double, date, text and timestamps all become a timestamp in the zone of the
 * query (sls-query §3.6). The type is known only when the engine binds, and a macro cannot choose by type when
 * its argument holds an aggregate; a cast to a union and a CASE over its tag can.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { must } from '#base/assert.ts';
import {
  isNode,
  nodesOf,
  parseSql,
  plainColumn,
  textOf,
  type SqlNode,
  type SqlValue,
} from './tree.ts';

/** The function that stands for the conversion until `expandTimes`. */
export const TIME_FUNCTION = 'sls_time';

const ARGUMENT = 'sls_argument';
const UNION = `CAST(${ARGUMENT} AS UNION(i INTEGER, b BIGINT, h HUGEINT, d DOUBLE, dt DATE,
  t TIMESTAMP, z TIMESTAMPTZ, s VARCHAR))`;
const TEMPLATE = `SELECT CASE union_tag(${UNION})
  WHEN 't' THEN union_extract(${UNION}, 't')
  WHEN 'z' THEN union_extract(${UNION}, 'z')::TIMESTAMP
  WHEN 'dt' THEN union_extract(${UNION}, 'dt')::TIMESTAMP
  WHEN 'i' THEN to_timestamp(union_extract(${UNION}, 'i'))::TIMESTAMP
  WHEN 'b' THEN to_timestamp(union_extract(${UNION}, 'b'))::TIMESTAMP
  WHEN 'h' THEN to_timestamp(union_extract(${UNION}, 'h')::DOUBLE)::TIMESTAMP
  WHEN 'd' THEN to_timestamp(union_extract(${UNION}, 'd'))::TIMESTAMP
  WHEN 's' THEN CAST(union_extract(${UNION}, 's') AS TIMESTAMPTZ)::TIMESTAMP END`;

/** Puts the conversion in the place of every call of `TIME_FUNCTION`, in place. */
export async function expandTimes(connection: DuckDBConnection, root: SqlNode): Promise<void> {
  if (!hasTime(root)) return;
  const parsed = await parseSql(connection, TEMPLATE);
  const select = parsed.kind === 'tree' ? parsed.root['node'] : undefined;
  const template = must(isNode(select) ? nodesOf(select, 'select_list')[0] : undefined, 'template');
  expand(root, template);
}

function hasTime(value: SqlValue): boolean {
  if (Array.isArray(value)) return value.some(hasTime);
  if (!isNode(value)) return false;
  return textOf(value, 'function_name') === TIME_FUNCTION || Object.values(value).some(hasTime);
}

function expand(value: SqlValue, template: SqlNode): SqlValue {
  if (Array.isArray(value)) return value.map((item) => expand(item, template));
  if (!isNode(value)) return value;
  for (const [member, child] of Object.entries(value)) value[member] = expand(child, template);
  if (value['class'] !== 'FUNCTION' || textOf(value, 'function_name') !== TIME_FUNCTION)
    return value;
  const argument = must(nodesOf(value, 'children')[0], 'a time has an argument');
  return { ...(fill(template, argument) as SqlNode), alias: value['alias'] ?? '' };
}

/** A copy of the template around the argument, which the copies share: nothing changes it any more. */
function fill(value: SqlValue, argument: SqlNode): SqlValue {
  if (Array.isArray(value)) return value.map((item) => fill(item, argument));
  if (!isNode(value)) return value;
  if (plainColumn(value) === ARGUMENT) return argument;
  return Object.fromEntries(
    Object.entries(value).map(([member, child]) => [member, fill(child, argument)]),
  );
}

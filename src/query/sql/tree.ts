/**
 * SQL as DuckDB's own parser sees it: `json_serialize_sql` gives the tree of a SELECT as JSON (and refuses
 * everything else), `json_deserialize_sql` prints a tree. So checks and rewrites see exactly what will run.
 *
 * Nodes are plain objects. Expressions have `class` and `type`, relations and queries only `type`. Numbers of
 * constants keep their text: DuckDB tells `10.0` from `10` and has 64-bit integers.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { must } from '#base/assert.ts';

export interface SqlNode {
  [member: string]: SqlValue;
}
export type SqlValue = string | number | boolean | null | SqlNode | SqlValue[];

export type ParsedSql =
  | { readonly kind: 'tree'; readonly root: SqlNode; readonly statementCount: number }
  /** `position` is a character of the text, when the parser names one. */
  | { readonly kind: 'error'; readonly message: string; readonly position: number | undefined };

interface RawNumber {
  readonly rawJSON: string;
}

/** Members of `JSON` that the language has (ES2026) and its type library has not yet. */
interface SourceJson {
  rawJSON(text: string): RawNumber;
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
}
const sourceJson: SourceJson = JSON as unknown as SourceJson;

export async function parseSql(connection: DuckDBConnection, sql: string): Promise<ParsedSql> {
  const text = await oneText(connection, 'SELECT json_serialize_sql($1::VARCHAR)', sql);
  const parsed = sourceJson.parse(text, (key, value, { source }) =>
    key === 'value' && typeof value === 'number' ? sourceJson.rawJSON(source ?? '0') : value,
  ) as SqlNode;
  if (parsed['error'] === true) {
    const position = parsed['position'];
    return {
      kind: 'error',
      message: textOf(parsed, 'error_message'),
      position: typeof position === 'string' ? Number(position) : undefined,
    };
  }
  const statements = parsed['statements'] as SqlNode[];
  const root = must(statements[0], 'a parsed text has a statement');
  return { kind: 'tree', root, statementCount: statements.length };
}

/** The SQL of a statement from `parseSql`. */
export async function printSql(connection: DuckDBConnection, root: SqlNode): Promise<string> {
  const [sql = ''] = await printAll(connection, [root]);
  return sql;
}

/** The SQL of each statement, at the cost of one. */
export async function printAll(
  connection: DuckDBConnection,
  roots: readonly SqlNode[],
): Promise<readonly string[]> {
  // Places in the text mean nothing any more, and "unknown" is a number that JavaScript cannot hold.
  const trees = roots.map((root) =>
    JSON.stringify({ error: false, statements: [root] }, (key, value: unknown) =>
      key === 'query_location' ? undefined : value,
    ),
  );
  const calls = trees.map((_, i) => `json_deserialize_sql($${i + 1}::VARCHAR::JSON)`);
  const result = await connection.runAndReadAll(`SELECT ${calls.join(', ')}`, trees);
  return (result.getRowsJS()[0] ?? []).map((sql) => (typeof sql === 'string' ? sql : ''));
}

async function oneText(connection: DuckDBConnection, sql: string, value: string): Promise<string> {
  const result = await connection.runAndReadAll(sql, [value]);
  const text = result.getRowsJS()[0]?.[0];
  return typeof text === 'string' ? text : '';
}

export function isNode(value: SqlValue | undefined): value is SqlNode {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !('rawJSON' in value)
  );
}

/** The nodes of a member that is a list. */
export function nodesOf(node: SqlNode, member: string): SqlNode[] {
  const value = node[member];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** The text of a member, empty when it has none. */
export function textOf(node: SqlNode, member: string): string {
  const value = node[member];
  return typeof value === 'string' ? value : '';
}

/** The texts of a member that is a list. */
export function textsOf(node: SqlNode, member: string): string[] {
  const value = node[member];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** The name of a column reference without a qualifier, or undefined. */
export function plainColumn(node: SqlNode): string | undefined {
  const names = node['column_names'];
  if (node['class'] !== 'COLUMN_REF' || !Array.isArray(names) || names.length !== 1)
    return undefined;
  return typeof names[0] === 'string' ? names[0] : undefined;
}

/** The value of a constant as text, or undefined for anything else and for null. */
export function constantText(node: SqlNode): string | undefined {
  if (node['class'] !== 'CONSTANT') return undefined;
  const value = node['value'];
  if (!isNode(value) || value['is_null'] === true) return undefined;
  const raw = value['value'] as unknown;
  if (typeof raw === 'object' && raw !== null && 'rawJSON' in raw) return String(raw.rawJSON);
  return typeof raw === 'string' || typeof raw === 'number' ? String(raw) : undefined;
}

export function functionNode(name: string, children: SqlNode[], isOperator = false): SqlNode {
  return {
    class: 'FUNCTION',
    type: 'FUNCTION',
    alias: '',
    function_name: name,
    schema: '',
    children,
    filter: null,
    order_bys: { type: 'ORDER_MODIFIER', orders: [] },
    distinct: false,
    is_operator: isOperator,
    export_state: false,
    catalog: '',
  };
}

export function integerNode(value: number): SqlNode {
  return constantNode('INTEGER', value);
}

export function textNode(value: string): SqlNode {
  return constantNode('VARCHAR', value);
}

function constantNode(type: string, value: string | number): SqlNode {
  return {
    class: 'CONSTANT',
    type: 'VALUE_CONSTANT',
    alias: '',
    value: { type: { id: type, type_info: null }, is_null: false, value },
  };
}

export function columnNode(name: string): SqlNode {
  return { class: 'COLUMN_REF', type: 'COLUMN_REF', alias: '', column_names: [name] };
}

/** A cast to a type without parameters. */
export function castNode(child: SqlNode, type: string): SqlNode {
  return {
    class: 'CAST',
    type: 'OPERATOR_CAST',
    alias: '',
    child,
    cast_type: { id: type, type_info: null },
    try_cast: false,
  };
}

export function operatorNode(type: string, children: SqlNode[]): SqlNode {
  return { class: 'OPERATOR', type, alias: '', children };
}

/** A relation without a qualifier. */
export function tableNode(name: string, alias: string): SqlNode {
  return {
    type: 'BASE_TABLE',
    alias,
    sample: null,
    schema_name: '',
    table_name: name,
    column_name_alias: [],
    catalog_name: '',
    at_clause: null,
  };
}

/** A query as a relation. */
export function subqueryNode(query: SqlNode, alias: string, columnNames: string[] = []): SqlNode {
  return {
    type: 'SUBQUERY',
    alias,
    sample: null,
    subquery: { node: query },
    column_name_alias: columnNames,
  };
}

/** A SELECT with nothing but outputs and a FROM. */
export function selectNode(outputs: SqlNode[], from: SqlNode): SqlNode {
  return {
    type: 'SELECT_NODE',
    modifiers: [],
    cte_map: { map: [] },
    select_list: outputs,
    from_table: from,
    where_clause: null,
    group_expressions: [],
    group_sets: [],
    aggregate_handling: 'STANDARD_HANDLING',
    having: null,
    sample: null,
    qualify: null,
  };
}

export function joinNode(
  left: SqlNode,
  right: SqlNode,
  join: { readonly type: string; readonly condition: SqlNode },
): SqlNode {
  return {
    type: 'JOIN',
    alias: '',
    sample: null,
    left,
    right,
    condition: join.condition,
    join_type: join.type,
    ref_type: 'REGULAR',
    using_columns: [],
    delim_flipped: false,
    duplicate_eliminated_columns: [],
  };
}

/** Visits nodes from the outside in; `visit` says whether to go below one. */
export function eachNode(value: SqlValue, visit: (node: SqlNode) => boolean): void {
  if (Array.isArray(value)) for (const item of value) eachNode(item, visit);
  else if (isNode(value) && visit(value))
    for (const member of Object.values(value)) eachNode(member, visit);
}

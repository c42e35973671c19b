/** The relations of a FROM: logstores, common table expressions, subqueries, joins, unnest. */
import { AppError } from '#base/app-error.ts';
import { errorAt, kindOf, type SqlContext } from './context.ts';
import { BIGINT, commonKind, itemOf, UNKNOWN, type Kind } from './kinds.ts';
import { logstoreColumns } from './relation-table.ts';
import { rewriteCondition, rewriteExpression } from './rewrite-expressions.ts';
import {
  innerScope,
  renameColumns,
  type Scope,
  type ScopeColumn,
  type ScopeCte,
  type ScopeRelation,
} from './scope.ts';
import {
  functionNode,
  integerNode,
  isNode,
  nodesOf,
  selectNode,
  subqueryNode,
  tableNode,
  textOf,
  textsOf,
  type SqlNode,
  type SqlValue,
} from './tree.ts';

export interface RewrittenFrom {
  readonly node: SqlNode;
  readonly relations: readonly ScopeRelation[];
}

const REF_TYPES: ReadonlySet<string> = new Set(['REGULAR', 'CROSS', 'NATURAL']);
const JOIN_TYPES: ReadonlySet<string> = new Set(['INNER', 'LEFT', 'RIGHT', 'FULL']);

/**
 * A FROM item with all below it. `left` are relations before it, which only unnest can read.
 * Errors: ParameterInvalid.
 */
export function rewriteFrom(
  from: SqlNode,
  scope: Scope,
  context: SqlContext,
  left: readonly ScopeRelation[] = [],
): RewrittenFrom {
  switch (from['type']) {
    case 'BASE_TABLE':
      return rewriteTable(from, scope, context);
    case 'SUBQUERY':
      return rewriteQueryRelation(from, scope, context);
    case 'JOIN':
      return rewriteJoin(from, scope, context, left);
    case 'TABLE_FUNCTION':
      return rewriteUnnest(from, { ...scope, relations: left }, context);
    case 'EXPRESSION_LIST':
      return rewriteValues(from, scope, context);
    default:
      throw new AppError(
        'ParameterInvalid',
        'you are using nested sql, please specify FROM LOGSTORE in the innermost sql',
      );
  }
}

function relationOf(
  alias: string,
  columns: readonly ScopeColumn[],
  onRead?: (name: string) => void,
): ScopeRelation {
  return { alias, columns, merged: new Set(), isQualified: false, onRead };
}

function rewriteTable(table: SqlNode, scope: Scope, context: SqlContext): RewrittenFrom {
  const name = textOf(table, 'table_name');
  const alias = textOf(table, 'alias') || name;
  const aliases = textsOf(table, 'column_name_alias');
  const cte = scope.ctes.get(name.toLowerCase());
  if (cte !== undefined) return rewriteCteTable({ table, cte, alias, aliases }, scope, context);
  const logstore = context.relations.find(name);
  if (logstore === undefined) throw errorAt(context, table, `Table ${name} does not exist`);
  const { viewName, usedNames, bounds } = context.relations.read(logstore, scope.shiftSeconds);
  const columns = logstoreColumns(logstore);
  const onRead = (column: string): void => void usedNames.add(column);
  if (aliases.length === 0) {
    table['alias'] = alias;
    table['table_name'] = viewName;
    return { node: table, relations: [{ ...relationOf(alias, columns, onRead), bounds }] };
  }
  // The view has only the columns that are read, so its columns have no numbers.
  const all = columns.filter((column) => column.isAlias !== true);
  for (const column of all) onRead(column.name.toLowerCase());
  const outputs = all.map((column) => ({
    class: 'COLUMN_REF',
    type: 'COLUMN_REF',
    alias: '',
    column_names: [column.name],
  }));
  const query = selectNode(outputs, tableNode(viewName, ''));
  return {
    node: subqueryNode(query, alias, aliases),
    relations: [relationOf(alias, renameColumns(all, aliases))],
  };
}

interface CteTable {
  readonly table: SqlNode;
  readonly cte: ScopeCte;
  readonly alias: string;
  readonly aliases: readonly string[];
}

function rewriteCteTable(
  { table, cte, alias, aliases }: CteTable,
  scope: Scope,
  context: SqlContext,
): RewrittenFrom {
  if (scope.shiftSeconds !== cte.scope.shiftSeconds) {
    // The same expression over earlier logs is another query.
    const { shiftSeconds } = scope;
    const query = context.query(context.templates.copy(cte.original), {
      ...cte.scope,
      shiftSeconds,
    });
    const inner = renameColumns(query.columns, cte.aliases);
    const columns = renameColumns(inner, aliases);
    return {
      node: subqueryNode(
        query.node,
        alias,
        columns.map(({ name }) => name),
      ),
      relations: [relationOf(alias, columns)],
    };
  }
  table['alias'] = alias;
  table['table_name'] = cte.name;
  return { node: table, relations: [relationOf(alias, renameColumns(cte.columns, aliases))] };
}

function rewriteQueryRelation(from: SqlNode, scope: Scope, context: SqlContext): RewrittenFrom {
  const subquery = from['subquery'];
  const query = isNode(subquery) ? subquery['node'] : undefined;
  if (!isNode(subquery) || !isNode(query)) throw errorAt(context, from, 'query is not supported');
  const { node, columns } = context.query(query, innerScope(scope, scope.outer));
  subquery['node'] = node;
  const aliases = textsOf(from, 'column_name_alias');
  return {
    node: from,
    relations: [relationOf(textOf(from, 'alias'), renameColumns(columns, aliases))],
  };
}

function rewriteValues(from: SqlNode, scope: Scope, context: SqlContext): RewrittenFrom {
  const rows = (Array.isArray(from['values']) ? from['values'] : []).map((row: SqlValue) =>
    (Array.isArray(row) ? row : [])
      .filter(isNode)
      .map((one) => rewriteExpression(one, scope, context)),
  );
  from['values'] = rows;
  const columns = (rows[0] ?? []).map((_, i) => ({
    name: `col${i}`,
    kind: commonKind(rows.map((row) => (row[i] === undefined ? UNKNOWN : kindOf(context, row[i])))),
  }));
  const aliases = textsOf(from, 'column_name_alias');
  return {
    node: from,
    relations: [relationOf(textOf(from, 'alias'), renameColumns(columns, aliases))],
  };
}

function rewriteJoin(
  join: SqlNode,
  scope: Scope,
  context: SqlContext,
  before: readonly ScopeRelation[],
): RewrittenFrom {
  const refType = textOf(join, 'ref_type');
  const joinType = textOf(join, 'join_type');
  if (!REF_TYPES.has(refType) || !JOIN_TYPES.has(joinType)) {
    const wrong = REF_TYPES.has(refType) ? joinType : refType;
    throw errorAt(context, join, `mismatched input '${wrong.toLowerCase()}'`);
  }
  const { left, right } = join;
  if (!isNode(left) || !isNode(right)) throw errorAt(context, join, 'join is not supported');
  const first = rewriteFrom(left, scope, context, before);
  const second = rewriteFrom(right, scope, context, [...before, ...first.relations]);
  join['left'] = first.node;
  join['right'] = second.node;
  const using =
    refType === 'NATURAL' ? commonColumns(first, second) : textsOf(join, 'using_columns');
  const merged = new Set(using.map((name) => name.toLowerCase()));
  for (const name of merged)
    for (const side of [first, second]) readMerged(name, side, join, context);
  const joined = second.relations.map((relation) => ({
    ...relation,
    merged: new Set([...relation.merged, ...columnsAmong(relation, merged)]),
  }));
  const relations = [...first.relations, ...joined];
  const inside = { ...scope, relations };
  join['condition'] = rewriteCondition(join['condition'], 'JOIN ON', inside, context);
  return { node: refType === 'CROSS' ? spelledOut(join, context) : join, relations };
}

/** DuckDB prints a cross join as a comma, which binds less than the joins after it. */
function spelledOut(join: SqlNode, { templates }: SqlContext): SqlNode {
  return { ...join, ref_type: 'REGULAR', condition: templates.fill('always', {}) };
}

function columnsAmong(relation: ScopeRelation, names: ReadonlySet<string>): readonly string[] {
  return relation.columns.map(({ name }) => name.toLowerCase()).filter((name) => names.has(name));
}

function commonColumns(first: RewrittenFrom, second: RewrittenFrom): readonly string[] {
  const all = ({ relations }: RewrittenFrom): string[] =>
    relations.flatMap(({ columns }) =>
      columns.filter(({ isAlias }) => isAlias !== true).map(({ name }) => name.toLowerCase()),
    );
  const names = new Set(all(second));
  return [...new Set(all(first))].filter((name) => names.has(name));
}

function readMerged(name: string, side: RewrittenFrom, join: SqlNode, context: SqlContext): void {
  const owners = side.relations.filter(({ columns }) =>
    columns.some((column) => column.name.toLowerCase() === name),
  );
  if (owners.length === 0)
    throw errorAt(context, join, `Column '${name}' is missing from a side of the join`);
  for (const owner of owners) owner.onRead?.(name);
}

/** `unnest(a, …) [with ordinality] as t(x, …)`: a subquery that reads the relations before it. */
function rewriteUnnest(from: SqlNode, scope: Scope, context: SqlContext): RewrittenFrom {
  const { templates } = context;
  const call = from['function'];
  const lists = (isNode(call) ? nodesOf(call, 'children') : []).flatMap((value) =>
    unnestedLists(value, scope, context),
  );
  if (lists.length === 0) throw errorAt(context, from, 'unnest needs an array or a map');
  const outputs = lists.map(({ list }) => templates.fill('unnest', { sls_x: list }));
  const kinds = lists.map(({ kind }) => kind);
  if (from['with_ordinality'] === 'WITH_ORDINALITY') {
    const longest = lists
      .map(({ list }) => functionNode('len', [list]))
      .reduce((a, b) => functionNode('greatest', [a, b]));
    outputs.push(templates.fill('ordinality', { sls_n: longest }));
    kinds.push(BIGINT);
  }
  const aliases = textsOf(from, 'column_name_alias');
  const names = kinds.map((_, i) => aliases[i] ?? `_col${i}`);
  const alias = textOf(from, 'alias') || 'unnest';
  const query = selectNode(
    outputs.map((output, i) => ({ ...output, alias: names[i] ?? '' })),
    { type: 'EMPTY', alias: '', sample: null },
  );
  const columns = kinds.map((kind, i) => ({ name: names[i] ?? '', kind }));
  return { node: subqueryNode(query, alias), relations: [relationOf(alias, columns)] };
}

interface UnnestedList {
  readonly list: SqlNode;
  /** Of its elements. */
  readonly kind: Kind;
}

/** An array is one column, a map two, an array of rows one for each field. */
function unnestedLists(value: SqlNode, scope: Scope, context: SqlContext): UnnestedList[] {
  const { templates } = context;
  const array = rewriteExpression(value, scope, context);
  const kind = kindOf(context, array);
  const item = itemOf(kind);
  if (kind.name === 'map')
    return [
      { list: templates.fill('keysOf', { sls_x: array }), kind: kind.items[0] ?? UNKNOWN },
      { list: templates.fill('valuesOf', { sls_x: array }), kind: item },
    ];
  if (kind !== UNKNOWN && kind.name !== 'array')
    throw errorAt(context, value, `Cannot unnest type: ${kind.name}`);
  if (item.name !== 'row') return [{ list: array, kind: item }];
  return item.items.map((field, i) => ({
    list: templates.fill('fieldsAt', { sls_x: array, sls_n: integerNode(i + 1) }),
    kind: field,
  }));
}

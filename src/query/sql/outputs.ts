/** The outputs of a SELECT and what names them: GROUP BY, HAVING, ORDER BY (sls-query §3.1). */
import { errorAt, kindOf, type SqlContext } from './context.ts';
import { unknownColumn } from './errors.ts';
import { rewriteExpression } from './rewrite-expressions.ts';
import type { Scope, ScopeColumn, ScopeRelation } from './scope.ts';
import {
  columnNode,
  constantText,
  integerNode,
  isNode,
  nodesOf,
  plainColumn,
  textOf,
  textsOf,
  type SqlNode,
} from './tree.ts';

export interface Outputs {
  readonly nodes: SqlNode[];
  readonly columns: readonly ScopeColumn[];
  /** By lower-case alias that the user gave, the number of the output from 1. */
  readonly aliases: ReadonlyMap<string, number>;
  /** What each was written as, without its name. */
  readonly shapes: readonly string[];
}

/** Rewrites the select list: stars become columns, outputs without a name get one. Errors: ParameterInvalid. */
export function rewriteOutputs(select: SqlNode, scope: Scope, context: SqlContext): Outputs {
  const given = nodesOf(select, 'select_list').flatMap((output) =>
    output['class'] === 'STAR' ? starColumns(output, scope, context) : [output],
  );
  const aliases = new Map<string, number>();
  for (const [i, output] of given.entries()) {
    const alias = textOf(output, 'alias').toLowerCase();
    if (alias !== '' && !aliases.has(alias)) aliases.set(alias, i + 1);
  }
  const shapes = given.map(shapeOf);
  const nodes = given.map((output, i) => {
    const isColumn = output['class'] === 'COLUMN_REF';
    const names = textsOf(output, 'column_names');
    const node = rewriteExpression(output, scope, context);
    if (textOf(node, 'alias') === '')
      node['alias'] = isColumn ? outputName(node, names) : `_col${i}`;
    return node;
  });
  const columns = nodes.map((node) => ({
    name: textOf(node, 'alias'),
    kind: kindOf(context, node),
  }));
  return { nodes, columns, aliases, shapes };
}

/** Equal for expressions that were written alike, wherever they stand. */
function shapeOf(node: SqlNode): string {
  return JSON.stringify({ ...node, alias: '' }, (member, value: unknown) =>
    member === 'query_location' ? undefined : value,
  );
}

/** A column keeps the spelling of the index. */
function outputName(node: SqlNode, names: readonly string[]): string {
  return textsOf(node, 'column_names').at(-1) ?? names.at(-1) ?? '';
}

/** `*` and `relation.*` as columns; aliases of the index are left out. */
function starColumns(star: SqlNode, scope: Scope, context: SqlContext): readonly SqlNode[] {
  const isPlain = ['exclude_list', 'replace_list', 'rename_list', 'qualified_exclude_list'].every(
    (member) => !Array.isArray(star[member]) || star[member].length === 0,
  );
  if (!isPlain) throw errorAt(context, star, "extraneous input after '*'");
  const name = textOf(star, 'relation_name').toLowerCase();
  const relations = scope.relations.filter(
    ({ alias }) => name === '' || alias.toLowerCase() === name,
  );
  if (relations.length === 0) throw unknownColumn(context.spliced, star, name || '*');
  const isOne = scope.relations.length === 1;
  const merged = new Set(scope.relations.flatMap((relation) => [...relation.merged]));
  const columns = relations.flatMap((relation) =>
    relation.columns
      .filter((column) => column.isAlias !== true && !isHidden(column.name, relation, name))
      .map((column) => {
        const isMerged = name === '' && merged.has(column.name.toLowerCase());
        const node = columnNode(column.name);
        node['query_location'] = star['query_location'] ?? null;
        if (!isOne && !isMerged) node['column_names'] = [relation.alias, column.name];
        return { node, isMerged };
      }),
  );
  // What a join merged comes first.
  const [first, rest] = [true, false].map((isMerged) =>
    columns.filter((column) => column.isMerged === isMerged).map(({ node }) => node),
  );
  return [...(first ?? []), ...(rest ?? [])];
}

/** A merged column stands once, where its first relation is. */
function isHidden(column: string, relation: ScopeRelation, star: string): boolean {
  return star === '' && relation.merged.has(column.toLowerCase());
}

/** A name in GROUP BY that is the name of an output means the output, even when a column has that name too. */
export function rewriteGroups(
  select: SqlNode,
  outputs: Outputs,
  scope: Scope,
  context: SqlContext,
): void {
  const sets = select['group_sets'];
  const isPlain = Array.isArray(sets) && sets.length <= 1;
  select['group_expressions'] = nodesOf(select, 'group_expressions').map((group) => {
    const at = ordinalOf(group, outputs, context);
    if (at === undefined) return rewriteExpression(group, scope, context);
    const output = outputs.nodes[at - 1];
    if (isPlain || output === undefined) return integerNode(at);
    return { ...context.templates.copy(output), alias: '' };
  });
}

/** The output that an alias, a number or the same expression means: rewritten twice, lambdas would have other names. */
function ordinalOf(node: SqlNode, outputs: Outputs, context: SqlContext): number | undefined {
  const name = plainColumn(node)?.toLowerCase();
  if (name !== undefined) return outputs.aliases.get(name);
  if (node['class'] !== 'CONSTANT') {
    const same = outputs.shapes.indexOf(shapeOf(node)) + 1;
    return same > 0 ? same : undefined;
  }
  const at = Number(constantText(node) ?? Number.NaN);
  if (Number.isInteger(at) && at >= 1 && at <= outputs.nodes.length) return at;
  throw errorAt(context, node, `position ${constantText(node) ?? 'null'} is not in select list`);
}

/** Expressions of ORDER BY: an alias or a number is an output, within an expression a copy of one. */
export function rewriteOrders(
  modifier: SqlNode,
  outputs: Outputs,
  scope: Scope,
  context: SqlContext,
): void {
  for (const order of nodesOf(modifier, 'orders')) {
    const expression = order['expression'];
    if (!isNode(expression)) continue;
    const at = ordinalOf(expression, outputs, context);
    order['expression'] =
      at === undefined ? rewriteExpression(expression, scope, context) : integerNode(at);
  }
}

/** The scope of HAVING and ORDER BY: they may name outputs, too. */
export function outputScope(scope: Scope, outputs: Outputs): Scope {
  const byName = new Map<string, SqlNode>();
  for (const [name, at] of outputs.aliases) {
    const node = outputs.nodes[at - 1];
    if (node !== undefined) byName.set(name, node);
  }
  return { ...scope, outputs: byName };
}

/**
 * Functions that take lambda expressions. A parameter is replaced by what it stands for before its body is rewritten, under
 * a name that no column has: to DuckDB a parameter and a column of the same name are a conflict.
 */
import { errorAt, kindOf, withKind, type SqlContext } from './context.ts';
import { arrayOf, BOOLEAN, itemOf, mapOf, UNKNOWN, type Kind } from './kinds.ts';
import type { Scope } from './scope.ts';
import type { Slots, TemplateName } from './templates.ts';
import {
  columnNode,
  functionNode,
  integerNode,
  isNode,
  nodesOf,
  operatorNode,
  plainColumn,
  textOf,
  type SqlNode,
} from './tree.ts';

/** Rewrites an expression in a scope. */
export type Rewrite = (node: SqlNode, scope: Scope) => SqlNode;

interface LambdaWork {
  readonly call: SqlNode;
  readonly scope: Scope;
  readonly context: SqlContext;
  readonly rewrite: Rewrite;
}

interface Parameter {
  readonly node: SqlNode;
  readonly kind: Kind;
}

const NAMES: ReadonlySet<string> = new Set(
  `filter transform reduce zip_with any_match all_match none_match map_filter transform_values
  transform_keys map_zip_with array_sort`.split(/\s+/),
);

/** The call in DuckDB's words, or undefined for one without lambda expressions. Errors: ParameterInvalid. */
export function rewriteLambdaCall(work: LambdaWork): SqlNode | undefined {
  const { call, context, scope, rewrite } = work;
  const name = textOf(call, 'function_name').toLowerCase();
  const children = nodesOf(call, 'children');
  const takesLambda = NAMES.has(name) && !(name === 'array_sort' && children.length < 2);
  if (!takesLambda) return undefined;
  const values = children.filter((node) => !isLambda(node)).map((node) => rewrite(node, scope));
  const lambdas = children.filter(isLambda);
  const [lambda] = lambdas;
  const [first] = values;
  const [wanted, wantedLambdas] = arity(name);
  if (
    lambda === undefined ||
    first === undefined ||
    values.length !== wanted ||
    lambdas.length !== wantedLambdas
  )
    throw errorAt(context, call, `Unexpected parameters for function ${name}`);
  const result = lambdaCall(name, values as [SqlNode, ...SqlNode[]], lambdas, work);
  result['alias'] = call['alias'] ?? '';
  return result;
}

function isLambda(node: SqlNode): boolean {
  return node['class'] === 'LAMBDA';
}

/** Values and lambda expressions that a function takes. */
function arity(name: string): readonly [number, number] {
  if (name === 'reduce') return [2, 2];
  return name === 'zip_with' || name === 'map_zip_with' ? [2, 1] : [1, 1];
}

function lambdaCall(
  name: string,
  values: readonly [SqlNode, ...SqlNode[]],
  lambdas: readonly SqlNode[],
  work: LambdaWork,
): SqlNode {
  const { context } = work;
  const lambda = lambdas[0] as SqlNode;
  const [first, second = first] = values;
  const kind = kindOf(context, first);
  switch (name) {
    case 'reduce':
      return reduce(first, second, lambdas, work);
    case 'zip_with':
      return zipWith(first, second, lambda, work);
    case 'array_sort':
      return sortBy(first, lambda, work);
    case 'transform': {
      const { node, bodyKind } = plainLambda(lambda, [itemOf(kind)], work);
      return withKind(context, functionNode('list_transform', [first, node]), arrayOf(bodyKind));
    }
    case 'filter': {
      const { node } = plainLambda(lambda, [itemOf(kind)], work);
      return withKind(context, functionNode('list_filter', [first, node]), kind);
    }
    case 'any_match':
    case 'all_match':
    case 'none_match':
      return match(name, first, plainLambda(lambda, [itemOf(kind)], work).node, context);
    default:
      return mapCall(name, [first, second], lambda, work);
  }
}

function match(name: string, array: SqlNode, lambda: SqlNode, context: SqlContext): SqlNode {
  const found = functionNode('len', [functionNode('list_filter', [array, lambda])]);
  const type = name === 'any_match' ? 'COMPARE_GREATERTHAN' : 'COMPARE_EQUAL';
  const right =
    name === 'all_match' ? functionNode('len', [context.templates.copy(array)]) : integerNode(0);
  return withKind(context, { class: 'COMPARISON', type, alias: '', left: found, right }, BOOLEAN);
}

/** A lambda of one or two parameters that stays one. */
function plainLambda(
  lambda: SqlNode,
  kinds: readonly Kind[],
  work: LambdaWork,
): { readonly node: SqlNode; readonly bodyKind: Kind } {
  const serial = work.context.templates.nextSerial();
  const names = kinds.map((_, i) => `sls_u${serial}_${i}`);
  const parameters = kinds.map((kind, i) => ({ node: columnNode(names[i] ?? ''), kind }));
  const body = rewriteBody(lambda, parameters, work);
  const [only] = parameters;
  const lhs =
    parameters.length === 1 && only !== undefined
      ? only.node
      : functionNode(
          'row',
          parameters.map(({ node }) => node),
        );
  return {
    node: { class: 'LAMBDA', type: 'LAMBDA', alias: '', lhs, expr: body },
    bodyKind: kindOf(work.context, body),
  };
}

/** What is right of the arrow, with the parameters replaced. */
function rewriteBody(lambda: SqlNode, wanted: readonly Parameter[], work: LambdaWork): SqlNode {
  const { scope, context, rewrite } = work;
  const names = parameterNames(lambda);
  const body = lambda['expr'];
  if (names?.length !== wanted.length || !isNode(body))
    throw errorAt(context, lambda, `lambda expression must have ${wanted.length} parameters`);
  const parameters = new Map(scope.parameters);
  for (const [i, parameter] of wanted.entries())
    parameters.set((names[i] ?? '').toLowerCase(), parameter);
  return rewrite(body, { ...scope, parameters });
}

function parameterNames(lambda: SqlNode): readonly string[] | undefined {
  const lhs = lambda['lhs'];
  if (!isNode(lhs)) return undefined;
  const nodes = lhs['class'] === 'COLUMN_REF' ? [lhs] : nodesOf(lhs, 'children');
  const names = nodes.map(plainColumn);
  return names.every((name) => name !== undefined) ? names : undefined;
}

/** `zip_with(a, b, (x, y) -> …)`: the parameters are the fields of one pair. */
function zipWith(a: SqlNode, b: SqlNode, lambda: SqlNode, work: LambdaWork): SqlNode {
  const { context } = work;
  const { templates } = context;
  const pair = columnNode(`sls_pair_${templates.nextSerial()}`);
  const field = (n: number, array: SqlNode): Parameter => ({
    node: templates.fill('fieldAt', { sls_x: pair, sls_n: integerNode(n) }),
    kind: itemOf(kindOf(context, array)),
  });
  const body = rewriteBody(lambda, [field(1, a), field(2, b)], work);
  const node = { class: 'LAMBDA', type: 'LAMBDA', alias: '', lhs: pair, expr: body };
  const filled = templates.fill('pairs', { sls_a: a, sls_b: b, sls_f: node });
  return withKind(context, filled, arrayOf(kindOf(context, body)));
}

/**
 * The state of DuckDB's `list_reduce` has the type of the elements. So the elements become pairs of a state and a value.
 */
function reduce(
  array: SqlNode,
  initial: SqlNode,
  lambdas: readonly SqlNode[],
  work: LambdaWork,
): SqlNode {
  const { context } = work;
  const { templates } = context;
  const stateKind = kindOf(context, initial);
  const start = stateKind.name === 'bigint' ? templates.fill('whole', { sls_x: initial }) : initial;
  const serial = templates.nextSerial();
  const body = rewriteBody(
    lambdas[0] as SqlNode,
    [
      { node: extract(`sls_p_${serial}`, 's'), kind: stateKind },
      { node: extract(`sls_q_${serial}`, 'x'), kind: itemOf(kindOf(context, array)) },
    ],
    work,
  );
  const output = plainLambda(lambdas[1] as SqlNode, [stateKind], work);
  const slots: Slots = { sls_a: array, sls_init: start, sls_body: body, sls_f: output.node };
  return withKind(context, templates.fill('fold', slots, serial), output.bodyKind);
}

/** By the number of elements that come before each: quadratic, so the array has a bound. */
function sortBy(array: SqlNode, lambda: SqlNode, work: LambdaWork): SqlNode {
  const { context } = work;
  const serial = context.templates.nextSerial();
  const kind = kindOf(context, array);
  const body = rewriteBody(
    lambda,
    [
      { node: columnNode(`sls_w0_${serial}`), kind: itemOf(kind) },
      { node: columnNode(`sls_v_${serial}`), kind: itemOf(kind) },
    ],
    work,
  );
  const sorted = context.templates.fill('sortBy', { sls_a: array, sls_body: body }, serial);
  return withKind(context, sorted, kind);
}

function mapCall(
  name: string,
  [a, b]: readonly [SqlNode, SqlNode],
  lambda: SqlNode,
  work: LambdaWork,
): SqlNode {
  const { context } = work;
  const { templates } = context;
  const kind = kindOf(context, a);
  const [keyKind = UNKNOWN, valueKind = UNKNOWN] = kind.items;
  const serial = templates.nextSerial();
  if (name === 'map_zip_with') {
    const key = columnNode(`sls_k_${serial}`);
    const valueOf = (map: SqlNode): Parameter => ({
      node: templates.fill('fieldAt', { sls_x: map, sls_n: key }),
      kind: itemOf(kindOf(context, map)),
    });
    const body = rewriteBody(lambda, [{ node: key, kind: keyKind }, valueOf(a), valueOf(b)], work);
    const slots = { sls_a: a, sls_b: b, sls_body: body };
    return withKind(
      context,
      templates.fill('zipMaps', slots, serial),
      mapOf(keyKind, kindOf(context, body)),
    );
  }
  const entry = `sls_e_${serial}`;
  const body = rewriteBody(
    lambda,
    [
      { node: extract(entry, 'key'), kind: keyKind },
      { node: extract(entry, 'value'), kind: valueKind },
    ],
    work,
  );
  if (name === 'map_filter') {
    const node = { class: 'LAMBDA', type: 'LAMBDA', alias: '', lhs: columnNode(entry), expr: body };
    return withKind(context, templates.fill('filterMap', { sls_a: a, sls_f: node }), kind);
  }
  const isKeys = name === 'transform_keys';
  const template: TemplateName = isKeys ? 'transformKeys' : 'transformValues';
  const bodyKind = kindOf(context, body);
  return withKind(
    context,
    templates.fill(template, { sls_a: a, sls_body: body }, serial),
    isKeys ? mapOf(bodyKind, valueKind) : mapOf(keyKind, bodyKind),
  );
}

/** A field of a lambda parameter. */
function extract(name: string, field: string): SqlNode {
  const constant = { type: { id: 'VARCHAR', type_info: null }, is_null: false, value: field };
  return operatorNode('STRUCT_EXTRACT', [
    columnNode(name),
    { class: 'CONSTANT', type: 'VALUE_CONSTANT', alias: '', value: constant },
  ]);
}

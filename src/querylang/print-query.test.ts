import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseQuery } from './parse-query.ts';
import { printSearch } from './print-query.ts';
import type { SearchNode } from './search-ast.ts';

const span = { start: 0, end: 0 };

const anyText = fc.string({
  unit: fc.constantFrom(...Array.from('ab*?:|"\\ ()#<=>[],.日')),
  maxLength: 8,
});
const word = fc.constantFrom('a', 'b-c', 'x*y', 'wor?', 'a"b', 'c\\d', '日志', 'in', '#x');
const key = fc.oneof(
  fc.constantFrom('msg', '__tag__:__path__', 'ctx.a', 'and', '__tag__'),
  anyText,
);

const leaf: fc.Arbitrary<SearchNode> = fc.oneof(
  fc.constant({ kind: 'all', span } as const),
  fc.record({
    kind: fc.constant('text' as const),
    key: fc.option(key, { nil: undefined }),
    text: word,
    form: fc.constant('word' as const),
    span: fc.constant(span),
  }),
  fc.record({
    kind: fc.constant('text' as const),
    key: fc.option(key, { nil: undefined }),
    text: anyText,
    form: fc.constant('quoted' as const),
    span: fc.constant(span),
  }),
  fc.record({
    kind: fc.constant('compare' as const),
    key,
    operator: fc.constantFrom('>', '>=', '<', '<=', '='),
    value: anyText,
    span: fc.constant(span),
  }),
  fc.record({
    kind: fc.constant('range' as const),
    key,
    low: fc.integer(),
    high: fc.double({ noNaN: true, noDefaultInfinity: true }).filter((x) => !Object.is(x, -0)),
    lowInclusive: fc.boolean(),
    highInclusive: fc.boolean(),
    span: fc.constant(span),
  }),
);

const tree: fc.Arbitrary<SearchNode> = fc.letrec<{ node: SearchNode }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.record({ kind: fc.constant('not' as const), operand: tie('node'), span: fc.constant(span) }),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      operands: fc.array(tie('node'), { minLength: 2, maxLength: 4 }),
      span: fc.constant(span),
    }),
  ),
})).node;

function withoutSpans(node: SearchNode): unknown {
  return JSON.parse(JSON.stringify(node, (name, value: unknown) => (name === 'span' ? 0 : value)));
}

test('a printed tree parses back to itself', () => {
  fc.assert(
    fc.property(tree, (node) => {
      const text = printSearch(node);
      expect(withoutSpans(parseQuery(text).search), text).toEqual(withoutSpans(node));
    }),
    { numRuns: 2000 },
  );
});

test('printing keeps what was simple simple', () => {
  const text = 'msg:disk and (a or b) and not level:"x y" and status >= 5';
  expect(printSearch(parseQuery(text).search)).toBe(
    'msg:disk and (a or b) and (not level:"x y") and status >= 5',
  );
});

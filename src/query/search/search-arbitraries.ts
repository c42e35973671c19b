/** For tests: random logs, and random searches over them. */
import * as fc from 'fast-check';
import { DEFAULT_TOKENS, type IndexConfig, type LineIndex } from '#protocol/index-config.ts';
import type { SearchNode } from '#querylang/search-ast.ts';
import type { FixtureLog } from './segment-fixture.ts';

const span = { start: 0, end: 0 };
const TEXT = {
  type: 'text',
  token: DEFAULT_TOKENS,
  caseSensitive: false,
  chn: false,
  doc_value: true,
  alias: '',
} as const;
const WHOLE = { ...TEXT, token: [], caseSensitive: true } as const;
const LONG = { ...TEXT, type: 'long' } as const;
/** Cuts as the text fields do. */
export const LINE: LineIndex = { token: DEFAULT_TOKENS, caseSensitive: false, chn: false };

export const INDEXES: readonly IndexConfig[] = [
  { line: LINE, keys: { msg: TEXT, path: WHOLE, code: LONG }, max_text_len: 2048 },
  { keys: { msg: TEXT, path: WHOLE, code: LONG }, max_text_len: 2048 },
  { line: { ...LINE, exclude_keys: ['other'] }, keys: { code: LONG }, max_text_len: 2048 },
];

const word = fc.constantFrom('ab', 'Ab', 'abc', 'b', 'ba', 'x1', '7', 'other', 'msg', 'a-b');
const value = fc
  .array(fc.tuple(word, fc.constantFrom(' ', '/', ',', '', '=')), { maxLength: 4 })
  .map((parts) => parts.flat().join(''));
/** Logs with the fields of `INDEXES`, and one without an index of its own. */
export const anyLog: fc.Arbitrary<FixtureLog> = fc
  .record(
    {
      msg: value,
      path: value,
      other: value,
      code: fc.oneof(fc.integer({ min: -3, max: 9 }).map(String), fc.constantFrom('x', '', '1.5')),
      __source__: fc.constantFrom('', 'ab', '10.0.0.1'),
      __topic__: fc.constantFrom('', 'b'),
    },
    { requiredKeys: [] },
  )
  .map((fields) => ({ ...fields, __time__: 1_700_000_000 }));

const pattern = fc.constantFrom('a*', 'a?', 'x?', 'ab*', 'b*a', 'o*r', 'A*c');
const leaf: fc.Arbitrary<SearchNode> = fc.oneof(
  fc.constant<SearchNode>({ kind: 'all', span }),
  fc.record({
    kind: fc.constant('text' as const),
    key: fc.constantFrom(undefined, 'msg', 'MSG', 'path', '__source__', 'source', '__topic__'),
    text: fc.oneof(word, pattern, fc.constant('*')),
    form: fc.constant('word' as const),
    span: fc.constant(span),
  }),
  fc.record({
    kind: fc.constant('text' as const),
    key: fc.constantFrom(undefined, 'msg', 'path', 'code'),
    text: value,
    form: fc.constant('quoted' as const),
    span: fc.constant(span),
  }),
  fc.record({
    kind: fc.constant('compare' as const),
    key: fc.constantFrom('code', 'msg'),
    operator: fc.constantFrom('>', '>=', '<', '<=', '='),
    value: fc.constantFrom('0', '-1', '5', 'ab'),
    span: fc.constant(span),
  }),
  fc.record({
    kind: fc.constant('range' as const),
    key: fc.constant('code'),
    low: fc.integer({ min: -3, max: 5 }),
    high: fc.integer({ min: 0, max: 9 }),
    lowInclusive: fc.boolean(),
    highInclusive: fc.boolean(),
    span: fc.constant(span),
  }),
);
/** Searches without phrases; some are errors under some of `INDEXES`. */
export const anySearch: fc.Arbitrary<SearchNode> = fc.letrec<{ node: SearchNode }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    { weight: 2, arbitrary: leaf },
    fc.record({ kind: fc.constant('not' as const), operand: tie('node'), span: fc.constant(span) }),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      operands: fc.array(tie('node'), { minLength: 2, maxLength: 3 }),
      span: fc.constant(span),
    }),
  ),
})).node;

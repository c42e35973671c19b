/**
 * For tests: random index configurations, logs and searches that meet often: few words, few fields, and what is
 * awkward about each (letter case, blanks of many kinds, other scripts, numbers that are none, broken JSON).
 */
import * as fc from 'fast-check';
import { DEFAULT_TOKENS, type IndexConfig, type KeyIndex } from '#protocol/index-config.ts';
import type { CompareNode, RangeNode, SearchNode, TextNode } from '#querylang/search-ast.ts';
import type { FixtureLog } from './segment-fixture.ts';

/** Seconds that logs of `searchedLogs` may have: from here, this many. */
export const FIRST_LOG_TIME = 1_700_000_000;
export const LOG_SECONDS = 8;

const span = { start: 0, end: 0 };

const WORDS = ['ab', 'Ab', 'abc', 'b', 'ba', 'x1', '7', '-3', '1.5', 'a-b', 'a.b'] as const;
const RARE_WORDS = [
  'other',
  'msg',
  'é',
  'É',
  'ΑΣ',
  'İx',
  'straße',
  '日志',
  '错误',
  '用户登录失败',
  'ab用户登录',
  '🙂b',
  'true',
  '10.0.0.1',
  '550e8400e29b41d4a716446655440000',
  '550E8400E29B41D4A716446655440000',
  '550e8400-e29b-41d4-a716-446655440000',
] as const;
const DELIMITERS = [' ', ' ', '/', ',', '', '=', ':', '"', '\n', '|', '，', '\\', '#'] as const;

const word: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...WORDS) },
  { weight: 2, arbitrary: fc.constantFrom(...RARE_WORDS) },
);

/** Words between delimiters; empty, or delimiters alone, now and then. */
const text: fc.Arbitrary<string> = fc
  .array(fc.tuple(fc.oneof({ weight: 8, arbitrary: word }, fc.constant('')), delimiter()), {
    maxLength: 4,
  })
  .map((parts) => parts.flat().join(''));

const fewDigits: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -3, max: 9 }).map(String) },
  fc.constantFrom('1.5', '-0', '+5', '007', '1e1', '.5', '5.', '', ' 5', 'x', '5x', '1e400'),
);

const number: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: fewDigits },
  fc.constantFrom('9223372036854775807', '9223372036854775808', '99999999999999999999'),
);

const json: fc.Arbitrary<string> = fc
  .oneof(
    {
      weight: 6,
      arbitrary: fc.record({ a: scalar(), b: inner(), ok: scalar() }, { requiredKeys: [] }),
    },
    { weight: 2, arbitrary: inner() },
    fc.constant([1, { a: 'ab' }]),
  )
  .map((value) => JSON.stringify(value));

const broken: fc.Arbitrary<string> = fc.constantFrom(
  '',
  'ab',
  '{"a":"ab"',
  '{"a":"ab"} x',
  '{"a.c":"ab","b":{"c":7}}',
);

function delimiter(): fc.Arbitrary<string> {
  return fc.constantFrom(...DELIMITERS);
}

function scalar(): fc.Arbitrary<unknown> {
  return fc.oneof(text, number, fc.integer({ min: -3, max: 9 }), fc.boolean(), fc.constant(null));
}

function inner(): fc.Arbitrary<unknown> {
  return fc.oneof(
    scalar(),
    fc.record({ c: scalar(), d: fc.record({ e: scalar() }) }, { requiredKeys: [] }),
    fc.array(scalar(), { maxLength: 2 }),
  );
}

/** A log; its second is in [FIRST_LOG_TIME, FIRST_LOG_TIME + LOG_SECONDS). */
export const searchedLogs: fc.Arbitrary<FixtureLog> = fc
  .record(
    {
      __time__: fc.integer({ min: FIRST_LOG_TIME, max: FIRST_LOG_TIME + LOG_SECONDS - 1 }),
      __time_ns_part__: fc.constantFrom(1, 500_000_000, 999_999_999),
      __source__: fc.constantFrom('', 'ab', '10.0.0.1'),
      __topic__: fc.constantFrom('', 'b', 'B', 'a b'),
      '__tag__:host': text,
      '__tag__:Id': number,
      msg: text,
      Msg: text,
      path: text,
      other: text,
      source: word,
      code: number,
      cost: number,
      ctx: fc.oneof({ weight: 5, arbitrary: json }, broken),
      'ctx.x': text,
    },
    { requiredKeys: ['__time__'] },
  )
  .map((log) => Object.fromEntries(Object.entries(log).filter(([, value]) => value !== undefined)));

const cut = fc.record({
  token: fc.constantFrom(
    DEFAULT_TOKENS,
    DEFAULT_TOKENS,
    [],
    [' '],
    [' ', '/', '，', '|'],
    ['b', ','],
  ),
  caseSensitive: fc.boolean(),
  chn: fc.oneof({ weight: 2, arbitrary: fc.constant(false) }, fc.constant(true)),
});

const common = { doc_value: fc.boolean(), alias: fc.constant('') };

const textKey: fc.Arbitrary<KeyIndex> = fc
  .tuple(cut, fc.record(common))
  .map(([cutting, rest]) => ({ type: 'text', ...cutting, ...rest }));

function numberKey(): fc.Arbitrary<KeyIndex> {
  return fc.record({
    type: fc.constantFrom('long' as const, 'double' as const),
    caseSensitive: fc.constant(false),
    chn: fc.constant(false),
    ...common,
  });
}

const subKey = fc.record({ type: fc.constantFrom('text' as const, 'long', 'double') });

const jsonKey: fc.Arbitrary<KeyIndex> = fc
  .tuple(
    cut,
    fc.record({
      ...common,
      index_all: fc.boolean(),
      max_depth: fc.constantFrom(-1, 1, 2),
      json_keys: fc.record({ a: subKey, 'b.c': subKey, 'b.d.e': subKey }, { requiredKeys: [] }),
    }),
  )
  .map(([cutting, rest]) => ({ type: 'json', ...cutting, ...rest }));

const line = fc
  .tuple(
    cut,
    fc.oneof(
      { weight: 3, arbitrary: fc.constant({}) },
      fc.constantFrom(
        { exclude_keys: ['other', 'msg', '__topic__'] },
        { include_keys: ['other', 'source', '__tag__:host'] },
        { include_keys: [] },
      ),
    ),
  )
  .map(([cutting, keys]) => ({ ...cutting, ...keys }));

/** A configuration with a full-text index or field indexes or both. */
export const indexConfigs: fc.Arbitrary<IndexConfig> = fc
  .record(
    {
      line: fc.option(line, { nil: undefined, freq: 3 }),
      keys: fc.record(
        {
          msg: textKey,
          Msg: textKey,
          path: fc.oneof(textKey, numberKey()),
          source: textKey,
          code: fc.oneof({ weight: 4, arbitrary: numberKey() }, textKey),
          cost: numberKey(),
          ctx: jsonKey,
          __topic__: fc.oneof(textKey, numberKey()),
          '__tag__:host': textKey,
          '__tag__:Id': numberKey(),
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: ['keys'] },
  )
  .map((config) => ({ ...config, max_text_len: 2048 }));

const KEYS = [
  'msg',
  'MSG',
  'Msg',
  'path',
  'other',
  'code',
  'Code',
  'cost',
  'source',
  'Source',
  '__source__',
  '__topic__',
  '__tag__:host',
  '__TAG__:HOST',
  '__tag__:id',
  'ctx',
  'CTX.a',
  'ctx.b.c',
  'ctx.b',
  'ctx.ok',
  'ctx.b.d.e',
  'ctx.x',
] as const;
const key = fc.constantFrom(...KEYS);
const pattern: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    'a*',
    'A*',
    'a?',
    'a*c',
    'x?',
    'b*a',
    'o*r',
    '550e8*',
    '550e8400e*0',
    '用*',
    'É*',
  ),
  fc.constantFrom('7*', '-?', 'a-*', 'a.?', 'a/b*', 'a*/b', 'tru?', 'm?g', 'a**b', '1*'),
);
/** A word cannot hold what ends one, and operators are none. */
const plainWord: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: word },
  { weight: 2, arbitrary: pattern },
  fc.constantFrom('/', 'ab/b', ',', 'ab,7', '/ab', 'a-b/x1', 'ab，b'),
);

function texts(keys: fc.Arbitrary<string | undefined>): fc.Arbitrary<TextNode> {
  return fc.oneof(
    fc
      .tuple(keys, fc.oneof({ weight: 6, arbitrary: plainWord }, fc.constant('*')))
      .filter(([name, value]) => name !== undefined || value !== '*')
      .map(([name, value]): TextNode => ({
        kind: 'text',
        key: name,
        text: value,
        form: 'word',
        span,
      })),
    fc
      .tuple(keys, fc.oneof({ weight: 4, arbitrary: text }, fewDigits))
      .map(([name, value]): TextNode => ({
        kind: 'text',
        key: name,
        text: value,
        form: 'quoted',
        span,
      })),
  );
}

const compare: fc.Arbitrary<CompareNode> = fc.record({
  kind: fc.constant('compare' as const),
  key,
  operator: fc.constantFrom('>', '>=', '<', '<=', '='),
  value: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: -3, max: 9 }).map(String) },
    fc.constantFrom('1.5', '-0', '1e1', 'ab'),
  ),
  span: fc.constant(span),
});

const bound = fc.oneof(fc.integer({ min: -3, max: 9 }), fc.constantFrom(1.5, 0.5));
const range: fc.Arbitrary<RangeNode> = fc.record({
  kind: fc.constant('range' as const),
  key,
  low: bound,
  high: bound,
  lowInclusive: fc.boolean(),
  highInclusive: fc.boolean(),
  span: fc.constant(span),
});

const leaf: fc.Arbitrary<SearchNode> = fc.oneof(
  { weight: 1, arbitrary: fc.constant<SearchNode>({ kind: 'all', span }) },
  { weight: 4, arbitrary: texts(fc.constant(undefined)) },
  { weight: 6, arbitrary: texts(key) },
  { weight: 2, arbitrary: compare },
  { weight: 2, arbitrary: range },
);

/** Every kind of node but phrases. Some are errors under some configurations. */
export const plainSearches: fc.Arbitrary<SearchNode> = fc.letrec<{ node: SearchNode }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    { weight: 3, arbitrary: leaf },
    fc.record({ kind: fc.constant('not' as const), operand: tie('node'), span: fc.constant(span) }),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      operands: fc.array(tie('node'), { minLength: 2, maxLength: 3 }),
      span: fc.constant(span),
    }),
  ),
})).node;

const phrase: fc.Arbitrary<TextNode> = fc
  .tuple(
    fc.option(key, { nil: undefined, freq: 2 }),
    fc.array(word, { minLength: 1, maxLength: 3 }),
    fc.constantFrom(' ', ' ', '/', ', '),
  )
  .map(([name, words, between]) => ({
    kind: 'text',
    key: name,
    text: words.join(between),
    form: 'phrase',
    span,
  }));

/** Searches, phrases included where they are allowed. Some are errors under some configurations. */
export const searches: fc.Arbitrary<SearchNode> = fc.oneof(
  { weight: 6, arbitrary: plainSearches },
  phrase,
  fc
    .tuple(phrase, fc.array(plainSearches, { minLength: 1, maxLength: 2 }))
    .map(([first, rest]): SearchNode => ({ kind: 'and', operands: [first, ...rest], span })),
);

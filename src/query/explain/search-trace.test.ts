import { expect, test } from 'vitest';
import { Bitset } from '#kernel/bitset.ts';
import { MemoryClock } from '#platform/memory-clock.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import { parseQuery } from '#querylang/parse-query.ts';
import { EXPLAIN_FIELDS_MAX, EXPLAIN_LOOKUPS_MAX } from '../limits.ts';
import { compileSearch, type SearchPlan } from '../search/compile-search.ts';
import { labelOf, SearchTrace } from './search-trace.ts';

const KEY = { token: [' '], caseSensitive: false, chn: false, doc_value: true, alias: '' };
const INDEX: IndexConfig = {
  line: KEY,
  keys: {
    Msg: { ...KEY, type: 'text' },
    ms: { ...KEY, type: 'long' },
    ctx: { ...KEY, type: 'json', index_all: true },
  },
  max_text_len: 2048,
};
const WORD: SearchPlan = { kind: 'fullText', text: 'a', form: 'word' };

test.each([
  ['*', '*'],
  ['disk*', 'disk*'],
  ['"disk full"', '"disk full"'],
  ['MSG:disk', 'msg:disk'],
  ['Msg:#"disk full"', 'msg:#"disk full"'],
  ['ctx:disk', 'ctx.*:disk'],
  ['ctx.user:disk', 'ctx.user:disk'],
  ['ms > 5', 'ms > 5'],
  ['ms >= 5', 'ms >= 5'],
  ['ms < 5', 'ms < 5'],
  ['ms <= 5', 'ms <= 5'],
  ['ms = 5', 'ms = 5'],
  ['ms = 9007199254740993', 'ms = 9007199254740993'],
  ['ms in [1 5)', 'ms in [1 5)'],
  ['Msg > 5', 'and'],
  ['a or b', 'or'],
  ['not a', 'not'],
])('%j is understood as %j', (query, label) => {
  expect(labelOf(compileSearch(parseQuery(query).search, INDEX))).toBe(label);
});

test('figures of several segments add up, with the time that each took', async () => {
  const clock = new MemoryClock();
  const trace = new SearchTrace({ clock });
  for (const count of [3, 4])
    await trace.evaluate(WORD, async () => {
      await clock.advance(5);
      return Bitset.full(count);
    });
  expect(trace.report(WORD)).toMatchObject({ rows: 7, segments: 2, durationMs: 10 });
});

test('a part that was never evaluated has nothing', () => {
  const trace = new SearchTrace({ clock: new MemoryClock() });
  const plan: SearchPlan = { kind: 'not', operand: WORD };
  const nothing = { rows: 0, segments: 0, durationMs: 0, lookups: [] };
  expect(trace.report(plan)).toMatchObject({ ...nothing, operands: [nothing] });
});

test('segments that cut a text alike are told once, with all their fields', () => {
  const trace = new SearchTrace({ clock: new MemoryClock() });
  const pattern = { prefix: 'fu', rest: '*', matches: () => true };
  trace.cut(WORD, ['disk', pattern], ['b', 'c']);
  trace.cut(WORD, ['disk', pattern], ['a', 'b']);
  trace.cut(WORD, [], ['n']);
  expect(trace.report(WORD).lookups).toEqual([
    { terms: ['disk', 'fu*'], fields: ['a', 'b', 'c'], fieldCount: 3 },
    { terms: [], fields: ['n'], fieldCount: 1 },
  ]);
});

test('of many ways and fields the first are told', () => {
  const trace = new SearchTrace({ clock: new MemoryClock() });
  const fields = Array.from({ length: 1000 }, (_, i) => `f${i}`);
  for (let i = 0; i < 100; i++) trace.cut(WORD, [`w${i}`], fields);
  const { lookups } = trace.report(WORD);
  expect(lookups).toHaveLength(EXPLAIN_LOOKUPS_MAX);
  expect(lookups[0]?.fields).toHaveLength(EXPLAIN_FIELDS_MAX);
  expect(lookups[0]?.fieldCount).toBe(1000);
});

import { expect, it } from 'vitest';
import { DEFAULT_TOKENS, type IndexConfig } from '#protocol/index-config.ts';
import { parseQuery } from '#querylang/parse-query.ts';
import { compileSearch } from '../search/compile-search.ts';
import type { FixtureLog } from '../search/segment-fixture.ts';
import { LogLayout } from './log-fields.ts';
import { compareWithIndex, compareWithReading, fieldsOf } from './match-fixture.ts';
import { compileMatcher } from './match-log.ts';

it('agrees with a reading of the texts', () => {
  const { compared, hits } = compareWithReading(100);
  expect(compared).toBeGreaterThan(1000);
  expect(hits).toBeGreaterThan(100);
});

it('agrees with an index of the log', async () => {
  const { compared, hits } = await compareWithIndex(10);
  expect(compared).toBeGreaterThan(20);
  expect(hits).toBeGreaterThan(0);
});

const TEXT = {
  type: 'text',
  token: DEFAULT_TOKENS,
  caseSensitive: false,
  chn: false,
  doc_value: false,
  alias: '',
} as const;
const LINE = { token: DEFAULT_TOKENS, caseSensitive: false, chn: false };

function matches(query: string, log: FixtureLog, index: IndexConfig): boolean {
  const plan = compileSearch(parseQuery(query).search, index);
  return compileMatcher(plan, index)(new LogLayout(index).fieldsOf(fieldsOf(log)));
}

it('a wildcard looks at all words, not at the first hundred', () => {
  const msg = Array.from({ length: 500 }, (_, i) => `w${i}`).join(' ');
  expect(matches('w4?9', { msg }, { line: LINE, max_text_len: 2048 })).toBe(true);
});

it('a value beyond the searchable size is cut', () => {
  const index = { line: LINE, max_text_len: 2048 };
  const long = 'x '.repeat(300 * 1024);
  expect(matches('needle', { msg: `needle ${long}` }, index)).toBe(true);
  expect(matches('needle', { msg: `${long} needle` }, index)).toBe(false);
});

it('a layout forgets fields when logs have ever new ones, and goes on', () => {
  const index = { line: LINE, max_text_len: 2048 };
  const layout = new LogLayout(index);
  const matcher = compileMatcher(
    compileSearch(parseQuery('here and __tag__:t7:here').search, index),
    index,
  );
  for (let i = 0; i < 5000; i++) {
    const fields = new Map([
      [`field-${i}`, 'here'],
      [`__tag__:t${i}`, 'here'],
    ]);
    expect(matcher(layout.fieldsOf(fields))).toBe(i === 7);
  }
  expect(layout.plan.textFields.length).toBeLessThan(2001);
  const again = new Map([['__tag__:t7', 'here']]);
  expect(matcher(layout.fieldsOf(again))).toBe(true);
});

it('a letter that is a delimiter is one in its own case only', () => {
  const keys = { id: { ...TEXT, token: ['b'] } };
  const index = { keys, max_text_len: 2048 };
  expect(matches('id:1a', { id: '1ab2' }, index)).toBe(true);
  expect(matches('id:1a', { id: '1aB2' }, index)).toBe(false);
  expect(matches('id:1aB2', { id: '1aB2' }, index)).toBe(true);
});

import { expect, test } from 'vitest';
import type { IndexConfig } from '#protocol/index-config.ts';
import { parseQuery } from '#querylang/parse-query.ts';
import { HIGHLIGHT_CHARACTERS_MAX } from '../limits.ts';
import { hitTerms } from './compile-search.ts';
import { highlightsOf } from './highlights.ts';

const token = [' ', ':', '"', '{', '}', ','];
const INDEX = {
  line: { token, caseSensitive: false, chn: false },
  keys: {
    msg: { type: 'text', token, caseSensitive: false, chn: true },
    ctx: { type: 'json', token, index_all: true },
    Exact: { type: 'text', token: [], caseSensitive: true },
  },
  max_text_len: 2048,
} as unknown as IndexConfig;
const ROW = {
  __time__: '1700000000',
  __source__: 'disk',
  msg: 'Disk full: disk of node1 用户登录失败',
  other: 'the disk again',
  ctx: '{"user":"Bob"}',
  Exact: 'Disk full',
};

function marked(query: string): string[] {
  const terms = hitTerms(parseQuery(query).search, INDEX);
  return highlightsOf([ROW], terms, INDEX)[0]!.map(({ key, value }) => `${key}=${value}`);
}

test.each([
  ['disk', ['__source__=disk', 'msg=disk', 'other=disk']],
  ['msg:full', ['msg=full']],
  ['MSG:full and other:again', ['msg=full', 'other=again']],
  ['not disk', []],
  ['nod*', ['msg=node1']],
  ['msg:ful?', ['msg=full']],
  ['ctx.user:bob', ['ctx=bob']],
  ['Exact:"Disk full"', ['Exact=Disk full']],
  ['#"disk full"', ['__source__=disk', 'msg=disk', 'msg=full', 'other=disk']],
  ['msg:登录', ['msg=登录']],
  ['1700000000', []],
  ['*', []],
])('%s marks the words that it found', (query, expected) => {
  expect(marked(query).toSorted()).toEqual(expected.toSorted());
});

test('nothing is marked behind the characters that are looked at', () => {
  const terms = [{ key: '', term: 'disk' }];
  const long = { msg: `disk ${'x '.repeat(HIGHLIGHT_CHARACTERS_MAX / 2)}` };
  const rows = [{ msg: 'disk' }, long, { msg: 'disk' }];
  expect(highlightsOf(rows, terms, INDEX).map((row) => row.length)).toEqual([1, 1, 0]);
});

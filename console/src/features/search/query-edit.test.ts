import { describe, expect, test } from 'vitest';
import { parseQuery } from '#querylang/parse-query.ts';
import type { SearchNode } from '#querylang/search-ast.ts';
import { addCondition, hasAnalysis, printCondition, quoteKey, splitQuery } from './query-edit.ts';

const equals = (key: string, value: string) => ({ key, value, negated: false });
const differs = (key: string, value: string) => ({ key, value, negated: true });

/** The tree without places in the text, for comparing meanings. */
function meaning(query: string): unknown {
  return JSON.parse(
    JSON.stringify(parseQuery(query).search, (name, value: unknown) =>
      name === 'span' ? undefined : value,
    ),
  ) as SearchNode;
}

function add(query: string, condition = equals('b', 'y')): string {
  return addCondition(query, condition, undefined);
}

describe('splitting', () => {
  test('the first bar outside quotes separates search and analysis', () => {
    expect(splitQuery('a:"x|y" | select 1 | 2')).toEqual({
      search: 'a:"x|y"',
      analysis: '| select 1 | 2',
    });
  });

  test('an escaped quote does not end a quoted text', () => {
    expect(splitQuery(String.raw`"a\"|b" and c`)).toEqual({
      search: String.raw`"a\"|b" and c`,
      analysis: '',
    });
  });

  test('only a real analysis part makes a table', () => {
    expect(hasAnalysis('a | select 1')).toBe(true);
    expect(hasAnalysis('a | with_pack_meta')).toBe(false);
    expect(hasAnalysis('a |')).toBe(false);
    expect(hasAnalysis('"a | select 1"')).toBe(false);
  });
});

describe('conditions', () => {
  test('quotes and backslashes in a value survive the parser', () => {
    const value = String.raw`say "hi" \ and | or`;
    expect(parseQuery(printCondition(equals('msg', value), undefined)).search).toMatchObject({
      kind: 'text',
      key: 'msg',
      text: value,
      form: 'quoted',
    });
  });

  test.each([
    ['status', 'status'],
    ['user-agent', 'user-agent'],
    ['ctx.user.id', 'ctx.user.id'],
    ['名字', '名字'],
    ['__tag__:__hostname__', '__tag__:__hostname__'],
    ['two words', '"two words"'],
    ['and', '"and"'],
    ['a:b', '"a:b"'],
    ['a|b', '"a|b"'],
  ])('the field name %s is written %s', (key, written) => {
    expect(quoteKey(key)).toBe(written);
  });

  test.each(['status', 'two words', 'or', 'a:b', '__tag__:__hostname__', '1st', 'a*'])(
    'the parser reads the field name %s back',
    (key) => {
      expect(parseQuery(printCondition(equals(key, 'v'), undefined)).search).toMatchObject({
        key,
        text: 'v',
      });
    },
  );

  test('a field without an index is searched in the full text', () => {
    const indexed = new Set(['level']);
    expect(printCondition(equals('level', 'x'), indexed)).toBe('level:"x"');
    expect(printCondition(equals('other', 'x'), indexed)).toBe('"x"');
    expect(printCondition(differs('__topic__', 'x'), indexed)).toBe('not __topic__:"x"');
  });
});

describe('adding', () => {
  test('an empty search becomes the condition', () => {
    expect(add('')).toBe('b:"y"');
    expect(add('*')).toBe('b:"y"');
    expect(add('', differs('b', 'y'))).toBe('not b:"y"');
  });

  test('the SQL part stays', () => {
    expect(add('* | select count(*)')).toBe('b:"y" | select count(*)');
    expect(add('a | select 1')).toBe('a and b:"y" | select 1');
  });

  test('the same condition is not added twice', () => {
    expect(add(add('a'))).toBe('a and b:"y"');
  });

  test('a search with or goes into parentheses, but not for an or in quotes', () => {
    expect(add('a or c')).toBe('(a or c) and b:"y"');
    expect(add('"this or that"')).toBe('"this or that" and b:"y"');
    expect(add('(a or c) and d')).toBe('(a or c) and d and b:"y"');
  });

  test('a search that begins with not keeps its meaning', () => {
    expect(add('not a')).toBe('(not a) and b:"y"');
    expect(meaning(add('not a'))).toEqual({
      kind: 'and',
      operands: [meaning('not a'), meaning('b:"y"')],
    });
  });

  test('one exclusion after another excludes both', () => {
    const query = add(add('', differs('a', 'x')), differs('b', 'y'));
    expect(meaning(query)).toEqual({
      kind: 'and',
      operands: [meaning('not a:"x"'), meaning('not b:"y"')],
    });
  });
});

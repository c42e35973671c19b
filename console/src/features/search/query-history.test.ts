import { describe, expect, test } from 'vitest';
import { HISTORY_MAX, HISTORY_QUERY_CHARS_MAX } from '../../shared/limits.ts';
import { readHistory, rememberQuery, withQuery } from './query-history.ts';
import type { TextStore } from './query-history.ts';

function memoryStore(): TextStore & { readonly texts: Map<string, string> } {
  const texts = new Map<string, string>();
  return {
    texts,
    getItem: (key) => texts.get(key) ?? null,
    setItem: (key, value) => {
      texts.set(key, value);
    },
  };
}

describe('query history', () => {
  test('the newest query is first and stands once', () => {
    const store = memoryStore();
    for (const query of ['a', 'b', ' a ']) rememberQuery(store, query);
    expect(readHistory(store)).toEqual(['a', 'b']);
  });

  test('it keeps no more than its limit', () => {
    const store = memoryStore();
    for (let index = 0; index < HISTORY_MAX + 5; index += 1) rememberQuery(store, `q${index}`);
    expect(readHistory(store)).toHaveLength(HISTORY_MAX);
    expect(readHistory(store)[0]).toBe(`q${HISTORY_MAX + 4}`);
  });

  test('empty and oversized queries are not kept', () => {
    expect(withQuery([], '  ')).toEqual([]);
    expect(withQuery([], 'x'.repeat(HISTORY_QUERY_CHARS_MAX + 1))).toEqual([]);
  });

  test('a broken store is an empty history', () => {
    const store = memoryStore();
    rememberQuery(store, 'a');
    for (const key of store.texts.keys()) store.texts.set(key, '{broken');
    expect(readHistory(store)).toEqual([]);
  });

  test('a store that refuses loses nothing but the history', () => {
    const refusing: TextStore = {
      getItem: () => null,
      setItem: () => {
        throw new Error('quota exceeded');
      },
    };
    expect(() => rememberQuery(refusing, 'a')).not.toThrow();
  });
});

import { describe, expect, test } from 'vitest';
import { MARKS_MAX } from './limits.ts';
import { makeHighlighter } from './highlight.ts';

/** The value with marks shown as brackets. */
function marks(terms: readonly [string, string][], field: string, value: string): string {
  const highlight = makeHighlighter(terms.map(([key, term]) => ({ key, term })));
  return highlight(field, value)
    .map((piece) => (piece.marked ? `[${piece.text}]` : piece.text))
    .join('');
}

describe('highlight', () => {
  test('marks whole words in any letter case', () => {
    expect(marks([['', 'error']], 'msg', 'Error: errors and ERROR')).toBe(
      '[Error]: errors and [ERROR]',
    );
  });

  test('a term of a field marks that field only', () => {
    expect(marks([['level', 'error']], 'level', 'error')).toBe('[error]');
    expect(marks([['Level', 'error']], 'level', 'error')).toBe('[error]');
    expect(marks([['level', 'error']], 'msg', 'error')).toBe('error');
    expect(marks([['ctx.user', 'lei']], 'ctx', '{"user":"lei"}')).toBe('{"user":"[lei]"}');
    expect(marks([['source', '10.0.0.1']], '__source__', '10.0.0.1')).toBe('[10.0.0.1]');
  });

  test('wildcards mark the word that they matched', () => {
    expect(marks([['', 'conn*']], 'msg', 'connection reset')).toBe('[connection] reset');
    expect(marks([['', 'w?b']], 'msg', 'web wb wub')).toBe('[web] wb [wub]');
  });

  test('Chinese words are marked inside a run', () => {
    expect(marks([['', '登录']], 'msg', '用户登录失败')).toBe('用户[登录]失败');
  });

  test('characters of regular expressions are only characters', () => {
    expect(marks([['', 'a.b(c)[d]\\$^{}|+']], 'm', 'a.b(c)[d]\\$^{}|+ axb')).toBe(
      '[a.b(c)[d]\\$^{}|+] axb',
    );
  });

  test('words with dashes, dots and slashes are marked whole', () => {
    expect(marks([['', 'foo-bar']], 'm', 'a foo-bar b')).toBe('a [foo-bar] b');
    expect(marks([['', '10.0.0.1/x']], 'm', '10.0.0.1/x')).toBe('[10.0.0.1/x]');
  });

  test('an empty value and an empty term mark nothing', () => {
    expect(marks([['', '']], 'm', 'abc')).toBe('abc');
    expect(marks([['', '*']], 'm', 'abc')).toBe('abc');
    expect(marks([['', 'a']], 'm', '')).toBe('');
  });

  test('the pieces always join to the value, however many hits there are', () => {
    const value = 'a '.repeat(MARKS_MAX * 2);
    const pieces = makeHighlighter([{ key: '', term: 'a' }])('m', value);
    expect(pieces.map((piece) => piece.text).join('')).toBe(value);
    expect(pieces.filter((piece) => piece.marked)).toHaveLength(MARKS_MAX);
  });
});

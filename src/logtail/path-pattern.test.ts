import { describe, expect, test } from 'vitest';
import { compileExcludes, compilePattern, isNeverCollected } from './path-pattern.ts';

describe('patterns', () => {
  test('the base is what stands before the first wildcard', () => {
    const pattern = compilePattern('/var/./log//x/../app-*/v?/**/*.log');
    expect(pattern).toMatchObject({ base: '/var/log', recursive: true });
    expect(pattern.directories.map((test) => test.test('app-1'))).toEqual([true, false]);
    expect(pattern.directories.map((test) => test.test('v2'))).toEqual([false, true]);
    expect(pattern.file.test('a.log')).toBe(true);
    expect(pattern.file.test('a.log.1')).toBe(false);
  });

  test('a path without wildcards is one file', () => {
    const pattern = compilePattern('/var/log/a-b (1).log');
    expect(pattern).toMatchObject({ base: '/var/log', recursive: false, directories: [] });
    expect(pattern.file.test('a-b (1).log')).toBe(true);
    expect(pattern.file.test('a-bb(1)xlog')).toBe(false);
  });

  test('character classes', () => {
    const { file } = compilePattern('/l/x[0-9][!ab].log');
    expect(['x1c.log', 'x1a.log', 'xxc.log'].map((name) => file.test(name))).toEqual([
      true,
      false,
      false,
    ]);
  });

  test.each(['relative/*.log', '/a/', '/', '/a/**/b/*.log', '/a/**x/c', '/a/**'])(
    '%s is refused',
    (text) => {
      expect(() => compilePattern(text)).toThrow(
        expect.objectContaining({ code: 'ConfigInvalid' }),
      );
    },
  );

  test('archives are never collected', () => {
    expect(['a.gz', 'a.bz', 'a.tar', 'a.log'].map(isNeverCollected)).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });
});

test('excludes: names anywhere, absolute patterns, and all below a folder', () => {
  const excluded = compileExcludes(['debug.log', '/var/*/private', '/srv/**/tmp']);
  expect(
    [
      '/x/debug.log',
      '/var/a/private',
      '/srv/a/b/tmp',
      '/srv/tmp',
      '/var/a/privately',
      '/var/private',
    ].map(excluded),
  ).toEqual([true, true, true, true, false, false]);
});

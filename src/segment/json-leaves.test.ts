import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonLeaves } from './json-leaves.ts';

const leavesOf = (text: string): [string, string][] =>
  jsonLeaves(text).map(({ path, text: leaf }) => [path, leaf]);

const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

describe('json leaves', () => {
  test('are strings, numbers and booleans below objects', () => {
    expect(
      leavesOf(' {"a":"x","b":{"c":-1.50e3,"d":true},"e":[1,{"f":2}],"g":null,"h":{}} '),
    ).toEqual([
      ['a', 'x'],
      ['b.c', '-1.50e3'],
      ['b.d', 'true'],
    ]);
  });

  test('have their escapes resolved and their digits kept', () => {
    expect(leavesOf(String.raw`{"a\"b":"x\u00e9\n","id":12345678901234567890}`)).toEqual([
      ['a"b', 'xé\n'],
      ['id', '12345678901234567890'],
    ]);
  });

  test.each([
    '',
    '[]',
    '1',
    '{',
    '{"a":}',
    '{"a":1,}',
    "{'a':1}",
    '{"a":01}',
    '{"a":1}x',
    '{"a" 1}',
    '{"a":"\n"}',
  ])('are none in %j', (text) => expect(leavesOf(text)).toEqual([]));

  test('are none in objects nested without end', () => {
    expect(leavesOf(nested(100)).length).toBe(1);
    expect(leavesOf(nested(100_000))).toEqual([]);
    expect(leavesOf(`{"a":${'['.repeat(100_000)}`)).toEqual([]);
  });

  test('are found exactly where JSON.parse finds an object', () => {
    const text = fc.oneof(
      fc.json(),
      fc.string({
        unit: fc.constantFrom('{', '}', '"', 'a', ':', '1', ',', '[', ']', ' '),
        maxLength: 12,
      }),
      fc.json().map((one) => `{"k":${one}}`),
    );
    fc.assert(
      fc.property(text, (value) => {
        let top: unknown;
        try {
          top = JSON.parse(value);
        } catch {
          expect(jsonLeaves(value)).toEqual([]);
          return;
        }
        const isObject = typeof top === 'object' && top !== null && !Array.isArray(top);
        const hasScalar =
          isObject &&
          Object.values(top as object).some((one) => one !== null && typeof one !== 'object');
        if (hasScalar) expect(jsonLeaves(value).length).toBeGreaterThan(0);
        if (!isObject) expect(jsonLeaves(value)).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });
});

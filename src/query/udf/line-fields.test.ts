import { DuckDBListValue, type DuckDBValue } from '@duckdb/node-api';
import { array, assert, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LINE_FIELDS } from './line-fields.ts';

function call(name: string, ...values: DuckDBValue[]): DuckDBValue {
  const found = LINE_FIELDS.functions.find((one) => one.name === name);
  if (found === undefined) throw new Error(`assertion failed: ${name} is a function`);
  return found.call(values);
}

function csv(text: string, delimiter = ','): unknown {
  const value = call('sls_csv_parts', text, delimiter);
  return value instanceof DuckDBListValue ? value.items : value;
}

function fieldsOf(name: string, ...values: DuckDBValue[]): unknown {
  const text = call(name, ...values);
  return typeof text === 'string' ? JSON.parse(text) : text;
}

describe('parts of a CSV line', () => {
  test.each<[string, readonly string[]]>([
    ['', ['']],
    ['a,b,,c', ['a', 'b', '', 'c']],
    [',', ['', '']],
    ['"a,b",c', ['a,b', 'c']],
    ['"say ""hi""",x', ['say "hi"', 'x']],
    ['"open, to the end', ['open, to the end']],
    ['"a"b,c', ['ab', 'c']],
    ['a"b"c,d', ['a"b"c', 'd']],
    ['"",""', ['', '']],
    [' a , b ', [' a ', ' b ']],
  ])('of %s', (line, parts) => {
    expect(csv(line)).toEqual(parts);
  });

  test('come back from any texts', () => {
    assert(
      property(array(string(), { minLength: 1 }), (parts) => {
        const line = parts.map((part) => `"${part.replaceAll('"', '""')}"`).join('||');
        expect(csv(line, '||')).toEqual(parts);
      }),
    );
  });
});

describe('fields of pairs', () => {
  test.each<[string, object]>([
    ['a=1&b=2', { a: '1', b: '2' }],
    ['a=1&a=2', { a: '2' }],
    ['a&=b&c=&d=e=f', { c: '', d: 'e=f' }],
    [' a = 1 & b = 2 ', { a: '1', b: '2' }],
    ['', {}],
    [
      '__proto__=1&constructor=2',
      Object.fromEntries([
        ['__proto__', '1'],
        ['constructor', '2'],
      ]),
    ],
  ])('of %s', (line, fields) => {
    expect(fieldsOf('sls_kv_fields', line, '&', '=', '')).toEqual(fields);
    expect(fieldsOf('sls_kv_any_fields', line, '&', '=', '')).toEqual(fields);
  });

  test('are cut at any of several characters', () => {
    const line = 'a:1, b=2; c:3';
    expect(fieldsOf('sls_kv_any_fields', line, ',;', ':=', 'p_')).toEqual({
      p_a: '1',
      p_b: '2',
      p_c: '3',
    });
  });
});

describe('fields of JSON', () => {
  test.each<[string, object | null]>([
    ['{"a":1,"b":"x","c":true,"d":null}', { a: '1', b: 'x', c: 'true' }],
    ['{"a":{"b":[1, 2.50]}}', { a: '{"b":[1,2.50]}' }],
    ['{"n":12345678901234567890, "m":1.0e2}', { n: '12345678901234567890', m: '1.0e2' }],
    ['{"a":1,"a":2}', { a: '2' }],
    ['{"":1}', {}],
    ['{"h":"\\ud800"}', { h: '\ufffd' }],
    ['{}', {}],
    ['[1]', null],
    ['5', null],
    ['"x"', null],
    ['null', null],
    ['{', null],
    ['', null],
    ['['.repeat(200_000), null],
    [`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, null],
  ])('of %.40s', (text, fields) => {
    expect(fieldsOf('sls_json_fields', text, '')).toEqual(fields);
  });
});

import { describe, expect, test } from 'vitest';

import { errorCode } from '#base/app-error.ts';
import { parseJsonLogGroup, trackQueryLogGroup, type JsonGroupOptions } from './json-log-group.ts';
import type { LogGroup } from './log-group.ts';

const OPTIONS: JsonGroupOptions = {
  receiveTime: 1_700_000_000,
  overwriteTime: false,
  defaultSource: '',
};

function parse(value: unknown, options: Partial<JsonGroupOptions> = {}): LogGroup {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return parseJsonLogGroup(Buffer.from(text), { ...OPTIONS, ...options });
}

function codeOf(value: unknown): string | undefined {
  try {
    parse(value);
  } catch (error) {
    return errorCode(error);
  }
  return 'nothing thrown';
}

describe('parseJsonLogGroup', () => {
  test('reads the full form', () => {
    const group = parse({
      __topic__: 't',
      __source__: '10.0.0.1',
      __tags__: { host: 'a' },
      __logs__: [{ __time__: 5, __time_ns_part__: 7, k: 'v', 消息: '好' }, {}],
    });
    expect(group).toEqual({
      topic: 't',
      source: '10.0.0.1',
      tags: [{ key: 'host', value: 'a' }],
      logs: [
        {
          time: 5,
          timeNs: 7,
          contents: [
            { key: 'k', value: 'v' },
            { key: '消息', value: '好' },
          ],
        },
        { time: 1_700_000_000, timeNs: 0, contents: [] },
      ],
    });
  });

  test('needs nothing but the logs', () => {
    expect(parse({ __logs__: [] })).toEqual({ topic: '', source: '', tags: [], logs: [] });
  });

  test('stores values that are not strings as their JSON text', () => {
    const log = { n: 1.5, b: true, z: null, o: { a: [1, '中'] } };
    expect(parse({ __logs__: [log] }).logs[0]?.contents.map((pair) => pair.value)).toEqual([
      '1.5',
      'true',
      'null',
      '{"a":[1,"中"]}',
    ]);
  });

  test('takes the time as text too, and overwrites it for web tracking', () => {
    const body = { __logs__: [{ __time__: '1772526827', __time_ns_part__: 5 }] };
    expect(parse(body).logs[0]?.time).toBe(1_772_526_827);
    const tracked = parse(body, { overwriteTime: true, defaultSource: '1.2.3.4' });
    expect(tracked.logs[0]).toEqual({ time: 1_700_000_000, timeNs: 0, contents: [] });
    expect(tracked.source).toBe('1.2.3.4');
  });

  test('a key named __proto__ is a key like any other', () => {
    const group = parse('{"__logs__":[{"__proto__":"x","constructor":"y"}]}');
    expect(group.logs[0]?.contents).toEqual([
      { key: '__proto__', value: 'x' },
      { key: 'constructor', value: 'y' },
    ]);
  });

  test.each([
    ['text that is not JSON', '{"__logs__":['],
    ['an empty body', ''],
    ['an array', []],
    ['null', 'null'],
    ['no logs', {}],
    ['logs that are an object', { __logs__: {} }],
    ['a log that is a text', { __logs__: ['a'] }],
    ['a log that is null', { __logs__: [null] }],
    ['tags that are an array', { __logs__: [], __tags__: [] }],
    ['nesting without end', `{"__logs__":[{"k":${'['.repeat(1e5)}${']'.repeat(1e5)}}]}`],
    ['a topic that is a number', { __logs__: [], __topic__: 1 }],
  ])('refuses %s', (_name, value) => {
    expect(codeOf(value)).toBe('PostBodyInvalid');
  });

  test.each([1.5, -1, 'soon', '', null, 4294967296, true])('refuses %s as time', (time) => {
    expect(codeOf({ __logs__: [{ __time__: time }] })).toBe('InvalidTimestamp');
  });
});

describe('trackQueryLogGroup', () => {
  test('makes one log of the parameters that are not reserved', () => {
    const group = trackQueryLogGroup(
      [
        ['APIVersion', '0.6.0'],
        ['__topic__', 't'],
        ['k1', 'v1'],
        ['k2', ''],
      ],
      { ...OPTIONS, defaultSource: '1.2.3.4' },
    );
    expect(group).toEqual({
      topic: 't',
      source: '1.2.3.4',
      tags: [],
      logs: [
        {
          time: 1_700_000_000,
          contents: [
            { key: 'k1', value: 'v1' },
            { key: 'k2', value: '' },
          ],
        },
      ],
    });
  });

  test('without parameters there is no log', () => {
    expect(trackQueryLogGroup([['APIVersion', '0.6.0']], OPTIONS).logs).toEqual([]);
  });
});

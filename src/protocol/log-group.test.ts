import { describe, expect, test } from 'vitest';

import { errorCode } from '#base/app-error.ts';
import {
  decodeLogGroup,
  decodeLogGroupBytes,
  encodeLogGroup,
  inspectLogGroup,
  readLogGroup,
  type LogGroup,
} from './log-group.ts';

/** Body B of sls-api §2.2, made by an official SDK. */
const BODY_B =
  '0a1e08ebb99acd0612160a07546573744b6579120b54657374436f6e74656e741a00220e31302e3233302e3230312e313137';

const GROUP_B: LogGroup = {
  logs: [{ time: 1772526827, contents: [{ key: 'TestKey', value: 'TestContent' }] }],
  topic: '',
  source: '10.230.201.117',
  tags: [],
};

const RICH: LogGroup = {
  logs: [
    {
      time: 1_700_000_000,
      timeNs: 999_999_999,
      contents: [
        { key: 'level', value: 'error' },
        { key: 'level', value: 'repeated' },
        { key: '消息', value: '' },
      ],
    },
    { time: 4_294_967_295, contents: [] },
    { time: 1, contents: [{ key: 'long', value: 'x'.repeat(70_000) }] },
  ],
  topic: 'nginx',
  source: '10.0.0.1',
  tags: [
    { key: '__path__', value: '/var/log/a.log' },
    { key: '__hostname__', value: 'web-1' },
  ],
};

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return errorCode(error);
  }
  return 'nothing thrown';
}

function inspectCode(bytesHex: string): string | undefined {
  return codeOf(() => inspectLogGroup(hex(bytesHex)));
}

/** A group of one log with the given fields, as hex. */
function logHex(fields: string): string {
  const bytes = hex(fields);
  return `0a${bytes.length.toString(16).padStart(2, '0')}${fields}`;
}

function one(key: string, value: string): Uint8Array {
  return encodeLogGroup({ ...GROUP_B, logs: [{ time: 1, contents: [{ key, value }] }] });
}

function calls(bytes: Uint8Array): readonly string[] {
  const seen: string[] = [];
  const text = (start: number, end: number): string =>
    Buffer.from(bytes.subarray(start, end)).toString('utf8');
  readLogGroup(bytes, {
    topic: (start, end) => seen.push(`topic ${text(start, end)}`),
    source: (start, end) => seen.push(`source ${text(start, end)}`),
    tag: (ks, ke, vs, ve) => seen.push(`tag ${text(ks, ke)}=${text(vs, ve)}`),
    beginLog: (time, timeNs) => seen.push(`log ${time}.${timeNs}`),
    content: (ks, ke, vs, ve) => seen.push(`${text(ks, ke)}=${text(vs, ve)}`),
    endLog: () => seen.push('end'),
  });
  return seen;
}

describe('encodeLogGroup and decodeLogGroup', () => {
  test('encode gives the bytes of the official SDKs', () => {
    expect(Buffer.from(encodeLogGroup(GROUP_B)).toString('hex')).toBe(BODY_B);
  });

  test('decode reads the bytes of the official SDKs', () => {
    expect(decodeLogGroup(hex(BODY_B))).toEqual(GROUP_B);
  });

  test('a group with every field survives a round trip', () => {
    expect(decodeLogGroup(encodeLogGroup(RICH))).toEqual(RICH);
  });

  test('bytes that are not UTF-8 are kept by decodeLogGroupBytes and replaced by decodeLogGroup', () => {
    const value = hex('61ff62');
    const bytes = encodeLogGroup({
      ...GROUP_B,
      logs: [{ time: 1, contents: [{ key: 'k', value }] }],
    });
    expect(decodeLogGroup(bytes).logs[0]?.contents[0]?.value).toBe('a\uFFFDb');
    expect(decodeLogGroupBytes(bytes).logs[0]?.contents[0]?.value).toEqual(value);
  });

  test('a byte-order mark at the start of a value stays', () => {
    const group = { ...GROUP_B, logs: [{ time: 1, contents: [{ key: 'k', value: '\uFEFFa' }] }] };
    expect(decodeLogGroup(encodeLogGroup(group))).toEqual(group);
  });
});

describe('inspectLogGroup', () => {
  test('counts the logs and finds the time range', () => {
    expect(inspectLogGroup(encodeLogGroup(RICH))).toEqual({
      logCount: 3,
      minTime: 1,
      maxTime: 4_294_967_295,
    });
  });

  test('accepts a group without logs and a group of no bytes', () => {
    const none = { logCount: 0, minTime: 0, maxTime: 0 };
    expect(inspectLogGroup(new Uint8Array())).toEqual(none);
    expect(inspectLogGroup(encodeLogGroup({ ...RICH, logs: [] }))).toEqual(none);
  });

  test('skips unknown fields of every wire type', () => {
    const unknown = '3801 4102030405060708 09 4a0161 5501020304';
    const bytes = hex(logHex(`0801 ${unknown} 1a0161 120a0a016b120176 3801 4a00`) + unknown);
    expect(inspectLogGroup(bytes)).toEqual({ logCount: 1, minTime: 1, maxTime: 1 });
  });

  test('the last of several keys, values and times counts', () => {
    const bytes = hex(logHex('0801 1208 0a00 0a016b 120176 0805'));
    expect(inspectLogGroup(bytes)).toEqual({ logCount: 1, minTime: 5, maxTime: 5 });
    expect(calls(bytes)).toEqual(['log 5.0', 'k=v', 'end']);
  });

  test('accepts keys and values of just the allowed size', () => {
    expect(inspectLogGroup(one('k'.repeat(128), 'v')).logCount).toBe(1);
    expect(inspectLogGroup(one('k', 'v'.repeat(1024 * 1024))).logCount).toBe(1);
    expect(codeOf(() => inspectLogGroup(one('k'.repeat(129), 'v')))).toBe('InvalidKey');
    expect(codeOf(() => inspectLogGroup(one('k', 'v'.repeat(1024 * 1024 + 1))))).toBe(
      'PostBodyInvalid',
    );
  });

  test('refuses every truncation of a group', () => {
    const bytes = hex(BODY_B);
    // After the log (32 bytes) and after each later field the prefix is a whole group.
    const whole = new Set([0, 32, 34, 50]);
    for (let length = 0; length < bytes.length; length += 1) {
      const code = codeOf(() => inspectLogGroup(bytes.subarray(0, length)));
      expect(code).toBe(whole.has(length) ? 'nothing thrown' : 'PostBodyInvalid');
    }
  });

  test.each([
    ['log without time', logHex('12060a016b120176')],
    ['content without key', logHex('0801 1203120176')],
    ['content without value', logHex('0801 12030a016b')],
    ['tag without value', '32030a016b'],
    ['field number 0', '0001'],
    ['group wire type in a group', '3b3c'],
    ['group wire type in a log', logHex('0801 2b2c')],
    ['logs as varint', '0801'],
    ['topic as varint', '1801'],
    ['tags as fixed32', '3501020304'],
    ['time as bytes', logHex('0a0101')],
    ['contents as varint', logHex('0801 1001')],
    ['nanosecond part as varint', logHex('0801 2001')],
    ['key as varint', logHex('0801 1205 0801 120176')],
    ['value as fixed32', logHex('0801 1208 0a016b 1501020304')],
    ['varint of 11 bytes', logHex('08ffffffffffffffffffff01')],
    ['length past the end', '0a7f0801'],
    ['length of 2^63', '0affffffffffffffff7f'],
    ['field number past 29 bits', '808080808001'],
    ['content that ends behind its log', logHex('0801 12090a016b120176')],
    ['fixed32 cut short', logHex('0801 250102')],
    ['fixed64 cut short', '41010203'],
  ])('refuses %s', (_name, bytesHex) => {
    expect(inspectCode(bytesHex)).toBe('PostBodyInvalid');
  });

  test.each([
    ['time 0', logHex('0800'), 'InvalidTimestamp'],
    ['time past 32 bits', logHex('088080808010'), 'InvalidTimestamp'],
    ['nanosecond part 1000000000', logHex('0801 2500ca9a3b'), 'InvalidTimestamp'],
    ['empty key', logHex('0801 12050a00120176'), 'InvalidKey'],
    ['empty tag key', '32050a00120176', 'InvalidKey'],
    ['key that is not UTF-8', logHex('0801 12060a01ff120176'), 'InvalidEncoding'],
    ['overlong key', logHex('0801 12070a02c080120176'), 'InvalidEncoding'],
    ['surrogate in a key', logHex('0801 12080a03eda080120176'), 'InvalidEncoding'],
    ['key cut inside a character', logHex('0801 12070a02e4b8120176'), 'InvalidEncoding'],
  ])('refuses %s', (_name, bytesHex, code) => {
    expect(inspectCode(bytesHex)).toBe(code);
  });

  test('accepts the largest nanosecond part and values that are not UTF-8', () => {
    expect(inspectLogGroup(hex(logHex('0801 25ffc99a3b 12060a016b1201ff'))).logCount).toBe(1);
  });
});

describe('readLogGroup', () => {
  test('gives topic, source and tags before the logs wherever they stand', () => {
    expect(calls(encodeLogGroup({ ...RICH, logs: RICH.logs.slice(0, 2) }))).toEqual([
      'tag __path__=/var/log/a.log',
      'tag __hostname__=web-1',
      'topic nginx',
      'source 10.0.0.1',
      'log 1700000000.999999999',
      'level=error',
      'level=repeated',
      '消息=',
      'end',
      'log 4294967295.0',
      'end',
    ]);
  });

  test('finds the time of a log behind its contents', () => {
    const bytes = hex(logHex('12060a016b120176 2507000000 0809'));
    expect(calls(bytes)).toEqual(['log 9.7', 'k=v', 'end']);
  });

  test('takes the value of a pair that stands before its key', () => {
    expect(calls(hex(logHex('0801 12061201760a016b')))).toEqual(['log 1.0', 'k=v', 'end']);
  });

  test('the last topic counts and an absent one is not visited', () => {
    expect(calls(hex('1a0161 1a0162'))).toEqual(['topic b']);
    expect(calls(new Uint8Array())).toEqual([]);
  });

  test('refuses malformed bytes', () => {
    expect(codeOf(() => calls(hex('0a7f0801')))).toBe('PostBodyInvalid');
    expect(codeOf(() => calls(hex(logHex('0801 12030a016b'))))).toBe('PostBodyInvalid');
    expect(codeOf(() => calls(hex(logHex('12060a016b120176'))))).toBe('PostBodyInvalid');
  });
});

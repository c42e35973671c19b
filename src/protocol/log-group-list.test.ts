import { expect, test } from 'vitest';

import { errorCode } from '#base/app-error.ts';
import { decodeLogGroupList, encodeLogGroupList, logGroupListOverhead } from './log-group-list.ts';

function codeOf(hex: string): string | undefined {
  try {
    decodeLogGroupList(Buffer.from(hex, 'hex'));
  } catch (error) {
    return errorCode(error);
  }
  return 'nothing thrown';
}

test('groups stand behind each other with their lengths', () => {
  const body = encodeLogGroupList([Uint8Array.of(1, 2), new Uint8Array(), new Uint8Array(200)]);
  expect(Buffer.from(body.subarray(0, 9)).toString('hex')).toBe('0a0201020a000ac801');
  expect(body.length).toBe(4 + 2 + 203);
  expect(logGroupListOverhead(200)).toBe(3);
});

test('an empty list is an empty body', () => {
  expect(encodeLogGroupList([]).length).toBe(0);
  expect(decodeLogGroupList(new Uint8Array())).toEqual([]);
});

test('a body gives back its groups byte by byte', () => {
  const groups = [Uint8Array.of(9, 8, 7), new Uint8Array(), new Uint8Array(70_000).fill(5)];
  expect(decodeLogGroupList(encodeLogGroupList(groups))).toEqual(groups);
});

test('unknown fields are skipped and malformed bodies refused', () => {
  expect(decodeLogGroupList(Buffer.from('1001 0a0161 1a0162'.replaceAll(' ', ''), 'hex'))).toEqual([
    Buffer.from('a'),
  ]);
  expect(codeOf('0a05')).toBe('PostBodyInvalid');
  expect(codeOf('0801')).toBe('PostBodyInvalid');
});

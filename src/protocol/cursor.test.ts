import { expect, test } from 'vitest';

import { errorCode } from '#base/app-error.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';

function codeOf(cursor: string): string | undefined {
  try {
    decodeCursor(cursor);
  } catch (error) {
    return errorCode(error);
  }
  return 'nothing thrown';
}

test.each([0, 1, 10, 999, 1_700_000_000, Number.MAX_SAFE_INTEGER])(
  '%d survives with and without padding, and white space around it',
  (sequence) => {
    const cursor = encodeCursor(sequence);
    expect(cursor).toBe(Buffer.from(String(sequence)).toString('base64'));
    expect(decodeCursor(cursor)).toBe(sequence);
    expect(decodeCursor(cursor.replaceAll('=', ''))).toBe(sequence);
    expect(decodeCursor(` ${cursor}\n`)).toBe(sequence);
  },
);

test.each([
  ['', 'nothing'],
  ['LTE=', 'a negative number'],
  ['MS41', 'a fraction'],
  ['YWJj', 'letters'],
  ['MTIzNDU2Nzg5MDEyMzQ1NjE=', '17 digits'],
  ['OTAwNzE5OTI1NDc0MDk5Mg==', '2^53'],
  ['M', 'half a digit'],
  ['MTI=MTI=', 'padding inside'],
  ['MT\nI=', 'white space inside'],
  ['MTI-', 'another alphabet'],
  ['begin', 'a word'],
])('%j (%s) is no cursor', (cursor) => {
  expect(codeOf(cursor)).toBe('InvalidCursor');
});

test('the message holds the word that the Java client looks for', () => {
  expect(() => decodeCursor('?')).toThrow(/invalidcursor/i);
});

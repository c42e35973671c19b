import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import { cutPosition, leadingNuls, splitLines } from './line-splitter.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const texts = (lines: readonly Uint8Array[]): string[] =>
  lines.map((line) => new TextDecoder().decode(line));

describe('splitLines', () => {
  test('takes whole lines and leaves the unfinished one', () => {
    const buffer = bytes('a\n\nb\r\nrest');
    const { lines, next } = splitLines(buffer, { start: 0, end: buffer.length }, 10, 1000);
    expect(texts(lines)).toEqual(['a', '', 'b\r']);
    expect(next).toBe(6);
  });

  test('stops at the number of lines and at the number of bytes', () => {
    const buffer = bytes('aa\nbb\ncc\n');
    const range = { start: 0, end: buffer.length };
    expect(texts(splitLines(buffer, range, 2, 1000).lines)).toEqual(['aa', 'bb']);
    expect(texts(splitLines(buffer, range, 9, 5).lines)).toEqual(['aa', 'bb']);
    expect(texts(splitLines(buffer, range, 9, 1).lines)).toEqual(['aa']);
  });

  test('newlines behind the end are not seen', () => {
    expect(splitLines(bytes('abc\n'), { start: 0, end: 3 }, 9, 99)).toEqual({ lines: [], next: 0 });
  });

  test('any bytes, taken in any steps, are the same lines', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.integer({ min: 1, max: 5 }),
        (data, step) => {
          const buffer = Uint8Array.from(data, (byte) => (byte % 7 === 0 ? 10 : byte));
          const taken: number[] = [];
          let start = 0;
          for (;;) {
            const { lines, next } = splitLines(buffer, { start, end: buffer.length }, step, 20);
            if (lines.length === 0) break;
            for (const line of lines) taken.push(...line, 10);
            start = next;
          }
          expect(taken).toEqual([...buffer.subarray(0, buffer.lastIndexOf(10) + 1)]);
        },
      ),
    );
  });
});

test('a long line is cut between characters', () => {
  const buffer = bytes('x中😀');
  expect([4, 5, 6, 7, 8].map((end) => cutPosition(buffer, 0, end))).toEqual([4, 4, 4, 4, 8]);
  expect(cutPosition(buffer, 0, 3)).toBe(1);
  expect(cutPosition(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80), 0, 5)).toBe(5);
});

test('leading NULs are counted', () => {
  expect(leadingNuls(Uint8Array.of(0, 0, 1, 0), 0, 4)).toBe(2);
  expect(leadingNuls(Uint8Array.of(0, 0), 0, 2)).toBe(2);
});

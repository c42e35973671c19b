import { describe, expect, test } from 'vitest';
import { parseDouble, parseLong } from './numbers.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(`9${text}9`);
const long = (text: string): number => parseLong(bytesOf(text), 1, text.length + 1);
const double = (text: string): number => parseDouble(bytesOf(text), 1, text.length + 1);

describe('numbers', () => {
  test.each([
    ['0', 0],
    ['0200', 200],
    ['-1', -1],
    ['+7', 7],
    ['9223372036854775807', 9223372036854775807n],
    ['-9223372036854775808', -9223372036854775808n],
    ['9007199254740993', 9007199254740993n],
  ])('%s is a long', (text, value) => {
    expect(long(text)).toBe(Number(value));
    expect(double(text)).toBe(Number(value));
  });

  test.each(['', '-', '+', '1 ', ' 1', '1-', '0x10', 'abc', 'n/a', '１', '1_0'])(
    '"%s" is no number',
    (text) => {
      expect(long(text)).toBeNaN();
      expect(double(text)).toBeNaN();
    },
  );

  test.each([
    ['12.5', 12.5],
    ['.5', 0.5],
    ['5.', 5],
    ['-1e-3', -0.001],
    ['1E3', 1000],
    ['9223372036854775808', 9223372036854775808],
  ])('%s is a double only', (text, value) => {
    expect(long(text)).toBeNaN();
    expect(double(text)).toBe(value);
  });

  test.each(['.', 'e5', '1e', '1e999', 'NaN', 'Infinity', '1'.repeat(500)])(
    '"%s" is no double',
    (text) => expect(double(text)).toBeNaN(),
  );
});

import { expect, it } from 'vitest';
import { bytesText, countText, durationText, plainText } from './text.ts';

it('bytes have the unit that leaves a readable number', () => {
  expect([0, 1023, 1024, 5_000_000, 50_000_000, 1.5 * 2 ** 30].map(bytesText)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KiB',
    '4.8 MiB',
    '48 MiB',
    '1.5 GiB',
  ]);
});

it('counts agree with their noun', () => {
  expect([0, 1, 12_345].map((count) => countText(count, 'segment'))).toEqual([
    '0 segments',
    '1 segment',
    '12,345 segments',
  ]);
});

it('durations from a minute on have minutes', () => {
  expect([80, 59_900, 60_000, 185_000].map(durationText)).toEqual([
    '0.1 s',
    '59.9 s',
    '1 min 0 s',
    '3 min 5 s',
  ]);
});

it('foreign text cannot speak to the terminal', () => {
  expect(plainText('a\u001B[2Jb\r\nc\u009Bd é 日')).toBe('a [2Jb c d é 日');
});

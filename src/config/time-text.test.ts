import { expect, test } from 'vitest';
import { secondsOf, timeText } from './time-text.ts';

const NOW_MS = 1_800_000_000_999;

function seconds(text: string): number {
  return secondsOf(timeText.parse(text), NOW_MS);
}

test.each([
  ['now', 1_800_000_000],
  ['-15m', 1_800_000_000 - 900],
  ['now-15m', 1_800_000_000 - 900],
  ['+1h', 1_800_000_000 + 3600],
  ['-30s', 1_799_999_970],
  ['-2d', 1_800_000_000 - 2 * 86_400],
  ['-1w', 1_800_000_000 - 7 * 86_400],
  ['0', 0],
  ['1700000000', 1_700_000_000],
  ['4294967296', 4_294_967_296],
  ['2026-11-23T08:00:00Z', 1_795_420_800],
  ['2026-11-23T08:00+08:00', 1_795_392_000],
  [' 2026-11-23T00:00:00Z ', 1_795_392_000],
])('%j is a time', (text, wanted) => {
  expect(seconds(text)).toBe(wanted);
});

test('times that count from now stay within those that logs have', () => {
  expect(seconds('-999999999w')).toBe(0);
  expect(seconds('+999999999w')).toBe(2 ** 32);
});

test.each([
  '',
  'yesterday',
  '-15',
  '15m',
  '-1y',
  '--1h',
  '1.5',
  '-1.5h',
  '2026-11-23',
  '4294967297',
])('%j is none', (text) => {
  expect(timeText.safeParse(text).error?.issues[0]?.message).toContain(
    'it is not a time like now, -15m',
  );
});

test.each(['2026-11-23T08:00:00', '2026-13-23T08:00:00Z'])('%j is none', (text) => {
  expect(timeText.safeParse(text).success).toBe(false);
});

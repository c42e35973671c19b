import { describe, expect, test } from 'vitest';
import {
  formatBytes,
  formatLocalTime,
  formatLogTime,
  formatMs,
  formatSpan,
  formatWindow,
  parseLocalTime,
} from './format.ts';

const MOMENT = Math.floor(new Date(2026, 10, 22, 19, 4, 5).getTime() / 1000);

test('spans and sizes are short', () => {
  expect([0, 0.02, 0.42, 9.96, 17.4, 1320].map(formatMs)).toEqual([
    '0 ms',
    '0 ms',
    '0.4 ms',
    '10.0 ms',
    '17 ms',
    '1.32 s',
  ]);
  expect([0, 1023, 1536, 250 * 1024, 3 * 1024 ** 3].map(formatBytes)).toEqual([
    '0 B',
    '1023 B',
    '1.5 KiB',
    '250 KiB',
    '3.0 GiB',
  ]);
});

describe('times', () => {
  test('a printed time reads back', () => {
    expect(formatLocalTime(MOMENT)).toBe('2026-11-22 19:04:05');
    expect(parseLocalTime(formatLocalTime(MOMENT))).toBe(MOMENT);
  });

  test('seconds and the time of day may be left out', () => {
    expect(parseLocalTime(' 2026-11-22 19:04 ')).toBe(MOMENT - 5);
    expect(parseLocalTime('2026-11-22')).toBe(Math.floor(new Date(2026, 10, 22).getTime() / 1000));
  });

  test('Unix seconds and times with a zone are read', () => {
    expect(parseLocalTime('1700000000')).toBe(1_700_000_000);
    expect(parseLocalTime('1970-01-01T00:01:00Z')).toBe(60);
    expect(parseLocalTime('1970-01-01T01:01:00+01:00')).toBe(60);
  });

  test.each(['', 'now', '2026-02-30', '2026-13-01', '2026-01-01 24:00:00', '2026-01-01 10:60'])(
    '"%s" is no time',
    (text) => {
      expect(parseLocalTime(text)).toBeUndefined();
    },
  );

  test('a log shows its milliseconds when it has them', () => {
    expect(formatLogTime(String(MOMENT), '7000000')).toBe('2026-11-22 19:04:05.007');
    expect(formatLogTime(String(MOMENT), undefined)).toBe('2026-11-22 19:04:05');
    expect(formatLogTime('soon', undefined)).toBe('soon');
  });

  test('a window names the day once when it can', () => {
    expect(formatWindow(MOMENT, MOMENT + 5)).toBe('2026-11-22 19:04:05 – 19:04:10');
    expect(formatWindow(MOMENT, MOMENT + 86_400)).toBe('2026-11-22 19:04:05 – 2026-11-23 19:04:05');
  });

  test('spans name their two largest units', () => {
    expect(formatSpan(900)).toBe('15 min');
    expect(formatSpan(5400)).toBe('1 h 30 min');
    expect(formatSpan(90_061)).toBe('1 d 1 h');
    expect(formatSpan(0)).toBe('0 s');
  });
});

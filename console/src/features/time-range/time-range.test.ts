import { describe, expect, test } from 'vitest';
import {
  parseRange,
  printRange,
  RELATIVE_CHOICES,
  resolveRange,
  widen,
  zoomOut,
} from './time-range.ts';
import type { TimeRange } from './time-range.ts';

describe('time range', () => {
  test('a relative range ends after the running second', () => {
    expect(resolveRange({ kind: 'relative', seconds: 300 }, 1_000_000_999)).toEqual({
      from: 1_000_001 - 300,
      to: 1_000_001,
    });
  });

  test('every range comes back from its link', () => {
    const ranges: TimeRange[] = [
      ...RELATIVE_CHOICES.map(({ seconds }): TimeRange => ({ kind: 'relative', seconds })),
      { kind: 'relative', seconds: 77 },
      { kind: 'absolute', from: 1_700_000_000, to: 1_700_000_001 },
    ];
    for (const range of ranges) expect(parseRange(printRange(range))).toEqual(range);
    expect(printRange({ kind: 'relative', seconds: 900 })).toBe('15m');
  });

  test.each(['', '15', '0m', '-5m', '5y', '200-100', '100-100', '99999999d', 'x-y'])(
    'the link text "%s" is no range',
    (text) => {
      expect(parseRange(text)).toBeUndefined();
    },
  );

  test('zooming out doubles the span around its middle', () => {
    expect(zoomOut({ from: 1000, to: 1100 }, 5_000_000)).toEqual({
      kind: 'absolute',
      from: 950,
      to: 1150,
    });
  });

  test('zooming out does not run into the future, but still doubles', () => {
    expect(zoomOut({ from: 1000, to: 1100 }, 1_099_000)).toEqual({
      kind: 'absolute',
      from: 900,
      to: 1100,
    });
  });

  test('a range that ends in the future keeps its end', () => {
    expect(zoomOut({ from: 1000, to: 2000 }, 1_000_000)).toEqual({
      kind: 'absolute',
      from: 0,
      to: 2000,
    });
  });

  test('a relative range widens to the next choice', () => {
    expect(widen({ kind: 'relative', seconds: 900 }, 0)).toEqual({
      kind: 'relative',
      seconds: 3600,
    });
  });
});

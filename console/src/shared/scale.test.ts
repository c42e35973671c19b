import { describe, expect, test } from 'vitest';
import { niceTicks, timeTicks } from './scale.ts';

describe('ticks', () => {
  test('values are round and cover the range', () => {
    expect(niceTicks(0, 634, 3)).toEqual([0, 250, 500, 750]);
    expect(niceTicks(-5, 5, 4)).toEqual([-5, -2.5, 0, 2.5, 5]);
    expect(niceTicks(0, 0.3, 3)).toEqual([0, 0.1, 0.2, 0.3]);
    expect(niceTicks(0, 0, 3)).toEqual([0, 1]);
  });

  test('times are round in the zone and no more than asked for', () => {
    const window = { from: 0, to: 3600 };
    expect(timeTicks(window, 6, 0).map((tick) => tick.label)).toEqual([
      '01-01',
      '00:10',
      '00:20',
      '00:30',
      '00:40',
      '00:50',
    ]);
    const shifted = timeTicks(window, 2, 19_800);
    expect(shifted.map((tick) => [tick.value, tick.label])).toEqual([
      [0, '05:30'],
      [1800, '06:00'],
    ]);
  });

  test('a day is labelled by its date at midnight', () => {
    const ticks = timeTicks({ from: 80_000, to: 100_000 }, 3, 0);
    expect(ticks.map((tick) => tick.label)).toEqual(['01-02', '02:00']);
  });

  test('an empty window has no ticks', () => {
    expect(timeTicks({ from: 5, to: 5 }, 5, 0)).toEqual([]);
  });
});

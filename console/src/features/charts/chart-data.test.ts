import { describe, expect, test } from 'vitest';
import { SERIES_MAX } from '../../shared/limits.ts';
import { autoChart, buildChart, pieSlices, valueRange } from './chart-data.ts';
import type { ChartSpec } from './chart-data.ts';
import { makeSqlResult } from './sql-result.ts';
import type { SqlResult } from './sql-result.ts';

function result(keys: string[], types: string[], ...rows: string[][]): SqlResult {
  const named = rows.map((row) => Object.fromEntries(keys.map((key, at) => [key, row[at] ?? ''])));
  return makeSqlResult(keys, types, named);
}

const OVER_TIME = result(
  ['t', 'status', 'c'],
  ['timestamp', 'varchar', 'bigint'],
  ['2026-01-01 00:02:00', '200', '5'],
  ['2026-01-01 00:01:00', '200', '3'],
  ['2026-01-01 00:01:00', '500', '1'],
);
const BY_NAME = result(
  ['method', 'pv', 'uv'],
  ['varchar', 'bigint', 'bigint'],
  ['GET', '10', '4'],
  ['POST', '3', 'null'],
);

function chart(from: SqlResult, change: Partial<ChartSpec> = {}): ReturnType<typeof buildChart> {
  const auto = autoChart(from);
  if (auto === undefined) throw new Error('the result has a chart');
  return buildChart(from, { ...auto, ...change });
}

describe('automatic chart', () => {
  test('a time, a name and a number are a line for each name', () => {
    expect(autoChart(OVER_TIME)).toEqual({ kind: 'line', x: 't', y: ['c'], series: 'status' });
  });

  test('a number that the rows are grouped by is a series, never a sum', () => {
    const byStatus = result(
      ['t', 'status', 'c', 'bytes'],
      ['timestamp', 'bigint', 'bigint', 'bigint'],
      ['2026-01-01 00:01:00', '200', '5', '50'],
      ['2026-01-01 00:01:00', '500', '1', '10'],
      ['2026-01-01 00:02:00', '200', '7', '70'],
    );
    expect(autoChart(byStatus)).toEqual({ kind: 'line', x: 't', y: ['c'], series: 'status' });
  });

  test('numbers over a time that does not repeat are a line each', () => {
    const plain = result(
      ['t', 'pv', 'uv'],
      ['timestamp', 'bigint', 'bigint'],
      ['2026-01-01 00:01:00', '5', '1'],
      ['2026-01-01 00:02:00', '7', '2'],
      ['2026-01-01 00:03:00', '7', '2'],
    );
    expect(autoChart(plain)).toEqual({ kind: 'line', x: 't', y: ['pv', 'uv'], series: undefined });
  });

  test('names and numbers are bars', () => {
    expect(autoChart(BY_NAME)).toEqual({
      kind: 'bar',
      x: 'method',
      y: ['pv', 'uv'],
      series: undefined,
    });
  });

  test('no numbers, or one row, are no chart', () => {
    expect(autoChart(result(['a', 'b'], ['varchar', 'varchar'], ['x', 'y'], ['z', 'w']))).toBe(
      undefined,
    );
    expect(autoChart(result(['a', 'n'], ['varchar', 'bigint'], ['x', '1']))).toBeUndefined();
  });
});

describe('chart data', () => {
  test('points over time are in order and missing values stay missing', () => {
    const data = chart(OVER_TIME);
    expect(data.axis).toBe('time');
    expect(data.points.map((point) => point.label)).toEqual([
      '2026-01-01 00:01:00',
      '2026-01-01 00:02:00',
    ]);
    expect(data.series).toEqual([
      { name: '200', values: [3, 5] },
      { name: '500', values: [1, undefined] },
    ]);
  });

  test('null is no value', () => {
    expect(chart(BY_NAME).series).toEqual([
      { name: 'pv', values: [10, 3] },
      { name: 'uv', values: [4, undefined] },
    ]);
    expect(valueRange(chart(BY_NAME))).toEqual({ low: 0, high: 10 });
  });

  test('more series than colours are folded, and nothing is lost', () => {
    const rows = Array.from({ length: 20 }, (_, index) => ['2026-01-01', `s${index}`, `${index}`]);
    const many = result(['t', 's', 'c'], ['date', 'varchar', 'bigint'], ...rows);
    const data = chart(many);
    expect(data.series).toHaveLength(SERIES_MAX);
    const sum = data.series.reduce((all, series) => all + (series.values[0] ?? 0), 0);
    expect(sum).toBe(190);
    expect(data.series.at(-1)?.name).toBe('other (13)');
  });

  test('slices are the largest first and add up to the whole', () => {
    const rows = Array.from({ length: 12 }, (_, index) => [`n${index}`, `${index}`]);
    const slices = pieSlices(chart(result(['n', 'c'], ['varchar', 'bigint'], ...rows)));
    expect(slices).toHaveLength(SERIES_MAX);
    expect(slices[0]).toMatchObject({ name: 'n11', value: 11 });
    expect(slices.reduce((sum, slice) => sum + slice.share, 0)).toBeCloseTo(1);
    expect(slices.at(-1)).toMatchObject({ name: 'other (4)', value: 10 });
  });

  test('values of 0 and less have no slice', () => {
    const data = chart(result(['n', 'c'], ['varchar', 'bigint'], ['a', '0'], ['b', '-4']));
    expect(pieSlices(data)).toEqual([]);
  });
});

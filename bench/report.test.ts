/** Goal: what the benchmark prints is what it measured. */
import { expect, test } from 'vitest';
import { parseSize } from './bench-options.ts';
import { formatTable, medianResult, metric, percentile } from './report.ts';

test('the table has a line for a metric and a matrix for those of columns', () => {
  const text = formatTable({
    scenario: 'search',
    commit: 'c',
    machine: 'm',
    columns: ['hot_p50', 'cold_p50'],
    metrics: {
      raw: metric(60, 'MB'),
      needle_hot_p50: metric(1.25, 'ms'),
      needle_cold_p50: metric(150, 'ms'),
      page_hot_p50: metric(2, 'ms'),
    },
    notes: ['cold: restarted'],
  });
  expect(text.split('\n')).toEqual([
    'search  (c; m)',
    '  raw  60  MB',
    '  ms      hot_p50  cold_p50',
    '  needle    1.250       150',
    '  page          2',
    '  note: cold: restarted',
  ]);
});

test('several runs give medians and ranges', () => {
  const runs = [3, 1, 2].map((value) => ({
    scenario: 'put',
    metrics: { speed: metric(value, 'MB/s') },
  }));
  expect(medianResult(runs).metrics).toEqual({
    speed: { value: 2, unit: 'MB/s', range: [1, 3] },
  });
});

test('percentiles are values that were measured', () => {
  const values = Array.from({ length: 100 }, (_, i) => i + 1);
  expect([0, 0.5, 0.95, 0.99, 1].map((part) => percentile(values, part))).toEqual([
    1, 51, 96, 100, 100,
  ]);
});

test.each([
  ['1.5G', 1.5e9],
  ['200M', 2e8],
  ['4096', 4096],
  ['10kb', 1e4],
  ['G', undefined],
  ['-1M', undefined],
])('size %s', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

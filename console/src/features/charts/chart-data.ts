import { CHART_POINTS_MAX, SERIES_MAX } from '../../shared/limits.ts';
import { NULL_TEXT, numberOf, timeOf } from './sql-result.ts';
import type { SqlColumn, SqlResult } from './sql-result.ts';

export type ChartKind = 'line' | 'bar' | 'pie';

/** Which columns go where. With `series`, each value of that column is a line of its own and `y` is one column. */
export interface ChartSpec {
  readonly kind: ChartKind;
  readonly x: string;
  readonly y: readonly string[];
  readonly series: string | undefined;
}

export interface ChartPoint {
  readonly label: string;
  /** Seconds on a time axis; undefined on an axis of names. */
  readonly time: number | undefined;
}

export interface ChartSeries {
  readonly name: string;
  /** One a point; undefined where there is no value. */
  readonly values: readonly (number | undefined)[];
}

export interface ChartData {
  readonly axis: 'time' | 'names';
  /** True when the times are Unix seconds, to be labelled in the local zone. */
  readonly isEpoch: boolean;
  readonly points: readonly ChartPoint[];
  readonly series: readonly ChartSeries[];
  /** Points left out because there were too many. */
  readonly droppedCount: number;
}

/**
 * The chart that fits: x is the first time column, else the first text column; y the number columns. When x repeats, the rows
 * are grouped by another column too, and each of its values is a series of the first number. Undefined when a chart would say
 * nothing: no numbers, or a single row.
 */
export function autoChart(result: SqlResult): ChartSpec | undefined {
  const { columns, rows } = result;
  const numbers = columns.filter((column) => column.kind === 'number');
  const time = columns.find((column) => column.kind === 'time');
  const x =
    time ??
    columns.find((column) => column.kind === 'text') ??
    (numbers.length > 1 ? numbers[0] : undefined);
  if (x === undefined || rows.length < 2) return undefined;
  const series = groupColumn(result, x);
  const y = numbers.filter((column) => column !== x && column !== series);
  if (y.length === 0) return undefined;
  return {
    kind: time !== undefined && rows.length > 2 ? 'line' : 'bar',
    x: x.name,
    y: y.slice(0, series === undefined ? SERIES_MAX : 1).map((column) => column.name),
    series: series?.name,
  };
}

/**
 * The column that, with a repeating x, tells the rows apart: a text, else a number (such as a status) that has other numbers
 * after it. Adding up a group's key would draw nonsense.
 */
function groupColumn(result: SqlResult, x: SqlColumn): SqlColumn | undefined {
  if (!hasRepeats(result, [x])) return undefined;
  const others = result.columns.filter((column) => column !== x && column.kind !== 'time');
  const text = others.find((column) => column.kind === 'text');
  if (text !== undefined) return text;
  const candidates = others.slice(0, -1);
  return candidates.find((column) => !hasRepeats(result, [x, column]));
}

/** Whether two rows have the same values in these columns. */
function hasRepeats(result: SqlResult, columns: readonly SqlColumn[]): boolean {
  const keys = result.rows.map((row) =>
    JSON.stringify(columns.map((column) => row[column.name] ?? NULL_TEXT)),
  );
  return new Set(keys).size < keys.length;
}

/** Points and series for a chart. Times are put in order; names stay in the server's order. */
export function buildChart(result: SqlResult, spec: ChartSpec): ChartData {
  const axisColumn = result.columns.find((column) => column.name === spec.x);
  const isTime =
    axisColumn?.kind === 'time' && result.rows.every((row) => timeOf(row[spec.x]) !== undefined);
  const labels = [...new Set(result.rows.map((row) => row[spec.x] ?? NULL_TEXT))];
  const all = labels.map((label) => ({ label, time: isTime ? timeOf(label) : undefined }));
  const ordered = isTime ? all.toSorted((a, b) => (a.time ?? 0) - (b.time ?? 0)) : all;
  const points = ordered.slice(0, CHART_POINTS_MAX);
  const series =
    spec.series === undefined
      ? columnSeries(result, spec, points)
      : splitSeries(result, spec, points);
  return {
    axis: isTime ? 'time' : 'names',
    isEpoch: isTime && result.rows.every((row) => /^\d+(\.\d+)?$/.test(row[spec.x] ?? '')),
    points,
    series: foldSeries(series),
    droppedCount: ordered.length - points.length,
  };
}

/** One series a number column. Rows that share an x are added up. */
function columnSeries(
  result: SqlResult,
  spec: ChartSpec,
  points: readonly ChartPoint[],
): ChartSeries[] {
  return spec.y.map((name) => {
    const sums = new Map<string, number>();
    for (const row of result.rows) addTo(sums, row[spec.x] ?? NULL_TEXT, numberOf(row[name]));
    return { name, values: points.map((point) => sums.get(point.label)) };
  });
}

/** One series a value of the series column. */
function splitSeries(
  result: SqlResult,
  spec: ChartSpec,
  points: readonly ChartPoint[],
): ChartSeries[] {
  const sumsByName = new Map<string, Map<string, number>>();
  const [valueColumn] = spec.y;
  for (const row of result.rows) {
    const name = row[spec.series ?? ''] ?? NULL_TEXT;
    const sums = sumsByName.get(name) ?? new Map<string, number>();
    sumsByName.set(name, sums);
    addTo(sums, row[spec.x] ?? NULL_TEXT, numberOf(row[valueColumn ?? '']));
  }
  return [...sumsByName].map(([name, sums]) => ({
    name,
    values: points.map((point) => sums.get(point.label)),
  }));
}

function addTo(sums: Map<string, number>, key: string, value: number | undefined): void {
  if (value !== undefined) sums.set(key, (sums.get(key) ?? 0) + value);
}

/** The largest series keep their colour; the rest become one series "other". */
function foldSeries(series: readonly ChartSeries[]): readonly ChartSeries[] {
  if (series.length <= SERIES_MAX) return series;
  const bySize = series.toSorted((a, b) => total(b) - total(a));
  const kept = bySize.slice(0, SERIES_MAX - 1);
  const rest = bySize.slice(SERIES_MAX - 1);
  const values = (rest[0]?.values ?? []).map((_, index) =>
    sumOf(rest.map((folded) => folded.values[index])),
  );
  return [...kept, { name: `other (${rest.length})`, values }];
}

function total(series: ChartSeries): number {
  return sumOf(series.values) ?? 0;
}

/** The sum of what is there; undefined when nothing is. */
function sumOf(values: readonly (number | undefined)[]): number | undefined {
  const present = values.filter((value) => value !== undefined);
  return present.length === 0 ? undefined : present.reduce((sum, value) => sum + value, 0);
}

export interface Slice {
  readonly name: string;
  readonly value: number;
  /** Of the whole, 0–1. */
  readonly share: number;
}

/** The slices of a pie over the first series: largest first, the small ones together. Values of 0 and less have no slice. */
export function pieSlices(data: ChartData): readonly Slice[] {
  const [series] = data.series;
  if (series === undefined) return [];
  const named =
    data.series.length > 1 && data.points.length === 1
      ? data.series.map((one) => ({ name: one.name, value: one.values[0] ?? 0 }))
      : data.points.map((point, index) => ({
          name: point.label,
          value: series.values[index] ?? 0,
        }));
  const positive = named.filter((slice) => slice.value > 0).toSorted((a, b) => b.value - a.value);
  const sum = positive.reduce((whole, slice) => whole + slice.value, 0);
  const kept = positive.length > SERIES_MAX ? positive.slice(0, SERIES_MAX - 1) : positive;
  const restCount = positive.length - kept.length;
  const restSum = sum - kept.reduce((whole, slice) => whole + slice.value, 0);
  const slices = restCount > 0 ? [...kept, { name: `other (${restCount})`, value: restSum }] : kept;
  return slices.map((slice) => ({ ...slice, share: slice.value / sum }));
}

export interface ValueRange {
  readonly low: number;
  readonly high: number;
}

/** The values that the y axis must show; bars and lines start at 0. */
export function valueRange(data: ChartData): ValueRange {
  let low = 0;
  let high = 0;
  for (const series of data.series) {
    for (const value of series.values) {
      if (value === undefined) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return { low, high };
}

/** What every scenario prints: a table for people, or one JSON object for tools. */
import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';

export interface Metric {
  readonly value: number;
  readonly unit: string;
  /** Smallest and largest of several runs. */
  readonly range?: readonly [number, number];
}

export function metric(value: number, unit: string): Metric {
  return { value, unit };
}

export function mebibytes(bytes: number): Metric {
  return metric(bytes / 2 ** 20, 'MiB');
}

export interface BenchResult {
  readonly scenario: string;
  readonly metrics: Readonly<Record<string, Metric>>;
  /** Ends of metric names that the table shows as columns: `count_hot_p50` is row `count`, column `hot_p50`. */
  readonly columns?: readonly string[];
  /** What a reader must know to understand the numbers. */
  readonly notes?: readonly string[];
}

export interface BenchReport extends BenchResult {
  readonly commit: string;
  readonly machine: string;
}

export function describeRun(result: BenchResult): BenchReport {
  const processors = cpus();
  const machine = `${processors.length} x ${processors[0]?.model ?? 'unknown'}, ${Math.round(
    totalmem() / 2 ** 30,
  )} GiB, node ${process.version}`;
  return { ...result, commit: readCommit(), machine };
}

function readCommit(): string {
  try {
    const options = { cwd: import.meta.dirname, encoding: 'utf8' } as const;
    const head = execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], options).trim();
    const dirty = execFileSync('git', ['status', '--porcelain', '-uno'], options).trim() !== '';
    return dirty ? `${head}+changes` : head;
  } catch {
    return 'unknown';
  }
}

/** The table: one metric a line, those of `columns` as a matrix below. */
export function formatTable(report: BenchReport): string {
  const columns = report.columns ?? [];
  const isCell = (name: string): boolean => columns.some((column) => name.endsWith(`_${column}`));
  const lines = Object.entries(report.metrics)
    .filter(([name]) => !isCell(name))
    .map(([name, { value, unit, range }]) => [
      name,
      formatNumber(value),
      range === undefined ? unit : `${unit}  (${range.map(formatNumber).join(' … ')})`,
    ]);
  return [
    `${report.scenario}  (${report.commit}; ${report.machine})`,
    ...alignColumns(lines, [1]),
    ...formatMatrix(report, columns),
    ...(report.notes ?? []).map((note) => `  note: ${note}`),
  ].join('\n');
}

function formatMatrix(report: BenchReport, columns: readonly string[]): readonly string[] {
  const names = new Set<string>();
  let unit = '';
  for (const [name, metric] of Object.entries(report.metrics))
    for (const column of columns) {
      if (!name.endsWith(`_${column}`)) continue;
      names.add(name.slice(0, -column.length - 1));
      unit ||= metric.unit;
    }
  if (names.size === 0) return [];
  const used = columns.filter((column) =>
    [...names].some((name) => `${name}_${column}` in report.metrics),
  );
  const rows = [...names].map((name) => [
    name,
    ...used.map((column) => {
      const value = report.metrics[`${name}_${column}`]?.value;
      return value === undefined ? '' : formatNumber(value);
    }),
  ]);
  return alignColumns(
    [[unit, ...used], ...rows],
    used.map((_, i) => i + 1),
  );
}

/** Pads the columns; those of numbers to the right. */
function alignColumns(
  rows: readonly (readonly string[])[],
  numbers: readonly number[],
): readonly string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    `  ${row
      .map((text, i) =>
        numbers.includes(i) ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0),
      )
      .join('  ')}`.trimEnd(),
  );
}

/** The medians of several runs, metric by metric. A metric that only some runs have is left as it came last. */
export function medianResult(results: readonly BenchResult[]): BenchResult {
  const last = results.at(-1);
  if (last === undefined) throw new Error('no runs');
  if (results.length === 1) return last;
  const metrics = Object.entries(last.metrics).map(([name, { value, unit }]) => {
    const values = results.map((result) => result.metrics[name]?.value ?? value);
    const sorted = values.toSorted((a, b) => a - b);
    return [
      name,
      { value: percentile(sorted, 0.5), unit, range: [sorted[0], sorted.at(-1)] },
    ] as const;
  });
  return { ...last, metrics: Object.fromEntries(metrics) as BenchResult['metrics'] };
}

function formatNumber(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(3);
}

/** The p-th part (0..1) of the values, nearest rank. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

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

/** The table, one metric a line. */
export function formatTable(report: BenchReport): string {
  const rows = Object.entries(report.metrics).map(([name, metric]) => [
    name,
    formatNumber(metric.value),
    metric.range === undefined
      ? metric.unit
      : `${metric.unit}  (${metric.range.map(formatNumber).join(' … ')})`,
  ]);
  const nameWidth = Math.max(...rows.map(([name = '']) => name.length));
  const valueWidth = Math.max(...rows.map(([, value = '']) => value.length));
  const lines = rows.map(
    ([name = '', value = '', unit = '']) =>
      `  ${name.padEnd(nameWidth)}  ${value.padStart(valueWidth)} ${unit}`,
  );
  const notes = (report.notes ?? []).map((note) => `  note: ${note}`);
  return [`${report.scenario}  (${report.commit}; ${report.machine})`, ...lines, ...notes].join(
    '\n',
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

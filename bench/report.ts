/** What every scenario prints: a table for people, or one JSON object for tools. */
import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';

export interface BenchOptions {
  /** How long each measured phase lasts. */
  readonly seconds: number;
  /** Seed of the corpus; the same seed gives the same logs. */
  readonly seed: number;
  /** Progress, to the error stream. */
  readonly progress: (text: string) => void;
}

export interface Metric {
  readonly value: number;
  readonly unit: string;
}

export interface BenchResult {
  readonly scenario: string;
  readonly metrics: Readonly<Record<string, Metric>>;
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
  return { scenario: result.scenario, commit: readCommit(), machine, metrics: result.metrics };
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
    metric.unit,
  ]);
  const nameWidth = Math.max(...rows.map(([name = '']) => name.length));
  const valueWidth = Math.max(...rows.map(([, value = '']) => value.length));
  const lines = rows.map(
    ([name = '', value = '', unit = '']) =>
      `  ${name.padEnd(nameWidth)}  ${value.padStart(valueWidth)} ${unit}`,
  );
  return [`${report.scenario}  (${report.commit}; ${report.machine})`, ...lines].join('\n');
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

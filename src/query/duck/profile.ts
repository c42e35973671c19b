/**
 * What DuckDB's operators did for a statement. The configuration is locked, so that a connection cannot be told to measure what
 * it runs: EXPLAIN ANALYZE runs the statement once more, and its rows are lost.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { z } from 'zod';
import type { Clock } from '#platform/clock.ts';
import type { ExplainOperator, ExplainProfile } from '#protocol/query-explain.ts';
import { EXPLAIN_DETAIL_CHARS_MAX, EXPLAIN_OPERATORS_MAX } from '../limits.ts';

interface RawOperator {
  readonly operator_name: string;
  readonly operator_timing: number;
  readonly operator_cardinality: number;
  readonly operator_rows_scanned: number;
  readonly extra_info: Readonly<Record<string, string | readonly string[]>>;
  readonly children: readonly RawOperator[];
}

const rawOperator: z.ZodType<RawOperator> = z.object({
  operator_name: z.string(),
  operator_timing: z.number(),
  operator_cardinality: z.number(),
  operator_rows_scanned: z.number(),
  extra_info: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
  children: z.lazy(() => z.array(rawOperator)),
});

const rawProfile = z.object({
  latency: z.number(),
  cpu_time: z.number(),
  cumulative_rows_scanned: z.number(),
  children: z.array(z.unknown()),
});

/** What is told of an operator; the names of files are not. */
const DETAILS: readonly string[] = [
  'Join Type',
  'Conditions',
  'Filters',
  'Groups',
  'Aggregates',
  'Order By',
  'Top',
  'Projections',
];

/** What asking took in milliseconds is told with it. Undefined: DuckDB could not tell, was interrupted, or tells too much. */
export async function profileOf(
  connection: DuckDBConnection,
  sql: string,
  clock: Clock,
): Promise<{ readonly profile: ExplainProfile | undefined; readonly tookMs: number }> {
  const startMs = clock.monotonicMs();
  const profile = await readProfile(connection, sql).catch(() => undefined);
  return { profile, tookMs: clock.monotonicMs() - startMs };
}

async function readProfile(
  connection: DuckDBConnection,
  sql: string,
): Promise<ExplainProfile | undefined> {
  const reader = await connection.runAndReadAll(`EXPLAIN (ANALYZE, FORMAT json) ${sql}`);
  const text = reader.getRows()[0]?.[1];
  return typeof text === 'string' ? parseProfile(text) : undefined;
}

/** Undefined: it has too many operators. Errors: SyntaxError, ZodError for a text that is no profile. */
export function parseProfile(text: string): ExplainProfile | undefined {
  const { latency, cpu_time, cumulative_rows_scanned, children } = rawProfile.parse(
    JSON.parse(text),
  );
  // Above the statement's own operators is the one of EXPLAIN.
  const explain = rawOperator.parse(children[0]);
  const root = explain.children[0] ?? explain;
  if (countOf(root) > EXPLAIN_OPERATORS_MAX) return undefined;
  return {
    durationMs: latency * 1000,
    cpuMs: cpu_time * 1000,
    rowsScanned: cumulative_rows_scanned,
    root: operatorOf(root),
  };
}

function countOf({ children }: RawOperator): number {
  return children.reduce((sum, child) => sum + countOf(child), 1);
}

function operatorOf(raw: RawOperator): ExplainOperator {
  return {
    name: raw.operator_name.trim(),
    detail: detailOf(raw),
    rows: raw.operator_cardinality,
    rowsScanned: raw.operator_rows_scanned,
    durationMs: raw.operator_timing * 1000,
    children: raw.children.map(operatorOf),
  };
}

function detailOf({ extra_info: info }: RawOperator): string {
  const texts = DETAILS.flatMap((name) => {
    const value = info[name];
    if (value === undefined || value.length === 0) return [];
    return [`${name.toLowerCase()}: ${typeof value === 'string' ? value : value.join(', ')}`];
  });
  return texts.join('; ').slice(0, EXPLAIN_DETAIL_CHARS_MAX);
}

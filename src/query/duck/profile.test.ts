import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RealClock } from '#platform/real-clock.ts';
import type { ExplainOperator } from '#protocol/query-explain.ts';
import { EXPLAIN_DETAIL_CHARS_MAX, EXPLAIN_OPERATORS_MAX } from '../limits.ts';
import { parseProfile, profileOf } from './profile.ts';

let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
  await connection.run('SET GLOBAL lock_configuration=true');
});

afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

test('a statement is measured although the configuration is locked', async () => {
  await connection.run('CREATE TEMP TABLE t AS SELECT range AS n FROM range(1000)');
  const { profile, tookMs } = await profileOf(
    connection,
    'SELECT n % 3 AS k, count(*) FROM t WHERE n < 600 GROUP BY 1',
    new RealClock(),
  );
  expect(profile?.rowsScanned).toBe(1000);
  const operators = flat(profile?.root);
  expect(operators[0]?.rows).toBe(3);
  expect(operators.find(({ name }) => name === 'SEQ_SCAN')).toMatchObject({
    rows: 600,
    rowsScanned: 1000,
    detail: expect.stringContaining('filters: n<600') as unknown,
  });
  expect(operators.every(({ name }) => name !== 'EXPLAIN_ANALYZE')).toBe(true);
  expect(tookMs).toBeGreaterThan(0);
});

test('what DuckDB cannot measure has no profile, and is no error', async () => {
  const sql = 'SELECT no_such_column FROM t';
  const { profile } = await profileOf(connection, sql, new RealClock());
  expect(profile).toBeUndefined();
});

test('names of files and other members of an operator are not told', () => {
  const profile = parseProfile(
    profileText({
      operator_name: 'READ_PARQUET ',
      extra_info: {
        Function: 'READ_PARQUET',
        'Filename(s)': '/var/lib/sluice/a.parquet',
        'File Filters': '/var/lib',
        Filters: ['a>1', "b='x'"],
        Projections: 'a',
      },
    }),
  );
  expect(profile?.root).toEqual({
    name: 'READ_PARQUET',
    detail: "filters: a>1, b='x'; projections: a",
    rows: 2,
    rowsScanned: 5,
    durationMs: 250,
    children: [],
  });
});

test('details are cut, and plans of too many operators left out', () => {
  const long = parseProfile(profileText({ extra_info: { Filters: 'x'.repeat(5000) } }));
  expect(long?.root.detail).toHaveLength(EXPLAIN_DETAIL_CHARS_MAX);
  const children = Array.from({ length: EXPLAIN_OPERATORS_MAX }, () => operator({}));
  expect(parseProfile(profileText({ children }))).toBeUndefined();
  expect(parseProfile(profileText({ children: children.slice(1) }))).toBeDefined();
});

test('a text that is no profile is an error', () => {
  for (const text of [
    '',
    '{}',
    '{"latency":1,"cpu_time":1,"cumulative_rows_scanned":1,"children":[]}',
  ])
    expect(() => parseProfile(text)).toThrow();
});

function operator(other: object): object {
  return {
    operator_name: 'FILTER',
    operator_timing: 0.25,
    operator_cardinality: 2,
    operator_rows_scanned: 5,
    extra_info: {},
    children: [],
    ...other,
  };
}

function profileText(root: object): string {
  const explain = operator({ operator_name: 'EXPLAIN_ANALYZE', children: [operator(root)] });
  return JSON.stringify({
    latency: 1,
    cpu_time: 2,
    cumulative_rows_scanned: 5,
    children: [explain],
  });
}

function flat(root: ExplainOperator | undefined): ExplainOperator[] {
  return root === undefined ? [] : [root, ...root.children.flatMap(flat)];
}

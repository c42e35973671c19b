import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { RealClock } from '#platform/real-clock.ts';
import { MIB } from '#base/units.ts';
import { planAnswer, type AnswerPlan } from '../sql/answer-plan.ts';
import { DuckEngine } from './duck-engine.ts';
import type { AnswerPart, LogView, SqlAnswer } from './duck-messages.ts';
import { runTask, SharedState } from './duck-tasks.ts';

const MEMORY_BYTES = 256 * MIB;
const columns = new Map([
  [
    'log',
    ['host', 'level', 'size', 'cost'].map((name) => ({
      name,
      field: name,
      path: undefined,
      type: 'VARCHAR' as const,
      isAlias: false,
    })),
  ],
]);

let engine: DuckEngine;

beforeAll(async () => {
  engine = await DuckEngine.open({
    memoryLimitBytes: MEMORY_BYTES,
    threads: 2,
    timeZone: 'Asia/Shanghai',
    spillDirectory: join(tmpdir(), 'sluice-parts'),
    segmentDirectories: [],
  });
});

interface Row {
  readonly time: number;
  readonly host: string | null;
  readonly level: string | null;
  readonly size: number | null;
  /** In quarters, so that sums are exact in any order. */
  readonly cost: number | null;
}

const orNull = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.option(values, { nil: null });
const rows: fc.Arbitrary<readonly Row[]> = fc.array(
  fc.record({
    time: fc.integer({ min: 1_000_000, max: 1_000_200 }),
    host: orNull(fc.constantFrom('a', 'b', 'C', "it's")),
    level: orNull(fc.constantFrom('info', 'warn')),
    size: orNull(fc.integer({ min: -50, max: 5000 })),
    cost: orNull(fc.integer({ min: -40, max: 4000 }).map((n) => n / 4)),
  }),
  { maxLength: 60 },
);

const key = fc.constantFrom(
  'host',
  'upper(level)',
  '__time__ - __time__ % 60',
  "CASE WHEN size > 100 THEN 'big' ELSE 'small' END",
  "date_trunc('minute', make_timestamp((__time__ + 28800) * 1000000))",
);
const aggregate = fc.constantFrom(
  'count(*)',
  'count(host)',
  'count(DISTINCT level)',
  'count(DISTINCT host)',
  'count(CASE WHEN size > 100 THEN 1 END)',
  'count(*) FILTER (WHERE size > 7)',
  'sum(size)',
  'sum(cost)',
  'avg(size)',
  'avg(cost) FILTER (WHERE size IS NOT NULL)',
  'min(host)',
  'max(cost)',
  'min(__time__)',
  'max(__time__)',
  'bool_and(size > 3)',
  'bool_or(cost > 800)',
  'sum(CASE WHEN size >= 500 THEN 1 ELSE 0 END) * 1.0 / count(*)',
);
const where = fc.constantFrom(
  '',
  "WHERE host <> 'b'",
  'WHERE __time__ > 1000050',
  'WHERE size < 0',
);
const having = fc.constantFrom('', 'HAVING count(*) > 3', 'HAVING a0 IS NOT NULL');
const statement = fc
  .record({
    keys: fc.uniqueArray(key, { maxLength: 2 }),
    aggregates: fc.uniqueArray(aggregate, { minLength: 1, maxLength: 4 }),
    where,
    having,
  })
  .map(({ keys, aggregates, where, having }) => {
    const outputs = [
      ...keys.map((text, i) => `${text} AS g${i}`),
      ...aggregates.map((text, i) => `${text} AS a${i}`),
    ];
    const groups = keys.length === 0 ? '' : `GROUP BY ${keys.map((_, i) => i + 1).join(', ')}`;
    return `SELECT ${outputs.join(', ')} FROM log ${where} ${groups} ${having}`;
  });

function text(value: string | null): string {
  return value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`;
}

function valuesSql(list: readonly Row[]): string {
  const values = list.map(
    ({ time, host, level, size, cost }) =>
      `(${time}::BIGINT, ${text(host)}::VARCHAR, ${text(level)}::VARCHAR, ${size}::BIGINT, ${cost}::DOUBLE)`,
  );
  const none = '(0::BIGINT, NULL::VARCHAR, NULL::VARCHAR, 0::BIGINT, 0::DOUBLE)';
  const isEmpty = values.length === 0;
  return `SELECT * FROM (VALUES ${isEmpty ? none : values.join(', ')}) AS v(__time__, host, level, size, cost) WHERE ${!isEmpty}`;
}

const view = (name: string, list: readonly Row[]): LogView => ({
  name,
  select: valuesSql(list),
  bits: [],
});

/** The rows in an order of their own: that of groups is anyone's. */
async function answer(
  shared: SharedState,
  request: {
    readonly sql: string;
    readonly views: readonly LogView[];
    readonly parts: readonly AnswerPart[];
  },
): Promise<readonly (readonly string[])[]> {
  const found: (readonly string[])[] = [];
  const sendRows = (batch: SqlAnswer['rows']): Promise<void> => {
    found.push(...batch);
    return Promise.resolve();
  };
  await engine.use(async (connection) => {
    const clock = new RealClock();
    const context = { timeZone: 'Asia/Shanghai', shared, clock, sendRows };
    await runTask(connection, { kind: 'answer', request }, context);
  });
  return found.toSorted((a, b) => (a.join('|') < b.join('|') ? -1 : 1));
}

async function plan(shared: SharedState, sql: string): Promise<AnswerPlan> {
  const found = await engine.use(async (connection) =>
    planAnswer(connection, sql, { columns, functions: await shared.functions(connection) }),
  );
  if (found === undefined) throw new Error(`not planned: ${sql}`);
  return found;
}

function keptPart(
  { parts }: AnswerPlan,
  want: { readonly segments: readonly (readonly Row[])[]; readonly missing: ReadonlySet<string> },
  rest: readonly Row[],
): AnswerPart {
  return {
    kind: 'kept',
    number: 0,
    sql: parts[0]?.ofRows ?? '',
    key: 'statement',
    segments: want.segments.map((list, i) => ({
      key: `s${i}`,
      rowCount: 1_000_000,
      view: want.missing.has(`s${i}`) ? view('sls_rows_0', list) : undefined,
    })),
    rest: view('sls_rows_0', rest),
  };
}

test('answers from parts are those from all rows, the first time and again', async () => {
  await fc.assert(
    fc.asyncProperty(
      statement,
      fc.array(rows, { minLength: 1, maxLength: 3 }),
      rows,
      async (sql, segments, rest) => {
        const shared = new SharedState({ memoryLimitBytes: MEMORY_BYTES });
        const all = [...segments.flat(), ...rest];
        const wanted = await answer(shared, { sql, views: [view('log', all)], parts: [] });
        const planned = await plan(shared, sql);
        const keys = segments.map((_, i) => `s${i}`);
        expect(shared.kept.missing('statement', keys)).toBeUndefined();
        for (const count of [keys.length, 0]) {
          const missing = new Set(shared.kept.missing('statement', keys));
          expect(missing.size).toBe(count);
          const part = keptPart(planned, { segments, missing }, rest);
          const got = await answer(shared, { sql: planned.sql, views: [], parts: [part] });
          expect(got, sql).toEqual(wanted);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('answers from times and counts are those from all rows', async () => {
  const shared = new SharedState({ memoryLimitBytes: MEMORY_BYTES });
  const times = fc.constantFrom(
    'count(*)',
    'count(__time__)',
    'count(DISTINCT __time__)',
    'min(__time__)',
    'max(__time__ % 7)',
    'count(CASE WHEN __time__ % 2 = 0 THEN 1 END)',
    'count(*) FILTER (WHERE __time__ % 3 = 0)',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(times, { minLength: 1, maxLength: 3 }),
      fc.constantFrom('', '__time__ - __time__ % 60', '__time__ % 2 = 0'),
      rows,
      async (aggregates, group, list) => {
        const outputs = [group === '' ? '7 AS g' : `${group} AS g`].concat(
          aggregates.map((text, i) => `${text} AS a${i}`),
        );
        const sql = `SELECT ${outputs.join(', ')} FROM log ${group === '' ? '' : 'GROUP BY 1'}`;
        const wanted = await answer(shared, { sql, views: [view('log', list)], parts: [] });
        const planned = await plan(shared, sql);
        const counts = Map.groupBy(list, ({ time }) => time);
        const part: AnswerPart = {
          kind: 'times',
          number: 0,
          sql: planned.parts[0]?.ofTimes ?? '',
          times: Uint32Array.from(counts.keys()),
          counts: Uint32Array.from([...counts.values()].map((same) => same.length)),
        };
        expect(await answer(shared, { sql: planned.sql, views: [], parts: [part] })).toEqual(
          wanted,
        );
      },
    ),
    { numRuns: 60 },
  );
});

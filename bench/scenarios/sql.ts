/**
 * How long statements take through GetLogs, and how long DuckDB alone takes for the same question over the same files:
 * the difference is what search, view, process border, JSON and HTTP cost.
 */
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type { BenchOptions } from '../bench-options.ts';
import type { BenchServer, TimeRange } from '../bench-server.ts';
import type { CorpusFacts } from '../corpus/corpus-facts.ts';
import { readDiskUsage } from '../disk-usage.ts';
import { metric, percentile, type BenchResult, type Metric } from '../report.ts';
import { openStoredCorpus } from '../stored-corpus.ts';
import { LATENCY_COLUMNS, timeQueries, type TimedQuery } from '../timed-queries.ts';

const SIZE_BYTES = 1.5e9;

/** Of the server's default zone, Asia/Shanghai. */
const ZONE_SECONDS = 8 * 3600;

/** Sums of doubles depend on the order of the rows. */
const RELATIVE_ERROR_MAX = 1e-9;

interface Statement {
  readonly name: string;
  /** As a user writes it: search, then SQL of the service. */
  readonly query: string;
  /** The same for DuckDB over the relation `log`. */
  readonly bare: string;
  /** What DuckDB must answer for the same rows, where `bare` has other functions or other texts. */
  readonly check?: string;
}

const STATEMENTS: readonly Statement[] = [
  {
    name: 'count',
    query: '* | select count(*) as n',
    bare: 'select count(*) as n from log',
  },
  {
    name: 'by_status',
    query: '* | select status, count(*) as n group by status order by n desc, status limit 20',
    bare: 'select status, count(*) as n from log group by status order by n desc, status limit 20',
  },
  {
    name: 'top_uri',
    query: '* | select uri, count(*) as n group by uri order by n desc, uri limit 10',
    bare: 'select uri, count(*) as n from log group by uri order by n desc, uri limit 10',
  },
  {
    name: 'per_minute',
    query:
      "* | select date_trunc('minute', __time__) as t, count(*) as n group by t order by t limit 2000",
    bare: "select date_trunc('minute', to_timestamp(__time__)) as t, count(*) as n from log group by t order by t limit 2000",
    check: `select strftime(date_trunc('minute', make_timestamp((__time__ + ${ZONE_SECONDS}) * 1000000)), '%Y-%m-%d %H:%M:%S.%g') as t, count(*) as n from log group by t order by t limit 2000`,
  },
  {
    name: 'latency',
    query: '* | select avg(request_time) as a, approx_percentile(request_time, 0.95) as p',
    bare: 'select avg(try_cast(request_time as double)) as a, approx_quantile(try_cast(request_time as double), 0.95) as p from log',
    check:
      'select avg(try_cast(request_time as double)) as a, quantile_disc(try_cast(request_time as double), 0.95) as p from log',
  },
  {
    name: 'distinct_users',
    query: '* | select approx_distinct(remote_user) as n',
    bare: 'select approx_count_distinct(remote_user) as n from log',
    check: 'select count(distinct remote_user) as n from log',
  },
  {
    name: 'error_ratio',
    query:
      '* | select host, sum(case when status >= 500 then 1 else 0 end) * 1.0 / count(*) as r group by host order by r desc, host limit 20',
    bare: 'select host, sum(case when try_cast(status as bigint) >= 500 then 1 else 0 end) * 1.0 / count(*) as r from log group by host order by r desc, host limit 20',
  },
  {
    name: 'filter',
    query:
      'checkout and method:POST | select status, count(*) as n, avg(request_time) as t group by status order by n desc, status limit 20',
    bare: "select status, count(*) as n, avg(try_cast(request_time as double)) as t from log where uri like '/checkout%' and method = 'POST' group by status order by n desc, status limit 20",
  },
];

export async function benchSql(options: BenchOptions): Promise<BenchResult> {
  await using stored = await openStoredCorpus(options, { kind: 'access', sizeBytes: SIZE_BYTES });
  const { facts, spec, dataDirectory } = stored;
  if (spec.kind !== 'access' || spec.isLine || spec.directory !== undefined)
    throw new Error('the statements are about parsed access logs: --kind access');
  const range = { from: facts.minTime, to: facts.maxTime + 1 };
  const answers: Answers = new Map();
  const timed = await timeQueries(
    STATEMENTS.map((statement) => timedStatement(statement, { range, facts, answers })),
    { ...options, dataDirectory },
  );
  const { parquetPaths } = await readDiskUsage(dataDirectory);
  const bare = await timeBare(parquetPaths, { rowCount: facts.rowCount, answers, ...options });
  const ratios = STATEMENTS.map(({ name }): [string, Metric] => [
    `${name}_to_duckdb`,
    metric(
      (timed.metrics[`${name}_hot_p50`]?.value ?? 0) / (bare[`${name}_duckdb_p50`]?.value ?? 1),
      'times DuckDB alone, hot p50',
    ),
  ]);
  return {
    scenario: 'sql',
    columns: [...LATENCY_COLUMNS, 'duckdb_p50', 'to_duckdb'],
    metrics: {
      raw: metric(facts.rawBytes / 1e6, 'MB'),
      rows: metric(facts.rowCount, 'logs'),
      ...timed.metrics,
      ...bare,
      ...Object.fromEntries(ratios),
    },
    notes: [
      ...timed.notes,
      'to_duckdb: times as long as DuckDB alone, hot p50',
      ...STATEMENTS.map(({ name, query }) => `${name}: ${query}`),
    ],
  };
}

/** What the server answered, by statement. */
type Answers = Map<string, readonly Readonly<Record<string, string>>[]>;

function timedStatement(
  { name, query }: Statement,
  want: { readonly range: TimeRange; readonly facts: CorpusFacts; readonly answers: Answers },
): TimedQuery {
  const { range, facts, answers } = want;
  const ask = async (server: BenchServer): Promise<void> => {
    const { rows, isComplete } = await server.logs(query, range);
    if (!isComplete || rows.length === 0) throw new Error(`no complete answer to ${query}`);
    if (name === 'count' && Number(rows[0]?.['n']) !== facts.rowCount)
      throw new Error(`${rows[0]?.['n']} logs counted, ${facts.rowCount} were sent`);
    answers.set(name, rows);
  };
  return { name, ask };
}

async function timeBare(
  paths: readonly string[],
  options: {
    readonly rowCount: number;
    readonly answers: Answers;
    readonly tries: number;
    readonly progress: (text: string) => void;
  },
): Promise<Record<string, Metric>> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const files = paths.map((path) => `'${path.replaceAll("'", "''")}'`).join(', ');
  await connection.run(
    `create view log as select * from read_parquet([${files}], union_by_name = true)`,
  );
  const counted = await connection.runAndReadAll('select count(*)::bigint from log');
  if (Number(counted.getRows()[0]?.[0]) !== options.rowCount)
    throw new Error('the files of the segments do not hold the corpus');
  const metrics: Record<string, Metric> = {};
  for (const { name, bare, check } of STATEMENTS) {
    const wanted = await connection.runAndReadAll(check ?? bare);
    requireSame(name, options.answers.get(name) ?? [], {
      keys: wanted.columnNames(),
      rows: wanted.getRows(),
    });
    options.progress(`${name}, DuckDB alone, ${options.tries} times`);
    const latencies = await timeStatement(connection, bare, options.tries);
    metrics[`${name}_duckdb_p50`] = metric(percentile(latencies, 0.5), 'ms');
  }
  connection.closeSync();
  instance.closeSync();
  return metrics;
}

/** Errors: the answer of the server is another one than that of DuckDB. */
function requireSame(
  name: string,
  got: readonly Readonly<Record<string, string>>[],
  wanted: { readonly keys: readonly string[]; readonly rows: readonly (readonly unknown[])[] },
): void {
  const isSame =
    got.length === wanted.rows.length &&
    wanted.rows.every((row, i) =>
      row.every((value, column) => isSameValue(got[i]?.[wanted.keys[column] ?? ''], value)),
    );
  if (isSame) return;
  const texts = wanted.rows.slice(0, 3).map((row) => row.map(String).join());
  throw new Error(
    `${name}: ${JSON.stringify(got.slice(0, 3))} and ${got.length - 3} more, DuckDB: ${texts.join('; ')}`,
  );
}

function isSameValue(text: string | undefined, value: unknown): boolean {
  if (text === undefined) return false;
  if (typeof value === 'string') return text === value;
  const wanted = Number(value);
  return Math.abs(Number(text) - wanted) <= Math.abs(wanted) * RELATIVE_ERROR_MAX;
}

async function timeStatement(
  connection: DuckDBConnection,
  sql: string,
  tries: number,
): Promise<readonly number[]> {
  await connection.runAndReadAll(sql);
  const latencies: number[] = [];
  for (let i = 0; i < tries; i++) {
    const started = performance.now();
    await connection.runAndReadAll(sql);
    latencies.push(performance.now() - started);
  }
  return latencies;
}

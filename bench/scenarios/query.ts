/**
 * How long typical statements take through GetLogs, and how long DuckDB alone takes for the same question over the same
 * logs: the difference is what search, view, process border, JSON and HTTP cost, less what the server keeps.
 */
import { statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { errorMessage } from '#base/app-error.ts';
import { BareDuck, RELATIVE_ERROR_MAX, type AnswerRow } from '../bare-duckdb.ts';
import type { BenchOptions } from '../bench-options.ts';
import { BenchServer, PROJECT, type TimeRange } from '../bench-server.ts';
import type { CorpusFacts } from '../corpus/corpus-facts.ts';
import { readDiskUsage } from '../disk-usage.ts';
import {
  bareText,
  queryText,
  STATEMENTS,
  TEAMS_LOGSTORE,
  type Statement,
} from '../query-statements.ts';
import { metric, percentile, type BenchResult, type Metric } from '../report.ts';
import { openStoredCorpus } from '../stored-corpus.ts';
import { LATENCY_COLUMNS, timeQueries, type TimedQuery } from '../timed-queries.ts';

const SIZE_BYTES = 1.5e9;
const TEAM_COUNT = 7;

export async function benchQuery(options: BenchOptions): Promise<BenchResult> {
  await using stored = await openStoredCorpus(options, { kind: 'mix', sizeBytes: SIZE_BYTES });
  const { facts, spec, dataDirectory } = stored;
  if (spec.kind !== 'mix' || spec.directory !== undefined)
    throw new Error('the statements are about the mix: --kind mix');
  const { teams, statements, notes } = await prepare(dataDirectory, facts);
  const answers: Answers = new Map();
  const timed = await timeQueries(
    statements.map((statement) => timedStatement(statement, { facts, answers })),
    { ...options, dataDirectory },
  );
  const { parquetPaths } = await readDiskUsage(dataDirectory);
  const paths = largestFolder(parquetPaths);
  const bare = await timeBare(statements, { ...options, facts, answers, teams, paths });
  const ratio = (name: string, part: string): Metric =>
    metric(
      (timed.metrics[`${name}_${part}_p50`]?.value ?? 0) / (bare[`${name}_duckdb_p50`]?.value ?? 1),
      'times DuckDB alone',
    );
  return {
    scenario: 'query',
    columns: [
      ...LATENCY_COLUMNS,
      'fresh_p50',
      'fresh_p95',
      'filter_p50',
      'filter_p95',
      'duckdb_p50',
      'hot_ratio',
      'fresh_ratio',
    ],
    metrics: {
      raw: metric(facts.rawBytes / 1e6, 'MB'),
      rows: metric(facts.rowCount, 'logs'),
      ...timed.metrics,
      ...bare,
      ...Object.fromEntries(
        statements.flatMap(({ name }) => [
          [`${name}_hot_ratio`, ratio(name, 'hot')],
          [`${name}_fresh_ratio`, ratio(name, 'fresh')],
        ]),
      ),
    },
    notes: [
      ...timed.notes,
      ...notes,
      'hot: the same statement again and again; fresh: another constant in its WHERE each time, so that nothing kept answers it',
      'filter: a histogram of the search part alone; ratios: times DuckDB alone, p50',
      ...statements.map((statement) => `${statement.name}: ${queryText(statement, 0)}`),
    ],
  };
}

/** The other logstore, and the statements that the server can answer. */
async function prepare(
  dataDirectory: string,
  facts: CorpusFacts,
): Promise<{
  readonly teams: readonly AnswerRow[];
  readonly statements: readonly Statement[];
  readonly notes: readonly string[];
}> {
  await using server = await BenchServer.start(dataDirectory);
  const all = { from: facts.minTime, to: facts.maxTime + 1 };
  const services = await server.logs(
    "* | select service from log where service <> '' group by service order by service limit 1000",
    all,
  );
  const teams = services.rows.map(({ service = '' }, i) => ({
    service,
    team: `team-${i % TEAM_COUNT}`,
  }));
  await storeTeams(server, teams, facts.maxTime);
  const statements: Statement[] = [];
  const notes: string[] = [];
  for (const statement of STATEMENTS)
    try {
      await server.logs(queryText(statement, 0), rangeOf(statement, facts));
      statements.push(statement);
    } catch (error) {
      notes.push(`${statement.name} is left out: ${errorMessage(error)}`);
    }
  return { teams, statements, notes };
}

/** A data directory that was kept has them from the run that made it. */
async function storeTeams(
  server: BenchServer,
  teams: readonly AnswerRow[],
  time: number,
): Promise<void> {
  const { client } = server;
  const listed = (await client.call('GET', '/logstores', { project: PROJECT })) as {
    readonly logstores: readonly string[];
  };
  if (listed.logstores.includes(TEAMS_LOGSTORE)) return;
  const text = { type: 'text', token: [' '], caseSensitive: false, doc_value: true };
  const call = (path: string, json: object): Promise<unknown> =>
    client.call('POST', path, { project: PROJECT, json });
  await call('/logstores', { logstoreName: TEAMS_LOGSTORE, ttl: 3650, shardCount: 1 });
  await call(`/logstores/${TEAMS_LOGSTORE}/index`, { keys: { service: text, team: text } });
  const logs = teams.map((row) => ({
    time,
    contents: Object.entries(row).map(([key, value]) => ({ key, value })),
  }));
  const response = await client.putLogs(PROJECT, TEAMS_LOGSTORE, {
    logs,
    topic: '',
    source: '',
    tags: [],
  });
  if (response.status !== 200) throw new Error(`PutLogs: ${response.body.toString()}`);
}

function rangeOf({ lastSeconds }: Statement, { minTime, maxTime }: CorpusFacts): TimeRange {
  const from = lastSeconds === undefined ? minTime : maxTime + 1 - lastSeconds;
  return { from, to: maxTime + 1 };
}

/** The files of the logstore that holds the corpus; each logstore has a folder, with one for each shard in it. */
function largestFolder(paths: readonly string[]): readonly string[] {
  const folders = [...Map.groupBy(paths, (path) => dirname(dirname(path))).values()];
  return folders.toSorted((a, b) => totalBytes(b) - totalBytes(a))[0] ?? [];
}

function totalBytes(paths: readonly string[]): number {
  return paths.reduce((sum, path) => sum + statSync(path).size, 0);
}

/** What the server answered, by statement. */
type Answers = Map<string, readonly AnswerRow[]>;

function timedStatement(
  statement: Statement,
  want: { readonly facts: CorpusFacts; readonly answers: Answers },
): TimedQuery {
  const { facts, answers } = want;
  const { name, search } = statement;
  const range = rangeOf(statement, facts);
  /** The first answer is compared with DuckDB's, the others with the first. */
  const ask = async (server: BenchServer, attempt: number): Promise<void> => {
    const { rows, isComplete } = await server.logs(queryText(statement, attempt), range);
    if (!isComplete || rows.length === 0) throw new Error(`no complete answer to ${name}`);
    const first = answers.get(name);
    if (first === undefined) answers.set(name, rows);
    else requireAlike(name, first, rows);
  };
  const filter = async (server: BenchServer): Promise<void> => {
    const { isComplete } = await server.count(search, range);
    if (!isComplete) throw new Error(`incomplete answer to ${search}`);
  };
  return {
    name,
    ask: (server) => ask(server, 0),
    // Another constant than any other part of the run has.
    parts: { fresh: (server, attempt) => ask(server, 1 + attempt), filter },
  };
}

async function timeBare(
  statements: readonly Statement[],
  options: {
    readonly facts: CorpusFacts;
    readonly paths: readonly string[];
    readonly teams: readonly AnswerRow[];
    readonly answers: Answers;
    readonly tries: number;
    readonly progress: (text: string) => void;
  },
): Promise<Record<string, Metric>> {
  const { facts, answers, tries } = options;
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bare-'));
  try {
    options.progress('writing all logs into one Parquet file');
    using duck = await BareDuck.create(options.paths, join(folder, 'logs.parquet'), facts.rowCount);
    await duck.createTable(TEAMS_LOGSTORE, options.teams);
    const metrics: Record<string, Metric> = {};
    for (const statement of statements) {
      const { name } = statement;
      const sql = bareText(statement);
      await duck.setRange(rangeOf(statement, facts));
      await duck.requireSame(name, sql, answers.get(name) ?? []);
      options.progress(`${name}, DuckDB alone, ${tries} times`);
      const latencies = await duck.time(sql, tries);
      metrics[`${name}_duckdb_p50`] = metric(percentile(latencies, 0.5), 'ms');
    }
    return metrics;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Errors: the rows differ, beyond what the order of sums does. */
function requireAlike(name: string, first: readonly AnswerRow[], rows: readonly AnswerRow[]): void {
  const isAlike =
    first.length === rows.length &&
    rows.every((row, i) =>
      Object.entries(row).every(([key, text]) => isAlikeText(first[i]?.[key], text)),
    );
  if (!isAlike) throw new Error(`${name} is answered in two ways`);
}

function isAlikeText(a: string | undefined, b: string): boolean {
  return a === b || Math.abs(Number(a) - Number(b)) <= Math.abs(Number(b)) * RELATIVE_ERROR_MAX;
}

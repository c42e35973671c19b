/** How long searches take over HTTP: what a user waits for, hot and cold, by class of query. */
import type { BenchOptions } from '../bench-options.ts';
import type { BenchServer, TimeRange } from '../bench-server.ts';
import type { CorpusSpec } from '../corpus/corpus-cache.ts';
import type { CorpusFacts } from '../corpus/corpus-facts.ts';
import { metric, type BenchResult } from '../report.ts';
import { openStoredCorpus } from '../stored-corpus.ts';
import { LATENCY_COLUMNS, timeQueries, type TimedQuery } from '../timed-queries.ts';

const SIZE_BYTES = 1.5e9;
const PAGE_ROWS = 100;

export async function benchSearch(options: BenchOptions): Promise<BenchResult> {
  await using stored = await openStoredCorpus(options, { kind: 'mix', sizeBytes: SIZE_BYTES });
  const { facts, spec, dataDirectory } = stored;
  const queries = makeQueries(spec, facts);
  const { metrics, notes } = await timeQueries(queries, { ...options, dataDirectory });
  return {
    scenario: 'search',
    columns: LATENCY_COLUMNS,
    metrics: {
      raw: metric(facts.rawBytes / 1e6, 'MB'),
      rows: metric(facts.rowCount, 'logs'),
      common_rows: metric(facts.commonCount, `logs with ${facts.commonWord}`),
      ...metrics,
    },
    notes: [
      ...notes,
      ...classTexts(spec, facts).map(({ name, query }) => `${name}: ${query}`),
      `needle: another term of one log each time, ${facts.needles.length} of them`,
    ],
  };
}

interface QueryClass {
  readonly name: string;
  readonly query: string;
  /** `count`: a histogram; `newest`: the newest 100 logs. */
  readonly kind: 'count' | 'newest';
}

function makeQueries(spec: CorpusSpec, facts: CorpusFacts): readonly TimedQuery[] {
  const range = { from: facts.minTime, to: facts.maxTime + 1 };
  const classes = classTexts(spec, facts).map(({ name, query, kind }): TimedQuery => {
    const expected =
      spec.directory === undefined && name === 'count_common' ? facts.commonCount : undefined;
    return {
      name,
      ask: (server) =>
        kind === 'count'
          ? askCount(server, query, { range, expected })
          : askNewest(server, query, range),
    };
  });
  if (facts.needles.length === 0) return classes;
  const needle: TimedQuery = {
    name: 'needle',
    ask: async (server, attempt) => {
      // A step that has no common divisor with the count visits all of them.
      const { term } = facts.needles[(attempt * 7919) % facts.needles.length]!;
      const { rows, isComplete } = await server.logs(term, range);
      if (!isComplete || rows.length === 0 || (spec.directory === undefined && rows.length !== 1))
        throw new Error(`${rows.length} logs found for the needle ${term}`);
    },
  };
  return [needle, ...classes];
}

async function askCount(
  server: BenchServer,
  query: string,
  want: { readonly range: TimeRange; readonly expected: number | undefined },
): Promise<void> {
  const { count, isComplete } = await server.count(query, want.range);
  if (!isComplete) throw new Error(`incomplete answer to ${query}`);
  if (count === 0 || (want.expected !== undefined && count !== want.expected))
    throw new Error(`${count} logs counted for ${query}, expected ${want.expected ?? 'some'}`);
}

async function askNewest(server: BenchServer, query: string, range: TimeRange): Promise<void> {
  const { rows, isComplete } = await server.logs(query, range, true);
  if (!isComplete) throw new Error(`incomplete answer to ${query}`);
  if (rows.length === 0 || rows.length > PAGE_ROWS)
    throw new Error(`${rows.length} logs found for ${query}`);
  const times = rows.map((row) => Number(row['__time__']));
  if (times.some((time, i) => time > (times[i - 1] ?? Infinity)))
    throw new Error(`the logs found for ${query} are not the newest first`);
  const words = query === '*' ? '' : query.replaceAll(/[#"]/gu, '').toLowerCase();
  if (!rows.every((row) => Object.values(row).some((text) => text.toLowerCase().includes(words))))
    throw new Error(`a log found for ${query} does not have it`);
}

/** Words that the kinds of logs have beside the common one. */
interface KindWords {
  /** In many of the logs that have the common word. */
  readonly second: string;
  /** In most logs. */
  readonly frequent: string;
  readonly phrase: string;
  readonly field: string;
  readonly range: string | undefined;
}

const ACCESS_WORDS: KindWords = {
  second: 'POST',
  frequent: 'GET',
  phrase: '#"Windows NT 10.0"',
  field: 'method:POST',
  range: 'request_time > 3',
};

const WORDS: Readonly<Record<CorpusSpec['kind'], KindWords>> = {
  access: ACCESS_WORDS,
  mix: ACCESS_WORDS,
  app: {
    second: 'WARN',
    frequent: 'INFO',
    phrase: '#"timed out after"',
    field: 'level:ERROR',
    range: undefined,
  },
  json: {
    second: 'staging',
    frequent: 'prod',
    phrase: '#"Windows NT 10.0"',
    field: 'env:staging',
    range: 'duration_ms > 3000',
  },
  syslog: {
    second: 'worker',
    frequent: 'node-1',
    phrase: '#"Failed password"',
    field: 'content:ssh2',
    range: undefined,
  },
};

function classTexts(spec: CorpusSpec, facts: CorpusFacts): readonly QueryClass[] {
  const word = facts.commonWord;
  const always: readonly QueryClass[] = [
    { name: 'count_common', query: word, kind: 'count' },
    { name: 'newest_common', query: word, kind: 'newest' },
    { name: 'prefix', query: `${word.slice(0, -2)}*`, kind: 'count' },
    { name: 'page', query: '*', kind: 'newest' },
  ];
  if (spec.directory !== undefined) return always;
  const words = WORDS[spec.kind];
  const isParsed = !(spec.kind === 'access' && spec.isLine);
  const more: QueryClass[] = [
    { name: 'and', query: `${word} and ${words.second}`, kind: 'count' },
    { name: 'not', query: `${word} not ${words.frequent}`, kind: 'count' },
    { name: 'phrase', query: words.phrase, kind: 'newest' },
  ];
  if (isParsed) more.push({ name: 'field', query: words.field, kind: 'count' });
  if (isParsed && words.range !== undefined)
    more.push({ name: 'range', query: words.range, kind: 'count' });
  return [...always, ...more];
}

/** `npm run bench -- <scenario> [options]`: runs one scenario against the real server. */
import { parseArgs } from 'node:util';
import { EXIT_WITH_PARENT } from '#main/parent-watch.ts';
import { parseSize, type BenchOptions } from './bench-options.ts';
import { CORPUS_KINDS, type CorpusKind } from './corpus/synthetic-corpus.ts';
import { describeRun, formatTable, medianResult, type BenchResult } from './report.ts';
import { benchDisk } from './scenarios/disk.ts';
import { benchIngest } from './scenarios/ingest.ts';
import { benchKernel } from './scenarios/kernel.ts';
import { benchPut } from './scenarios/put.ts';
import { benchQuery } from './scenarios/query.ts';
import { benchSearch } from './scenarios/search.ts';

const SCENARIOS: Readonly<Record<string, (options: BenchOptions) => Promise<BenchResult>>> = {
  put: benchPut,
  ingest: benchIngest,
  search: benchSearch,
  query: benchQuery,
  disk: benchDisk,
  kernel: benchKernel,
};

const HELP = `Usage: npm run bench -- <scenario> [options]

Scenarios
  ingest     1 GB to acknowledged, searchable and committed: CPU, speed, latencies, memory, disk, stages
  search     needles, counts, pages over 1.5 GB: hot and cold latencies
  query      22 statements of SQL over 1.5 GB, checked against DuckDB, and how long that takes alone
  disk       bytes on disk per raw byte for each kind of logs and the mix
  kernel     the hot loops alone: walk, tokenise and invert, posting lists, checksums
  put        durable PutLogs over HTTP with 1 and with 16 clients

Options
  --size N          raw bytes of the corpus: 200M, 1.5G
  --kind K          access, app, json, syslog or mix
  --line            access logs as one unparsed line
  --seed N          seed of the generated logs (default 1)
  --corpus DIR      real files instead: each line a log, .ndjson objects as fields, *access*.log parsed;
                    repeated to the size, with times from now on
  --index keys      ingest, disk: an index for each field too, beside the full text
  --runs N          medians of N runs (default 1)
  --seconds N       length of phases that are measured by time (default 10)
  --tries N         search, query: how often each query is asked hot (default 50)
  --cold-tries N    search, query: the same of a server that was just started (default 10)
  --keep-data DIR   search, query: keep the data directory
  --data DIR        search, query: use one that was kept
  --json            one JSON object {scenario, commit, machine, metrics, notes} instead of the table
  --help            this text
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    size: { type: 'string' },
    kind: { type: 'string' },
    line: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    corpus: { type: 'string' },
    index: { type: 'string' },
    runs: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '10' },
    tries: { type: 'string', default: '50' },
    'cold-tries': { type: 'string', default: '10' },
    'keep-data': { type: 'string' },
    data: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const scenario = SCENARIOS[positionals[0] ?? ''];
if (values.help || scenario === undefined) {
  process.stdout.write(HELP);
  process.exit(values.help ? 0 : 2);
}
// A server must not outlive a benchmark that was stopped.
process.env[EXIT_WITH_PARENT] = '1';
const options = readOptions();
const results: BenchResult[] = [];
for (let run = wholeNumber('runs', 1); run > 0; run--) results.push(await scenario(options));
const report = describeRun(medianResult(results));
process.stdout.write(`${values.json ? JSON.stringify(report) : formatTable(report)}\n`);

function readOptions(): BenchOptions {
  const { size, kind, index } = values;
  const sizeBytes = size === undefined ? undefined : parseSize(size);
  if (size !== undefined && sizeBytes === undefined) refuse(`--size ${size} is not a size`);
  if (kind !== undefined && !CORPUS_KINDS.includes(kind as CorpusKind))
    refuse(`--kind ${kind} is none of ${CORPUS_KINDS.join(', ')}`);
  if (index !== undefined && index !== 'keys') refuse(`--index ${index} is not keys`);
  return {
    seconds: wholeNumber('seconds', 1),
    seed: wholeNumber('seed', 0),
    sizeBytes,
    kind: kind as CorpusKind | undefined,
    isLine: values.line,
    hasKeys: index === 'keys',
    tries: wholeNumber('tries', 1),
    coldTries: wholeNumber('cold-tries', 0),
    corpusDirectory: values.corpus,
    keepData: values['keep-data'],
    data: values.data,
    progress: (text) => process.stderr.write(`bench: ${text}\n`),
  };
}

function wholeNumber(
  name: 'runs' | 'seconds' | 'seed' | 'tries' | 'cold-tries',
  least: number,
): number {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < least)
    refuse(`--${name} is not a whole number from ${least} on`);
  return value;
}

function refuse(text: string): never {
  process.stderr.write(`bench: ${text}\n`);
  process.exit(2);
}

/**
 * What it costs to take logs in. Phases, each in the same server unless said:
 *
 * 1. idle: a fresh server with 10 logstores, its memory after `IDLE_MS`;
 * 2. fill: the corpus at full speed until the last acknowledgement, then until all of it is searchable, then until all
 *    of it is committed and the server is quiet; bytes on disk;
 * 3. steady: the corpus again at 70 % of the speed that was searchable in phase 2, with a probe log every 100 ms that is
 *    searched until it is found;
 * 4. stages: a smaller corpus in a new server under the CPU profiler.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { corpusSpec, type BenchOptions } from '../bench-options.ts';
import { BenchServer, PROJECT } from '../bench-server.ts';
import { openCorpus, type Corpus } from '../corpus/corpus-cache.ts';
import { readDiskUsage } from '../disk-usage.ts';
import { indexConfig } from '../index-configs.ts';
import { PeakMemory, readTreeUsage } from '../../test/support/process-tree.ts';
import { mebibytes, metric, percentile, type BenchResult, type Metric } from '../report.ts';
import { measureStages } from '../stage-run.ts';
import { runSteady } from '../steady-load.ts';

const SIZE_BYTES = 1e9;
const IDLE_LOGSTORES = 10;
const IDLE_MS = 10_000;
const STEADY_PART = 0.7;
const STAGE_BYTES_MAX = 256e6;

type Metrics = Record<string, Metric>;

export async function benchIngest(options: BenchOptions): Promise<BenchResult> {
  const spec = corpusSpec(options, { kind: 'mix', sizeBytes: SIZE_BYTES });
  const corpus = await openCorpus(spec, options.progress);
  const stageSpec = { ...spec, sizeBytes: Math.min(spec.sizeBytes, STAGE_BYTES_MAX) };
  const stageCorpus = await openCorpus(stageSpec, options.progress);
  const index = indexConfig(spec, options.hasKeys);
  const directory = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  try {
    const metrics: Metrics = {
      ...corpusMetrics(corpus),
      ...(await measureIdle(join(directory, 'idle'), options)),
      ...(await measureFill(join(directory, 'data'), { corpus, index, options })),
      ...(await measureStages(join(directory, 'profiled'), {
        corpus: stageCorpus,
        index,
        progress: options.progress,
      })),
    };
    return { scenario: 'ingest', metrics, notes: corpusNotes(corpus) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

export function corpusMetrics({ facts }: Corpus): Metrics {
  const metrics: Metrics = {
    raw: metric(facts.rawBytes / 1e6, 'MB'),
    rows: metric(facts.rowCount, 'logs'),
    raw_per_row: metric(facts.rawBytes / facts.rowCount, 'bytes'),
    sent_per_raw: metric(facts.bodyBytes / facts.rawBytes, 'LZ4 bytes/raw byte'),
  };
  if (facts.textBytes !== undefined)
    metrics['raw_per_text'] = metric(
      facts.rawBytes / facts.textBytes,
      'raw bytes/byte of the lines',
    );
  return metrics;
}

/** What must be known of the corpus to read the numbers. */
export function corpusNotes({ spec, facts }: Corpus): readonly string[] {
  const what =
    spec.directory === undefined
      ? `synthetic corpus: ${spec.kind}${spec.isLine ? ', access logs as lines' : ''}, seed ${spec.seed}`
      : `real files of ${spec.directory}`;
  const repeated =
    facts.passCount > 1
      ? [`the files were repeated ${facts.passCount} times, which flatters sizes and speeds`]
      : [];
  return [what, ...repeated];
}

async function measureIdle(directory: string, options: BenchOptions): Promise<Metrics> {
  options.progress(`idle with ${IDLE_LOGSTORES} logstores for ${IDLE_MS / 1000} s`);
  await using server = await BenchServer.start(directory);
  await server.provision(indexConfig({ kind: 'mix', seed: 0, sizeBytes: 0, isLine: false }, false));
  for (let i = 1; i < IDLE_LOGSTORES; i++) {
    const logstore = { logstoreName: `idle-${i}`, ttl: 30, shardCount: 2 };
    await server.client.call('POST', '/logstores', { project: PROJECT, json: logstore });
  }
  await sleep(IDLE_MS);
  return { rss_idle: mebibytes(readTreeUsage(server.pid).rssBytes) };
}

interface Fill {
  readonly corpus: Corpus;
  readonly index: object;
  readonly options: BenchOptions;
}

async function measureFill(directory: string, { corpus, index, options }: Fill): Promise<Metrics> {
  const rawMegabytes = corpus.facts.rawBytes / 1e6;
  await using server = await BenchServer.start(directory);
  await server.provision(index);
  using memory = new PeakMemory(server.pid);
  const cpu = (): number => readTreeUsage(server.pid).cpuSeconds;
  const cpuBefore = cpu();
  const started = performance.now();
  const secondsSince = (): number => (performance.now() - started) / 1000;

  options.progress(`sending ${Math.round(rawMegabytes)} MB`);
  const latencies = await server.fill(corpus);
  const acked = { seconds: secondsSince(), cpu: cpu() - cpuBefore };
  options.progress('waiting until all of it is searchable');
  await server.waitUntilIndexed(corpus.facts.rowCount);
  const indexed = { seconds: secondsSince(), cpu: cpu() - cpuBefore };
  options.progress('waiting until all of it is committed');
  await server.commit(index);
  const committedSeconds = secondsSince();
  await server.waitUntilQuiet();
  const committedCpu = cpu() - cpuBefore;
  const peak = memory.bytes;
  const disk = await readDiskUsage(directory);

  const rate = (STEADY_PART * corpus.facts.rawBytes) / indexed.seconds;
  options.progress(`${(rate / 1e6).toFixed(1)} MB/s with probes for ${options.seconds} s`);
  const steady = await runSteady(server, {
    corpus,
    bytesPerSecond: rate,
    seconds: options.seconds,
  });
  return {
    acked_per_cpu_second: metric(rawMegabytes / acked.cpu, 'MB raw/CPU-s, to the last ack'),
    committed_per_cpu_second: metric(
      rawMegabytes / committedCpu,
      'MB raw/CPU-s, all searchable, committed, compacted',
    ),
    acked_speed: metric(rawMegabytes / acked.seconds, 'MB raw/s'),
    indexed_speed: metric(rawMegabytes / indexed.seconds, 'MB raw/s'),
    committed_speed: metric(rawMegabytes / committedSeconds, 'MB raw/s'),
    cpu_per_gb: metric(committedCpu / (rawMegabytes / 1000), 'CPU-s/GB raw'),
    ack_p50: metric(percentile(latencies, 0.5), 'ms'),
    ack_p99: metric(percentile(latencies, 0.99), 'ms'),
    rss_peak_fill: mebibytes(peak),
    rss_peak: mebibytes(memory.bytes),
    ...diskMetrics(disk, corpus.facts.rawBytes),
    ...steady,
  };
}

export function diskMetrics(
  disk: Awaited<ReturnType<typeof readDiskUsage>>,
  rawBytes: number,
  prefix = '',
): Metrics {
  const perRaw = (bytes: number): Metric => metric(bytes / rawBytes, 'bytes/raw byte');
  return {
    [`${prefix}disk_wal`]: perRaw(disk.wal),
    [`${prefix}disk_parquet`]: perRaw(disk.parquet),
    [`${prefix}disk_idx`]: perRaw(disk.idx),
    [`${prefix}disk_parquet_and_idx`]: perRaw(disk.parquet + disk.idx),
    [`${prefix}segments`]: metric(disk.segmentCount, 'files of rows'),
  };
}

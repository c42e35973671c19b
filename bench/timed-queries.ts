/** Latencies of queries: hot on a server that has seen them, cold on one that was just started. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { BenchServer, LOGSTORE, PROJECT } from './bench-server.ts';
import { PeakMemory } from '../test/support/process-tree.ts';
import { mebibytes, metric, percentile, type Metric } from './report.ts';

export interface TimedQuery {
  readonly name: string;
  /** Asks once; `attempt` counts on, so that a query may differ each time. Throws when the answer is wrong. */
  readonly ask: Ask;
  /** Other things to ask, timed hot only, by what follows the query's name in the name of the metric. */
  readonly parts?: Readonly<Record<string, Ask>>;
}

type Ask = (server: BenchServer, attempt: number) => Promise<void>;

export const LATENCY_COLUMNS: readonly string[] = ['hot_p50', 'hot_p95', 'cold_p50', 'cold_p95'];

export interface TimedOptions {
  readonly dataDirectory: string;
  readonly tries: number;
  readonly coldTries: number;
  readonly progress: (text: string) => void;
}

/** Asked before hot latencies are taken, so that segments are open and code is compiled. */
const WARM_UPS = 5;

/** What a server does in the background after its start. */
const SETTLE_MS = 300;

export interface TimedResult {
  /** `<name>_<part>_p50`, `_p95`, parts being `hot`, `cold` and those of the query, milliseconds; `rss_peak_hot`, of the process tree. */
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly notes: readonly string[];
}

export async function timeQueries(
  queries: readonly TimedQuery[],
  options: TimedOptions,
): Promise<TimedResult> {
  const hot = await timeHot(queries, options);
  if (options.coldTries === 0) return { metrics: hot, notes: [] };
  const cold = await timeCold(queries, options);
  return { metrics: { ...hot, ...cold.metrics }, notes: cold.notes };
}

async function timeHot(
  queries: readonly TimedQuery[],
  options: TimedOptions,
): Promise<Record<string, Metric>> {
  const metrics: Record<string, Metric> = {};
  await using server = await BenchServer.start(options.dataDirectory);
  using memory = new PeakMemory(server.pid);
  for (const { name, ask, parts } of queries)
    for (const [part, askPart] of Object.entries({ hot: ask, ...parts })) {
      options.progress(`${name}, ${part}, ${options.tries} times`);
      for (let i = 0; i < WARM_UPS; i++) await askPart(server, i);
      const latencies: number[] = [];
      for (let i = 0; i < options.tries; i++)
        latencies.push(await milliseconds(() => askPart(server, WARM_UPS + i)));
      metrics[`${name}_${part}_p50`] = metric(percentile(latencies, 0.5), 'ms');
      metrics[`${name}_${part}_p95`] = metric(percentile(latencies, 0.95), 'ms');
    }
  metrics['rss_peak_hot'] = mebibytes(memory.bytes);
  return metrics;
}

/** Each latency is the first query of a new server process, files out of memory if the system allows it. */
async function timeCold(
  queries: readonly TimedQuery[],
  options: TimedOptions,
): Promise<TimedResult> {
  const metrics: Record<string, Metric> = {};
  let isDropped = true;
  for (const { name, ask } of queries) {
    options.progress(`${name}, cold, ${options.coldTries} times`);
    const latencies: number[] = [];
    for (let i = 0; i < options.coldTries; i++) {
      isDropped = dropPageCache() && isDropped;
      await using server = await BenchServer.start(options.dataDirectory);
      // Opens the connection and the catalog, no segment.
      await server.client.call('GET', `/logstores/${LOGSTORE}`, { project: PROJECT });
      await sleep(SETTLE_MS);
      latencies.push(await milliseconds(() => ask(server, 10_000 + i)));
    }
    metrics[`${name}_cold_p50`] = metric(percentile(latencies, 0.5), 'ms');
    metrics[`${name}_cold_p95`] = metric(percentile(latencies, 0.95), 'ms');
  }
  const note = isDropped
    ? 'cold: the first query of a server that was just started, page cache dropped before the start'
    : 'cold: the first query of a server that was just started; the page cache could not be dropped';
  return { metrics, notes: [note] };
}

/** False when this user may not. */
function dropPageCache(): boolean {
  try {
    execFileSync('sync');
    writeFileSync('/proc/sys/vm/drop_caches', '3');
    return true;
  } catch {
    return false;
  }
}

async function milliseconds(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

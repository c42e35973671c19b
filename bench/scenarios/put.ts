/**
 * Durable PutLogs over HTTP: raw MB/s with 1 and with 16 clients, each keeping one request under way, against a
 * server process of its own. Bodies are made and compressed before the clock starts.
 */
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compress } from '#protocol/compression.ts';
import {
  readProcessUsage,
  startServerProcess,
  type ServerProcess,
} from '../../test/support/server-process.ts';
import { SlsClient } from '../../test/support/sls-client.ts';
import type { BenchOptions } from '../bench-options.ts';
import { SyntheticCorpus } from '../corpus/synthetic-corpus.ts';
import { mebibytes, percentile, type BenchResult, type Metric } from '../report.ts';
import { readStages } from '../stages.ts';

const PROJECT = 'bench';
const GROUP_COUNT = 32;

interface Payload {
  readonly raw: Uint8Array;
  readonly body: Uint8Array;
}

export async function benchPut(options: BenchOptions): Promise<BenchResult> {
  const payloads = makePayloads(options);
  const directory = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  const metrics: Record<string, Metric> = {};
  try {
    for (const clientCount of [1, 16]) {
      options.progress(`put with ${clientCount} clients for ${options.seconds} s`);
      const server = await startServerProcess(join(directory, String(clientCount)));
      try {
        metrics[`idle_rss_before_${clientCount}`] = mebibytes(
          readProcessUsage(server.pid).rssBytes,
        );
        Object.assign(metrics, await measure(server, payloads, { clientCount, ...options }));
        const wal = await treeBytes(join(directory, String(clientCount), 'wal'));
        metrics[`wal_per_raw_${clientCount}`] = {
          value: wal / (metrics[`raw_${clientCount}`]?.value ?? 1) / 2 ** 20,
          unit: 'bytes/byte',
        };
      } finally {
        await server.stop();
      }
    }
    Object.assign(metrics, await measureStages(join(directory, 'profiled'), payloads, options));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  return { scenario: 'put', metrics };
}

function makePayloads(options: BenchOptions): readonly Payload[] {
  const corpus = new SyntheticCorpus({
    kind: options.kind ?? 'mix',
    seed: options.seed,
    isLine: options.isLine,
  });
  return Array.from({ length: GROUP_COUNT }, () => {
    const raw = Uint8Array.from(corpus.next());
    return { raw, body: compress('lz4', raw) };
  });
}

async function measure(
  server: ServerProcess,
  payloads: readonly Payload[],
  options: BenchOptions & { readonly clientCount: number },
): Promise<Record<string, Metric>> {
  const client = new SlsClient(server.endpoint);
  await client.provision(PROJECT, 'put', { shardCount: 2 });
  const latencies: number[] = [];
  let rawBytes = 0;
  const before = readProcessUsage(server.pid);
  const started = performance.now();
  const deadline = started + options.seconds * 1000;
  const runClient = async (first: number): Promise<void> => {
    for (let i = first; performance.now() < deadline; i++) {
      const payload = payloads[i % payloads.length];
      if (payload === undefined) return;
      const sent = performance.now();
      const response = await client.putRaw(PROJECT, 'put', payload);
      if (response.status !== 200) throw new Error(response.body.toString());
      latencies.push(performance.now() - sent);
      rawBytes += payload.raw.length;
    }
  };
  await Promise.all(Array.from({ length: options.clientCount }, (_, i) => runClient(i)));
  const seconds = (performance.now() - started) / 1000;
  const after = readProcessUsage(server.pid);
  client.close();
  const raw = rawBytes / 2 ** 20;
  const suffix = String(options.clientCount);
  return {
    [`raw_${suffix}`]: { value: raw, unit: 'MiB' },
    [`throughput_${suffix}`]: { value: raw / seconds, unit: 'MiB raw/s' },
    [`per_cpu_second_${suffix}`]: {
      value: raw / (after.cpuSeconds - before.cpuSeconds),
      unit: 'MiB raw/CPU-s of the server',
    },
    [`ack_p50_${suffix}`]: { value: percentile(latencies, 0.5), unit: 'ms' },
    [`ack_p99_${suffix}`]: { value: percentile(latencies, 0.99), unit: 'ms' },
    [`peak_rss_${suffix}`]: mebibytes(after.peakRssBytes),
  };
}

/** A run of its own under the profiler: CPU seconds per raw GiB by stage, indexing included. */
async function measureStages(
  directory: string,
  payloads: readonly Payload[],
  options: BenchOptions,
): Promise<Record<string, Metric>> {
  options.progress('put with 16 clients under the profiler');
  const profiles = join(directory, 'profiles');
  await mkdir(profiles, { recursive: true });
  const flags = ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
  const server = await startServerProcess(join(directory, 'data'), [], flags);
  let rawGibibytes: number;
  try {
    const measured = await measure(server, payloads, { clientCount: 16, ...options });
    rawGibibytes = (measured['raw_16']?.value ?? 0) / 1024;
  } finally {
    await server.stop();
  }
  const stages = [...readStages(profiles)].filter(([, seconds]) => seconds / rawGibibytes >= 0.01);
  return Object.fromEntries(
    stages.map(([stage, seconds]) => [
      `stage_${stage}`,
      { value: seconds / rawGibibytes, unit: 'CPU-s/GiB raw' },
    ]),
  );
}

async function treeBytes(directory: string): Promise<number> {
  let total = 0;
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) total += (await stat(join(entry.parentPath, entry.name))).size;
  return total;
}

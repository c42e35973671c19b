/** A load below the limit, and how long a log takes from its acknowledgement to the first search that finds it. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { compress } from '#protocol/compression.ts';
import { encodeLogGroup } from '#protocol/log-group.ts';
import type { BenchServer } from './bench-server.ts';
import { BodyFileReader } from './corpus/body-file.ts';
import type { Corpus } from './corpus/corpus-cache.ts';
import { readTreeUsage } from '../test/support/process-tree.ts';
import { metric, percentile, type Metric } from './report.ts';
import { TaskGroup } from './task-group.ts';

const PROBE_INTERVAL_MS = 100;
const SEARCH_INTERVAL_MS = 10;

/** A probe that nobody finds for so long is an error. */
const PROBE_WAIT_MS = 60_000;

/** Probes under way; past it no new one is sent, and the result says so. */
const PROBES_MAX = 64;

/** Requests under way when the server does not keep up. */
const REQUESTS_MAX = 16;

/** Probes have the present time; searches look at this much around it. */
const PROBE_RANGE_SECONDS = 120;

interface Steady {
  readonly corpus: Corpus;
  readonly bytesPerSecond: number;
  readonly seconds: number;
}

export async function runSteady(
  server: BenchServer,
  { corpus, bytesPerSecond, seconds }: Steady,
): Promise<Record<string, Metric>> {
  const started = performance.now();
  const deadline = started + seconds * 1000;
  const cpuBefore = readTreeUsage(server.pid).cpuSeconds;
  const [load, probes] = await Promise.all([
    sendAtRate(server, { corpus, bytesPerSecond, deadline }),
    sendProbes(server, deadline),
  ]);
  const { cpuSeconds } = readTreeUsage(server.pid);
  return {
    steady_target: metric(bytesPerSecond / 1e6, 'MB raw/s, 70 % of indexed_speed'),
    steady_speed: metric(load.rawBytes / 1e6 / load.seconds, 'MB raw/s'),
    steady_cores: metric(
      (cpuSeconds - cpuBefore) / ((performance.now() - started) / 1000),
      'cores',
    ),
    steady_ack_p50: metric(percentile(load.latencies, 0.5), 'ms'),
    steady_ack_p99: metric(percentile(load.latencies, 0.99), 'ms'),
    searchable_p50: metric(percentile(probes.found, 0.5), 'ms after the ack'),
    searchable_p99: metric(percentile(probes.found, 0.99), 'ms after the ack'),
    probes: metric(probes.found.length, 'logs'),
    probes_held_back: metric(probes.heldBack, 'logs'),
  };
}

async function sendAtRate(
  server: BenchServer,
  load: {
    readonly corpus: Corpus;
    readonly bytesPerSecond: number;
    readonly deadline: number;
  },
): Promise<{
  readonly rawBytes: number;
  readonly seconds: number;
  readonly latencies: readonly number[];
}> {
  using reader = new BodyFileReader(load.corpus.path);
  const latencies: number[] = [];
  const tasks = new TaskGroup();
  const started = performance.now();
  let rawBytes = 0;
  while (performance.now() < load.deadline && !tasks.hasFailed) {
    let body = reader.next();
    if (body === undefined) {
      reader.rewind();
      body = reader.next();
    }
    if (body === undefined) throw new Error('the corpus is empty');
    const due = started + (rawBytes / load.bytesPerSecond) * 1000;
    if (due > performance.now()) await sleep(due - performance.now());
    if (tasks.size >= REQUESTS_MAX) await tasks.oneLess();
    rawBytes += body.rawBytes;
    const sending = body;
    tasks.start(async () => {
      const sent = performance.now();
      await server.put(sending);
      latencies.push(performance.now() - sent);
    });
  }
  await tasks.settled();
  return { rawBytes, seconds: (performance.now() - started) / 1000, latencies };
}

async function sendProbes(
  server: BenchServer,
  deadline: number,
): Promise<{ readonly found: readonly number[]; readonly heldBack: number }> {
  const found: number[] = [];
  const tasks = new TaskGroup();
  let heldBack = 0;
  for (let due = performance.now(); due < deadline && !tasks.hasFailed; due += PROBE_INTERVAL_MS) {
    await sleep(Math.max(0, due - performance.now()));
    if (tasks.size >= PROBES_MAX) {
      heldBack++;
      continue;
    }
    tasks.start(async () => {
      found.push(await runProbe(server));
    });
  }
  await tasks.settled();
  return { found, heldBack };
}

/** Milliseconds from the acknowledgement of a new log to the first answer that has it. */
async function runProbe(server: BenchServer): Promise<number> {
  const term = `probe${randomBytes(8).toString('hex')}`;
  const time = Math.floor(Date.now() / 1000);
  const raw = encodeLogGroup({
    logs: [{ time, contents: [{ key: 'content', value: `looking for ${term}` }] }],
    topic: '',
    source: '127.0.0.1',
    tags: [],
  });
  await server.put({ body: compress('lz4', raw), rawBytes: raw.length });
  const acked = performance.now();
  const range = { from: time - PROBE_RANGE_SECONDS, to: time + PROBE_RANGE_SECONDS };
  while (performance.now() - acked < PROBE_WAIT_MS) {
    const { rows } = await server.logs(term, range);
    if (rows.length > 0) return performance.now() - acked;
    await sleep(SEARCH_INTERVAL_MS);
  }
  throw new Error('a log that was acknowledged cannot be found');
}

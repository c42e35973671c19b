/** One ingest under the CPU profiler: CPU seconds per raw GB by thread and stage. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BenchServer } from './bench-server.ts';
import type { Corpus } from './corpus/corpus-cache.ts';
import { readTreeUsage } from '../test/support/process-tree.ts';
import { metric, type Metric } from './report.ts';
import { readStages } from './stages.ts';

/** CPU seconds per raw GB below which a stage is left out. */
const STAGE_MIN = 0.1;

/** What a server does in the background after a commit of a corpus of this size. */
const SETTLE_MS = 5000;

/** The profiler itself takes some percent; the speed of this run is not reported. */
export async function measureStages(
  directory: string,
  run: {
    readonly corpus: Corpus;
    readonly index: object;
    readonly progress: (text: string) => void;
  },
): Promise<Record<string, Metric>> {
  const { corpus, index } = run;
  const rawGigabytes = corpus.facts.rawBytes / 1e9;
  run.progress(`${Math.round(rawGigabytes * 1000)} MB under the profiler`);
  const profiles = join(directory, 'profiles');
  await mkdir(profiles, { recursive: true });
  const flags = ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
  let cpuSeconds = 0;
  {
    await using server = await BenchServer.start(join(directory, 'data'), flags);
    await server.provision(index);
    await server.fill(corpus);
    await server.waitUntilIndexed(corpus.facts.rowCount);
    await server.commit(index);
    // The profiler never rests, so there is no waiting for a quiet server.
    await sleep(SETTLE_MS);
    ({ cpuSeconds } = readTreeUsage(server.pid));
  }
  const stages = readStages(profiles);
  if (stages.size === 0) throw new Error('the profiler wrote nothing');
  const profiled = stages.values().reduce((sum, seconds) => sum + seconds, 0);
  const perGigabyte = (seconds: number): Metric => metric(seconds / rawGigabytes, 'CPU-s/GB raw');
  return {
    ...Object.fromEntries(
      [...stages]
        .filter(([, seconds]) => seconds / rawGigabytes >= STAGE_MIN)
        .map(([stage, seconds]) => [`stage_${stage}`, perGigabyte(seconds)]),
    ),
    // Native threads, compilation, the start of the process, the profiler itself.
    stage_not_profiled: perGigabyte(Math.max(0, cpuSeconds - profiled)),
  };
}

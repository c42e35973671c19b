/**
 * Where a server's time goes, from the CPU profiles that Node writes (`--cpu-prof`: V8's sampling profiler): self time
 * of every function, added up by the room of `src/` that it lives in, or by what it is where it is not ours.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

/** Seconds of CPU by stage over all profiles in the folder: threads add up, waiting is left out. */
export function readStages(directory: string): ReadonlyMap<string, number> {
  const stages = new Map<string, number>();
  for (const name of readdirSync(directory)) {
    if (!name.endsWith('.cpuprofile')) continue;
    const profile = JSON.parse(readFileSync(join(directory, name), 'utf8')) as CpuProfile;
    const byId = new Map(profile.nodes.map((node) => [node.id, stageOf(node.callFrame)]));
    profile.samples.forEach((id, i) => {
      const stage = byId.get(id);
      if (stage === undefined) return;
      stages.set(stage, (stages.get(stage) ?? 0) + (profile.timeDeltas[i] ?? 0) / 1e6);
    });
  }
  return new Map([...stages].toSorted(([, a], [, b]) => b - a));
}

/** Undefined for waiting and for the sampler itself. */
function stageOf(frame: {
  readonly functionName: string;
  readonly url: string;
}): string | undefined {
  if (frame.functionName === '(idle)' || frame.functionName === '(program)') return undefined;
  if (frame.functionName === '(garbage collector)') return 'garbage_collector';
  const ours = /\/src\/([a-z]+)\/(?:.*\/)?([a-z0-9-]+)\.ts$/u.exec(frame.url);
  if (ours?.[1] === 'protocol') return `protocol_${(ours[2] ?? '').replaceAll('-', '_')}`;
  if (ours !== null) return ours[1];
  if (frame.url.startsWith('wasm:')) return 'parquet_wasm';
  if (frame.url.includes('internal/crypto')) return 'signature_hashes';
  return 'node_and_libraries';
}

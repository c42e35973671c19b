/**
 * Where a server's time goes, from the CPU profiles that Node writes (`--cpu-prof`: V8's sampling profiler): self time
 * of every function, added up by thread (`main`, `worker`) and by the room of `src/` that it lives in, or by what it is
 * where it is not ours. WebAssembly counts by function where the module has names. Threads of native libraries
 * (DuckDB, zstd, file reads) have no profile.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
}

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

/** Seconds of CPU by `<thread>_<stage>` over all profiles in the folder: threads add up, waiting is left out. */
export function readStages(directory: string): ReadonlyMap<string, number> {
  const stages = new Map<string, number>();
  for (const name of readdirSync(directory)) {
    if (!name.endsWith('.cpuprofile')) continue;
    const profile = JSON.parse(readFileSync(join(directory, name), 'utf8')) as CpuProfile;
    const thread = threadOf(name);
    const byId = new Map(profile.nodes.map((node) => [node.id, stageOf(node.callFrame)]));
    profile.samples.forEach((id, i) => {
      const stage = byId.get(id);
      if (stage === undefined) return;
      const key = `${thread}_${stage}`;
      stages.set(key, (stages.get(key) ?? 0) + (profile.timeDeltas[i] ?? 0) / 1e6);
    });
  }
  return new Map([...stages].toSorted(([, a], [, b]) => b - a));
}

/** Names are `CPU.<date>.<time>.<process>.<thread>.<number>.cpuprofile`; the main thread is 0. */
function threadOf(name: string): 'main' | 'worker' {
  return name.split('.')[4] === '0' ? 'main' : 'worker';
}

/** Rooms where it matters in which file the time goes. */
const BY_FILE: ReadonlySet<string> = new Set(['kernel', 'parquet', 'protocol', 'segment']);

/** Undefined for waiting and for the sampler itself. */
function stageOf(frame: CallFrame): string | undefined {
  if (frame.functionName === '(idle)' || frame.functionName === '(program)') return undefined;
  if (frame.functionName === '(garbage collector)') return 'garbage_collector';
  const ours = /\/src\/([a-z]+)\/(?:.*\/)?([a-z0-9-]+)\.ts$/u.exec(frame.url);
  if (ours !== null && BY_FILE.has(ours[1] ?? ''))
    return `${ours[1]}_${(ours[2] ?? '').replaceAll('-', '_')}`;
  if (ours !== null) return ours[1];
  if (frame.url.startsWith('wasm:')) return wasmStage(frame.functionName);
  if (frame.url.includes('internal/crypto')) return 'signature_hashes';
  if (/node:(?:internal\/)?zlib/u.test(frame.url)) return 'zlib';
  return 'node_and_libraries';
}

/** A name is a path in the sources of the module; without names a function is a number. */
function wasmStage(functionName: string): string {
  if (/^wasm-function\[\d+\]$/u.test(functionName) || functionName === '') return 'wasm';
  return `wasm_${functionName.slice(functionName.lastIndexOf('/') + 1).replaceAll(/\W+/gu, '_')}`;
}

/** Corpora on disk, made by a process of their own when they are not there yet. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CorpusFacts } from './corpus-facts.ts';
import type { CorpusKind } from './synthetic-corpus.ts';

export interface CorpusSpec {
  readonly kind: CorpusKind;
  readonly seed: number;
  /** Raw bytes at least; the last group goes beyond. */
  readonly sizeBytes: number;
  /** Access logs as one unparsed line. */
  readonly isLine: boolean;
  /** Real files instead of a synthetic corpus. */
  readonly directory?: string | undefined;
}

export interface Corpus {
  readonly spec: CorpusSpec;
  readonly facts: CorpusFacts;
  /** Path of its bodies (`body-file.ts`). */
  readonly path: string;
}

/** Bodies kept for the next run: enough for the five kinds at 1.5 GB raw. */
const CACHE_BYTES_MAX = 4e9;

const ENTRY = join(import.meta.dirname, 'make-corpus-child.ts');

/** Makes the corpus unless it is there. Errors: what the process that makes it wrote. */
export async function openCorpus(
  spec: CorpusSpec,
  progress: (text: string) => void,
): Promise<Corpus> {
  const folder = join(tmpdir(), 'sluice-bench-corpus');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${spec.directory === undefined ? spec.kind : 'files'}-${keyOf(spec)}`);
  if (!existsSync(`${path}.json`)) {
    progress(`making a corpus of ${Math.round(spec.sizeBytes / 1e6)} MB (kept in ${folder})`);
    prune(folder);
    await runChild(spec, path);
  }
  const now = new Date();
  utimesSync(path, now, now);
  const facts = JSON.parse(readFileSync(`${path}.json`, 'utf8')) as CorpusFacts;
  return { spec, facts, path };
}

/** Changes with everything that the bytes depend on, the code of the generator included. */
function keyOf(spec: CorpusSpec): string {
  const hash = createHash('sha256').update(JSON.stringify(spec));
  for (const name of readdirSync(import.meta.dirname).toSorted())
    hash.update(readFileSync(join(import.meta.dirname, name)));
  if (spec.directory !== undefined)
    for (const entry of readdirSync(spec.directory, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const { size, mtimeMs } = statSync(join(entry.parentPath, entry.name));
      hash.update(`${entry.parentPath}/${entry.name} ${size} ${mtimeMs}\n`);
    }
  return hash.digest('hex').slice(0, 16);
}

/** Removes the corpora that were not used for the longest time, until the rest is small enough. */
function prune(folder: string): void {
  const files = readdirSync(folder)
    .map((name) => ({ path: join(folder, name), stats: statSync(join(folder, name)) }))
    .toSorted((a, b) => b.stats.mtimeMs - a.stats.mtimeMs);
  let bytes = 0;
  for (const { path, stats } of files) {
    bytes += stats.size;
    if (bytes <= CACHE_BYTES_MAX || path.endsWith('.json')) continue;
    rmSync(path, { force: true });
    rmSync(`${path}.json`, { force: true });
  }
}

async function runChild(spec: CorpusSpec, path: string): Promise<void> {
  const child = spawn(process.execPath, [ENTRY, JSON.stringify(spec), path], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('exit', resolve);
    child.once('error', reject);
  });
  if (code !== 0) throw new Error(`the process that makes the corpus ended with ${code}`);
}

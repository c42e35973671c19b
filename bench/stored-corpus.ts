/** A data directory that holds a corpus, committed: made by an ingest, or kept by an earlier run. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { corpusSpec, type BenchOptions } from './bench-options.ts';
import { BenchServer } from './bench-server.ts';
import type { CorpusSpec } from './corpus/corpus-cache.ts';
import { openCorpus } from './corpus/corpus-cache.ts';
import type { CorpusFacts } from './corpus/corpus-facts.ts';
import type { CorpusKind } from './corpus/synthetic-corpus.ts';
import { indexConfig } from './index-configs.ts';

export interface StoredCorpus extends AsyncDisposable {
  readonly spec: CorpusSpec;
  readonly facts: CorpusFacts;
  /** The server's data directory. */
  readonly dataDirectory: string;
}

/** Beside the data directory: what is in it. */
const FACTS_FILE = 'bench.json';

/** Searches need a field index with statistics for the fields that SQL and `field:value` name. */
export async function openStoredCorpus(
  options: BenchOptions,
  defaults: { readonly kind: CorpusKind; readonly sizeBytes: number },
): Promise<StoredCorpus> {
  if (options.data !== undefined) return openKept(resolve(options.data));
  const spec = corpusSpec(options, defaults);
  const corpus = await openCorpus(spec, options.progress);
  const isKept = options.keepData !== undefined;
  const folder = isKept
    ? resolve(options.keepData)
    : await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  const dispose = async (): Promise<void> => {
    if (!isKept) await rm(folder, { recursive: true, force: true });
  };
  try {
    await mkdir(folder, { recursive: true });
    if (existsSync(join(folder, 'data')))
      throw new Error(`${folder} holds data already: use --data`);
    options.progress(`storing ${Math.round(corpus.facts.rawBytes / 1e6)} MB`);
    const index = indexConfig(spec, true);
    await using server = await BenchServer.start(join(folder, 'data'));
    await server.provision(index);
    await server.fill(corpus);
    await server.waitUntilIndexed(corpus.facts.rowCount);
    await server.commit(index);
    await server.waitUntilQuiet();
    // Last: a folder without it is not complete.
    writeFileSync(join(folder, FACTS_FILE), JSON.stringify({ spec, facts: corpus.facts }));
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    spec,
    facts: corpus.facts,
    dataDirectory: join(folder, 'data'),
    [Symbol.asyncDispose]: dispose,
  };
}

function openKept(folder: string): StoredCorpus {
  const path = join(folder, FACTS_FILE);
  if (!existsSync(path)) throw new Error(`${folder} was not made by --keep-data`);
  const kept = JSON.parse(readFileSync(path, 'utf8')) as {
    readonly spec: CorpusSpec;
    readonly facts: CorpusFacts;
  };
  return {
    ...kept,
    dataDirectory: join(folder, 'data'),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

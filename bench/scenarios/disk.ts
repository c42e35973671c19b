/** Bytes on disk per raw byte after everything is committed, for each kind of logs and for the mix. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, zstdCompressSync } from 'node:zlib';
import { decompress } from '#protocol/compression.ts';
import { corpusSpec, type BenchOptions } from '../bench-options.ts';
import { BenchServer } from '../bench-server.ts';
import { BodyFileReader } from '../corpus/body-file.ts';
import { openCorpus, type Corpus } from '../corpus/corpus-cache.ts';
import { CORPUS_KINDS, type CorpusKind } from '../corpus/synthetic-corpus.ts';
import { readDiskUsage } from '../disk-usage.ts';
import { indexConfig } from '../index-configs.ts';
import { metric, type BenchResult, type Metric } from '../report.ts';
import { corpusNotes, diskMetrics } from './ingest.ts';

const SIZE_BYTES = 1.5e9;

/** Raw bytes that are compressed for comparison. */
const ZSTD_SAMPLE_BYTES = 32e6;

const DISK_COLUMNS = ['disk_wal', 'disk_parquet', 'disk_idx', 'disk_parquet_and_idx', 'zstd_3'];

export async function benchDisk(options: BenchOptions): Promise<BenchResult> {
  const metrics: Record<string, Metric> = {};
  const kinds: readonly CorpusKind[] =
    options.kind !== undefined || options.corpusDirectory !== undefined
      ? [options.kind ?? 'mix']
      : CORPUS_KINDS;
  const notes: string[] = [];
  for (const kind of kinds) {
    const spec = corpusSpec({ ...options, kind }, { kind, sizeBytes: SIZE_BYTES });
    const corpus = await openCorpus(spec, options.progress);
    const name = spec.directory === undefined ? kind : 'files';
    Object.assign(metrics, await measureKind(name, corpus, options));
    notes.push(...corpusNotes(corpus));
  }
  return { scenario: 'disk', columns: DISK_COLUMNS, metrics, notes };
}

async function measureKind(
  name: string,
  corpus: Corpus,
  options: BenchOptions,
): Promise<Record<string, Metric>> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  try {
    options.progress(`${name}: storing ${Math.round(corpus.facts.rawBytes / 1e6)} MB`);
    const index = indexConfig(corpus.spec, options.hasKeys);
    await using server = await BenchServer.start(directory);
    await server.provision(index);
    await server.fill(corpus);
    await server.waitUntilIndexed(corpus.facts.rowCount);
    await server.commit(index);
    await server.waitUntilQuiet();
    return {
      [`${name}_raw`]: metric(corpus.facts.rawBytes / 1e6, 'MB'),
      ...diskMetrics(await readDiskUsage(directory), corpus.facts.rawBytes, `${name}_`),
      [`${name}_zstd_3`]: metric(zstdPerRaw(corpus), 'bytes/raw byte'),
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function zstdPerRaw(corpus: Corpus): number {
  using reader = new BodyFileReader(corpus.path);
  const groups: Uint8Array[] = [];
  let rawBytes = 0;
  while (rawBytes < ZSTD_SAMPLE_BYTES) {
    const next = reader.next();
    if (next === undefined) break;
    groups.push(decompress('lz4', next.body, next.rawBytes, next.rawBytes));
    rawBytes += next.rawBytes;
  }
  const options = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };
  return zstdCompressSync(Buffer.concat(groups), options).length / rawBytes;
}

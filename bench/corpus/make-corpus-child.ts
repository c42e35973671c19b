/** Process that makes a corpus: `node make-corpus-child.ts <CorpusSpec as JSON> <path>`; writes bodies and facts. */
import { renameSync, writeFileSync } from 'node:fs';
import { compress } from '#protocol/compression.ts';
import { BodyFileWriter } from './body-file.ts';
import type { CorpusFacts } from './corpus-facts.ts';
import type { CorpusSpec } from './corpus-cache.ts';
import { RealCorpus } from './real-files.ts';
import { SyntheticCorpus } from './synthetic-corpus.ts';
import { COMMON_WORD } from './vocabulary.ts';

const [specText = '', path = ''] = process.argv.slice(2);
const spec = JSON.parse(specText) as CorpusSpec;
const facts = make(spec, `${path}.part`);
renameSync(`${path}.part`, path);
// Last: who finds the facts finds the bodies.
writeFileSync(`${path}.json.part`, JSON.stringify(facts));
renameSync(`${path}.json.part`, `${path}.json`);

function make(spec: CorpusSpec, target: string): CorpusFacts {
  const writer = new BodyFileWriter(target);
  const real =
    spec.directory === undefined
      ? undefined
      : new RealCorpus({ directory: spec.directory, time: Math.floor(Date.now() / 1000) });
  const corpus = real ?? new SyntheticCorpus(spec);
  while (corpus.counter.rawBytes < spec.sizeBytes) {
    const raw = corpus.next();
    writer.add({ rawBytes: raw.length, body: compress('lz4', raw) });
  }
  writer.close();
  const common = real?.common();
  // The lines of later passes are those of the first.
  if (common !== undefined) corpus.counter.commonCount = common.count * corpus.counter.passCount;
  return corpus.counter.facts({
    commonWord: common?.word ?? COMMON_WORD,
    bodyBytes: writer.bodyBytes,
  });
}

/**
 * The hot loops alone, on one core, without a server: log groups to rows (walk), rows to the lists of their terms
 * (invert), the terms sorted and their lists laid out (finish), posting lists, checksums. Medians over builds of the
 * size that the server seals.
 */
import { Bitset } from '#kernel/bitset.ts';
import { BuildKernel } from '#kernel/build-kernel.ts';
import { ByteWriter } from '#kernel/byte-writer.ts';
import { crc32c } from '#kernel/crc32c.ts';
import { decodePostings, encodePostings } from '#kernel/postings.ts';
import { compileTokenizer } from '#kernel/tokenizer.ts';
import { DEFAULT_TOKENS } from '#protocol/index-config.ts';
import type { BenchOptions } from '../bench-options.ts';
import { CorpusRandom } from '../corpus/random.ts';
import { CORPUS_KINDS, SyntheticCorpus, type CorpusKind } from '../corpus/synthetic-corpus.ts';
import { metric, percentile, type BenchResult, type Metric } from '../report.ts';

/** Raw bytes of one build. */
const BUILD_BYTES = 16e6;
const BUILDS = 9;

/** Rows of a segment in the tests of posting lists. */
const ROW_COUNT = 1_000_000;

/** Builds before the measured ones: code is compiled, memory is there. */
const WARM_UPS = 2;

export function benchKernel(options: BenchOptions): Promise<BenchResult> {
  if (options.corpusDirectory !== undefined)
    throw new Error('the kernel scenario has no --corpus: its logs are synthetic');
  const kinds: readonly CorpusKind[] = options.kind === undefined ? CORPUS_KINDS : [options.kind];
  const metrics: Record<string, Metric> = {};
  for (const kind of kinds) {
    options.progress(`${kind}: ${BUILDS} builds of ${BUILD_BYTES / 1e6} MB`);
    Object.assign(metrics, measureBuilds(kind, options));
  }
  options.progress('posting lists and checksums');
  Object.assign(metrics, measurePostings(options.seed), measureChecksum(options.seed));
  return Promise.resolve({
    scenario: 'kernel',
    columns: ['walk', 'invert', 'finish', 'tokenise_and_invert', 'all'],
    metrics,
    notes: [
      'MB are raw bytes (decompressed log groups); one thread; full text over every field',
      'walk: groups to rows in order of time; invert: their terms; finish: terms in order, lists laid out',
      'tokenise_and_invert: invert and finish; all: the three',
      `postings: lists of 1 % and of 0.01 % of ${ROW_COUNT} rows`,
    ],
  });
}

interface BuildTimes {
  readonly walk: number;
  readonly invert: number;
  readonly finish: number;
}

function measureBuilds(kind: CorpusKind, options: BenchOptions): Record<string, Metric> {
  const corpus = new SyntheticCorpus({ kind, seed: options.seed, isLine: options.isLine });
  const groups: Uint8Array[] = [];
  while (corpus.counter.rawBytes < BUILD_BYTES) groups.push(Uint8Array.from(corpus.next()));
  const { rawBytes, rowCount } = corpus.counter;
  const kernel = new BuildKernel();
  const builds: BuildTimes[] = [];
  for (let i = 0; i < WARM_UPS + BUILDS; i++) {
    const times = runBuild(kernel, groups, { rawBytes, rowCount });
    if (i >= WARM_UPS) builds.push(times);
  }
  const speed = (milliseconds: (times: BuildTimes) => number): Metric =>
    metric(rawBytes / 1e3 / percentile(builds.map(milliseconds), 0.5), 'MB raw/s');
  return {
    [`${kind}_walk`]: speed(({ walk }) => walk),
    [`${kind}_invert`]: speed(({ invert }) => invert),
    [`${kind}_finish`]: speed(({ finish }) => finish),
    [`${kind}_tokenise_and_invert`]: speed(({ invert, finish }) => invert + finish),
    [`${kind}_all`]: speed(({ walk, invert, finish }) => walk + invert + finish),
  };
}

const UNUSED_HOST = { leaf: (): undefined => undefined, number: (): number => Number.NaN };

/** Errors: the index does not have the rows that it was given. */
function runBuild(
  kernel: BuildKernel,
  groups: readonly Uint8Array[],
  expected: { readonly rawBytes: number; readonly rowCount: number },
): BuildTimes {
  const started = performance.now();
  kernel.begin(expected.rawBytes, groups.length, UNUSED_HOST);
  for (const group of groups)
    if (!kernel.addGroup(group, [])) throw new Error('the kernel refuses a log group');
  const tokenizer = compileTokenizer({ token: DEFAULT_TOKENS, caseSensitive: false, chn: false });
  kernel.setLine(kernel.textTarget(0, tokenizer));
  const fields = { own: undefined, numeric: undefined, json: undefined };
  for (const field of kernel.fieldNames().keys())
    if (kernel.isUsed(field)) kernel.setTargets(field, { line: true, lineValue: true, ...fields });
  const order = kernel.sort();
  const walked = performance.now();
  kernel.invert(order !== undefined);
  const inverted = performance.now();
  const terms = kernel.finish(1);
  const finished = performance.now();
  if (terms.rowCount !== expected.rowCount || terms.order.length === 0)
    throw new Error(`the index has ${terms.rowCount} rows, ${expected.rowCount} were added`);
  return { walk: walked - started, invert: inverted - walked, finish: finished - inverted };
}

function measurePostings(seed: number): Record<string, Metric> {
  const random = new CorpusRandom(seed);
  const metrics: Record<string, Metric> = {};
  for (const [name, share] of [
    ['common', 0.01],
    ['rare', 0.0001],
  ] as const) {
    const rows = Uint32Array.from(
      Array.from({ length: ROW_COUNT }, (_, row) => row).filter(() => random.chance(share)),
    );
    const range = { start: 0, end: rows.length, rowCount: ROW_COUNT };
    const coded = new ByteWriter(1 << 16);
    encodePostings(rows, range, coded);
    const bytes = Uint8Array.from(coded.view());
    const set = new Bitset(ROW_COUNT);
    decodePostings(bytes, set);
    if (rows.some((row) => !set.has(row))) throw new Error('a posting list lost a row');
    const speed = (work: () => void): Metric =>
      metric(rows.length / 1e3 / medianMilliseconds(work), 'million rows/s');
    metrics[`postings_encode_${name}`] = speed(() =>
      encodePostings(rows, range, new ByteWriter(1 << 16)),
    );
    metrics[`postings_decode_${name}`] = speed(() => decodePostings(bytes, set));
    metrics[`postings_bits_${name}`] = metric((bytes.length * 8) / rows.length, 'bits/row');
  }
  return metrics;
}

function measureChecksum(seed: number): Record<string, Metric> {
  const random = new CorpusRandom(seed);
  const bytes = Uint8Array.from({ length: 1 << 22 }, () => random.below(256));
  return {
    crc32c: metric(bytes.length / 1e3 / medianMilliseconds(() => crc32c(bytes)), 'MB/s'),
  };
}

function medianMilliseconds(work: () => unknown): number {
  const times: number[] = [];
  for (let i = 0; i < 50; i++) {
    const started = performance.now();
    work();
    times.push(performance.now() - started);
  }
  return percentile(times.slice(10), 0.5);
}

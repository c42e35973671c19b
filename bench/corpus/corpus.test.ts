/**
 * Goal: the corpus of the benchmark is what docs/benchmarks.md says: the same everywhere, not repetition, with the
 * shares of common words and late logs that scenarios count on.
 */
import { createHash } from 'node:crypto';
import { constants, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decodeLogGroup, inspectLogGroup } from '#protocol/log-group.ts';
import { CorpusRandom, Zipf } from './random.ts';
import { CORPUS_KINDS, SyntheticCorpus, type CorpusKind } from './synthetic-corpus.ts';
import { COMMON_WORD } from './vocabulary.ts';

const SAMPLE_BYTES = 5e6;

function sample(
  kind: CorpusKind,
  seed: number,
  bytes: number = SAMPLE_BYTES,
): SyntheticCorpus & { groups: Buffer[] } {
  const corpus = new SyntheticCorpus({ kind, seed });
  const groups: Buffer[] = [];
  while (corpus.counter.rawBytes < bytes) groups.push(Buffer.from(corpus.next()));
  return Object.assign(corpus, { groups });
}

const zstdBytes = (bytes: Buffer): number =>
  zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 3 } }).length;

describe.each(CORPUS_KINDS)('corpus %s', (kind) => {
  const made = sample(kind, 1);
  const facts = made.counter.facts({ commonWord: COMMON_WORD, bodyBytes: 0 });

  test('compresses as real logs do, 5 to 16 times', () => {
    const all = Buffer.concat(made.groups);
    const ratio = all.length / zstdBytes(all);
    expect(ratio).toBeGreaterThanOrEqual(5);
    expect(ratio).toBeLessThanOrEqual(16);
  });

  test('is valid log groups, and its facts are counted right', () => {
    let rows = 0;
    for (const group of made.groups) rows += inspectLogGroup(group).logCount;
    expect(facts.rowCount).toBe(rows);
    expect(facts.rawBytes).toBe(made.groups.reduce((sum, group) => sum + group.length, 0));
    expect(facts.lateCount / rows).toBeGreaterThan(0.005);
    expect(facts.lateCount / rows).toBeLessThan(0.015);
    expect(facts.commonCount / rows).toBeGreaterThan(0.04);
    expect(facts.commonCount / rows).toBeLessThan(0.06);
  });

  test('holds the common word and each needle exactly where the facts say', () => {
    const { logs } = decodeLogGroup(made.groups[0]!);
    const one = new SyntheticCorpus({ kind, seed: 1 });
    one.next();
    const expected = one.counter.facts({ commonWord: COMMON_WORD, bodyBytes: 0 });
    const texts = logs.map((log) => log.contents.map(({ value }) => value).join(' '));
    const isCommon = /(?<![\w-])checkout(?![\w-])/u;
    expect(texts.filter((text) => isCommon.test(text)).length).toBe(expected.commonCount);
    for (const { term, time } of expected.needles.slice(0, 20)) {
      const having = logs.filter((_log, i) => texts[i]!.includes(term));
      expect(having.map((log) => log.time)).toEqual([time]);
    }
  });
});

/** Of this very generator: numbers of two versions of the benchmark are about the same logs while it stays. */
const DIGEST_OF_SEED_3 = '8499448a050a39e1387850a6bee958b030434c9c8200b846688be8313b742b7e';

function digest(seed: number): string {
  const hash = createHash('sha256');
  for (const group of sample('mix', seed, 2e6).groups) hash.update(group);
  return hash.digest('hex');
}

test('the same seed gives the same bytes, another seed others', () => {
  expect(digest(3)).toBe(DIGEST_OF_SEED_3);
  expect(digest(4)).not.toBe(digest(3));
});

test('the line of an access log has the bytes that the parsed one counts', () => {
  const parsed = sample('access', 5, 1e6);
  const lines = new SyntheticCorpus({ kind: 'access', seed: 5, isLine: true });
  while (lines.counter.rowCount < parsed.counter.rowCount) lines.next();
  const perLine = lines.counter.textBytes / lines.counter.rowCount;
  expect(parsed.counter.textBytes / parsed.counter.rowCount).toBeCloseTo(perLine, -1);
});

test("ranks follow Zipf's law", () => {
  const random = new CorpusRandom(1);
  const zipf = new Zipf(1000);
  const counts = new Uint32Array(1000);
  for (let i = 0; i < 200_000; i++) counts[zipf.rank(random)]!++;
  expect(counts[0]! / counts[9]!).toBeGreaterThan(8.5);
  expect(counts[0]! / counts[9]!).toBeLessThan(11.5);
  expect(counts[0]! / 200_000).toBeCloseTo(1 / 7.485, 2);
});

/**
 * Clusters shapes of logs to patterns, after Drain (P. He, J. Zhu, Z. Zheng, M. R. Lyu, "Drain: An Online Log Parsing Approach
 * with Fixed Depth Tree", ICWS 2017): shapes with the same number of words and the same first ones meet in a leaf; there a
 * shape joins the pattern that it is most like, and words in which they differ become `*`. Shapes come by their counts, not
 * as they were written, so that the same logs give the same patterns.
 */
import { LEAF_PATTERNS_MAX, ORIGINS_MAX, SHAPE_WORDS_MAX } from '../limits.ts';
import { xxhash64 } from './xxhash64.ts';

export interface ShapeCount {
  readonly shape: string;
  readonly count: number;
  /** Of an earlier time that is compared with. */
  readonly countBefore: number;
}

export interface LogPattern {
  readonly pattern: string;
  readonly count: number;
  readonly countBefore: number;
  /** Of the pattern: 63 bits. */
  readonly signature: bigint;
  /** Of its shapes, those with the most logs first. */
  readonly originSignatures: readonly bigint[];
}

export const WILDCARD = '*';
const WILDCARD_NUMBER = 0;

/** Words and what stands between them, which is a part of the pattern but is not compared. */
interface Cluster {
  readonly parts: string[];
  readonly words: readonly string[];
  /** Numbers of the words; those of patterns change. */
  readonly numbers: Int32Array;
  count: number;
  countBefore: number;
  readonly origins: bigint[];
}

/** What stands between words: a shape is cut there, and keeps it. */
const BETWEEN = /([\s=,;|()[\]{}"'<>&?]+)/u;

/**
 * `precision`: 1 (finest) to 16. Most frequent first; shapes in any order, the same one more than once, too. Takes time in
 * proportion to shapes × patterns of a leaf × words, all bounded.
 */
export function logPatterns(precision: number, shapes: readonly ShapeCount[]): LogPattern[] {
  const leaves = new Map<string, Cluster[]>();
  const numbers = new Map<string, number>([[WILDCARD, WILDCARD_NUMBER]]);
  for (const one of mergeCounts(shapes)) {
    const cluster = clusterOf(one, numbers);
    const key = leafKey(cluster, precision);
    const leaf = leaves.get(key) ?? [];
    leaves.set(key, leaf);
    const [best, likeness] = mostLike(leaf, cluster);
    const isLike = likeness >= thresholdOf(precision) || leaf.length >= LEAF_PATTERNS_MAX;
    if (best !== undefined && isLike) join(best, cluster);
    else leaf.push(cluster);
  }
  return patternsOf([...leaves.values()].flat());
}

export function signatureOf(text: string): bigint {
  return BigInt.asUintN(63, xxhash64(Buffer.from(text)));
}

/** Each shape once, by falling counts. */
function mergeCounts(shapes: readonly ShapeCount[]): readonly ShapeCount[] {
  const merged = new Map<string, ShapeCount>();
  for (const one of shapes) {
    const before = merged.get(one.shape);
    const count = one.count + (before?.count ?? 0);
    const countBefore = one.countBefore + (before?.countBefore ?? 0);
    merged.set(one.shape, { shape: one.shape, count, countBefore });
  }
  const total = ({ count, countBefore }: ShapeCount): number => count + countBefore;
  return [...merged.values()].sort((a, b) => total(b) - total(a) || (a.shape < b.shape ? -1 : 1));
}

/** `numbers`: of all words until now. */
function clusterOf(
  { shape, count, countBefore }: ShapeCount,
  numbers: Map<string, number>,
): Cluster {
  const parts = shape.split(BETWEEN);
  const kept = parts.slice(0, SHAPE_WORDS_MAX * 2);
  if (kept.length < parts.length) kept[kept.length - 1] = ` ${WILDCARD}`;
  const words = kept.filter((_, i) => i % 2 === 0);
  const wordNumbers = Int32Array.from(words, (word) => {
    const number = numbers.get(word) ?? numbers.size;
    numbers.set(word, number);
    return number;
  });
  const origins = [signatureOf(shape)];
  return { parts: kept, words, numbers: wordNumbers, count, countBefore, origins };
}

/** Deeper trees are finer. */
function leafKey({ words }: Cluster, precision: number): string {
  const depth = precision <= 2 ? 2 : precision <= 10 ? 1 : 0;
  const first = words
    .filter((word) => word !== '')
    .slice(0, depth)
    .map((word) => (word.includes(WILDCARD) ? WILDCARD : word));
  return JSON.stringify([words.length, ...first]);
}

/** The share of words that must be the same: 0.85 to 0.1. */
function thresholdOf(precision: number): number {
  return 0.9 - 0.05 * precision;
}

function mostLike(
  leaf: readonly Cluster[],
  cluster: Cluster,
): readonly [Cluster | undefined, number] {
  let best: Cluster | undefined;
  let mostSame = -1;
  const { numbers } = cluster;
  for (const other of leaf) {
    let same = 0;
    for (let i = 0; i < numbers.length; i++) if (numbers[i] === other.numbers[i]) same++;
    if (same > mostSame) [best, mostSame] = [other, same];
  }
  return [best, mostSame / numbers.length];
}

function join(cluster: Cluster, other: Cluster): void {
  cluster.count += other.count;
  cluster.countBefore += other.countBefore;
  if (cluster.origins.length < ORIGINS_MAX) cluster.origins.push(...other.origins);
  for (let i = 0; i < other.numbers.length; i++)
    if (other.numbers[i] !== cluster.numbers[i]) {
      cluster.numbers[i] = WILDCARD_NUMBER;
      cluster.parts[i * 2] = WILDCARD;
    }
}

/** Patterns that have become the same are one. */
function patternsOf(clusters: readonly Cluster[]): LogPattern[] {
  const byPattern = new Map<string, Cluster>();
  for (const cluster of clusters) {
    const pattern = cluster.parts.join('').trim();
    const same = byPattern.get(pattern);
    if (same === undefined) byPattern.set(pattern, cluster);
    else join(same, cluster);
  }
  return [...byPattern]
    .map(([pattern, { count, countBefore, origins }]) => ({
      pattern,
      count,
      countBefore,
      signature: signatureOf(pattern),
      originSignatures: origins,
    }))
    .sort((a, b) => b.count - a.count || (a.pattern < b.pattern ? -1 : 1));
}

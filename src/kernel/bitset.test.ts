import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Bitset } from './bitset.ts';
import { countRanges } from './count-ranges.ts';
import { instantiateKernel, type KernelExports } from './kernel-module.ts';
import { KERNEL_WINDOW_BYTES } from './limits.ts';

interface BitsetExports extends KernelExports {
  bitsetAnd(left: number, right: number, bytes: number): void;
  bitsetOr(left: number, right: number, bytes: number): void;
  bitsetAndNot(left: number, right: number, bytes: number): void;
  bitsetNot(set: number, bytes: number, rowCount: number): void;
  bitsetCount(set: number, bytes: number): number;
}

/** Row by row, without any word. */
interface Rows {
  readonly length: number;
  readonly left: ReadonlySet<number>;
  readonly right: ReadonlySet<number>;
}

const rowsBelow = (length: number): fc.Arbitrary<ReadonlySet<number>> =>
  fc
    .tuple(fc.array(fc.nat(length - 1)), fc.nat(length), fc.nat(300))
    .map(
      ([rows, from, run]) =>
        new Set([
          ...rows,
          ...Array.from({ length: Math.min(run, length - from) }, (_, i) => from + i),
        ]),
    );

const pairs: fc.Arbitrary<Rows> = fc
  .integer({ min: 1, max: 2000 })
  .chain((length) =>
    fc.record({ length: fc.constant(length), left: rowsBelow(length), right: rowsBelow(length) }),
  );

function setOf(length: number, rows: Iterable<number>): Bitset {
  const set = new Bitset(length);
  for (const row of rows) set.add(row);
  return set;
}

function rowsOf(set: Bitset): number[] {
  const rows: number[] = [];
  set.forEach((row) => rows.push(row));
  return rows;
}

const sorted = (rows: Iterable<number>): number[] => [...rows].sort((a, b) => a - b);

describe('a set of rows', () => {
  test('combines as sets do', () => {
    fc.assert(
      fc.property(pairs, fc.nat(2000), fc.nat(2000), ({ length, left, right }, a, b) => {
        const set = (): Bitset => setOf(length, left);
        const other = setOf(length, right);
        const all = new Set(Array.from({ length }, (_, row) => row));
        expect(rowsOf(set().and(other))).toEqual(sorted(left.intersection(right)));
        expect(rowsOf(set().or(other))).toEqual(sorted(left.union(right)));
        expect(rowsOf(set().andNot(other))).toEqual(sorted(left.difference(right)));
        expect(rowsOf(set().not())).toEqual(sorted(all.difference(left)));
        expect(rowsOf(Bitset.full(length))).toEqual(sorted(all));
        const [from, to] = [Math.min(a, b, length), Math.min(Math.max(a, b), length)];
        const kept = sorted(left).filter((row) => row >= from && row < to);
        expect(rowsOf(set().clip(from, to))).toEqual(kept);
        expect(set().count()).toBe(left.size);
        expect(set().isEmpty()).toBe(left.size === 0);
        expect(sorted(left).every((row) => set().has(row))).toBe(true);
      }),
    );
  });

  test('counts more rows than the window of the kernel holds', () => {
    const length = KERNEL_WINDOW_BYTES * 8 * 2 + 77;
    const set = new Bitset(length);
    let expected = 0;
    for (let row = 0; row < length; row += 1 + (row % 5)) {
      set.add(row);
      expected++;
    }
    expect(set.count()).toBe(expected);
    expect(set.not().count()).toBe(length - expected);
    expect(Bitset.full(length).count()).toBe(length);
  });

  test('is combined in kernel memory as outside', () => {
    const kernel = instantiateKernel() as BitsetExports;
    fc.assert(
      fc.property(pairs, ({ length, left, right }) => {
        const mark = kernel.heapMark();
        const a = setOf(length, left);
        const b = setOf(length, right);
        const bytes = Math.ceil(a.words.length / 4) * 16;
        const [leftAt, rightAt] = [kernel.reserve(bytes), kernel.reserve(bytes)];
        const load = (at: number, words: Uint32Array): void => {
          new Uint32Array(kernel.memory.buffer, at, bytes / 4).fill(0).set(words);
        };
        const result = (change: () => void): Uint32Array => {
          load(leftAt, a.words);
          load(rightAt, b.words);
          change();
          return new Uint32Array(kernel.memory.buffer, leftAt, bytes / 4).slice();
        };
        const padded = (set: Bitset): Uint32Array => {
          const words = new Uint32Array(bytes / 4);
          words.set(set.words);
          return words;
        };
        expect(result(() => kernel.bitsetAnd(leftAt, rightAt, bytes))).toEqual(
          padded(a.clone().and(b)),
        );
        expect(result(() => kernel.bitsetOr(leftAt, rightAt, bytes))).toEqual(
          padded(a.clone().or(b)),
        );
        expect(result(() => kernel.bitsetAndNot(leftAt, rightAt, bytes))).toEqual(
          padded(a.clone().andNot(b)),
        );
        expect(result(() => kernel.bitsetNot(leftAt, bytes, length))).toEqual(
          padded(a.clone().not()),
        );
        expect(kernel.bitsetCount(rightAt, bytes)).toBe(right.size);
        kernel.release(mark);
      }),
    );
  });
});

describe('counting by ranges', () => {
  test('gives each range its rows', () => {
    const edges = fc
      .array(fc.nat(2300), { maxLength: 40 })
      .map((rows) => Uint32Array.from(sorted(rows)));
    fc.assert(
      fc.property(pairs, edges, ({ length, left }, rows) => {
        const expected = Array.from({ length: Math.max(0, rows.length - 1) }, (_, i) =>
          [...left].filter((row) => row >= rows[i]! && row < rows[i + 1]!),
        ).map((found) => found.length);
        expect([...countRanges(setOf(length, left), rows)]).toEqual(expected);
      }),
    );
  });

  test('goes on where the window of the kernel ends', () => {
    const window = KERNEL_WINDOW_BYTES * 8;
    const set = Bitset.full(3 * window + 5);
    const edges = Uint32Array.of(7, window - 1, window + 1, 3 * window - 40, 3 * window + 5);
    expect([...countRanges(set, edges)]).toEqual([window - 8, 2, 2 * window - 41, 45]);
  });

  test('takes as many ranges as there are', () => {
    const edges = Uint32Array.from({ length: 100_001 }, (_, i) => i);
    const counts = countRanges(setOf(100_000, [5, 99_999]), edges);
    expect([counts[4], counts[5], counts[99_999]]).toEqual([0, 1, 1]);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(2);
  });
});

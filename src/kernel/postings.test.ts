import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Bitset } from './bitset.ts';
import { ByteWriter } from './byte-writer.ts';
import { decodePostingRows, decodePostings, encodePostings, postingCount } from './postings.ts';

function encode(rows: readonly number[], rowCount: number): Uint8Array {
  const out = new ByteWriter(1);
  // Surroundings must not leak in.
  const list = Uint32Array.from([7, ...rows, 9]);
  encodePostings(list, { start: 1, end: rows.length + 1, rowCount }, out);
  return out.view().slice();
}

function decode(bytes: Uint8Array, rowCount: number): number[] {
  const set = new Bitset(rowCount);
  decodePostings(bytes, set);
  const rows: number[] = [];
  set.forEach((row) => rows.push(row));
  return rows;
}

const rowSets = fc
  .record({
    rowCount: fc.integer({ min: 1, max: 3000 }),
    density: fc.integer({ min: 1, max: 100 }),
  })
  .chain(({ rowCount, density }) =>
    fc
      .array(fc.integer({ min: 0, max: 99 }), { minLength: rowCount, maxLength: rowCount })
      .map((dice) => ({
        rowCount,
        rows: dice.flatMap((value, row) => (value < density ? [row] : [])),
      })),
  )
  .filter(({ rows }) => rows.length > 0);

describe('posting lists', () => {
  test('come back as they were, in every form', () => {
    fc.assert(
      fc.property(rowSets, ({ rows, rowCount }) => {
        const bytes = encode(rows, rowCount);
        expect(decode(bytes, rowCount)).toEqual(rows);
        expect(postingCount(bytes)).toBe(rows.length);
        const out = new Uint32Array(rows.length + 2).fill(77);
        expect(decodePostingRows(bytes, out, 1)).toBe(rows.length + 1);
        expect(Array.from(out)).toEqual([77, ...rows, 77]);
      }),
      { numRuns: 300 },
    );
  });

  test('take no more than a bitset and a little', () => {
    fc.assert(
      fc.property(rowSets, ({ rows, rowCount }) => {
        expect(encode(rows, rowCount).length).toBeLessThanOrEqual(Math.ceil(rowCount / 8) + 3);
      }),
      { numRuns: 100 },
    );
  });

  test('are a few bytes when all rows, or one run of them, are in', () => {
    const all = Array.from({ length: 100_000 }, (_, row) => row);
    expect(encode(all, 100_000).length).toBeLessThan(10);
    expect(decode(encode(all, 100_000), 100_000)).toEqual(all);
    expect(encode(all.slice(40, 70_000), 100_000).length).toBeLessThan(12);
  });

  test('hold gaps of more than 31 bits', () => {
    const out = new ByteWriter();
    const rows = Uint32Array.of(0, 4_000_000_000);
    encodePostings(rows, { start: 0, end: 2, rowCount: 4_100_000_000 }, out);
    expect(postingCount(out.view())).toBe(2);
  });

  test('are refused when they do not fit the segment', () => {
    for (const rows of [[5, 90], Array.from({ length: 60 }, (_, i) => i + 40), [1, 3, 5, 7, 99]])
      expect(() => decode(encode(rows, 100), 90)).toThrow(RangeError);
    expect(() => decode(Uint8Array.of(7), 90)).toThrow(RangeError);
    expect(() => decode(encode([5, 70], 100).slice(0, -1), 100)).toThrow(RangeError);
  });

  test('never crash on arbitrary bytes other than by RangeError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decode(bytes, 200);
          decodePostingRows(bytes, new Uint32Array(200), 0);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Bitset } from './bitset.ts';
import {
  addRowsInKernel,
  decodeInKernel,
  encodeInKernel,
  type CodedRows,
} from './posting-kernel.ts';
import {
  codedBytesMax,
  decodeGaps,
  decodeRuns,
  encodeGaps,
  encodeRuns,
  prefersRuns,
} from './postings.twin.ts';

/** Gaps of all sizes, in stretches of one size as clusters have them, and runs. */
const lists = fc
  .array(
    fc.record({
      bits: fc.integer({ min: 0, max: 21 }),
      runMax: fc.constantFrom(1, 1, 1, 3, 40),
      dice: fc.array(fc.nat(), { minLength: 1, maxLength: 150 }),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((stretches) => {
    const rows: number[] = [];
    let next = 0;
    for (const { bits, runMax, dice } of stretches)
      for (const die of dice) {
        next += die % 2 ** bits;
        for (let run = 1 + (die % runMax); run > 0; run--) rows.push(next++);
      }
    return Uint32Array.from(rows);
  });

const range = (rows: Uint32Array): { rows: Uint32Array; start: number; end: number } => ({
  rows: Uint32Array.from([1, ...rows, 2]),
  start: 1,
  end: rows.length + 1,
});

interface Decoded {
  readonly rows: readonly number[] | undefined;
}

/** What a decoder says of bytes: rows, or none where it refuses them. Anything but a RangeError fails the test. */
function attempt(decode: () => Iterable<number>): Decoded {
  try {
    return { rows: [...decode()] };
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    return { rows: undefined };
  }
}

function twinRows(bytes: Uint8Array, isRuns: boolean, count: number, limit: number): number[] {
  const rows: number[] = [];
  (isRuns ? decodeRuns : decodeGaps)(bytes, count, {
    limit,
    range: (from, to) => {
      for (let row = from; row < to; row++) rows.push(row);
    },
  });
  return rows;
}

function bytesOf(coded: CodedRows | undefined): Uint8Array {
  return coded?.bytes.slice(coded.start, coded.end) ?? new Uint8Array();
}

function kernelRows(bytes: Uint8Array, isRuns: boolean, count: number): number[] {
  return [...decodeInKernel({ bytes, start: 0, isRuns }, count).subarray(0, count)];
}

function kernelSetRows(bytes: Uint8Array, isRuns: boolean, count: number, limit: number): number[] {
  const set = new Bitset(limit);
  addRowsInKernel({ bytes, start: 0, isRuns }, count, set);
  const rows: number[] = [];
  set.forEach((row) => rows.push(row));
  return rows;
}

describe('the posting kernel', () => {
  test('writes the bytes of its twin and reads them back', () => {
    fc.assert(
      fc.property(lists, (rows) => {
        const list = range(rows);
        const isRuns = prefersRuns(list);
        const out = new Uint8Array(codedBytesMax(rows.length));
        const size = (isRuns ? encodeRuns : encodeGaps)(list, out);
        const coded = encodeInKernel(list, 1_000_000);
        expect(coded?.isRuns).toBe(isRuns);
        expect(bytesOf(coded)).toEqual(out.slice(0, size));
        const bytes = out.slice(0, size);
        const limit = (rows.at(-1) ?? 0) + 1;
        expect(kernelRows(bytes, isRuns, rows.length)).toEqual([...rows]);
        expect(twinRows(bytes, isRuns, rows.length, limit)).toEqual([...rows]);
        if (limit < 10_000_000)
          expect(kernelSetRows(bytes, isRuns, rows.length, limit)).toEqual([...rows]);
      }),
      { numRuns: 300 },
    );
  });

  test('refuses what its twin refuses', () => {
    const noise = fc.record({
      body: fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        // Many ones, so that escapes are common.
        fc
          .array(fc.constantFrom(255, 255, 0, 127, 8), { minLength: 1, maxLength: 40 })
          .map((bytes) => Uint8Array.from(bytes)),
      ),
      isRuns: fc.boolean(),
      count: fc.integer({ min: 1, max: 300 }),
    });
    const damaged = fc.tuple(lists, fc.nat(), fc.nat(255)).map(([rows, at, byte]) => {
      const coded = encodeInKernel(range(rows), 1_000_000);
      const body = bytesOf(coded);
      body[at % body.length] = byte;
      return { body, isRuns: coded?.isRuns === true, count: rows.length };
    });
    let accepted = 0;
    fc.assert(
      fc.property(fc.oneof(noise, damaged), ({ body, isRuns, count }) => {
        const expected = attempt(() => twinRows(body, isRuns, count, 400_000));
        if (expected.rows !== undefined) accepted++;
        expect(attempt(() => kernelSetRows(body, isRuns, count, 400_000))).toEqual(expected);
        const all = attempt(() => twinRows(body, isRuns, count, 2 ** 32));
        expect(attempt(() => kernelRows(body, isRuns, count))).toEqual(all);
      }),
      { numRuns: 1000 },
    );
    expect(accepted).toBeGreaterThan(20);
  });

  test('leaves a set as it was when a list ends badly', () => {
    const list = range(Uint32Array.of(3, 5, 900));
    const bytes = bytesOf(encodeInKernel(list, 1000));
    const set = new Bitset(800);
    expect(() => addRowsInKernel({ bytes, start: 0, isRuns: false }, 3, set)).toThrow(RangeError);
    expect(set.isEmpty()).toBe(true);
  });

  test('gives up on a list that takes more bytes than asked for', () => {
    const rows = Uint32Array.from({ length: 1000 }, (_, i) => i * 1000);
    expect(encodeInKernel(range(rows), 300)).toBeUndefined();
    expect(encodeInKernel(range(rows), 3000)?.end).toBeLessThan(1700);
  });

  test('codes lists beyond what it keeps in memory', () => {
    const rows = Uint32Array.from({ length: 3_000_000 }, (_, i) => i * 3 + (i % 2));
    const coded = encodeInKernel(range(rows), 10_000_000);
    expect(coded?.isRuns).toBe(false);
    const found = decodeInKernel({ bytes: bytesOf(coded), start: 0, isRuns: false }, rows.length);
    expect(found.length).toBe(rows.length);
    expect(found.every((row, i) => row === rows[i])).toBe(true);
  });
});

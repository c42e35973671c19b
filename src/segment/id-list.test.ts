import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareKeys } from './id-key.ts';
import { findKey, IdCollector, IdListWriter, readIdBlock, type IdBlock } from './id-list.ts';
import { checkBlock, CHECKSUM_BYTES, IdxFileWriter } from './idx-codec.ts';

const ROWS = 100_000;

interface Id {
  readonly prefix: number;
  readonly hash: number;
  readonly rows: readonly number[];
}

const id: fc.Arbitrary<Id> = fc.record({
  prefix: fc.oneof(
    fc.constantFrom(0, 1, 0x7fff_ffff, 0xffff_fffe, 0xffff_ffff),
    fc.nat(0xffff_ffff),
    fc.nat(50),
  ),
  hash: fc.oneof(fc.constantFrom(0, 2 ** 32 - 1, 2 ** 32, 2 ** 40 - 1), fc.nat(2 ** 40 - 1)),
  rows: fc
    .oneof(
      { weight: 5, arbitrary: fc.tuple(fc.nat(ROWS - 1)) },
      fc.uniqueArray(fc.nat(ROWS - 1), { minLength: 1, maxLength: 40, size: 'max' }),
    )
    .map((rows) => [...rows].sort((a, b) => a - b)),
});

interface Written {
  readonly prefix: number;
  readonly hash: number;
  readonly bytes: Uint8Array;
  readonly block: IdBlock;
}

/** The blocks that a field with these ids gets. */
function write(ids: readonly Id[]): readonly Written[] {
  const file = new IdxFileWriter();
  const writer = new IdListWriter(file);
  const collector = new IdCollector();
  const items = Uint32Array.from(ids.flatMap(({ rows }) => rows));
  let start = 0;
  for (const { prefix, hash, rows } of ids) {
    collector.add(prefix, hash, { items, start, end: start + rows.length });
    start += rows.length;
  }
  collector.writeTo(writer);
  const blocks = writer.finish();
  expect(writer.finish()).toEqual([]);
  const bytes = Buffer.concat(file.finish());
  return blocks.map(({ prefix, hash, place: { offset, length } }) => {
    const stored = checkBlock(bytes.subarray(offset, offset + length + CHECKSUM_BYTES), length);
    return { prefix, hash, bytes: stored, block: readIdBlock(stored, ROWS) };
  });
}

const name = ({ prefix, hash }: { readonly prefix: number; readonly hash: number }): string =>
  `${prefix} ${hash}`;

function rowsAt({ rowStarts, rows }: IdBlock, at: number): number[] {
  return [...rows.subarray(rowStarts[at], rowStarts[at + 1])];
}

test('all ids come back in their order with their rows, equal keys as one', () => {
  let blocksMax = 0;
  fc.assert(
    fc.property(fc.array(id, { minLength: 1, maxLength: 1500, size: 'max' }), (ids) => {
      const expected = new Map<string, Set<number>>();
      for (const one of ids)
        expected.set(name(one), new Set([...(expected.get(name(one)) ?? []), ...one.rows]));
      const written = write(ids);
      blocksMax = Math.max(blocksMax, written.length);
      const keys: { readonly prefix: number; readonly hash: number }[] = [];
      for (const { prefix, hash, block } of written) {
        expect([block.prefixes[0], block.hashes[0]]).toEqual([prefix, hash]);
        for (let at = 0; at < block.count; at++) {
          const key = { prefix: block.prefixes[at]!, hash: block.hashes[at]! };
          keys.push(key);
          expect(new Set(rowsAt(block, at))).toEqual(expected.get(name(key)));
          expect(findKey(block, key.prefix, key.hash)).toBe(at);
          expect(findKey(block, key.prefix, key.hash + 0.5)).toBe(-1);
        }
      }
      expect(keys.length).toBe(expected.size);
      for (const [i, key] of keys.slice(1).entries())
        expect(compareKeys(keys[i]!.prefix, keys[i]!.hash, key.prefix, key.hash)).toBeLessThan(0);
    }),
    { numRuns: 60 },
  );
  expect(blocksMax).toBeGreaterThan(1);
});

test('a key with very many rows ends its block', () => {
  const rows = Array.from({ length: 30_000 }, (_, i) => i * 3);
  const ids = Array.from({ length: 4 }, (_, prefix) => ({ prefix, hash: 5, rows }));
  const written = write(ids);
  expect(written.length).toBe(4);
  expect(written.map(({ block }) => rowsAt(block, 0))).toEqual([rows, rows, rows, rows]);
});

test('a random id takes less than 9.5 bytes', () => {
  const count = 40_000;
  const ids = Array.from({ length: count }, (_, i) => ({
    prefix: (Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(i, 0x85ebca6b)) >>> 0,
    hash: (Math.imul(i + 7, 0x85ebca6b) >>> 0) * 256 + (i & 255),
    rows: [(i * 7919) % ROWS],
  }));
  const bytes = write(ids).reduce((sum, { bytes: { length } }) => sum + length + 14, 0);
  expect(bytes / count).toBeLessThan(9.5);
});

test('bytes that are no id block are refused or read as one, never anything else', () => {
  const ids = Array.from({ length: 50 }, (_, i) => ({
    prefix: i * 1000,
    hash: i,
    rows: i % 5 === 0 ? [i, i + 9] : [i],
  }));
  const { bytes } = write(ids)[0]!;
  let refused = 0;
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at]! ^= 1 << (at % 8);
    try {
      const block = readIdBlock(changed, ROWS);
      expect(block.rows.every((row) => row < ROWS)).toBe(true);
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(10);
  for (let length = 0; length < bytes.length; length++)
    expect(() => readIdBlock(bytes.subarray(0, length), ROWS)).toThrow(RangeError);
});

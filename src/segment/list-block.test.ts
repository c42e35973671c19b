import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteWriter } from '#kernel/byte-writer.ts';
import { decodePostingRows } from '#kernel/postings.ts';
import { IdxFileWriter } from './idx-codec.ts';
import {
  FORM_LIST,
  FORM_NONE,
  inlineList,
  ListBlockWriter,
  ListCursor,
  readFew,
  readListBlock,
  type ListBlock,
  type ListRef,
} from './list-block.ts';
import { PostingStore } from './posting-store.ts';

const ROWS = 3_000_000;
const SETS = 70;

const numbers = (max: number): fc.Arbitrary<readonly number[]> =>
  fc
    .oneof(
      { arbitrary: fc.array(fc.nat(max - 1), { maxLength: 3 }), weight: 3 },
      fc.array(fc.nat(max - 1), { maxLength: 300, size: 'max' }),
    )
    .map((items) => [...new Set(items)].sort((a, b) => a - b));

interface Entry {
  readonly rows: readonly number[];
  readonly sets: readonly number[];
}

function encode(entries: readonly Entry[], file: IdxFileWriter): Uint8Array {
  const lists = new ListBlockWriter(new PostingStore(file, ROWS), new PostingStore(file, SETS));
  for (const { rows, sets } of entries) {
    const [row] = rows;
    if (row !== undefined && rows.length === 1 && sets.length === 0 && row % 2 === 0)
      lists.addRow(row);
    else lists.add(listOf(rows), listOf(sets));
  }
  const out = new ByteWriter();
  lists.finish(undefined, 1, out);
  return out.view();
}

function listOf(items: readonly number[]): { items: Uint32Array; start: number; end: number } {
  return { items: Uint32Array.from([9, ...items, 9]), start: 1, end: items.length + 1 };
}

function numbersOf(block: ListBlock, ref: ListRef, file: Uint8Array): number[] {
  const out = new Uint32Array(400);
  if (ref.form === FORM_NONE) return [];
  if (ref.form !== FORM_LIST) return [...out.subarray(0, readFew(block, ref, out, 0))];
  const bytes =
    ref.offset < 0 ? inlineList(block, ref) : file.subarray(ref.offset, ref.offset + ref.length);
  return [...out.subarray(0, decodePostingRows(bytes, out, 0))];
}

test('entries come back as they were written', () => {
  const entry = fc.record({ rows: numbers(ROWS), sets: numbers(SETS) });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 40 }), (entries) => {
      const file = new IdxFileWriter();
      const block = readListBlock(encode(entries, file));
      const bytes = Buffer.concat(file.finish());
      expect(block.entryCount).toBe(entries.length);
      const cursor = new ListCursor(block);
      for (const { rows, sets } of entries) {
        cursor.next();
        expect(numbersOf(block, cursor.rows, bytes)).toEqual(rows);
        expect(numbersOf(block, cursor.sets, bytes)).toEqual(sets);
      }
      expect(() => cursor.next()).toThrow(RangeError);
    }),
    { numRuns: 200 },
  );
});

test('equal long lists are stored once', () => {
  const rows = Array.from({ length: 500 }, (_, i) => i * 97);
  const one = new IdxFileWriter();
  encode([{ rows, sets: [] }], one);
  const many = new IdxFileWriter();
  encode(
    Array.from({ length: 100 }, () => ({ rows, sets: [] })),
    many,
  );
  expect(Buffer.concat(many.finish()).length).toBe(Buffer.concat(one.finish()).length);
});

test('any bytes are a block or throw', () => {
  const file = new IdxFileWriter();
  const good = encode([{ rows: [1, 2, 5], sets: [3] }], file);
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc
      .record({ at: fc.nat(good.length - 1), value: fc.nat(255) })
      .map(({ at, value }) => good.with(at, value)),
  );
  fc.assert(
    fc.property(bytes, (given) => {
      try {
        const block = readListBlock(given);
        const cursor = new ListCursor(block);
        for (let i = 0; i < block.entryCount; i++) {
          cursor.next();
          for (const ref of [cursor.rows, cursor.sets])
            if (ref.form === FORM_LIST) inlineList(block, ref);
            else if (ref.form !== FORM_NONE) readFew(block, ref, new Uint32Array(16), 0);
        }
      } catch (error) {
        const code = (error as { code?: string }).code ?? '';
        expect(error instanceof RangeError ? 'RangeError' : code).toMatch(
          /^(?:RangeError$|(?:ZSTD|Z)_)/u,
        );
      }
    }),
    { numRuns: 2000 },
  );
});

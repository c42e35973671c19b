import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkBlock, CHECKSUM_BYTES, IdxFileWriter } from './idx-codec.ts';
import { entryAt, ListBlockWriter, readListBlock, type ListBlock } from './list-block.ts';
import { PostingStore } from './posting-store.ts';
import {
  compareBytes,
  DictionaryWriter,
  EntryCursor,
  findEntry,
  findPrefix,
} from './term-dictionary.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const word = fc.oneof(
  fc
    .string({ unit: fc.constantFrom('a', 'b', '\0'), minLength: 1, maxLength: 12 })
    .map((t) => Buffer.from(t)),
  fc.uint8Array({ minLength: 1, maxLength: 2000 }),
  fc.nat(500).map((n) => Buffer.from(`${n}${'x'.repeat(1500)}`)),
);

/** A dictionary whose term i has the row i. */
function build(
  terms: readonly Uint8Array[],
): readonly { readonly separator: Uint8Array; readonly block: ListBlock }[] {
  const file = new IdxFileWriter();
  const lists = new ListBlockWriter(new PostingStore(file, 1000), new PostingStore(file, 1));
  const writer = new DictionaryWriter(file, lists, 1);
  for (const [row, arena] of terms.entries())
    writer.addRow({ arena, start: 0, end: arena.length }, row);
  const blocks = writer.finish();
  const bytes = Buffer.concat(file.finish());
  return blocks.map(({ separator, place: { offset, length } }) => {
    const stored = bytes.subarray(offset, offset + length + CHECKSUM_BYTES);
    return { separator, block: readListBlock(checkBlock(stored, length)) };
  });
}

function termsOf(block: ListBlock): Buffer[] {
  const terms: Buffer[] = [];
  const cursor = new EntryCursor(block);
  while (cursor.next()) terms.push(Buffer.from(cursor.term.bytes.subarray(0, cursor.term.length)));
  return terms;
}

test('finds exactly the terms that were added, in the block whose separator says so', () => {
  const words = fc.uniqueArray(word, { selector: hex, minLength: 1, maxLength: 60, size: 'max' });
  let blocksMax = 0;
  fc.assert(
    fc.property(words, fc.array(word, { maxLength: 20 }), (given, others) => {
      const terms = given.toSorted((a, b) => compareBytes(a, b));
      const known = new Map(terms.map((term, row) => [hex(term), row]));
      const blocks = build(terms);
      blocksMax = Math.max(blocksMax, blocks.length);
      for (const term of [...terms, ...others]) {
        const found = blocks.findLast(({ separator }) => compareBytes(separator, term) <= 0);
        const entry = found === undefined ? -1 : findEntry(found.block, term);
        const row = entry < 0 ? undefined : entryAt(found!.block, entry).rows.first;
        expect(row).toBe(known.get(hex(term)));
      }
      for (const term of [...terms, ...others]) {
        const prefix = term.subarray(0, 1 + (term.length >>> 1));
        for (const { block } of blocks) {
          const inBlock = termsOf(block);
          const first = inBlock.find((one) => compareBytes(one, prefix) >= 0);
          const isHere = first?.subarray(0, prefix.length).equals(prefix) === true;
          const wanted = isHere ? 'here' : first === undefined ? 'after' : 'before';
          expect(findPrefix(block, prefix)).toBe(wanted);
        }
      }
      const scanned: string[] = [];
      for (const { block } of blocks) scanned.push(...termsOf(block).map(hex));
      expect(scanned).toEqual(terms.map(hex));
    }),
    { numRuns: 100 },
  );
  expect(blocksMax).toBeGreaterThan(1);
});

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkBlock, CHECKSUM_BYTES, IdxFileWriter } from './idx-codec.ts';
import {
  compareBytes,
  DictionaryWriter,
  findBlock,
  findInBlock,
  PostingWriter,
  scanBlock,
} from './term-dictionary.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const word = fc.oneof(
  fc
    .string({ unit: fc.constantFrom('a', 'b', '\0'), minLength: 1, maxLength: 12 })
    .map((t) => Buffer.from(t)),
  fc.uint8Array({ minLength: 1, maxLength: 2000 }),
);

/** A dictionary whose term i has the row i. */
function build(terms: readonly Uint8Array[]): {
  readonly blocks: DictionaryWriter['blocks'];
  readonly block: (index: number) => Uint8Array;
} {
  const file = new IdxFileWriter();
  const writer = new DictionaryWriter(file, new PostingWriter(file, 1000));
  const rows = Uint32Array.from(terms.keys());
  for (const [i, term] of terms.entries()) writer.add(term, rows, { start: i, end: i + 1 });
  writer.finish();
  const bytes = file.finish();
  return {
    blocks: writer.blocks,
    block: (index) => {
      const { offset, length } = writer.blocks[index]!.place;
      return checkBlock(bytes.subarray(offset, offset + length + CHECKSUM_BYTES), length);
    },
  };
}

test('finds exactly the terms that were added, in the block that it names', () => {
  const words = fc.uniqueArray(word, { selector: hex, minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(words, fc.array(word, { maxLength: 20 }), (given, others) => {
      const terms = given.toSorted(compareBytes);
      const known = new Map(terms.map((term, row) => [hex(term), row]));
      const { blocks, block } = build(terms);
      for (const term of [...terms, ...others]) {
        const index = findBlock(blocks, term);
        const ref = index < 0 ? undefined : findInBlock(block(index), term);
        const row = known.get(hex(term));
        expect(ref).toEqual(row === undefined ? undefined : { kind: 'row', row });
      }
      const scanned: string[] = [];
      for (const index of blocks.keys())
        scanBlock(block(index), new Uint8Array(0), (term) => scanned.push(hex(term)) > 0);
      expect(scanned).toEqual(terms.map(hex));
    }),
    { numRuns: 100 },
  );
});

test('a scan starts and stops where it is told', () => {
  const { block } = build(['a', 'ab', 'b', 'c'].map((term) => Buffer.from(term)));
  const seen: string[] = [];
  const toEnd = scanBlock(block(0), Buffer.from('ab'), (term) => {
    seen.push(Buffer.from(term).toString());
    return seen.length < 2;
  });
  expect([seen, toEnd]).toEqual([['ab', 'b'], false]);
});

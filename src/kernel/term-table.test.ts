import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sortTerms } from './sort-terms.twin.ts';
import { NO_FIELD, TermTable, type TermPostings } from './term-table.twin.ts';
import { hashBytes } from './tokenizer.ts';

const encoder = new TextEncoder();

function addTerm(table: TermTable, field: number, bytes: Uint8Array): void {
  table.field = field;
  table.term(bytes, bytes.length, hashBytes(bytes, 0, bytes.length));
}

/** `field:hex` → rows. */
function listsOf(result: TermPostings): Map<string, number[]> {
  const lists = new Map<string, number[]>();
  for (let id = 0; id < result.termCount; id++) {
    const term = result.arena.subarray(result.offsets[id], result.offsets[id + 1]);
    const rows = [...result.rows.subarray(result.starts[id], result.starts[id + 1])];
    lists.set(`${result.fields[id]}:${Buffer.from(term).toString('hex')}`, rows);
  }
  return lists;
}

describe('term table', () => {
  test('gives each term of each field its rows, ascending and once', () => {
    const row = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 3 }), fc.uint8Array({ minLength: 1, maxLength: 2 })),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 60 }), (rows) => {
        const table = new TermTable(rows.length);
        const expected = new Map<string, number[]>();
        for (const [number, terms] of rows.entries()) {
          table.beginRow(number);
          for (const [field, bytes] of terms) {
            addTerm(table, field, bytes);
            const key = `${field}:${Buffer.from(bytes).toString('hex')}`;
            const list = expected.get(key) ?? [];
            if (list.at(-1) !== number) expected.set(key, [...list, number]);
          }
        }
        expect(listsOf(table.finish())).toEqual(expected);
      }),
    );
  });

  test('grows past its first sizes', () => {
    const table = new TermTable(600_000);
    const list = table.newList();
    for (let row = 0; row < 600_000; row++) {
      table.beginRow(row);
      table.add(list);
      addTerm(table, 0, encoder.encode(`term ${row % 50_000}`));
    }
    const result = table.finish();
    expect(result.termCount).toBe(50_001);
    expect(result.fields[list]).toBe(NO_FIELD);
    expect(result.starts[list + 1]! - result.starts[list]!).toBe(600_000);
    const lists = listsOf(result);
    const hex = Buffer.from('term 49999').toString('hex');
    expect(lists.get(`0:${hex}`)).toEqual(
      Array.from({ length: 12 }, (_, i) => 49_999 + i * 50_000),
    );
  });
});

describe('sorting of terms', () => {
  test('is by bytes, whatever they share', () => {
    const term = fc.oneof(
      fc.uint8Array({ maxLength: 30 }),
      fc
        .string({ unit: fc.constantFrom('a', 'b', '\0'), maxLength: 40 })
        .map((t) => encoder.encode(t)),
    );
    const terms = fc.uniqueArray(term, {
      maxLength: 200,
      selector: (bytes) => Buffer.from(bytes).toString('hex'),
    });
    fc.assert(
      fc.property(terms, (given) => {
        const offsets = new Uint32Array(given.length + 1);
        for (const [i, bytes] of given.entries()) offsets[i + 1] = offsets[i]! + bytes.length;
        const ids = Uint32Array.from(given.keys());
        sortTerms(ids, 0, ids.length, { arena: Buffer.concat(given), offsets });
        const expected = given.toSorted((a, b) => Buffer.compare(a, b));
        expect(Array.from(ids, (id) => given[id])).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test('leaves what is outside of the range', () => {
    const ids = Uint32Array.of(3, 2, 1, 0);
    const offsets = Uint32Array.of(0, 1, 2, 3, 4);
    sortTerms(ids, 1, 3, { arena: encoder.encode('abcd'), offsets });
    expect([...ids]).toEqual([3, 1, 2, 0]);
  });
});

import { expect, test } from 'vitest';
import { FieldTable } from './field-table.twin.ts';

const encoder = new TextEncoder();

function idOf(table: FieldTable, name: string): number {
  const bytes = encoder.encode(`<${name}>`);
  return table.idOf(bytes, 1, bytes.length - 1);
}

test('equal names get one number, in order of appearance', () => {
  const table = new FieldTable();
  const names = Array.from({ length: 1000 }, (_, i) => `field-${(i * 7) % 400}`);
  const ids = names.map((name) => idOf(table, name));
  expect(new Set(ids).size).toBe(400);
  expect(ids.map((id) => table.names[id])).toEqual(names);
  expect(table.idOfName('field-7')).toBe(idOf(table, 'field-7'));
});

test('names that are not UTF-8 meet under the replacement character', () => {
  const table = new FieldTable();
  const first = table.idOf(Uint8Array.of(0x61, 0xff), 0, 2);
  expect(table.idOf(Uint8Array.of(0x61, 0xfe), 0, 2)).toBe(first);
  expect(table.names).toEqual(['a\ufffd']);
  expect(idOf(table, 'a\ufffd')).toBe(first);
});

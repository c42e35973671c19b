import { expect, test } from 'vitest';
import { chooseColumns } from './columns.ts';
import type { IndexConfig } from '#protocol/index-config.ts';

const key = { type: 'text', caseSensitive: false, chn: false, doc_value: true, alias: '' } as const;
const config: IndexConfig = { keys: { wanted: key }, max_text_len: 2048 };

function columnsOf(names: readonly string[]): string[] {
  return chooseColumns(names, config).columnFields.map((field) => names[field] ?? '');
}

test('reserved fields and indexed fields come first', () => {
  expect(columnsOf(['b', 'wanted', 'a', '__topic__'])).toEqual(['__topic__', 'wanted', 'b', 'a']);
});

test('of names that differ by case the first gets the column, an indexed one before others', () => {
  expect(columnsOf(['Path', 'path', 'Wanted', 'wanted'])).toEqual(['wanted', 'Path']);
});

test('names of Parquet readers get no column', () => {
  expect(columnsOf(['filename', 'File_Row_Number', '__rest__', '__time__', 'x\0y', ''])).toEqual(
    [],
  );
});

test('an indexed field has a column however many others there are', () => {
  const names = [...Array.from({ length: 700 }, (_, i) => `f${i}`), 'wanted'];
  expect(columnsOf(names)).toContain('wanted');
  expect(chooseColumns(names, config).restFields.length).toBe(201);
});

test('tags of log groups come last', () => {
  const tags = Array.from({ length: 700 }, (_, i) => `__tag__:${i}`);
  const names = ['__topic__', ...tags, 'late'];
  expect(columnsOf(names).slice(0, 3)).toEqual(['__topic__', 'late', '__tag__:0']);
  expect(columnsOf(names).length).toBe(500);
});

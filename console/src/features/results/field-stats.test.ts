import { describe, expect, test } from 'vitest';
import { defaultColumns, fieldStats, topValues } from './field-stats.ts';
import { allFields, ownFields, rowKeys } from '../../shared/row-fields.ts';

const ROWS = [
  { __time__: '1', __source__: 's', two: 'x', one: 'a' },
  { __time__: '2', __source__: 's', one: 'b' },
  { __time__: '3', __source__: 's', one: 'b', '__tag__:t': 'v' },
];

describe('fields of the loaded rows', () => {
  test('own fields come first, the frequent ones before the rare ones; the time is no field', () => {
    expect(fieldStats(ROWS).map((field) => [field.name, field.rowCount])).toEqual([
      ['one', 3],
      ['two', 1],
      ['__source__', 3],
      ['__tag__:t', 1],
    ]);
  });

  test('top values are counted among the rows that have the field', () => {
    expect(topValues(ROWS, 'one')).toEqual({
      top: [
        { value: 'b', count: 2 },
        { value: 'a', count: 1 },
      ],
      distinctCount: 2,
      rowCount: 3,
    });
    expect(topValues(ROWS, 'two').rowCount).toBe(1);
  });

  test('the table starts with the own fields', () => {
    expect(defaultColumns(fieldStats(ROWS))).toEqual(['one', 'two']);
  });
});

describe('fields of one row', () => {
  test('a row shows its own fields, or the reserved ones when it has no other', () => {
    expect(ownFields(ROWS[0] ?? {}).map(([name]) => name)).toEqual(['two', 'one']);
    expect(ownFields({ __time__: '1', __topic__: 't' })).toEqual([['__topic__', 't']]);
  });

  test('the opened row shows all of them, the time last', () => {
    expect(allFields(ROWS[0] ?? {}).map(([name]) => name)).toEqual([
      'two',
      'one',
      '__source__',
      '__time__',
    ]);
  });

  test('equal rows have different keys, and a row keeps its key when newer rows arrive', () => {
    const row = { a: '1' };
    const before = rowKeys([row, row]);
    expect(new Set(before).size).toBe(2);
    expect(rowKeys([{ a: '2' }, row, row]).slice(1)).toEqual(before);
  });
});

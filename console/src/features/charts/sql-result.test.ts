import { describe, expect, test } from 'vitest';
import { makeSqlResult, sortRows, timeOf } from './sql-result.ts';

/** The kind of a bigint column of that name with that value. */
function kindOf(name: string, value: string): string | undefined {
  return makeSqlResult([name], ['bigint'], [{ [name]: value }]).columns[0]?.kind;
}

describe('SQL result', () => {
  test('columns keep the order and the types of the server', () => {
    const rows = [{ n: '1', t: '2026-01-02 03:04:05.000', s: 'x' }];
    const { columns } = makeSqlResult(['t', 's', 'n'], ['timestamp', 'varchar', 'bigint'], rows);
    expect(columns.map((column) => [column.name, column.kind])).toEqual([
      ['t', 'time'],
      ['s', 'text'],
      ['n', 'number'],
    ]);
  });

  test('texts that look like numbers stay texts when the server says so', () => {
    const { columns } = makeSqlResult(['status'], ['varchar'], [{ status: '200' }]);
    expect(columns[0]?.kind).toBe('text');
  });

  test('without types the values tell, and reserved fields are left out', () => {
    const rows = [{ a: '1.5', b: 'null', day: '2026-01-02', __time__: '1', __source__: '' }];
    expect(makeSqlResult([], [], rows).columns.map((column) => [column.name, column.kind])).toEqual(
      [
        ['a', 'number'],
        ['b', 'text'],
        ['day', 'time'],
      ],
    );
  });

  test('a number is a time only with the name and the size of one', () => {
    expect(kindOf('__time__', '1795375958')).toBe('time');
    expect(kindOf('bytes', '1795375958')).toBe('number');
    expect(kindOf('response_time', '120')).toBe('number');
  });

  test('times are read without a zone', () => {
    expect(timeOf('1970-01-01 00:01:00')).toBe(60);
    expect(timeOf('1970-01-02')).toBe(86_400);
    expect(timeOf('1970-01-01 00:01:00.500')).toBe(60.5);
    expect(timeOf('later')).toBeUndefined();
  });

  test('numbers sort by value, texts by letters, null is last either way', () => {
    const rows = ['10', 'null', '9', '-1'].map((n) => ({ n }));
    const result = makeSqlResult(['n'], ['bigint'], rows);
    const sorted = (descending: boolean): string[] =>
      sortRows(result, { column: 'n', descending }).map((row) => row['n'] ?? '');
    expect(sorted(false)).toEqual(['-1', '9', '10', 'null']);
    expect(sorted(true)).toEqual(['10', '9', '-1', 'null']);
    expect(sortRows(result, undefined)).toBe(rows);
  });
});

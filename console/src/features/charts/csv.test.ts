import { expect, test } from 'vitest';
import { printCsv } from './csv.ts';
import { makeSqlResult } from './sql-result.ts';

test('cells with commas, quotes and line ends are quoted, null is empty', () => {
  const rows = [{ a: 'x,"y"\nz', n: 'null' }];
  expect(printCsv(makeSqlResult(['a', 'n'], ['varchar', 'bigint'], rows))).toBe(
    'a,n\r\n"x,""y""\nz",\r\n',
  );
});

test('a text that a spreadsheet would run is made harmless, negative numbers are not touched', () => {
  const rows = [
    { a: '=cmd()', b: '-5', n: '-7' },
    { a: '@x', b: '-x', n: '1e3' },
  ];
  expect(printCsv(makeSqlResult(['a', 'b', 'n'], ['varchar', 'varchar', 'double'], rows))).toBe(
    "a,b,n\r\n'=cmd(),-5,-7\r\n'@x,'-x,1e3\r\n",
  );
});

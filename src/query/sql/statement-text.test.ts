import { expect, test } from 'vitest';
import { insertedSql, isScan } from './statement-text.ts';

test('an added limit follows the statement as the user wrote it', () => {
  expect(insertedSql(' select a from log ; ', 100)).toBe('select a from log limit 100');
  expect(insertedSql('select a -- all of it', 100)).toBe('select a -- all of it\nlimit 100');
  expect(insertedSql('select a -- all\nfrom log', 100)).toBe('select a -- all\nfrom log limit 100');
  expect(insertedSql(' select a limit 5; ', undefined)).toBe('select a limit 5;');
});

test('sessions are passed over but for scan mode', () => {
  expect(isScan('set session parallel_sql=true; set session x = 1; select 1', undefined)).toBe(
    false,
  );
  expect(isScan("select 'set session mode=scan;'", 'mode=index')).toBe(false);
  for (const [text, session] of [
    ['set session mode=scan; select a', undefined],
    [' SET SESSION parallel_sql=true;\nset session MODE = scan; select a', undefined],
    ['select a', 'mode=scan'],
  ] as const)
    expect(isScan(text, session)).toBe(true);
});

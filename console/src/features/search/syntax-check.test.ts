import { expect, test } from 'vitest';
import { checkSyntax } from './syntax-check.ts';

test('a query that reads has no problem', () => {
  expect(checkSyntax('')).toBeUndefined();
  expect(checkSyntax('status:500 and "x" | select count(*) from log')).toBeUndefined();
});

test('a broken query gets the words of the parser', () => {
  expect(checkSyntax('(disk')).toMatch(/^ErrorType:QueryParseError\.ErrorMessage:syntax error/);
});

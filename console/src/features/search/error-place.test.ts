import { describe, expect, test } from 'vitest';
import { checkSyntax } from './syntax-check.ts';
import { errorPlace } from './error-place.ts';

/** The query with the place in brackets. */
function marked(query: string, message: string): string | undefined {
  const place = errorPlace(query, message);
  if (place === undefined) return undefined;
  const { start, end } = place;
  return `${query.slice(0, start)}[${query.slice(start, end)}]${query.slice(end)}`;
}

describe('the place of an error', () => {
  test.each([
    ['status:500 and ) x', 'status:500 and [)] x'],
    ['  (a', '  (a[]'],
    ['a or or b | select 1', 'a or [or] b | select 1'],
  ])('of a search: %s', (query, place) => {
    expect(marked(query, checkSyntax(query) ?? '')).toBe(place);
  });

  test.each([
    ['* | select nope from log', 'line 1:9: Column', '* | select [nope] from log'],
    ['"a|b" | select\n  "no pe"', 'line 2:3: Column', '"a|b" | select\n  ["no pe"]'],
    ['*|select a +', 'line 1:10: x', '*|select a [+]'],
    [
      '* | select "nope"',
      'ErrorType:ColumnNotExists.ErrorPosition,line:0,column:1.ErrorMessage:line 1:9: Column',
      '* | select ["nope"]',
    ],
  ])('of SQL: %s', (query, message, place) => {
    expect(marked(query, message)).toBe(place);
  });

  test.each([
    ['a', 'the logstore is gone'],
    ['* | select x', 'line 1:1: the statement cannot be run as it is'],
    ['* | select x', 'line 7:3: Column'],
    ['* | select x', 'line 1:99: Column'],
    ['a', 'line 1:9: Column'],
  ])('is none when the message names none in the text: %s, %s', (query, message) => {
    expect(marked(query, message)).toBeUndefined();
  });

  test('stays inside the text, whatever the message says', () => {
    expect(
      errorPlace('abc', 'error position is from column:2 to column:99,error near < x >'),
    ).toEqual({ start: 2, end: 3 });
  });
});

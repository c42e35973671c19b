import { expect, test } from 'vitest';
import { makeTextHighlighter } from './highlight.ts';
import { hasText } from './text-filter.ts';

const ROW = { level: 'ERROR', msg: 'Disk (full)', __source__: '10.0.0.7', __time__: '1' };

test('a log has a text in a name or a value of its own, in any letter case', () => {
  expect(hasText(ROW, 'disk (F')).toBe(true);
  expect(hasText(ROW, 'LEVEL')).toBe(true);
  expect(hasText(ROW, '')).toBe(true);
  expect(hasText(ROW, '10.0')).toBe(false);
  expect(hasText(ROW, 'disk full')).toBe(false);
});

test('the text is marked wherever it stands', () => {
  const pieces = makeTextHighlighter('sk (')('msg', 'disk (full), DISK (full)');
  expect(pieces.filter((piece) => piece.marked).map((piece) => piece.text)).toEqual([
    'sk (',
    'SK (',
  ]);
  expect(makeTextHighlighter('')('msg', 'abc')).toEqual([{ text: 'abc', marked: false }]);
});

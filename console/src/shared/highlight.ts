import { MARKS_MAX } from './limits.ts';
import type { SearchTerm } from './log-types.ts';

export interface Piece {
  readonly text: string;
  readonly marked: boolean;
}

/** Finds the hits of the search in a field's value. */
export type Highlighter = (field: string, value: string) => readonly Piece[];

/**
 * Marks the words that made a log match. A word is marked where it stands as a word of its own (Chinese words stand without
 * blanks, so anywhere), in any letter case; `*` and `?` are the wildcards of the search.
 */
export function makeHighlighter(terms: readonly SearchTerm[]): Highlighter {
  const patterns = new Map<string, RegExp | undefined>();
  const patternOf = (field: string): RegExp | undefined => {
    if (patterns.has(field)) return patterns.get(field);
    const pattern = fieldPattern(terms, field);
    patterns.set(field, pattern);
    return pattern;
  };
  return (field, value) => cut(value, patternOf(field));
}

/** Marks a text wherever it stands, in any letter case; the empty text marks nothing. */
export function makeTextHighlighter(text: string): Highlighter {
  const pattern = text === '' ? undefined : new RegExp(escapePattern(text), 'giu');
  return (_field, value) => cut(value, pattern);
}

function fieldPattern(terms: readonly SearchTerm[], field: string): RegExp | undefined {
  const wanted = terms.filter((term) => term.key === '' || isSameField(term.key, field));
  const sources = wanted
    .filter((term) => term.term !== '' && term.term !== '*')
    .toSorted((a, b) => b.term.length - a.term.length)
    .map((term) => termSource(term.term));
  if (sources.length === 0) return undefined;
  return new RegExp(sources.join('|'), 'giu');
}

/** Field names ignore case, `source` stands for `__source__`, and `a.b` is inside the JSON field `a`. */
function isSameField(asked: string, field: string): boolean {
  const key = asked.toLowerCase();
  const name = field.toLowerCase();
  return key === name || `__${key}__` === name || key.startsWith(`${name}.`);
}

function termSource(term: string): string {
  const source = escapePattern(term)
    .replaceAll(String.raw`\*`, String.raw`[\p{L}\p{N}_.-]*`)
    .replaceAll(String.raw`\?`, String.raw`[\p{L}\p{N}_.-]`);
  if (/\p{Script=Han}/u.test(term)) return source;
  return String.raw`(?<![\p{L}\p{N}_])${source}(?![\p{L}\p{N}_])`;
}

/** A pattern that is the text itself. */
function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
}

function cut(value: string, pattern: RegExp | undefined): readonly Piece[] {
  if (pattern === undefined) return [{ text: value, marked: false }];
  const pieces: Piece[] = [];
  let end = 0;
  let markCount = 0;
  for (const match of value.matchAll(pattern)) {
    if (match[0] === '') continue;
    if (match.index > end) pieces.push({ text: value.slice(end, match.index), marked: false });
    pieces.push({ text: match[0], marked: true });
    end = match.index + match[0].length;
    markCount += 1;
    if (markCount >= MARKS_MAX) break;
  }
  if (end < value.length || pieces.length === 0) {
    pieces.push({ text: value.slice(end), marked: false });
  }
  return pieces;
}

/** A long value cut for a collapsed row, so that it still shows the first hit. */
export function previewOf(value: string, charsMax: number): string {
  return value.length <= charsMax ? value : `${value.slice(0, charsMax)}…`;
}

/**
 * Cuts a search text into tokens (sls-query §2.2). A number range after the word `in` is one token, because
 * its brackets are ordinary word characters anywhere else.
 */
import { AppError } from '#base/app-error.ts';
import type { CompareOperator, Span } from './search-ast.ts';

export interface TextToken {
  readonly kind: 'word' | 'quoted' | 'phrase';
  /** Without quotes and escapes. */
  readonly text: string;
  readonly span: Span;
}

export type Token =
  | TextToken
  | { readonly kind: '(' | ')' | ':' | 'end'; readonly span: Span }
  | { readonly kind: 'compare'; readonly operator: CompareOperator; readonly span: Span }
  | RangeToken;

/** `in [low high)`, the word `in` included. */
export interface RangeToken {
  readonly kind: 'range';
  readonly low: number;
  readonly high: number;
  readonly lowInclusive: boolean;
  readonly highInclusive: boolean;
  readonly span: Span;
}

const BLANK = /\s/;
const WORD_END = /[\s()":<>=]/;
const NUMBER = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?`;
const RANGE = new RegExp(
  String.raw`in\s*([[(])\s*(${NUMBER})(?:\s*,\s*|\s+)(${NUMBER})\s*([\])])`,
  'y',
);

/** The tokens of the text, the last one of kind `end`. Errors: ParameterInvalid at an open quote. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && BLANK.test(text.charAt(at))) at++;
    if (at >= text.length) break;
    const token = tokenAt(text, at, tokens.at(-1));
    tokens.push(token);
    at = token.span.end;
  }
  tokens.push({ kind: 'end', span: { start: text.length, end: text.length } });
  return tokens;
}

/** The syntax error of the service (sls-query §2.5) for a place in the text. */
export function syntaxError(text: string, span: Span): AppError {
  const near = span.start >= text.length ? '<EOF>' : text.slice(span.start, span.end);
  const place = `error position is from column:${span.start} to column:${span.end}`;
  return new AppError(
    'ParameterInvalid',
    `ErrorType:QueryParseError.ErrorMessage:syntax error ${place},error near < ${near} >`,
  );
}

/** Where the first `|` outside double quotes stands, or -1. */
export function findPipe(text: string): number {
  let inQuotes = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '\\' && isEscapable(text[i + 1])) i++;
    else if (char === '"') inQuotes = !inQuotes;
    else if (char === '|' && !inQuotes) return i;
  }
  return -1;
}

function tokenAt(text: string, at: number, previous: Token | undefined): Token {
  const char = text.charAt(at);
  switch (char) {
    case '(':
    case ')':
    case ':':
      return { kind: char, span: { start: at, end: at + 1 } };
    case '=':
      return { kind: 'compare', operator: '=', span: { start: at, end: at + 1 } };
    case '<':
    case '>':
      return text[at + 1] === '='
        ? { kind: 'compare', operator: `${char}=`, span: { start: at, end: at + 2 } }
        : { kind: 'compare', operator: char, span: { start: at, end: at + 1 } };
    case '"':
      return quotedAt(text, at, at);
    default:
      if (char === '#' && text[at + 1] === '"') return quotedAt(text, at, at + 1);
      return rangeAt(text, at, previous) ?? wordAt(text, at);
  }
}

function quotedAt(text: string, start: number, quote: number): Token {
  let value = '';
  for (let i = quote + 1; i < text.length; i++) {
    const char = text.charAt(i);
    if (char === '"') {
      const kind = quote === start ? 'quoted' : 'phrase';
      return { kind, text: value, span: { start, end: i + 1 } };
    }
    if (char === '\\' && isEscapable(text[i + 1])) value += text.charAt(++i);
    else value += char;
  }
  throw syntaxError(text, { start, end: text.length });
}

function wordAt(text: string, start: number): Token {
  let value = '';
  let i = start;
  while (i < text.length) {
    const char = text.charAt(i);
    if (char === '\\' && isEscapable(text[i + 1])) {
      value += text.charAt(i + 1);
      i += 2;
      continue;
    }
    if (WORD_END.test(char)) break;
    value += char;
    i++;
  }
  return { kind: 'word', text: value, span: { start, end: i } };
}

function isEscapable(char: string | undefined): boolean {
  return char === '"' || char === '\\';
}

function rangeAt(text: string, at: number, previous: Token | undefined): RangeToken | undefined {
  if (previous?.kind !== 'word' && previous?.kind !== 'quoted') return undefined;
  RANGE.lastIndex = at;
  const match = RANGE.exec(text);
  if (match === null) return undefined;
  return {
    kind: 'range',
    low: Number(match[2]),
    high: Number(match[3]),
    lowInclusive: match[1] === '[',
    highInclusive: match[4] === ']',
    span: { start: at, end: at + match[0].length },
  };
}

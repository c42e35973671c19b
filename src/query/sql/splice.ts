/**
 * What Presto writes and DuckDB's parser does not read, changed in the text before it is parsed: `LIMIT a,b`,
 * `array(type)`, two-armed `if`, `IGNORE NULLS`, sampling without a unit, comments, the session prefix. What DuckDB
 * reads and Presto does not is refused here as far as the tree does not show it. Everything else is a rewrite of the tree.
 */
import { AppError } from '#base/app-error.ts';
import { sessionPrefix } from './statement-text.ts';
import { lineColumn, tokensOf, type SqlToken } from './tokens.ts';

export interface SplicedSql {
  readonly sql: string;
  /** Whether the text has `LIMIT skip, n`, the only way to skip rows. */
  readonly hasSkip: boolean;
  /** `line:column` in the user's text of a place in `sql`, in bytes; `1:1` for anything that is no place. */
  readonly placeOf: (position: unknown) => string;
  /** Whether the user's text has a double quote at a place of `sql`. */
  readonly isQuotedAt: (position: unknown) => boolean;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const STARTS: ReadonlySet<string> = new Set(['select', 'with', '(']);
/** Pairs that DuckDB takes for one operator. */
const DOUBLED = /^(?:[=/*<>%]|\|\|)$/u;

const SELECT = 'SELECT ';

/** A statement. Errors: ParameterInvalid for what the service's grammar does not have. */
export function spliceSql(text: string): SplicedSql {
  return splice(blankSession(text), (position) => lineAndQuote(text, position));
}

/** The expression that [start, end) of a text is, as a statement `SELECT expression`. Errors: as `spliceSql`. */
export function spliceExpression(text: string, start: number, end: number): SplicedSql {
  const origin = start - SELECT.length;
  return splice(SELECT + text.slice(start, end), (position) =>
    lineAndQuote(text, Math.max(start, position + origin)),
  );
}

interface Place {
  /** `line:column`. */
  readonly place: string;
  readonly isQuoted: boolean;
}

function lineAndQuote(text: string, position: number): Place {
  return { place: lineColumn(text, position), isQuoted: text[position] === '"' };
}

/** `placeAt`: where a place of `sql` is in the user's text. */
function splice(sql: string, placeAt: (position: number) => Place): SplicedSql {
  const all = tokensOf(sql);
  const tokens = all.filter(({ kind }) => kind !== 'comment');
  checkTokens(tokens, placeAt);
  // DuckDB nests comments and Presto does not, so that they would end at different places.
  const edits: Edit[] = all
    .filter(({ kind }) => kind === 'comment')
    .map(({ start, end }) => ({ start, end, text: blanks(sql.slice(start, end)) }));
  let hasSkip = false;
  for (const [i, token] of tokens.entries()) {
    if (token.kind !== 'word') continue;
    const word = token.text.toLowerCase();
    hasSkip ||= word === 'limit' && skipEdit(tokens, i).length > 0;
    edits.push(...wordEdits(tokens, i, word));
    if (tokens[i + 1]?.text === '(') edits.push(...callEdits(tokens, i, word));
  }
  const end = tokens.at(-1);
  if (end?.text === ';') edits.push({ start: end.start, end: end.end, text: '' });
  const sorted = edits.toSorted((a, b) => a.start - b.start || a.end - b.end);
  const spliced = applyEdits(sql, sorted);
  const bytes = Buffer.from(spliced);
  // The parser counts bytes, and has a huge number for no place.
  const positionOf = (position: unknown): number | undefined =>
    typeof position === 'number' && position <= bytes.length
      ? originalPosition(sorted, bytes.subarray(0, position).toString().length)
      : undefined;
  return {
    sql: spliced,
    hasSkip,
    placeOf: (position) => placeAt(positionOf(position) ?? 0).place,
    isQuotedAt: (position) => {
      const at = positionOf(position);
      return at !== undefined && placeAt(at).isQuoted;
    },
  };
}

/** Blanks instead of the prefix: places in the text stay what they are. */
function blankSession(text: string): string {
  const { length } = sessionPrefix(text);
  return blanks(text.slice(0, length)) + text.slice(length);
}

function blanks(text: string): string {
  return text.replaceAll(/[^\n]/g, ' ');
}

function checkTokens(tokens: readonly SqlToken[], placeAt: (position: number) => Place): void {
  const fail = (token: SqlToken, message: string): never => {
    throw new AppError('ParameterInvalid', `line ${placeAt(token.start).place}: ${message}`);
  };
  const [start] = tokens;
  if (start === undefined)
    throw new AppError('ParameterInvalid', "line 1:1: mismatched input '<EOF>' expecting 'select'");
  const first = start.text.toLowerCase();
  if (first === 'insert') fail(start, 'insert into is not supported, only select is');
  if (!STARTS.has(first))
    fail(start, `mismatched input '${start.text}' expecting {'select', 'with', '('}`);
  for (const [i, token] of tokens.entries()) {
    const next = tokens[i + 1];
    const message = aloneError(token, tokens[i - 1]) ?? pairError(token, next);
    if (message !== undefined) fail(token, message);
    if (token.text === ';' && next !== undefined)
      fail(next, `mismatched input '${next.text}' expecting <EOF>`);
  }
}

function aloneError(token: SqlToken, before: SqlToken | undefined): string | undefined {
  if (token.kind === 'broken') return `mismatched input '${token.text}'`;
  return token.text === '[' && !canPrecedeBracket(before) ? "extraneous input '['" : undefined;
}

function pairError(token: SqlToken, next: SqlToken | undefined): string | undefined {
  if (next === undefined) return undefined;
  if (token.kind === 'word' && /^offset$/i.test(token.text) && next.kind === 'number')
    return "mismatched input 'offset' expecting {<EOF>, ',', 'limit'}";
  if (next.start !== token.end) return undefined;
  if (token.kind === 'number' && next.kind === 'word')
    return 'identifiers must not start with a digit; surround the identifier with double quotes';
  if (token.kind === 'word' && next.kind === 'text' && token.text.length === 1)
    return `mismatched input '${token.text}'`;
  if (DOUBLED.test(token.text) && DOUBLED.test(next.text))
    return `extraneous input '${token.text}${next.text}'`;
  return undefined;
}

/** `array[…]` or a subscript; a bracket elsewhere is DuckDB's list. */
function canPrecedeBracket(token: SqlToken | undefined): boolean {
  return (
    token !== undefined &&
    (token.kind === 'word' || token.kind === 'name' || token.text === ')' || token.text === ']') &&
    !/^(?:select|in|and|or|not|then|else|when|case|by|where|having|on|distinct)$/i.test(token.text)
  );
}

/** `LIMIT a, b` → `LIMIT b OFFSET a`, `LIMIT ALL` → nothing. */
function limitEdits(tokens: readonly SqlToken[], at: number): Edit[] {
  const [limit, all] = tokens.slice(at, at + 2);
  if (limit !== undefined && all?.kind === 'word' && /^all$/i.test(all.text))
    return [{ start: limit.start, end: all.end, text: '' }];
  return skipEdit(tokens, at);
}

function skipEdit(tokens: readonly SqlToken[], at: number): Edit[] {
  const [skip, comma, count] = tokens.slice(at + 1, at + 4);
  if (skip?.kind !== 'number' || comma?.text !== ',' || count?.kind !== 'number') return [];
  return [{ start: skip.start, end: count.end, text: `${count.text} OFFSET ${skip.text}` }];
}

function wordEdits(tokens: readonly SqlToken[], at: number, word: string): Edit[] {
  if (word === 'limit') return limitEdits(tokens, at);
  if (word === 'tablesample') return sampleEdit(tokens, at);
  const next = tokens[at + 1];
  const before = tokens[at - 1];
  // `lag(x) IGNORE NULLS` → `lag(x IGNORE NULLS)`
  const isNulls = (word === 'ignore' || word === 'respect') && /^nulls$/i.test(next?.text ?? '');
  if (!isNulls || next === undefined || before?.text !== ')') return [];
  return [
    { start: before.start, end: before.end, text: ` ${word} nulls)` },
    { start: (tokens[at] as SqlToken).start, end: next.end, text: '' },
  ];
}

function sampleEdit(tokens: readonly SqlToken[], at: number): Edit[] {
  const [method, open, share, close] = tokens.slice(at + 1, at + 5);
  if (method?.kind !== 'word' || open?.text !== '(' || share?.kind !== 'number') return [];
  return close?.text === ')' ? [{ start: share.end, end: share.end, text: ' PERCENT' }] : [];
}

/** `array(t)` → `t[]`, `if(c, a)` → `if(c, a, null)`. */
function callEdits(tokens: readonly SqlToken[], at: number, word: string): Edit[] {
  if (word !== 'array' && word !== 'if') return [];
  let depth = 0;
  let commas = 0;
  for (let i = at + 1; i < tokens.length; i++) {
    const token = tokens[i] as SqlToken;
    if (token.text === '(' || token.text === '[') depth++;
    if (token.text === ')' || token.text === ']') depth--;
    if (token.text === ',' && depth === 1) commas++;
    if (depth > 0) continue;
    if (word === 'if')
      return commas === 1 ? [{ start: token.start, end: token.start, text: ', null' }] : [];
    const name = tokens[at] as SqlToken;
    const open = tokens[at + 1] as SqlToken;
    return [
      { start: name.start, end: open.end, text: '' },
      { start: token.start, end: token.end, text: '[]' },
    ];
  }
  return [];
}

function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = '';
  let at = 0;
  for (const edit of edits) {
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at);
}

/** The place in the text before the edits of a place after them. */
function originalPosition(edits: readonly Edit[], position: number): number {
  let shift = 0;
  for (const edit of edits) {
    const start = edit.start + shift;
    if (position < start) break;
    if (position < start + edit.text.length) return edit.start;
    shift += edit.text.length - (edit.end - edit.start);
  }
  return position - shift;
}

/**
 * What Presto writes and DuckDB's parser does not read, changed in the text before it is parsed: `LIMIT a,b`,
 * `array(type)`, two-armed `if`, sampling without a unit, the session prefix. Everything else is a rewrite of
 * the tree.
 */
import { AppError } from '#base/app-error.ts';

export interface SplicedSql {
  readonly sql: string;
  /** Whether the text has `LIMIT skip, n`, the only way to skip rows. */
  readonly hasSkip: boolean;
}

interface SqlToken {
  readonly kind: 'word' | 'name' | 'text' | 'number' | 'sign';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const TOKEN =
  /(?<blank>\s+|--[^\n]*|\/\*[\s\S]*?\*\/)|(?<name>"(?:[^"]|"")*")|(?<text>'(?:[^']|'')*')|(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<word>[\p{L}_][\p{L}\p{N}_$]*)|(?<sign>[\s\S])/gu;
const SESSION_PREFIX = /^\s*set\s+session\s+[^;]*;/i;

/** Errors: ParameterInvalid for names that start with a digit and for OFFSET. */
export function spliceSql(text: string): SplicedSql {
  const sql = blankSession(text);
  const tokens = tokensOf(sql);
  checkTokens(text, tokens);
  const edits: Edit[] = [];
  let hasSkip = false;
  for (const [i, token] of tokens.entries()) {
    if (token.kind !== 'word') continue;
    const word = token.text.toLowerCase();
    const skip = word === 'limit' ? skipEdit(tokens, i) : [];
    hasSkip ||= skip.length > 0;
    edits.push(...skip);
    if (word === 'tablesample') edits.push(...sampleEdit(tokens, i));
    if (tokens[i + 1]?.text === '(') edits.push(...callEdits(tokens, i, word));
  }
  const end = tokens.at(-1);
  if (end?.text === ';') edits.push({ start: end.start, end: end.end, text: '' });
  return { sql: applyEdits(sql, edits), hasSkip };
}

/** Blanks instead of the prefix: places in the text stay what they are. */
function blankSession(text: string): string {
  let sql = text;
  for (;;) {
    const prefix = SESSION_PREFIX.exec(sql)?.[0];
    if (prefix === undefined) return sql;
    sql = prefix.replaceAll(/[^\n]/g, ' ') + sql.slice(prefix.length);
  }
}

function checkTokens(text: string, tokens: readonly SqlToken[]): void {
  for (const [i, token] of tokens.entries()) {
    const next = tokens[i + 1];
    const place = lineColumn(text, token.start);
    if (token.kind === 'number' && next?.kind === 'word' && next.start === token.end)
      throw new AppError(
        'ParameterInvalid',
        `line ${place}: identifiers must not start with a digit; surround the identifier with double quotes`,
      );
    if (token.kind === 'word' && /^offset$/i.test(token.text) && next?.kind === 'number')
      throw new AppError(
        'ParameterInvalid',
        `line ${place}: mismatched input 'offset' expecting {<EOF>, ',', 'limit'}`,
      );
  }
}

/** Where a character of the text stands, as `line:column`, both from 1. */
export function lineColumn(text: string, position: number): string {
  const before = text.slice(0, position).split('\n');
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}

/** Where a name or word first stands in the text, as `line:column`; whether it is in double quotes. */
export function findName(
  text: string,
  name: string,
): { readonly place: string; readonly isQuoted: boolean } | undefined {
  const lower = name.toLowerCase();
  for (const token of tokensOf(text)) {
    const isQuoted = token.kind === 'name';
    if (!isQuoted && token.kind !== 'word') continue;
    const plain = isQuoted ? token.text.slice(1, -1).replaceAll('""', '"') : token.text;
    if (plain.toLowerCase() === lower) return { place: lineColumn(text, token.start), isQuoted };
  }
  return undefined;
}

function tokensOf(sql: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  for (const match of sql.matchAll(TOKEN)) {
    const groups = match.groups ?? {};
    const kind = (['name', 'text', 'number', 'word', 'sign'] as const).find(
      (kind) => groups[kind] !== undefined,
    );
    const start = match.index;
    if (kind !== undefined)
      tokens.push({ kind, text: match[0], start, end: start + match[0].length });
  }
  return tokens;
}

function skipEdit(tokens: readonly SqlToken[], at: number): Edit[] {
  const [skip, comma, count] = tokens.slice(at + 1, at + 4);
  if (skip?.kind !== 'number' || comma?.text !== ',' || count?.kind !== 'number') return [];
  return [{ start: skip.start, end: count.end, text: `${count.text} OFFSET ${skip.text}` }];
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
  for (const edit of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at);
}

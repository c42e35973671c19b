/** The words of a statement and their places, before anything parses it. */
export interface SqlToken {
  readonly kind: 'word' | 'name' | 'text' | 'number' | 'sign' | 'comment' | 'broken';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const KINDS = ['comment', 'name', 'text', 'number', 'word', 'sign', 'broken'] as const;
const TOKEN =
  /(?<blank>\s+)|(?<comment>--[^\n]*|\/\*[\s\S]*?\*\/)|(?<name>"(?:[^"]|"")+")|(?<text>'(?:[^']|'')*')|(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<word>[\p{L}_][\p{L}\p{N}_]*)|(?<sign><=|>=|<>|!=|\|\||->|[-+*/%=<>().,;[\]])|(?<broken>[\s\S])/gu;

export function tokensOf(sql: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  for (const match of sql.matchAll(TOKEN)) {
    const groups = match.groups ?? {};
    const kind = KINDS.find((kind) => groups[kind] !== undefined);
    const start = match.index;
    if (kind !== undefined)
      tokens.push({ kind, text: match[0], start, end: start + match[0].length });
  }
  return tokens;
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

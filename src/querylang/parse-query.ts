/**
 * Parses a query text (sls-query §2.1, §2.2) by recursive descent:
 *
 *   or    := chain { OR chain }
 *   chain := NOT chain | unary { [AND] ( NOT unary | unary ) }
 *   unary := '(' or ')' | phrase | field | compare | range | text | '*'
 *
 * The service documents that `and` binds closer than `not`, so a leading `not` takes the whole chain behind
 * it; `notTakesChain: false` gives the usual reading. `#parseChain` is the only place that knows.
 */
import { AppError } from '#base/app-error.ts';
import { findPipe, syntaxError, tokenize, type TextToken, type Token } from './lexer.ts';
import {
  QUERY_BYTES_MAX,
  QUERY_CONDITIONS_MAX,
  QUERY_DEPTH_MAX,
  WILDCARD_WORD_LENGTH_MAX,
} from './limits.ts';
import type { ParsedQuery, SearchNode, Span, TextNode } from './search-ast.ts';

export interface ParseOptions {
  /** Whether `not a and b` means `not (a and b)`. Default true. */
  readonly notTakesChain?: boolean | undefined;
}

/**
 * Errors: ParameterInvalid (syntax, with 0-based columns; misplaced phrases and wildcards; SQL without a
 * search part), InvalidQueryString (too long, too many conditions, too deep).
 */
export function parseQuery(text: string, options: ParseOptions = {}): ParsedQuery {
  if (new TextEncoder().encode(text).length > QUERY_BYTES_MAX)
    throw new AppError('InvalidQueryString', `query is longer than ${QUERY_BYTES_MAX} bytes`);
  const pipe = findPipe(text);
  const where = pipe < 0 ? text : text.slice(0, pipe);
  if (/^\s*select\s/i.test(where))
    throw new AppError(
      'ParameterInvalid',
      'sql query must follow search query,please read syntex doc',
    );
  const search = new SearchParser(where, options.notTakesChain ?? true).parse();
  const analysis = pipe < 0 ? { kind: 'none' as const } : parseAnalysis(text, pipe + 1);
  const hasPhrase = checkPhrases(search, true);
  if (hasPhrase && (analysis.kind === 'sql' || analysis.kind === 'spl'))
    throw new AppError('ParameterInvalid', 'sql and spl cannot follow a phrase search');
  return { search, whereText: where.trim(), analysis };
}

function parseAnalysis(text: string, start: number): ParsedQuery['analysis'] {
  const analysis = text.slice(start);
  const trimmed = analysis.trim();
  if (trimmed === '') return { kind: 'none' };
  if (/^with_pack_meta$/i.test(trimmed)) return { kind: 'packMeta' };
  const isSql = /^(?:\(|(?:select|with|set\s+session|values|table|from)\b)/i.test(
    trimmed.replace(/^(?:--[^\n]*\n|\/\*[\s\S]*?\*\/|\s)+/, ''),
  );
  return { kind: isSql ? 'sql' : 'spl', text: analysis, start };
}

/** Whether there is a phrase; throws where one stands under `or` or `not`. */
function checkPhrases(node: SearchNode, allowed: boolean): boolean {
  switch (node.kind) {
    case 'text':
      if (node.form !== 'phrase') return false;
      if (!allowed)
        throw new AppError('ParameterInvalid', 'phrase search only combines with and, not or, not');
      return true;
    case 'and':
      return node.operands.map((operand) => checkPhrases(operand, allowed)).includes(true);
    case 'or':
      return node.operands.map((operand) => checkPhrases(operand, false)).includes(true);
    case 'not':
      return checkPhrases(node.operand, false);
    default:
      return false;
  }
}

class SearchParser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #notTakesChain: boolean;
  #at = 0;
  #conditions = 0;
  #depth = 0;

  constructor(text: string, notTakesChain: boolean) {
    this.#text = text;
    this.#tokens = tokenize(text);
    this.#notTakesChain = notTakesChain;
  }

  parse(): SearchNode {
    if (this.#peek().kind === 'end')
      return { kind: 'all', span: { start: 0, end: this.#text.length } };
    const node = this.#parseOr();
    if (this.#peek().kind !== 'end') throw this.#unexpected();
    return node;
  }

  #parseOr(): SearchNode {
    const operands = [this.#parseChain()];
    while (this.#takeOperator('or')) operands.push(this.#parseChain());
    return combine('or', operands);
  }

  #parseChain(): SearchNode {
    const operands = [
      this.#isOperator('not')
        ? this.#parseNot(() => (this.#notTakesChain ? this.#parseChain() : this.#parseUnary()))
        : this.#parseUnary(),
    ];
    for (;;) {
      const isExplicit = this.#takeOperator('and');
      const next = this.#peek();
      if (!isExplicit && (next.kind === 'end' || next.kind === ')' || this.#isOperator('or')))
        return combine('and', operands);
      operands.push(this.#parseUnary());
    }
  }

  #parseNot(parseOperand: () => SearchNode): SearchNode {
    const { start } = this.#next().span;
    const operand = this.#deeper(parseOperand);
    return { kind: 'not', operand, span: { start, end: operand.span.end } };
  }

  #parseUnary(): SearchNode {
    if (this.#isOperator('not')) return this.#parseNot(() => this.#parseUnary());
    if (this.#isOperator('and') || this.#isOperator('or')) throw this.#unexpected();
    const token = this.#next();
    switch (token.kind) {
      case '(': {
        const inner = this.#deeper(() => this.#parseOr());
        if (this.#peek().kind !== ')') throw this.#unexpected();
        return { ...inner, span: { start: token.span.start, end: this.#next().span.end } };
      }
      case 'phrase':
        return this.#condition({
          kind: 'text',
          key: undefined,
          text: token.text,
          form: 'phrase',
          span: token.span,
        });
      case 'word':
      case 'quoted':
        return this.#parseOperand(token);
      default:
        this.#at--;
        throw this.#unexpected();
    }
  }

  /** What a word or quoted text begins: a field, a comparison, a range, or just itself. */
  #parseOperand(token: TextToken): SearchNode {
    const key = this.#parseTagKey(token) ?? token.text;
    const { start } = token.span;
    const next = this.#peek();
    if (next.kind === ':') {
      this.#next();
      return this.#parseFieldValue(key, start);
    }
    if (next.kind === 'compare') {
      this.#next();
      const value = this.#next();
      if (value.kind !== 'word' && value.kind !== 'quoted') {
        this.#at--;
        throw this.#unexpected();
      }
      const span = { start, end: value.span.end };
      const { operator } = next;
      return this.#condition({ kind: 'compare', key, operator, value: value.text, span });
    }
    if (next.kind === 'range') {
      this.#next();
      return this.#condition({ ...next, key, span: { start, end: next.span.end } });
    }
    if (token.kind === 'word' && token.text === '*') return { kind: 'all', span: token.span };
    return this.#textNode(undefined, token, token.span);
  }

  /** `__tag__:name` is one key when something follows that makes it one. */
  #parseTagKey(token: TextToken): string | undefined {
    if (token.kind !== 'word' || token.text.toLowerCase() !== '__tag__') return undefined;
    const [colon, name, after] = this.#tokens.slice(this.#at, this.#at + 3);
    if (colon?.kind !== ':' || (name?.kind !== 'word' && name?.kind !== 'quoted')) return undefined;
    if (after?.kind !== ':' && after?.kind !== 'compare' && after?.kind !== 'range')
      return undefined;
    this.#at += 2;
    return `${token.text}:${name.text}`;
  }

  #parseFieldValue(key: string, start: number): SearchNode {
    const value = this.#peek();
    if (value.kind !== 'word' && value.kind !== 'quoted' && value.kind !== 'phrase')
      throw this.#unexpected();
    this.#next();
    return this.#textNode(key, value, { start, end: value.span.end });
  }

  #textNode(key: string | undefined, token: TextToken, span: Span): SearchNode {
    if (token.kind === 'word') checkWildcards(token.text, key);
    return this.#condition({ kind: 'text', key, text: token.text, form: token.kind, span });
  }

  #condition(node: SearchNode): SearchNode {
    this.#conditions++;
    if (this.#conditions > QUERY_CONDITIONS_MAX)
      throw new AppError(
        'InvalidQueryString',
        `query has more than ${QUERY_CONDITIONS_MAX} conditions`,
      );
    return node;
  }

  #deeper<T>(parse: () => T): T {
    this.#depth++;
    if (this.#depth > QUERY_DEPTH_MAX)
      throw new AppError('InvalidQueryString', `query nests deeper than ${QUERY_DEPTH_MAX}`);
    const result = parse();
    this.#depth--;
    return result;
  }

  /** Whether the next token is the operator word; as a key (`and:x`) it is data. */
  #isOperator(operator: 'and' | 'or' | 'not'): boolean {
    const token = this.#peek();
    if (token.kind !== 'word' || token.text.toLowerCase() !== operator) return false;
    const after = this.#tokens[this.#at + 1]?.kind;
    return after !== ':' && after !== 'compare';
  }

  #takeOperator(operator: 'and' | 'or' | 'not'): boolean {
    const found = this.#isOperator(operator);
    if (found) this.#at++;
    return found;
  }

  #peek(): Token {
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] as Token;
  }

  #next(): Token {
    const token = this.#peek();
    this.#at++;
    return token;
  }

  #unexpected(): AppError {
    return syntaxError(this.#text, this.#peek().span);
  }
}

function combine(kind: 'and' | 'or', operands: readonly SearchNode[]): SearchNode {
  const first = operands[0] as SearchNode;
  if (operands.length === 1) return first;
  const last = operands.at(-1) as SearchNode;
  return { kind, operands, span: { start: first.span.start, end: last.span.end } };
}

function checkWildcards(word: TextNode['text'], key: string | undefined): void {
  if (!/[*?]/.test(word) || (word === '*' && key !== undefined)) return;
  if (word.startsWith('*') || word.startsWith('?')) {
    if (word === '*') return;
    throw new AppError(
      'ParameterInvalid',
      `a word cannot start with a wildcard, please check ${word}`,
    );
  }
  if (Array.from(word).length > WILDCARD_WORD_LENGTH_MAX)
    throw new AppError(
      'ParameterInvalid',
      `a word with wildcards has at most ${WILDCARD_WORD_LENGTH_MAX} characters`,
    );
}

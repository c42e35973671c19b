/** Reads the words of one stage of a pipeline, with errors that say where. */
import { AppError } from '#base/app-error.ts';
import { lineColumn, type SqlToken } from '../sql/tokens.ts';
import type { FieldName, Span } from './stages.ts';

/** Names that begin so are the server's own. */
export const HIDDEN_PREFIX = '__sls_';

/** Values of the options that a stage has before its arguments; flags have an empty one. */
export type Options = ReadonlyMap<string, string>;

export class StageReader {
  readonly #text: string;
  readonly #tokens: readonly SqlToken[];
  readonly #end: number;
  #at = 0;

  /** `end`: where the stage ends in the text. */
  constructor(text: string, tokens: readonly SqlToken[], end: number) {
    this.#text = text;
    this.#tokens = tokens;
    this.#end = end;
  }

  /** The name of the command, in lower case: words joined by `-`. */
  command(): string {
    const first = this.#next();
    if (first?.kind !== 'word') throw this.#unexpected(first, 'a command');
    let name = first.text;
    let { end } = first;
    for (;;) {
      const [dash, word] = this.#tokens.slice(this.#at, this.#at + 2);
      const isJoined = dash?.text === '-' && dash.start === end && word?.start === dash.end;
      if (!isJoined || word.kind !== 'word') return name.toLowerCase();
      name += `-${word.text}`;
      ({ end } = word);
      this.#at += 2;
    }
  }

  /** `-name='value'` and `-name`, as far as the command has them. */
  options(values: readonly string[], flags: readonly string[] = []): Options {
    const options = new Map<string, string>();
    while (this.#peek()?.text === '-') {
      this.#next();
      const word = this.#next();
      const name = word?.kind === 'word' ? word.text.toLowerCase() : '';
      const isKnown = values.includes(name) || flags.includes(name);
      if (!isKnown || options.has(name))
        throw this.#unexpected(word, [...values, ...flags].map((one) => `-${one}`).join(', '));
      if (values.includes(name)) this.expect('=');
      options.set(name, values.includes(name) ? this.text() : '');
    }
    return options;
  }

  field(): FieldName {
    const token = this.#next();
    if (token?.kind !== 'word' && token?.kind !== 'name') throw this.#unexpected(token, 'a field');
    const name = token.kind === 'word' ? token.text : token.text.slice(1, -1).replaceAll('""', '"');
    if (name.toLowerCase().startsWith(HIDDEN_PREFIX))
      throw this.error(token, `a field cannot have the name ${name}`);
    return { name, start: token.start, end: token.end };
  }

  /** One or more, with commas between them. */
  list<T>(item: () => T): [T, ...T[]] {
    const items: [T, ...T[]] = [item()];
    while (this.take(',')) items.push(item());
    return items;
  }

  /** A text in single quotes. */
  text(): string {
    const token = this.#next();
    if (token?.kind !== 'text') throw this.#unexpected(token, "a text in '…'");
    return token.text.slice(1, -1).replaceAll("''", "'");
  }

  /** A field, or a text in single quotes. */
  pattern(): string {
    return this.#peek()?.kind === 'text' ? this.text() : this.field().name;
  }

  wholeNumber(): number {
    const token = this.#next();
    const value = token?.kind === 'number' ? Number(token.text) : Number.NaN;
    if (!Number.isSafeInteger(value)) throw this.#unexpected(token, 'a whole number');
    return value;
  }

  /** All up to a comma or one of the words outside brackets. */
  expression(...until: readonly string[]): Span {
    const first = this.#peek();
    const span = this.#balanced((token) => token.text === ',' || isWord(token, until));
    if (first === undefined || span === undefined) throw this.#unexpected(first, 'an expression');
    return { start: first.start, end: span.end };
  }

  /** Words and signs with all brackets closed, up to one that ends them; undefined: none. */
  #balanced(isEnd: (token: SqlToken) => boolean): SqlToken | undefined {
    let depth = 0;
    let last: SqlToken | undefined;
    for (let token = this.#peek(); token !== undefined; token = this.#peek()) {
      if (depth === 0 && isEnd(token)) return last;
      depth += token.kind === 'sign' ? (DEPTHS[token.text] ?? 0) : 0;
      if (depth < 0 || token.kind === 'broken' || token.text === ';') throw this.#unexpected(token);
      last = token;
      this.#at++;
    }
    if (depth > 0) throw this.#unexpected(undefined, "')'");
    return last;
  }

  /** Whether the next word or sign was this one; then it is passed. */
  take(text: string): boolean {
    const token = this.#peek();
    const isNext = token !== undefined && (token.text === text || isWord(token, [text]));
    if (isNext) this.#at++;
    return isNext;
  }

  expect(text: string): void {
    if (!this.take(text)) throw this.#unexpected(this.#peek(), `'${text}'`);
  }

  /** Errors: ParameterInvalid when there is more. */
  finish(): void {
    const token = this.#peek();
    if (token !== undefined) throw this.#unexpected(token);
  }

  error(place: Span | undefined, message: string): AppError {
    const { start } = place ?? { start: this.#end };
    return new AppError('ParameterInvalid', `line ${lineColumn(this.#text, start)}: ${message}`);
  }

  #unexpected(token: SqlToken | undefined, expected?: string): AppError {
    const what = `mismatched input '${token?.text ?? '<EOF>'}'`;
    return this.error(token, expected === undefined ? what : `${what}, expecting ${expected}`);
  }

  #peek(): SqlToken | undefined {
    return this.#tokens[this.#at];
  }

  #next(): SqlToken | undefined {
    return this.#tokens[this.#at++];
  }
}

/** What a sign does to the number of open brackets. */
const DEPTHS: Readonly<Record<string, number>> = { '(': 1, '[': 1, ')': -1, ']': -1 };

function isWord(token: SqlToken, words: readonly string[]): boolean {
  return token.kind === 'word' && words.includes(token.text.toLowerCase());
}

/** One text as the terms that the index would have of it. It is cut only when that is the only way to know. */
import { compileTokenizer, type Tokenizer } from '#kernel/tokenizer.ts';
import { SEARCHABLE_VALUE_BYTES_MAX } from '#kernel/limits.ts';
import { includesRun } from '../search/verify-phrase.ts';
import type { TermPattern } from '../search/wildcards.ts';

/** A way of cutting; fields that share it are searched together (sls-query §1.3). */
export class Cutting {
  readonly tokenizer: Tokenizer;
  /** Cuts at delimiters only, for patterns: a dictionary would tear them apart. */
  readonly patternTokenizer: Tokenizer;
  /** Whether terms can be found in the folded text: not where letters are delimiters in one case only. */
  readonly isFoldedFirst: boolean;
  /** 1 for each ASCII character that is a delimiter. */
  readonly #delimiters: Uint8Array = new Uint8Array(128);

  constructor(tokenizer: Tokenizer) {
    const { options } = tokenizer;
    this.tokenizer = tokenizer;
    this.patternTokenizer = compileTokenizer({ ...options, chn: false });
    this.isFoldedFirst = options.caseSensitive || !/[a-z]/iu.test(options.token.join(''));
    for (const char of options.token.join('')) {
      const code = char.codePointAt(0) ?? 0;
      if (code < this.#delimiters.length) this.#delimiters[code] = 1;
    }
  }

  /** Whether a folded ASCII text has the term between two delimiters; the same as cutting it and looking. */
  hasTerm(folded: string, term: string): boolean {
    for (let at = folded.indexOf(term); at >= 0; at = folded.indexOf(term, at + 1))
      if (this.#isEdge(folded, at - 1) && this.#isEdge(folded, at + term.length)) return true;
    return false;
  }

  #isEdge(text: string, at: number): boolean {
    return at < 0 || at >= text.length || this.#delimiters[text.charCodeAt(at)] === 1;
  }
}

// oxlint-disable-next-line no-control-regex -- ASCII has them
const ASCII = /^[\u0000-\u007f]*$/u;

/** Longer texts are cut, which knows how much of them is searchable. */
const QUICK_LENGTH_MAX: number = SEARCHABLE_VALUE_BYTES_MAX / 3;

export class CutText {
  readonly text: string;
  readonly #cutting: Cutting;
  #isQuick: boolean | undefined;
  #folded = '';
  #terms: readonly string[] | undefined;
  #termSet: ReadonlySet<string> | undefined;

  constructor(text: string, cutting: Cutting) {
    this.text = text;
    this.#cutting = cutting;
  }

  /** `term` as the text's own tokenizer makes them: folded, not empty. */
  has(term: string): boolean {
    if (this.#quick()) return this.#cutting.hasTerm(this.#folded, term);
    this.#termSet ??= new Set(this.#cut());
    return this.#termSet.has(term);
  }

  matches(pattern: TermPattern): boolean {
    if (this.#quick() && !this.#folded.includes(pattern.prefix)) return false;
    return this.#cut().some((term) => term.startsWith(pattern.prefix) && pattern.matches(term));
  }

  /** Whether the terms stand one after the other. */
  hasRun(terms: readonly string[]): boolean {
    return terms.every((term) => this.has(term)) && includesRun(this.#cut(), terms);
  }

  /** Whether terms can be found without cutting: folding does not depend on where a text is cut, and Han is absent. */
  #quick(): boolean {
    if (this.#isQuick === undefined) {
      this.#isQuick =
        this.#cutting.isFoldedFirst &&
        this.text.length <= QUICK_LENGTH_MAX &&
        ASCII.test(this.text);
      if (this.#isQuick) this.#folded = this.#cutting.tokenizer.fold(this.text);
    }
    return this.#isQuick;
  }

  #cut(): readonly string[] {
    return (this.#terms ??= this.#cutting.tokenizer.cut(this.text));
  }
}

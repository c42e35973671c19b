/**
 * The tokenizer (sls-query §1.2): cut at delimiters, drop empty parts, segment Han runs when asked to, fold
 * to lower case. There are two paths with the same result: `scan` works on UTF-8 bytes and makes no string
 * for ASCII or CJK terms; `cut` works on a string and is what query texts go through.
 */
import { SEARCHABLE_VALUE_BYTES_MAX } from './limits.ts';

export interface TokenizerOptions {
  /** Delimiters; every character of every entry is one. None: the whole value is one term. */
  readonly token: readonly string[];
  readonly caseSensitive: boolean;
  /** Segment runs of Han characters by dictionary. */
  readonly chn: boolean;
}

/** Takes the terms of `Tokenizer.scan`. */
export interface TermSink {
  /**
   * One term: the first `length` bytes of `bytes`, which belong to the tokenizer and change after the
   * call. `hash` is `hashBytes` of them.
   */
  term(bytes: Uint8Array, length: number, hash: number): void;
}

const HASH_SEED = 0x811c9dc5;
const HASH_PRIME = 0x01000193;

/** 32-bit FNV-1a (Fowler, Noll, Vo), as a signed integer. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = HASH_SEED | 0;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), HASH_PRIME);
  return hash;
}

/** Where a value ends for the search: at most `SEARCHABLE_VALUE_BYTES_MAX` bytes, at a character. */
export function searchableEnd(bytes: Uint8Array, start: number, end: number): number {
  if (end - start <= SEARCHABLE_VALUE_BYTES_MAX) return end;
  let cut = start + SEARCHABLE_VALUE_BYTES_MAX;
  while (cut > start && ((bytes[cut] ?? 0) & 0xc0) === 0x80) cut--;
  return cut;
}

/** Entries of the byte table below 256 are the folded ASCII byte itself. */
const DELIMITER = 256;
/** A byte of a character that has no letter case (continuation bytes, U+3000–U+9FFF). */
const CASELESS = 256 | 1;
/** The first byte of a character that may have a letter case. */
const CASED_BIT = 2;
const CASED = 256 | CASED_BIT;

const HAN_RUN = /\p{Script=Han}+/gu;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** See the top of the file. Stateless for its users; holds scratch memory, so not re-entrant. */
export class Tokenizer {
  readonly options: TokenizerOptions;
  readonly #table: Uint16Array;
  readonly #wideDelimiters: ReadonlySet<number>;
  readonly #caseSensitive: boolean;
  readonly #segmenter: Intl.Segmenter | undefined;
  #scratch: Uint8Array = new Uint8Array(4096);

  constructor(options: TokenizerOptions) {
    this.options = options;
    this.#caseSensitive = options.caseSensitive;
    this.#table = new Uint16Array(256);
    for (let byte = 0; byte < 256; byte++)
      this.#table[byte] = classOfByte(byte, options.caseSensitive);
    const wide = new Set<number>();
    for (const char of options.token.join('')) {
      const codePoint = char.codePointAt(0) ?? 0;
      if (codePoint < 128) this.#table[codePoint] = DELIMITER;
      else wide.add(codePoint);
    }
    this.#wideDelimiters = wide;
    this.#segmenter = options.chn ? new Intl.Segmenter('zh', { granularity: 'word' }) : undefined;
  }

  /** The terms of a text, in order, repetitions included. Lone surrogates count as U+FFFD. */
  cut(text: string): string[] {
    const terms: string[] = [];
    let part = '';
    for (const char of searchableText(text)) {
      if (!this.#isDelimiter(char.codePointAt(0) ?? 0)) part += char;
      else if (part !== '') {
        this.#cutPart(part, terms);
        part = '';
      }
    }
    if (part !== '') this.#cutPart(part, terms);
    return terms;
  }

  /** Folds a text as terms are folded, without cutting it (for wildcard patterns). */
  fold(text: string): string {
    return this.#caseSensitive ? text : text.toLowerCase();
  }

  /** Gives the terms of the value `bytes[start, end)`, which must be valid UTF-8, to the sink. */
  scan(bytes: Uint8Array, start: number, end: number, sink: TermSink): void {
    const stop = searchableEnd(bytes, start, end);
    const table = this.#table;
    const hasWide = this.#wideDelimiters.size > 0;
    if (this.#scratch.length < stop - start) this.#scratch = new Uint8Array(2 * (stop - start));
    const scratch = this.#scratch;
    let length = 0;
    let hash = HASH_SEED | 0;
    let classes = 0;
    for (let i = start; i < stop; i++) {
      const byte = bytes[i] as number;
      const folded = table[byte] as number;
      if (folded < DELIMITER) {
        scratch[length++] = folded;
        hash = Math.imul(hash ^ folded, HASH_PRIME);
        continue;
      }
      let width = folded === DELIMITER ? 1 : 0;
      if (hasWide && byte >= 0xc0) width = this.#wideDelimiterAt(bytes, i);
      if (width === 0) {
        classes |= folded;
        scratch[length++] = byte;
        hash = Math.imul(hash ^ byte, HASH_PRIME);
        continue;
      }
      if (length > 0) this.#emit(length, hash, classes, sink);
      i += width - 1;
      length = 0;
      hash = HASH_SEED | 0;
      classes = 0;
    }
    if (length > 0) this.#emit(length, hash, classes, sink);
  }

  #isDelimiter(codePoint: number): boolean {
    return codePoint < 128
      ? this.#table[codePoint] === DELIMITER
      : this.#wideDelimiters.has(codePoint);
  }

  /** Bytes of the delimiter that starts at `at`; 0 when the character there is none. */
  #wideDelimiterAt(bytes: Uint8Array, at: number): number {
    const lead = bytes[at] ?? 0;
    const width = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    let codePoint = lead & (0xff >> (width + 1));
    for (let i = 1; i < width; i++) codePoint = (codePoint << 6) | ((bytes[at + i] ?? 0) & 0x3f);
    return this.#wideDelimiters.has(codePoint) ? width : 0;
  }

  /** Gives one part, already folded as far as bytes can be, to the sink. */
  #emit(length: number, hash: number, classes: number, sink: TermSink): void {
    const needsFold = !this.#caseSensitive && (classes & CASED_BIT) !== 0;
    if (classes === 0 || (!needsFold && this.#segmenter === undefined)) {
      sink.term(this.#scratch, length, hash);
      return;
    }
    // Folding ASCII before Unicode changes nothing: ASCII letters fold the same in every context.
    const terms: string[] = [];
    this.#cutPart(decoder.decode(this.#scratch.subarray(0, length)), terms);
    for (const term of terms) {
      const bytes = encoder.encode(term);
      sink.term(bytes, bytes.length, hashBytes(bytes, 0, bytes.length));
    }
  }

  #cutPart(part: string, terms: string[]): void {
    if (this.#segmenter === undefined) {
      terms.push(this.fold(part));
      return;
    }
    let end = 0;
    for (const run of part.matchAll(HAN_RUN)) {
      if (run.index > end) terms.push(this.fold(part.slice(end, run.index)));
      for (const piece of this.#segmenter.segment(run[0]))
        if (piece.isWordLike === true) terms.push(this.fold(piece.segment));
      end = run.index + run[0].length;
    }
    if (end < part.length) terms.push(this.fold(part.slice(end)));
  }
}

/** Prepares a tokenizer; costs microseconds, so make one for each index field and keep it. */
export function compileTokenizer(options: TokenizerOptions): Tokenizer {
  return new Tokenizer(options);
}

function classOfByte(byte: number, caseSensitive: boolean): number {
  if (byte >= 0x41 && byte <= 0x5a) return caseSensitive ? byte : byte + 32;
  if (byte < 0x80) return byte;
  return byte < 0xc0 || (byte >= 0xe3 && byte <= 0xe9) ? CASELESS : CASED;
}

/** The text as UTF-8 would carry it, and no longer than what is searchable. */
function searchableText(text: string): string {
  if (text.length * 3 <= SEARCHABLE_VALUE_BYTES_MAX) return text.toWellFormed();
  const bytes = encoder.encode(text);
  return decoder.decode(bytes.subarray(0, searchableEnd(bytes, 0, bytes.length)));
}

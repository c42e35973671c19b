/**
 * Whether one log is what a search looks for, with the meaning that the index gives it (sls-query §1.3, §2.3): what
 * `evaluate-search.ts` would find in a segment of this log alone. Two differences, both in favour of the user: a
 * wildcard matches all terms and not the first hundred, and phrases are looked at in any place of a search.
 */
import { must } from '#base/assert.ts';
import { compileTokenizer } from '#kernel/tokenizer.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import {
  parseNumber,
  rangeOf,
  type FieldPlan,
  type NumberRange,
  type SearchPlan,
  type TextForm,
} from '../search/compile-search.ts';
import { cutParts, fullTextPieces, type Cutter } from '../search/cut-search.ts';
import { isInRange } from '../search/exact-longs.ts';
import type { TermPattern } from '../search/wildcards.ts';
import { Cutting } from './cut-text.ts';
import type { FieldNumber, LogFields, TextField } from './log-fields.ts';

export type LogMatcher = (log: LogFields) => boolean;

/** `index`: the configuration that the plan was compiled with, and that logs are laid out by. */
export function compileMatcher(plan: SearchPlan, index: IndexConfig): LogMatcher {
  const line = index.line === undefined ? undefined : new Cutting(compileTokenizer(index.line));
  const compile = (part: SearchPlan): LogMatcher => {
    switch (part.kind) {
      case 'all':
        return () => true;
      case 'and': {
        const operands = part.operands.map(compile);
        return (log) => operands.every((matches) => matches(log));
      }
      case 'or': {
        const operands = part.operands.map(compile);
        return (log) => operands.some((matches) => matches(log));
      }
      case 'not': {
        const matches = compile(part.operand);
        return (log) => !matches(log);
      }
      case 'fullText':
        return compileFullText(part, line);
      case 'field':
        return compileField(part);
      case 'numeric':
        return compileNumeric(part.field.name, part.range);
      default:
        return () => false;
    }
  };
  return compile(plan);
}

function compileFullText(
  { text, form }: { readonly text: string; readonly form: TextForm },
  line: Cutter | undefined,
): LogMatcher {
  const pieces = fullTextPieces({ text, form }, { line });
  const words = pieces.map((piece) => new SearchWords(piece, form));
  const areThere: LogMatcher = (log) => words.every((piece) => piece.areTogether(log.allTexts()));
  if (form !== 'phrase' || pieces.length === 0) return areThere;
  const termsOf = perCutting((cutting) => pieces.flatMap((piece) => cutting.tokenizer.cut(piece)));
  return (log) =>
    areThere(log) &&
    some(log.allTexts(), ({ cutting, texts }) => {
      const terms = termsOf(cutting);
      return terms.length > 0 && texts.some((value) => value.hasRun(terms));
    });
}

function compileField({ field, text, form }: FieldPlan): LogMatcher {
  const { name, type } = field;
  const isJson = type === 'leaves';
  if (form === 'word' && text === '*')
    return isJson
      ? (log) => log.jsonTexts(name).length > 0
      : (log) => some(log.numbers(name), () => true) || some(log.texts(name), () => true);
  if (text === '')
    return isJson
      ? (log) => log.jsonTexts(name).includes('')
      : (log) => some(log.texts(name), ({ texts }) => texts.some((value) => value.text === ''));
  const isNumber = !isJson && form !== 'phrase' && parseNumber(text) !== undefined;
  const hasNumber = isNumber ? compileRange(name, rangeOf('=', text)) : () => false;
  const words = new SearchWords(text, form);
  return (log) =>
    hasNumber(log) || some(isJson ? log.leaves(name) : log.texts(name), (one) => words.areIn(one));
}

function compileNumeric(name: string, range: NumberRange): LogMatcher {
  const hasNumber = compileRange(name, range);
  if (range.low !== range.high) return hasNumber;
  // As in segments: a field that is text can only be asked for equality.
  const words = new SearchWords(String(range.low), 'quoted');
  return (log) => hasNumber(log) || words.areTogether(log.texts(name));
}

function compileRange(name: string, range: NumberRange): LogMatcher {
  const { low, high, lowInclusive, highInclusive } = range;
  const isIn = ({ type, text, value }: FieldNumber): boolean => {
    // Neighbours of 64 bits look alike as doubles.
    if (type === 'long' && range.exact !== undefined && value === Number(range.exact))
      return isInRange(text, range);
    return (
      (lowInclusive ? value >= low : value > low) && (highInclusive ? value <= high : value < high)
    );
  };
  return (log) => some(log.numbers(name), isIn);
}

type Part = string | TermPattern;

/** The words of one text of a search, cut as each field needs it. */
class SearchWords {
  readonly #form: TextForm;
  readonly #termsOf: (cutting: Cutting) => readonly string[];
  readonly #partsOf: (cutting: Cutting) => {
    readonly parts: readonly Part[];
    readonly key: string;
  };

  constructor(text: string, form: TextForm) {
    this.#form = form;
    this.#termsOf = perCutting((cutting) => cutting.tokenizer.cut(text));
    this.#partsOf = perCutting((cutting) => {
      const parts = cutParts(cutting, text, form);
      return { parts, key: JSON.stringify(parts) };
    });
  }

  /** Whether all words are somewhere in fields for which they are the same. Fields that leave none say nothing. */
  areTogether(fields: Iterable<TextField>): boolean {
    const several: TextField[] = [];
    for (const field of fields) {
      const [first, second] = this.#partsOf(field.cutting).parts;
      if (second !== undefined) several.push(field);
      else if (first !== undefined && isIn(field, first)) return true;
    }
    if (several.length === 0) return false;
    const groups = Map.groupBy(several, ({ cutting }) => this.#partsOf(cutting).key);
    return some(groups.values(), (group) => {
      const { parts } = this.#partsOf(must(group[0], 'a group has fields').cutting);
      return parts.every((part) => group.some((one) => isIn(one, part)));
    });
  }

  /** Whether all words are in the field, in a phrase next to each other. Of no words all are there. */
  areIn(field: TextField): boolean {
    const { parts } = this.#partsOf(field.cutting);
    if (!parts.every((part) => isIn(field, part))) return false;
    if (this.#form !== 'phrase' || parts.length === 0) return true;
    const terms = this.#termsOf(field.cutting);
    return field.texts.some((text) => text.hasRun(terms));
  }
}

/** Remembers what a function makes of each way of cutting. */
function perCutting<T>(make: (cutting: Cutting) => T): (cutting: Cutting) => T {
  const made = new WeakMap<Cutting, { readonly value: T }>();
  return (cutting) => {
    const known = made.get(cutting);
    if (known !== undefined) return known.value;
    const value = make(cutting);
    made.set(cutting, { value });
    return value;
  };
}

function isIn({ texts }: TextField, part: Part): boolean {
  return typeof part === 'string'
    ? texts.some((text) => text.has(part))
    : texts.some((text) => text.matches(part));
}

function some<T>(items: Iterable<T>, test: (item: T) => boolean): boolean {
  for (const item of items) if (test(item)) return true;
  return false;
}

/**
 * Whether one log is what a search looks for, with the meaning that the index gives it (sls-query §1.3, §2.3): what
 * `evaluate-search.ts` would find in a segment of this log alone. Two differences, both in favour of the user: a
 * wildcard matches all terms and not the first hundred, and phrases are looked at in any place of a search.
 */
import {
  exactly,
  parseNumber,
  type FieldPlan,
  type NumberRange,
  type SearchPlan,
  type TextForm,
} from '../search/compile-search.ts';
import { cutPattern, type TermPattern } from '../search/wildcards.ts';
import type { Cutting } from './cut-text.ts';
import type { LogFields, TextField } from './log-fields.ts';

export type LogMatcher = (log: LogFields) => boolean;

/** The matcher keeps the words of the search for each way of cutting that it meets. */
export function compileMatcher(plan: SearchPlan): LogMatcher {
  switch (plan.kind) {
    case 'all':
      return () => true;
    case 'and': {
      const operands = plan.operands.map(compileMatcher);
      return (log) => operands.every((matches) => matches(log));
    }
    case 'or': {
      const operands = plan.operands.map(compileMatcher);
      return (log) => operands.some((matches) => matches(log));
    }
    case 'not': {
      const matches = compileMatcher(plan.operand);
      return (log) => !matches(log);
    }
    case 'fullText': {
      const words = new SearchWords(plan.text, plan.form);
      return (log) => words.areInOneGroup(log.allTexts());
    }
    case 'field':
      return compileField(plan);
    case 'numeric':
      return compileNumeric(plan.field.name, plan.range);
    default:
      return () => false;
  }
}

function compileField(plan: FieldPlan): LogMatcher {
  const { name, type } = plan.field;
  const isJson = type === 'leaves';
  const textsOf = (log: LogFields): Iterable<TextField> =>
    isJson ? log.leaves(name) : log.texts(name);
  if (plan.form === 'word' && plan.text === '*')
    return isJson
      ? (log) => log.hasJson(name)
      : (log) => some(log.numbers(name), () => true) || some(log.texts(name), () => true);
  const number = isJson ? undefined : parseNumber(plan.text);
  const hasNumber = number === undefined ? () => false : compileRange(name, exactly(number));
  if (plan.text === '')
    return (log) => some(textsOf(log), ({ texts }) => texts.some(({ text }) => text === ''));
  const words = new SearchWords(plan.text, plan.form);
  return (log) => hasNumber(log) || some(textsOf(log), (field) => words.areIn([field]));
}

function compileNumeric(name: string, range: NumberRange): LogMatcher {
  const hasNumber = compileRange(name, range);
  if (range.low !== range.high) return hasNumber;
  // As in segments: a field that is text can only be asked for equality.
  const words = new SearchWords(String(range.low), 'quoted');
  return (log) => hasNumber(log) || words.areInOneGroup(log.texts(name));
}

function compileRange(name: string, range: NumberRange): LogMatcher {
  const { low, high, lowInclusive, highInclusive } = range;
  return (log) =>
    some(
      log.numbers(name),
      (value) =>
        (lowInclusive ? value >= low : value > low) &&
        (highInclusive ? value <= high : value < high),
    );
}

type Part = string | TermPattern;

/** The words of one text of a search, cut as each field needs it. */
class SearchWords {
  readonly #text: string;
  readonly #form: TextForm;
  readonly #isPattern: boolean;
  readonly #parts = new WeakMap<Cutting, readonly Part[]>();

  constructor(text: string, form: TextForm) {
    this.#text = text;
    this.#form = form;
    this.#isPattern = form === 'word' && /[*?]/.test(text);
  }

  /** Whether all words are somewhere in the fields of one way of cutting. */
  areInOneGroup(fields: Iterable<TextField>): boolean {
    return some(Map.groupBy(fields, ({ cutting }) => cutting).values(), (group) =>
      this.areIn(group),
    );
  }

  /** Whether all words are in these fields, which must be of one way of cutting. A text without words is everywhere. */
  areIn(fields: readonly TextField[]): boolean {
    const cutting = fields[0]?.cutting;
    if (cutting === undefined) return false;
    const parts = this.#cut(cutting);
    if (this.#form !== 'phrase' || parts.length === 0)
      return parts.every((part) => isIn(fields, part));
    const terms = parts.filter((part) => typeof part === 'string');
    return fields.some(({ texts }) => texts.some((text) => text.hasRun(terms)));
  }

  #cut(cutting: Cutting): readonly Part[] {
    const known = this.#parts.get(cutting);
    if (known !== undefined) return known;
    const parts = this.#isPattern
      ? cutPattern(cutting.patternTokenizer, this.#text)
      : cutting.tokenizer.cut(this.#text);
    this.#parts.set(cutting, parts);
    return parts;
  }
}

function isIn(fields: readonly TextField[], part: Part): boolean {
  return fields.some(({ texts }) =>
    texts.some((text) => (typeof part === 'string' ? text.has(part) : text.matches(part))),
  );
}

function some<T>(items: Iterable<T>, test: (item: T) => boolean): boolean {
  for (const item of items) if (test(item)) return true;
  return false;
}

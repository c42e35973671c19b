/** Whether the words of a phrase stand next to each other in one value of a log (sls-query §2.3). */
import type { Tokenizer } from '#kernel/tokenizer.ts';
import type { LineIndex } from '#protocol/index-config.ts';
import { isReservedField } from '#segment/field-texts.ts';
import { jsonLeaves } from '#segment/json-leaves.ts';
import type { LogRow } from '#segment/log-row.ts';
import { LINE_FIELD, type SegmentReader } from '#segment/segment.ts';
import type { SearchPlan } from './compile-search.ts';
import { fullTextPieces } from './cut-search.ts';
import { fieldsOf } from './segment-fields.ts';

export interface Phrase {
  /** Lower-case name of the field; undefined: the full text. */
  readonly name: string | undefined;
  readonly text: string;
}

interface Value {
  /** The index field whose tokenizer cuts it. */
  readonly indexField: string;
  readonly text: string;
}

/** Never in the full text. */
const UNINDEXED: ReadonlySet<string> = new Set(['__time__', '__time_ns_part__', '__pack_meta__']);

/** The phrases of a search; the parser allows them only where all must hold. */
export function phrasesOf(plan: SearchPlan): readonly Phrase[] {
  if (plan.kind === 'and') return plan.operands.flatMap(phrasesOf);
  if (plan.kind === 'fullText' && plan.form === 'phrase')
    return [{ name: undefined, text: plan.text }];
  if (plan.kind === 'field' && plan.form === 'phrase')
    return [{ name: plan.field.name, text: plan.text }];
  return [];
}

/** For a row that has all words of all phrases. */
export function hasPhrases(
  row: LogRow,
  reader: SegmentReader,
  phrases: readonly Phrase[],
): boolean {
  const values = valuesOf(row, reader);
  return phrases.every((phrase) => hasPhrase(values, reader, phrase));
}

function hasPhrase(values: readonly Value[], reader: SegmentReader, phrase: Phrase): boolean {
  const fields = fieldsOf(reader);
  if (
    phrase.name === undefined &&
    fullTextPieces({ ...phrase, form: 'phrase' }, fields).length === 0
  )
    return true;
  return values.some(({ indexField, text }) => {
    if (!isAskedOf(phrase, indexField)) return false;
    const wanted = phraseTerms(phrase, indexField, reader);
    if (wanted.length === 0) return phrase.name !== undefined;
    return includesRun(fields.groupOf(indexField).tokenizer.cut(text), wanted);
  });
}

/** Cut phrases by what cut them: a search looks at thousands of values. */
const cutPhrases = new WeakMap<Phrase, WeakMap<Tokenizer, readonly string[]>>();

/** The terms of a phrase as an index field has them. */
export function phraseTerms(
  phrase: Phrase,
  indexField: string,
  reader: SegmentReader,
): readonly string[] {
  const fields = fieldsOf(reader);
  const { tokenizer } = fields.groupOf(indexField);
  const cut = cutPhrases.get(phrase) ?? new WeakMap<Tokenizer, readonly string[]>();
  cutPhrases.set(phrase, cut);
  const known = cut.get(tokenizer);
  if (known !== undefined) return known;
  const pieces =
    phrase.name === undefined
      ? fullTextPieces({ ...phrase, form: 'phrase' }, fields)
      : [phrase.text];
  const terms = pieces.flatMap((piece) => tokenizer.cut(piece));
  cut.set(tokenizer, terms);
  return terms;
}

/** Whether the phrase may stand in a field with this name. */
export function isAskedOf(phrase: Phrase, field: string): boolean {
  if (phrase.name === undefined) return true;
  const lower = field.toLowerCase();
  return lower === phrase.name || lower.startsWith(`${phrase.name}.`);
}

/** Every searchable text of a log, names of fields included (they are words of the full text). */
function valuesOf(row: LogRow, reader: SegmentReader): Value[] {
  const { keys = {}, line } = reader.indexConfig;
  const fields = fieldsOf(reader);
  const values: Value[] = [];
  for (const [name, text] of Object.entries(row)) {
    const type = Object.hasOwn(keys, name) ? keys[name]?.type : undefined;
    if (line !== undefined && isInLine(name, line)) {
      values.push({ indexField: LINE_FIELD, text: name });
      if (type === undefined) values.push({ indexField: LINE_FIELD, text });
    }
    if (type === 'json') {
      for (const leaf of jsonLeaves(text)) {
        const indexField = `${name}.${leaf.path}`;
        if (fields.isText(indexField)) values.push({ indexField, text: leaf.text });
      }
    } else if (type === 'text' || (isReservedField(name) && fields.isText(name)))
      values.push({ indexField: name, text });
  }
  return values;
}

function isInLine(
  name: string,
  { include_keys: include = [], exclude_keys: exclude = [] }: LineIndex,
): boolean {
  if (UNINDEXED.has(name)) return false;
  return include.length > 0 ? include.includes(name) : !exclude.includes(name);
}

/**
 * Whether the wanted terms stand one after the other among the terms. Linear (Knuth, Morris and Pratt): a phrase and a value
 * may be tens of thousands of times the same word.
 */
export function includesRun(terms: readonly string[], wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true;
  if (wanted.length > terms.length) return false;
  const borders = bordersOf(wanted);
  let matched = 0;
  for (const term of terms) {
    while (matched > 0 && wanted[matched] !== term) matched = borders[matched - 1] ?? 0;
    if (wanted[matched] === term) matched++;
    if (matched === wanted.length) return true;
  }
  return false;
}

/** For each beginning of a phrase how many of its terms are both its own beginning and its end. */
function bordersOf(wanted: readonly string[]): Uint32Array {
  const borders = new Uint32Array(wanted.length);
  let length = 0;
  for (let i = 1; i < wanted.length; i++) {
    while (length > 0 && wanted[length] !== wanted[i]) length = borders[length - 1] ?? 0;
    if (wanted[length] === wanted[i]) length++;
    borders[i] = length;
  }
  return borders;
}

/** Whether the words of a phrase stand next to each other in one value of a log (sls-query §2.3). */
import { jsonLeaves } from '#segment/json-leaves.ts';
import type { LogRow } from '#segment/log-row.ts';
import { LINE_FIELD, type SegmentReader } from '#segment/segment.ts';
import type { SearchPlan } from './compile-search.ts';
import { fieldsOf } from './segment-fields.ts';

export interface Phrase {
  /** Lower-case name of the field; undefined: the full text. */
  readonly name: string | undefined;
  readonly text: string;
}

interface Value {
  /** The index field whose tokenizer cuts it. */
  readonly indexField: string;
  readonly name: string;
  readonly text: string;
}

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
  return values.some(({ indexField, name, text }) => {
    if (!isAskedOf(phrase, name)) return false;
    const { tokenizer } = fields.groupOf(indexField);
    return includesRun(tokenizer.cut(text), tokenizer.cut(phrase.text));
  });
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
  const values: Value[] = [];
  for (const [name, text] of Object.entries(row)) {
    if (name === '__time__' || name === '__time_ns_part__') continue;
    const key = Object.hasOwn(keys, name) ? keys[name] : undefined;
    if (line !== undefined) values.push({ indexField: LINE_FIELD, name: '', text: name });
    if (key?.type === 'json')
      for (const leaf of jsonLeaves(text)) {
        const path = `${name}.${leaf.path}`;
        values.push({ indexField: path, name: path, text: leaf.text });
      }
    else if (key?.type === 'text') values.push({ indexField: name, name, text });
    else if (key === undefined) {
      if (line !== undefined) values.push({ indexField: LINE_FIELD, name, text });
      values.push({ indexField: name, name, text });
    }
  }
  return values;
}

/** Whether the wanted terms stand one after the other among the terms. */
export function includesRun(terms: readonly string[], wanted: readonly string[]): boolean {
  for (let at = 0; at + wanted.length <= terms.length; at++)
    if (wanted.every((term, i) => terms[at + i] === term)) return true;
  return false;
}

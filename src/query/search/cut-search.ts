/**
 * How the text of a search is cut (sls-query §1.3): with the tokenizer of what it is compared with, so that one text may be
 * cut in several ways at once.
 */
import type { TextForm } from './compile-search.ts';
import type { FieldGroup } from './segment-fields.ts';
import { cutPattern, type TermPattern } from './wildcards.ts';

/** What texts of a search are cut with. */
export type Cutter = Pick<FieldGroup, 'tokenizer' | 'patternTokenizer'>;

/** Fields for which the text of a search has the same parts: all of them must be there, each in any of the fields. */
export interface FieldsWithParts {
  readonly parts: readonly (string | TermPattern)[];
  readonly fields: readonly string[];
}

/** What cuts a text without a field where there is no full text: all but the wildcards in words that may have some. */
const PUNCTUATION = /[!"#$%&'()*+,\-./:;<=>?@[\]{}\s]+/u;
const PUNCTUATION_BUT_WILDCARDS = /[!"#$%&'()+,\-./:;<=>@[\]{}\s]+/u;

/**
 * The pieces of a text without a field that must each be found in the full text or in some text field. None: the
 * text holds nothing but delimiters, so that every log has all of its words.
 */
export function fullTextPieces(
  { text, form }: { readonly text: string; readonly form: TextForm },
  { line }: { readonly line: Cutter | undefined },
): readonly string[] {
  if (line !== undefined) return cutParts(line, text, form).length === 0 ? [] : [text];
  return text
    .split(form === 'word' ? PUNCTUATION_BUT_WILDCARDS : PUNCTUATION)
    .filter((piece) => piece !== '' && !(form === 'word' && /^\*+$/u.test(piece)));
}

/** The text cut for each group; groups with the same parts are one. */
export function cutForFields(
  groups: readonly FieldGroup[],
  text: string,
  form: TextForm,
): readonly FieldsWithParts[] {
  const cut = groups.map((group) => ({ parts: cutParts(group, text, form), fields: group.fields }));
  const same = Map.groupBy(cut, ({ parts }) => JSON.stringify(parts));
  return [...same.values()].map((members) => ({
    parts: members[0]?.parts ?? [],
    fields: members.flatMap(({ fields }) => fields),
  }));
}

/** The text cut for one way of cutting. */
export function cutParts(
  cutting: Cutter,
  text: string,
  form: TextForm,
): readonly (string | TermPattern)[] {
  if (form === 'word' && /[*?]/u.test(text)) return cutPattern(cutting.patternTokenizer, text);
  return [...new Set(cutting.tokenizer.cut(text))];
}

/** The words of a search where they stand in the rows of its answer, for clients that mark them (sls-query §4.2). */
import { compileTokenizer, type Tokenizer } from '#kernel/tokenizer.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import { tokenizerOptionsOf } from '#segment/field-texts.ts';
import type { LogRow } from '#segment/log-row.ts';
import { LINE_FIELD } from '#segment/segment.ts';
import { HIGHLIGHT_CHARACTERS_MAX } from '../limits.ts';
import type { HitTerm } from './compile-search.ts';
import { cutPattern } from './wildcards.ts';

/** A word that is to be marked in a field, in any letter case. */
export interface Highlight {
  readonly key: string;
  readonly value: string;
}

interface FieldWords {
  readonly tokenizer: Tokenizer;
  /** Whether a term is one of the words that the search has for the field. */
  readonly isWanted: (term: string) => boolean;
}

/** For each row the words in it, each once a field; none behind the first HIGHLIGHT_CHARACTERS_MAX of all values. */
export function highlightsOf(
  rows: readonly LogRow[],
  terms: readonly HitTerm[],
  index: IndexConfig,
): readonly (readonly Highlight[])[] {
  const fields = new Map<string, FieldWords | undefined>();
  let charactersLeft = HIGHLIGHT_CHARACTERS_MAX;
  return rows.map((row) => {
    const found: Highlight[] = [];
    for (const [key, value] of Object.entries(row)) {
      if (!fields.has(key)) fields.set(key, wordsOf(key, terms, index));
      const words = fields.get(key);
      if (words === undefined) continue;
      const seen = new Set(words.tokenizer.cut(value.slice(0, charactersLeft)));
      charactersLeft -= Math.min(charactersLeft, value.length);
      for (const term of seen) if (words.isWanted(term)) found.push({ key, value: term });
    }
    return found;
  });
}

/** Undefined: the search has no word for the field. */
function wordsOf(
  field: string,
  terms: readonly HitTerm[],
  index: IndexConfig,
): FieldWords | undefined {
  if (field === '__time__' || field === '__time_ns_part__') return undefined;
  const asked = terms.filter(({ key }) => isAskedOf(key, field)).map(({ term }) => term);
  if (asked.length === 0) return undefined;
  const isOwn = /^__(?:source__$|topic__$|tag__:)/u.test(field);
  const hasKey = isOwn || Object.hasOwn(index.keys ?? {}, field);
  const options = tokenizerOptionsOf(hasKey ? field : LINE_FIELD, index);
  const patternTokenizer = compileTokenizer({ ...options, chn: false });
  const plain = new Set(asked.map((term) => term.toLowerCase()));
  const patterns = asked
    .filter((term) => /[*?]/u.test(term))
    .flatMap((term) => cutPattern(patternTokenizer, term))
    .filter((part) => typeof part !== 'string');
  return {
    tokenizer: compileTokenizer(options),
    isWanted: (term) =>
      plain.has(term.toLowerCase()) || patterns.some((pattern) => pattern.matches(term)),
  };
}

/** Words without a key are asked of all fields, `a.b` of the JSON field `a`. */
function isAskedOf(key: string, field: string): boolean {
  const asked = key.toLowerCase();
  const name = field.toLowerCase();
  return asked === '' || asked === name || asked.startsWith(`${name}.`);
}

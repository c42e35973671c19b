/** Changes to the text of a query: split at `|`, quote, add a condition (the grammar is sls-query §2.2). */
import { quoteText } from '../../shared/quote-text.ts';

export interface QueryParts {
  readonly search: string;
  /** From the `|` on, the `|` included; "" when there is none. */
  readonly analysis: string;
}

/** Cuts at the first `|` outside double quotes; a backslash takes the next character's meaning away. */
export function splitQuery(query: string): QueryParts {
  let quoted = false;
  for (let index = 0; index < query.length; index += 1) {
    const character = query[index];
    if (character === '\\') index += 1;
    else if (character === '"') quoted = !quoted;
    else if (character === '|' && !quoted) {
      return { search: query.slice(0, index).trim(), analysis: query.slice(index) };
    }
  }
  return { search: query.trim(), analysis: '' };
}

/** True when the query asks for SQL, so that the answer is a table rather than logs. */
export function hasAnalysis(query: string): boolean {
  const text = splitQuery(query).analysis.slice(1).trim().toLowerCase();
  return text !== '' && text !== 'with_pack_meta';
}

const PLAIN_KEY = /^[\p{L}_][\p{L}\p{N}_.@-]*$/u;
const RESERVED = new Set(['and', 'or', 'not', 'in']);

/** A field name as the left side of `:`, quoted when the grammar would read it as something else. */
export function quoteKey(key: string): string {
  if (key.startsWith('__tag__:') && PLAIN_KEY.test(key.slice('__tag__:'.length))) return key;
  return PLAIN_KEY.test(key) && !RESERVED.has(key.toLowerCase()) ? key : quoteText(key);
}

export interface Condition {
  readonly key: string;
  readonly value: string;
  readonly negated: boolean;
}

/** Fields that can be asked for without an index of their own. */
function isAlwaysIndexed(key: string): boolean {
  return key === '__source__' || key === '__topic__' || key.startsWith('__tag__:');
}

/**
 * `key:"value"` when the field has an index (or it is not known), else `"value"` in the full text: asking a field
 * without an index is an error.
 */
export function printCondition(
  condition: Condition,
  indexedKeys: ReadonlySet<string> | undefined,
): string {
  const { key, value } = condition;
  const askField = indexedKeys === undefined || indexedKeys.has(key) || isAlwaysIndexed(key);
  const text = askField || value === '' ? `${quoteKey(key)}:${quoteText(value)}` : quoteText(value);
  return condition.negated ? `not ${text}` : text;
}

/**
 * The query with one more condition in its search part; the SQL after `|` stays. A search whose meaning would change
 * (it has an `or`, or begins with `not`, which takes the and-chain after it) is put into parentheses.
 */
export function addCondition(
  query: string,
  condition: Condition,
  indexedKeys: ReadonlySet<string> | undefined,
): string {
  const { search, analysis } = splitQuery(query);
  const added = printCondition(condition, indexedKeys);
  return joinQuery(joinSearch(search, added), analysis);
}

function joinSearch(search: string, added: string): string {
  if (search === '' || search === '*') return added;
  if (search === added || search.endsWith(` and ${added}`)) return search;
  return `${needsParentheses(search) ? `(${search})` : search} and ${added}`;
}

function joinQuery(search: string, analysis: string): string {
  return analysis === '' ? search : `${search} ${analysis}`;
}

function needsParentheses(search: string): boolean {
  const words = bareWords(search);
  return words[0]?.toLowerCase() === 'not' || words.some((word) => word.toLowerCase() === 'or');
}

/** The words outside quotes and outside parentheses, in order; quoted texts and groups stand as `""`. */
function bareWords(search: string): string[] {
  const words: string[] = [];
  let depth = 0;
  for (const match of search.matchAll(/"(?:[^"\\]|\\.)*"?|[()]|[^\s()"]+/g)) {
    const word = match[0];
    if (word === '(') depth += 1;
    if (depth === 0) words.push(word.startsWith('"') ? '""' : word);
    if (word === '(' && depth === 1) words.push('""');
    if (word === ')') depth -= 1;
  }
  return words;
}

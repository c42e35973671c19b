/**
 * Gives the nodes of a search tree their meaning under the logstore's present index configuration: which
 * fields a key names, what type they have, and which keys are errors (sls-query §1.3, §2.3, §2.5).
 */
import { AppError } from '#base/app-error.ts';
import { compileTokenizer } from '#kernel/tokenizer.ts';
import type { IndexConfig, KeyIndex } from '#protocol/index-config.ts';
import type { CompareNode, SearchNode, TextNode } from '#querylang/search-ast.ts';

export type TextForm = TextNode['form'];

/** The fields a key names: all whose name is `name` but for letter case, or all leaves below it. */
export interface FieldRef {
  /** Lower case. */
  readonly name: string;
  readonly type: 'text' | 'numeric' | 'leaves';
}

/** Bounds that a number must meet. */
export interface NumberRange {
  readonly low: number;
  readonly high: number;
  readonly lowInclusive: boolean;
  readonly highInclusive: boolean;
  /** The integer that the only finite bound is, when a double cannot say it: long values are compared with it then. */
  readonly exact?: string | undefined;
}

export type SearchPlan =
  | { readonly kind: 'all' | 'none' }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly SearchPlan[] }
  | { readonly kind: 'not'; readonly operand: SearchPlan }
  | { readonly kind: 'fullText'; readonly text: string; readonly form: TextForm }
  | FieldPlan
  | { readonly kind: 'numeric'; readonly field: FieldRef; readonly range: NumberRange };

export interface FieldPlan {
  readonly kind: 'field';
  readonly field: FieldRef;
  readonly text: string;
  readonly form: TextForm;
}

/** A word of the search as it is marked in the rows; `key` is empty for the full text. */
export interface HitTerm {
  readonly key: string;
  readonly term: string;
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const INTEGER = /^[+-]?\d+$/;
/** What cuts words without a field where there is no full text (sls-query §1.3). */
const FIELDLESS_TOKENS: readonly string[] = Array.from('!"#$%&\'()*+,-./:;<=>?@[]{} \n\t\r');
const TAG_PREFIX = '__tag__:';

/** Errors: ParameterInvalid for a key without field index. */
export function compileSearch(node: SearchNode, index: IndexConfig): SearchPlan {
  switch (node.kind) {
    case 'all':
      return { kind: 'all' };
    case 'and':
    case 'or':
      return {
        kind: node.kind,
        operands: node.operands.map((operand) => compileSearch(operand, index)),
      };
    case 'not':
      return { kind: 'not', operand: compileSearch(node.operand, index) };
    case 'text':
      return compileText(node, index);
    case 'compare':
      return compileCompare(node, index);
    case 'range': {
      const field = resolveKey(node.key, index);
      if (field?.type === 'numeric') return { kind: 'numeric', field, range: node };
      return rawWords([node.key, 'in', String(node.low), String(node.high)]);
    }
    default:
      return { kind: 'none' };
  }
}

/** The number a query text means, or undefined. */
export function parseNumber(text: string): number | undefined {
  return NUMBER.test(text) ? Number(text) : undefined;
}

/** The range that holds just one number. */
export function exactly(value: number): NumberRange {
  return { low: value, high: value, lowInclusive: true, highInclusive: true };
}

/** Words that a matching log holds, cut like the present configuration cuts them, each once. */
export function hitTerms(node: SearchNode, index: IndexConfig): HitTerm[] {
  const terms = new Map<string, HitTerm>();
  collectTerms(node, index, terms);
  return [...terms.values()];
}

/** The field that a key names, or undefined when it has no field index. */
export function resolveKey(key: string, index: IndexConfig): FieldRef | undefined {
  if (key === 'source') return { name: '__source__', type: 'text' };
  const name = key.toLowerCase();
  const keys = Object.entries(index.keys ?? {});
  const own =
    keys.find(([candidate]) => candidate === key) ??
    keys.find(([candidate]) => candidate.toLowerCase() === name);
  if (own !== undefined) {
    const { type } = own[1];
    if (type === 'json') return { name, type: 'leaves' };
    return { name, type: type === 'text' ? 'text' : 'numeric' };
  }
  if (name === '__source__' || name === '__topic__' || name.startsWith(TAG_PREFIX))
    return { name, type: 'text' };
  return resolveJsonPath(name, keys);
}

function resolveJsonPath(
  name: string,
  keys: readonly (readonly [string, KeyIndex])[],
): FieldRef | undefined {
  for (const [parent, config] of keys) {
    if (config.type !== 'json' || !name.startsWith(`${parent.toLowerCase()}.`)) continue;
    const path = name.slice(parent.length + 1);
    const sub = Object.entries(config.json_keys ?? {}).find(
      ([candidate]) => candidate.toLowerCase() === path,
    );
    if (sub !== undefined) return { name, type: sub[1].type === 'text' ? 'text' : 'numeric' };
    if (config.index_all === true) return { name, type: 'text' };
  }
  return undefined;
}

function compileText(node: TextNode, index: IndexConfig): SearchPlan {
  if (node.key === undefined) return { kind: 'fullText', text: node.text, form: node.form };
  const field = resolveKey(node.key, index);
  if (field === undefined)
    throw new AppError(
      'ParameterInvalid',
      `key (${node.key}) is not config as key value config,if symbol : is in your log,please wrap : with quotation mark "`,
    );
  return { kind: 'field', field, text: node.text, form: node.form };
}

function compileCompare(node: CompareNode, index: IndexConfig): SearchPlan {
  const field = resolveKey(node.key, index);
  if (field?.type !== 'numeric' || parseNumber(node.value) === undefined)
    return rawWords([node.key, node.value]);
  return { kind: 'numeric', field, range: rangeOf(node.operator, node.value) };
}

/** The numbers that a comparison with a text (one that `parseNumber` takes) means. */
export function rangeOf(operator: CompareNode['operator'], text: string): NumberRange {
  const value = Number(text);
  const isExact = !Number.isInteger(value) || Number.isSafeInteger(value) || !INTEGER.test(text);
  const isBelow = operator.startsWith('<');
  const isAbove = operator.startsWith('>');
  return {
    low: isBelow ? -Infinity : value,
    high: isAbove ? Infinity : value,
    lowInclusive: operator !== '>',
    highInclusive: operator !== '<',
    ...(isExact ? {} : { exact: text }),
  };
}

function rawWords(words: readonly string[]): SearchPlan {
  return {
    kind: 'and',
    operands: words.map((text) => ({ kind: 'fullText', text, form: 'quoted' })),
  };
}

function collectTerms(node: SearchNode, index: IndexConfig, into: Map<string, HitTerm>): void {
  if (node.kind === 'and' || node.kind === 'or')
    for (const operand of node.operands) collectTerms(operand, index, into);
  if (node.kind === 'compare' && compileCompare(node, index).kind === 'and')
    for (const text of [node.key, node.value])
      collectTerms({ ...node, kind: 'text', key: undefined, text, form: 'quoted' }, index, into);
  if (node.kind !== 'text' || (node.key !== undefined && node.text === '*')) return;
  const key = node.key === undefined ? '' : exactKey(node.key, index);
  const isPattern = node.form === 'word' && /[*?]/.test(node.text);
  const terms = isPattern ? [node.text] : tokenizerFor(key, index).cut(node.text);
  for (const term of terms) into.set(`${key}\n${term}`, { key, term });
}

function exactKey(key: string, index: IndexConfig): string {
  if (key === 'source') return '__source__';
  const names = Object.keys(index.keys ?? {});
  return names.find((name) => name.toLowerCase() === key.toLowerCase()) ?? key;
}

function tokenizerFor(key: string, index: IndexConfig): ReturnType<typeof compileTokenizer> {
  const keys = index.keys ?? {};
  const parent = Object.keys(keys).find((name) => key.startsWith(`${name}.`));
  const own = Object.hasOwn(keys, key)
    ? keys[key]
    : parent === undefined
      ? undefined
      : keys[parent];
  if (own !== undefined)
    return compileTokenizer({
      token: own.token ?? [],
      caseSensitive: own.caseSensitive,
      chn: own.chn,
    });
  if (key === '' && index.line !== undefined) return compileTokenizer(index.line);
  const token = key === '' ? FIELDLESS_TOKENS : [];
  return compileTokenizer({ token, caseSensitive: false, chn: false });
}

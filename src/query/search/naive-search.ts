/**
 * For tests: whether a log matches a search, by reading its texts under the rules of the service (sls-query §1.2–1.5, §2.3).
 * No tokenizer, dictionary or compiled plan of the product is used, so that neither can hide a fault of the other.
 */
import type { IndexConfig, KeyIndex } from '#protocol/index-config.ts';
import type { CompareNode, RangeNode, SearchNode, TextNode } from '#querylang/search-ast.ts';
import type { FixtureLog } from './segment-fixture.ts';

/** How a text is cut into terms. */
interface Cut {
  readonly token?: readonly string[] | undefined;
  readonly caseSensitive: boolean;
  readonly chn: boolean;
}

/** A searchable text of a log; `field` is empty for the full text. */
interface IndexedText {
  readonly field: string;
  readonly cut: Cut;
  readonly text: string;
}

interface IndexedLog {
  readonly config: IndexConfig;
  readonly texts: readonly IndexedText[];
  /** Numbers by field; a repeated JSON member gives several. */
  readonly numbers: ReadonlyMap<string, number>;
  /** JSON fields that are there, whether valid or not, with their texts. */
  readonly parents: ReadonlyMap<string, string>;
}

const WHOLE: Cut = { token: [], caseSensitive: false, chn: false };
const segmenter = new Intl.Segmenter('zh', { granularity: 'word' });
const LONG = /^[+-]?\d+$/u;
const DOUBLE = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/iu;
/** What cuts a search text without field when there is no full text (sls-query §1.3). */
const PUNCTUATION = /[!"#$%&'()*+,\-./:;<=>?@[\]{}\s]/u;
const PUNCTUATION_BUT_WILDCARDS = /[!"#$%&'()+,\-./:;<=>@[\]{}\s]/u;

/** Whether the log, indexed under the configuration, matches. Errors: Error for a key without an index. */
export function matchesNaively(node: SearchNode, log: FixtureLog, config: IndexConfig): boolean {
  return matches(node, indexLog(log, config));
}

/** Errors: Error when a key of the search has no index. */
export function checkKeys(node: SearchNode, config: IndexConfig): void {
  if (node.kind === 'and' || node.kind === 'or')
    for (const operand of node.operands) checkKeys(operand, config);
  if (node.kind === 'not') checkKeys(node.operand, config);
  if (node.kind === 'text' && node.key !== undefined && kindOf(node.key, config) === undefined)
    throw new Error(`no index: ${node.key}`);
}

function matches(node: SearchNode, log: IndexedLog): boolean {
  switch (node.kind) {
    case 'and':
      return node.operands.every((operand) => matches(operand, log));
    case 'or':
      return node.operands.some((operand) => matches(operand, log));
    case 'not':
      return !matches(node.operand, log);
    case 'text':
      return hasText(node, log) && (node.form !== 'phrase' || hasPhrase(node, log));
    case 'compare':
      return compares(node, log);
    case 'range':
      return isInRange(node, log);
    default:
      return true;
  }
}

function indexLog(log: FixtureLog, config: IndexConfig): IndexedLog {
  const texts: IndexedText[] = [];
  const numbers = new Map<string, number>();
  const parents = new Map<string, string>();
  const { line, keys = {} } = config;
  const all: FixtureLog = { __source__: '', __topic__: '', ...log };
  for (const [field, value] of Object.entries(all)) {
    if (field === '__time__' || field === '__time_ns_part__') continue;
    const text = String(value);
    const key = keys[field];
    if (line !== undefined && isInLine(field, config)) {
      texts.push({ field: '', cut: line, text: field });
      if (key === undefined) texts.push({ field: '', cut: line, text });
    }
    if (isReserved(field, key)) texts.push({ field, cut: WHOLE, text });
    if (key === undefined) continue;
    if (key.type === 'text') texts.push({ field, cut: key, text });
    else if (key.type === 'json') {
      parents.set(field, text);
      for (const leaf of leavesOf(text)) indexLeaf(leaf, { field, key }, { texts, numbers });
    } else addNumber(numbers, field, { type: key.type, text });
  }
  return { config, texts, numbers, parents };
}

/** Whether the whole value is a term: topic and source whatever type a key gives them. */
function isReserved(field: string, key: KeyIndex | undefined): boolean {
  if (/^__(?:source|topic)__$/u.test(field)) return key?.type !== 'text';
  return key === undefined && field.startsWith('__tag__:');
}

function isInLine(field: string, { line }: IndexConfig): boolean {
  const include = line?.include_keys ?? [];
  return include.length > 0 ? include.includes(field) : !(line?.exclude_keys ?? []).includes(field);
}

function addNumber(
  numbers: Map<string, number>,
  field: string,
  { type, text }: { readonly type: string; readonly text: string },
): void {
  if (type === 'long') {
    if (!LONG.test(text)) return;
    const exact = BigInt(text.replace('+', ''));
    if (exact >= -(2n ** 63n) && exact < 2n ** 63n) numbers.set(field, Number(exact));
  } else if (DOUBLE.test(text) && Number.isFinite(Number(text))) numbers.set(field, Number(text));
}

interface Leaf {
  readonly path: readonly string[];
  readonly text: string;
}

function indexLeaf(
  { path, text }: Leaf,
  { field, key }: { readonly field: string; readonly key: KeyIndex },
  into: { readonly texts: IndexedText[]; readonly numbers: Map<string, number> },
): void {
  const dotted = path.join('.');
  const name = `${field}.${dotted}`;
  const declared = key.json_keys?.[dotted];
  const depthMax = key.max_depth ?? -1;
  const depth = dotted.split('.').length;
  if (declared !== undefined && declared.type !== 'text')
    addNumber(into.numbers, name, { type: declared.type, text });
  else if (
    declared !== undefined ||
    (key.index_all === true && (depthMax < 0 || depth <= depthMax))
  )
    into.texts.push({ field: name, cut: key, text });
}

/** Strings, numbers and booleans below objects of a text that is a JSON object. */
function leavesOf(text: string): readonly Leaf[] {
  let top: unknown;
  try {
    top = JSON.parse(text);
  } catch {
    return [];
  }
  const leaves: Leaf[] = [];
  const walk = (value: unknown, path: readonly string[]): void => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      for (const [name, member] of Object.entries(value)) walk(member, [...path, name]);
    else if (typeof value === 'string') leaves.push({ path, text: value });
    else if (typeof value === 'number' || typeof value === 'boolean')
      leaves.push({ path, text: String(value) });
  };
  walk(top, []);
  return leaves.filter(({ path }) => path.length > 0);
}

function cutText(text: string, { token = [], caseSensitive, chn }: Cut): string[] {
  const delimiters = new Set(token);
  const parts = [''];
  for (const char of text)
    if (delimiters.has(char)) parts.push('');
    else parts[parts.length - 1] += char;
  const pieces = chn ? parts.flatMap(cutHan) : parts;
  return pieces
    .filter((piece) => piece !== '')
    .map((piece) => (caseSensitive ? piece : piece.toLowerCase()));
}

function cutHan(part: string): string[] {
  return part
    .split(/(\p{Script=Han}+)/u)
    .flatMap((run, i) =>
      i % 2 === 0
        ? [run]
        : [...segmenter.segment(run)]
            .filter(({ isWordLike }) => isWordLike === true)
            .map(({ segment }) => segment),
    );
}

type Kind = 'text' | 'number' | 'json';

/** What a key names: undefined when it has no index. */
function kindOf(key: string, { keys = {} }: IndexConfig): Kind | undefined {
  if (key === 'source') return 'text';
  const lower = key.toLowerCase();
  const name = Object.hasOwn(keys, key)
    ? key
    : Object.keys(keys).find((one) => one.toLowerCase() === lower);
  if (name !== undefined) {
    const { type } = keys[name]!;
    return type === 'text' || type === 'json' ? type : 'number';
  }
  if (/^__(?:source|topic)__$|^__tag__:/u.test(lower)) return 'text';
  for (const [parent, own] of Object.entries(keys))
    if (own.type === 'json' && lower.startsWith(`${parent.toLowerCase()}.`)) {
      const kind = kindBelow(own, lower.slice(parent.length + 1));
      if (kind !== undefined) return kind;
    }
  return undefined;
}

function kindBelow(
  { json_keys: keys = {}, index_all: all }: KeyIndex,
  path: string,
): Kind | undefined {
  const name = Object.keys(keys).find((one) => one.toLowerCase() === path);
  if (name !== undefined) return keys[name]?.type === 'text' ? 'text' : 'number';
  return all === true ? 'text' : undefined;
}

function isOf(field: string, key: string): boolean {
  const wanted = key === 'source' ? '__source__' : key.toLowerCase();
  return field.toLowerCase() === wanted;
}

/** Whether a field is, or (for a JSON field) is below, what the key names. */
function textsOf(key: string, log: IndexedLog): readonly IndexedText[] {
  const isJson = kindOf(key, log.config) === 'json';
  return log.texts.filter(({ field }) =>
    isJson ? field.toLowerCase().startsWith(`${key.toLowerCase()}.`) : isOf(field, key),
  );
}

function numbersOf(key: string, log: IndexedLog): readonly number[] {
  return [...log.numbers].filter(([field]) => isOf(field, key)).map(([, value]) => value);
}

function hasText(node: TextNode, log: IndexedLog): boolean {
  const { key, text, form } = node;
  const isPattern = form === 'word' && /[*?]/u.test(text);
  if (key === undefined) return hasFullText(text, isPattern, log);
  const texts = textsOf(key, log);
  const parents = [...log.parents].filter(([field]) => isOf(field, key));
  if (isPattern && text === '*')
    return kindOf(key, log.config) === 'json'
      ? parents.length > 0
      : texts.length > 0 || numbersOf(key, log).length > 0;
  if (text === '')
    return kindOf(key, log.config) === 'json'
      ? parents.some(([, value]) => value === '')
      : texts.some((one) => one.text === '');
  if (DOUBLE.test(text) && numbersOf(key, log).includes(Number(text))) return true;
  return [...Map.groupBy(texts, ({ field }) => field).values()].some((own) => {
    const parts = cutQuery(text, own[0]!.cut, isPattern);
    return parts.length === 0 || haveParts(own, parts, isPattern);
  });
}

function cutQuery(text: string, cut: Cut, isPattern: boolean): readonly string[] {
  if (!isPattern) return cutText(text, cut);
  // A dictionary would tear patterns apart, and wildcards are no delimiters.
  const token = (cut.token ?? []).filter((char) => char !== '?' && char !== '*');
  return cutText(text, { ...cut, token, chn: false }).filter((part) => !/^\*+$/u.test(part));
}

function haveParts(
  texts: readonly IndexedText[],
  parts: readonly string[],
  isPattern: boolean,
): boolean {
  const terms = texts.flatMap(({ text, cut }) => cutText(text, cut));
  return parts.every((part) => terms.some((term) => isTerm(term, part, isPattern)));
}

function isTerm(term: string, part: string, isPattern: boolean): boolean {
  if (!isPattern || !/[*?]/u.test(part)) return term === part;
  const source = part.replaceAll(/[.+^${}()|[\]\\/]/gu, String.raw`\$&`);
  const regex = source.replaceAll('*', '.*').replaceAll('?', '.');
  return new RegExp(`^${regex}$`, 'su').test(term);
}

/** Texts that the search text is cut for in the same way are one: its parts may be in any of them. */
function hasFullText(text: string, isPattern: boolean, log: IndexedLog): boolean {
  const { line } = log.config;
  if (line === undefined)
    return text
      .split(isPattern ? PUNCTUATION_BUT_WILDCARDS : PUNCTUATION)
      .filter((piece) => !/^\**$/u.test(piece))
      .every((piece) => hasPiece(piece, isPattern && /[*?]/u.test(piece), log));
  return cutQuery(text, line, isPattern).length === 0 || hasPiece(text, isPattern, log);
}

function hasPiece(text: string, isPattern: boolean, log: IndexedLog): boolean {
  const groups = Map.groupBy(log.texts, ({ cut }) =>
    JSON.stringify(cutQuery(text, cut, isPattern)),
  );
  return [...groups.values()].some((texts) => {
    const parts = cutQuery(text, texts[0]!.cut, isPattern);
    return parts.length > 0 && haveParts(texts, parts, isPattern);
  });
}

/** The words of a phrase next to each other in one value. */
function hasPhrase({ key, text }: TextNode, log: IndexedLog): boolean {
  const { line } = log.config;
  const texts = key === undefined ? log.texts : textsOf(key, log);
  const pieces =
    key === undefined && line === undefined
      ? text.split(PUNCTUATION).filter((piece) => piece !== '')
      : [text];
  if (key === undefined && (pieces.length === 0 || (line && cutText(text, line).length === 0)))
    return true;
  return texts.some((one) => {
    const wanted = pieces.flatMap((piece) => cutText(piece, one.cut));
    if (wanted.length === 0) return key !== undefined;
    const terms = cutText(one.text, one.cut);
    return terms.some((_, at) => wanted.every((part, i) => terms[at + i] === part));
  });
}

function compares(node: CompareNode, log: IndexedLog): boolean {
  const { key, operator, value } = node;
  if (kindOf(key, log.config) !== 'number' || !DOUBLE.test(value))
    return [key, value].every((text) => hasFullText(text, false, log));
  const limit = Number(value);
  return numbersOf(key, log).some(
    (number) =>
      ({
        '>': number > limit,
        '>=': number >= limit,
        '<': number < limit,
        '<=': number <= limit,
        '=': number === limit,
      })[operator],
  );
}

function isInRange(node: RangeNode, log: IndexedLog): boolean {
  const { key, low, high, lowInclusive, highInclusive } = node;
  if (kindOf(key, log.config) !== 'number')
    return [key, 'in', String(low), String(high)].every((text) => hasFullText(text, false, log));
  return numbersOf(key, log).some(
    (number) =>
      (lowInclusive ? number >= low : number > low) &&
      (highInclusive ? number <= high : number < high),
  );
}

/**
 * Random logs and random searches against an evaluator that only reads the logs' texts: no dictionary, no
 * posting list, no bitset.
 */
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compileTokenizer } from '#kernel/tokenizer.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import { printSearch } from '#querylang/print-query.ts';
import type { SearchNode } from '#querylang/search-ast.ts';
import { compileSearch } from './compile-search.ts';
import { matchSegment } from './match-segment.ts';
import { anyLog, anySearch, INDEXES, LINE } from './search-arbitraries.ts';
import { SegmentFixture, type FixtureLog } from './segment-fixture.ts';

const SEEDS = 300;
const SEARCHES_EACH = 8;

/** A text that a search reads, and how it is cut. */
interface Value {
  readonly field: string;
  readonly group: 'line' | 'text' | 'whole' | 'reserved';
  readonly text: string;
}

const TOKENIZERS = {
  line: compileTokenizer(LINE),
  text: compileTokenizer(LINE),
  whole: compileTokenizer({ token: [], caseSensitive: true, chn: false }),
  reserved: compileTokenizer({ token: [], caseSensitive: false, chn: false }),
};

/** Every searchable text of a log under a configuration. */
function valuesOf(fields: FixtureLog, index: IndexConfig): Value[] {
  const values: Value[] = [];
  const excluded = new Set(index.line?.exclude_keys ?? []);
  const all = { __source__: '', __topic__: '', ...fields };
  for (const [name, value] of Object.entries(all)) {
    if (name === '__time__') continue;
    const text = value;
    const key = index.keys?.[name];
    const isReserved = name.startsWith('__');
    if (index.line !== undefined && !excluded.has(name)) {
      values.push({ field: '', group: 'line', text: name });
      if (key === undefined) values.push({ field: '', group: 'line', text });
    }
    if (isReserved) values.push({ field: name, group: 'reserved', text });
    else if (key?.type === 'text')
      values.push({ field: name, group: key.token?.length === 0 ? 'whole' : 'text', text });
  }
  return values;
}

function matchesTerm(term: string, wanted: string): boolean {
  const source = wanted.replaceAll(/[.+^${}()|[\]\\-]/g, String.raw`\$&`);
  const regex = source.replaceAll('*', '.*').replaceAll('?', '.');
  return new RegExp(`^${regex}$`, 'u').test(term);
}

/** Whether, for one way of cutting, each word of the text is in some value. */
function hasWords(
  values: readonly Value[],
  text: string,
  isPattern: boolean,
  index: IndexConfig,
): boolean {
  // The line and the text fields of these configurations are cut in the same way: one group.
  const groups: readonly (readonly Value['group'][])[] = [
    ['line', 'text'],
    ['whole'],
    ['reserved'],
  ];
  return groups.some((group) => {
    const isThere =
      group[0] === 'reserved' ||
      (group[0] === 'whole' && index.keys?.['path'] !== undefined) ||
      (group[0] === 'line' && (index.line !== undefined || index.keys?.['msg'] !== undefined));
    if (!isThere) return false;
    const members = values.filter((value) => group.includes(value.group));
    const tokenizer = TOKENIZERS[group[0] ?? 'line'];
    const terms = members.flatMap((value) => tokenizer.cut(value.text));
    if (!isPattern) return tokenizer.cut(text).every((wanted) => terms.includes(wanted));
    return terms.some((term) => matchesTerm(term, tokenizer.fold(text)));
  });
}

function isNumber(text: string | number | undefined): boolean {
  return text !== undefined && /^[+-]?\d+$/.test(String(text));
}

function evaluate(node: SearchNode, fields: FixtureLog, index: IndexConfig): boolean {
  const values = valuesOf(fields, index);
  switch (node.kind) {
    case 'all':
      return true;
    case 'and':
      return node.operands.every((operand) => evaluate(operand, fields, index));
    case 'or':
      return node.operands.some((operand) => evaluate(operand, fields, index));
    case 'not':
      return !evaluate(node.operand, fields, index);
    case 'range': {
      const number = isNumber(fields['code']) ? Number(fields['code']) : Number.NaN;
      const above = node.lowInclusive ? number >= node.low : number > node.low;
      return above && (node.highInclusive ? number <= node.high : number < node.high);
    }
    case 'compare': {
      const limit = Number(node.value);
      if (node.key !== 'code' || Number.isNaN(limit))
        return [node.key, node.value].every((text) => hasWords(values, text, false, index));
      if (!isNumber(fields['code'])) return false;
      const number = Number(fields['code']);
      return {
        '>': number > limit,
        '>=': number >= limit,
        '<': number < limit,
        '<=': number <= limit,
        '=': number === limit,
      }[node.operator];
    }
    default:
      return evaluateText(node, fields, index);
  }
}

function evaluateText(
  node: SearchNode & { readonly kind: 'text' },
  fields: FixtureLog,
  index: IndexConfig,
): boolean {
  const values = valuesOf(fields, index);
  const isPattern = node.form === 'word' && /[*?]/.test(node.text);
  if (node.key === undefined)
    return node.text === '*' && isPattern ? true : hasWords(values, node.text, isPattern, index);
  const key = node.key === 'source' ? '__source__' : node.key.toLowerCase();
  if (key === 'code')
    return (
      isNumber(fields['code']) &&
      /^[+-]?\d+$/.test(node.text) &&
      Number(fields['code']) === Number(node.text)
    );
  const own = values.filter((value) => value.field === key);
  if (isPattern && node.text === '*') return own.length > 0;
  if (node.text === '') return own.some((value) => value.text === '');
  return own.some((value) => {
    const tokenizer = TOKENIZERS[value.group];
    const terms = tokenizer.cut(value.text);
    if (isPattern) return terms.some((term) => matchesTerm(term, tokenizer.fold(node.text)));
    return tokenizer.cut(node.text).every((wanted) => terms.includes(wanted));
  });
}

let fixture: SegmentFixture;
beforeAll(async () => {
  fixture = await SegmentFixture.create();
});
afterAll(() => fixture[Symbol.asyncDispose]());

/** Searches that are no error under the configuration, and that the naive reading covers. */
function isAsked(node: SearchNode, index: IndexConfig): boolean {
  try {
    compileSearch(node, index);
    return true;
  } catch {
    return false;
  }
}

test('searches find what a reading of every log finds', async () => {
  let compared = 0;
  let hits = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...INDEXES),
      fc.array(anyLog, { minLength: 1, maxLength: 12 }),
      fc.array(anySearch, { minLength: SEARCHES_EACH, maxLength: SEARCHES_EACH }),
      async (index, logs, searches) => {
        const reader = await fixture.build(logs, index);
        for (const node of searches.filter((node) => isAsked(node, index))) {
          const plan = compileSearch(node, index);
          const match = await matchSegment(reader, {
            plan,
            fromTime: 0,
            toTime: 2 ** 32,
            topic: '',
          });
          const got = logs.map((_, row) => match.ranks.rows.has(row));
          const wanted = logs.map((fields) => evaluate(node, fields, index));
          expect(got, `${printSearch(node)} on ${JSON.stringify(logs)}`).toEqual(wanted);
          compared++;
          hits += wanted.filter(Boolean).length;
        }
      },
    ),
    { numRuns: SEEDS },
  );
  expect(compared).toBeGreaterThan(SEEDS);
  expect(hits).toBeGreaterThan(SEEDS);
}, 120_000);

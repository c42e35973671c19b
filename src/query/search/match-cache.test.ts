import { expect, test } from 'vitest';
import { Bitset } from '#kernel/bitset.ts';
import type { SearchPlan } from './compile-search.ts';
import type { SearchRows } from './evaluate-search.ts';
import { MatchCache } from './match-cache.ts';

const LENGTH = 10_000;
const WORD: SearchPlan = { kind: 'fullText', text: 'error', form: 'word' };

function setOf(rows: readonly number[], isPartial = false): SearchRows {
  const set = new Bitset(LENGTH);
  for (const row of rows) set.add(row);
  return { rows: set, isPartial };
}

function numeric(low: number, high: number): SearchPlan {
  const field = { name: 'n', type: 'numeric' } as const;
  return { kind: 'numeric', field, range: { low, high, lowInclusive: true, highInclusive: true } };
}

/** Asks for rows, and says whether they had to be found. */
async function ask(
  cache: MatchCache,
  key: { readonly segmentId?: string; readonly plan?: SearchPlan; readonly topic?: string },
  found: SearchRows,
): Promise<{ readonly rows: number[]; readonly isPartial: boolean; readonly wasFound: boolean }> {
  let wasFound = false;
  const wanted = { segmentId: 's', plan: WORD, topic: '', ...key };
  const { rows, isPartial } = await cache.rows(wanted, async () => {
    wasFound = true;
    return found;
  });
  const list: number[] = [];
  rows.forEach((row) => list.push(row));
  // Whoever asks owns the set.
  rows.clip(0, 0);
  return { rows: list, isPartial, wasFound };
}

test('what was found is there again, few rows and many, whatever is done with the sets', async () => {
  const cache = new MatchCache(1e6);
  const few = [0, 31, 32, 9999];
  const many = Array.from({ length: LENGTH }, (_, row) => row).filter((row) => row % 3 > 0);
  for (const [segmentId, rows] of Object.entries({ few, many, none: [] })) {
    const isPartial = segmentId === 'many';
    for (const wasFound of [true, false, false])
      expect(await ask(cache, { segmentId }, setOf(rows, isPartial))).toEqual({
        rows,
        isPartial,
        wasFound,
      });
  }
});

test('other segments, searches, topics and open ranges are other keys', async () => {
  const cache = new MatchCache(1e6);
  const keys = [
    {},
    { segmentId: 't' },
    { topic: 'web' },
    { plan: { ...WORD, text: 'errors' } },
    { plan: { kind: 'not', operand: WORD } },
    { plan: numeric(-Infinity, 5) },
    { plan: numeric(5, Infinity) },
    { plan: numeric(Infinity, Infinity) },
    { plan: numeric(-Infinity, Infinity) },
  ] as const;
  for (const [row, key] of keys.entries())
    expect(await ask(cache, key, setOf([row]))).toMatchObject({ rows: [row], wasFound: true });
  for (const [row, key] of keys.entries())
    expect(await ask(cache, key, setOf([]))).toMatchObject({ rows: [row], wasFound: false });
});

test('its bytes stay in the budget, and what was used last stays', async () => {
  const budget = 20_000;
  const cache = new MatchCache(budget);
  const many = setOf(Array.from({ length: LENGTH }, (_, row) => row));
  for (let i = 0; i < 50; i++) {
    await ask(cache, { segmentId: 'often' }, setOf([1]));
    await ask(cache, { segmentId: `s${i}` }, { ...many, rows: many.rows.clone() });
    expect(cache.usedBytes).toBeLessThanOrEqual(budget);
  }
  expect(cache.usedBytes).toBeGreaterThan(budget / 2);
  expect((await ask(cache, { segmentId: 'often' }, setOf([]))).wasFound).toBe(false);
  expect((await ask(cache, { segmentId: 's0' }, setOf([]))).wasFound).toBe(true);
});

test('what is larger than the budget and what fails is not kept', async () => {
  const cache = new MatchCache(100);
  for (const row of [1, 2])
    expect(await ask(cache, {}, setOf([row]))).toMatchObject({ rows: [row], wasFound: true });
  const key = { segmentId: 's', plan: WORD, topic: '' };
  const damaged = new Error('damaged');
  await expect(cache.rows(key, () => Promise.reject(damaged))).rejects.toBe(damaged);
  expect(await ask(cache, {}, setOf([3]))).toMatchObject({ rows: [3] });
});

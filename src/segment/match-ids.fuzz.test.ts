import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { must } from '#base/assert.ts';
import type { IndexConfig, KeyIndex } from '#protocol/index-config.ts';
import { ID_CANDIDATE_ROWS_MAX } from './limits.ts';
import { LINE_FIELD, type SegmentReader } from './segment.ts';
import { buildAndOpen, recordOf, rowsOf } from './segment-fixture.ts';

const key = (more: Partial<KeyIndex>): KeyIndex => ({
  type: 'text',
  token: [' '],
  caseSensitive: false,
  chn: false,
  doc_value: true,
  alias: '',
  ...more,
});

const INDEX: IndexConfig = {
  line: { token: [' ', '/'], caseSensitive: false, chn: false, exclude_keys: ['secret'] },
  keys: {
    exact: key({ caseSensitive: true }),
    ctx: key({ type: 'json', index_all: true, max_depth: 3, token: [','] }),
    'ctx.top': key({}),
  },
  max_text_len: 2048,
};

/** The n-th of ids that share digits with their neighbours. */
function idOf(n: number): string {
  const head = (n % 40).toString(16).padStart(2, '0');
  const tail = (Math.imul(n + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0');
  return n % 2 === 0 ? `${head}c0ffee-${tail}-4000` : `${head}c0ffee${tail}${tail}`;
}

/** Where ids stand in log n, by index field; two logs have the same ones. */
function idsOf(n: number): Readonly<Record<string, readonly string[]>> {
  const at = (place: number): string => idOf(6 * (n >> 1) + place);
  return {
    [LINE_FIELD]: [at(0), at(1)],
    exact: [n % 3 === 0 ? at(2).toUpperCase() : at(2)],
    'ctx.a.id': [at(3)],
    'ctx.top': [at(4)],
  };
}

const ROWS = 400;

function logOf(n: number): {
  readonly time: number;
  readonly contents: { key: string; value: string }[];
} {
  const ids = idsOf(n);
  const [first, second] = ids[LINE_FIELD]!;
  return {
    time: 1_700_000_000 + n,
    contents: [
      { key: 'msg', value: `took /${first!.toUpperCase()} 字` },
      { key: 'exact', value: `id ${ids['exact']!.join(' ')}` },
      { key: 'ctx', value: JSON.stringify({ a: { id: `x,${ids['ctx.a.id']![0]!}` } }) },
      { key: 'ctx.top', value: ids['ctx.top']![0]! },
      { key: 'secret', value: idOf(6 * (n >> 1) + 5) },
      { key: second!, value: 'a name that is an id' },
    ],
  };
}

let directory = '';
let reader: SegmentReader;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-ids-'));
  const logs = Array.from({ length: ROWS }, (_, n) => logOf(n));
  const record = recordOf({ logs, topic: '', source: '', tags: [] }, 1);
  reader = await buildAndOpen([record], { directory, id: 'ids', indexConfig: INDEX });
});

afterAll(() => rm(directory, { recursive: true }));

function patternOf(text: string): RegExp {
  return new RegExp(`^${text.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'u');
}

/** As the search asks for it. */
function matching(
  field: string,
  text: string,
  termsMax = 100,
): ReturnType<SegmentReader['termsMatching']> {
  const at = text.search(/[*?]/u);
  const pattern = patternOf(text);
  return reader.termsMatching(
    field,
    { prefix: text.slice(0, at), matches: (term) => pattern.test(term), rest: text.slice(at) },
    termsMax,
  );
}

const FIELDS = [LINE_FIELD, 'exact', 'ctx.a.id', 'ctx.top'];

function expectedRows(
  field: string,
  text: string,
): { readonly rows: number[]; readonly terms: number } {
  const pattern = patternOf(text);
  const found = Array.from({ length: ROWS }, (_, n) =>
    (idsOf(n)[field] ?? []).filter((id) => pattern.test(id)),
  );
  return {
    rows: found.flatMap((ids, n) => (ids.length > 0 ? [n] : [])),
    terms: new Set(found.flat()).size,
  };
}

describe.each(FIELDS)('ids of the field "%s"', (field) => {
  test('are found whole', async () => {
    for (let n = 0; n < ROWS; n++)
      for (const id of idsOf(n)[field]!)
        expect([id, rowsOf(await reader.term(field, id))]).toEqual([
          id,
          expectedRows(field, id).rows,
        ]);
  });

  test('match patterns as their texts do', async () => {
    const piece = fc.record({ n: fc.nat(ROWS - 1), keep: fc.integer({ min: 1, max: 26 }) });
    let found = 0;
    await fc.assert(
      fc.asyncProperty(
        piece,
        fc.constantFrom('*', '?*', '*4000', '*f*', '*?', '*0*0'),
        async ({ n, keep }, rest) => {
          const text = idsOf(n)[field]![0]!.slice(0, keep) + rest;
          const { rows, terms } = expectedRows(field, text);
          const answer = await matching(field, text);
          if (terms > 100) expect(answer.truncated).toBe(true);
          else expect([text, answer.truncated, rowsOf(answer.rows)]).toEqual([text, false, rows]);
          found += rows.length;
        },
      ),
      { numRuns: 30 },
    );
    expect(found).toBeGreaterThan(0);
  });

  test('are counted among the terms', async () => {
    const id = idsOf(0)[field]![0]!;
    for (const text of [`${id.slice(0, 2)}*`, `${id.slice(0, 10)}*`]) {
      const { terms } = expectedRows(field, text);
      expect((await matching(field, text, terms)).truncated).toBe(false);
      if (terms > 1) expect((await matching(field, text, terms - 1)).truncated).toBe(true);
    }
  });
});

const startsWithZeros = (term: string): boolean => term.startsWith('00');

test('a pattern without its rest is decided by the texts', async () => {
  const { rows } = expectedRows(LINE_FIELD, '00*');
  const pattern = { prefix: '00', matches: startsWithZeros };
  const found = await reader.termsMatching(LINE_FIELD, pattern, 100);
  expect(rowsOf(found.rows)).toEqual(rows);
});

test('letter case counts where the index says so', async () => {
  const text = must(idsOf(0)['exact']?.[0], 'an id');
  expect(text).toBe(text.toUpperCase());
  const prefix = `${text.slice(0, 5)}*`;
  expect(rowsOf((await matching('exact', prefix)).rows)).toEqual(
    expectedRows('exact', prefix).rows,
  );
  const lower = prefix.toLowerCase();
  expect(rowsOf((await matching('exact', lower)).rows)).toEqual(expectedRows('exact', lower).rows);
  expect(expectedRows('exact', lower).rows).not.toEqual(expectedRows('exact', prefix).rows);
  expect((await matching('ctx.top', prefix)).rows.isEmpty()).toBe(true);
});

test('what was excluded from the index does not match', async () => {
  for (let n = 0; n < ROWS; n += 37) {
    const secret = idOf(6 * (n >> 1) + 5);
    expect(await reader.term(LINE_FIELD, secret)).toBeUndefined();
    const answer = await matching(LINE_FIELD, `${secret.slice(0, -1)}*`);
    expect(rowsOf(answer.rows)).toEqual([]);
  }
});

const alikeId = (n: number): string => `abcdef01-${n.toString(16).padStart(8, '0')}`;

test('with too many candidates the answer says that there may be more', async () => {
  const count = ID_CANDIDATE_ROWS_MAX + 1;
  const logs = Array.from({ length: count }, (_, n) => ({
    time: 1_700_000_000 + n,
    contents: [{ key: 'msg', value: alikeId(n) }],
  }));
  const record = recordOf({ logs, topic: '', source: '', tags: [] }, 1);
  reader = await buildAndOpen([record], { directory, id: 'many', indexConfig: INDEX });
  const many = await matching(LINE_FIELD, 'abcdef01-*0010', count);
  expect(many.truncated).toBe(true);
  for (const row of rowsOf(many.rows)) expect(alikeId(row)).toMatch(/0010$/u);
  expect((await matching(LINE_FIELD, 'abcdef01*', count)).rows.count()).toBe(count);
  expect((await matching(LINE_FIELD, 'abcdef01*', 100)).truncated).toBe(true);
  // What is too short for an id, or has other letters, needs no look at the logs.
  for (const text of ['ab?', 'abcdef0?-*x'])
    expect(await matching(LINE_FIELD, text).then(({ truncated }) => truncated)).toBe(false);
});

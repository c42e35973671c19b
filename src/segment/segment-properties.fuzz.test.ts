/** Random logs, built and read back, must be what a naive computation over the same logs says. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compileTokenizer, type Tokenizer } from '#kernel/tokenizer.ts';
import type { IndexConfig, KeyIndex } from '#protocol/index-config.ts';
import type { Log, LogGroup } from '#protocol/log-group.ts';
import { LINE_FIELD, type SegmentReader } from './segment.ts';
import { buildAndOpen, recordOf, rowsOf, termsOf } from './segment-fixture.ts';

const key = (more: Partial<KeyIndex>): KeyIndex => ({
  type: 'text',
  token: [' ', ','],
  caseSensitive: false,
  chn: false,
  doc_value: true,
  alias: '',
  ...more,
});

const INDEX: IndexConfig = {
  line: { token: [' ', ':'], caseSensitive: false, chn: false, exclude_keys: ['hidden'] },
  keys: {
    msg: key({}),
    Exact: key({ token: [], caseSensitive: true }),
    count: key({ type: 'long' }),
    cost: key({ type: 'double' }),
    ctx: key({
      type: 'json',
      index_all: true,
      max_depth: 2,
      json_keys: { 'a.b': { type: 'long' }, 'a.b.c': { type: 'text' } },
    }),
  },
  max_text_len: 2048,
};

const word = fc.string({
  unit: fc.constantFrom('a', 'B', 'é', '字', ' ', ',', ':', '\0', '"'),
  maxLength: 6,
});
const bytes = fc.uint8Array({ maxLength: 5 });
const number = fc.constantFrom(
  '0',
  '12',
  '-7',
  '+3',
  '0200',
  '1.5',
  '.5',
  '2e3',
  '99999999999',
  'x',
  '',
  '1 ',
);
const leaf = fc.oneof(
  word,
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constant([1, { a: 2 }]),
);
const names = fc.constantFrom('a', 'b', 'c', 'a.b');
const json = fc
  .dictionary(
    names,
    fc.oneof(leaf, fc.dictionary(names, fc.oneof(leaf, fc.dictionary(names, leaf)))),
  )
  .map((value) => JSON.stringify(value));

const content = fc.oneof(
  fc.record({
    key: fc.constantFrom('msg', 'Exact', 'plain', 'hidden', 'Plain'),
    value: fc.oneof(word, bytes),
  }),
  fc.record({ key: fc.constantFrom('count', 'cost'), value: number }),
  fc.record({
    key: fc.constant('ctx'),
    value: fc.oneof(json, fc.constantFrom('{', '[1]', '{"a":1}x')),
  }),
  fc.record({
    key: fc.constantFrom('__time__', '__topic__', '__tag__:t', 'filename', '__time_ns_part__'),
    value: word,
  }),
);

const log: fc.Arbitrary<Log<string | Uint8Array>> = fc.record({
  time: fc.integer({ min: 1_700_000_000, max: 1_700_000_004 }),
  timeNs: fc.constantFrom(0, 5, 999_999_999),
  contents: fc.array(content, { maxLength: 6 }),
});

const group: fc.Arbitrary<LogGroup<string | Uint8Array>> = fc.record({
  logs: fc.array(log, { maxLength: 12 }),
  topic: fc.oneof(fc.constant(''), word),
  source: fc.constantFrom('', '10.0.0.1'),
  tags: fc.array(
    fc.record({ key: fc.constantFrom('t', 'host', 'H'), value: fc.oneof(word, bytes) }),
    {
      maxLength: 3,
    },
  ),
});

const textOf = (value: string | Uint8Array): string =>
  typeof value === 'string' ? value : Buffer.from(value).toString('utf8');

interface NaiveRow {
  readonly time: number;
  readonly timeNs: number;
  readonly fields: ReadonlyMap<string, string>;
}

function naiveRows(groups: readonly LogGroup<string | Uint8Array>[]): NaiveRow[] {
  const rows = groups.flatMap((one) =>
    one.logs.map((entry): NaiveRow => {
      const fields = new Map([
        ['__topic__', one.topic],
        ['__source__', one.source],
      ]);
      for (const tag of one.tags) fields.set(`__tag__:${tag.key}`, textOf(tag.value));
      for (const pair of entry.contents) fields.set(pair.key, textOf(pair.value));
      return { time: entry.time, timeNs: entry.timeNs ?? 0, fields };
    }),
  );
  return rows.toSorted((a, b) => a.time - b.time || a.timeNs - b.timeNs);
}

class NaiveIndex {
  readonly terms: Map<string, Map<string, number[]>> = new Map();
  readonly present: Map<string, number[]> = new Map();
  readonly empty: Map<string, number[]> = new Map();
  readonly numbers: Map<string, Map<number, number>> = new Map();

  addText(field: string, row: number, value: string, tokenizer: Tokenizer): void {
    this.addPresence(field, row, value);
    this.addTerms(field, row, tokenizer.cut(value));
  }

  addPresence(field: string, row: number, value: string): void {
    for (const lists of value === '' ? [this.present, this.empty] : [this.present])
      lists.set(field, [...new Set([...(lists.get(field) ?? []), row])]);
  }

  addTerms(field: string, row: number, terms: readonly string[]): void {
    const lists = this.terms.get(field) ?? new Map<string, number[]>();
    this.terms.set(field, lists);
    for (const term of terms) lists.set(term, [...new Set([...(lists.get(term) ?? []), row])]);
  }

  addNumber(field: string, row: number, value: string, pattern: RegExp): void {
    if (!pattern.test(value)) return;
    const column = this.numbers.get(field) ?? new Map<number, number>();
    this.numbers.set(field, column.set(row, Number(value)));
  }
}

const LONG = /^[+-]?\d+$/u;
const DOUBLE = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/u;
const LINE = compileTokenizer({ token: [' ', ':'], caseSensitive: false, chn: false });
const WORDS = compileTokenizer({ token: [' ', ','], caseSensitive: false, chn: false });
const EXACT = compileTokenizer({ token: [], caseSensitive: true, chn: false });
const WHOLE = compileTokenizer({ token: [], caseSensitive: false, chn: false });

function addLeaves(index: NaiveIndex, row: number, value: unknown, path: readonly string[]): void {
  if (typeof value === 'object') {
    if (value === null || Array.isArray(value)) return;
    for (const [name, inner] of Object.entries(value))
      addLeaves(index, row, inner, [...path, name]);
    return;
  }
  const name = path.join('.');
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (name === 'a.b') index.addNumber('ctx.a.b', row, text, LONG);
  else if (name.split('.').length <= 2 || name === 'a.b.c')
    index.addText(`ctx.${name}`, row, text, WORDS);
}

function addField(index: NaiveIndex, row: number, [name, value]: readonly [string, string]): void {
  if (name === 'msg') index.addText(name, row, value, WORDS);
  if (name === 'Exact') index.addText(name, row, value, EXACT);
  if (name === 'count') index.addNumber(name, row, value, LONG);
  if (name === 'cost') index.addNumber(name, row, value, DOUBLE);
  if (/^__(?:topic__|source__|tag__:)/u.test(name)) index.addText(name, row, value, WHOLE);
  if (name === 'ctx') {
    index.addPresence(name, row, value);
    try {
      addLeaves(index, row, JSON.parse(value), []);
    } catch {
      // Not JSON: nothing of it is indexed.
    }
  }
  if (['__time__', '__time_ns_part__', 'hidden'].includes(name)) return;
  index.addTerms(LINE_FIELD, row, LINE.cut(name));
  if (!Object.hasOwn(INDEX.keys ?? {}, name)) index.addText(LINE_FIELD, row, value, LINE);
}

function naiveIndex(rows: readonly NaiveRow[]): NaiveIndex {
  const index = new NaiveIndex();
  for (const [row, { fields }] of rows.entries())
    for (const field of fields) addField(index, row, field);
  return index;
}

async function expectIndex(reader: SegmentReader, expected: NaiveIndex): Promise<void> {
  for (const field of new Set([...reader.textFields, ...expected.terms.keys()])) {
    const lists = expected.terms.get(field) ?? new Map<string, number[]>();
    const sorted = [...lists.keys()].toSorted((a, b) =>
      Buffer.compare(Buffer.from(a), Buffer.from(b)),
    );
    expect([field, await termsOf(reader, field)]).toEqual([field, sorted]);
    for (const [term, rows] of lists)
      expect([field, term, rowsOf(await reader.term(field, term))]).toEqual([field, term, rows]);
  }
  for (const field of new Set([...reader.textFields, ...expected.present.keys()])) {
    expect(rowsOf(await reader.present(field))).toEqual(expected.present.get(field) ?? []);
    expect(rowsOf(await reader.empty(field))).toEqual(expected.empty.get(field) ?? []);
  }
  for (const field of new Set([...reader.numericFields, ...expected.numbers.keys()])) {
    const column = await reader.numeric(field);
    const rows = rowsOf(column?.valid);
    const found = new Map(rows.map((row) => [row, column?.values[row]]));
    expect([field, found]).toEqual([field, expected.numbers.get(field) ?? new Map()]);
  }
}

/** The rows of the Parquet file as maps of the fields that are not null. */
async function parquetRows(
  connection: DuckDBConnection,
  reader: SegmentReader,
): Promise<NaiveRow[]> {
  const answer = await connection.runAndReadAll(
    `SELECT * FROM read_parquet('${reader.parquetPath}', union_by_name = true, file_row_number = true)
     ORDER BY file_row_number`,
  );
  expect(answer.columnTypes().map(String).slice(0, 3)).toEqual(['BIGINT', 'INTEGER', 'VARCHAR']);
  const fieldOf = new Map(reader.columns.map(({ column, field }) => [column, field]));
  return answer.getRowObjects().map((row) => {
    const fields = new Map<string, string>();
    for (const [column, field] of fieldOf)
      if (row[column] !== null) fields.set(field, String(row[column]));
    const rest = row['__rest__'] ?? null;
    if (rest !== null)
      for (const [name, value] of Object.entries(
        JSON.parse(String(rest)) as Record<string, string>,
      ))
        fields.set(name, value);
    return {
      time: Number(row['__time__']),
      timeNs: Number(row['__time_ns_part__'] ?? 0),
      fields,
    };
  });
}

let directory = '';
let connection: DuckDBConnection;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-properties-'));
  connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
});

afterAll(async () => {
  connection.closeSync();
  await rm(directory, { recursive: true });
});

test('random logs come back from the index and from Parquet as they were', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(group, { minLength: 1, maxLength: 4 }), async (groups) => {
      const rows = naiveRows(groups);
      fc.pre(rows.length > 0);
      const reader = await buildAndOpen(
        groups.map((one, i) => recordOf(one, i + 1, i % 2 === 0 ? 'lz4' : 'zstd')),
        { directory, id: `random-${run++}`, indexConfig: INDEX },
      );
      expect(reader.info.rowCount).toBe(rows.length);
      expect([...(await reader.times())]).toEqual(rows.map((row) => row.time));
      await expectIndex(reader, naiveIndex(rows));
      expect(await parquetRows(connection, reader)).toEqual(rows);
    }),
    { numRuns: 60 },
  );
});

test('ten megabytes of generated logs come back from the index and from Parquet', async () => {
  const groups = Array.from({ length: 20 }, (_, g) => ({
    topic: `topic-${g % 3}`,
    source: '10.0.0.1',
    tags: [{ key: 'host', value: `host-${g}` }],
    logs: Array.from({ length: 5000 }, (_, i) => ({
      time: 1_700_000_000 + ((g * 5000 + i) % 3600),
      contents: [
        { key: 'msg', value: `request ${g * 5000 + i} took ${i % 97} ms on path /p/${i % 13}` },
        { key: 'count', value: String(i) },
        { key: 'plain', value: i % 5 === 0 ? '' : `Value ${i % 1000}` },
        { key: 'Exact', value: `user-${(i * 7919) % 10_007}` },
      ],
    })),
  }));
  const rows = naiveRows(groups);
  const reader = await buildAndOpen(
    groups.map((one, i) => recordOf(one, i + 1)),
    { directory, id: 'large', indexConfig: INDEX },
  );
  expect(reader.info.rawBytes).toBeGreaterThan(10_000_000);
  const found = await parquetRows(connection, reader);
  expect(found.length).toBe(100_000);
  for (let row = 0; row < rows.length; row += 997) expect(found[row]).toEqual(rows[row]);
  const wanted = rows.flatMap((row, i) => (row.fields.get('msg')?.includes(' 42 ms ') ? [i] : []));
  const both = (await reader.term('msg', '42'))?.and((await reader.term('msg', 'took'))!);
  // "request 42" has the word as well.
  const extra = rows.flatMap((row, i) =>
    row.fields.get('msg')?.startsWith('request 42 ') ? [i] : [],
  );
  expect(rowsOf(both)).toEqual([...new Set([...wanted, ...extra])].toSorted((a, b) => a - b));
  expect((await reader.term('msg', 'request'))?.count()).toBe(100_000);
  expect((await reader.empty('plain')).count() + (await reader.empty(LINE_FIELD)).count()).toBe(
    20_000,
  );
  const counts = await reader.numeric('count');
  expect(rows.every((row, i) => counts?.values[i] === Number(row.fields.get('count')))).toBe(true);
});

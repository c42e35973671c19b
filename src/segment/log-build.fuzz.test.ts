/** The kernel against the plain twins: `LogCells` for the walk and the columns, `buildIndex` for the index. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { errorCode } from '#base/app-error.ts';
import type { BuildKernel } from '#kernel/build-kernel.ts';
import { timeOrder } from '#kernel/sort-rows.ts';
import type { TermIndex } from '#kernel/term-index.ts';
import type { LogRecord } from '#loghub/shard-log.ts';
import type { ColumnChunk } from '#parquet/column-chunk.ts';
import { DEFAULT_TOKENS, type IndexConfig, type KeyIndex } from '#protocol/index-config.ts';
import type { LogGroup } from '#protocol/log-group.ts';
import { buildChunks } from './build-chunks.ts';
import { chooseColumns } from './columns.ts';
import { buildIndex } from './index-builder.twin.ts';
import { LogBuild } from './log-build.ts';
import { LogCells } from './log-cells.twin.ts';
import { recordOf } from './segment-fixture.ts';

interface FlatIndex {
  readonly terms: ReadonlyMap<string, readonly number[]>;
  readonly presence: ReadonlyMap<string, readonly number[]>;
  readonly numbers: ReadonlyMap<string, ReadonlyMap<number, number>>;
}

function slice(list: Uint32Array, starts: Uint32Array, at: number): number[] {
  return [...list.subarray(starts[at], starts[at + 1])];
}

function expectAscending(list: readonly number[]): void {
  for (let i = 1; i < list.length; i++) expect(list[i]!).toBeGreaterThan(list[i - 1]!);
}

/** Own rows and those of sets, which may overlap; each list must be ascending. */
function rowsOfTerm(terms: TermIndex, term: number): number[] {
  const rows = slice(terms.rows, terms.rowStarts, term);
  expectAscending(rows);
  const sets = slice(terms.sets, terms.setStarts, term);
  expectAscending(sets);
  const all = new Set(rows);
  for (const set of sets) {
    const setRows = slice(terms.setRows, terms.setRowStarts, set);
    expectAscending(setRows);
    expect(setRows.length).toBeGreaterThan(1);
    for (const row of setRows) all.add(row);
  }
  return [...all].sort((a, b) => a - b);
}

function textOfTerm(terms: TermIndex, term: number): Buffer {
  return Buffer.from(terms.arena.subarray(terms.offsets[term], terms.offsets[term + 1]));
}

function kernelIndex(build: LogBuild, config: IndexConfig): FlatIndex {
  const { terms, textFields, numericFields } = build.index(config);
  const found = new Map<string, readonly number[]>();
  const order = [...terms.order];
  for (const [place, term] of order.entries()) {
    const name = textFields[terms.fields[term]!]!.name;
    found.set(`${name}\0${textOfTerm(terms, term).toString('hex')}`, rowsOfTerm(terms, term));
    const before = order[place - 1];
    if (before === undefined) continue;
    if (terms.fields[before] === terms.fields[term])
      expect(Buffer.compare(textOfTerm(terms, before), textOfTerm(terms, term))).toBe(-1);
    else expect(terms.fields[before]!).toBeLessThan(terms.fields[term]!);
  }
  expect(found.size).toBe(order.length);
  const presence = new Map<string, readonly number[]>();
  for (const { name, hasTerms, presentList, emptyList } of textFields) {
    expect([terms.fields[presentList], terms.fields[emptyList]]).toEqual([-1, -1]);
    presence.set(`${name} present ${hasTerms}`, rowsOfTerm(terms, presentList));
    presence.set(`${name} empty`, rowsOfTerm(terms, emptyList));
  }
  const numbers = new Map(
    numericFields.map(({ field, rows, values }) => [
      field,
      new Map([...rows].map((row, i) => [row, values[i]!])),
    ]),
  );
  return { terms: found, presence, numbers };
}

function twinIndex(
  cells: LogCells,
  order: Uint32Array | undefined,
  config: IndexConfig,
): FlatIndex {
  const { postings, textFields, numericFields } = buildIndex(cells, order, config);
  const rowsOf = (list: number): number[] => slice(postings.rows, postings.starts, list);
  const terms = new Map<string, readonly number[]>();
  for (let term = 0; term < postings.termCount; term++) {
    if (postings.fields[term]! < 0) continue;
    const text = postings.arena.subarray(postings.offsets[term], postings.offsets[term + 1]);
    const name = textFields[postings.fields[term]!]!.name;
    terms.set(`${name}\0${Buffer.from(text).toString('hex')}`, rowsOf(term));
  }
  const presence = new Map<string, readonly number[]>();
  for (const { name, hasTerms, presentList, emptyList } of textFields) {
    presence.set(`${name} present ${hasTerms}`, rowsOf(presentList));
    presence.set(`${name} empty`, rowsOf(emptyList));
  }
  const numbers = new Map(
    numericFields.map(({ field, rows, values }) => [
      field,
      new Map([...rows].map((row, i) => [row, values[i]!])),
    ]),
  );
  return { terms, presence, numbers };
}

type Rows = readonly ReadonlyMap<string, string>[];

/** The values of a chunk by row. */
function valuesOf(chunk: ColumnChunk | undefined): Map<number, string> {
  const values = new Map<number, string>();
  if (chunk === undefined) return values;
  const { strings, ids, present } = chunk;
  if (ids !== undefined)
    expect(
      new Set([...strings.starts].map((start, i) => textAt(strings.arena, start, strings.ends[i]!)))
        .size,
    ).toBe(strings.starts.length);
  for (let row = 0; row < chunk.rowCount; row++) {
    if (present !== undefined && (present[row >>> 3]! & (1 << (row & 7))) === 0) continue;
    const entry = ids?.[values.size] ?? values.size;
    values.set(row, textAt(strings.arena, strings.starts[entry]!, strings.ends[entry]!));
  }
  expect(values.size).toBe(chunk.valueCount);
  return values;
}

function textAt(arena: Uint8Array, start: number, end: number): string {
  return Buffer.from(arena.subarray(start, end)).toString('utf8');
}

function kernelRows(build: LogBuild, config: IndexConfig): Rows {
  const choice = chooseColumns(build.names, config);
  const rows: Map<string, string>[] = [];
  for (const { times, chunks } of buildChunks(build, choice)) {
    const first = rows.length;
    for (const _ of times) rows.push(new Map());
    for (const [column, field] of choice.columnFields.entries())
      for (const [row, value] of valuesOf(chunks[column]))
        rows[first + row]!.set(build.names[field]!, value);
    if (choice.restFields.length === 0) continue;
    for (const [row, text] of valuesOf(chunks.at(-1)))
      for (const [name, value] of Object.entries(JSON.parse(text) as Record<string, string>))
        rows[first + row]!.set(name, value);
  }
  return rows;
}

function twinRows(cells: LogCells, order: Uint32Array | undefined): Rows {
  const cursor = cells.rows();
  return Array.from({ length: cells.rowCount }, (_, row) => {
    cursor.load(order?.[row] ?? row);
    return new Map(
      cursor.fields
        .slice(0, cursor.count)
        .map((field, i) => [
          cells.fields.names[field]!,
          textAt(cells.arena, cursor.starts[i]!, cursor.ends[i]!),
        ]),
    );
  });
}

function expectTwins(records: readonly LogRecord[], config: IndexConfig, appendMeta = false): void {
  const cells = new LogCells(records.reduce((sum, { rawBytes }) => sum + rawBytes, 0));
  for (const record of records) cells.addRecord(record, appendMeta);
  const times = cells.times.view();
  const order = timeOrder(times, cells.timeNs.view());
  using build = new LogBuild({ records, appendMeta });
  expect([...build.times]).toEqual(Array.from(times, (_, row) => times[order?.[row] ?? row]));
  const found = kernelIndex(build, config);
  const expected = twinIndex(cells, order, config);
  expect(found.terms).toEqual(expected.terms);
  expect(found.presence).toEqual(expected.presence);
  expect(found.numbers).toEqual(expected.numbers);
  expect(kernelRows(build, config)).toEqual(twinRows(cells, order));
}

const key = (more: Partial<KeyIndex>): KeyIndex => ({
  type: 'text',
  token: [' ', ','],
  caseSensitive: false,
  chn: false,
  doc_value: true,
  alias: '',
  ...more,
});

const word = fc.string({
  unit: fc.constantFrom('a', 'B', 'é', 'İ', '字', '登录', ' ', ',', ':', '\0', '"', '，', '😀'),
  maxLength: 40,
});
const bytes = fc.uint8Array({ maxLength: 12 });
const number = fc.oneof(
  fc.constantFrom('0', '-0', '+3', '0200', '1.5', '.5', '5.', '.', '-', '2e3', '1 ', 'x', '-0.25'),
  fc.constantFrom('99999999999', '9223372036854775808', '1234567890123456', '1.2345678901234567'),
  fc.double({ noNaN: true }).map(String),
  fc.integer().map(String),
);
const names = fc.constantFrom('a', 'b', 'a.b', 'é"');
const leaf = fc.oneof(
  word,
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
  fc.constant([1, { a: 'x' }, []]),
);
const escaped = fc.constantFrom(
  '{"a":"\\u0041\\n\\ud83d\\ude00 \\ud83d \\u00e9"}',
  ' { "a" : 1 , "b" : [ {} , [ ] , true ] } ',
  '{"a":01}',
  '{"a":1.}',
  '{"a":1e5,"b":-0.5E-2}',
  '{"a":"\n"}',
  '{"a":tru}',
  '{"a":1,}',
  '{"a":"\\x"}',
  '{"":{"":"deep"}}',
  '[1]',
  '{',
  '{}',
  '{"a":1}x',
);
const json = fc.oneof(
  escaped,
  fc
    .dictionary(
      names,
      fc.oneof(leaf, fc.dictionary(names, fc.oneof(leaf, fc.dictionary(names, leaf)))),
    )
    .map((value) => JSON.stringify(value)),
);
const value = fc.oneof(
  word,
  bytes,
  number,
  json,
  fc.constant(''),
  fc.constant('same value, Again'),
);
const content = fc.record({
  key: fc.constantFrom(
    'msg',
    'Exact',
    'n',
    'd',
    'ctx',
    'plain',
    'hidden',
    '__topic__',
    '__tag__:t',
  ),
  value,
});
const group: fc.Arbitrary<LogGroup<string | Uint8Array>> = fc.record({
  logs: fc.array(
    fc.record({
      time: fc.integer({ min: 1_700_000_000, max: 1_700_000_003 }),
      timeNs: fc.constantFrom(0, 5, 999_999_999),
      contents: fc.array(content, { maxLength: 6 }),
    }),
    { maxLength: 10 },
  ),
  topic: fc.oneof(fc.constant(''), word),
  source: fc.constantFrom('', '10.0.0.1'),
  tags: fc.array(
    fc.record({
      key: fc.constantFrom('t', 'host', 'H', '__client_ip__'),
      value: fc.oneof(word, bytes),
    }),
    { maxLength: 3 },
  ),
});
const tokens = fc.constantFrom(
  [],
  [' ', ','],
  DEFAULT_TOKENS,
  ['，', ' '],
  ['a', '\0', '~', '\u{7f}'],
);
const flags = fc.record({ token: tokens, caseSensitive: fc.boolean(), chn: fc.boolean() });
const config: fc.Arbitrary<IndexConfig> = fc
  .record({
    line: fc.option(flags, { nil: undefined }),
    msg: flags,
    exact: flags,
    ctx: flags,
    depth: fc.constantFrom(-1, 1, 2),
    all: fc.boolean(),
    some: fc.boolean(),
  })
  .map(({ line, msg, exact, ctx, depth, all, some }) => ({
    line: line === undefined ? undefined : { ...line, exclude_keys: ['hidden'] },
    keys: {
      msg: key(msg),
      Exact: key(exact),
      n: key({ type: 'long' }),
      d: key({ type: 'double' }),
      ctx: key({
        ...ctx,
        type: 'json',
        index_all: all,
        max_depth: depth,
        json_keys: { a: { type: 'long' }, 'a.b': { type: 'double' }, b: { type: 'text' } },
      }),
      ...(some ? { __topic__: key({ type: 'long' }), 'ctx.b': key(exact) } : {}),
    },
    max_text_len: 2048,
  }));

function repeatingContents(i: number): { key: string; value: string }[] {
  return [
    { key: 'msg', value: `request ${i} took ${i % 7} ms` },
    { key: 'Exact', value: `user-${i % 50}` },
    { key: 'n', value: String(i % 11) },
    { key: 'plain', value: i % 3 === 0 ? '' : `Value ${i % 1500} of many` },
    { key: `rare-${i % 700}`, value: 'x' },
    { key: 'ctx', value: `{"a":${i % 5},"b":"two words","c":{"id":"${i}"}}` },
  ];
}

function oneLog(contents: readonly { key: string; value: string }[]): LogRecord {
  return recordOf({ logs: [{ time: 1, contents }], topic: '', source: '', tags: [] }, 1);
}

function kernelOf(records: readonly LogRecord[]): BuildKernel {
  using build = new LogBuild({ records, appendMeta: false });
  return build.kernel;
}

function codeOf(make: () => unknown): string | undefined {
  try {
    make();
    return undefined;
  } catch (error) {
    return errorCode(error) ?? String(error);
  }
}

describe('the build kernel', () => {
  test('finds in random logs what the twins find', () => {
    fc.assert(
      fc.property(
        fc.array(group, { minLength: 1, maxLength: 4 }),
        config,
        fc.boolean(),
        (groups, index, appendMeta) =>
          expectTwins(
            groups.map((one, i) => recordOf(one, i + 1)),
            index,
            appendMeta,
          ),
      ),
      { numRuns: 250 },
    );
  });

  test('does not care how often values repeat', () => {
    const groups = Array.from({ length: 8 }, (_, g) => ({
      topic: `topic ${g % 3}`,
      source: '10.0.0.1',
      tags: [{ key: 'host', value: `host-${g}` }],
      logs: Array.from({ length: 1000 }, (_none, i) => ({
        time: 1_700_000_000 + ((i * 7919) % 100),
        contents: repeatingContents(g * 1000 + i),
      })),
    }));
    const index: IndexConfig = {
      line: { token: DEFAULT_TOKENS, caseSensitive: false, chn: false },
      keys: { n: key({ type: 'long' }), ctx: key({ type: 'json', index_all: true }) },
      max_text_len: 2048,
    };
    expectTwins(
      groups.map((one, i) => recordOf(one, i + 1)),
      index,
    );
  });

  test('takes ten thousand field names and values of a megabyte', () => {
    const long = `${'lorem ipsum '.repeat(50_000)}é${'dolor sit '.repeat(50_000)}`;
    const wide = Array.from({ length: 10_000 }, (_, i) => ({
      key: `field ${i}`,
      value: `v${i % 9}`,
    }));
    const index: IndexConfig = {
      line: { token: [' '], caseSensitive: false, chn: false },
      max_text_len: 2048,
    };
    expectTwins(
      [oneLog(wide), oneLog(wide.slice(0, 9000)), oneLog([{ key: 'long', value: long }])],
      index,
    );
  });

  test('uses the same memory for every build', () => {
    const logs = Array.from({ length: 2000 }, (_, i) => ({
      time: 1_700_000_000,
      contents: [{ key: 'msg', value: `line ${i} with ${i * 7919} words` }],
    }));
    const records = [recordOf({ logs, topic: '', source: '', tags: [] }, 1)];
    const sizes = new Set<number>();
    for (let run = 0; run < 20; run++) {
      using build = new LogBuild({ records, appendMeta: true });
      build.index({ line: { token: [' '], caseSensitive: false, chn: false }, max_text_len: 64 });
      sizes.add(build.kernel.memoryBytes);
    }
    expect(sizes.size).toBe(1);
  });

  test('keeps the kernel of a usual build, and gives up one that an unusual build made large', () => {
    const usual = oneLog([{ key: 'a', value: 'b' }]);
    const first = kernelOf([usual]);
    expect(kernelOf([usual])).toBe(first);
    const payload = new Uint8Array(20 * 2 ** 20);
    for (let at = 0; at < payload.length; at += 4) payload.set([0x0a, 2, 8, 1], at);
    const rows = { ...usual, compression: 'none', payload, rawBytes: payload.length } as const;
    expect(kernelOf([rows])).toBe(first);
    expect(kernelOf([usual])).not.toBe(first);
  });

  test('says what is wrong with a group as the protocol says it', () => {
    const good = recordOf(
      { logs: [{ time: 1, contents: [] }], topic: 't', source: '', tags: [] },
      1,
    );
    const payload = (...raw: readonly number[]): LogRecord => ({
      ...good,
      compression: 'none',
      payload: Uint8Array.from(raw),
      rawBytes: raw.length,
    });
    const codes = [
      payload(0x0a),
      payload(0x0a, 0x00),
      payload(0x0a, 0x02, 0x08, 0x00),
      payload(0x0a, 0x0c, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x00),
      payload(0x0a, 0x07, 0x08, 0x01, 0x25, 0xff, 0xff, 0xff, 0xff),
      payload(0x0a, 0x04, 0x08, 0x01, 0x12, 0x00),
      payload(0x32, 0x00),
      payload(0x1b),
      payload(0x07),
    ].map((record) => {
      try {
        const build = new LogBuild({ records: [record], appendMeta: false });
        build[Symbol.dispose]();
        return 'taken';
      } catch (error) {
        return errorCode(error);
      }
    });
    expect(codes).toEqual([
      'PostBodyInvalid',
      'PostBodyInvalid',
      'InvalidTimestamp',
      'PostBodyInvalid',
      'InvalidTimestamp',
      'PostBodyInvalid',
      'PostBodyInvalid',
      'PostBodyInvalid',
      'PostBodyInvalid',
    ]);
  });

  test('takes what the protocol takes of damaged groups, and nothing else', () => {
    fc.assert(
      fc.property(
        group,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
        (one, edits) => {
          const record = recordOf(one, 1, 'none');
          const payload = record.payload.slice();
          for (const [at, byte] of edits)
            if (payload.length > 0) payload[at % payload.length] = byte;
          const damaged = { ...record, payload };
          expect(
            codeOf(() => {
              using build = new LogBuild({ records: [damaged], appendMeta: false });
              return build.rowCount;
            }),
          ).toBe(codeOf(() => new LogCells(payload.length).addRecord(damaged, false)));
        },
      ),
      { numRuns: 300 },
    );
  });
});

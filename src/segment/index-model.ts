/** Naive indexes for tests: what each row has, directly and by term sets, and what a reader must say of it. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { NO_FIELD, type TermIndex } from '#kernel/term-index.ts';
import type { SegmentStorage } from './segment-builder.ts';
import type { SegmentInfo, SegmentReader } from './segment.ts';
import { encodeIdx } from './idx-writer.ts';
import type { IndexedField } from './index-lists.ts';
import { termOrder } from './term-order.twin.ts';
import { rowsOf, termsOf } from './segment-fixture.ts';

/** A term of a field; the lists of rows that have the field, or have it empty, are these two. */
export interface ModelTerm {
  readonly field: string;
  readonly term: string;
}

export const PRESENT = '<present>';
export const EMPTY = '<empty>';

export interface ModelRow {
  readonly time: number;
  readonly timeNs: number;
  readonly terms: readonly ModelTerm[];
  /** Numbers of the term sets of the model. */
  readonly sets: readonly number[];
  /** By numeric field. */
  readonly numbers: Readonly<Record<string, number>>;
}

export interface IndexModel {
  /** By (time, timeNs). */
  readonly rows: readonly ModelRow[];
  readonly sets: readonly (readonly ModelTerm[])[];
}

const TIME = 1_700_000_000;
/** Ids of some lengths and in both cases, and what is nearly one: too short, too long, a hyphen too early. */
function hexId(n: number): string {
  const digits = (Math.imul(n >> 2, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0');
  const form = n % 4 === 3 ? n % 3 : 3 + (n % 5);
  const id = [
    digits + digits.slice(0, 7),
    digits.repeat(8) + 'a',
    `${digits.slice(0, 7)}-${digits.repeat(3)}`,
    digits.repeat(2),
    digits.repeat(4),
    digits.repeat(8),
    `${digits}-e89b-12d3-a456-${digits}4000`,
    `${digits}-${digits}`,
  ][form]!;
  return n % 7 === 0 ? id.toUpperCase() : id;
}

const ID = /^[0-9a-f]{8}[0-9a-f-]{8,56}$/iu;

const fieldName = fc.constantFrom('', 'msg', 'host', 'ünicode');
const modelTerm: fc.Arbitrary<ModelTerm> = fc.record({
  field: fieldName,
  term: fc.oneof(
    fc.constantFrom(PRESENT, EMPTY, 'get', 'getter', 'post', '字'),
    fc.string({ unit: fc.constantFrom('a', 'b', 'é'), minLength: 1, maxLength: 4 }),
    fc.nat(300).map((n) => `id-${n}`),
    fc.nat(60).map(hexId),
  ),
});

function modelRow(setCount: number): fc.Arbitrary<ModelRow> {
  return fc.record({
    time: fc.oneof(fc.nat(20), fc.nat(400_000)).map((offset) => TIME + offset),
    timeNs: fc.constantFrom(0, 0, 5, 7000, 999_999_999),
    terms: fc.array(modelTerm, { maxLength: 5 }),
    sets: fc.array(fc.nat(Math.max(0, setCount - 1)), { maxLength: setCount === 0 ? 0 : 3 }),
    numbers: fc.dictionary(
      fc.constantFrom('n', 'cost'),
      fc.oneof(fc.integer(), fc.double({ noNaN: true })),
      {
        maxKeys: 2,
      },
    ),
  });
}

export const anyModel: fc.Arbitrary<IndexModel> = fc
  .array(fc.array(modelTerm, { minLength: 1, maxLength: 4 }), { maxLength: 8 })
  .chain((sets) =>
    fc.record({
      sets: fc.constant(sets),
      rows: fc
        .array(modelRow(sets.length), { minLength: 1, maxLength: 120, size: 'max' })
        .map((rows) => rows.toSorted((a, b) => a.time - b.time || a.timeNs - b.timeNs)),
    }),
  );

function valuesOf(lists: readonly (readonly number[])[]): {
  readonly starts: Uint32Array;
  readonly items: Uint32Array;
} {
  const starts = Uint32Array.from([0, ...lists.map(({ length }) => length)]);
  for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!;
  return { starts, items: Uint32Array.from(lists.flat()) };
}

const keyOf = ({ field, term }: ModelTerm): string => `${field}\n${term}`;
const ascending = (items: Iterable<number>): number[] => [...new Set(items)].sort((a, b) => a - b);

/** Every field of the model, in order of their first appearance. */
export function fieldsOf(models: readonly IndexModel[]): readonly string[] {
  const terms = models.flatMap(({ sets, rows }) => [
    ...sets.flat(),
    ...rows.flatMap((row) => row.terms),
  ]);
  return [...new Set(terms.map(({ field }) => field))];
}

/** The term index of a model, as the kernel would make it. */
export function termIndexOf(model: IndexModel): {
  readonly terms: TermIndex;
  readonly textFields: readonly IndexedField[];
} {
  const fields = fieldsOf([model]);
  const lists = new Map<string, { field: number; term: string; rows: number[]; sets: number[] }>();
  const listOf = (one: ModelTerm): { rows: number[]; sets: number[] } => {
    const isTerm = one.term !== PRESENT && one.term !== EMPTY;
    const field = isTerm ? fields.indexOf(one.field) : NO_FIELD;
    const list = lists.get(keyOf(one)) ?? {
      field,
      term: isTerm ? one.term : '',
      rows: [],
      sets: [],
    };
    lists.set(keyOf(one), list);
    return list;
  };
  for (const field of fields) for (const term of [PRESENT, EMPTY]) listOf({ field, term });
  for (const [set, terms] of model.sets.entries())
    for (const term of terms) listOf(term).sets.push(set);
  for (const [row, { terms }] of model.rows.entries())
    for (const term of terms) listOf(term).rows.push(row);
  const all = [...lists.values()];
  const texts = all.map(({ term }) => Buffer.from(term));
  const rows = valuesOf(all.map((list) => ascending(list.rows)));
  const sets = valuesOf(all.map((list) => ascending(list.sets)));
  const setRows = valuesOf(
    model.sets.map((_, set) =>
      [...model.rows.keys()].filter((row) => model.rows[row]!.sets.includes(set)),
    ),
  );
  const bytes = {
    termCount: all.length,
    arena: Buffer.concat(texts),
    offsets: valuesOf(texts.map((text) => [...text])).starts,
    fields: Int32Array.from(all, ({ field }) => field),
  };
  const numbers = [...lists.keys()];
  return {
    terms: {
      ...bytes,
      rowCount: model.rows.length,
      order: termOrder(bytes),
      rowStarts: rows.starts,
      rows: rows.items,
      setStarts: sets.starts,
      sets: sets.items,
      setCount: model.sets.length,
      setRowStarts: setRows.starts,
      setRows: setRows.items,
    },
    textFields: fields.map((name) => ({
      name,
      hasTerms: true,
      presentList: numbers.indexOf(keyOf({ field: name, term: PRESENT })),
      emptyList: numbers.indexOf(keyOf({ field: name, term: EMPTY })),
    })),
  };
}

export function infoOf(model: IndexModel, id: string): SegmentInfo {
  return {
    id,
    shardId: 1,
    firstSequence: 1,
    nextSequence: 2,
    rowCount: model.rows.length,
    rawBytes: 1,
    minTime: model.rows[0]?.time ?? 0,
    maxTime: model.rows.at(-1)?.time ?? 0,
    maxReceiveTimeMs: 1,
    parquetBytes: 0,
    indexBytes: 0,
  };
}

const numericNames = ({ rows }: IndexModel): string[] => [
  ...new Set(rows.flatMap(({ numbers }) => Object.keys(numbers))),
];

export function encodeModel(
  model: IndexModel,
  id: string,
  storage: SegmentStorage = 'stored',
): Uint8Array {
  const pieces = encodeIdx({
    ...termIndexOf(model),
    numericFields: numericNames(model).map((field) => {
      const rows = [...model.rows.keys()].filter((row) =>
        Object.hasOwn(model.rows[row]!.numbers, field),
      );
      return {
        field,
        rows: Uint32Array.from(rows),
        values: Float64Array.from(rows, (row) => model.rows[row]!.numbers[field]!),
      };
    }),
    times: Uint32Array.from(model.rows, ({ time }) => time),
    timeNs: Uint32Array.from(model.rows, ({ timeNs }) => timeNs),
    info: {
      segment: infoOf(model, id),
      indexConfig: { max_text_len: 2048 },
      columns: [],
      restFields: [],
    },
    storage,
  });
  return Buffer.concat(pieces);
}

/** The terms of a row, its sets' included. */
function termsOfRow(model: IndexModel, row: ModelRow): readonly ModelTerm[] {
  return [...row.terms, ...row.sets.flatMap((set) => model.sets[set] ?? [])];
}

/** A row of a model without reference to its sets. */
export function plainRow(model: IndexModel, row: ModelRow): ModelRow {
  return { ...row, terms: termsOfRow(model, row), sets: [] };
}

/** Whether a reader knows the rows of ids by their first digits, and no other ids. */
async function expectIds(
  reader: SegmentReader,
  field: string,
  ids: readonly string[],
  rowsWith: (field: string, term: string) => readonly number[],
): Promise<void> {
  for (const [i, id] of ids.entries()) {
    const near = `${id.slice(0, -1)}${id.endsWith('1') ? '2' : '1'}`;
    expect(await reader.term(field, near)).toBeUndefined();
    const prefix = id.slice(0, i % 9);
    // Letters of ids in both cases can only be told apart by their logs, which a model does not have.
    if (/[a-f]/iu.test(prefix) || prefix === '') continue;
    const found = await reader.termsMatching(
      field,
      { prefix, matches: (term) => ID.test(term) && term.startsWith(prefix), rest: '*' },
      1000,
    );
    const wanted = ids.filter((one) => one.startsWith(prefix));
    expect(rowsOf(found.rows)).toEqual(ascending(wanted.flatMap((one) => rowsWith(field, one))));
  }
}

/** Whether a reader says of every term, field, number and time what the model has. */
export async function expectModel(
  reader: SegmentReader,
  model: IndexModel,
  fields: readonly string[],
): Promise<void> {
  const rows = new Map<string, number[]>();
  for (const [number, row] of model.rows.entries())
    for (const term of termsOfRow(model, row))
      rows.set(keyOf(term), [...(rows.get(keyOf(term)) ?? []), number]);
  const rowsWith = (field: string, term: string): number[] =>
    ascending(rows.get(keyOf({ field, term })) ?? []);
  for (const field of fields) {
    const prefix = keyOf({ field, term: '' });
    const known = new Set([...rows.keys(), ...model.sets.flat().map((one) => keyOf(one))]);
    const terms = [...known]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length))
      .filter((term) => term !== PRESENT && term !== EMPTY);
    const found = await termsOf(reader, field);
    // Ids may be there by their keys alone.
    const isText = (term: string): boolean => !ID.test(term);
    expect(new Set(found.filter(isText))).toEqual(new Set(terms.filter(isText)));
    expect(new Set(terms).isSupersetOf(new Set(found))).toBe(true);
    expect(new Set(found).size).toBe(found.length);
    await expectIds(
      reader,
      field,
      terms.filter((term) => ID.test(term)),
      rowsWith,
    );
    for (const term of terms)
      expect([term, rowsOf(await reader.term(field, term))]).toEqual([term, rowsWith(field, term)]);
    expect(await reader.term(field, 'no such term')).toBeUndefined();
    expect(rowsOf(await reader.present(field))).toEqual(rowsWith(field, PRESENT));
    expect(rowsOf(await reader.empty(field))).toEqual(rowsWith(field, EMPTY));
    const some = await reader.termsMatching(
      field,
      { prefix: 'get', matches: (term) => term.length > 2 },
      10,
    );
    expect(some.truncated).toBe(false);
    expect(rowsOf(some.rows)).toEqual(
      ascending([...rowsWith(field, 'get'), ...rowsWith(field, 'getter')]),
    );
  }
  for (const name of numericNames(model)) {
    const column = await reader.numeric(name);
    const expected = model.rows.map(({ numbers }) => numbers[name]);
    const actual = expected.map((_, row) =>
      column?.valid.has(row) === true ? column.values[row] : undefined,
    );
    expect(actual).toEqual(expected);
  }
  expect([...(await reader.times())]).toEqual(model.rows.map(({ time }) => time));
  const timeNs = (await reader.timeNs()) ?? new Uint32Array(model.rows.length);
  expect([...timeNs]).toEqual(model.rows.map((row) => row.timeNs));
}

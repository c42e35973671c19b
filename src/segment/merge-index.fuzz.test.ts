import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { errorCode } from '#base/app-error.ts';
import { must } from '#base/assert.ts';
import { BlockCache } from './block-cache.ts';
import {
  anyModel,
  encodeModel,
  expectModel,
  fieldsOf,
  infoOf,
  plainRow,
  PRESENT,
  type IndexModel,
} from './index-model.ts';
import { collectIndexes, mergeIndexes } from './merge-index.ts';
import { MergeInput } from './merge-input.ts';
import { mergeOrder, type MergeOrder } from './merge-order.ts';
import { openSegment } from './open-segment.ts';
import { idxSource, rowsOf } from './segment-fixture.ts';
import type { SegmentReader } from './segment.ts';

const DAY = 86_400;

function open(bytes: Uint8Array, model: IndexModel, id: string): Promise<SegmentReader> {
  return openSegment({
    info: infoOf(model, id),
    idx: idxSource(bytes),
    parquetPath: '',
    parquet: idxSource(new Uint8Array(0)),
    cache: new BlockCache(1 << 20),
  });
}

function orderOf(inputs: readonly MergeInput[], daysMax: number): MergeOrder {
  return mergeOrder(
    inputs.map((input) => input.times()),
    daysMax,
  );
}

/** The files of a merge. */
function merged(
  ...[inputs, order, results]: Parameters<typeof mergeIndexes>
): readonly (readonly Uint8Array[])[] {
  return collectIndexes(mergeIndexes(inputs, order, results), order.outputs.length);
}

/** What a merge must give, from its description alone. */
function mergedModels(models: readonly IndexModel[], daysMax: number): readonly IndexModel[] {
  const rows = models
    .flatMap((model) => model.rows.map((row) => plainRow(model, row)))
    .toSorted((a, b) => a.time - b.time || a.timeNs - b.timeNs);
  const days = [...Map.groupBy(rows, ({ time }) => Math.floor(time / DAY))];
  const largest = days.toSorted(([a, x], [b, y]) => y.length - x.length || a - b);
  const own = new Set(largest.slice(0, days.length <= daysMax ? daysMax : daysMax - 1));
  const parts = days.filter((day) => own.has(day)).map(([, part]) => part);
  const others = days.filter((day) => !own.has(day)).flatMap(([, part]) => part);
  if (others.length > 0) parts.push(others);
  return parts.map((part) => ({ rows: part, sets: [] }));
}

test('an index says what was put into it', async () => {
  await fc.assert(
    fc.asyncProperty(anyModel, async (model) => {
      for (const storage of ['stored', 'local'] as const) {
        const reader = await open(encodeModel(model, 'one', storage), model, 'one');
        await expectModel(reader, model, fieldsOf([model]));
      }
    }),
    { numRuns: 60 },
  );
});

test('any changed byte of an index is damage or harmless, never a wrong answer', async () => {
  const rows = Array.from({ length: 300 }, (_, i) => ({
    time: 1_700_000_000 + (i >> 3),
    timeNs: (i & 7) * 1000,
    terms: [
      ...[{ field: 'msg', term: `id-${i % 250}` }].slice(0, i % 3),
      { field: 'trace', term: traceOf(i % 290) },
    ],
    sets: [i % 5, 5 + (i % 2)],
    numbers: i % 7 === 0 ? { n: i } : {},
  }));
  const sets = Array.from({ length: 7 }, (_, i) => [
    { field: '', term: 'all' },
    { field: 'host', term: `h-${i}` },
    { field: 'host', term: PRESENT },
  ]);
  const model = { rows, sets };
  const bytes = encodeModel(model, 'one');
  let damages = 0;
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at]! ^= 1 << (at % 8);
    try {
      const reader = await open(changed, model, 'one');
      await expectTerms(reader);
    } catch (error) {
      expect([at, errorCode(error)]).toEqual([at, 'SegmentDamaged']);
      damages++;
    }
  }
  // Only the head of the file, which its end repeats, is not looked at.
  expect(damages).toBeGreaterThanOrEqual(bytes.length - 12);
});

const traceOf = (n: number): string => `4bf9${(n * 7919).toString(16).padStart(16, '0')}`;

/** Reads everything of the index above. */
async function expectTerms(reader: SegmentReader): Promise<void> {
  expect((await reader.term('', 'all'))?.count()).toBe(300);
  expect((await reader.term('host', 'h-0'))?.count()).toBe(60);
  expect((await reader.term('host', 'h-5'))?.count()).toBe(150);
  const ids = await reader.termsMatching('msg', { prefix: 'id-', matches: () => true }, 1000);
  expect(ids.rows.count()).toBe(200);
  for (let n = 0; n < 300; n++)
    expect(rowsOf(await reader.term('trace', traceOf(n)))).toEqual(
      n < 10 ? [n, n + 290] : n < 290 ? [n] : [],
    );
  expect((await reader.present('host')).count()).toBe(300);
  expect((await reader.empty('host')).isEmpty()).toBe(true);
  expect((await reader.numeric('n'))?.values[14]).toBe(14);
  expect((await reader.times())[299]).toBe(1_700_000_037);
  expect((await reader.timeNs())?.[3]).toBe(3000);
}

test('a merge is the index of all rows in their order, day by day', async () => {
  const inputs = fc.array(anyModel, { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(inputs, fc.integer({ min: 1, max: 4 }), async (models, daysMax) => {
      const opened = await Promise.all(
        models.map((model, i) =>
          MergeInput.open(encodeModel(model, `input-${i}`, i % 3 === 0 ? 'stored' : 'local')),
        ),
      );
      const order = orderOf(opened, daysMax);
      const expected = mergedModels(models, daysMax);
      expect(order.outputs.length).toBe(expected.length);
      const infos = expected.map((model, n) => ({
        segment: infoOf(model, `output-${n}`),
        indexConfig: { max_text_len: 2048 },
        columns: [],
        restFields: [],
      }));
      const files = merged(opened, order, { infos, storage: 'stored' });
      for (const [n, model] of expected.entries()) {
        const bytes = Buffer.concat(must(files[n], 'a file for each output'));
        const reader = await open(bytes, model, `output-${n}`);
        await expectModel(reader, model, fieldsOf(models));
      }
    }),
    { numRuns: 60 },
  );
});

function row(time: number, sets: readonly number[]): IndexModel['rows'][number] {
  return { time, timeNs: 0, terms: [], sets, numbers: {} };
}

test('sets with the same terms become one', async () => {
  const set = [
    { field: 'host', term: 'web-1' },
    { field: '', term: 'web' },
  ];
  const models: IndexModel[] = [
    { rows: [row(1, [0]), row(2, [0])], sets: [set] },
    { rows: [row(3, [1]), row(4, [0]), row(5, [1])], sets: [set.slice(0, 1), set.toReversed()] },
  ];
  const inputs = await Promise.all(models.map((model) => MergeInput.open(encodeModel(model, 'x'))));
  const info = {
    segment: { ...infoOf(models[0]!, 'm'), rowCount: 5 },
    indexConfig: { max_text_len: 2048 },
    columns: [],
    restFields: [],
  };
  const [pieces] = merged(inputs, orderOf(inputs, 1), {
    infos: [info],
    storage: 'stored',
  });
  const output = await MergeInput.open(Buffer.concat(must(pieces, 'one output')).subarray());
  expect(output.setCount).toBe(2);
});

test('an id that is a term of one input and a key of another has the rows of both', async () => {
  const term = { field: 'trace', term: '4bf92f3577b34da6a3ce929d0e0e4736' };
  const own = (time: number): IndexModel['rows'][number] => ({ ...row(time, []), terms: [term] });
  const models: IndexModel[] = [
    // With a term set, and with many rows: in the dictionary.
    { rows: [row(1, [0]), row(2, [0])], sets: [[term]] },
    { rows: [3, 4, 5, 6, 7].map(own), sets: [] },
    { rows: [own(8), row(9, [])], sets: [] },
    { rows: [row(10, []), own(11), own(DAY + 12)], sets: [] },
  ];
  const inputs = await Promise.all(models.map((model) => MergeInput.open(encodeModel(model, 'x'))));
  const expected = mergedModels(models, 2);
  const infos = expected.map((model, n) => ({
    segment: infoOf(model, `m-${n}`),
    indexConfig: { max_text_len: 2048 },
    columns: [],
    restFields: [],
  }));
  const files = merged(inputs, orderOf(inputs, 2), { infos, storage: 'local' });
  const outputs = await Promise.all(
    files.map((pieces, n) => open(Buffer.concat(pieces), expected[n]!, `m-${n}`)),
  );
  const rowsFound = await Promise.all(
    outputs.map(async (reader) => rowsOf(await reader.term('trace', term.term))),
  );
  expect(rowsFound).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 10], [0]]);
  // And once more: both kinds are in one input now.
  const again = await Promise.all(files.map((pieces) => MergeInput.open(Buffer.concat(pieces))));
  const [model] = mergedModels(models, 1);
  const [pieces] = merged(again, orderOf(again, 1), {
    infos: [{ ...infos[0]!, segment: infoOf(model!, 'all') }],
    storage: 'stored',
  });
  const all = await open(Buffer.concat(must(pieces, 'one output')), model!, 'all');
  expect(rowsOf(await all.term('trace', term.term))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 10, 11]);
});

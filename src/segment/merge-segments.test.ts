import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AppError } from '#base/app-error.ts';
import { must } from '#base/assert.ts';
import { RealFiles } from '#platform/real-files.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import type { Log, LogGroup } from '#protocol/log-group.ts';
import { BlockCache } from './block-cache.ts';
import { buildSegment } from './build-segment.ts';
import { mergeSegments } from './merge-segments.ts';
import { openSegment } from './open-segment.ts';
import type { SegmentMergeInput } from './segment-builder.ts';
import { idxSource, recordOf, rowsOf, termsOf } from './segment-fixture.ts';
import type { SegmentInfo, SegmentReader } from './segment.ts';

const files = new RealFiles();
const DAY = 86_400;
const LINE = { token: [' '], caseSensitive: false, chn: false };
const KEY = { ...LINE, doc_value: true, alias: '' };
const INDEX: IndexConfig = {
  line: LINE,
  keys: { n: { ...KEY, type: 'long' }, host: { ...KEY, type: 'text' } },
  max_text_len: 2048,
};
let directory = '';
let count = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-merge-'));
});
afterAll(() => rm(directory, { recursive: true }));

const group = (logs: readonly Log[], tag = 'a'): LogGroup => ({
  topic: 't',
  source: '10.0.0.1',
  tags: [{ key: 'host', value: tag }],
  logs,
});

const textLog = (time: number, value: string): Log => ({
  time,
  contents: [{ key: 'text', value }],
});

async function build(
  groups: readonly LogGroup[],
  firstSequence: number,
  indexConfig: IndexConfig = INDEX,
): Promise<SegmentMergeInput> {
  const id = `input-${count++}`;
  const records = groups.map((one, i) => recordOf(one, firstSequence + i));
  const info = await buildSegment(
    { id, shardId: 0, records, indexConfig, appendMeta: false, directory, storage: 'local' },
    { files },
  );
  const path = `${directory}/${id}`;
  return {
    info: must(info, 'the records hold logs'),
    parquetPath: `${path}.parquet`,
    indexPath: `${path}.idx`,
  };
}

async function open(info: SegmentInfo): Promise<SegmentReader> {
  const path = `${directory}/${info.id}`;
  return openSegment({
    info,
    idx: idxSource(await readFile(`${path}.idx`)),
    parquet: idxSource(await readFile(`${path}.parquet`)),
    parquetPath: `${path}.parquet`,
    cache: new BlockCache(1 << 22),
  });
}

function merge(
  inputs: readonly SegmentMergeInput[],
  daysMax: number,
): Promise<readonly SegmentInfo[]> {
  const idPrefix = `merge-${count++}`;
  return mergeSegments(
    { idPrefix, shardId: 0, inputs, directory, storage: 'stored', daysMax },
    { files },
  );
}

function dayLogs(times: readonly number[]): LogGroup {
  return group(times.map((time) => textLog(time, `at ${time}`)));
}

it('puts each row of the inputs into the segment of its day', async () => {
  const inputs = [
    await build([dayLogs([DAY, 2 * DAY]), dayLogs([DAY + 5])], 1),
    await build([dayLogs([2 * DAY - 1, 2 * DAY + 1, 3 * DAY])], 3),
  ];
  const byDay = await merge(inputs, 5);
  expect(byDay.map(({ rowCount, minTime, maxTime }) => [rowCount, minTime, maxTime])).toEqual([
    [3, DAY, 2 * DAY - 1],
    [2, 2 * DAY, 2 * DAY + 1],
    [1, 3 * DAY, 3 * DAY],
  ]);
  for (const { id, firstSequence, nextSequence, maxReceiveTimeMs } of byDay) {
    expect(id).toMatch(/^merge-\d+-\d$/u);
    expect([firstSequence, nextSequence]).toEqual([1, 4]);
    expect(maxReceiveTimeMs).toBe(inputs[1]!.info.maxReceiveTimeMs);
  }
  expect((await merge(inputs, 1)).map(({ rowCount }) => rowCount)).toEqual([6]);
  const two = await merge(inputs, 2);
  expect(two.map(({ rowCount, minTime }) => [rowCount, minTime])).toEqual([
    [3, DAY],
    [3, 2 * DAY],
  ]);
});

/** All that a reader says. */
async function contentOf(reader: SegmentReader): Promise<unknown> {
  const terms: unknown[] = [];
  const fields = ['', 'host', '__topic__', '__source__', '__tag__:host'];
  for (const field of fields) {
    for (const term of await termsOf(reader, field))
      terms.push([field, term, rowsOf(await reader.term(field, term))]);
    terms.push(rowsOf(await reader.present(field)), rowsOf(await reader.empty(field)));
  }
  const numeric = await reader.numeric('n');
  const rows = Array.from({ length: reader.info.rowCount }, (_, row) => row);
  return {
    terms,
    numbers: rowsOf(numeric?.valid).map((row) => [row, numeric?.values[row]]),
    times: [...(await reader.times())],
    timeNs: [...((await reader.timeNs()) ?? rows.map(() => 0))],
    logs: await reader.logs(rows),
    textFields: reader.textFields.toSorted(),
  };
}

const anyLog: fc.Arbitrary<Log> = fc.record({
  time: fc.integer({ min: 1_700_000_000, max: 1_700_000_009 }),
  timeNs: fc.constantFrom(0, 5_000_000, 999_999_999),
  contents: fc.uniqueArray(
    fc.record({
      key: fc.constantFrom('text', 'host', 'n', 'other'),
      value: fc.constantFrom('', 'a b', 'A', 'b', '12', '-1', 'unique 77', 'x y z'),
    }),
    { selector: ({ key }) => key, maxLength: 4 },
  ),
});

const anyGroup = fc
  .record({
    logs: fc.array(anyLog, { minLength: 1, maxLength: 20 }),
    tag: fc.constantFrom('a', 'b', ''),
  })
  .map(({ logs, tag }) => group(logs, tag));

it('gives what building all records at once gives', async () => {
  const parts = fc.array(fc.array(anyGroup, { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 4,
  });
  await fc.assert(
    fc.asyncProperty(parts, async (given) => {
      const inputs: SegmentMergeInput[] = [];
      let sequence = 1;
      for (const groups of given) {
        inputs.push(await build(groups, sequence));
        sequence += groups.length;
      }
      const [result] = await merge(inputs, 1);
      const whole = await build(given.flat(), 1);
      const merged = await open(must(result, 'a result'));
      expect(await contentOf(merged)).toEqual(await contentOf(await open(whole.info)));
    }),
    { numRuns: 25 },
  );
});

it('names the input that is damaged', async () => {
  const groups = [group([textLog(DAY, 'one'), textLog(DAY, 'two')])];
  const inputs = [await build(groups, 1), await build(groups, 2)];
  for (const path of [inputs[1]!.indexPath, inputs[1]!.parquetPath]) {
    const whole = await readFile(path);
    await writeFile(path, whole.with(20, whole[20]! ^ 0x40));
    const error = await merge(inputs, 1).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({
      code: 'SegmentDamaged',
      details: { segmentId: inputs[1]!.info.id },
    });
    await writeFile(path, whole);
  }
  expect((await merge(inputs, 1)).length).toBe(1);
});

it('refuses segments of different index configurations', async () => {
  const groups = [group([textLog(DAY, 'one')])];
  const inputs = [await build(groups, 1), await build(groups, 2, { ...INDEX, keys: {} })];
  await expect(merge(inputs, 1)).rejects.toMatchObject({ code: 'SegmentsDiffer' });
});

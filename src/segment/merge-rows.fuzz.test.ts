import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ParquetFile } from '#parquet/parquet-file.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import type { Log } from '#protocol/log-group.ts';
import { BlockCache } from './block-cache.ts';
import type { LogRow } from './log-row.ts';
import { mergeRows, type MergeRowsInput, type MergeRowsRequest } from './merge-rows.ts';
import { readRows } from './read-rows.ts';
import { buildAndOpen, idxSource, recordOf } from './segment-fixture.ts';
import type { SegmentReader } from './segment.ts';

const CONFIG: IndexConfig = { max_text_len: 2048 };
let directory = '';
let count = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-merge-rows-'));
});
afterAll(() => rm(directory, { recursive: true }));

interface Input extends MergeRowsInput {
  readonly reader: SegmentReader;
}

async function openFile(bytes: Uint8Array): Promise<ParquetFile> {
  const cacheKey = `file-${count++}`;
  return ParquetFile.open({ source: idxSource(bytes), cache: new BlockCache(1 << 24), cacheKey });
}

async function inputOf(logs: readonly Log[]): Promise<Input> {
  const id = `input-${count++}`;
  const record = recordOf({ logs, topic: 't', source: '', tags: [] }, 1);
  const reader = await buildAndOpen([record], { directory, id, indexConfig: CONFIG });
  const file = await openFile(await readFile(`${directory}/${id}.parquet`));
  return { reader, file, columns: reader.columns, restFields: reader.restFields ?? null };
}

async function merged(
  request: Omit<MergeRowsRequest, 'indexConfig' | 'storage'>,
): Promise<{ readonly rows: readonly LogRow[]; readonly file: ParquetFile; restFields: unknown }> {
  const result = mergeRows({ ...request, indexConfig: CONFIG, storage: 'stored' });
  const pieces: Uint8Array[] = [];
  for await (const piece of result.pieces) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  const parquet = {
    source: idxSource(bytes),
    cache: new BlockCache(1 << 24),
    cacheKey: `merged-${count++}`,
  };
  const rowCount = request.rowOf.length;
  const file = await openFile(bytes);
  const all = { from: 0, to: rowCount };
  const source = {
    parquet,
    columns: result.columns,
    rowCount,
    times: () => file.times(all),
    timeNs: () => file.timeNs(all),
  };
  const rows = await readRows(source, [...Array(rowCount).keys()]);
  await file.verify();
  for (const { column, type } of result.columns)
    expect(file.columns[file.columnIndex(column)]?.type).toEqual(type);
  return { rows, file, restFields: result.restFields };
}

const log: fc.Arbitrary<Log> = fc
  .record({
    time: fc.integer({ min: 1_700_000_000, max: 1_700_000_003 }),
    timeNs: fc.constantFrom(0, 7, 999_999_999),
    contents: fc.uniqueArray(
      fc.record({
        key: fc.constantFrom(
          'msg',
          'plain',
          'Plain',
          'PLAIN',
          'filename',
          'number',
          'cost',
          '__proto__',
        ),
        value: fc.oneof(fc.constantFrom('1', '2.50', '-7', '', 'GET', '字'), fc.string()),
      }),
      { selector: ({ key }) => key, maxLength: 6 },
    ),
  })
  .map((one) => ({
    ...one,
    contents: one.contents.map(({ key, value }) => ({
      key,
      value: key === 'number' ? String(value.length) : key === 'cost' ? '0.25' : value,
    })),
  }));

test('rows of any inputs in any order are the rows of the merge', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(log, { minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(), { minLength: 120, maxLength: 120 }),
      async (groups, picks) => {
        const inputs = await Promise.all(groups.map(inputOf));
        const next = inputs.map(() => 0);
        const order: { readonly input: number; readonly row: number }[] = [];
        for (const pick of picks) {
          const input = pick % inputs.length;
          const row = next[input]!++;
          // Some rows belong to another output.
          if (row < inputs[input]!.file.rowCount && pick % 11 > 0) order.push({ input, row });
        }
        const { rows } = await merged({
          inputs,
          inputOf: Uint8Array.from(order, ({ input }) => input),
          rowOf: Uint32Array.from(order, ({ row }) => row),
        });
        const wanted = await Promise.all(
          order.map(async ({ input, row }) => (await inputs[input]!.reader.logs([row]))[0]),
        );
        expect(rows).toEqual(wanted);
      },
    ),
    { numRuns: 30 },
  );
});

function accessLog(row: number, time: number): Log {
  return {
    time,
    timeNs: 0,
    contents: [
      { key: 'status', value: String([200, 404, 500][row % 3]) },
      { key: 'cost', value: `${row % 100}.${String(row % 1000).padStart(3, '0')}` },
      { key: 'url', value: `/items/${row * 7919}?page=${row % 9}` },
    ],
  };
}

const ROWS = 25_000;

test('a row group that stays as it is keeps its bytes', async () => {
  const inputs = await Promise.all(
    [0, 1].map((part) =>
      inputOf(Array.from({ length: ROWS }, (_, row) => accessLog(row + part, 1_700_000_000 + row))),
    ),
  );
  const { file, rows } = await merged({
    inputs,
    inputOf: Uint8Array.from({ length: 2 * ROWS }, (_, at) => (at < ROWS ? 1 : 0)),
    rowOf: Uint32Array.from({ length: 2 * ROWS }, (_, at) => at % ROWS),
  });
  expect(file.groups.map(({ rowCount }) => rowCount)).toEqual([ROWS, ROWS]);
  expect(file.columns.find(({ name }) => name === 'cost')?.type).toEqual({
    kind: 'decimal',
    scale: 3,
  });
  for (const [i, { name }] of file.columns.entries()) {
    const source = inputs[1]!.file;
    const [copied, own] = await Promise.all([
      file.copyChunk(0, i),
      source.copyChunk(0, source.columnIndex(name)),
    ]);
    expect(Buffer.compare(copied.bytes, own.bytes)).toBe(0);
  }
  for (const row of [0, 1, ROWS - 1])
    expect([rows[row], rows[ROWS + row]]).toEqual([
      (await inputs[1]!.reader.logs([row]))[0],
      (await inputs[0]!.reader.logs([row]))[0],
    ]);
});

test('interleaved row groups become full ones, with one dictionary', async () => {
  const inputs = await Promise.all(
    [0, 1, 2].map((part) =>
      inputOf(
        Array.from({ length: ROWS }, (_, row) => accessLog(row * 3 + part, 1_700_000_000 + row)),
      ),
    ),
  );
  const { file, rows } = await merged({
    inputs,
    inputOf: Uint8Array.from({ length: 3 * ROWS }, (_, at) => at % 3),
    rowOf: Uint32Array.from({ length: 3 * ROWS }, (_, at) => Math.floor(at / 3)),
  });
  expect(file.groups.map(({ rowCount }) => rowCount)).toEqual([65_536, 3 * ROWS - 65_536]);
  const status = await file.readChunk(0, file.columnIndex('status'), { from: 0, to: 65_536 });
  expect(status.strings.starts.length).toBe(3);
  for (let row = 0; row < 3 * ROWS; row += 4999)
    expect(rows[row]).toMatchObject(
      Object.fromEntries(accessLog(row, 0).contents.map(({ key, value }) => [key, value])),
    );
});

test('damage of an input is noticed, copied or not', async () => {
  const logs = Array.from({ length: ROWS }, (_, row) => accessLog(row, 1_700_000_000));
  const input = await inputOf(logs);
  const bytes = await readFile(`${directory}/${input.reader.info.id}.parquet`);
  bytes[Math.floor(bytes.length / 2)]! ^= 1;
  const file = await openFile(bytes);
  for (const rowCount of [ROWS, ROWS - 1])
    await expect(
      merged({
        inputs: [{ ...input, file }],
        inputOf: new Uint8Array(rowCount),
        rowOf: Uint32Array.from({ length: rowCount }, (_, row) => row),
      }),
    ).rejects.toMatchObject({ code: 'SegmentDamaged' });
});

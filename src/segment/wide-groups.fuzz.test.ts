import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { must } from '#base/assert.ts';
import { RealFiles } from '#platform/real-files.ts';
import { BlockCache } from './block-cache.ts';
import { buildSegment } from './build-segment.ts';
import { mergeSegments } from './merge-segments.ts';
import { openSegment } from './open-segment.ts';
import type { SegmentMergeInput } from './segment-builder.ts';
import { idxSource, recordOf } from './segment-fixture.ts';
import type { SegmentInfo, SegmentReader } from './segment.ts';

const TAGS = 700;
const LOGS = 5000;
const files = new RealFiles();
let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-wide-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function build(id: string, sequence: number): Promise<SegmentMergeInput> {
  const tags = Array.from({ length: TAGS }, (_, i) => ({ key: `t${i}`, value: `${id} "${i}"` }));
  const logs = Array.from({ length: LOGS }, (_, i) => {
    const own = i % 10 === 0 ? [{ key: '__tag__:t699', value: `own ${i}` }] : [];
    return { time: 1000 + i, contents: [{ key: 'n', value: String(i) }, ...own] };
  });
  const records = [recordOf({ logs, topic: '', source: '', tags }, sequence)];
  const indexConfig = { max_text_len: 2048 };
  const info = await buildSegment(
    { id, shardId: 0, records, indexConfig, appendMeta: false, directory, storage: 'local' },
    { files },
  );
  const path = `${directory}/${id}`;
  return {
    info: must(info, 'the record holds logs'),
    parquetPath: `${path}.parquet`,
    indexPath: `${path}.idx`,
  };
}

async function open(info: SegmentInfo): Promise<SegmentReader> {
  const path = `${directory}/${info.id}`;
  const parquet = await readFile(`${path}.parquet`);
  return openSegment({
    info,
    idx: idxSource(await readFile(`${path}.idx`)),
    parquet: idxSource(parquet),
    parquetPath: `${path}.parquet`,
    cache: new BlockCache(1 << 24),
  });
}

function expectRow(row: Readonly<Record<string, string>> | undefined, id: string, i: number): void {
  expect(row).toMatchObject({
    n: String(i),
    '__tag__:t3': `${id} "3"`,
    '__tag__:t698': `${id} "698"`,
    '__tag__:t699': i % 10 === 0 ? `own ${i}` : `${id} "699"`,
  });
}

it('many logs share hundreds of tags, in a build and in a merge', async () => {
  const inputs = [await build('a', 1), await build('b', 2)];
  // The tags without a column, of all logs that have no own one, are one text.
  expect(inputs[0]!.info.parquetBytes).toBeLessThan(6_000_000);
  const merged = await mergeSegments(
    { idPrefix: 'm', shardId: 0, inputs, directory, storage: 'stored', daysMax: 1 },
    { files },
  );
  const [result] = merged;
  expect(result?.rowCount).toBe(2 * LOGS);
  expect(result?.parquetBytes).toBeLessThan(1_000_000);
  const built = await open(inputs[0]!.info);
  const reader = await open(must(result, 'a result'));
  expect(reader.columns.length).toBe(500);
  for (const i of [0, 7, 10, LOGS - 1]) {
    const [own] = await built.logs([i]);
    expectRow(own, 'a', i);
    const [a, b] = await reader.logs([2 * i, 2 * i + 1]);
    expectRow(a, 'a', i);
    expectRow(b, 'b', i);
  }
});

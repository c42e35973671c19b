import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RealFiles } from '#platform/real-files.ts';
import { encodeLogGroup } from '#protocol/log-group.ts';
import type { LogRecord } from '#loghub/shard-log.ts';
import { buildSegment } from './build-segment.ts';
import { mergeSegments } from './merge-segments.ts';
import type { SegmentMergeInput } from './segment-builder.ts';

const files = new RealFiles();
const DAY = 86_400;
let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-merge-'));
});
afterAll(() => rm(directory, { recursive: true }));

function record(sequence: number, times: readonly number[]): LogRecord {
  const payload = encodeLogGroup({
    topic: '',
    source: '',
    tags: [],
    logs: times.map((time, i) => ({
      time,
      contents: [{ key: 'text', value: `log ${sequence}/${i}` }],
    })),
  });
  return {
    sequence,
    compression: 'none',
    payload,
    rawBytes: payload.length,
    logCount: times.length,
    receiveTimeMs: sequence,
    clientAddress: '',
  };
}

async function input(id: string, records: readonly LogRecord[]): Promise<SegmentMergeInput> {
  const info = await buildSegment(
    {
      id,
      shardId: 0,
      records,
      indexConfig: { line: { token: [' '], caseSensitive: false, chn: false }, max_text_len: 2048 },
      appendMeta: false,
      directory,
      storage: 'local',
    },
    { files },
  );
  if (info === undefined) throw new Error('the records hold logs');
  const path = `${directory}/${id}`;
  return { info, parquetPath: `${path}.parquet`, indexPath: `${path}.idx` };
}

it('puts each row of the inputs into the segment of its day', async () => {
  const inputs = [
    await input('a', [record(1, [DAY, 2 * DAY]), record(2, [DAY + 5])]),
    await input('b', [record(3, [2 * DAY - 1, 2 * DAY + 1, 3 * DAY])]),
  ];
  const request = { shardId: 0, inputs, directory, storage: 'stored' as const };
  const byDay = await mergeSegments({ ...request, idPrefix: 'days', daysMax: 5 }, { files });
  expect(byDay.map(({ rowCount, minTime, maxTime }) => [rowCount, minTime, maxTime])).toEqual([
    [3, DAY, 2 * DAY - 1],
    [2, 2 * DAY, 2 * DAY + 1],
    [1, 3 * DAY, 3 * DAY],
  ]);
  for (const { id, firstSequence, nextSequence, maxReceiveTimeMs } of byDay) {
    expect(id).toMatch(/^days-\d$/);
    expect([firstSequence, nextSequence, maxReceiveTimeMs]).toEqual([1, 4, 3]);
  }
  const one = await mergeSegments({ ...request, idPrefix: 'one', daysMax: 1 }, { files });
  expect(one.map(({ rowCount }) => rowCount)).toEqual([6]);
});

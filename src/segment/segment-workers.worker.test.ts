import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { errorCode } from '#base/app-error.ts';
import type { LogRecord } from '#loghub/shard-log.ts';
import { encodeLogGroup } from '#protocol/log-group.ts';
import type { SegmentBuildRequest } from './segment-builder.ts';
import { SegmentWorkers } from './segment-workers.ts';

let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-workers-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

function record(sequence: number, payload?: Uint8Array): LogRecord {
  const raw = encodeLogGroup({
    logs: [{ time: 1000 + sequence, contents: [{ key: 'msg', value: `hello ${sequence}` }] }],
    topic: '',
    source: '',
    tags: [],
  });
  return {
    sequence,
    compression: 'none',
    payload: payload ?? raw,
    rawBytes: payload?.length ?? raw.length,
    logCount: 1,
    receiveTimeMs: 5,
    clientAddress: '',
  };
}

function request(id: string, records: readonly LogRecord[]): SegmentBuildRequest {
  return {
    id,
    shardId: 0,
    records,
    indexConfig: { line: { token: [' '], caseSensitive: false, chn: false }, max_text_len: 2048 },
    appendMeta: true,
    storage: 'stored',
    directory,
  };
}

test('builds in worker threads, one after the other on each', async () => {
  await using workers = new SegmentWorkers({ workerCount: 2 });
  const built = await Promise.all(
    ['a', 'b', 'c', 'd', 'e'].map((id, i) => workers.build(request(id, [record(i + 1)]))),
  );
  expect(built.map((info) => info?.firstSequence)).toEqual([1, 2, 3, 4, 5]);
  expect((await readdir(directory)).length).toBe(10);
});

test('gives undefined and writes nothing for records without logs', async () => {
  await using workers = new SegmentWorkers();
  const none = record(1, encodeLogGroup({ logs: [], topic: 't', source: '', tags: [] }));
  expect(await workers.build(request('a', [none]))).toBeUndefined();
  expect(await readdir(directory)).toEqual([]);
});

test('keeps the code of an error and goes on with the next build', async () => {
  await using workers = new SegmentWorkers();
  const bad = workers.build(request('bad', [record(1, Uint8Array.of(0x0a, 0xff))]));
  const good = workers.build(request('good', [record(2)]));
  expect(await bad.catch(errorCode)).toBe('PostBodyInvalid');
  expect((await good)?.rowCount).toBe(1);
  expect(await readdir(directory)).toEqual(['good.idx', 'good.parquet']);
});

test('fails with the code of the disk when the folder is not there', async () => {
  await using workers = new SegmentWorkers();
  const built = workers.build({ ...request('a', [record(1)]), directory: `${directory}/absent` });
  expect(await built.catch(errorCode)).toBe('ENOENT');
});

test('fails the build of a worker that dies and goes on with a new one', async () => {
  await using workers = new SegmentWorkers({ scriptHeapMb: 24 });
  const contents = Array.from({ length: 300_000 }, (_, i) => ({ key: `field-${i}`, value: '' }));
  const wide = encodeLogGroup({ logs: [{ time: 1, contents }], topic: '', source: '', tags: [] });
  const dead = workers.build(request('dead', [record(1, wide)]));
  const waiting = workers.build(request('waiting', [record(1)]));
  expect(await dead.catch(errorCode)).toBe('SegmentWorkerFailed');
  expect((await waiting)?.rowCount).toBe(1);
});

test('replaces a worker whose memory grew too large', async () => {
  await using workers = new SegmentWorkers({ heapBytesMax: 1 });
  for (const id of ['a', 'b'])
    expect((await workers.build(request(id, [record(1)])))?.rowCount).toBe(1);
});

test('fails what waits when it is disposed', async () => {
  const workers = new SegmentWorkers();
  const builds = [1, 2, 3].map((i) =>
    workers.build(request(`s${i}`, [record(i)])).catch(errorCode),
  );
  await workers[Symbol.asyncDispose]();
  expect(await Promise.all(builds)).toEqual(Array(3).fill('SegmentWorkerFailed'));
  expect(await workers.build(request('late', [record(1)])).catch(errorCode)).toBe(
    'SegmentWorkerFailed',
  );
});

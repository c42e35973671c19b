import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { errorCode } from '#base/app-error.ts';
import type { LogRecord } from '#loghub/shard-log.ts';
import { encodeLogGroup } from '#protocol/log-group.ts';
import type {
  SegmentBuildRequest,
  SegmentMergeInput,
  SegmentMergeRequest,
} from './segment-builder.ts';
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

async function mergeRequest(
  idPrefix: string,
  ids: readonly string[],
): Promise<SegmentMergeRequest> {
  await using workers = new SegmentWorkers();
  const inputs: SegmentMergeInput[] = [];
  for (const [i, id] of ids.entries()) {
    const info = await workers.build({ ...request(id, [record(i + 1)]), storage: 'local' });
    const path = `${directory}/${id}`;
    if (info !== undefined)
      inputs.push({ info, parquetPath: `${path}.parquet`, indexPath: `${path}.idx` });
  }
  return { idPrefix, shardId: 0, inputs, directory, storage: 'stored', daysMax: 1 };
}

test('merges in a worker of its own, so that builds do not wait for it', async () => {
  const merge = await mergeRequest('merged', ['a', 'b', 'c']);
  await using workers = new SegmentWorkers({ workerCount: 2 });
  // The thread that builds is up; the one that merges has to be started and then has four merges before it.
  await workers.build(request('early', [record(8)]));
  const order: string[] = [];
  const note =
    (what: string): (() => number) =>
    () =>
      order.push(what);
  const merges = ['m', 'n', 'o'].map((idPrefix) => workers.merge({ ...merge, idPrefix }));
  const last = workers.merge({ ...merge, idPrefix: 'last' });
  const build = workers.build(request('quick', [record(9)]));
  await Promise.all([last.then(note('merge')), build.then(note('build'))]);
  expect(order).toEqual(['build', 'merge']);
  for (const merged of await Promise.all([...merges, last])) {
    expect(merged.map(({ rowCount }) => rowCount)).toEqual([3]);
    expect(merged[0]).toMatchObject({ firstSequence: 1, nextSequence: 4 });
  }
});

test('a single worker takes builds before merges', async () => {
  const merge = await mergeRequest('merged', ['a', 'b']);
  await using workers = new SegmentWorkers({ workerCount: 1 });
  const order: string[] = [];
  await Promise.all([
    workers.merge({ ...merge, idPrefix: 'first' }).then(() => order.push('first')),
    workers.merge({ ...merge, idPrefix: 'second' }).then(() => order.push('second')),
    workers.build(request('quick', [record(9)])).then(() => order.push('quick')),
  ]);
  expect(order).toEqual(['first', 'quick', 'second']);
});

test('a merge that is given up ends, under way or waiting, and the next one works', async () => {
  const merge = await mergeRequest('merged', ['a', 'b']);
  await using workers = new SegmentWorkers();
  const stop = new AbortController();
  const merges = ['one', 'two'].map((idPrefix) =>
    workers.merge({ ...merge, idPrefix }, stop.signal).catch((error: unknown) => error),
  );
  const reason = new Error('given up');
  stop.abort(reason);
  expect(await Promise.all(merges)).toEqual([reason, reason]);
  const [info] = await workers.merge({ ...merge, idPrefix: 'three' });
  expect(info?.rowCount).toBe(2);
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

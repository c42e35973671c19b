import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { errorCode } from '#base/app-error.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import { BlockCache } from './block-cache.ts';
import type { IdxSource } from './idx-blocks.ts';
import { isSegmentDamage, openSegment } from './open-segment.ts';
import type { SegmentInfo, SegmentReader } from './segment.ts';
import { buildAndOpen, idxSource, recordOf, rowsOf, termsOf } from './segment-fixture.ts';

const INDEX: IndexConfig = {
  line: { token: [' '], caseSensitive: false, chn: false },
  keys: {
    n: { type: 'long', caseSensitive: false, chn: false, doc_value: true, alias: '' },
  },
  max_text_len: 2048,
};

let directory = '';
let bytes: Uint8Array;
let info: SegmentInfo;

function open(source: IdxSource, cache = new BlockCache(1 << 20)): Promise<SegmentReader> {
  return openSegment({
    info,
    idx: source,
    parquetPath: '',
    parquet: idxSource(new Uint8Array(0)),
    cache,
  });
}

async function answer(reader: SegmentReader): Promise<unknown> {
  return [
    await termsOf(reader, ''),
    rowsOf(await reader.term('', 'seventh')),
    (await reader.numeric('n'))?.values,
    await reader.times(),
  ];
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-open-'));
  const logs = Array.from({ length: 30_000 }, (_, i) => ({
    time: 1_700_000_000 + i,
    contents: [
      { key: 'm', value: `word-${i % 9973} ${i % 7 === 0 ? 'seventh' : 'other'}` },
      { key: 'n', value: String(i) },
    ],
  }));
  const record = recordOf({ logs, topic: '', source: '', tags: [] }, 1);
  const request = { directory, id: 'open', indexConfig: INDEX };
  ({ info } = await buildAndOpen([record], request));
  bytes = await readFile(join(directory, 'open.idx'));
});

afterAll(() => rm(directory, { recursive: true }));

test('a term costs two small reads at most, and none when they are cached', async () => {
  const reads: number[] = [];
  const source = idxSource(bytes);
  const counting: IdxSource = {
    sizeBytes: bytes.length,
    read: (offset, length) => {
      reads.push(length);
      return source.read(offset, length);
    },
  };
  const reader = await open(counting);
  expect(reads.length).toBeLessThanOrEqual(2);
  reads.length = 0;
  expect(rowsOf(await reader.term('', 'word-77'))).toEqual([77, 10_050, 20_023, 29_996]);
  expect(reads.length).toBe(1);
  expect(reads[0]).toBeLessThan(32_768);
  expect((await reader.term('', 'seventh'))?.count()).toBe(4286);
  expect(reads.length).toBe(3);
  await reader.term('', 'seventh');
  await reader.term('', 'word-77');
  expect(reads.length).toBe(3);
});

test('sets belong to the caller although blocks are shared', async () => {
  const reader = await open(idxSource(bytes));
  (await reader.term('', 'seventh'))?.not();
  (await reader.present('')).not();
  expect((await reader.term('', 'seventh'))?.count()).toBe(4286);
  expect((await reader.present('')).count()).toBe(30_000);
});

test('any changed byte is damage or harmless, never a wrong answer', async () => {
  const whole = await open(idxSource(bytes));
  const expected = await answer(whole);
  let damages = 0;
  for (let at = 0; at < bytes.length; at += 1511) {
    const changed = bytes.slice();
    changed[at]! ^= 0x10;
    try {
      expect(await answer(await open(idxSource(changed)))).toEqual(expected);
    } catch (error) {
      expect(isSegmentDamage(error)).toBe(true);
      damages++;
    }
  }
  expect(damages).toBeGreaterThan(10);
});

test('a file cut anywhere is damage', async () => {
  for (const size of [0, 5, 19, 500, bytes.length - 1])
    expect(await open(idxSource(bytes.slice(0, size))).catch(errorCode)).toBe('SegmentDamaged');
});

test('a file of another segment is damage', async () => {
  const other = openSegment({
    info: { ...info, id: 'other' },
    idx: idxSource(bytes),
    parquetPath: '',
    parquet: idxSource(new Uint8Array(0)),
    cache: new BlockCache(1),
  });
  expect(await other.catch(errorCode)).toBe('SegmentDamaged');
});

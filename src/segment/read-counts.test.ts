import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ReadCounts } from './read-counts.ts';
import type { SegmentReader } from './segment.ts';
import { buildAndOpen, recordOf, rowsOf } from './segment-fixture.ts';

const WORD = { token: [' '], caseSensitive: false, chn: false };
const ROWS = 3000;

let directory = '';
let reader: SegmentReader;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-counts-'));
  const logs = Array.from({ length: ROWS }, (_, i) => ({
    time: 1_700_000_000 + i,
    contents: [
      { key: 'm', value: i % 3 === 0 ? `third word-${i}` : 'other' },
      { key: 'n', value: String(i) },
      { key: 'x', value: i % 6 === 0 ? 'third' : 'none' },
    ],
  }));
  const record = recordOf({ logs, topic: '', source: '', tags: [] }, 1);
  reader = await buildAndOpen([record], {
    directory,
    id: 'counts',
    indexConfig: {
      line: WORD,
      keys: {
        m: {
          type: 'text',
          token: [' '],
          caseSensitive: false,
          chn: false,
          doc_value: true,
          alias: '',
        },
        n: { type: 'long', caseSensitive: false, chn: false, doc_value: true, alias: '' },
      },
      max_text_len: 2048,
    },
  });
});

afterAll(() => rm(directory, { recursive: true }));

test('a lookup counts its term in each field that may have it, and the rows of what it finds', async () => {
  const counts = new ReadCounts();
  const counted = reader.counted(counts);
  expect(rowsOf(await counted.termIn(['m', ''], 'third'))).toHaveLength(ROWS / 3);
  expect(counts).toMatchObject({ termLookups: 2, postingLists: 2, postingRows: ROWS / 3 });
  expect(await counted.termIn(['m'], 'zebra')).toBeUndefined();
  expect(counts).toMatchObject({ termLookups: 3, postingLists: 2, postingRows: ROWS / 3 });
});

test('blocks are read once, then they come from the cache and cost no bytes', async () => {
  const first = new ReadCounts();
  await reader.counted(first).times();
  const bytes = first.indexBytes;
  expect(first.blocks.times).toEqual({ read: 1, cached: 0 });
  expect(bytes).toBeGreaterThan(0);
  const second = new ReadCounts();
  const counted = reader.counted(second);
  await counted.times();
  await counted.times();
  expect(second.blocks.times).toEqual({ read: 0, cached: 2 });
  expect(second.indexBytes).toBe(0);
  expect(first.indexBytes).toBe(bytes);
});

test('each kind of block has its own count', async () => {
  const counts = new ReadCounts();
  const counted = reader.counted(counts);
  await counted.numeric('n');
  expect(counts.blocks.numbers).toEqual({ read: 1, cached: 0 });
  await counted.termsMatching('m', { prefix: 'word-', matches: () => true }, 5000);
  const { read, cached } = counts.blocks.dictionary;
  expect(read + cached).toBeGreaterThan(0);
  expect(counts).toMatchObject({ postingLists: ROWS / 3, postingRows: ROWS / 3 });
  expect(counts.blocks.pages).toEqual({ read: 0, cached: 0 });
});

test('rows that are fetched count with the pages and bytes of the parquet file', async () => {
  const counts = new ReadCounts();
  const logs = await reader.counted(counts).logs([5, 6]);
  expect(logs.map((log) => log['n'])).toEqual(['5', '6']);
  expect(counts.fetchedRows).toBe(2);
  expect(counts.blocks.pages.read).toBeGreaterThan(0);
  expect(counts.rowBytes).toBeGreaterThan(0);
});

test('a reader that nobody counts leaves the counts of another alone', async () => {
  const counts = new ReadCounts();
  reader.counted(counts);
  await reader.termIn(['m'], 'third');
  await reader.logs([1]);
  expect(counts).toEqual(new ReadCounts());
});

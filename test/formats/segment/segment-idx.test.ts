/**
 * Files of every `.idx` version that was ever written must be read for ever. The files here are never made
 * again; a new version adds a file. What they hold follows from the formulas below.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Bitset } from '#kernel/bitset.ts';
import { BlockCache } from '#segment/block-cache.ts';
import { openSegment } from '#segment/open-segment.ts';
import { LINE_FIELD, type SegmentReader } from '#segment/segment.ts';

const ROWS = 2000;

/** A scattered, but always the same, choice of one row in `every`. */
const chosen = (row: number, every: number): boolean =>
  (Math.imul(row + 1, 0x9e3779b1) >>> 8) % every === 0;

/** Words of the field `msg` of each row, each with the rows that have it. */
const WORDS: Readonly<Record<string, (row: number) => boolean>> = {
  all: () => true,
  early: (row) => row < 700,
  half: (row) => chosen(row, 2),
  some: (row) => chosen(row, 15),
  few: (row) => chosen(row, 100),
  once: (row) => row === 1234,
};

/** Numeric fields: one of each width, and one that most rows do not have. */
const NUMBERS: Readonly<Record<string, (row: number) => number | undefined>> = {
  small: (row) => (row % 200) - 50,
  middle: (row) => row * 17,
  large: (row) => row * 1_000_003,
  fraction: (row) => row / 8,
  seldom: (row) => (chosen(row, 50) ? row : undefined),
};

function rowsWhere(wanted: (row: number) => boolean): number[] {
  return Array.from({ length: ROWS }, (_, row) => row).filter(wanted);
}

function rowsOf(set: Bitset | undefined): number[] {
  const rows: number[] = [];
  set?.forEach((row) => rows.push(row));
  return rows;
}

describe('idx version 1', () => {
  let reader: SegmentReader;

  beforeAll(async () => {
    const bytes = await readFile(join(import.meta.dirname, 'v1.idx'));
    reader = await openSegment({
      info: {
        id: 'golden-1',
        shardId: 2,
        firstSequence: 11,
        nextSequence: 15,
        rowCount: ROWS,
        rawBytes: 0,
        minTime: 1_700_000_000,
        maxTime: 1_700_000_285,
        maxReceiveTimeMs: 0,
        parquetBytes: 0,
        indexBytes: bytes.length,
      },
      idx: {
        sizeBytes: bytes.length,
        read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
      },
      parquetPath: '',
      cache: new BlockCache(1 << 20),
    });
  });

  test('words', async () => {
    for (const [word, wanted] of Object.entries(WORDS))
      expect([word, rowsOf(await reader.term('msg', word))]).toEqual([word, rowsWhere(wanted)]);
  });

  test('a dictionary of many blocks', async () => {
    for (let row = 0; row < ROWS; row++)
      expect(rowsOf(await reader.term('msg', `unique-${(row * 7919) % ROWS}`))).toEqual([row]);
    expect(await reader.term('msg', 'unique-2000')).toBeUndefined();
    const ones = await reader.termsMatching(
      'msg',
      { prefix: 'unique-1', matches: (term) => term.endsWith('1') },
      1000,
    );
    const endsWithOne = rowsWhere((row) => /^1(?:\d*1)?$/u.test(String((row * 7919) % ROWS)));
    expect([rowsOf(ones.rows), ones.truncated]).toEqual([endsWithOne, false]);
  });

  test('presence and empty values', async () => {
    expect(rowsOf(await reader.present('maybe'))).toEqual(rowsWhere((row) => row % 5 < 2));
    expect(rowsOf(await reader.empty('maybe'))).toEqual(rowsWhere((row) => row % 5 === 1));
    expect((await reader.present('__topic__')).count()).toBe(ROWS);
    expect(rowsOf(await reader.empty('msg'))).toEqual([]);
  });

  test('numbers', async () => {
    for (const [field, numberOf] of Object.entries(NUMBERS)) {
      const column = await reader.numeric(field);
      const rows = rowsWhere((row) => numberOf(row) !== undefined);
      expect([field, rowsOf(column?.valid)]).toEqual([field, rows]);
      expect(rows.map((row) => column?.values[row])).toEqual(rows.map(numberOf));
    }
  });

  test('times', async () => {
    const expected = Array.from({ length: ROWS }, (_, row) => 1_700_000_000 + Math.floor(row / 7));
    expect([...(await reader.times())]).toEqual(expected);
  });

  test('names, columns and the configuration', async () => {
    expect(reader.textFields).toEqual([
      LINE_FIELD,
      'msg',
      'maybe',
      '__topic__',
      '__source__',
      '__tag__:host',
    ]);
    expect(reader.restFields).toEqual(['MSG', 'filename']);
    expect(reader.columns.map(({ field }) => field)).toContain('seldom');
    expect(reader.indexConfig.keys?.['msg']?.type).toBe('text');
    expect(rowsOf(await reader.term('__tag__:host', 'h-1'))).toEqual(rowsWhere(() => true));
    expect(rowsOf(await reader.term(LINE_FIELD, 'filename'))).toEqual([77]);
  });
});

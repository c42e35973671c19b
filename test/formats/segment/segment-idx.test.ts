/**
 * Files of every `.idx` version that was ever written. They are never made again; a new version adds a file. The newest
 * version is read, older ones are told apart. Version 2 was changed before its first release, when id lists were added. What the files hold follows from the formulas below.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { errorCode } from '#base/app-error.ts';
import type { Bitset } from '#kernel/bitset.ts';
import type { ByteSource } from '#parquet/byte-source.ts';
import { BlockCache } from '#segment/block-cache.ts';
import { openSegment } from '#segment/open-segment.ts';
import { LINE_FIELD, type SegmentReader } from '#segment/segment.ts';

const ROWS = 2000;

function source(content: Uint8Array): ByteSource {
  return {
    sizeBytes: content.length,
    read: (offset, length) => Promise.resolve(content.subarray(offset, offset + length)),
  };
}

function open(bytes: Uint8Array, id: string): Promise<SegmentReader> {
  return openSegment({
    info: {
      id,
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
    idx: source(bytes),
    parquet: source(new Uint8Array(0)),
    parquetPath: '',
    cache: new BlockCache(1 << 20),
  });
}

test('version 1 is known to be another version, so that the segment is built again', async () => {
  const bytes = await readFile(join(import.meta.dirname, 'v1.idx'));
  expect(await open(bytes, 'golden-1').catch(errorCode)).toBe('SegmentVersionUnknown');
});

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

const digits = (n: number): string =>
  (Math.imul(n + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0');

/** Ids of the field `trace`: 32 digits, or fewer with hyphens; every fifth in upper case. */
function idOf(n: number): string {
  const id =
    n % 3 === 0
      ? `${digits(n)}-${digits(n + 7)}-ab`
      : [n, n + 1, n + 2, n + 3].map(digits).join('');
  return n % 5 === 0 ? id.toUpperCase() : id;
}

function rowsWhere(wanted: (row: number) => boolean): number[] {
  return Array.from({ length: ROWS }, (_, row) => row).filter(wanted);
}

function rowsOf(set: Bitset | undefined): number[] {
  const rows: number[] = [];
  set?.forEach((row) => rows.push(row));
  return rows;
}

describe('idx version 2', () => {
  let reader: SegmentReader;

  beforeAll(async () => {
    reader = await open(await readFile(join(import.meta.dirname, 'v2.idx')), 'golden-2');
  });

  test('words', async () => {
    for (const [word, wanted] of Object.entries(WORDS))
      expect([word, rowsOf(await reader.term('msg', word))]).toEqual([word, rowsWhere(wanted)]);
  });

  test('a dictionary of several blocks', async () => {
    for (let row = 0; row < ROWS; row++)
      expect(rowsOf(await reader.term('msg', `unique-${'0'.repeat(row % 40)}${row}`))).toEqual([
        row,
      ]);
    expect(await reader.term('msg', 'unique-2000')).toBeUndefined();
    const ones = await reader.termsMatching(
      'msg',
      { prefix: 'unique-', matches: (term) => term.endsWith('77') },
      1000,
    );
    const expected = rowsWhere((row) => row % 100 === 77);
    expect([rowsOf(ones.rows), ones.truncated]).toEqual([expected, false]);
  });

  test('ids, by their keys', async () => {
    const inTwo = Array.from({ length: ROWS / 4 }, (_, n) => [n, [4 * n, 4 * n + 1]] as const);
    const inOne = Array.from({ length: 500 }, (_, n) => [n + 1000, [n + 1000]] as const);
    for (const [n, rows] of [...inTwo, ...inOne]) {
      expect([n, rowsOf(await reader.term('trace', idOf(n)))]).toEqual([n, rows]);
      const other = idOf(n) === idOf(n).toUpperCase() ? 'toLowerCase' : 'toUpperCase';
      expect(await reader.term('trace', idOf(n)[other]())).toBeUndefined();
    }
    // Those with many rows, or with a term set, are in the dictionary.
    expect(rowsOf(await reader.term('trace', idOf(5000)))).toEqual(rowsWhere((r) => r % 4 === 3));
    expect(rowsOf(await reader.term('trace', idOf(5001)))).toEqual(
      rowsWhere((r) => r === 5 || r % 40 === 3),
    );
    const prefix = '12';
    const wanted = [...inTwo, ...inOne].filter(([n]) => idOf(n).startsWith(prefix));
    expect(wanted.length).toBeGreaterThan(1);
    const matches = (term: string): boolean => term.startsWith(prefix);
    const found = await reader.termsMatching('trace', { prefix, matches, rest: '*' }, 100);
    const rows = new Set(wanted.flatMap(([, some]) => some));
    expect(rowsOf(found.rows)).toEqual([...rows].toSorted((a, b) => a - b));
  });

  test('term sets: values that repeat', async () => {
    for (let host = 0; host < 40; host++)
      for (const field of ['__tag__:host', LINE_FIELD])
        expect(rowsOf(await reader.term(field, `h-${host}`))).toEqual(
          rowsWhere((row) => row % 40 === host),
        );
    // Some rows of these come from sets, others are the term's own.
    expect(rowsOf(await reader.term(LINE_FIELD, 'mixed'))).toEqual(
      rowsWhere((row) => row % 40 < 30 || chosen(row, 15)),
    );
    expect(rowsOf(await reader.present('__tag__:host'))).toEqual(rowsWhere(() => true));
  });

  test('presence and empty values', async () => {
    expect(rowsOf(await reader.present('maybe'))).toEqual(rowsWhere((row) => row % 5 < 2));
    expect(rowsOf(await reader.empty('maybe'))).toEqual(rowsWhere((row) => row % 5 === 1));
    expect(rowsOf(await reader.empty('msg'))).toEqual([]);
    expect((await reader.present('absent')).isEmpty()).toBe(true);
  });

  test('numbers', async () => {
    for (const [field, numberOf] of Object.entries(NUMBERS)) {
      const column = await reader.numeric(field);
      const rows = rowsWhere((row) => numberOf(row) !== undefined);
      expect([field, rowsOf(column?.valid)]).toEqual([field, rows]);
      expect(rows.map((row) => column?.values[row])).toEqual(rows.map(numberOf));
    }
  });

  test('times and nanosecond parts', async () => {
    const rows = rowsWhere(() => true);
    const times = rows.map((row) => 1_700_000_000 + Math.floor(row / 7));
    expect([...(await reader.times())]).toEqual(times);
    expect([...((await reader.timeNs()) ?? [])]).toEqual(rows.map((row) => (row % 7) * 1000));
  });

  test('names, columns and the configuration', () => {
    expect(reader.textFields).toEqual([LINE_FIELD, 'msg', 'maybe', '__tag__:host', 'trace']);
    expect(reader.numericFields).toEqual(Object.keys(NUMBERS));
    expect(reader.restFields).toEqual(['MSG']);
    expect(reader.columns).toEqual([{ field: 'msg', column: 'msg', type: { kind: 'text' } }]);
    expect(reader.indexConfig).toEqual({ max_text_len: 2048 });
  });
});

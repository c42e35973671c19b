/**
 * Parquet files of segments as they were once written: they must be read for as long as anybody has such segments. The
 * files are never made again. What they hold follows from the formulas below.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ParquetFile } from '#parquet/parquet-file.ts';
import { BlockCache } from '#segment/block-cache.ts';

const ROWS = 3000;
const GROUP_ROWS = 2000;

/** Text of a column in a row, undefined where the log has no such field. */
const COLUMNS: Readonly<Record<string, (row: number) => string | undefined>> = {
  status: (row) => String([200, 404, 500][row % 3]),
  bytes: (row) => String(row * 7919 - 5000),
  huge: (row) => String(9_007_199_254_740_993n * BigInt(row % 900)),
  cost: (row) => `${row % 2 === 0 ? '-' : ''}${row}.${String((row % 99) + 1).padStart(2, '0')}`,
  message: (row) => `request ${row * 31} took ${row % 97} ms, 用户 ${row}`,
  level: (row) => (row % 5 === 0 ? undefined : ['INFO', 'WARN', ''][row % 3]),
  seldom: (row) => (row === 1234 ? 'here' : undefined),
  never: () => undefined,
  long: (row) => (row === 77 ? 'y'.repeat(20_000) : undefined),
};

describe.each(['rows-1-stored.parquet', 'rows-1-local.parquet'])('%s', (name) => {
  let file: ParquetFile;

  beforeAll(async () => {
    const bytes = await readFile(join(import.meta.dirname, name));
    file = await ParquetFile.open({
      source: {
        sizeBytes: bytes.length,
        read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
      },
      cache: new BlockCache(1 << 20),
      cacheKey: name,
    });
  });

  test('has the columns and row groups that were written', async () => {
    expect(file.groups.map(({ rowCount }) => rowCount)).toEqual([GROUP_ROWS, ROWS - GROUP_ROWS]);
    expect(file.columns).toEqual(
      Object.keys(COLUMNS).map((column) => ({ name: column, type: typeOf(column) })),
    );
    await file.verify();
  });

  test('has the times', async () => {
    const range = { from: 0, to: ROWS };
    expect([...(await file.times(range))]).toEqual(
      Array.from({ length: ROWS }, (_, row) => 1_700_000_000 + Math.floor(row / 7)),
    );
    expect([...(await file.timeNs(range))]).toEqual(
      Array.from({ length: ROWS }, (_, row) => (row % 7) * 142_857_142),
    );
  });

  test.each(Object.entries(COLUMNS))('%s', async (column, textOf) => {
    const rows = Array.from({ length: ROWS }, (_, row) => row);
    const texts = await file.readTexts(file.columnIndex(column), rows);
    expect(texts.map((text) => text && Buffer.from(text).toString('utf8'))).toEqual(
      rows.map(textOf),
    );
  });
});

function typeOf(column: string): object {
  if (['status', 'bytes', 'huge'].includes(column)) return { kind: 'long' };
  return column === 'cost' ? { kind: 'decimal', scale: 2 } : { kind: 'text' };
}

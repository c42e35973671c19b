import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorCode } from '#base/app-error.ts';
import type { Codec } from './metadata.ts';
import {
  cellsOf,
  chunkOf,
  fileOf,
  openBytes,
  type Cell,
  type FixtureGroup,
} from './parquet-fixture.ts';

let directory = '';
let fileCount = 0;
let connection: DuckDBConnection;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-parquet-'));
  connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
});
afterAll(async () => {
  connection.closeSync();
  await rm(directory, { recursive: true });
});

/** Rows of a query over the file; every cell as text. */
async function duck(bytes: Uint8Array, sql: string): Promise<unknown[][]> {
  // DuckDB keeps what it knows of a file by its name, its size and the second of its change.
  const path = join(directory, `${fileCount++}.parquet`);
  await writeFile(path, bytes);
  const answer = await connection.runAndReadAll(sql.replaceAll('FILE', `read_parquet('${path}')`));
  return answer.getRowsJS();
}

function groupOf(columns: readonly (readonly Cell[])[], withIds: boolean): FixtureGroup {
  const rowCount = columns[0]?.length ?? 0;
  return {
    times: Uint32Array.from({ length: rowCount }, (_, row) => 1_700_000_000 + row),
    timeNs: Uint32Array.from({ length: rowCount }, (_, row) => (row % 3) * 499_999_999),
    chunks: columns.map((cells) => chunkOf(cells, withIds)),
  };
}

const twice = (values: Uint32Array): number => values.reduce((sum, one) => sum + one, 0) * 2;

/** The code of the error that reading everything gives. */
async function errorOf(bytes: Uint8Array): Promise<string | undefined> {
  try {
    const file = await openBytes(bytes);
    await file.verify();
    await file.copyChunk(0, 0);
    return undefined;
  } catch (error) {
    return errorCode(error) ?? String(error);
  }
}

const word = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'é', '字', '😀', ' ', '"', '\0'), maxLength: 8 }),
  fc.constantFrom('', 'GET', 'x'.repeat(70), '\u{10ffff}'.repeat(20)),
);
const long = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.integer({ min: -300, max: 300 }).map(String),
  fc.integer({ min: 1_600_000_000, max: 1_800_000_000 }).map(String),
);
const decimal = fc
  .tuple(fc.integer({ min: 0, max: 999_999 }), fc.integer({ min: 1, max: 99 }), fc.boolean())
  .map(([whole, cents, minus]) => `${minus ? '-' : ''}${whole}.${String(cents).padStart(2, '0')}`);

const column = (rowCount: number): fc.Arbitrary<Cell[]> =>
  fc.oneof(
    ...[word, long, decimal, fc.oneof(word, long)].flatMap((value) => [
      fc.array(value, { minLength: rowCount, maxLength: rowCount }),
      fc.array(fc.option(value, { nil: undefined }), { minLength: rowCount, maxLength: rowCount }),
    ]),
  );

const table = fc
  .record({
    rowCount: fc.integer({ min: 1, max: 300 }),
    columnCount: fc.integer({ min: 1, max: 4 }),
  })
  .chain(({ rowCount, columnCount }) =>
    fc.array(fc.array(column(rowCount), { minLength: columnCount, maxLength: columnCount }), {
      minLength: 1,
      maxLength: 3,
    }),
  )
  .map((groups) => groups.map((columns) => columns.slice(0, groups[0]!.length)));

test('random rows come back through our reader and through DuckDB', async () => {
  await fc.assert(
    fc.asyncProperty(
      table,
      fc.boolean(),
      fc.constantFrom<Codec>('none', 'zstd'),
      async (tables, withIds, codec) => {
        const names = tables[0]!.map((_, i) => `c${i}`);
        const groups = tables.map((columns) => groupOf(columns, withIds));
        const bytes = fileOf(names, groups, codec);
        const file = await openBytes(bytes);
        const wanted = names.map((_, i) => tables.flatMap((columns) => columns[i]!));
        for (const [i, cells] of wanted.entries()) {
          const found: Cell[] = [];
          for (const [group, { rowCount }] of file.groups.entries())
            found.push(...cellsOf(await file.readChunk(group, i, { from: 0, to: rowCount })));
          expect(found).toEqual(cells);
          const rows = cells
            .keys()
            .filter((row) => row % 7 < 2)
            .toArray();
          const texts = await file.readTexts(i, rows);
          expect(texts.map((text) => text && Buffer.from(text).toString())).toEqual(
            rows.map((row) => cells[row]),
          );
        }
        const casts = names.map((name) => `${name}::VARCHAR`).join();
        const rows = await duck(bytes, `SELECT ${casts} FROM FILE`);
        expect(rows).toEqual(wanted[0]!.map((_, row) => wanted.map((cells) => cells[row] ?? null)));
      },
    ),
    { numRuns: 60 },
  );
});

test('filters of DuckDB find the same rows with statistics as without', async () => {
  await fc.assert(
    fc.asyncProperty(table, fc.nat(), async (tables, pick) => {
      const names = tables[0]!.map((_, i) => `c${i}`);
      const bytes = fileOf(
        names,
        tables.map((columns) => groupOf(columns, true)),
        'zstd',
      );
      const cells = tables.flatMap((columns) => columns[0]!);
      const wanted = cells[pick % cells.length];
      if (wanted === undefined) return;
      const literal = `'${wanted.replaceAll("'", "''")}'`.replaceAll('\0', "' || chr(0) || '");
      for (const operator of ['=', '<', '>=']) {
        const plain = await duck(
          bytes,
          `SELECT count(*) FROM (SELECT c0 || '' AS t, c0 FROM FILE) WHERE CAST(c0 AS VARCHAR) ${operator} ${literal}`,
        );
        const typed = await duck(
          bytes,
          `SELECT count(*) FROM FILE WHERE c0 ${operator} (SELECT c0 FROM FILE WHERE c0::VARCHAR = ${literal} LIMIT 1)`,
        );
        const direct = await duck(
          bytes,
          `SELECT count(*) FROM FILE WHERE c0 ${operator} ${literal}`,
        );
        if (operator === '=') expect([plain, direct]).toEqual([typed, typed]);
        expect(direct).toEqual(typed);
      }
    }),
    { numRuns: 30 },
  );
});

describe('a column is', () => {
  test.each([
    [['0', '-1', '9223372036854775807', '-9223372036854775808'], 'BIGINT'],
    [['9223372036854775808'], 'VARCHAR'],
    [['007'], 'VARCHAR'],
    [['+1'], 'VARCHAR'],
    [['-0'], 'VARCHAR'],
    [['1e3'], 'VARCHAR'],
    [[''], 'VARCHAR'],
    [['-'], 'VARCHAR'],
    [['1', 'a'], 'VARCHAR'],
    [['0.00', '-0.50', '12.25'], 'DECIMAL(18,2)'],
    [['-0.5', '-0.50'], 'VARCHAR'],
    [['-0.0'], 'VARCHAR'],
    [['.5'], 'VARCHAR'],
    [['5.'], 'VARCHAR'],
    [['00.5'], 'VARCHAR'],
    [['1.2.3'], 'VARCHAR'],
    [['1.5', '2'], 'VARCHAR'],
    [['0.12345678901234', '-0.00000000000001'], 'DECIMAL(18,14)'],
    [['0.123456789012345'], 'VARCHAR'],
    [['999999999999999999', '1234567890123456.78'], 'VARCHAR'],
    [['1234567890123.78', '-9999999999999.99'], 'DECIMAL(18,2)'],
    [['12345678901234.89'], 'VARCHAR'],
    [['1234567890123456789'], 'BIGINT'],
    [['12345678901234567890'], 'VARCHAR'],
  ])('%j %s', async (texts, type) => {
    for (const withIds of [false, true]) {
      const bytes = fileOf(['c'], [groupOf([texts.concat(texts)], withIds)], 'zstd');
      const rows = await duck(bytes, 'SELECT c::VARCHAR, typeof(c) FROM FILE');
      expect(rows).toEqual(texts.concat(texts).map((text) => [text, type]));
      const file = await openBytes(bytes);
      expect(cellsOf(await file.readChunk(0, 0, { from: 0, to: texts.length }))).toEqual(texts);
    }
  });
});

describe('a file', () => {
  test('may have no row', async () => {
    const bytes = fileOf(['a'], [], 'zstd');
    expect(await duck(bytes, 'SELECT count(*)::INTEGER FROM FILE')).toEqual([[0]]);
    expect((await openBytes(bytes)).rowCount).toBe(0);
  });

  test('may have columns without any value', async () => {
    const group = {
      ...groupOf([['a', 'b']], false),
      chunks: [undefined, chunkOf(['a', 'b'], false)],
    };
    const bytes = fileOf(['none', 'some'], [group], 'none');
    expect(await duck(bytes, 'SELECT * EXCLUDE (__time__, __time_ns_part__) FROM FILE')).toEqual([
      [null, 'a'],
      [null, 'b'],
    ]);
  });

  test('has times with nanoseconds', async () => {
    const rowCount = 40_000;
    const group = groupOf([Array.from({ length: rowCount }, () => 'x')], true);
    const bytes = fileOf(['c'], [group, group], 'zstd');
    const file = await openBytes(bytes);
    const [from, to] = [30_000, 75_000];
    const both = (values: Uint32Array): Uint32Array =>
      Uint32Array.from([...values, ...values].slice(from, to));
    expect(await file.times({ from, to })).toEqual(both(group.times));
    expect(await file.timeNs({ from, to })).toEqual(both(group.timeNs));
    const rows = await duck(
      bytes,
      'SELECT sum(__time__)::DOUBLE, sum(__time_ns_part__)::DOUBLE, count(__time_ns_part__)::INTEGER FROM FILE',
    );
    expect(rows).toEqual([
      [twice(group.times), twice(group.timeNs), group.timeNs.filter(Boolean).length * 2],
    ]);
  });

  test('may have 500 columns and values of a megabyte', async () => {
    const big = ['b', 'c'].map((letter) => letter.repeat(1 << 20));
    const columns = Array.from({ length: 500 }, (_, i) => [
      `v${i}`,
      undefined,
      big[i % 100 === 0 ? 1 : 2],
    ]);
    const bytes = fileOf(
      columns.map((_, i) => `c${i}`),
      [groupOf(columns, false)],
      'zstd',
    );
    const file = await openBytes(bytes);
    for (const i of [0, 77, 499])
      expect(cellsOf(await file.readChunk(0, i, { from: 0, to: 3 }))).toEqual(columns[i]);
    expect(await duck(bytes, 'SELECT c0, c77 FROM FILE')).toEqual(
      [0, 1, 2].map((row) => [columns[0]![row] ?? null, columns[77]![row] ?? null]),
    );
  });

  test('has pages of bounded size, of which a row needs one', async () => {
    const cells = Array.from({ length: 60_000 }, (_, row) =>
      row % 5 === 0 ? undefined : `request ${row * 7919} of user ${row % 1000}`,
    );
    const bytes = fileOf(
      ['c', 'd'],
      [groupOf([cells, cells.map((cell) => cell?.slice(0, 9))], false)],
      'none',
    );
    const file = await openBytes(bytes);
    const found = await file.readTexts(0, [0, 1, 59_999]);
    expect(found.map((text) => text && Buffer.from(text).toString())).toEqual([
      cells[0],
      cells[1],
      cells[59_999],
    ]);
    const part = await file.readChunk(0, 0, { from: 12_345, to: 45_678 });
    expect(cellsOf(part)).toEqual(cells.slice(12_345, 45_678));
    const copy = await file.copyChunk(0, 0);
    expect(copy.info.pages.length).toBeGreaterThan(4);
    for (const { length } of copy.info.pages) expect(length).toBeLessThan(300_000);
    expect(await duck(bytes, 'SELECT c FROM FILE')).toEqual(cells.map((cell) => [cell ?? null]));
  });

  test('says that it is damaged, whichever byte is wrong', async () => {
    const bytes = fileOf(
      ['c', 'd'],
      [
        groupOf(
          [
            ['a', 'b', 'a'],
            ['1', '22', undefined],
          ],
          true,
        ),
      ],
      'zstd',
    );
    expect(await errorOf(bytes)).toBeUndefined();
    let noticed = 0;
    for (let at = 0; at < bytes.length; at++)
      for (const change of [1, 0x80, 0xff]) {
        const damaged = Uint8Array.from(bytes);
        damaged[at]! ^= change;
        const code = await errorOf(damaged);
        expect([undefined, 'SegmentDamaged']).toContain(code);
        if (code !== undefined) noticed++;
      }
    expect(noticed).toBeGreaterThan(bytes.length);
    for (let length = 0; length < bytes.length; length++)
      expect(await errorOf(bytes.subarray(0, length))).toBe('SegmentDamaged');
  });
});

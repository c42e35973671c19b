/** Statements that must not run, whatever DuckDB would make of them, and ones that must end. */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { must } from '#base/assert.ts';
import { MIB } from '#base/units.ts';
import { QueryFixture } from '../query-fixture.ts';
import { HOSTILE_STATEMENTS, NEIGHBOUR } from './hostile-statements.ts';

let world: QueryFixture;
let parquetPath: string;

beforeAll(async () => {
  world = await QueryFixture.create({ memoryLimitBytes: 128 * MIB });
  world.index = {
    keys: {
      a: { type: 'text', caseSensitive: false, chn: false, doc_value: true, alias: '' },
    },
    max_text_len: 2048,
  };
  await world.add([{ __time__: 1_700_000_000, a: 'x' }]);
  parquetPath = must(world.segments[0], 'segment').parquetPath;
  await writeFile(join(dirname(parquetPath), 'secret.csv'), 'secret\n');
});
afterAll(() => world[Symbol.asyncDispose]());

test.each(HOSTILE_STATEMENTS)('%s is refused', async (sql) => {
  const text = sql.replaceAll(NEIGHBOUR, parquetPath);
  await expect(world.query(`* | ${text}`)).rejects.toMatchObject({ code: 'ParameterInvalid' });
});

test.each([
  `'${NEIGHBOUR}'`,
  `"${NEIGHBOUR}"`,
  "'secret.csv'",
  "'/etc/passwd'",
  "'https://example.com/x.parquet'",
  'duckdb_tables',
  'duckdb_columns',
  'pragma_database_list',
  'sqlite_master',
  'sls_bits',
  'store_1',
  'store_2',
  'log_shift_86400',
])('%s is the name of a logstore, and nothing else', async (name) => {
  // The fixture has a logstore of every name but those with no_ in front, all with the one log.
  const table = name.replaceAll(NEIGHBOUR, parquetPath);
  const rows = [['1700000000', '', '', 'x']];
  expect(await world.cells(`* | select * from ${table}`)).toEqual(rows);
  expect(await world.cells(`* | select * from log where a in (select a from ${table})`)).toEqual(
    rows,
  );
  const missing = table.replace(/^(['"]?)/, '$1no_');
  await expect(world.query(`* | select * from ${missing}`)).rejects.toMatchObject({
    code: expect.stringMatching(/^(?:ParameterInvalid|LogStoreNotExist)$/) as string,
  });
});

test('a refusal names neither files nor the engine', async () => {
  for (const sql of [
    'select b from log',
    'select a + 1 from log',
    'select cast(a as bigint) from log',
  ]) {
    const refused = await world.query(`* | ${sql}`).then(
      () => undefined,
      (error: unknown) => String(error),
    );
    expect(refused).toMatch(/^AppError: /);
    expect(refused).not.toMatch(/parquet|duckdb|sluice|Binder|Catalog|Conversion Error/i);
  }
});

/** A piece of SQL around itself, again and again. */
function nested(count: number, piece: string): string {
  return Array.from({ length: count }).reduce<string>((sql) => piece.replace('?', () => sql), '1');
}

describe('statements that ask for too much', () => {
  test.each([
    `select ${nested(8, "date_format(if(a = 'x', date_parse(?, '%Y'), a), '%Y')")} from log`,
    `select ${nested(12, 'reduce(array[1, 2], ?, (s, x) -> s + x, s -> s)')} from log`,
    `select ${nested(30, 'zip_with(array[?], array[?], (x, y) -> x)')} from log`,
    `select ${nested(500, '(?)')} + a from log`,
    `select * from ${nested(300, '(select * from ? t)').replace('from 1 t', 'from log')}`,
    `select compare(x, ${Array.from({ length: 9 }, (_, i) => i + 1).join()}) from (select count(*) as x from log)`,
    `select array[${'[1],'.repeat(10)}1] from log`,
    'select array_sort(sequence(1, 2000), (x, y) -> 1) from log',
    'select count(*) from unnest(sequence(1, 1000000000)) as t(n)',
    'select count(*) from unnest(sequence(1, 1000000000, 1)) as t(n)',
    "select length(lpad('x', 2000000000, 'y')) from log",
    "select length(rpad('x', 2000000000, 'y')) from log",
    'select sequence(1, 10, 0) from log',
    'select cardinality(transform(sequence(1, 9999), x -> sequence(1, 9999))) from log',
    `select length(replace(lpad('', 60000, 'x'), 'x', '${'y'.repeat(30_000)}')) from log`,
    `select ${'abs('.repeat(2000)}1${')'.repeat(2000)} from log`,
    `select ${Array.from({ length: 2000 }, () => '1').join(' + ')} from log`,
  ])('%# ends with an error', async (sql) => {
    const before = process.memoryUsage().rss;
    await expect(world.query(`* | ${sql}`)).rejects.toMatchObject({ code: 'ParameterInvalid' });
    expect(process.memoryUsage().rss - before).toBeLessThan(600 * MIB);
  });

  test('up to their bounds they work', async () => {
    const sql = `* | select cardinality(sequence(1, 10000)) as a, cardinality(sequence(10, 1, -3)) as b,
      length(lpad('x', 65536, 'y')) as c, replace('aXbX', 'X') as d, replace('aXa', 'X', 'yy') as e`;
    expect(await world.cells(sql)).toEqual([['10000', '4', '65536', 'ab', 'ayya']]);
  });

  test('the next query runs as if nothing had been', async () => {
    expect(await world.cells('* | select count(*) as c, max(a) as a')).toEqual([['1', 'x']]);
  });
});

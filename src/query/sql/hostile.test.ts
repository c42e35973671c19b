/** Statements that must not run, whatever DuckDB would make of them, and ones that must end. */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { must } from '#base/assert.ts';
import { MIB } from '#base/units.ts';
import { QueryFixture } from '../query-fixture.ts';

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

const NEIGHBOUR = '{parquet}';

test.each([
  `select * from read_parquet('${NEIGHBOUR}')`,
  `select * from parquet_scan('${NEIGHBOUR}')`,
  "select * from read_csv('/etc/passwd')",
  "select * from read_text('/etc/passwd')",
  "select * from read_blob('/etc/passwd')",
  "select * from glob('/*')",
  "select content from log, lateral read_text('/etc/passwd')",
  "with t as (select * from read_text('/etc/passwd')) select * from t",
  "select (select content from read_text('/etc/passwd'))",
  // A common table expression is no pass for the same name outside its scope.
  `select * from (with "${NEIGHBOUR}" as (select 1 from log) select 1 from log) x, "${NEIGHBOUR}"`,
  'select * from (with duckdb_settings as (select 1 from log) select 1 from log) x, duckdb_settings',
  'select * from duckdb_settings()',
  'select * from information_schema.tables',
  'select * from pg_catalog.pg_class',
  'select * from memory.main.log',
  'select * from temp.log',
  "select getenv('HOME')",
  "select current_setting('temp_directory')",
  "select getvariable('x')",
  'select current_user from log',
  'select current_database()',
  'select version()',
  "select * from query('select 1')",
  "select * from query_table('log')",
  'select system.main.version()',
  'select "system"."main".version()',
  'select columns(*) from log',
  'select * from log at (version => 1)',
  'select $1',
  "select cast('log' as regclass)",
  'describe log',
  'summarize log',
  'show tables',
  'table sls_bits',
  'from duckdb_settings()',
  'pivot log on a using count(*)',
  'select 1; drop view log',
  'select 1; select 2',
  "(select 1); attach 'x.db'",
  'with t as (delete from log returning *) select * from t',
  'with recursive t as (select 1 as n union all select n + 1 from t) select count(*) from t',
  "set session a=b; set memory_limit='1TB'",
  "set session a=b; copy log to 'copied'",
  'select a from log limit (select 5)',
  'select a from log limit 1000001',
  'select a from (select a from log limit 1, 2)',
  'select a from log limit 5 offset 1',
])('%s is refused', async (sql) => {
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

describe('statements that ask for too much', () => {
  test.each([
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

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
  'select a from log limit 10 percent',
  // Functions through every door.
  "select getenv('HOME') from log",
  'select "getenv"(\'HOME\') from log',
  "select main.getenv('HOME') from log",
  "select a from log where getenv('HOME') = 'x'",
  "select a from log order by getenv('HOME')",
  "select count(*) from log group by getenv('HOME')",
  "select count(*) from log having getenv('HOME') = 'x'",
  "select transform(array['HOME'], x -> getenv(x)) from log",
  "select reduce(array['HOME'], '', (s, x) -> getenv(x), s -> s) from log",
  "select try(getenv('HOME')) from log",
  "select if(true, getenv('HOME')) from log",
  "select cast(getenv('HOME') as json) from log",
  "select max(a) filter (where getenv('HOME') = 'x') from log",
  "select sum(1) over (partition by getenv('HOME')) from log",
  "select * from log, unnest(array[getenv('HOME')]) as t(x)",
  "select * from (values (getenv('HOME'))) as t(x)",
  "select time_series(getenv('HOME'), '1m', '%H', '0') as t from log group by t order by t",
  "select compare(getenv('HOME'), 60) from (select 1 as x from log)",
  "with getenv as (select 1 as x from log) select getenv('HOME') from getenv",
  "select 'HOME'.getenv() from log",
  'select nextval(a) from log',
  'select pg_sleep(1) from log',
  "select currval('x') from log",
  'select pragma_version() from log',
  "select json_serialize_sql('select 1') from log",
  "select json_execute_serialized_sql(json_serialize_sql('select 1')) from log",
  "select * from json_execute_serialized_sql('x')",
  'select sls_seconds(1) from log',
  'select sls_bucket(__time__, 60) from log',
  'select sls_cut(a, 1) from log',
  "select strftime(now(), '%Y') from log",
  'select list_transform(array[1], x -> x) from log',
  "select in_search_path('x', 'y') from log",
  'select txid_current() from log',
  "select add_parquet_key('a', 'b') from log",
  "select write_log('x') from log",
  'select * from duckdb_secrets()',
  "select * from which_secret('x', 'y')",
  "select * from pragma_table_info('log')",
  "select * from sniff_csv('/etc/passwd')",
  "select * from read_json_auto('/etc/passwd')",
  "select * from read_ndjson('/etc/passwd')",
  "select * from parquet_metadata('/etc/passwd')",
  "select * from iceberg_scan('x')",
  "select * from sqlite_scan('x', 'y')",
  "select * from postgres_query('x', 'y')",
  'select * from range(10)',
  'select * from generate_series(1, 1000000000)',
  'select * from repeat_row(1, num_rows = 10)',
  'select * from unnest(array[1]) as t(x), read_text(x)',
  // Statements that are no SELECT.
  "copy log to '/tmp/copied'",
  "copy (select 1) to '/tmp/copied.csv'",
  "attach '/tmp/x.db'",
  "export database '/tmp/x'",
  "import database '/tmp/x'",
  'install httpfs',
  'load httpfs',
  "force install httpfs from 'https://example.com'",
  'pragma database_list',
  "set memory_limit = '1TB'",
  'reset memory_limit',
  'call pragma_version()',
  'prepare p as select 1',
  'execute p',
  'explain select 1',
  'explain analyze select 1',
  'create table t as select 1',
  'create macro m() as 1',
  'create secret s (type s3)',
  'drop view log',
  'alter table log add column x int',
  'update log set a = 1',
  'delete from log',
  'insert into log select 1',
  'checkpoint',
  'vacuum',
  'use memory',
  'begin transaction',
  'detach memory',
  "comment on table log is 'x'",
  'values (1)',
  // Names and signs that look like something else.
  'select * from memory.log',
  'select * from "memory"."main"."log"',
  'select * from main.log',
  'select * from system.information_schema.tables',
  'select "log"."main"."a" from log',
  'select rowid from log',
  'select filename from log',
  'select file_row_number from log',
  'select __rest__ from log',
  'select matching.bits from log',
  'select "sls_bits"."bits" from log',
  'select $$x$$ from log',
  "select e'\\x41' from log",
  'select @x from log',
  'select #1 from log',
  'select ? from log',
  'select :x from log',
  'select `a` from log',
  'select a\u00a0 from log; \u037e drop',
  'select a from log /* unfinished',
  'select a from log /* /* */ */',
  'select getenv/**/(a) from log',
  'select \uff47etenv(a) from log',
  'select a from log where a = any(array[getenv(a)])',
  'select cast(a as enum(x)) from log',
  'select cast(a as varchar collate nocase) from log',
  'select a collate nocase from log',
  'select cast(array[1] as integer[3]) from log',
  'select cast(1 as union(a int, b varchar)) from log',
  "select cast('x' as main.varchar) from log",
  'with t as materialized (select * from duckdb_settings()) select * from t',
  'with t as (insert into log select 1) select * from t',
  'select * from log asof join log b on log.a > b.a',
  'select * from log semi join log b on log.a = b.a',
  'select (select a from log for update) from log',
  'select a from log for update',
  'select a into x from log',
  'select struct_pack(a := 1) from log where x := 1',
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

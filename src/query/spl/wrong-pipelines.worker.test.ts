/** Pipelines that are refused: what is said of them and where, and that nothing gets past SQL's own checks. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorCode, errorMessage } from '#base/app-error.ts';
import { TEXT_KEY } from '#protocol/index-config-fixture.ts';
import { QueryFixture } from '../query-fixture.ts';
import { parseSpl } from './parse-spl.ts';

let world: QueryFixture;

beforeAll(async () => {
  world = await QueryFixture.create();
  world.index = { line: undefined, keys: { msg: TEXT_KEY }, max_text_len: 64 };
  await world.add([
    { __time__: 1_716_163_200, msg: 'a b', status: '200', other: 'x' },
    { __time__: 1_716_163_201, msg: 'c', status: 'none' },
  ]);
});
afterAll(() => world[Symbol.asyncDispose]());

async function errorOf(query: string): Promise<string> {
  const error: unknown = await world.query(query).then(
    ({ rows }) => new Error(`it gave ${rows.length} rows`),
    (reason: unknown) => reason,
  );
  expect(errorCode(error), errorMessage(error)).toBe('ParameterInvalid');
  return errorMessage(error);
}

describe('the place of an error is said', () => {
  test.each([
    ['foo', "line 1:2: unknown command 'foo', expecting where"],
    ['where a = 1 | bar x', "line 1:16: unknown command 'bar'"],
    ['where', "line 1:7: mismatched input '<EOF>', expecting an expression"],
    ['where |', "line 1:8: mismatched input '<EOF>', expecting an expression"],
    ['where a = 1 |', "line 1:15: mismatched input '<EOF>', expecting a command"],
    ["where status = '200' |\n where nope(msg) = 1", 'line 2:8: Function nope not registered'],
    [
      "where status = '200' | where (msg = 'a'",
      "line 1:41: mismatched input '<EOF>', expecting ')'",
    ],
    ["where msg = 'a')", "line 1:17: mismatched input ')'"],
    ["where msg = 'a' or", 'line 1:'],
    ['where msg == 1', "line 1:12: extraneous input '=="],
    ['where 1 + ', 'line 1:'],
    ["where msg = 'a' as b", 'line 1:8: this is not one expression'],
    ['where msg + ', 'line 1:'],
    ['where status', 'line 1:8: WHERE clause must evaluate to a boolean'],
    ['where status > 5', "line 1:15: '>' cannot be applied to varchar, bigint"],
    ['extend', "line 1:8: mismatched input '<EOF>', expecting a field"],
    ['extend a', "line 1:10: mismatched input '<EOF>', expecting '='"],
    ['extend a=', "line 1:11: mismatched input '<EOF>', expecting an expression"],
    ['extend a=1 b=2', 'line 1:'],
    ['extend a=1,', "line 1:13: mismatched input '<EOF>', expecting a field"],
    ["extend 'a'=1", "line 1:9: mismatched input ''a'', expecting a field"],
    ['extend a=count(*)', 'line 1:11: count_star is only available in stats'],
    ['extend a=max(status)', 'line 1:11: max is only available in stats'],
    ['extend a=row_number() over ()', 'line 1:11: a window function cannot be used in a pipeline'],
    ['where exists (select 1)', 'line 1:8: a query cannot be used in a pipeline'],
    ['project a, a', "line 1:13: field 'a' is given twice"],
    ['project msg | where status is null', "Column 'status' cannot be resolved"],
    ['project msg | project status', "line 1:24: Column 'status' cannot be resolved"],
    ['project -like "a*"', "line 1:11: mismatched input 'like', expecting -wildcard"],
    ['project -wildcard', "line 1:19: mismatched input '<EOF>', expecting a field"],
    ['project-away status | project-away status', "line 1:37: Column 'status' cannot be resolved"],
    ['project-rename a', "expecting '='"],
    ['project-rename a=msg, b=msg', "line 1:26: field 'msg' is given twice"],
    ['project-rename a=msg, A=status', "field 'A' is given twice"],
    ["parse-regexp msg, 'a' as b", 'line 1:15: the pattern has 0 groups for 1 fields'],
    ["parse-regexp msg, '(a' as b", 'invalid regular expression'],
    ["parse-regexp msg, '(a)'", "expecting 'as'"],
    ["parse-regexp msg '(a)' as b", "line 1:19: mismatched input ''(a)'', expecting ','"],
    ["parse-regexp msg, '(a)(?=b)' as b", 'no look-around'],
    ["parse-json -path='$.*' msg", "line 1:25: the path '$.*' is not of names and numbers"],
    ['parse-json -path=$.a msg', 'line 1:'],
    ["parse-json -mode='x' msg", 'expecting -path, -prefix'],
    ["parse-json -path='$' -path='$' msg", "line 1:24: mismatched input 'path'"],
    ["parse-csv -delim='' msg as a", 'the delimiter must not be empty'],
    ['parse-csv msg as a, a', "field 'a' is given twice"],
    ["parse-kv msg, '', '='", 'separators must not be empty'],
    ["parse-kv msg, '='", "expecting ','"],
    ["parse-kv -regexp msg, '(a)'", 'the pattern needs a group for keys'],
    ["pack-fields -include='(' as f", 'invalid regular expression in pack-fields'],
    ['pack-fields', "expecting 'as'"],
    ['stats', 'expecting a field'],
    ['stats n=count(*), n=max(msg)', "line 1:20: field 'n' is given twice"],
    ['stats n=count(*) by n', "field 'n' is given twice"],
    ['stats n=count(*) by', 'expecting a field'],
    ['stats n=max(msg), m=status', 'line 1:22: stats needs an aggregate function'],
    ['stats n=concat(msg, max(msg)) by other', 'not in GROUP BY clause'],
    ['stats n=max(max(msg))', 'cannot nest aggregations'],
    ['sort msg', 'sort is only available after project or stats'],
    ['limit 5', 'limit is only available after project or stats'],
    ['project -wildcard "m*" | limit 5', 'limit is only available after project or stats'],
    ['project msg | limit', 'expecting a whole number'],
    ['project msg | limit 1.5', 'expecting a whole number'],
    ['project msg | limit 10001', 'limit is too large'],
    ['project msg | limit 1, 2', "line 1:23: mismatched input ','"],
    ['project msg | sort status', "Column 'status' cannot be resolved"],
    ['where msg is null | select 1', 'sql and spl cannot be mixed'],
    ["extend __sls_row='1'", 'a field cannot have the name __sls_row'],
    ['where "unclosed', 'line 1:'],
    ["where msg = 'unclosed", 'line 1:'],
  ])('%s', async (pipeline, message) => {
    expect(await errorOf(`* | ${pipeline}`)).toContain(message);
  });

  test('a pipeline cannot follow a phrase', async () => {
    expect(await errorOf('#"a b" | where msg is null')).toContain('cannot follow a phrase search');
  });

  test('stages, fields and rows are bounded', async () => {
    expect(parseSpl(Array.from({ length: 16 }, () => 'where a = 1').join('|'))).toHaveLength(16);
    expect(
      await errorOf(`* | ${Array.from({ length: 17 }, () => "where msg = 'a'").join('|')}`),
    ).toBe('a pipeline has at most 16 commands');
    const many = Array.from({ length: 250 }, (_, i) => `f${i}=1`).join(',');
    expect(await errorOf(`* | extend ${many}`)).toBe('a pipeline can name 200 fields at most');
    const deep = `${'abs('.repeat(500)}1${')'.repeat(500)} = 1`;
    expect(await errorOf(`* | where ${deep}`)).toMatch(/nested too deep|statement/);
  });

  test('an extension that builds on itself in the whole pipeline runs', async () => {
    const steps = Array.from({ length: 150 }, () => 'a=a+1').join(', ');
    const { rows } = await world.query(`* | extend a=0, ${steps} | project a`);
    expect(rows.map((row) => row['a'])).toEqual(['150', '150']);
  });
});

/** What reads files, other tables or settings, what runs without an end, and what tries to leave its place in the SQL. */
const HOSTILE = [
  "where msg = (select content from read_text('/etc/passwd'))",
  "where read_text('/etc/passwd') is not null",
  "extend a=read_text('/etc/passwd')",
  "extend a=getenv('HOME')",
  "extend a=current_setting('temp_directory')",
  'extend a=current_user',
  'extend a=duckdb_secrets()',
  "extend a=query('select 1')",
  "extend a=sls_kv_fields('a', 'b', 'c', 'd')",
  'extend a=(select count(*) from log)',
  'extend a=(table log)',
  'extend a=(values (1))',
  'extend a=array(select 1)',
  'extend a=1 from log',
  'extend a=1) from log --',
  'extend a=1) as b from log; drop table log; --',
  'where true; select 1',
  'where 1=1) or (1=1',
  'where 1=1) union select * from (select 1',
  'where true group by 1',
  'where true order by 1',
  'where true limit 1',
  'where true having true',
  'where true qualify true',
  'where true union select 1',
  'extend a=*',
  "extend a=columns('.*')",
  'extend a=log.msg',
  'extend a=main.msg',
  'extend a=unnest(array[1,2])',
  'extend a=sequence(1, 1000000000)',
  "extend a=repeat('x', 1000000000)",
  "extend a=nextval('s')",
  'extend a=msg::regclass',
  'extend a=cast(msg as enum_type)',
  'extend a=$1',
  'extend a=?',
  'extend a=@msg',
  'extend a=1 /* | */ ; --',
  'stats a=count(*) from log',
  'stats a=count(*) filter (where (select true))',
  'stats a=sum(1) over ()',
  "where msg = 'a' \\ 'b'",
  "where e'\\x41' = 'A'",
  'where $$a$$ = msg',
  "where {'a': 1} is null",
  'where [x for x in [1]] is null',
  'where msg similar to msg',
  'where sls_prev.msg is null',
  'where compare(1, 2) is null',
  'where __sls_segment = 0',
  'where __sls_row = 0',
  'where "__SLS_log" is not null',
] as const;

describe('what is hostile is refused', () => {
  test.each(HOSTILE)('%s', async (pipeline) => {
    expect(await errorOf(`* | ${pipeline}`)).not.toMatch(/parquet|sls_bits|rows\./);
  });
});

test.each([
  ['a text that doubles', 'project a'],
  ['a text that doubles and is taken apart', "parse-kv a, 'c', 'e' | project a"],
])('%s ends with its memory, and the next pipeline runs', async (_name, end) => {
  const doubled = Array.from({ length: 40 }, () => 'a=concat(a, a)').join(', ');
  const message = await errorOf(`* | extend a='abcdefghij', ${doubled} | ${end}`);
  expect(message).toMatch(/Query exceeded max memory size|too large/);
  expect((await world.query("* | where msg = 'c'")).rows).toHaveLength(1);
});

describe('texts and names of the user stay what they are', () => {
  const ODD = [
    `a"b`,
    `a'b`,
    'a;b',
    'a--b',
    'a/*b',
    'a|b',
    'ä中',
    'a b',
    '"',
    "';drop",
    '$.x',
    '%s',
  ];

  test.each(ODD)('field %s', async (name) => {
    const quoted = `"${name.replaceAll('"', '""')}"`;
    const { rows, keys } = await world.query(
      `* | extend ${quoted}='1' | project ${quoted} | limit 1`,
    );
    expect([rows[0]?.[name], keys]).toEqual(['1', [name]]);
    const packed = await world.query(`* | extend ${quoted}='1' | pack-fields as f | project f`);
    expect(JSON.parse(packed.rows[0]?.['f'] ?? '')).toMatchObject({ [name]: '1', other: 'x' });
    const away = await world.query(
      `* | project-away -wildcard ${quoted}, "m*" | project-rename ${quoted}=status`,
    );
    expect(away.rows[0]).toMatchObject({ [name]: '200', other: 'x' });
  });

  test.each(ODD)('text %s', async (text) => {
    const quoted = `'${text.replaceAll("'", "''")}'`;
    for (const [pipeline, value] of [
      [`extend a=${quoted}`, text],
      [`extend a=concat('x', ${quoted}, 'y') | parse-csv -delim='|||' a as a`, `x${text}y`],
      [`extend a=concat('k', '=', ${quoted}) | parse-kv -prefix=${quoted} a, '&&', '='`, undefined],
    ] as const) {
      const { rows } = await world.query(`* | ${pipeline}`);
      expect(rows).toHaveLength(2);
      if (value !== undefined) expect(rows[0]?.['a']).toBe(value);
      else expect(rows[0]?.[`${text}k`]).toBe(text);
    }
  });
});

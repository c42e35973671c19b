/** Every command of a pipeline with what it makes of some logs (sls-query §5). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LONG_KEY, TEXT_KEY } from '#protocol/index-config-fixture.ts';
import { QueryFixture } from '../query-fixture.ts';

const START = 1_716_163_200;

type Row = Readonly<Record<string, string>>;

let world: QueryFixture;

beforeAll(async () => {
  world = await QueryFixture.create();
  world.index = {
    line: undefined,
    keys: { id: LONG_KEY, Method: TEXT_KEY, msg: TEXT_KEY },
    max_text_len: 64,
  };
  await world.add([
    {
      __time__: START,
      __topic__: 'web',
      '__tag__:__path__': '/var/a.log',
      id: '1',
      Method: 'GET',
      msg: 'user=ann cost=5ms',
      status: '200',
      json: '{"a":1,"b":{"c":[1,2]},"d":"x","n":null,"big":12345678901234567890}',
      csv: 'x,"y, z",w',
      kv: 'k1=v1&k2=v2&k1=v3',
    },
    {
      __time__: START + 1,
      id: '2',
      Method: 'POST',
      msg: 'no match here',
      status: '500',
      json: '[1,2]',
      csv: 'only',
      kv: 'k1 = v9 & bad & =v',
      mdc_a: 'A',
      mdc_b: 'B',
    },
    { __time__: START + 2, id: '3', Method: 'GET', status: '404', json: 'no json' },
  ]);
  await world.add([
    { __time__: START + 3, id: '4', Method: 'PUT', status: '200', msg: 'user=bob cost=70ms' },
    {
      __time__: START + 4,
      id: '5',
      Method: 'GET',
      status: '200',
      json: '{"p":{"q":7},"Method":"J"}',
    },
  ]);
});
afterAll(() => world[Symbol.asyncDispose]());

/** Rows without what all rows have, unless a pipeline is about that. */
async function rowsOf(query: string): Promise<readonly Row[]> {
  const { rows } = await world.query(query);
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).filter(([name]) => !/^__(?:time|source|topic)__$/.test(name)),
    ),
  );
}

async function column(query: string, name: string): Promise<readonly (string | undefined)[]> {
  return (await world.query(query)).rows.map((row) => row[name]);
}

describe('where keeps', () => {
  test.each([
    ["where status = '200'", ['1', '4', '5']],
    ['where cast(status as bigint) >= 404', ['2', '3']],
    ["where status = '200' and method = 'GET'", ['1', '5']],
    ["where status = '200' | where method = 'PUT'", ['4']],
    ['where msg is null', ['3', '5']],
    ["where msg like '%cost%'", ['1', '4']],
    ["where msg like '%|%'", []],
    ["where regexp_like(msg, 'cost=\\d{2}')", ['4']],
    ['where nowhere is null', ['1', '2', '3', '4', '5']],
    ["where nowhere = 'x'", []],
    [`where __time__ >= ${START + 3}`, ['4', '5']],
    ["where __topic__ = 'web'", ['1']],
    [`where "__tag__:__path__" like '/var/%'`, ['1']],
    ["where json_extract_scalar(json, '$.p.q') = '7'", ['5']],
    ["where id = '3'", ['3']],
    ['where try_cast(json as bigint) is null -- a comment | limit 1\n', ['1', '2', '3', '4', '5']],
    ["where /* | */ status in ('404', '500')", ['2', '3']],
    ["where any_match(split(kv, '&'), x -> x = 'k2=v2')", ['1']],
    ["where length(status) between 3 and 4 and not (method = 'GET' or method = 'PUT')", ['2']],
    ["where case when status = '200' then true else false end", ['1', '4', '5']],
    ["where date_format(__time__, '%i') = '00' and id in ('1', '2')", ['1', '2']],
  ])('%s', async (pipeline, ids) => {
    expect(await column(`* | ${pipeline}`, 'id')).toEqual(ids);
  });

  test('rows with all fields of the log, as a search gives them', async () => {
    const { rows } = await world.query("* | where id = '1'");
    expect(rows).toEqual((await world.query('id = 1')).rows);
  });

  test('only what the search finds', async () => {
    expect(await column("id > 2 | where status = '200'", 'id')).toEqual(['4', '5']);
    expect(await column("Method:get | where status = '200'", 'id')).toEqual(['1', '5']);
  });
});

/** [pipeline, row of the log with this id]. */
describe('fields of a row', () => {
  test.each<readonly [string, string, Row]>([
    // extend
    ["extend a=1, b='x' | project a, b", '1', { a: '1', b: 'x' }],
    ['extend a=1, b=a+1, a=b+1 | project a, b', '1', { a: '3', b: '2' }],
    ['extend a=cast(status as double)/3 | project a', '1', { a: '66.66666666666667' }],
    ['extend Method=lower(method) | project method', '1', { Method: 'get' }],
    ["extend METHOD='x' | project id, METHOD", '1', { id: '1', Method: 'x' }],
    ['extend a=nowhere | project id, a', '1', { id: '1' }],
    ["extend a='null' | project a", '1', { a: 'null' }],
    ["extend a='' | project a", '1', { a: '' }],
    ["extend a=split(kv, '&') | project a", '1', { a: '["k1=v1","k2=v2","k1=v3"]' }],
    ["extend a=concat(method, '-', status) | project a", '1', { a: 'GET-200' }],
    ["extend a=if(status = '200', 1) | project a", '1', { a: '1' }],
    ['extend a=7/2, b=1.5, c=2.0e7 | project a, b, c', '1', { a: '3', b: '1.5', c: '2.0E7' }],
    [`extend t=from_unixtime(__time__) | project t`, '1', { t: '2024-05-20 08:00:00.000' }],
    ['extend by=\'x\' | project "by"', '1', { by: 'x' }],
    ["extend user='u', a=concat(user, '!') | project user, a", '1', { user: 'u', a: 'u!' }],
    ['extend a=user | project id, a', '1', { id: '1' }],
    // project
    ['project status, id', '1', { status: '200', id: '1' }],
    ['project s=status, m=Method', '1', { s: '200', m: 'GET' }],
    ['project "__tag__:__path__"', '1', { '__tag__:__path__': '/var/a.log' }],
    ['project status, "odd name"=id', '1', { status: '200', 'odd name': '1' }],
    ['project STATUS=status', '1', { status: '200' }],
    ['project id=status, status=id', '1', { id: '200', status: '1' }],
    ['project -wildcard "m*"', '2', { msg: 'no match here', mdc_a: 'A', mdc_b: 'B' }],
    ['project -wildcard "mdc_*", \'*tus\'', '2', { status: '500', mdc_a: 'A', mdc_b: 'B' }],
    ["extend mine='x' | project -wildcard 'm*e', 'mdc_a'", '2', { mine: 'x', mdc_a: 'A' }],
    ["project -wildcard 'm?c_*'", '2', {}],
    // project-away
    [
      'project-away json, csv, kv, msg, mdc_a',
      '2',
      { id: '2', Method: 'POST', status: '500', mdc_b: 'B' },
    ],
    ['project-away -wildcard "mdc*", "*s*", kv', '2', { id: '2', Method: 'POST' }],
    [
      'project-away -wildcard "__tag__:*", json, kv, csv, msg',
      '1',
      { id: '1', Method: 'GET', status: '200' },
    ],
    ['project id, status, kv | project-away kv', '1', { id: '1', status: '200' }],
    ['project id, status | project-away -wildcard "s*"', '1', { id: '1' }],
    ['project-away id | extend id=status | project id', '1', { id: '200' }],
    // project-rename
    ['project id, status | project-rename s=status', '1', { id: '1', s: '200' }],
    [
      'project id, status, kv | project-rename status=kv',
      '1',
      { id: '1', status: 'k1=v1&k2=v2&k1=v3' },
    ],
    [
      'project-rename s=status, m=mdc_a | project-away json, csv, kv, msg',
      '2',
      { id: '2', Method: 'POST', s: '500', m: 'A', mdc_b: 'B' },
    ],
    // parse-regexp
    [
      "parse-regexp msg, 'user=(\\w+) cost=(\\d+)' as user, cost | project user, cost",
      '1',
      { user: 'ann', cost: '5' },
    ],
    ["parse-regexp msg, 'user=(\\w+)' as user | project id, user", '2', { id: '2' }],
    ["parse-regexp msg, 'user=(\\w+)' as status | project status", '2', { status: '500' }],
    ["parse-regexp msg, 'user=(\\w+)' as status | project status", '1', { status: 'ann' }],
    [
      "parse-regexp msg, '(?:user)=(?P<u>\\w+) cost=([0-9)(]+)' as u, c | project u, c",
      '1',
      { u: 'ann', c: '5' },
    ],
    ["parse-regexp nowhere, '(a)' as x | project id, x", '1', { id: '1' }],
    // parse-json
    ['parse-json json | project a, b, d, n', '1', { a: '1', b: '{"c":[1,2]}', d: 'x' }],
    ['parse-json json | project big', '1', { big: '12345678901234567890' }],
    ["parse-json -path='$.b' json | project c", '1', { c: '[1,2]' }],
    ["parse-json -prefix='p_' json | project p_a, a, p_d", '1', { p_a: '1', p_d: 'x' }],
    ["parse-json -prefix='j.' -path='$.p' json | project \"j.q\"", '5', { 'j.q': '7' }],
    ['parse-json json | project id, a', '2', { id: '2' }],
    ['parse-json json | project id, a', '3', { id: '3' }],
    ['parse-json json | project Method', '5', { Method: 'J' }],
    [
      'project id, json | parse-json json | project-away json',
      '1',
      { id: '1', a: '1', b: '{"c":[1,2]}', d: 'x', big: '12345678901234567890' },
    ],
    [
      'parse-json json | project-away -wildcard "*s*", "b*", kv, "__*"',
      '1',
      { id: '1', Method: 'GET', a: '1', d: 'x' },
    ],
    ['parse-json json | extend e=cast(a as bigint)+1 | project e', '1', { e: '2' }],
    ["parse-json json | parse-json -prefix='b_' b | project b_c", '1', { b_c: '[1,2]' }],
    // parse-csv
    ['parse-csv csv as a, b, c | project a, b, c', '1', { a: 'x', b: 'y, z', c: 'w' }],
    ['parse-csv csv as a, b | project a, b', '2', { a: 'only' }],
    ["parse-csv -delim='=' msg as a, b | project a, b", '1', { a: 'user', b: 'ann cost' }],
    ["parse-csv -delim='=c' msg as a, b | project a, b", '2', { a: 'no match here' }],
    ['parse-csv csv as a, status | project a, status', '2', { a: 'only', status: '500' }],
    // parse-kv
    ["parse-kv kv, '&', '=' | project k1, k2", '1', { k1: 'v3', k2: 'v2' }],
    ["parse-kv kv, '&', '=' | project k1, bad", '2', { k1: 'v9' }],
    ["parse-kv -prefix='q_' kv, '&', '=' | project q_k2, k2", '1', { q_k2: 'v2' }],
    ["parse-kv -delims msg, ' ;', '=:' | project user, cost", '1', { user: 'ann', cost: '5ms' }],
    [
      "parse-kv -regexp msg, '(\\w+)=(\\w+)' | project user, cost",
      '1',
      { user: 'ann', cost: '5ms' },
    ],
    [
      "parse-kv -regexp -prefix='x_' msg, '(\\w+)=(\\w+)' | project x_user, user",
      '1',
      { x_user: 'ann' },
    ],
    [
      "project id, kv | parse-kv kv, '&', '='",
      '1',
      { id: '1', kv: 'k1=v1&k2=v2&k1=v3', k1: 'v3', k2: 'v2' },
    ],
    ["parse-kv nowhere, '&', '=' | project id", '1', { id: '1' }],
    // pack-fields
    ['project id, status | pack-fields as f', '1', { f: '{"id":"1","status":"200"}' }],
    [
      'project id, status | pack-fields -keep as f',
      '1',
      { id: '1', status: '200', f: '{"id":"1","status":"200"}' },
    ],
    [
      "project id, status, mdc_a, mdc_b | pack-fields -include='mdc_.*' as f",
      '2',
      { id: '2', status: '500', f: '{"mdc_a":"A","mdc_b":"B"}' },
    ],
    [
      "project id, status, mdc_a, mdc_b | pack-fields -exclude='mdc_.*' as f",
      '2',
      { mdc_a: 'A', mdc_b: 'B', f: '{"id":"2","status":"500"}' },
    ],
    [
      "project-away json, csv, kv, msg | pack-fields -include='mdc_.*' -ltrim='mdc_' as mdc",
      '2',
      { id: '2', Method: 'POST', status: '500', mdc: '{"a":"A","b":"B"}' },
    ],
    [
      "project-away json, csv, kv, msg | pack-fields -include='mdc_.*' -keep as mdc | project mdc_b, mdc",
      '2',
      { mdc_b: 'B', mdc: '{"mdc_a":"A","mdc_b":"B"}' },
    ],
    [
      "pack-fields -exclude='__.*|json|csv|kv|msg' as f | project f",
      '1',
      { f: '{"Method":"GET","id":"1","status":"200"}' },
    ],
    [
      "project json | parse-json json | pack-fields -exclude='json|b.*' as f | project f",
      '1',
      { f: '{"a":"1","d":"x"}' },
    ],
    ["project id | pack-fields -include='none' as f", '1', { id: '1', f: '{}' }],
  ])('%s (log %s)', async (pipeline, id, row) => {
    const found = await rowsOf(`id = ${id} | ${pipeline}`);
    const sorted = found.map(({ f, ...rest }) => ({
      ...rest,
      ...(f === undefined ? {} : { f: sortedText(f) }),
    }));
    expect(sorted).toEqual([row]);
  });
});

/** Members of a JSON object in the order of their names, which has no meaning. */
function sortedText(json: string): string {
  const members = Object.entries(JSON.parse(json) as Row);
  return JSON.stringify(Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1))));
}

describe('rows of many logs', () => {
  test.each<readonly [string, readonly (readonly string[])[]]>([
    ['stats n=count(*)', [['5']]],
    ["where status = '200' | stats n=count(*)", [['3']]],
    ['stats n=count(*), m=count(msg)', [['5', '3']]],
    [
      'stats n=count(*) by status | sort status',
      [
        ['200', '3'],
        ['404', '1'],
        ['500', '1'],
      ],
    ],
    [
      'stats n=count(*) by status | sort n desc, status desc',
      [
        ['200', '3'],
        ['500', '1'],
        ['404', '1'],
      ],
    ],
    [
      'stats n=count(*) by status, Method | sort status, method',
      [
        ['200', 'GET', '2'],
        ['200', 'PUT', '1'],
        ['404', 'GET', '1'],
        ['500', 'POST', '1'],
      ],
    ],
    ['stats s=sum(cast(id as bigint)), a=avg(cast(id as bigint))', [['15', '3.0']]],
    [
      'stats m=max(status), d=approx_distinct(method) by Method | sort Method | limit 1',
      [['GET', '404', '1']],
    ],
    ["stats n=count_if(status = '200') / count(*)", [['0']]],
    ['stats n=count(*) by status | where n > 1', [['200', '3']]],
    ['stats n=count(*) by status | extend m=n*2 | project m | sort m', [['2'], ['2'], ['6']]],
    ['stats n=count(*) by status | stats k=count(*), s=sum(n)', [['3', '5']]],
    ['stats a=array_agg(status) by nowhere | project nowhere', [['null']]],
    [
      "parse-regexp msg, 'user=(\\w+)' as user | stats n=count(*) by user | sort user",
      [
        ['ann', '1'],
        ['bob', '1'],
        ['null', '3'],
      ],
    ],
    ["parse-kv kv, '&', '=' | stats n=count(k1)", [['2']]],
    ['project id | limit 2', [['1'], ['2']]],
    [
      'project id, status | sort status desc, id',
      [
        ['2', '500'],
        ['3', '404'],
        ['1', '200'],
        ['4', '200'],
        ['5', '200'],
      ],
    ],
    [
      'project id, status | sort status',
      [
        ['1', '200'],
        ['4', '200'],
        ['5', '200'],
        ['3', '404'],
        ['2', '500'],
      ],
    ],
    ['project id, msg | sort msg desc | project id | limit 3', [['4'], ['1'], ['2']]],
    ['project id | sort id desc | limit 2 | sort id', [['4'], ['5']]],
    ["project id | limit 3 | where id <> '1'", [['2'], ['3']]],
    ['project id | limit 0', []],
    ['project id, status | sort status desc | project-away status | limit 2', [['2'], ['3']]],
  ])('%s', async (pipeline, rows) => {
    const result = await world.query(`* | ${pipeline}`);
    const cells = result.rows.map((row) => result.keys.map((key) => row[key]));
    expect(cells).toEqual(rows);
  });
});

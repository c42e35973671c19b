/** Statements as users write them, end to end over real segments; the rows are worked out by hand. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { IndexConfig } from '#protocol/index-config.ts';
import { QueryFixture } from '../query-fixture.ts';

/** 2024-05-20 00:00:00 in Shanghai. */
const MIDNIGHT = 1_716_134_400;
const TIMES = { fromTime: MIDNIGHT, toTime: MIDNIGHT + 300 };

let world: QueryFixture;

function keys(types: Readonly<Record<string, 'text' | 'long' | 'double'>>): IndexConfig {
  const base = { caseSensitive: false, chn: false, doc_value: true, alias: '' };
  return {
    keys: Object.fromEntries(
      Object.entries(types).map(([name, type]) => [name, { ...base, type }]),
    ),
    max_text_len: 2048,
  };
}

beforeAll(async () => {
  world = await QueryFixture.create();
  world.index = keys({
    host: 'text',
    status: 'long',
    latency: 'double',
    uri: 'text',
    nums: 'text',
    tags: 'text',
    'a.b': 'text',
  });
  const now = [
    {
      host: 'a',
      status: '200',
      latency: '0.5',
      uri: '/x',
      nums: '[1,2,3]',
      tags: '{"k":"v","z":"w"}',
    },
    { host: 'a', status: '500', latency: '1.5', uri: '/y', nums: '[4]', tags: '{"k":"u"}' },
    { host: 'b', status: '200', latency: '2.5', uri: '/x', nums: '[]', tags: '{}' },
    { host: 'b', status: '404', latency: '3.5', uri: '/z' },
  ];
  const seconds = [5, 65, 70, 245];
  await world.add(now.map((log, i) => ({ __time__: MIDNIGHT + (seconds[i] ?? 0), ...log })));
  const dayBefore = MIDNIGHT - 86_400;
  await world.add([
    { __time__: dayBefore + 6, host: 'a', status: '200', latency: '0.1', uri: '/x' },
    { __time__: dayBefore + 66, host: 'b', status: '200', latency: '0.1', uri: '/x' },
    { __time__: dayBefore + 67, host: 'b', status: '200', latency: '0.1', uri: '/x' },
  ]);
  await world.addLogstore('other', keys({ host: 'text', owner: 'text' }), [
    { __time__: MIDNIGHT + 1, host: 'a', owner: 'ann' },
    { __time__: MIDNIGHT + 2, host: 'c', owner: 'cid' },
  ]);
});
afterAll(() => world[Symbol.asyncDispose]());

type Statement = readonly [sql: string, rows: readonly (readonly string[])[]];

const SERIES =
  "select time_series(__time__, '1m', '%H:%i', '?') as t, count(*) as c from log group by t order by t";

const RELATIONS: readonly Statement[] = [
  [
    'select l.host, owner from log l join other o on l.host = o.host',
    [
      ['a', 'ann'],
      ['a', 'ann'],
    ],
  ],
  [
    'select l.host, o.owner from store l left join OTHER o on l.host = o.host and l.status = 500 order by l.__time__',
    [
      ['a', 'null'],
      ['a', 'ann'],
      ['b', 'null'],
      ['b', 'null'],
    ],
  ],
  ['select host, count(*) from log join other using (host) group by host', [['a', '2']]],
  [
    'select count(*) from log t where exists (select 1 from other o where o.host = t.host)',
    [['2']],
  ],
  [
    'select host, (select max(owner) from other o where o.host = t.host) from log t order by __time__ limit 3',
    [
      ['a', 'ann'],
      ['a', 'ann'],
      ['b', 'null'],
    ],
  ],
  ['select host from log union select host from other order by host', [['a'], ['b'], ['c']]],
  [
    'select host from log union all select host from other intersect select host from other order by 1',
    [['a'], ['a'], ['a'], ['b'], ['b'], ['c']],
  ],
  [
    "(select host from log except select host from other) union select 'z' from log order by 1",
    [['b'], ['z']],
  ],
  [
    '(select host from log order by host limit 1) union all (select host from other order by host desc limit 1)',
    [['a'], ['c']],
  ],
  [
    'select x, y from (select 1 as x from log limit 1) a full join (select 2 as y from log limit 1) b on x = y order by x',
    [
      ['1', 'null'],
      ['null', '2'],
    ],
  ],
  [
    "select array_join(transform(split(uri, '/'), x -> upper(x)), '+') as u, count(*) from log where uri = '/x' group by array_join(transform(split(uri, '/'), x -> upper(x)), '+') order by array_join(transform(split(uri, '/'), x -> upper(x)), '+')",
    [['+X', '2']],
  ],
  [
    'select a.host, b.uri, c.owner from log a cross join log b left join other c on a.host = c.host where a.status = 500 and b.status = 404',
    [['a', '/z', 'ann']],
  ],
  [
    'select x.uri from log x, log y where x.uri = y.uri and x.host <> y.host order by x.host',
    [['/x'], ['/x']],
  ],
  [
    'with a as (select host, count(*) as c from log group by host), b as (select max(c) as m from a) select a.host from a, b where a.c = b.m order by host',
    [['a'], ['b']],
  ],
  ['with log as (select 1 as one from log) select one from log limit 1', [['1']]],
  ['with t(h, n) as (select host, status from log) select h from t where n = 404', [['b']]],
  ['select sum(c) from (select host, count(*) as c from log group by host)', [['4']]],
  ['select count(*) from (values (1, 2), (3, 4)) as t(a, b) where b > a', [['2']]],
  ['select t.a from log as t(a, b, c) order by a limit 1', [[String(MIDNIGHT + 5)]]],
  ['select host, uri from log where status in (select max(status) from log)', [['a', '/y']]],
  ['select count(*) from log tablesample bernoulli(100)', [['4']]],
];

const SPECIAL: readonly Statement[] = [
  [
    'select compare(pv, 86400) from (select count(*) as pv from log)',
    [['[4.0,3.0,1.3333333333333333]']],
  ],
  [
    'with q as (select count(*) as pv from log) select compare(pv, 86400) from q',
    [['[4.0,3.0,1.3333333333333333]']],
  ],
  [
    'with l as (select * from log), q as (select count(*) as pv from l) select compare(pv, 86400) from q',
    [['[4.0,3.0,1.3333333333333333]']],
  ],
  [
    'select compare(pv, 86400, 172800) from (select count(*) as pv from log)',
    [['[4.0,3.0,0.0,1.3333333333333333,null]']],
  ],
  [
    'select h, compare(pv, 86400) as d from (select host as h, count(*) as pv from log group by h) group by h order by h',
    [
      ['a', '[2.0,1.0,2.0]'],
      ['b', '[2.0,2.0,1.0]'],
    ],
  ],
  [
    "select t, d[2] as before from (select t, compare(pv, 86400) as d from (select date_trunc('minute', __time__) as t, count(*) as pv from log group by t order by t) group by t) order by t",
    [
      ['2024-05-20 00:00:00.000', '1.0'],
      ['2024-05-20 00:01:00.000', '2.0'],
      ['2024-05-20 00:04:00.000', 'null'],
    ],
  ],
  [
    "select t, ts_compare(pv, 86400) from (select date_trunc('hour', __time__) as t, count(*) as pv from log group by t) group by t",
    [['2024-05-20 00:00:00.000', '[4.0,3.0,1.3333333333333333,1.716048E9]']],
  ],
  [
    'select compare(c, 86400) from (select sum(m) as c from (select max(status) as m from log group by host))',
    [['[904.0,400.0,2.26]']],
  ],
  [
    SERIES.replace('?', '0'),
    [
      ['00:00', '1'],
      ['00:01', '2'],
      ['00:02', '0'],
      ['00:03', '0'],
      ['00:04', '1'],
    ],
  ],
  [
    SERIES.replace('?', 'null'),
    [
      ['00:00', '1'],
      ['00:01', '2'],
      ['00:02', 'null'],
      ['00:03', 'null'],
      ['00:04', '1'],
    ],
  ],
  [
    SERIES.replace('?', 'last'),
    [
      ['00:00', '1'],
      ['00:01', '2'],
      ['00:02', '2'],
      ['00:03', '2'],
      ['00:04', '1'],
    ],
  ],
  [
    SERIES.replace('?', 'next'),
    [
      ['00:00', '1'],
      ['00:01', '2'],
      ['00:02', '1'],
      ['00:03', '1'],
      ['00:04', '1'],
    ],
  ],
  [
    SERIES.replace('?', 'avg'),
    [
      ['00:00', '1.0'],
      ['00:01', '2.0'],
      ['00:02', '1.5'],
      ['00:03', '1.5'],
      ['00:04', '1.0'],
    ],
  ],
  [
    `${SERIES.replace('?', '0')} limit 2`,
    [
      ['00:00', '1'],
      ['00:01', '2'],
    ],
  ],
  [
    "select time_series(__time__, '2m', '%H:%i', 'last') as t, host, count(*) as c from log group by 1, 2 order by 1, 2",
    [
      ['00:00', 'a', '2'],
      ['00:00', 'b', '1'],
      ['00:02', 'a', '2'],
      ['00:02', 'b', '1'],
      ['00:04', 'a', '2'],
      ['00:04', 'b', '1'],
    ],
  ],
  [
    'select histogram_u(uri) from log',
    [
      ['/x', '2'],
      ['/y', '1'],
      ['/z', '1'],
    ],
  ],
  [
    'select "key" from (select histogram_u(host) from log) where "value" = 2 order by 1',
    [['a'], ['b']],
  ],
];

const COLLECTIONS: readonly Statement[] = [
  ['select reduce(array[1, 2, 3], 0, (s, x) -> s + x, s -> s * 10) limit 1', [['60']]],
  ["select reduce(array['a', 'bbb'], 0, (s, x) -> s + length(x), s -> s) limit 1", [['4']]],
  [
    'select reduce(array[1, 2], 0, (s, x) -> s + reduce(array[10, 20], 0, (t, y) -> t + y * x + s, t -> t), s -> s) limit 1',
    [['150']],
  ],
  [
    "select zip_with(array[1, 2], array['a', 'b'], (x, y) -> concat(y, cast(x as varchar))) limit 1",
    [['["a1","b2"]']],
  ],
  [
    "select map_filter(map(array['a', 'b'], array[1, 2]), (k, v) -> v > 1), transform_keys(map(array['a'], array[2]), (k, v) -> k || 'x') limit 1",
    [['{"b":2}', '{"ax":2}']],
  ],
  [
    "select map_zip_with(map(array['a'], array[2]), map(array['a', 'b'], array[3, 4]), (k, x, y) -> coalesce(x, 0) + y) limit 1",
    [['{"a":5,"b":4}']],
  ],
  [
    'select array_sort(array[3, 1, 2], (x, y) -> if(x < y, 1, if(x = y, 0, -1))) limit 1',
    [['[3,2,1]']],
  ],
  [
    'select any_match(array[1, 2], x -> x > 1), all_match(array[1, 2], x -> x > 1), none_match(array[1], x -> x > 1) limit 1',
    [['true', 'false', 'true']],
  ],
  ['select filter(array[1, 2], status -> status > 1) from log limit 1', [['[2]']]],
  ['select transform(array[1], x -> x + status) from log where status = 404', [['[405]']]],
  [
    'select host, k, v from log cross join unnest(cast(json_parse(tags) as map(varchar, varchar))) as t(k, v) order by k desc, v',
    [
      ['a', 'z', 'w'],
      ['a', 'k', 'u'],
      ['a', 'k', 'v'],
    ],
  ],
  [
    `select a, b from log, unnest(cast(json_parse('[{"p":1,"q":"x"}]') as array(row(p bigint, q varchar)))) as t(a, b) limit 1`,
    [['1', 'x']],
  ],
  [
    "select a, b, o from (values (1)) as v(x), unnest(array[row(1, 'x'), row(2, 'y')]) with ordinality as t(a, b, o) order by a",
    [
      ['1', 'x', '1'],
      ['2', 'y', '2'],
    ],
  ],
  [
    'select a, b, o from (values (1)) as v(x), unnest(array[7], array[8, 9]) with ordinality as t(a, b, o) order by o',
    [
      ['7', '8', '1'],
      ['null', '9', '2'],
    ],
  ],
  [
    'select n, o from log, unnest(cast(json_parse(nums) as array(bigint))) with ordinality as t(n, o) order by n',
    [
      ['1', '1'],
      ['2', '2'],
      ['3', '3'],
      ['4', '1'],
    ],
  ],
  [
    "select array[1] || array[2], concat(array[1], array[2]), reverse(array[1, 2]), reverse('ab') limit 1",
    [['[1,2]', '[1,2]', '[2,1]', 'ba']],
  ],
  [
    'select cardinality(c), reverse(c) from (select array_agg(status order by status) as c from log)',
    [['4', '[500,404,200,200]']],
  ],
  [
    "with t as (select histogram(host) as m from log) select cardinality(m), m['a'], element_at(m, 'zz') from t",
    [['2', '2', 'null']],
  ],
  [
    "select cast(row(1, array[map(array['a'], array[2])]) as row(a bigint, b array(map(varchar, bigint)))) limit 1",
    [['{"a":1,"b":[{"a":2}]}']],
  ],
  [
    "select r.b from (select cast(row(1, 'x') as row(a bigint, b varchar)) as r from log) limit 1",
    [['x']],
  ],
  [
    "select typeof(1), typeof('a'), typeof(1.5), typeof(array[1]), typeof(map(array['a'], array[1])), typeof(null) limit 1",
    [['bigint', 'varchar', 'double', 'array(bigint)', 'map(varchar, bigint)', 'unknown']],
  ],
  [
    'select max(latency, 2), min_by(host, latency), max_by(host, latency, 2) from log',
    [['[3.5,2.5]', 'a', '["b","b"]']],
  ],
];

const GROUPS: readonly Statement[] = [
  ['select length(uri) as uri, count(*) from log group by uri', [['2', '4']]],
  [
    "select case when status > 300 then 'bad' else 'ok' end as status, count(*) from log group by status order by status",
    [
      ['bad', '2'],
      ['ok', '2'],
    ],
  ],
  [
    'select upper(host) as h, count(*) from log group by cube(h) order by h',
    [
      ['A', '2'],
      ['B', '2'],
      ['null', '4'],
    ],
  ],
  [
    'select host, status, count(*) c, grouping(host) g from log group by grouping sets ((host), (status), ()) order by g, host, status',
    [
      ['a', 'null', '2', '0'],
      ['b', 'null', '2', '0'],
      ['null', '200', '2', '1'],
      ['null', '404', '1', '1'],
      ['null', '500', '1', '1'],
      ['null', 'null', '4', '1'],
    ],
  ],
  [
    'select host, status, count(*) from log group by rollup(host, status) having count(*) > 1 order by host',
    [
      ['a', 'null', '2'],
      ['b', 'null', '2'],
      ['null', 'null', '4'],
    ],
  ],
  [
    'select host, sum(status) as s from log group by host having s > 650 order by -s',
    [['a', '700']],
  ],
  [
    'select host as "Host Name", count(*) as n from log group by "Host Name" order by n desc, "Host Name"',
    [
      ['a', '2'],
      ['b', '2'],
    ],
  ],
  [
    'select HOST, count(*) from LOG group by Host order by hOST',
    [
      ['a', '2'],
      ['b', '2'],
    ],
  ],
  ['select distinct uri from log order by uri limit all', [['/x'], ['/y'], ['/z']]],
  [
    "select host, array_sort(set_agg(uri) over (partition by host)) from log where host = 'a' order by __time__ limit 1",
    [['a', '["/x","/y"]']],
  ],
  [
    'select map_agg(uri, status) over (partition by host) from log order by __time__ limit 1',
    [['{"/x":200,"/y":500}']],
  ],
  [
    'select status, lag(status) ignore nulls over (order by __time__) from log order by __time__',
    [
      ['200', 'null'],
      ['500', '200'],
      ['200', '500'],
      ['404', '200'],
    ],
  ],
  [
    'select rank() over (partition by host order by status desc), sum(status) over (order by __time__ rows between 1 preceding and current row) from log order by __time__',
    [
      ['2', '200'],
      ['1', '700'],
      ['2', '700'],
      ['1', '604'],
    ],
  ],
  ['select ntile(2) over w from log window w as (order by __time__)', [['1'], ['1'], ['2'], ['2']]],
  ['select approx_distinct(host) over () from log limit 1', [['2']]],
  [
    'select host, try(cast(max(uri) as bigint)) as x, count(*) as c from log group by host having count(*) > 1 order by host',
    [
      ['a', 'null', '2'],
      ['b', 'null', '2'],
    ],
  ],
  [
    'select try(cast(lag(uri) over (order by __time__) as bigint)) from log',
    [['null'], ['null'], ['null'], ['null']],
  ],
  ['select max_by(host, latency) filter (where status = 200) from log', [['b']]],
];

const VALUES: readonly Statement[] = [
  [
    "select if(status > 300, 'bad') from log order by __time__",
    [['null'], ['bad'], ['null'], ['bad']],
  ],
  [
    'select cast(2.5 as bigint), cast(-2.5 as bigint), cast(latency as bigint) from log where status = 404',
    [['3', '-3', '4']],
  ],
  [
    "select date '2024-03-31' - interval '1' month, date('2024-01-01') + interval '1' day limit 1",
    [['2024-02-29', '2024-01-02']],
  ],
  ['select 7 / 2, 7.0 / 2, 7 % 4, -7 / 2 limit 1', [['3', '3.5', '3', '-3']]],
  [
    "select greatest(1, null), least(2, 1), concat('a', null), nullif(1, 1), coalesce(null, 'x') limit 1",
    [['null', '1', 'null', 'null', 'x']],
  ],
  [
    'select random(10) < 10, random() < 1, now() > from_unixtime(0), current_date = date(now()) limit 1',
    [['true', 'true', 'true', 'true']],
  ],
  ['select __date__ from log order by 1 limit 1', [['2024-05-20 00:00:05.000']]],
  ["select count(*) from log where __date__ >= '2024-05-20 00:01:00'", [['3']]],
  [
    "select date_format(max(__time__), '%Y-%m-%d'), extract(minute from max(__time__)), day_of_week(min(__time__)) from log",
    [['2024-05-20', '4', '1']],
  ],
  [
    "select date_add('day', -7, __time__), date_diff('minute', __time__, __time__ + 600) from log order by __time__ limit 1",
    [['2024-05-13 00:00:05.000', '10']],
  ],
  ["select to_unixtime(date_trunc('day', min(__time__))) from log", [['1.7161344E9']]],
  ['select "a.b", count("a.b") from log group by "a.b"', [['null', '0']]],
  [
    "select json_extract_scalar(tags, '$.k') as k, count(*) from log group by k order by k",
    [
      ['u', '1'],
      ['v', '1'],
      ['null', '2'],
    ],
  ],
  [
    "select /* a 'comment' /* is not nested */ host -- and a line of it\n from log where status = 404",
    [['b']],
  ],
  ['select host from log order by latency desc limit 1, 2', [['b'], ['a']]],
  [
    "select sum(status) from log where latency between 0.5 and 2 and uri like '/%' and host is not null",
    [['700']],
  ],
  ["select 'it''s', \"host\" from log where status = 404;", [["it's", 'b']]],
  ["set session parallel_sql=true; select count(*) from log where status = '200'", [['2']]],
  [
    'select x, x * 2 from (select status as x from log) where x > 200 order by x',
    [
      ['404', '808'],
      ['500', '1000'],
    ],
  ],
];

test.each([...RELATIONS, ...SPECIAL, ...COLLECTIONS, ...GROUPS, ...VALUES])(
  '%s',
  async (sql, rows) => {
    expect(await world.cells(`* | ${sql}`, TIMES)).toEqual(rows);
  },
);

test('a star over joined logstores has what was merged first, and never an alias', async () => {
  const { keys: columns } = await world.query(
    '* | select * from other o join other p using (host)',
    TIMES,
  );
  expect(columns.slice(0, 4)).toEqual(['host', '__time__', '__source__', '__topic__']);
});

test('a search is of the logstore of the request alone', async () => {
  const sql = 'select count(*) from log union all select count(*) from other';
  const counts = await world.cells(`status: 200 | ${sql} order by 1`, TIMES);
  expect(counts).toEqual([['2'], ['2']]);
});

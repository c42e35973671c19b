/** Every function of the catalogue through the whole way: translation, DuckDB in its process, text of the cell. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { QueryFixture } from '../query-fixture.ts';
import type { DataFileOptions } from '../udf/data-files.ts';
import { writeMmdb } from '../udf/mmdb-writer.ts';
import { CATALOGUE } from './catalogue/catalogue.ts';
import { functionsPage } from './catalogue/functions-page.ts';
import {
  ALLOWED_FUNCTIONS,
  REWRITTEN_FUNCTIONS,
  SYNTAX_FUNCTIONS,
  UNPLANNED_FUNCTIONS,
} from './functions.ts';

let world: QueryFixture;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-lookups-'));
  world = await QueryFixture.create({ dataFiles: await writeDataFiles(directory) });
  const text = { caseSensitive: false, chn: false, doc_value: true, alias: '' };
  world.index = {
    keys: { k: { ...text, type: 'text' }, x: { ...text, type: 'long' } },
    max_text_len: 2048,
    log_reduce: true,
  };
  const rows = { a: '1', b: '2', c: '10' };
  const logs = Object.entries(rows).map(([k, x], i) => ({ __time__: 1_592_374_067 + i, k, x }));
  await world.add([...logs, { __time__: 1_592_374_068, k: 'b', x: '2' }]);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

/** What the examples of the reference find. */
async function writeDataFiles(folder: string): Promise<DataFileOptions> {
  const [ipDatabase, threatList, phoneDatabase] = ['ip.mmdb', 'threats.txt', 'phones.csv'].map(
    (name) => join(folder, name),
  ) as [string, string, string];
  await writeFile(
    ipDatabase,
    writeMmdb(
      {
        '1.2.3.0/24': {
          country: { iso_code: 'CN', names: { en: 'China', 'zh-CN': '中国' } },
          subdivisions: [{ names: { en: 'Zhejiang', 'zh-CN': '浙江省' } }],
          city: { names: { en: 'Hangzhou', 'zh-CN': '杭州' } },
          location: { latitude: 30.25, longitude: 120.5 },
          isp: 'Example Telecom',
        },
        '2001:db8::/32': {
          country: { iso_code: 'DE', names: { en: 'Germany', 'zh-CN': '德国' } },
          subdivisions: [{ names: { en: 'Bavaria' } }],
          location: { latitude: 48.1, longitude: 11.5 },
          isp: 'Example Net',
        },
      },
      { databaseType: 'Test' },
    ),
  );
  await writeFile(threatList, '203.0.113.0/24\nevil.example\nhttp://bad.example/x\n');
  await writeFile(phoneDatabase, '1380000,北京,北京,中国移动\n');
  return { ipDatabases: [ipDatabase], threatList, phoneDatabase };
}

async function value(expression: string): Promise<string | undefined> {
  const from = / from \(/.test(expression) ? '' : 'from log';
  const [row] = await world.cells(`* | select ${expression} ${from} limit 1`);
  return row?.[0];
}

const EXAMPLES = CATALOGUE.flatMap(({ entries }) =>
  entries.flatMap(({ example }) => (example === undefined ? [] : [[example.sql, example.value]])),
);

describe('examples of the reference', () => {
  test.each(EXAMPLES)('%s is %s', async (sql, wanted) => {
    expect(await value(sql ?? '')).toBe(wanted);
  });

  /** After a change of the catalogue: `vitest run src/query/sql/function-catalogue.worker.test.ts -u`. */
  test('the page of the reference is the catalogue', async () => {
    const path = join(import.meta.dirname, '../../../docs/reference/sql-functions.md');
    await expect(functionsPage()).toMatchFileSnapshot(path);
  });

  test('every function that may be called is on the page', () => {
    const page = functionsPage();
    const unnamed = [...ALLOWED_FUNCTIONS, ...REWRITTEN_FUNCTIONS].filter(
      (name) => !SYNTAX_FUNCTIONS.has(name) && !page.toLowerCase().includes(`\`${name}(`),
    );
    expect(unnamed).toEqual([]);
  });

  test('nearly all functions have one', () => {
    const without = CATALOGUE.flatMap(({ entries }) => entries).filter(({ example }) => !example);
    expect(without.flatMap(({ names }) => names).length).toBeLessThanOrEqual(4);
  });
});

describe('text', () => {
  test.each([
    ["length('a😀é')", '3'],
    ['length(null)', 'null'],
    ["length('')", '0'],
    ["upper('äé')", 'ÄÉ'],
    ["reverse('日志')", '志日'],
    ['reverse(null)', 'null'],
    ["concat('a', null)", 'null'],
    ["concat('a', 'b', 'c')", 'abc'],
    ["concat_ws(',', '', 'b')", ',b'],
    ["lpad('abc', 2, 'x')", 'ab'],
    ["rpad('日', 3, '志')", '日志志'],
    ["split('', ',')", '[""]'],
    ["split('a,b,c', ',', 1)", '["a,b,c"]'],
    ["split('a,b,c', ',', 9)", '["a","b","c"]'],
    ["split(null, ',')", 'null'],
    ["split('日，志', '，')", '["日","志"]'],
    ["split_part('a,b', ',', 3)", 'null'],
    ["split_part('a,,b', ',', 2)", ''],
    ["split_part(null, ',', 1)", 'null'],
    ["split_to_map('a=1&a=2&b', '&', '=')", '{"a":"2","b":""}'],
    ["split_to_map('', '&', '=')", '{}'],
    ["split_to_map(null, '&', '=')", 'null'],
    ["split_to_multimap('a=1=2&b=&a=3', '&', '=')", '{"a":["1=2","3"],"b":[""]}'],
    ["substr('hello', 0)", ''],
    ["substr('hello', 9)", ''],
    ["substr('hello', 2, -1)", ''],
    ["substr('hello', -9)", 'hello'],
    ["substr('日志服务', 2, 2)", '志服'],
    ["strpos('abc', '')", '1'],
    ["strpos('abc', 'z')", '0'],
    ["position('志' in '日志')", '2'],
    ["replace('abc', '')", 'abc'],
    ["replace('aaa', 'a', 'bb')", 'bbbbbb'],
    ["translate('abc', 'abc', 'x')", 'x'],
    ["starts_with('abc', '')", 'true'],
    ["levenshtein_distance('', 'abc')", '3'],
    ["from_utf8(from_hex('E697A5'))", '日'],
    ["codepoint('😀')", '128512'],
    ['chr(26085)', '日'],
    ["trim('')", ''],
    ["regexp_extract('abc', 'z')", 'null'],
    ["regexp_extract('a1b2', '([a-z])(\\d)', 2)", '1'],
    ["regexp_extract_all('abc', 'z')", '[]'],
    ["regexp_extract_all('a1b2', '([a-z])(\\d)', 1)", '["a","b"]'],
    ["regexp_replace('日1志2', '\\d')", '日志'],
    ["regexp_replace('ab', '(a)(b)', '$2$1')", 'ba'],
    ["regexp_like(null, 'a')", 'null'],
    ["regexp_like('ABC', '(?i)b')", 'true'],
    ["regexp_count('aaa', 'a')", '3'],
  ])('%s is %s', async (sql, wanted) => {
    expect(await value(sql)).toBe(wanted);
  });
});

describe('JSON and URL', () => {
  test.each([
    ["json_extract('{bad', '$.a')", 'null'],
    ["json_extract_scalar('{bad', '$.a')", 'null'],
    ["json_extract_scalar('{\"a\":{}}', '$.a')", 'null'],
    ["json_extract_scalar('{\"a\":null}', '$.a')", 'null'],
    ['json_extract_scalar(\'{"a.b":true}\', \'$["a.b"]\')', 'true'],
    ["json_extract_scalar(null, '$.a')", 'null'],
    ['json_extract(\'{"日":"志"}\', \'$.日\')', '"志"'],
    ["json_array_get('[1]', 5)", 'null'],
    ["json_array_get('{}', 0)", 'null'],
    ["json_array_length('{}')", 'null'],
    ["json_array_length('nonsense')", 'null'],
    ["json_array_contains('[\"a\"]', 'a')", 'true'],
    ["json_array_contains('[1]', 'x')", 'false'],
    ['json_size(\'{"a":1,"b":2}\', \'$\')', '2'],
    ["json_size('{\"a\":1}', '$.a')", '0'],
    ["json_size('{\"a\":1}', '$.b')", 'null'],
    ["is_json_scalar('[1]')", 'false'],
    ["is_json_scalar('bad')", 'null'],
    ["url_extract_host('not a url')", ''],
    ["url_extract_port('http://a.com')", 'null'],
    ["url_extract_query('http://a.com')", ''],
    ["url_extract_parameter('http://a/p?x=1', 'y')", 'null'],
    ["url_extract_parameter('http://a/p?x', 'x')", ''],
    ["url_extract_parameter('http://a/p?x=1&x=2', 'x')", '1'],
    ["url_encode('日~*-._')", '%E6%97%A5%7E*-._'],
    ["url_decode('%E6%97%A5+x')", '日 x'],
    ['url_extract_protocol(null)', 'null'],
  ])('%s is %s', async (sql, wanted) => {
    expect(await value(sql)).toBe(wanted);
  });
});

describe('time', () => {
  test.each([
    ["date_format(1592374067, concat('%Y', '/%c/%e %k:%i:%S.%f'))", '2020/6/17 14:07:47.000000'],
    ["date_format(1592374067, concat('%', 'M %W %b %a %y %j'))", 'June Wednesday Jun Wed 20 169'],
    ["date_format(1592374067, concat('%', 'r|%T|%l|%h|%p'))", '02:07:47 PM|14:07:47|2|02|PM'],
    ["date_format(1592374067, concat('%', 'x-%v %V %w %% %q %'))", '2020-25 24 3 % q %'],
    ["date_format(1592374067, '%x-%v %V %w %% %q %')", '2020-25 24 3 % q %'],
    ["date_format(1609430400, concat('%x', '-%v'))", '2020-53'],
    ["date_format(1609430400, '%x-%v')", '2020-53'],
    ["date_format(-62135625600, concat('%Y', ''))", '0001'],
    ["date_format(null, '%Y')", 'null'],
    ['date_format(1592374067, cast(null as varchar))', 'null'],
    [
      "date_parse('2020-06-17 02:07:47 pm', concat('%Y-%m-%d ', '%h:%i:%s %p'))",
      '2020-06-17 14:07:47.000',
    ],
    ["date_parse('2020 169', concat('%Y', ' %j'))", '2020-06-17 00:00:00.000'],
    ["date_parse('1 jun 99', concat('%e ', '%b %y'))", '1999-06-01 00:00:00.000'],
    ["date_parse('10:20:30.5', concat('%T', '.%f'))", '1970-01-01 10:20:30.500'],
    ["date_parse(null, concat('%Y', ''))", 'null'],
    ["try(date_parse('2020-13-01', concat('%Y', '-%m-%d')))", 'null'],
    ["try(date_parse('2020-02-30', concat('%Y', '-%m-%d')))", 'null'],
    ["date_trunc('month', 1592374067)", '2020-06-01 00:00:00.000'],
    ["date_trunc('quarter', 1592374067)", '2020-04-01 00:00:00.000'],
    ["date_add('month', 1, date_parse('2020-01-31', '%Y-%m-%d'))", '2020-02-29 00:00:00.000'],
    ["date_add('quarter', -1, 1592374067)", '2020-03-17 14:07:47.000'],
    ["date_diff('hour', 1592374067, 1592370000)", '-1'],
    ["date_diff('month', '2024-01-31', '2024-02-28')", '0'],
    ['day_of_week(from_unixtime(1592697600))', '7'],
    ['to_unixtime(null)', 'null'],
    ['from_unixtime(-1)', '1970-01-01 07:59:59.000'],
    ['from_unixtime(1592374067.5)', '2020-06-17 14:07:47.500'],
    ["from_unixtime(1592374067) + interval '2' day", '2020-06-19 14:07:47.000'],
    ['extract(hour from from_unixtime(1592374067))', '14'],
  ])('%s is %s', async (sql, wanted) => {
    expect(await value(sql)).toBe(wanted);
  });
});

describe('numbers', () => {
  test.each([
    ['round(2.5)', '3.0'],
    ['round(0.5)', '1.0'],
    ['round(-0.5)', '-1.0'],
    ['round(7)', '7'],
    ['round(123.456, -1)', '120.0'],
    ['round(2.345, 2)', '2.35'],
    ['round(nan())', 'NaN'],
    ['round(cast(null as double))', 'null'],
    ['truncate(-3.987)', '-3.0'],
    ['truncate(-3.987, 1)', '-3.9'],
    ['truncate(1234.5, -2)', '1200.0'],
    ['ceil(-0.5)', '-0.0'],
    ['floor(5)', '5'],
    ['sqrt(-1)', 'NaN'],
    ['ln(0)', '-Infinity'],
    ['ln(-1)', 'NaN'],
    ['log10(0)', '-Infinity'],
    ['log2(-2)', 'NaN'],
    ['acos(2)', 'NaN'],
    ['asin(null)', 'null'],
    ['power(10, 400)', 'Infinity'],
    ['sign(-2.5)', '-1.0'],
    ['mod(7, -3)', '1'],
    ['mod(5.5, 2)', '1.5'],
    ['7 / 2', '3'],
    ['-7 / 2', '-3'],
    ['7.0 / 2', '3.5'],
    ['1 / 0', 'null'],
    ['is_nan(null)', 'null'],
    ['is_infinite(-infinity())', 'true'],
    ['is_finite(nan())', 'false'],
    ['to_base(-255, 16)', '-ff'],
    ['to_base(0, 2)', '0'],
    ['to_base(9223372036854775807, 36)', '1y2p0ij32e8e7'],
    ["from_base('-7FFFFFFFFFFFFFFF', 16)", '-9223372036854775807'],
    ["from_base('000000000000000000000000000000000000000000000000000000000000000000001', 2)", '1'],
    ['from_base(null, 16)', 'null'],
    ["try(from_base('8000000000000000', 16))", 'null'],
    ["try(from_base('12', 2))", 'null'],
    ["try(from_base('', 10))", 'null'],
    ['width_bucket(-1, 0, 10, 5)', '0'],
    ['width_bucket(10, 0, 10, 5)', '6'],
    ['width_bucket(3, 10, 0, 5)', '4'],
    ['width_bucket(5, array[])', '0'],
    ['greatest(1, null)', 'null'],
    ["least('b', 'a', 'c')", 'a'],
    ["cosine_similarity(map(array['a'], array[1.0]), map(array['b'], array[1.0]))", '0.0'],
    ["cosine_similarity(map(array['a'], array[0.0]), map(array['a'], array[1.0]))", 'null'],
    ['bitwise_left_shift(1, 64)', '0'],
    ['bitwise_left_shift(3, 63)', '-9223372036854775808'],
    ['bitwise_left_shift(-1, 1)', '-2'],
    ['bitwise_left_shift(null, 1)', 'null'],
    ['bitwise_right_shift(-1, 63)', '1'],
    ['bitwise_right_shift(5, 0)', '5'],
    ['60 * 60 * 24 * 365 * 100', '3153600000'],
    ['2147483647 + 1', '2147483648'],
    ['bit_count(9, 64)', '2'],
    ['bit_count(-1, 64)', '64'],
    ['bitwise_not(-1)', '0'],
    ['1e300 * 1e10', 'Infinity'],
  ])('%s is %s', async (sql, wanted) => {
    expect(await value(sql)).toBe(wanted);
  });
});

describe('units', () => {
  test.each([
    ["convert_data_size('1024')", '1KB'],
    ["convert_data_size('1.5MB', 'KB')", '1536KB'],
    ["convert_data_size('0B')", '0B'],
    ["convert_data_size('-2048KB')", '-2MB'],
    ['convert_data_size(null)', 'null'],
    ["convert_data_size('1024YB')", '1024YB'],
    ["format_data_size(1536, 'K')", '1.50K'],
    ["format_data_size(null, 'KB')", 'null'],
    ["parse_data_size('1G')", '1073741824'],
    ["parse_data_size('1YB')", '1208925819614629174706176'],
    ["parse_data_size('1.5kb')", '1536'],
    ["to_data_size_b('1k')", '1024.0'],
    ["to_data_size_MB('nonsense') is null or true from (select 1 from log)", undefined],
    ['format_duration(0)', '0 seconds'],
    ['format_duration(1)', '1 second'],
    ['format_duration(90061)', '1 day, 1 hour, 1 minute, 1 second'],
    ['format_duration(-60)', '-1 minute'],
    ['format_duration(864000)', '10 days'],
    ['human_readable_seconds(56363463)', '93 weeks, 1 day, 8 hours, 31 minutes, 3 seconds'],
    ['human_readable_seconds(535333.9513888889)', '6 days, 4 hours, 42 minutes, 14 seconds'],
    ["parse_duration('1.5d')", '1 12:00:00.000'],
    ["parse_duration('-90s')", '-0 00:01:30.000'],
    ['parse_duration(null)', 'null'],
    ["to_days('192848s')", '2.232037037037037'],
    ["to_seconds('1d')", '86400.0'],
    ["to_milliseconds('0.1s')", '100.0'],
    ["to_nanoseconds('1us')", '1000.0'],
    ["to_minutes(k) from (select '90s' as k from log)", '1.5'],
    ["to_most_succinct_time_unit('1000ms')", '1s'],
    ["to_most_succinct_time_unit('0s')", '0ns'],
    ["to_most_succinct_time_unit('1440m')", '1d'],
    ["to_most_succinct_time_unit('0.5us')", '500ns'],
  ])('%s is %s', async (sql, wanted) => {
    if (wanted === undefined) await expect(value(sql)).rejects.toThrow('invalid data size');
    else expect(await value(sql)).toBe(wanted);
  });
});

describe('arrays and maps', () => {
  test.each([
    ['cardinality(array[])', '0'],
    ['cardinality(map())', '0'],
    ["cardinality(split('a,b', ','))", '2'],
    ['array_distinct(array[3, null, 1, 3, null])', '[3,null,1]'],
    ["array_distinct(array['a', 'A', 'a'])", '["a","A"]'],
    ['array_distinct(array[array[1], array[1]])', '[[1]]'],
    ['array_distinct(array_distinct(array_distinct(array[1, 1])))', '[1]'],
    ['array_except(array[1, null, 2, null], array[1])', '[null,2]'],
    ['array_intersect(array[1, null, 1], array[null, 1])', '[1,null]'],
    ['array_union(array[1, null], array[null, 2])', '[1,null,2]'],
    ['arrays_overlap(array[1], array[2])', 'false'],
    ["array_join(array[1, 2], ',')", '1,2'],
    ["array_join(array[1, null], ',')", '1'],
    ["array_join(array[null], ',')", ''],
    ["array_join(cast(null as array(varchar)), ',')", 'null'],
    ["array_join(array[null, 'a'], ',', '-')", '-,a'],
    ['array_max(array[1, null, 3])', '3'],
    ['array_min(array[])', 'null'],
    ['array_sum(array[])', '0'],
    ['array_sum(array[1.5, 2])', '3.5'],
    ['array_average(array[1, 2])', '1.5'],
    ['array_position(array[1, 2], 9)', '0'],
    ["array_position(array['日'], '日')", '1'],
    ['array_remove(array[1, null, 2], 1)', '[null,2]'],
    ["array_sort(array['b', 'a'])", '["a","b"]'],
    ['slice(array[1, 2, 3], 2, 9)', '[2,3]'],
    ['slice(array[1, 2, 3], -9, 2)', '[]'],
    ['slice(array[1, 2, 3], 9, 2)', '[]'],
    ['flatten(array[array[], array[1]])', '[1]'],
    ['repeat(1, 0)', '[]'],
    ['sequence(3, 1)', '[]'],
    ['sequence(3, 1, -1)', '[3,2,1]'],
    ['contains(array[1, null], 2)', 'false'],
    ['element_at(array[1], 5)', 'null'],
    ["element_at(map(array['a'], array[1]), 'z')", 'null'],
    ['array[1, 2] || array[3]', '[1,2,3]'],
    ["map_concat(map(array['a'], array[1]), map(array['b'], array[2]))", '{"a":1,"b":2}'],
    ['map(array[1], array[2.5])', '{"1":2.5}'],
    ['map_values(map())', '[]'],
    [
      "multimap_from_entries(array[row(1, 'a'), row(2, 'b'), row(1, 'c')])",
      '{"1":["a","c"],"2":["b"]}',
    ],
    ['array_transpose(array[array[1], array[2]])', '[[1,2]]'],
    ["zip(array[1], array['a', 'b'])[2][2]", 'b'],
    ["zip(array[1], array['a', 'b'])", '[{"field0":1,"field1":"a"},{"field0":null,"field1":"b"}]'],
    ["row(1, row('x', 2.5))", '{"field0":1,"field1":{"field0":"x","field1":2.5}}'],
    ["map_entries(map(array['a'], array[1]))", '[{"key":"a","value":1}]'],
  ])('%s is %s', async (sql, wanted) => {
    expect(await value(sql)).toBe(wanted);
  });
});

describe('bytes, hashes and places', () => {
  test.each([
    ["to_hex(xxhash64(to_utf8('')))", 'EF46DB3751D8E999'],
    ["to_hex(xxhash64(to_utf8('abc')))", '44BC2CF5AD770999'],
    ["to_hex(xxhash64(to_utf8('Nobody inspects the spammish repetition')))", 'FBCEA83C8A378BF1'],
    ['xxhash64(null)', 'null'],
    ["crc32(to_utf8(''))", '0'],
    ["substr(to_hex(sha512(to_utf8(''))), 1, 16)", 'CF83E1357EEFB8BD'],
    [
      "to_hex(hmac_md5(to_utf8('what do ya want for nothing?'), to_utf8('Jefe')))",
      '750C783E6AB0B503EAA86E310A5DB738',
    ],
    [
      "to_hex(hmac_sha1(to_utf8('what do ya want for nothing?'), to_utf8('Jefe')))",
      'EFFCDF6AE5EB2FA2D27416D5F184DF9C259A7C79',
    ],
    [
      "to_hex(hmac_sha256(to_utf8('what do ya want for nothing?'), to_utf8('Jefe')))",
      '5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843',
    ],
    [
      "substr(to_hex(hmac_sha512(to_utf8('what do ya want for nothing?'), to_utf8('Jefe'))), 1, 16)",
      '164B7A7BFCF819E2',
    ],
    ["hmac_sha256(null, to_utf8('k'))", 'null'],
    ["to_hex(md5('日'))", '3EDDDD85AC2C5E612FB71DBB89E7D1C5'],
    ["from_big_endian_64(from_hex('8000000000000000'))", '-9223372036854775808'],
    ['to_hex(to_big_endian_64(-1))', 'FFFFFFFFFFFFFFFF'],
    ["to_hex(from_base64(to_base64(from_hex('00FF'))))", '00FF'],
    ["geohash('34.1,120.6')", 'wwjcbrdnzs'],
    ["geohash(' 57.64911 , 10.40744 ')", 'u4pruydqqv'],
    ['geohash(0, 0)', 's000000000'],
    ['geohash(90, 180)', 'zzzzzzzzzz'],
    ["geohash('nonsense')", 'null'],
    ['geohash(null, 1)', 'null'],
    ["ip_to_domain('8.8.8.8')", 'internet'],
    ["ip_to_domain('x')", 'invalid'],
    ["ip_prefix('1.2.3.4', 0)", '0.0.0.0/0'],
    ["ip_prefix('1.2.3.4', 32)", '1.2.3.4/32'],
    ["is_subnet_of('10.0.0.0/8', '11.0.0.1')", 'false'],
    ['ip_subnet_min(null)', 'null'],
  ])('%s is %s', async (sql, wanted) => {
    expect(await value(sql)).toBe(wanted);
  });
});

describe('aggregates', () => {
  test.each([
    ['approx_percentile(x, x, array[0.1, 0.5, 1.0])', '[2,10,10]'],
    ['approx_percentile(x, 1, 0.5)', '2'],
    ['approx_percentile(k, x, 0.1) from (select 1 as k, 0 as x from log)', 'null'],
    ['numeric_histogram(10, x)', '{"1.0":1.0,"2.0":2.0,"10.0":1.0}'],
    ['numeric_histogram(2, x, x)', '{"1.8":5.0,"10.0":10.0}'],
    ['numeric_histogram(2, y) from (select cast(null as double) as y from log)', 'null'],
    ['approx_most_frequent(2, k, 10)', '{"b":2,"a":1}'],
    [
      'cardinality(approx_set(x)) from (select n as x from log, unnest(sequence(1, 10)) as t(n))',
      '10',
    ],
    ['approx_set(y) from (select cast(null as bigint) as y from log)', 'null'],
    ['cardinality(merge(s)) from (select k, approx_set(x) as s from log group by k)', '3'],
    ['cardinality(merge(s)) from (select empty_approx_set() as s from log)', '0'],
    ['checksum(x) = checksum(y) from (select x, x + 0 as y from log)', 'true'],
    ['checksum(y) from (select x as y from log where false)', 'null'],
    ["window_funnel(0, x, k, array['a', 'b'])", '1'],
    ["window_funnel(10, x, k, array['z', 'b'])", '0'],
    [
      'window_funnel(100, t, e, array[1, 2, 3, 4, 5]) from (select n as t, element_at(array[1, 2, 4, 5, 1, 3], n) as e from log, unnest(sequence(1, 6)) as u(n))',
      '2',
    ],
    ["window_funnel(10, __time__, k, array['a', 'b', 'c'])", '2'],
    ['window_funnel(10, from_unixtime(__time__), array[x = 1, x = 2])', '2'],
    ["map_union(map(array[k, 'z'], array[x, 0]))", '{"a":1,"z":0,"b":2,"c":10}'],
    ["map_agg(nullif(k, 'b'), x)", '{"a":1,"c":10}'],
    ['multimap_agg(k, nullif(x, 2))', '{"a":[1],"b":[null,null],"c":[10]}'],
    ["set_union(array[k]) filter (where k < 'b')", '["a"]'],
    ['numeric_histogram(5, x) filter (where x > 2)', '{"10.0":1.0}'],
    ['sum(y) from (select x as y from log where false)', 'null'],
    ['count(y) from (select nullif(x, 2) as y from log)', '2'],
    ['count_if(x > 1) from (select x from log where x > 99)', '0'],
    ['count_if(null)', '0'],
    ['max(n) from (select count_if(x > 1) over () as n from log)', '3'],
    ['count_if(x > 1) filter (where x < 9)', '2'],
    ['max(x, 9)', '[10,2,2,1]'],
    ['array_agg(k order by x desc, k)', '["c","b","b","a"]'],
    ['skewness(y) from (select 1 as y from log limit 2)', 'null'],
    ['max(cardinality(s)) from (select approx_set(x) over (partition by k) as s from log)', '1'],
  ])('%s is %s', async (sql, wanted) => {
    expect(await value(sql)).toBe(wanted);
  });

  test('series_padding makes rows', async () => {
    const from = 'from (select n * 20 as t, n as v from log, unnest(array[1, 2, 4]) as u(n))';
    const padded = (kind: string): Promise<string[][]> =>
      world.cells(`* | select series_padding(t, v, 10, '${kind}') ${from}`);
    expect(await padded('zero')).toEqual(
      [
        [20, 1],
        [30, 0],
        [40, 2],
        [50, 0],
        [60, 0],
        [70, 0],
        [80, 4],
      ].map((row) => row.map((cell) => `${cell}.0`)),
    );
    expect((await padded('mean')).map(([, pad]) => pad)).toEqual([
      '1.0',
      '1.5',
      '2.0',
      '3.0',
      '3.0',
      '3.0',
      '4.0',
    ]);
    expect((await padded('forward')).map(([, pad]) => Number(pad))).toEqual([1, 1, 2, 2, 2, 2, 4]);
    expect((await padded('backward')).map(([, pad]) => Number(pad))).toEqual([1, 2, 2, 4, 4, 4, 4]);
  });

  test('a sketch of many values is within three standard errors', async () => {
    const sql = `cardinality(approx_set(a.n * 1000 + b.n)) from (select n from log, unnest(sequence(1, 25)) as u(n)) a,
      (select n from log, unnest(sequence(1, 1000)) as u(n)) b`;
    const size = Number(await value(sql));
    expect(Math.abs(size / 25_000 - 1)).toBeLessThan(3 * 0.0163);
  });
});

describe('what functions refuse', () => {
  test.each([
    ['to_base(1, 1)', 'radix must be between 2 and 36'],
    ["from_base('z', 10)", 'not a valid base-10 number: z'],
    ["json_parse('{bad')", 'line 1:'],
    ["split('a', ',', 0)", 'limit must be positive'],
    ["split_part('a', ',', 0)", 'index must be greater than zero'],
    ["split_to_map('a', '', '=')", 'delimiters must not be empty'],
    ['slice(array[1], 0, 1)', 'array indices start at 1'],
    ['slice(array[1], 1, -1)', 'length must not be negative'],
    ['sequence(1, 20000)', 'must not have more than 10000 entries'],
    ['repeat(1, 20000)', 'an array has at most 10000 entries here'],
    ['width_bucket(1, 1, 1, 3)', 'bounds must not be equal'],
    ['width_bucket(1, 0, 1, 0)', 'bucket count must be positive'],
    ['geohash(91, 0)', 'latitude must be within [-90, 90]'],
    ["convert_data_size('1XB')", 'unknown unit of size: XB'],
    ["parse_data_size('1e300YB')", 'data size is too large'],
    ["parse_duration('soon')", 'invalid duration: soon'],
    ["to_days('5y')", 'unknown unit of time: y'],
    ["date_format(1, concat('%', 'U'))", '%U not supported in date format string'],
    ["date_parse('x', concat('%', 'Y'))", 'invalid format: "x" does not fit "%Y"'],
    ["date_add('eon', 1, 1)", 'unsupported unit'],
    ['numeric_histogram(1, x)', 'numeric_histogram takes 2 to 1000 buckets'],
    ['approx_percentile(x, x, 1.5)', 'percentile must be between 0 and 1'],
    ["series_padding(x, x, 0, 'zero')", 'interval must be positive'],
    ["series_padding(x, x, 1, 'none')", 'padding type must be'],
    ["series_padding(x * 1000000, x, 1, 'zero')", 'series has more than 10000 points'],
    [
      `window_funnel(1, x, k, array[${"'a',".repeat(32)}'b'])`,
      'window_funnel takes at most 32 steps',
    ],
    ['cardinality(merge(to_utf8(k)))', 'not a sketch of approx_set'],
    ["regexp_like('a', '(?=a)')", 'regular expressions have no look-around'],
    ["regexp_extract('aa', '(a)\\1')", 'regular expressions have no'],
    ['map_from_entries(array[row(1, 1), row(1, 2)])', 'key'],
  ])('%s', async (sql, message) => {
    await expect(value(sql)).rejects.toMatchObject({
      code: 'ParameterInvalid',
      message: expect.stringContaining(message),
    });
  });

  test('the process lives on', async () => {
    expect(await value('count(*)')).toBe('4');
  });

  test.each(Object.entries(UNPLANNED_FUNCTIONS))(
    '%s says why it is not there',
    async (name, reason) => {
      await expect(value(`${name}(1, 2)`)).rejects.toMatchObject({
        code: 'ParameterInvalid',
        message: expect.stringMatching(new RegExp(`${name}.*${reason}`)),
      });
      expect(ALLOWED_FUNCTIONS.has(name)).toBe(false);
    },
  );
});

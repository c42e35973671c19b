import { expect, test } from 'vitest';
import { strftimeFormat } from './date-format.ts';
import { bucketRanges } from '../search/histogram.ts';
import { doubleText } from './cells.ts';
import { spliceSql } from './splice.ts';
import { findName } from './tokens.ts';
import { zoneOffsetSeconds } from '../time-zone.ts';

test.each([
  [0, '0.0'],
  [7, '7.0'],
  [-0.5, '-0.5'],
  [0.001, '0.001'],
  [0.0001, '1.0E-4'],
  [9_999_999, '9999999.0'],
  [1e7, '1.0E7'],
  [1_551_369_600, '1.5513696E9'],
  [1 / 3, '0.3333333333333333'],
  [Number.NaN, 'NaN'],
  [-Infinity, '-Infinity'],
])('the double %d is %s', (value, text) => {
  expect(doubleText(value)).toBe(text);
});

test.each([
  ['%Y-%m-%d %H:%i:%s', '%Y-%m-%d %H:%M:%S'],
  ['%c/%e %k %W %M', '%-m/%-d %-H %A %B'],
  ['%T %% %q %', '%H:%M:%S %% q %%'],
])('the date pattern %s', (pattern, wanted) => {
  expect(strftimeFormat(pattern)).toBe(wanted);
});

test.each([
  ['select a limit 5, 10;', 'select a limit 10 OFFSET 5'],
  ['select cast(a as array(array(bigint)))', 'select cast(a as bigint[][])'],
  ['select if(a > 1, f(1, 2))', 'select if(a > 1, f(1, 2), null)'],
  ['select if(a, b, c)', 'select if(a, b, c)'],
  ['select \'limit 1, 2\' as "array(x)"', 'select \'limit 1, 2\' as "array(x)"'],
  [
    'select a from log tablesample bernoulli(10)',
    'select a from log tablesample bernoulli(10 PERCENT)',
  ],
  ['select a -- limit 1,2\n', 'select a             \n'],
])('%s', (text, wanted) => {
  expect(spliceSql(text).sql).toBe(wanted);
});

test.each([
  ['select lag(x) ignore nulls over ()', 'select lag(x ignore nulls)  over ()'],
  ['select a limit all', 'select a '],
  ['select 1 -- limit 2\n/* ; */', 'select 1           \n       '],
])('%s as well', (text, wanted) => {
  expect(spliceSql(text).sql).toBe(wanted);
});

test('places in the text that is parsed lead back to the text as it was written', () => {
  const text = `select '日志', if(a > 1, 2), cast(x as array(bigint)),\n /* 注 */ "here" limit 1, 2`;
  const { sql, placeOf, isQuotedAt } = spliceSql(text);
  const at = Buffer.from(sql.slice(0, sql.indexOf('"here"'))).length;
  expect(placeOf(at)).toBe('2:10');
  expect(isQuotedAt(at)).toBe(true);
  expect(isQuotedAt(at + 1)).toBe(false);
  for (const none of [2 ** 64, undefined, 'x']) expect(placeOf(none)).toBe('1:1');
});

test('a session prefix leaves places as they are', () => {
  expect(spliceSql('set session mode=scan; select 1').sql).toBe('                       select 1');
});

test('names are found outside texts and comments', () => {
  expect(findName('select \'b\', /* b */\n "B"', 'b')).toEqual({ place: '2:2', isQuoted: true });
});

test.each([
  [900, 15],
  [3600, 60],
  [4 * 3600, 300],
  [86_400, 1800],
  [7 * 86_400, 3 * 3600],
])('a range of %d s has buckets of %d s', (seconds, width) => {
  const fromTime = 1_716_134_400;
  const [first] = bucketRanges({
    fromTime,
    toTime: fromTime + seconds,
    intervalSeconds: 0,
    timeZone: 'Asia/Shanghai',
  });
  expect(first).toEqual({ from: fromTime, to: fromTime + width });
});

test('edges are round in the zone and the ends are clipped', () => {
  const midnight = 1_716_134_400;
  const ranges = bucketRanges({
    fromTime: midnight - 100,
    toTime: midnight + 86_500,
    intervalSeconds: 86_400,
    timeZone: 'Asia/Shanghai',
  });
  expect(ranges).toEqual([
    { from: midnight - 100, to: midnight },
    { from: midnight, to: midnight + 86_400 },
    { from: midnight + 86_400, to: midnight + 86_500 },
  ]);
});

test('the widest range has few buckets too', () => {
  const ranges = bucketRanges({
    fromTime: 0,
    toTime: 2 ** 32,
    intervalSeconds: 0,
    timeZone: 'UTC',
  });
  expect(ranges.length).toBeLessThanOrEqual(61);
});

test('zones are ahead or behind, with summer time', () => {
  expect(zoneOffsetSeconds('Asia/Shanghai', 1_716_134_400)).toBe(8 * 3600);
  expect(zoneOffsetSeconds('America/New_York', 1_716_134_400)).toBe(-4 * 3600);
  expect(zoneOffsetSeconds('UTC', 0)).toBe(0);
});

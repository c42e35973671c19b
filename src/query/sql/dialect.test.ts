/** Which relations a statement reads, of which logstores, columns and times. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MIB } from '#base/units.ts';
import { DuckEngine } from '../duck/duck-engine.ts';
import type { SqlColumn } from './columns.ts';
import { translateSql } from './dialect.ts';
import type { RelationSpec } from './relation.ts';
import type { SqlRequest, TranslatedSql } from './request.ts';

let directory: string;
let engine: DuckEngine;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-dialect-'));
  engine = await DuckEngine.open({
    memoryLimitBytes: 128 * MIB,
    threads: 1,
    spillDirectory: join(directory, 'spill'),
    segmentDirectories: [directory],
    timeZone: 'Asia/Shanghai',
  });
});
afterAll(() => rm(directory, { recursive: true }));

function columns(...names: readonly string[]): readonly SqlColumn[] {
  return names.map((name) => ({
    name,
    field: name,
    path: undefined,
    type: 'VARCHAR',
    isAlias: false,
  }));
}

const ACCESS = { name: 'access', columns: columns('Status', 'uri', 'ctx.user') };
const ERRORS = { name: 'errors', columns: columns('uri', 'text') };
const UPPER = { name: 'Errors', columns: columns('other') };

function translate(text: string, request: Partial<SqlRequest> = {}): Promise<TranslatedSql> {
  return engine.use((connection) =>
    translateSql(connection, {
      text,
      logstore: ACCESS,
      otherLogstores: [],
      fromTime: 1000,
      toTime: 2000,
      ...request,
    }),
  );
}

async function relations(
  text: string,
  request: Partial<SqlRequest> = {},
): Promise<readonly RelationSpec[]> {
  const translated = await translate(text, request);
  if (translated.kind === 'needs') throw new Error(`needs ${translated.logstoreNames.join()}`);
  return translated.relations;
}

test.each([
  ['select count(*) as n', []],
  ['select STATUS, count(*) from log group by 1', ['status']],
  ['select 1 from log where uri = (select max(status) from log)', ['status', 'uri']],
  ['select "ctx.user" from log', ['ctx.user']],
  ['select a.uri from log a join log b using (status)', ['status', 'uri']],
  ['with x as (select uri as u from log) select u from x', ['uri']],
  ['select uri from (select * from log)', ['__time__', 'ctx.user', 'status', 'uri']],
  ['select __date__ from log', ['__time__']],
  ['select count(*) from log a natural join log b', ['__time__', 'ctx.user', 'status', 'uri']],
])('%s reads %j', async (text, read) => {
  const [log] = await relations(text);
  expect(log?.usedNames?.toSorted()).toEqual(read);
});

test.each([
  ['select 1 from Errors e join log on true join errors on true', ['Errors', 'errors']],
  ['with errors as (select 1 from log) select 1 from errors', []],
  ['select 1 from ACCESS, Access', []],
  ["select 1 from log where uri in (select text from 'a b')", ['a b']],
])('%s needs %j', async (text, names) => {
  const translated = await translate(text);
  expect(translated.kind === 'needs' ? translated.logstoreNames : []).toEqual(names);
});

test('names of logstores are taken as they are written first', async () => {
  const otherLogstores = [UPPER, ERRORS];
  const specs = await relations('select a.text, b.other from errors a, Errors b', {
    otherLogstores,
  });
  expect(
    specs.map(({ viewName, logstoreName, usedNames }) => [viewName, logstoreName, usedNames]),
  ).toEqual([
    ['store_2', 'errors', ['text']],
    ['store_1', 'Errors', ['other']],
  ]);
});

test('a logstore that is read twice is one relation', async () => {
  const specs = await relations('select a.uri, b.status from log a join access b on a.uri = b.uri');
  expect(specs).toEqual([
    {
      viewName: 'log',
      logstoreName: undefined,
      shiftSeconds: 0,
      timeRange: undefined,
      usedNames: ['uri', 'status'],
    },
  ]);
});

test('earlier times are relations of their own', async () => {
  const specs = await relations(
    'select compare(x, 60, 3600) from (select count(*) as x from log join errors on true)',
    { otherLogstores: [ERRORS] },
  );
  expect(specs.map(({ viewName, shiftSeconds }) => [viewName, shiftSeconds])).toEqual([
    ['log', 0],
    ['store_1', 0],
    ['log_shift_60', 60],
    ['store_1_shift_60', 60],
    ['log_shift_3600', 3600],
    ['store_1_shift_3600', 3600],
  ]);
});

const MIDNIGHT = 1_716_134_400;

test.each([
  ['__time__ >= 100 and __time__ < 200', [100, 200]],
  ['100 < __time__ and 200 >= __time__', [101, 201]],
  ['__time__ between 100 and 200', [100, 201]],
  ['__time__ = 100', [100, 101]],
  ['(__time__ > 5 and __time__ < 90.5) and (uri = text and __time__ > 7)', [8, 91]],
  ['errors.__time__ >= 100 and ERRORS.__TIME__ < 200', [100, 200]],
  [
    "__date__ >= '2024-05-20 00:00:00' and __date__ < timestamp '2024-05-20 01:00:00'",
    [MIDNIGHT, MIDNIGHT + 3600],
  ],
  [
    "__date__ >= date '2024-05-20' and __date__ < date '2024-05-20' + interval '1' day",
    [MIDNIGHT, MIDNIGHT + 86_400],
  ],
  ['__time__ >= to_unixtime(from_unixtime(60)) and __time__ < 60 * 60', [60, 3600]],
  ['__time__ > 200 and __time__ < 100', [201, 201]],
])('over a project, %s is the time range %j', async (condition, [fromTime, toTime]) => {
  const [errors] = await relations(`select text from errors where ${condition}`, {
    logstore: undefined,
    otherLogstores: [ERRORS],
  });
  expect(errors?.timeRange).toEqual({ fromTime, toTime });
});

test('over a project, each place of a logstore has its own time range', async () => {
  const specs = await relations(
    `select a.text from errors a join errors b on a.uri = b.uri
      where a.__time__ between 1 and 2 and b.__time__ between 3 and 4
      union all select text from errors where __time__ between 5 and 6`,
    { logstore: undefined, otherLogstores: [ERRORS] },
  );
  expect(specs.map(({ viewName, timeRange }) => [viewName, timeRange?.fromTime])).toEqual([
    ['store_1', 1],
    ['store_2', 3],
    ['store_3', 5],
  ]);
});

test.each([
  'select text from errors',
  'select text from errors where __time__ > 100',
  'select text from errors where __time__ > 100 or __time__ < 200',
  'select text from errors where __time__ > 100 and __time__ < null',
  "select text from errors where __time__ > 1 and uri < '5'",
  'select text from errors where not (__time__ > 1 and __time__ < 5)',
  'select a.text from errors a, errors b where a.__time__ between 1 and 2',
  'select text from (select * from errors) where __time__ between 1 and 2',
])('over a project, %s needs a time range', async (text) => {
  const request = { logstore: undefined, otherLogstores: [ERRORS] };
  await expect(translate(text, request)).rejects.toMatchObject({
    code: 'ParameterInvalid',
    message: expect.stringMatching(/^the logs of errors need a time range: /) as string,
  });
});

test('over a project, log is a name like others', async () => {
  const request = { logstore: undefined };
  expect(await translate('select 1 from log where __time__ > 1', request)).toEqual({
    kind: 'needs',
    logstoreNames: ['log'],
  });
  await expect(translate('select 1', request)).rejects.toThrow(/please specify FROM LOGSTORE/);
});

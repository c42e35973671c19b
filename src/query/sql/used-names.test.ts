import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { translateSql } from './dialect.ts';
import type { RelationSpec } from './relation.ts';
import type { SqlColumn } from './columns.ts';
import { countName } from './used-names.ts';

let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
});

afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

const COLUMNS: readonly SqlColumn[] = ['Status', 'uri', 'ctx.user'].map((name) => ({
  name,
  field: name,
  path: undefined,
  type: 'VARCHAR',
  isAlias: false,
}));

async function translate(
  text: string,
): Promise<{ readonly sql: string; readonly usedNames: RelationSpec['usedNames'] }> {
  const translated = await translateSql(connection, {
    text,
    logstore: { name: 'access', columns: COLUMNS },
    otherLogstores: [],
    fromTime: 0,
    toTime: 100,
  });
  if (translated.kind === 'needs') throw new Error('no other logstore is named');
  return { sql: translated.sql, usedNames: translated.relations[0]?.usedNames };
}

test.each([
  ['select count(*) as n', []],
  ['select STATUS, count(*) from log group by 1', ['status']],
  ['select 1 from log where uri = (select max(status) from log)', ['status', 'uri']],
  ['select "ctx.user" from log', ['ctx.user']],
  ['select a.uri from log a join log b using (status)', ['status', 'uri']],
  ['with x as (select uri as u from log) select u from x', ['uri']],
  ['select * from log', ['status', 'uri', 'ctx.user']],
  ['select count(*) from log a natural join log b', ['status', 'uri', 'ctx.user']],
])('%s reads %j', async (text, read) => {
  const { usedNames } = await translate(text);
  const names = COLUMNS.map(({ name }) => name.toLowerCase());
  expect(names.filter((name) => usedNames === undefined || usedNames.includes(name))).toEqual(read);
});

test.each([
  ['select count(*) as n', 'n'],
  ['select count(*) from log limit 5', '_col0'],
  ['select count(*) from log limit 0', undefined],
  ['select count(*) from log where uri is null', undefined],
  ['select count(uri) from log', undefined],
  ['select count(*) + 1 as n from log', undefined],
  ['select count(*) as n from log having count(*) > 5', undefined],
  ['select count(*) as n from log group by uri', undefined],
  ['select count(*) as n, max(uri) as m from log', undefined],
])('%s counts only: %s', async (text, name) => {
  expect(countName((await translate(text)).sql)).toBe(name);
});

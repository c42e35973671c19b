import { beforeEach, describe, expect, test } from 'vitest';
import type { SqlRequest } from '../sql/request.ts';
import { Translations, type Translation } from './translations.ts';

const COLUMN = { name: 'a', field: 'a', path: undefined, type: 'VARCHAR', isAlias: false } as const;
const REQUEST: SqlRequest = {
  text: 'select count(*) as n from log',
  logstore: { name: 'app', columns: [COLUMN] },
  otherLogstores: [],
  fromTime: 100,
  toTime: 200,
};

let translations: Translations;
let count = 0;

beforeEach(() => {
  translations = new Translations({ bytesMax: 10_000 });
  count = 0;
});

/** Each translation has a number. */
function translate(): Promise<Translation> {
  return Promise.resolve({ kind: 'sql', sql: `select ${++count}`, relations: [], limited: 100 });
}

async function sqlOf(changed: Partial<SqlRequest> = {}): Promise<string> {
  const answer = await translations.get({ ...REQUEST, ...changed }, translate);
  return answer.kind === 'sql' ? answer.sql : '';
}

describe('a repeated statement', () => {
  test('is translated once, whatever the range', async () => {
    expect(await sqlOf()).toBe('select 1');
    expect(await sqlOf({ fromTime: 101, toTime: 201 })).toBe('select 1');
  });

  test('is translated again for another index', async () => {
    await sqlOf();
    const columns = [{ ...COLUMN, type: 'BIGINT' as const }];
    expect(await sqlOf({ logstore: { name: 'app', columns } })).toBe('select 2');
    const other = { name: 'other', columns };
    expect(await sqlOf({ otherLogstores: [other] })).toBe('select 3');
    expect(await sqlOf({ isScan: true })).toBe('select 4');
  });

  test('is translated again for another range when it has windows of the range', async () => {
    const text = "select time_series(__time__, '1m', '%H:%i', '0') as t from log group by t";
    expect(await sqlOf({ text })).toBe('select 1');
    expect(await sqlOf({ text })).toBe('select 1');
    expect(await sqlOf({ text, toTime: 201 })).toBe('select 2');
  });

  test('over a project is translated each time: its range may be about now', async () => {
    expect(await sqlOf({ logstore: undefined })).toBe('select 1');
    expect(await sqlOf({ logstore: undefined })).toBe('select 2');
  });

  test('that failed is translated again', async () => {
    const failed = translations.get(REQUEST, () => Promise.reject(new Error('stopped')));
    await expect(failed).rejects.toThrow('stopped');
    expect(await sqlOf()).toBe('select 1');
  });

  test('does not fail with the request that it shares a translation with', async () => {
    const first = Promise.withResolvers<Translation>();
    const stopped = translations.get(REQUEST, () => first.promise);
    const waiting = sqlOf();
    first.reject(new Error('stopped'));
    await expect(stopped).rejects.toThrow('stopped');
    expect(await waiting).toBe('select 1');
  });

  test('makes room for others', async () => {
    await sqlOf();
    for (let i = 0; i < 100; i++) await sqlOf({ text: `select ${i} as n from log` });
    expect(await sqlOf()).toBe('select 102');
  });
});

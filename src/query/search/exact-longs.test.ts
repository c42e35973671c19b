import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IndexConfig } from '#protocol/index-config.ts';
import { QueryFixture } from '../query-fixture.ts';

const COMMON = { caseSensitive: false, chn: false, doc_value: true, alias: '' };
const INDEX: IndexConfig = {
  keys: {
    id: { type: 'long', ...COMMON },
    size: { type: 'double', ...COMMON },
    ctx: { type: 'json', ...COMMON, json_keys: { 'user.id': { type: 'long' } } },
  },
  max_text_len: 2048,
};
/** Neighbours that are one double: 2^53 + 0…3, the largest long and the one before it, and a small one. */
const IDS = [
  '9007199254740992',
  '9007199254740993',
  '9007199254740994',
  '+9007199254740995',
  '9223372036854775806',
  '9223372036854775807',
  '-9007199254740993',
  '7',
] as const;

describe('integers beyond 2^53', () => {
  let world: QueryFixture;
  beforeAll(async () => {
    world = await QueryFixture.create();
    world.index = INDEX;
    await world.add(
      IDS.map((id, i) => ({
        __time__: 1000 + i,
        id,
        size: id,
        ctx: `{"user":{"id":${id.replace('+', '')}}}`,
      })),
    );
  });
  afterAll(() => world[Symbol.asyncDispose]());

  test.each<readonly [string, readonly number[]]>([
    ['9007199254740993', [1]],
    ['+9007199254740992', [0]],
    ['9007199254740995', [3]],
    ['9007199254740997', []],
    ['-9007199254740993', [6]],
    ['9223372036854775807', [5]],
    ['9223372036854775808', []],
    ['7', [7]],
  ])('%s is found and no neighbour of it', async (value, expected) => {
    for (const query of [`id:${value}`, `id = ${value}`, `ctx.user.id:"${value}"`]) {
      const { rows } = await world.query(query);
      expect(rows.map(({ __time__: time }) => Number(time) - 1000)).toEqual(expected);
    }
  });

  test.each<readonly [string, readonly number[]]>([
    ['id > 9007199254740993', [2, 3, 4, 5]],
    ['id >= 9007199254740993', [1, 2, 3, 4, 5]],
    ['id < 9007199254740993 and id > 7', [0]],
    ['ctx.user.id <= 9007199254740993 and ctx.user.id > 7', [0, 1]],
    ['not id < 9223372036854775807', [5]],
  ])('%s', async (query, expected) => {
    const { rows, isAccurate } = await world.query(query);
    expect(rows.map(({ __time__: time }) => Number(time) - 1000)).toEqual(expected);
    expect(isAccurate).toBe(true);
  });

  test('a double is compared as a double', async () => {
    const { rows } = await world.query('size:9007199254740993');
    expect(rows.length).toBe(2);
    const above = await world.query('size > 9007199254740993');
    expect(above.rows.map(({ __time__: time }) => Number(time) - 1000)).toEqual([2, 3, 4, 5]);
  });
});

test('an id that thousands of logs share is compared as well', async () => {
  await using world = await QueryFixture.create();
  world.index = INDEX;
  await world.add(
    Array.from({ length: 2500 }, (_, i) => ({
      __time__: 1000,
      id: i === 1700 ? '9007199254740992' : '9007199254740993',
    })),
  );
  const counts = await world.service.getHistograms({
    projectName: 'project',
    logstoreName: 'store',
    fromTime: 0,
    toTime: 2000,
    topic: '',
    intervalSeconds: 0,
    query: 'id:9007199254740993',
  });
  expect(counts.count).toBe(2499);
  expect((await world.query('id:9007199254740992')).rows.length).toBe(1);
});

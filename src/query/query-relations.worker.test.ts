/** Statements over several relations, from their text to their rows. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppError } from '#base/app-error.ts';
import { LONG_KEY, TEXT_KEY } from '#protocol/index-config-fixture.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import { QueryFixture } from './query-fixture.ts';

const START = 1_716_163_200;

function indexOf(keys: NonNullable<IndexConfig['keys']>): IndexConfig {
  return { line: undefined, keys, max_text_len: 64 };
}

function denySecret(logstoreName: string): void {
  if (logstoreName === 'secret') throw new AppError('Unauthorized', 'denied by sts or ram');
}

let world: QueryFixture;

beforeAll(async () => {
  world = await QueryFixture.create();
  world.index = indexOf({ user: LONG_KEY, path: TEXT_KEY, status: LONG_KEY });
  await world.add([
    { __time__: START, user: '1', path: '/a', status: '200' },
    { __time__: START + 1, user: '1', path: '/b', status: '500' },
    { __time__: START + 2, user: '2', path: '/a', status: '200' },
    { __time__: START + 3, user: '3', path: '/c', status: '500' },
  ]);
  // The same field is a text here, and another one has the name of a field there.
  await world.addLogstore('users', indexOf({ user: TEXT_KEY, name: TEXT_KEY, city: TEXT_KEY }), [
    { __time__: START, user: '1', name: 'Ann', city: 'x' },
    { __time__: START, user: '2', name: 'Bob', city: 'y' },
    { __time__: START + 5000, user: '3', name: 'Cid', city: 'y' },
  ]);
  await world.addLogstore('city-names', indexOf({ city: TEXT_KEY, path: TEXT_KEY }), [
    { __time__: START, city: 'x', path: 'Xanten' },
    { __time__: START, city: 'y', path: 'Ystad' },
  ]);
  await world.addLogstore('bare', undefined);
  await world.addLogstore('secret', indexOf({ a: TEXT_KEY }), [{ __time__: START, a: '1' }]);
});
afterAll(() => world[Symbol.asyncDispose]());

const RANGE = { fromTime: START, toTime: START + 100 };

describe('a join', () => {
  test('of two logstores reads each by its own index, and only the own one by the search', async () => {
    const sql = `select l.path, u.name from log l join users u on cast(l.user as varchar) = u.user order by l.path, u.name`;
    expect(await world.cells(`* | ${sql}`, RANGE)).toEqual([
      ['/a', 'Ann'],
      ['/a', 'Bob'],
      ['/b', 'Ann'],
    ]);
    expect(await world.cells(`status:500 | ${sql}`, RANGE)).toEqual([['/b', 'Ann']]);
    expect(
      await world.cells(`status:500 | ${sql}`, { fromTime: START, toTime: START + 9000 }),
    ).toEqual([
      ['/b', 'Ann'],
      ['/c', 'Cid'],
    ]);
  });

  test('of three logstores tells columns of one name apart', async () => {
    const sql = `select c.path as city, count(*) as requests, max(l.status) as worst
      from log l join users u on cast(l.user as varchar) = u.user join "city-names" c on u.city = c.city
      group by c.path order by city`;
    const answer = await world.query(`* | ${sql}`, RANGE);
    expect(answer.rows.map(({ city, requests, worst }) => [city, requests, worst])).toEqual([
      ['Xanten', '2', '500'],
      ['Ystad', '1', '200'],
    ]);
    expect(answer).toMatchObject({ progress: 'Complete', processedRows: 8, limited: 100 });
  });

  test('is Incomplete when logs of any logstore wait to be indexed', async () => {
    world.isIndexed = false;
    const answer = await world.query('* | select count(*) as c from log, users', RANGE);
    world.isIndexed = true;
    expect(answer).toMatchObject({ progress: 'Incomplete', rows: [{ c: '8' }] });
  });
});

describe('a logstore that a statement names', () => {
  test.each([
    ['no_such', 'ParameterInvalid', /line 1:21: Table no_such does not exist/],
    ['bare', 'IndexConfigNotExist', /logstore bare is without index config/],
    ['secret', 'Unauthorized', /denied/],
    ['Secret', 'Unauthorized', /denied/],
  ])('%s gives %s', async (name, code, message) => {
    const query = `* | select 1 as x from ${name}`;
    const failed = world.query(query, { ...RANGE, authorize: denySecret });
    await expect(failed).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('is hidden neither by a subquery nor by a join', async () => {
    for (const sql of [
      'select * from (select * from secret)',
      'select l.path from log l join secret s on true',
      'with x as (select a from secret) select * from x',
      'select path from log where path in (select a from secret)',
      'select (select max(a) from secret) as m from log',
      'select path from log union all select a from secret',
    ])
      await expect(
        world.query(`* | ${sql}`, { ...RANGE, authorize: denySecret }),
      ).rejects.toMatchObject({ code: 'Unauthorized' });
  });

  test('counts, as too many do', async () => {
    const joined = Array.from({ length: 17 }, (_, i) => `store_${i}`).join(', ');
    await expect(world.query(`* | select 1 as x from ${joined}`, RANGE)).rejects.toMatchObject({
      code: 'ParameterInvalid',
    });
  });
});

describe('SQL over a project', () => {
  const project = { projectName: 'project', authorize: denySecret };
  const inRange = `__time__ >= ${START} and __time__ < ${START + 100}`;

  test('reads the logstores that it names, in the times that it names', async () => {
    const query = `select name, city from users where ${inRange} order by name`;
    const answer = await world.service.getProjectLogs({ ...project, query });
    expect(answer).toMatchObject({ progress: 'Complete', hasSql: true, count: 2, limited: 100 });
    expect(answer.keys).toEqual(['name', 'city']);
    expect(answer.rows).toEqual([
      { __source__: '', __time__: String(START), name: 'Ann', city: 'x' },
      { __source__: '', __time__: String(START), name: 'Bob', city: 'y' },
    ]);
    expect(answer.insertedSql).toBe(`${query} limit 100`);
  });

  test('needs a time, a known logstore, and the right to read it', async () => {
    for (const [query, code] of [
      ['select name from users', 'ParameterInvalid'],
      [`select 1 as x from no_such where ${inRange}`, 'ParameterInvalid'],
      [`select a from secret where ${inRange}`, 'Unauthorized'],
      ['', 'ParameterInvalid'],
      ['* | select 1', 'ParameterInvalid'],
    ] as const)
      await expect(world.service.getProjectLogs({ ...project, query })).rejects.toMatchObject({
        code,
      });
  });
});

test('every lease was given back, and some were given', () => {
  expect(world.leaseCount).toBe(0);
  expect(world.leaseTotal).toBeGreaterThan(5);
});

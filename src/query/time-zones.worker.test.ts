/** Statements in a time zone of their own. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { QueryFixture } from './query-fixture.ts';

let world: QueryFixture;

beforeAll(async () => {
  world = await QueryFixture.create();
  world.index = { line: { token: [' '], caseSensitive: false, chn: false }, max_text_len: 64 };
  await world.add([{ __time__: 1_592_374_067, msg: 'one' }]);
});
afterAll(() => world[Symbol.asyncDispose]());

const SELECT = `select from_unixtime(__time__) as t, date_format(__time__, '%Y-%m-%d %H:%i') as f,
  date_trunc('day', __time__) as d from log`;

async function ask(query: string, session?: string): Promise<unknown> {
  const { rows } = await world.query(query, session === undefined ? {} : { session });
  const { t, f, d } = rows[0] as Record<string, string>;
  return [t, f, d];
}

const SHANGHAI = ['2020-06-17 14:07:47.000', '2020-06-17 14:07', '2020-06-17 00:00:00.000'];
const UTC = ['2020-06-17 06:07:47.000', '2020-06-17 06:07', '2020-06-17 00:00:00.000'];
const NEW_YORK = ['2020-06-17 02:07:47.000', '2020-06-17 02:07', '2020-06-17 00:00:00.000'];
const HONOLULU = ['2020-06-16 20:07:47.000', '2020-06-16 20:07', '2020-06-16 00:00:00.000'];

test('a statement is in the zone of the server, or in the one that its session names', async () => {
  expect(await ask(`* | ${SELECT}`)).toEqual(SHANGHAI);
  expect(await ask(`* | set session time_zone='UTC'; ${SELECT}`)).toEqual(UTC);
  expect(await ask(`* | ${SELECT}`, 'timezone=America/New_York')).toEqual(NEW_YORK);
  // More zones than processes: the one that was used longest ago makes room.
  expect(await ask(`* | ${SELECT}`, 'time_zone=pacific/honolulu')).toEqual(HONOLULU);
  expect(await ask(`* | set session time_zone='UTC'; ${SELECT}`)).toEqual(UTC);
  expect(await ask(`* | ${SELECT}`)).toEqual(SHANGHAI);
});

test('more zones at once than there are processes are refused, those that run end', async () => {
  const zones = ['UTC', 'America/New_York', 'Pacific/Honolulu'];
  const asked = zones.map((zone) => ask(`* | ${SELECT}`, `time_zone=${zone}`));
  const [utc, newYork, refused] = await Promise.allSettled(asked);
  expect([utc, newYork]).toMatchObject([{ value: UTC }, { value: NEW_YORK }]);
  expect(refused).toMatchObject({ reason: { code: 'ParameterInvalid' } });
});

test.each(['Mars/Olympus', '+08:00', "'; drop"])('%s is no zone', async (zone) => {
  await expect(ask(`* | ${SELECT}`, `time_zone=${zone}`)).rejects.toThrow(
    'Time zone not supported',
  );
});

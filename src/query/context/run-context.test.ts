import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { IndexConfig } from '#protocol/index-config.ts';
import type { LogRow } from '#segment/log-row.ts';
import { QueryFixture } from '../query-fixture.ts';
import type { LogsRequest } from '../query-service.ts';
import type { FixtureLog } from '../search/segment-fixture.ts';
import type { FoundContext } from './run-context.ts';

const NOON = 1_700_006_400;
const DAY = 86_400;
const PACK_ID = '__tag__:__pack_id__';
const PREFIX = '5BE0CD19137E2179';
const INDEX: IndexConfig = {
  line: { token: [' '], caseSensitive: false, chn: false },
  max_text_len: 2048,
};
const PLACE = { projectName: 'project', logstoreName: 'store' } as const;

let world: QueryFixture;

beforeAll(async () => {
  world = await QueryFixture.create();
});

beforeEach(() => {
  world.segments.length = 0;
  world.index = INDEX;
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

function line(n: number | string, counter: string, more: FixtureLog = {}): FixtureLog {
  return { __time__: NOON, n, [PACK_ID]: `${PREFIX}-${counter}`, ...more };
}

/** Lines 0 to `count`, some to a pack whose counter goes up by one. */
function file(count: number, perPack: number): FixtureLog[] {
  return Array.from({ length: count }, (_, n) => {
    const pack = Math.floor(n / perPack);
    return line(n, pack.toString(16).toUpperCase(), { __time__: NOON + pack });
  });
}

async function find(n: number | string, request: Partial<LogsRequest> = {}): Promise<LogRow> {
  for (let offset = 0; ; offset += 100) {
    const { rows } = await world.query('* | with_pack_meta', { offset, ...request });
    const found = rows.find((row) => row['n'] === String(n));
    if (found !== undefined) return found;
    if (rows.length === 0) throw new Error(`no line ${n}`);
  }
}

function contextOf(row: LogRow, backLines: number, forwardLines: number): Promise<FoundContext> {
  return world.service.getContextLogs({
    ...PLACE,
    packId: row[PACK_ID] ?? '',
    packMeta: row['__pack_meta__'] ?? '',
    backLines,
    forwardLines,
  });
}

async function linesAround(n: number | string, back: number, forward: number): Promise<string[]> {
  const { logs, progress } = await contextOf(await find(n), back, forward);
  expect(progress).toBe('Complete');
  return logs.map((log) => log['n'] ?? '');
}

function manyFields(): FixtureLog {
  return Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`field${i}`, 'x']));
}

function range(from: number, end: number): string[] {
  return Array.from({ length: end - from }, (_, i) => String(from + i));
}

describe('a search with pack meta', () => {
  test('gives the place of every log of a pack, and nothing to others', async () => {
    await world.add([line('a', '1'), line('b', '1'), { __time__: NOON, n: 'c' }]);
    await world.add([{ __time__: NOON, n: 'd', [PACK_ID]: 'no pack id' }]);
    const { rows, aggQuery } = await world.query('* | with_pack_meta');
    expect(aggQuery).toBe('with_pack_meta');
    expect(rows.map((row) => [row['n'], row[PACK_ID], row['__pack_meta__']])).toEqual([
      ['a', `${PREFIX}-1`, '0|MTcwMDAwNjQwMA==|2|0'],
      ['b', `${PREFIX}-1`, '0|MTcwMDAwNjQwMA==|2|1'],
      ['c', undefined, undefined],
      ['d', 'no pack id', undefined],
    ]);
  });

  test('gives no place where the index does not have the id', async () => {
    const tags = Array.from({ length: 1100 }, (_, i) => [`__tag__:tag${i}`, 'x'] as const);
    await world.add([{ ...Object.fromEntries(tags), ...line('one tag too many', '1') }]);
    await world.add([line('letters', '1', { [PACK_ID]: 'İ-1' })]);
    const { rows } = await world.query('* | with_pack_meta');
    expect(rows.map((row) => [row['n'], row[PACK_ID], row['__pack_meta__']])).toEqual([
      ['one tag too many', `${PREFIX}-1`, undefined],
      ['letters', 'İ-1', '0|MTcwMDAwNjQwMA==|1|0'],
    ]);
  });

  test('gives the same places whatever segments the logs are in', async () => {
    const logs = ['a', 'b', 'c', 'd', 'e', 'f'].map((n, i) =>
      line(n, '1', { __time_ns_part__: [5, 1, 9, 1, 5, 0][i] ?? 0 }),
    );
    const placesIn = async (sizes: readonly number[]): Promise<unknown> => {
      world.segments.length = 0;
      let from = 0;
      for (const size of sizes) await world.add(logs.slice(from, (from += size)));
      const { rows } = await world.query('* | with_pack_meta');
      return rows.map((row) => [row['n'], row['__pack_meta__']]);
    };
    const whole = await placesIn([6]);
    expect(await placesIn([1, 1, 1, 1, 1, 1])).toEqual(whole);
    expect(await placesIn([2, 3, 1])).toEqual(whole);
  });
});

describe('a context', () => {
  test('is what was sent before and after a log, with its number', async () => {
    for (let from = 0; from < 60; from += 20) await world.add(file(60, 3).slice(from, from + 20));
    const found = await contextOf(await find(25), 4, 3);
    expect(found).toMatchObject({ progress: 'Complete', backLines: 4, forwardLines: 3 });
    expect(found.logs.map((log) => [log['__index_number__'], log['n']])).toEqual(
      range(21, 29).map((n, i) => [String(i - 4), n]),
    );
    const again = await contextOf(found.logs.at(-1)!, 7, 0);
    expect(again.logs.map((log) => log['n'])).toEqual(range(21, 29));
  });

  test('ends where its origin began and ended', async () => {
    await world.add(file(60, 7));
    expect(await linesAround(2, 100, 100)).toEqual(range(0, 60));
    expect(await linesAround(59, 1, 5)).toEqual(['58', '59']);
    expect(await linesAround(0, 5, 0)).toEqual(['0']);
  });

  test('goes by counters, not by times', async () => {
    await world.add([
      line('late', '2', { __time__: NOON + 50 }),
      line('early', '3', { __time__: NOON - 50 }),
      line('first', '1', { __time__: NOON + 90 }),
    ]);
    expect(await linesAround('late', 5, 5)).toEqual(['first', 'late', 'early']);
  });

  test('knows nothing of other origins', async () => {
    await world.add([
      line('a', '1'),
      line('x', '2', { [PACK_ID]: `5BE0CD1900000000-2` }),
      line('y', '2', { [PACK_ID]: `${PREFIX}-2-2` }),
      line('b', '3'),
    ]);
    expect(await linesAround('a', 5, 5)).toEqual(['a', 'b']);
    expect(await linesAround('y', 5, 5)).toEqual(['y']);
  });

  test('finds counters beyond wide gaps, in the order of their values', async () => {
    const counters = ['9', 'A', 'FF', '100', '1000', 'FFFF', '10000', 'FFFFFFFFFFFFFFFF'];
    for (const counter of counters.toReversed()) await world.add([line(counter, counter)]);
    expect(await linesAround('100', 100, 100)).toEqual(counters);
    expect(await linesAround('1000', 1, 1)).toEqual(['100', '1000', 'FFFF']);
  });

  test('takes a pack from several segments, as far as a day away', async () => {
    await world.add([line('too early', '1', { __time__: NOON - DAY - 1 }), line('b', '1')]);
    await world.add([
      line('a', '1', { __time__: NOON - DAY }),
      line('c', '1', { __time__: NOON + 1 }),
      line('too late', '2', { __time__: NOON + DAY + 1 }),
    ]);
    await world.add([line('d', '2', { __time__: NOON + DAY })]);
    expect(await linesAround('b', 100, 100)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('passes over a counter whose logs are all too far away', async () => {
    await world.add([
      line('a', '1'),
      ...range(2, 300).map((n) => line(n, Number(n).toString(16), { __time__: NOON + 2 * DAY })),
      line('b', '200'),
    ]);
    expect(await linesAround('a', 0, 1)).toEqual(['a', 'b']);
  });

  test.each([
    ['a column of its own', {}],
    ['none, as the logs have more fields than columns', manyFields()],
  ])('needs no text of a pack id in the index, and %s', async (_, fields) => {
    // More logs in packs of their own than a pattern is looked for in, and gaps between them.
    const counters = range(0, 2500).map((n) => (Number(n) * 100).toString(16));
    const logs = counters.map((counter) => line(counter, counter));
    await world.add([{ __time__: NOON - 1, ...fields }, ...logs]);
    const columns = world.segments[0]!.columns.map(({ field }) => field);
    expect(columns.includes(PACK_ID)).toBe(Object.keys(fields).length === 0);
    const [a, b, c] = counters.slice(1000);
    expect(await linesAround(b!, 1, 1)).toEqual([a, b, c]);
    expect(await linesAround(counters.at(-1)!, 1, 1)).toEqual(counters.slice(-2));
  });

  test.each([
    ['cuts pack ids', { type: 'text', token: ['-', 'C', '2'], caseSensitive: false }],
    ['tells their cases apart', { type: 'text', token: [], caseSensitive: true }],
    ['takes them for numbers', { type: 'long' }],
  ] as const)('is found with an index that %s', async (_, key) => {
    const keys = { [PACK_ID]: { ...key, doc_value: false } };
    world.index = { ...INDEX, keys } as unknown as IndexConfig;
    await world.add(file(40, 3));
    await world.add([line('far', '1000')]);
    expect(await linesAround(38, 5, 5)).toEqual([...range(33, 40), 'far']);
  });

  test('is Incomplete when the time is over, with what its own pack has', async () => {
    await using hurried = await QueryFixture.create({ timeBudgetMs: 0 });
    await world.add(file(20, 5));
    const row = await find(7);
    hurried.index = INDEX;
    hurried.segments.push(...world.segments);
    const found = await hurried.service.getContextLogs({
      ...PLACE,
      packId: row[PACK_ID] ?? '',
      packMeta: row['__pack_meta__'] ?? '',
      backLines: 10,
      forwardLines: 10,
    });
    expect(found.progress).toBe('Incomplete');
    expect(found.logs.map((log) => log['n'])).toEqual(range(5, 10));
    expect(hurried.leaseCount).toBe(0);
  });

  test('is the naive order of what an origin sent', async () => {
    const logs = fc.record({
      counter: fc.constantFrom('0', '1', '2', '3', 'f', '10', '11', '2a', '80', '1ff'),
      time: fc.integer({ min: NOON, max: NOON + 4 }),
      ns: fc.constantFrom(0, 0, 1, 2),
      segment: fc.integer({ min: 0, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(logs, { minLength: 1, maxLength: 40 }),
        fc.nat(),
        fc.nat(20),
        fc.nat(20),
        async (sent, start, back, forward) => {
          world.segments.length = 0;
          const inSegments = [0, 1, 2, 3].flatMap((segment) =>
            sent.filter((log) => log.segment === segment),
          );
          for (const segment of [0, 1, 2, 3]) {
            const some = sent.filter((log) => log.segment === segment);
            if (some.length === 0) continue;
            const rows = some.map(({ counter, time, ns }, i) =>
              line(`${segment}.${i}`, counter, { __time__: time, __time_ns_part__: ns }),
            );
            await world.add(rows);
          }
          const names = inSegments.map(({ segment }, at) => {
            const first = inSegments.findIndex((log) => log.segment === segment);
            return `${segment}.${at - first}`;
          });
          const order = inSegments
            .map((log, at) => ({ ...log, value: Number.parseInt(log.counter, 16), at }))
            .sort((a, b) => a.value - b.value || a.time - b.time || a.ns - b.ns || a.at - b.at)
            .map(({ at }) => names[at]!);
          const at = start % order.length;
          const expected = order.slice(Math.max(0, at - back), at + forward + 2);
          expect(await linesAround(order[at]!, back, forward + 1)).toEqual(expected);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('a context cannot be asked for', () => {
  test.each([
    ['without ids', {}],
    ['with an id that is none', { packId: 'x', packMeta: '0|MTcwMDAwNjQwMA==|2|0' }],
    ['with a meta that is none', { packId: `${PREFIX}-1`, packMeta: 'x' }],
    ['for another time', { packId: `${PREFIX}-1`, packMeta: '0|MTcwMDAwNjQwMQ==|2|0' }],
    ['for another shard', { packId: `${PREFIX}-1`, packMeta: '1|MTcwMDAwNjQwMA==|2|0' }],
    ['for a log too many', { packId: `${PREFIX}-1`, packMeta: '0|MTcwMDAwNjQwMA==|3|2' }],
    ['for another pack', { packId: `${PREFIX}-2`, packMeta: '0|MTcwMDAwNjQwMA==|2|0' }],
  ])('%s', async (_, ids) => {
    await world.add([line('a', '1'), line('b', '1')]);
    const asked = world.service.getContextLogs({
      ...PLACE,
      backLines: 1,
      forwardLines: 1,
      packId: '',
      packMeta: '',
      ...ids,
    });
    const error = { code: 'InvalidParameter', message: 'Invalid pack meta/id.' };
    await expect(asked).rejects.toMatchObject(error);
  });

  test.each([
    [0, 0, 'back_lines or forward_lines must be postive.'],
    [101, 0, 'back_lines must be between 0 and 100'],
    [0, -1, 'forward_lines must be between 0 and 100'],
    [1, 0.5, 'forward_lines must be between 0 and 100'],
  ])('with %d lines before and %d behind', async (back, forward, message) => {
    await world.add([line('a', '1')]);
    const asked = contextOf(await find('a'), back, forward);
    await expect(asked).rejects.toMatchObject({ code: 'InvalidParameter', message });
  });

  test('without an index', async () => {
    await world.add([line('a', '1')]);
    const row = await find('a');
    world.index = undefined;
    await expect(contextOf(row, 1, 1)).rejects.toMatchObject({ code: 'IndexConfigNotExist' });
  });
});

/** The public conformance cases, asked of the query service. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { must } from '#base/assert.ts';
import {
  CONFORMANCE_CASES,
  CONFORMANCE_DATA,
  wantedRows,
  type ConformanceCase,
} from './conformance-cases.ts';
import { QueryFixture } from './query-fixture.ts';

const worlds = new Map<string, QueryFixture>();

beforeAll(async () => {
  for (const [name, { index, logs }] of Object.entries(CONFORMANCE_DATA)) {
    const world = await QueryFixture.create();
    world.index = index;
    // Two segments, so that every answer is a merge.
    const half = Math.ceil(logs.length / 2);
    await world.add(logs.slice(0, half));
    await world.add(logs.slice(half));
    worlds.set(name, world);
  }
});
afterAll(async () => {
  for (const world of worlds.values()) await world[Symbol.asyncDispose]();
});

test.each(CONFORMANCE_CASES)('$name', check);

async function check({ logs, from, to, query, expected }: ConformanceCase): Promise<void> {
  const world = must(worlds.get(logs), 'data set');
  const times = { fromTime: from, toTime: to };
  if (expected.error !== undefined) {
    const { code, message, message_contains: part = '' } = expected.error;
    await expect(world.query(query, times)).rejects.toMatchObject({
      code,
      message: message ?? expect.stringContaining(part),
    });
    return;
  }
  const answer = await world.query(query, times);
  expect(answer.progress).toBe('Complete');
  if (expected.ids !== undefined)
    expect(answer.rows.map((row) => Number(row['__number__'])).toSorted((a, b) => a - b)).toEqual(
      expected.ids,
    );
  if (expected.row_count !== undefined) expect(answer.rows.length).toBe(expected.row_count);
  if (expected.rows === undefined) return;
  expect(answer.keys).toEqual(expected.columns);
  const got = answer.rows.map((row) => answer.keys.map((key) => row[key] ?? ''));
  expect(got).toEqual(wantedRows(got, expected));
}

test('no case is left out by accident', () => {
  expect(CONFORMANCE_CASES.length).toBe(102);
});

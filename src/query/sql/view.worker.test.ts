import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DOUBLE_KEY, LONG_KEY, TEXT_KEY } from '#protocol/index-config-fixture.ts';
import { DEFAULT_TOKENS, type IndexConfig } from '#protocol/index-config.ts';
import { VIEW_BRANCHES_MAX } from '../limits.ts';
import { QueryFixture } from '../query-fixture.ts';

const START = 1_716_163_200;
const INDEX: IndexConfig = {
  line: { token: DEFAULT_TOKENS, caseSensitive: false, chn: false },
  keys: { msg: TEXT_KEY, n: LONG_KEY, d: DOUBLE_KEY },
  max_text_len: 64,
};
const ROWS = 240;

/** Rows of a segment: `all` in every one, `even` in half of them, `rare` in one. */
function rowsOf(segment: number, changes: Record<string, string> = {}): Record<string, string>[] {
  return Array.from({ length: ROWS }, (_, i) => ({
    __time__: String(START + segment * 10 + Math.floor(i / 24)),
    n: String(segment * ROWS + i),
    d: `${i}.5`,
    msg: `all ${i % 2 === 0 ? 'even' : 'odd'} ${i === segment ? 'rare' : 'often'}`,
    ...changes,
  }));
}

/** What statements must find, counted without them. */
function expected(
  rows: readonly Record<string, string>[],
  word: string,
): { readonly count: number; readonly sum: number } {
  const found = rows.filter((row) => row['msg']?.split(' ').includes(word));
  return { count: found.length, sum: found.reduce((sum, row) => sum + Number(row['n']), 0) };
}

describe('segments that are stored alike and others', () => {
  let world: QueryFixture;
  const all: Record<string, string>[] = [];
  beforeAll(async () => {
    world = await QueryFixture.create();
    const add = async (index: IndexConfig, changes: Record<string, string>): Promise<void> => {
      world.index = index;
      const rows = rowsOf(world.segments.length, changes);
      all.push(...rows);
      await world.add(rows);
    };
    for (let i = 0; i < 3; i++) await add(INDEX, {});
    // Other columns before and between, a number that is a text, decimals of another scale.
    await add(INDEX, { aaa: '1', name: 'x', bits: 'y', segment: '7' });
    await add(INDEX, { d: 'no number' });
    await add(INDEX, { d: '1.25' });
    await add({ ...INDEX, keys: { ...INDEX.keys, n: TEXT_KEY } }, {});
    // What the scan and its join call their own.
    const own = { file_index: '1', filename: 'f', file_row_number: '3', rows: 'r', matching: 'm' };
    for (let i = 0; i < 2; i++) await add(INDEX, own);
    for (let i = 0; i < VIEW_BRANCHES_MAX; i++) await add(INDEX, {});
    const names = [...Object.keys(own), 'name', 'bits', 'segment', 'aaa'];
    world.index = {
      ...INDEX,
      keys: { ...INDEX.keys, ...Object.fromEntries(names.map((name) => [name, TEXT_KEY])) },
    };
  });
  afterAll(() => world[Symbol.asyncDispose]());

  test.each(['all', 'even', 'rare', 'often', 'none'])('give the rows with %s', async (word) => {
    const { count, sum } = expected(all, word);
    const cells = await world.cells(`${word} | select count(n) as c, sum(n) as s, count(msg) as m`);
    expect(cells).toEqual([[String(count), count === 0 ? 'null' : String(sum), String(count)]]);
  });

  test.each(['all', 'even', 'rare'])('give the rows with %s of a range', async (word) => {
    const [fromTime, toTime] = [START + 15, START + 123];
    const inside = all.filter(
      ({ __time__ }) => Number(__time__) >= fromTime && Number(__time__) < toTime,
    );
    const { count, sum } = expected(inside, word);
    const cells = await world.cells(
      `${word} | select count(n) as c, sum(n) as s, min(__time__) >= ${fromTime} as a, max(__time__) < ${toTime} as b`,
      { fromTime, toTime },
    );
    expect(cells).toEqual([[String(count), String(sum), 'true', 'true']]);
  });

  test('give every column of its own segment', async () => {
    const columns = ['file_index', 'filename', 'file_row_number', 'rows', 'matching', 'name'];
    const rest = ['bits', 'segment', 'aaa'];
    const counts = [...columns, ...rest].map((name, i) => `count("${name}") as c${i}`).join(', ');
    for (const [word, part] of [
      ['all', ROWS],
      ['even', ROWS / 2],
    ] as const)
      expect(await world.cells(`${word} | select ${counts}`)).toEqual([
        [2, 2, 2, 2, 2, 1, 1, 1, 1].map((segments) => String(segments * part)),
      ]);
    const values = `select distinct file_index, "rows", "matching" from log where file_index is not null`;
    expect(await world.cells(`even | ${values}`)).toEqual([['1', 'r', 'm']]);
  });

  test('give numbers as each segment has them', async () => {
    const sums = 'select count(d) as c, sum(d) as s, max(d) as m';
    const values = all
      .filter(({ msg }) => msg?.includes('even'))
      .map(({ d }) => Number(d))
      .filter((d) => !Number.isNaN(d));
    const [cells] = await world.cells(`even | ${sums}`);
    expect(cells?.map(Number)).toEqual([
      values.length,
      values.reduce((sum, d) => sum + d, 0),
      Math.max(...values),
    ]);
  });
});

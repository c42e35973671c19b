import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_TOKENS, type IndexConfig } from '#protocol/index-config.ts';
import { parseQuery } from '#querylang/parse-query.ts';
import type { SegmentReader } from '#segment/segment.ts';
import { compileSearch } from './compile-search.ts';
import { matchSegment } from './match-segment.ts';
import { QueryFixture } from '../query-fixture.ts';
import { EXAMPLE_INDEX, EXAMPLE_LOGS, EXAMPLES } from './search-examples.ts';
import { SegmentFixture } from './segment-fixture.ts';

const PLAIN = { caseSensitive: false, chn: false, doc_value: true, alias: '' } as const;
const TEXT = { ...PLAIN, type: 'text', token: DEFAULT_TOKENS } as const;

/** The numbers of the logs that a query finds, through the whole service (phrases are read there). */
async function found(world: QueryFixture, query: string): Promise<readonly number[]> {
  const { rows } = await world.query(query);
  return rows.map((row) => Number(row['__time__']) - FIRST_TIME);
}

const FIRST_TIME = 1_700_000_000;
const TIMED = EXAMPLE_LOGS.map((log, i) => ({ ...log, __time__: FIRST_TIME + i }));

describe('the examples of the specification', () => {
  let whole: QueryFixture;
  let split: QueryFixture;

  beforeAll(async () => {
    whole = await QueryFixture.create();
    whole.index = EXAMPLE_INDEX;
    await whole.add(TIMED);
    split = await QueryFixture.create();
    split.index = EXAMPLE_INDEX;
    for (const log of TIMED) await split.add([log]);
  });
  afterAll(async () => {
    await whole[Symbol.asyncDispose]();
    await split[Symbol.asyncDispose]();
  });

  test('there are a hundred', () => {
    expect(EXAMPLES.length).toBe(100);
  });

  test.each(EXAMPLES)('%s', async (query, expected) => {
    for (const world of [whole, split])
      if (expected === 'error')
        await expect(found(world, query)).rejects.toMatchObject({ code: 'ParameterInvalid' });
      else
        expect(await found(world, query)).toEqual(
          expected === 'all' ? EXAMPLE_LOGS.map((_, i) => i) : expected,
        );
  });

  test.each(['other:plain', 'user:bob'])('%s names the key that has no index', async (query) => {
    const key = query.slice(0, query.indexOf(':'));
    await expect(whole.query(query)).rejects.toThrow(
      `key (${key}) is not config as key value config,if symbol : is in your log,please wrap : with quotation mark "`,
    );
  });
});

describe('index changes', () => {
  let fixture: SegmentFixture;
  let reader: SegmentReader;

  beforeAll(async () => {
    fixture = await SegmentFixture.create();
    const keys = { status: TEXT, count: { ...PLAIN, type: 'long' } } as const;
    reader = await fixture.build(
      [
        { __time__: FIRST_TIME, status: '200', count: '7' },
        { __time__: FIRST_TIME, status: '404', count: 'x' },
      ],
      { keys, max_text_len: 2048 },
    );
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  const present: IndexConfig = {
    keys: { status: { ...PLAIN, type: 'long' }, count: TEXT },
    max_text_len: 2048,
  };

  test.each([
    ['status = 404', [1]],
    ['status:200', [0]],
    ['status > 100', []],
    ['status:*', [0, 1]],
    ['count:7', [0]],
    ['count:*', [0]],
  ])('%s on logs from before', async (query, expected) => {
    const plan = compileSearch(parseQuery(query).search, present);
    const request = { plan, fromTime: 0, toTime: 2 ** 32, topic: '' };
    const { ranks } = await matchSegment(reader, request);
    const rows = Array.from({ length: ranks.count }, (_, i) => ranks.select(i));
    expect(rows).toEqual(expected);
  });
});

/** Statements over segments that are large enough for their parts to be kept. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { QueryFixture } from '../query-fixture.ts';
import type { FixtureLog } from '../search/segment-fixture.ts';

const START = 1_700_000_000;
const SEGMENT_ROWS = 10_500;
const SEGMENTS = 3;
const ASKED = 4;

let world: QueryFixture;
const logs: FixtureLog[] = [];

beforeAll(async () => {
  world = await QueryFixture.create();
  const text = {
    type: 'text',
    caseSensitive: false,
    chn: false,
    doc_value: true,
    alias: '',
  } as const;
  const long = { ...text, type: 'long' } as const;
  world.index = { keys: { host: text, code: long }, max_text_len: 2048 };
  for (let i = 0; i < SEGMENTS; i++) {
    const segment = Array.from({ length: SEGMENT_ROWS }, (_, row): FixtureLog => {
      const n = i * SEGMENT_ROWS + row;
      return { __time__: START + Math.floor(n / 50), host: `h${n % 7}`, code: (n * 31) % 600 };
    });
    logs.push(...segment);
    await world.add(segment);
  }
}, 120_000);
afterAll(() => world[Symbol.asyncDispose]());

interface Range {
  readonly fromTime: number;
  readonly toTime: number;
}

const ALL: Range = { fromTime: START, toTime: START + 1000 };
/** Ends move through the first and the last segment. */
const RANGES: readonly Range[] = [
  ALL,
  { fromTime: START + 1, toTime: START + 629 },
  { fromTime: START + 209, toTime: START + 421 },
  { fromTime: START + 210, toTime: START + 420 },
  { fromTime: START + 700, toTime: START + 800 },
];

function inside({ fromTime, toTime }: Range): readonly FixtureLog[] {
  return logs.filter(({ __time__: time }) => Number(time) >= fromTime && Number(time) < toTime);
}

/** Counts, sums of codes and distinct hosts by what a log gives. */
function table(list: readonly FixtureLog[], group: (log: FixtureLog) => string): string[][] {
  return [...Map.groupBy(list, group)]
    .map(([name, same]) => [
      name,
      String(same.length),
      String(same.reduce((sum, { code }) => sum + Number(code), 0)),
      String(new Set(same.map(({ host }) => host)).size),
    ])
    .toSorted((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1));
}

describe('a statement that is asked again and again', () => {
  test.each(RANGES)('has the answer of the logs of %o', async (range) => {
    const query =
      '* | select host, count(*) as n, sum(code) as s, count(distinct host) as d group by host order by host';
    for (let i = 0; i < ASKED; i++)
      expect(await world.cells(query, range)).toEqual(
        table(inside(range), ({ host }) => String(host)),
      );
  });

  test.each(RANGES)('has it with a search too, %o', async (range) => {
    const query =
      'code >= 300 | select __time__ % 4 as q, count(*) as n, sum(code) as s, count(distinct host) as d group by q order by q';
    const found = inside(range).filter(({ code }) => Number(code) >= 300);
    for (let i = 0; i < ASKED; i++)
      expect(await world.cells(query, range)).toEqual(
        table(found, ({ __time__: time }) => String(Number(time) % 4)),
      );
  });

  test.each(RANGES)('has it from times alone, %o', async (range) => {
    const query =
      'host: h3 | select __time__ - __time__ % 60 as t, count(*) as n group by t order by t';
    const found = inside(range).filter(({ host }) => host === 'h3');
    const wanted = table(found, ({ __time__: time }) => String(Number(time) - (Number(time) % 60)));
    expect(await world.cells(query, range)).toEqual(wanted.map(([t, n]) => [t, n]));
    const total = await world.cells('host: h3 | select count(*) as n', range);
    expect(total).toEqual([[String(found.length)]]);
  });

  test('has it for other logs when its search is another one', async () => {
    for (const [search, parity] of [
      ['code < 300', true],
      ['code >= 300', false],
      ['code < 300', true],
    ] as const)
      for (let i = 0; i < ASKED; i++) {
        const [row] = await world.cells(`${search} | select count(*) as n, max(host) as h`, ALL);
        const found = logs.filter(({ code }) => Number(code) < 300 === parity);
        expect(row).toEqual([String(found.length), 'h6']);
      }
  });

  test('has the answer of no logs when there are none', async () => {
    const range = { fromTime: START - 100, toTime: START - 50 };
    for (let i = 0; i < ASKED; i++) {
      expect(await world.cells('* | select count(*) as n, sum(code) as s', range)).toEqual([
        ['0', 'null'],
      ]);
      expect(await world.cells('* | select count(*) as n', range)).toEqual([['0']]);
      expect(await world.cells('* | select host, count(*) as n group by host', range)).toEqual([]);
    }
  });
});

// To the fixture every name is that of a logstore with these logs; the columns of parts are what must not be there.
test.each([
  'select sls_segment from sls_kept_0',
  'select * from memory.main.sls_kept_0',
  'select sls_k0 from "sls_kept_0"',
  'with sls_kept_0 as (select 1 as a from log) select * from (select 1 from log) x, main.sls_kept_0',
  'select sls_k0 from sls_part_0',
  'select sls_n from sls_rows_0',
  'select sum(p.sls_p1) as n from log, sls_part_0 as p',
  'select sls_k0 from log',
  'select count(*) as n from log group by sls_k0',
  'select count(*) as n from log having sls_p0 > 0',
  'select count(*) as n from log order by sls_p0',
])('parts cannot be read by %s', async (sql) => {
  await world.cells('* | select host, count(*) as n, sum(code) as s group by host');
  await world.cells('* | select host, count(*) as n, sum(code) as s group by host');
  await expect(world.query(`* | ${sql}`)).rejects.toMatchObject({ code: 'ParameterInvalid' });
});

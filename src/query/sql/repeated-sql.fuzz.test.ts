/**
 * Random statements over segments that are large enough for their parts to be kept, asked again and again over ranges that
 * move, with the query process killed in between and with several statements at once. Each answer is compared with the
 * same statement over a plain table, so that nothing kept may show.
 */
import { readdirSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { must } from '#base/assert.ts';
import { RealClock } from '#platform/real-clock.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import { parseQuery } from '#querylang/parse-query.ts';
import type { SearchNode } from '#querylang/search-ast.ts';
import { KEPT_ROWS_MIN } from '../limits.ts';
import { QueryFixture } from '../query-fixture.ts';
import { matchesNaively } from '../search/naive-search.ts';
import type { FixtureLog } from '../search/segment-fixture.ts';
import { PlainLogs } from './plain-logs.ts';
import { drawFrom } from './random-expressions.ts';
import { randomStatement } from './random-statements.ts';
import { FIRST_TIME, plainColumns } from './sql-arbitraries.ts';
import {
  compareStatement,
  nat,
  RELATION_NAMES,
  type ComparedSql,
  type SqlRange,
} from './sql-differential.ts';

const SEGMENT_ROWS: readonly number[] = [KEPT_ROWS_MIN + 500, KEPT_ROWS_MIN + 200, 300, 40];
const LOGS_A_SECOND = 50;
const SECONDS = Math.ceil(SEGMENT_ROWS.reduce((sum, rows) => sum + rows) / LOGS_A_SECOND);
const SEEDS = 10;
/** One seed takes seconds, so that shrinking would take the time of the test. */
const PARAMETERS = { numRuns: SEEDS, endOnFailure: true };

const KEY = {
  type: 'text',
  token: [],
  caseSensitive: false,
  chn: false,
  doc_value: true,
  alias: '',
} as const;
const INDEX: IndexConfig = {
  keys: {
    host: KEY,
    code: { ...KEY, type: 'long' },
    cost: { ...KEY, type: 'double' },
    id: { ...KEY, type: 'long' },
  },
  max_text_len: 2048,
};
const COLUMNS = plainColumns(INDEX);
const SEARCHES = ['*', 'host: h3', 'code >= 300', 'not host: h1', 'host: absent'].map((text) => {
  const { search } = parseQuery(text);
  return { search, places: [] as number[] };
});

const clock = new RealClock();
const logs: FixtureLog[] = [];
let service: QueryFixture;
let plain: PlainLogs;

beforeAll(async () => {
  service = await QueryFixture.create();
  plain = await PlainLogs.open();
  service.index = INDEX;
  for (const rows of SEGMENT_ROWS) {
    const segment = Array.from({ length: rows }, (_, i): FixtureLog => {
      const n = logs.length + i;
      const log = {
        __time__: FIRST_TIME + Math.floor(n / LOGS_A_SECOND),
        host: `h${n % 7}`,
        code: n % 11 === 0 ? 'none' : (n * 31) % 600,
        cost: ((n * 17) % 400) / 4,
        id: n,
      };
      return n % 13 === 0 ? { __time__: log.__time__, code: log.code, id: n } : log;
    });
    logs.push(...segment);
    await service.add(segment);
  }
  await plain.load(logs, COLUMNS, INDEX.max_text_len);
  for (const { search, places } of SEARCHES)
    for (const [place, log] of logs.entries())
      if (matchesNaively(search, log, INDEX)) places.push(place);
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  plain[Symbol.dispose]();
});

/** Moves from one time to the next, as a dashboard does. */
const ranges: fc.Arbitrary<readonly SqlRange[]> = fc
  .tuple(fc.nat(SECONDS), fc.constantFrom(30, 250, SECONDS, 2 * SECONDS), fc.constantFrom(0, 1, 60))
  .map(([start, width, step]) =>
    [0, 0, 1, 1, 2].map((i) => {
      const fromTime = FIRST_TIME + start - Math.floor(width / 2) + i * step;
      return { fromTime, toTime: fromTime + width, topic: '' };
    }),
  );

interface Ask {
  readonly search: SearchNode;
  readonly places: readonly number[];
}

async function see({ places }: Ask, { fromTime, toTime }: SqlRange): Promise<void> {
  await plain.select(
    places.filter((place) => {
      const time = Number(logs[place]?.['__time__']);
      return time >= fromTime && time < toTime;
    }),
  );
}

/** Processes that this one started for queries. */
function queryProcesses(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
        const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
        const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
        return parent === process.pid && command.includes('duck-worker');
      } catch {
        return false;
      }
    });
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Until this process has heard of it: a statement that is sent before is lost with the process. */
async function killQueryProcess(): Promise<void> {
  const killed = queryProcesses();
  for (const pid of killed) process.kill(pid, 'SIGKILL');
  while (killed.some(isThere)) await clock.sleep(10);
  await clock.sleep(50);
}

test('repeated statements give what a plain table gives, whatever was kept and killed', async () => {
  const compared: ComparedSql = { statements: 0, rows: 0 };
  let killed = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.gen(),
      fc.constantFrom(...SEARCHES),
      ranges,
      fc.nat(6),
      async (g, ask, asked, kill) => {
        const draw = drawFrom(g, nat);
        const log = { columns: COLUMNS, relationNames: RELATION_NAMES, isLarge: true };
        const statements = [randomStatement(draw, log), randomStatement(draw, log)];
        for (const [i, range] of asked.entries()) {
          await see(ask, range);
          for (const statement of statements)
            await compareStatement({ service, plain }, { statement, ...ask, range }, compared);
          if (i === kill) {
            await killQueryProcess();
            killed++;
          }
        }
      },
    ),
    PARAMETERS,
  );
  expect(compared.statements).toBeGreaterThanOrEqual(10 * SEEDS);
  expect(compared.rows).toBeGreaterThan(10 * SEEDS);
  expect(killed).toBeGreaterThan(0);
});

test('statements at once do not disturb each other', async () => {
  const compared: ComparedSql = { statements: 0, rows: 0 };
  await fc.assert(
    fc.asyncProperty(fc.gen(), fc.constantFrom(...SEARCHES), ranges, async (g, ask, [range]) => {
      const draw = drawFrom(g, nat);
      const log = { columns: COLUMNS, relationNames: RELATION_NAMES, isLarge: true };
      const statements = Array.from({ length: 4 }, () => randomStatement(draw, log));
      const times = must(range, 'ranges');
      await see(ask, times);
      await Promise.all(
        [...statements, ...statements].map((statement) =>
          compareStatement({ service, plain }, { statement, ...ask, range: times }, compared),
        ),
      );
    }),
    PARAMETERS,
  );
  expect(compared.statements).toBeGreaterThanOrEqual(8 * SEEDS);
});

/**
 * Pages of phrase searches over segments whose times overlap, against a reading of every log: the rows that are not read
 * because the page is full must never be missed.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_TOKENS, type IndexConfig } from '#protocol/index-config.ts';
import { QueryFixture } from '../query-fixture.ts';

const WORDS = ['disk', 'full', 'Disk', 'is', 'not'] as const;
const CUT = { token: DEFAULT_TOKENS, caseSensitive: false, chn: false };
const TEXT = { type: 'text', ...CUT, doc_value: true, alias: '' } as const;
const JSON_KEY = { type: 'json', ...CUT, index_all: true, doc_value: true, alias: '' } as const;
const SEGMENTS = 3;
const LOGS_EACH = 700;

interface TestLog extends Readonly<Record<string, string | number>> {
  readonly __time__: number;
  readonly id: string;
}

const logs: TestLog[] = [];
let seed = 7;
let fixture: QueryFixture;

/** Park and Miller's generator. */
function below(count: number): number {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed % count;
}

function text(): string {
  return Array.from({ length: 1 + below(4) }, () => WORDS[below(WORDS.length)]!).join(' ');
}

function makeLog(segment: number, i: number): TestLog {
  return {
    __time__: 1000 + segment * 40 + below(100),
    id: `${segment}-${i}`,
    msg: text(),
    ...(below(2) === 0 ? { other: text() } : {}),
    ctx: JSON.stringify({ note: text(), level: 'x' }),
  };
}

const INDEXES: readonly (readonly [string, IndexConfig])[] = [
  ['with keys', { line: CUT, keys: { msg: TEXT, ctx: JSON_KEY }, max_text_len: 2048 }],
  ['with full text alone', { line: CUT, max_text_len: 2048 }],
];

function holds(value: string | number | undefined): boolean {
  return /\bdisk full\b/iu.test(String(value ?? ''));
}

function everywhere(log: TestLog): boolean {
  return holds(log['msg']) || holds(log['other']) || holds(log['ctx']);
}

describe.each(INDEXES)('phrases %s', (_, index) => {
  beforeAll(async () => {
    logs.length = 0;
    fixture = await QueryFixture.create();
    fixture.index = index;
    for (let segment = 0; segment < SEGMENTS; segment++) {
      const some = Array.from({ length: LOGS_EACH }, (_, i) => makeLog(segment, i));
      await fixture.add(some);
      logs.push(...some);
    }
    // Stable: logs of one second stay as they came.
    logs.sort((a, b) => a.__time__ - b.__time__);
  }, 60_000);

  afterAll(() => fixture[Symbol.asyncDispose]());

  const queries: readonly (readonly [string, (log: TestLog) => boolean])[] =
    index.keys === undefined
      ? [['#"disk full"', everywhere]]
      : [
          ['#"disk full"', everywhere],
          ['msg:#"disk full"', (log) => holds(log['msg'])],
          ['ctx.note:#"Disk full"', (log) => holds(log['ctx'])],
          [
            'msg:#"disk full" and ctx:#"full"',
            (log) => holds(log['msg']) && /full/u.test(String(log['ctx'])),
          ],
        ];

  test.each(queries)('%s gives the same pages as reading all logs', async (query, isFound) => {
    const wanted = logs.filter(isFound).map(({ id }) => id);
    expect(wanted.length).toBeGreaterThan(50);
    for (const reverse of [false, true])
      for (const [offset, line] of [
        [0, 1],
        [0, 100],
        [37, 10],
        [wanted.length - 5, 100],
        [wanted.length, 100],
        [0, 0],
      ] as const) {
        const ordered = reverse ? wanted.toReversed() : wanted;
        const { rows, progress, isAccurate } = await fixture.query(query, {
          offset,
          line,
          reverse,
        });
        expect(rows.map((row) => row['id'])).toEqual(ordered.slice(offset, offset + line));
        expect({ progress, isAccurate }).toEqual({ progress: 'Complete', isAccurate: true });
      }
  });

  test('that no log has are looked for in all candidates', async () => {
    const { rows, isAccurate } = await fixture.query('#"full disk full disk full"');
    expect(rows).toEqual([]);
    expect(isAccurate).toBe(true);
  });
});

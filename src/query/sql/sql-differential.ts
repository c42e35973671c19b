/**
 * For tests: random logs in random segments, random index configurations, searches, times and statements through the whole
 * query service, against the same statement in DuckDB's own SQL over a plain table of the logs that `naive-search.ts` finds.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import * as fc from 'fast-check';
import type { IndexConfig } from '#protocol/index-config.ts';
import { printSearch } from '#querylang/print-query.ts';
import type { SearchNode } from '#querylang/search-ast.ts';
import type { SegmentReader } from '#segment/segment.ts';
import type { QueryFixture } from '../query-fixture.ts';
import { checkKeys, matchesNaively } from '../search/naive-search.ts';
import { plainSearches } from '../search/search-arbitraries.ts';
import type { FixtureLog } from '../search/segment-fixture.ts';
import type { PlainLogs } from './plain-logs.ts';
import type { Kind } from './expression-forms.ts';
import { drawFrom } from './random-expressions.ts';
import { randomStatement, type Statement } from './random-statements.ts';
import { FIRST_TIME, LOG_SECONDS, plainColumns, sqlConfigs, sqlLogs } from './sql-arbitraries.ts';

const STATEMENTS_OF_A_SEARCH = 4;

/** The logstore of the fixture, as statements may call it. */
export const RELATION_NAMES = ['log', 'store', '"store"'] as const;

export interface SqlWorld {
  readonly service: QueryFixture;
  readonly plain: PlainLogs;
}

/** How much was compared, so that a test can tell that its data meet. */
export interface ComparedSql {
  statements: number;
  rows: number;
}

export interface SqlRange {
  readonly fromTime: number;
  readonly toTime: number;
  readonly topic: string;
}

const anyRange: fc.Arbitrary<SqlRange> = fc.record({
  fromTime: fc.integer({ min: 0, max: LOG_SECONDS / 2 }).map((n) => FIRST_TIME + n),
  toTime: fc.integer({ min: 0, max: LOG_SECONDS / 2 }).map((n) => FIRST_TIME + LOG_SECONDS - n),
  topic: fc.constantFrom('', '', '', 'b'),
});

/** Which of the logs are built how: places of cuts, whether the first parts are merged, configurations of parts. */
const builds = fc.record({
  cuts: fc.uniqueArray(fc.nat(30), { maxLength: 3 }),
  mergedCount: fc.nat(3),
  other: fc.option(sqlConfigs, { nil: undefined, freq: 3 }),
});

const ALL: SearchNode = { kind: 'all', span: { start: 0, end: 0 } };

const someSearches: fc.Arbitrary<SearchNode> = fc.oneof(
  { weight: 2, arbitrary: fc.constant(ALL) },
  plainSearches,
);

export const nat = (max: number): fc.Arbitrary<number> => fc.nat(max);

/** Errors: what fast-check throws, with the seed; it stops to look for a smaller example when the time is over. */
export async function compareSql(
  world: SqlWorld,
  options: {
    readonly numRuns: number;
    readonly seed?: number;
    /** Milliseconds. */
    readonly interruptAfterTimeLimit: number;
  },
): Promise<ComparedSql> {
  const compared: ComparedSql = { statements: 0, rows: 0 };
  await fc.assert(
    fc.asyncProperty(
      sqlConfigs,
      sqlLogs,
      builds,
      fc.array(fc.tuple(someSearches, anyRange, fc.gen()), { minLength: 1, maxLength: 3 }),
      async (index, logs, build, asked) => {
        world.service.index = index;
        const columns = plainColumns(index);
        const segments = await buildSegments(world, logs, build);
        world.service.segments.splice(0, Infinity, ...segments);
        await world.plain.load(logs, columns, index.max_text_len);
        for (const [node, range, g] of asked) {
          // What another configuration indexed is found by its rules, which are not the matter here.
          const search = build.other === undefined ? usable(node, index) : ALL;
          await world.plain.select(found(logs, { search, range, index }));
          const draw = drawFrom(g, nat);
          for (let i = 0; i < STATEMENTS_OF_A_SEARCH; i++) {
            const statement = randomStatement(draw, { columns, relationNames: RELATION_NAMES });
            await compareStatement(world, { statement, search, range }, compared);
          }
        }
      },
    ),
    options,
  );
  return compared;
}

function usable(node: SearchNode, index: IndexConfig): SearchNode {
  try {
    checkKeys(node, index);
    return node;
  } catch {
    return ALL;
  }
}

async function buildSegments(
  { service }: SqlWorld,
  logs: readonly FixtureLog[],
  { cuts, mergedCount, other }: typeof builds extends fc.Arbitrary<infer T> ? T : never,
): Promise<SegmentReader[]> {
  const places = [0, ...cuts.filter((at) => at > 0 && at < logs.length), logs.length];
  places.sort((a, b) => a - b);
  const parts = places.slice(1).map((end, i) => logs.slice(places[i], end));
  const built: SegmentReader[] = [];
  const index = service.index!;
  const last = other === undefined ? [] : parts.splice(-1);
  for (const part of parts) built.push(await service.builder.build(part, index));
  const merged = built.splice(0, mergedCount);
  if (merged.length > 0) built.unshift(await service.builder.merge(merged));
  for (const part of last) built.push(await service.builder.build(part, other ?? index));
  return built;
}

/** Places of the logs that a search finds. */
export function found(
  logs: readonly FixtureLog[],
  {
    search,
    range,
    index,
  }: { readonly search: SearchNode; readonly range: SqlRange; readonly index: IndexConfig },
): readonly number[] {
  return [...logs.entries()]
    .filter(([, log]) => {
      const time = Number(log['__time__']);
      const isInside = time >= range.fromTime && time < range.toTime;
      const topic = log['__topic__'] ?? '';
      if (!isInside || (range.topic !== '' && range.topic !== topic)) return false;
      return search.kind === 'all' || matchesNaively(search, log, index);
    })
    .map(([place]) => place);
}

const TYPES: Readonly<Record<Kind, string>> = {
  long: 'bigint',
  double: 'double',
  text: 'varchar',
  bool: 'boolean',
  time: 'timestamp',
};

/** Errors: AssertionError, with both spellings. */
export async function compareStatement(
  { service, plain }: Pick<SqlWorld, 'service' | 'plain'>,
  asked: {
    readonly statement: Statement;
    readonly search: SearchNode;
    readonly range: SqlRange;
  },
  compared: ComparedSql,
): Promise<void> {
  const { statement, search, range } = asked;
  const { names, kinds } = statement;
  const query = `${printSearch(search)} | ${statement.sls}`;
  const about = `${query}\n${JSON.stringify(range)}\n${statement.duck}`;
  const wanted = await plain.run(statement.duck, kinds).catch((error: unknown) => {
    throw new Error(`the plain statement is wrong\n${about}`, { cause: error });
  });
  const answer = await service.query(query, range).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${about}`, { cause: error });
  });
  deepEqual(answer.keys, names, about);
  equal(answer.progress, 'Complete', about);
  const rows = answer.rows.map((row) => names.map((name) => zero(row[name] ?? '')));
  // The engine takes the type from what is null whatever the row.
  const isKnown = (i: number): boolean => rows.some((row) => row[i] !== 'null');
  deepEqual(
    answer.columnTypes.filter((_, i) => isKnown(i)),
    kinds.map((kind) => TYPES[kind]).filter((_, i) => isKnown(i)),
    about,
  );
  if (statement.isOrdered) deepEqual(rows, wanted, about);
  else if (statement.isLimited && wanted.length > 100) {
    equal(rows.length, 100, about);
    const all = new Set(wanted.map(String));
    ok(
      rows.every((row) => all.has(String(row))),
      about,
    );
  } else deepEqual(rows.toSorted(byText), wanted.toSorted(byText), about);
  compared.statements++;
  compared.rows += rows.length;
}

/** Which zero a group has depends on the order of its rows. */
function zero(cell: string): string {
  return cell === '-0.0' ? '0.0' : cell;
}

function byText(a: readonly string[], b: readonly string[]): number {
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

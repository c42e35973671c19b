/**
 * For tests: random logs in random segments, random index configurations and random searches through the whole query
 * service, against `naive-search.ts`. What one seed asks of a search: all rows, a page of a part of the time, and counts.
 */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import * as fc from 'fast-check';
import { printSearch } from '#querylang/print-query.ts';
import type { SearchNode } from '#querylang/search-ast.ts';
import type { SegmentReader } from '#segment/segment.ts';
import type { QueryFixture } from '../query-fixture.ts';
import { checkKeys, matchesNaively } from './naive-search.ts';
import {
  FIRST_LOG_TIME,
  indexConfigs,
  LOG_SECONDS,
  searchedLogs,
  searches,
} from './search-arbitraries.ts';
import type { FixtureLog, SegmentFixture } from './segment-fixture.ts';

const END_LOG_TIME = FIRST_LOG_TIME + LOG_SECONDS;

/** A part of the logs, and a page of what matches. */
const anyWindow = fc.record({
  fromTime: fc.integer({ min: FIRST_LOG_TIME - 1, max: FIRST_LOG_TIME + 3 }),
  toTime: fc.integer({ min: FIRST_LOG_TIME + 4, max: END_LOG_TIME + 1 }),
  fromNs: fc.constantFrom(0, 0, 0, 1, 2, 600_000_000),
  toNs: fc.constantFrom(0, 0, 0, 1, 2, 600_000_000),
  topic: fc.constantFrom('', '', '', 'b', 'B', 'a b', 'ab'),
  offset: fc.integer({ min: 0, max: 4 }),
  line: fc.integer({ min: 0, max: 6 }),
  reverse: fc.boolean(),
});
type Window = typeof anyWindow extends fc.Arbitrary<infer T> ? T : never;

interface World {
  readonly service: QueryFixture;
  readonly segments: SegmentFixture;
}

/** How much was compared, so that a test can tell that its data meet. */
export interface Compared {
  searches: number;
  errors: number;
  hits: number;
}

/** Errors: what fast-check throws, with the seed. */
export async function compareSearches(
  world: World,
  options: { readonly numRuns: number; readonly seed?: number },
): Promise<Compared> {
  const compared: Compared = { searches: 0, errors: 0, hits: 0 };
  await fc.assert(
    fc.asyncProperty(
      indexConfigs,
      fc.array(fc.array(searchedLogs, { minLength: 1, maxLength: 5 }), {
        minLength: 1,
        maxLength: 4,
      }),
      fc.integer({ min: 0, max: 3 }),
      fc.array(fc.tuple(searches, anyWindow), { minLength: 1, maxLength: 8, size: 'max' }),
      async (index, parts, mergedCount, asked) => {
        let next = 0;
        const numbered = parts.map((part) => part.map((log) => ({ ...log, n: `n${next++}` })));
        world.service.index = index;
        const built: SegmentReader[] = [];
        for (const part of numbered) built.push(await world.segments.build(part, index));
        const merged = built.splice(0, mergedCount);
        if (merged.length > 0) built.unshift(await world.segments.merge(merged));
        world.service.segments.splice(0, Infinity, ...built);
        const logs = numbered.flat().toSorted(byTime);
        for (const [node, window] of asked)
          await compareSearch({ service: world.service, logs, window }, node, compared);
      },
    ),
    options,
  );
  return compared;
}

async function compareSearch(
  asked: {
    readonly service: QueryFixture;
    /** In the order of answers. */
    readonly logs: readonly FixtureLog[];
    readonly window: Window;
  },
  node: SearchNode,
  compared: Compared,
): Promise<void> {
  const { service, logs, window } = asked;
  const query = printSearch(node);
  const index = service.index!;
  try {
    checkKeys(node, index);
  } catch {
    await rejects(service.query(query), { code: 'ParameterInvalid' }, query);
    compared.errors++;
    return;
  }
  const wanted = logs.filter((log) => matchesNaively(node, log, index));
  const all = await service.query(query);
  deepEqual(numbersOf(all.rows), numbersOf(wanted), query);
  equal(all.progress, 'Complete');
  equal(all.isAccurate, true);
  const inside = wanted.filter((log) => isInside(log, window));
  const { offset, line, reverse } = window;
  const page = (reverse ? inside.toReversed() : inside).slice(offset, offset + line);
  const { rows } = await service.query(query, window);
  deepEqual(numbersOf(rows), numbersOf(page), `${query} in ${JSON.stringify(window)}`);
  if (!JSON.stringify(node).includes('"phrase"')) await compareCounts({ ...asked, inside }, query);
  compared.searches++;
  compared.hits += wanted.length;
}

async function compareCounts(
  asked: {
    readonly service: QueryFixture;
    readonly window: Window;
    readonly inside: readonly FixtureLog[];
  },
  query: string,
): Promise<void> {
  const { service, window, inside } = asked;
  const { buckets, count } = await service.service.getHistograms({
    projectName: 'project',
    logstoreName: 'store',
    intervalSeconds: 2,
    ...window,
    query,
  });
  equal(count, inside.length, query);
  // What lies inside the last second of a range is counted in its last bucket.
  const last = buckets.at(-1)!;
  for (const bucket of buckets)
    equal(
      bucket.count,
      inside.filter((log) => {
        const time = Number(log['__time__']);
        return time >= bucket.from && (time < bucket.to || bucket === last);
      }).length,
      query,
    );
}

function byTime(a: FixtureLog, b: FixtureLog): number {
  return (
    Number(a['__time__']) - Number(b['__time__']) ||
    Number(a['__time_ns_part__'] ?? 0) - Number(b['__time_ns_part__'] ?? 0)
  );
}

function isInside(log: FixtureLog, window: Window): boolean {
  const time = Number(log['__time__']);
  const ns = Number(log['__time_ns_part__'] ?? 0);
  const { fromTime, toTime, fromNs, toNs, topic } = window;
  if (time < fromTime || (time === fromTime && ns < fromNs)) return false;
  if (time > toTime || (time === toTime && ns >= toNs)) return false;
  return topic === '' || topic === (log['__topic__'] ?? '');
}

function numbersOf(rows: readonly FixtureLog[]): readonly (string | number | undefined)[] {
  return rows.map((row) => row['n']);
}

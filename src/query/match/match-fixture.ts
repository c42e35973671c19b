/** For tests: matching one log, and the same by a real index of that log. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { errorCode } from '#base/app-error.ts';
import { must } from '#base/assert.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import { printSearch } from '#querylang/print-query.ts';
import type { SearchNode } from '#querylang/search-ast.ts';
import type { SegmentReader } from '#segment/segment.ts';
import { compileSearch, type SearchPlan } from '../search/compile-search.ts';
import { evaluateSearch } from '../search/evaluate-search.ts';
import { matchesNaively } from '../search/naive-search.ts';
import { indexConfigs, searchedLogs, searches } from '../search/search-arbitraries.ts';
import { SegmentFixture, type FixtureLog } from '../search/segment-fixture.ts';
import { hasPhrases, phrasesOf } from '../search/verify-phrase.ts';
import { LogLayout } from './log-fields.ts';
import { compileMatcher } from './match-log.ts';

/** What a search reads of a log. */
export function fieldsOf(log: FixtureLog): Map<string, string> {
  const { __time__, __time_ns_part__, ...fields } = log;
  const pairs = Object.entries(fields).map(([name, value]) => [name, String(value)] as const);
  return new Map([['__source__', ''], ['__topic__', ''], ...pairs]);
}

/** Random searches on random logs against a reading of the log's texts. Throws at the first difference. */
export function compareWithReading(seeds: number): {
  readonly compared: number;
  readonly hits: number;
} {
  let compared = 0;
  let hits = 0;
  fc.assert(
    fc.property(
      indexConfigs,
      fc.array(searchedLogs, { minLength: 1, maxLength: 4 }),
      fc.array(searches, { minLength: 12, maxLength: 12 }),
      (index, logs, nodes) => {
        const layout = new LogLayout(index);
        for (const node of nodes) {
          const plan = planOf(node, index);
          if (plan === undefined) continue;
          const matches = compileMatcher(plan, index);
          for (const log of logs) {
            const got = matches(layout.fieldsOf(fieldsOf(log)));
            const wanted = matchesNaively(node, log, index);
            expect(got, `${printSearch(node)} on ${JSON.stringify(log)}`).toBe(wanted);
            compared++;
            if (got) hits++;
          }
        }
      },
    ),
    { numRuns: seeds },
  );
  return { compared, hits };
}

/** Random searches on random logs, each with a segment of its own. Throws at the first difference. */
export async function compareWithIndex(
  seeds: number,
): Promise<{ readonly compared: number; readonly hits: number }> {
  await using fixture = await SegmentFixture.create();
  let compared = 0;
  let hits = 0;
  await fc.assert(
    fc.asyncProperty(
      indexConfigs,
      fc.array(searchedLogs, { minLength: 1, maxLength: 3 }),
      fc.array(searches, { minLength: 12, maxLength: 12 }),
      async (index, logs, nodes) => {
        const layout = new LogLayout(index);
        const readers = await Promise.all(logs.map((log) => fixture.build([log], index)));
        for (const node of nodes) {
          const plan = planOf(node, index);
          if (plan === undefined) continue;
          const matches = compileMatcher(plan, index);
          for (const [i, log] of logs.entries()) {
            const wanted = await foundByIndex(
              node,
              index,
              must(readers[i], 'a segment for each log'),
            );
            const got = matches(layout.fieldsOf(fieldsOf(log)));
            expect(got, `${printSearch(node)} on ${JSON.stringify(log)}`).toBe(wanted);
            compared++;
            if (got) hits++;
          }
        }
      },
    ),
    { numRuns: seeds },
  );
  return { compared, hits };
}
/** What the index of the log alone finds; undefined for a search that is an error. */
async function foundByIndex(
  node: SearchNode,
  index: IndexConfig,
  reader: SegmentReader,
): Promise<boolean | undefined> {
  const plan = planOf(node, index);
  if (plan === undefined) return undefined;
  const { rows } = await evaluateSearch(plan, reader);
  const [row] = await reader.logs([0]);
  return rows.has(0) && hasPhrases(must(row, 'the log'), reader, phrasesOf(plan));
}

function planOf(node: SearchNode, index: IndexConfig): SearchPlan | undefined {
  try {
    return compileSearch(node, index);
  } catch (error) {
    if (errorCode(error) === 'ParameterInvalid') return undefined;
    throw error;
  }
}

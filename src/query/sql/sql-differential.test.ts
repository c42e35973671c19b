/** A few of the random statements of `sql-differential.fuzz.test.ts`, for every check. */
import { expect, test } from 'vitest';
import { QueryFixture } from '../query-fixture.ts';
import { PlainLogs } from './plain-logs.ts';
import { compareSql } from './sql-differential.ts';

const SEEDS = 25;

test('statements give what DuckDB gives for a plain table of the logs', async () => {
  await using service = await QueryFixture.create();
  using plain = await PlainLogs.open();
  const compared = await compareSql({ service, plain }, { numRuns: SEEDS });
  expect(compared.statements).toBeGreaterThan(4 * SEEDS);
  expect(compared.rows).toBeGreaterThan(4 * SEEDS);
}, 60_000);

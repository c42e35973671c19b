/** Thousands of random statements; the seed stands in the message of a failure. */
import { expect, test } from 'vitest';
import { QueryFixture } from '../query-fixture.ts';
import { PlainLogs } from './plain-logs.ts';
import { compareSql } from './sql-differential.ts';

const SEEDS = 250;

test('statements give what DuckDB gives for a plain table of the logs, thousands of times', async () => {
  await using service = await QueryFixture.create();
  using plain = await PlainLogs.open();
  const compared = await compareSql({ service, plain }, { numRuns: SEEDS });
  expect(compared.statements).toBeGreaterThan(4 * SEEDS);
  expect(compared.rows).toBeGreaterThan(4 * SEEDS);
});

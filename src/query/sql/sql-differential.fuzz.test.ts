/** Thousands of random statements; the seed stands in the message of a failure. */
import { expect, test } from 'vitest';
import { QueryFixture } from '../query-fixture.ts';
import { PlainLogs } from './plain-logs.ts';
import { compareSql } from './sql-differential.ts';

const SEEDS = 250;
/** A minute on a machine with nothing else to do. */
const TIME_MS = 600_000;

test(
  'statements give what DuckDB gives for a plain table of the logs, thousands of times',
  async () => {
    await using service = await QueryFixture.create();
    using plain = await PlainLogs.open();
    const compared = await compareSql(
      { service, plain },
      { numRuns: SEEDS, interruptAfterTimeLimit: TIME_MS - 60_000 },
    );
    expect(compared.statements).toBeGreaterThan(4 * SEEDS);
    expect(compared.rows).toBeGreaterThan(4 * SEEDS);
  },
  TIME_MS,
);

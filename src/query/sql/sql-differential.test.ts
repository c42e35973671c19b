/** A few of the random statements of `sql-differential.fuzz.test.ts`, for every check. */
import { expect, test } from 'vitest';
import { QueryFixture } from '../query-fixture.ts';
import { PlainLogs } from './plain-logs.ts';
import { compareSql } from './sql-differential.ts';

const SEEDS = 25;
/** Some seconds are enough on a machine with nothing else to do. */
const TIME_MS = 60_000;

test(
  'statements give what DuckDB gives for a plain table of the logs',
  async () => {
    await using service = await QueryFixture.create();
    using plain = await PlainLogs.open();
    const compared = await compareSql(
      { service, plain },
      { numRuns: SEEDS, interruptAfterTimeLimit: TIME_MS - 10_000 },
    );
    expect(compared.statements).toBeGreaterThan(4 * SEEDS);
    expect(compared.rows).toBeGreaterThan(4 * SEEDS);
  },
  TIME_MS,
);

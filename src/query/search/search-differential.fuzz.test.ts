/** Thousands of random searches; the seed stands in the message of a failure. */
import { expect, test } from 'vitest';
import { QueryFixture } from '../query-fixture.ts';
import { compareSearches } from './search-differential.ts';
import { SegmentFixture } from './segment-fixture.ts';

const SEEDS = 500;

test('searches find what a reading of every log finds, thousands of times', async () => {
  await using service = await QueryFixture.create();
  await using segments = await SegmentFixture.create();
  const compared = await compareSearches({ service, segments }, { numRuns: SEEDS });
  expect(compared.searches).toBeGreaterThan(2 * SEEDS);
  expect(compared.hits).toBeGreaterThan(2 * SEEDS);
});

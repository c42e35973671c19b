/** A few of the random searches of `search-differential.fuzz.test.ts`, for every check. */
import { expect, test } from 'vitest';
import { QueryFixture } from '../query-fixture.ts';
import { compareSearches } from './search-differential.ts';
import { SegmentFixture } from './segment-fixture.ts';

const SEEDS = 25;

test('searches find what a reading of every log finds', async () => {
  await using service = await QueryFixture.create();
  await using segments = await SegmentFixture.create();
  const compared = await compareSearches({ service, segments }, { numRuns: SEEDS });
  expect(compared.searches).toBeGreaterThan(SEEDS);
  expect(compared.hits).toBeGreaterThan(SEEDS);
  expect(compared.errors).toBeGreaterThan(0);
}, 60_000);

import { expect, it } from 'vitest';
import { compareWithIndex, compareWithReading } from './match-fixture.ts';

it('agrees with a reading of the texts, over thousands of seeds', () => {
  const { compared, hits } = compareWithReading(2000);
  expect(compared).toBeGreaterThan(20_000);
  expect(hits).toBeGreaterThan(2000);
});

it('agrees with an index of the log, over a hundred seeds', async () => {
  const { compared, hits } = await compareWithIndex(100);
  expect(compared).toBeGreaterThan(1000);
  expect(hits).toBeGreaterThan(100);
});

import { expect, it } from 'vitest';
import { compareWithIndex, compareWithReading } from './match-fixture.ts';

it('agrees with a reading of the texts, over thousands of seeds', () => {
  const { compared, hits } = compareWithReading(5000);
  expect(compared).toBeGreaterThan(50_000);
  expect(hits).toBeGreaterThan(5000);
});

it('agrees with an index of the log, over hundreds of seeds', async () => {
  const { compared, hits } = await compareWithIndex(300);
  expect(compared).toBeGreaterThan(3000);
  expect(hits).toBeGreaterThan(300);
});

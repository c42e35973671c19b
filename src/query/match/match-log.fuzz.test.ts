import { expect, it } from 'vitest';
import { compareWithIndex } from './match-fixture.ts';

it('agrees with an index of the log, over thousands of seeds', async () => {
  const { compared, hits } = await compareWithIndex(2000);
  expect(compared).toBeGreaterThan(20_000);
  expect(hits).toBeGreaterThan(2000);
}, 600_000);

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { includesRun } from './verify-phrase.ts';

const words = fc.array(fc.constantFrom('a', 'b'), { maxLength: 12 });

test('a run of terms is found wherever it stands, and nothing else', () => {
  fc.assert(
    fc.property(words, fc.array(fc.constantFrom('a', 'b'), { maxLength: 5 }), (terms, wanted) => {
      const isThere =
        wanted.length === 0 || ` ${terms.join(' ')} `.includes(` ${wanted.join(' ')} `);
      expect(includesRun(terms, wanted)).toBe(isThere);
    }),
    { numRuns: 3000 },
  );
});

test('a phrase of one word many times is looked for in a value of the same', () => {
  const terms = Array.from({ length: 250_000 }, () => 'a');
  const wanted = [...Array.from({ length: 30_000 }, () => 'a'), 'b'];
  expect(includesRun(terms, wanted)).toBe(false);
  expect(includesRun([...terms, 'b'], wanted)).toBe(true);
});

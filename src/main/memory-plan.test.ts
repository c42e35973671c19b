import { expect, it } from 'vitest';
import { GIB, MIB } from '#base/units.ts';
import { memoryLimit, planMemory } from './memory-plan.ts';

it('leaves most of a small machine to the server itself', () => {
  const bytes = Object.values(planMemory(GIB));
  expect(bytes.reduce((sum, part) => sum + part, 0)).toBeLessThan(GIB / 2);
});

it('stops growing on a large one, and never goes to nothing', () => {
  expect(planMemory(64 * GIB)).toEqual({
    blockCacheBytes: 256 * MIB,
    matchCacheBytes: 64 * MIB,
    queryBytes: GIB,
    queryOverheadBytes: 512 * MIB,
  });
  expect(Object.values(planMemory(0)).every((bytes) => bytes >= 8 * MIB)).toBe(true);
});

it('knows what this machine has', () => {
  expect(memoryLimit()).toBeGreaterThan(64 * MIB);
});

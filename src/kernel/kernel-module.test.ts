import { expect, it } from 'vitest';
import { instantiateKernel } from './kernel-module.ts';

it('gives every instance a memory of its own, whose blocks are aligned and can be given back', () => {
  const one = instantiateKernel();
  const other = instantiateKernel();
  expect(one.memory).not.toBe(other.memory);
  const mark = one.heapMark();
  const first = one.reserve(3);
  const second = one.reserve(1_000_000);
  expect(first % 16).toBe(0);
  expect(second).toBe(first + 16);
  expect(one.memory.buffer.byteLength).toBeGreaterThanOrEqual(second + 1_000_000);
  one.release(mark);
  expect(one.reserve(1)).toBe(first);
});

it('answers 0 when a block does not fit', () => {
  const kernel = instantiateKernel();
  expect(kernel.reserve(0xffff_fff0)).toBe(0);
  expect(kernel.reserve(16)).not.toBe(0);
});

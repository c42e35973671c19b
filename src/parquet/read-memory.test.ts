import { describe, expect, test } from 'vitest';
import { ReusedMemory } from './read-memory.ts';
import { MEMORY_KEPT_BYTES, MEMORY_SLAB_BYTES } from './limits.ts';

describe('memory that is used again', () => {
  test('gives arrays that do not overlap until it is cleared', () => {
    const memory = new ReusedMemory();
    const bytes = memory.bytes(3).fill(1);
    const words = memory.u32(5).fill(2);
    const numbers = memory.f64(2).fill(3.5);
    expect([...bytes]).toEqual([1, 1, 1]);
    expect([...words]).toEqual([2, 2, 2, 2, 2]);
    expect([...numbers]).toEqual([3.5, 3.5]);
    const { buffer } = bytes;
    memory.clear();
    expect(memory.u32(1).buffer).toBe(buffer);
  });

  test('gives arrays larger than a slab, and arrays without anything', () => {
    const memory = new ReusedMemory();
    expect(memory.bytes(0).length).toBe(0);
    expect(memory.bytes(MEMORY_SLAB_BYTES + 1).length).toBe(MEMORY_SLAB_BYTES + 1);
    expect(memory.f64(4).length).toBe(4);
  });

  test('lets go of what is more than usual', () => {
    const memory = new ReusedMemory();
    const { buffer } = memory.bytes(MEMORY_KEPT_BYTES + 1);
    memory.clear();
    expect(memory.bytes(1).buffer).not.toBe(buffer);
  });
});

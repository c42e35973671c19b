/**
 * How the memory of the machine or container is shared out: caches and query processes take a part of what there is, so
 * that the same server runs in 1 GiB and uses 64 GiB.
 */
import { totalmem } from 'node:os';
import { GIB, MIB } from '#base/units.ts';

export interface MemoryPlan {
  /** Index blocks, footers and pages of rows. */
  readonly blockCacheBytes: number;
  /** Sets of rows that searches found. */
  readonly matchCacheBytes: number;
  /** What DuckDB may take before it spills. */
  readonly queryBytes: number;
  /** What its process may have beyond that. */
  readonly queryOverheadBytes: number;
}

/** `limitBytes`: what all processes of the server may have together. */
export function planMemory(limitBytes: number): MemoryPlan {
  const part = (share: number, least: number, most: number): number =>
    Math.floor(Math.min(most, Math.max(least, limitBytes * share)));
  return {
    blockCacheBytes: part(1 / 10, 32 * MIB, 256 * MIB),
    matchCacheBytes: part(1 / 50, 8 * MIB, 64 * MIB),
    queryBytes: part(1 / 5, 64 * MIB, GIB),
    queryOverheadBytes: part(1 / 6, 128 * MIB, 512 * MIB),
  };
}

/** Bytes that the machine has, or the container where that is less. */
export function memoryLimit(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

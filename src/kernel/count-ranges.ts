/** Counting the rows of a set by ranges of rows, in the kernel. */
import { must } from '#base/assert.ts';
import type { Bitset } from './bitset.ts';
import { kernelWindow } from './kernel-window.ts';
import { KERNEL_WINDOW_BYTES } from './limits.ts';

/**
 * How many rows of the set are in each [edges[i], edges[i + 1]), one number less than edges. Edges ascend; they may
 * repeat, and lie behind the set.
 */
export function countRanges(set: Bitset, edges: Uint32Array): Uint32Array {
  const buckets = Math.max(0, edges.length - 1);
  const counts = new Uint32Array(buckets);
  if (buckets === 0) return counts;
  const { kernel, at } = kernelWindow();
  const mark = kernel.heapMark();
  const block = must(kernel.reserve(8 * edges.length) || undefined, 'memory for a histogram');
  const { buffer } = kernel.memory;
  const countsAt = block + 4 * edges.length;
  const words = new Uint32Array(buffer, at, KERNEL_WINDOW_BYTES / 4);
  const sums = new Uint32Array(buffer, countsAt, buckets).fill(0);
  new Uint32Array(buffer, block, edges.length).set(edges);
  const first = Math.floor(edges[0]! / 32);
  const end = Math.min(set.words.length, Math.ceil(edges[buckets]! / 32));
  for (let from = first; from < end; from += words.length) {
    const to = Math.min(end, from + words.length);
    words.set(set.words.subarray(from, to));
    kernel.histogramAdd(at, from * 32, Math.min(to * 32, set.length), block, buckets, countsAt);
  }
  counts.set(sums);
  kernel.release(mark);
  return counts;
}

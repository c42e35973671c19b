/**
 * Coding of posting lists in the kernel: copies a list into the memory of one instance for the thread, which ends when
 * a task left it large. Measured, this is faster than plain TypeScript from four rows on.
 */
import { must } from '#base/assert.ts';
import type { Bitset } from './bitset.ts';
import { instantiateKernel, type KernelExports } from './kernel-module.ts';
import { POSTING_KERNEL_BYTES_MAX } from './limits.ts';

/** Ascending rows: rows[start, end). */
export interface RowRange {
  readonly rows: Uint32Array;
  readonly start: number;
  readonly end: number;
}

interface PostingExports extends KernelExports {
  postingsPreferRuns(rows: number, count: number): number;
  postingsEncodeGaps(rows: number, count: number, out: number, limit: number): number;
  postingsEncodeRuns(rows: number, count: number, out: number, limit: number): number;
  postingsDecodeGaps(bytes: number, size: number, count: number, out: number): number;
  postingsDecodeRuns(bytes: number, size: number, count: number, out: number): number;
  postingsAddGaps(...args: readonly number[]): number;
  postingsAddRuns(...args: readonly number[]): number;
}

/** Words are read and written whole, and an encoder looks at its limit once for each block. */
const SLACK_BYTES = 1024;
/** Of a gap or a run: 48 bits for each of two values, and a share of the parameters. */
const CODED_BYTES_MAX = 13;

let idle: PostingExports | undefined;

/** Runs a task on the thread's instance; its blocks are given back when the task ends. */
function withKernel<T>(task: (kernel: PostingExports) => T): T {
  const kernel = (idle ??= instantiateKernel() as PostingExports);
  const mark = kernel.heapMark();
  try {
    return task(kernel);
  } finally {
    kernel.release(mark);
    if (kernel.memory.buffer.byteLength > POSTING_KERNEL_BYTES_MAX) idle = undefined;
  }
}

/**
 * Codes a list as gaps or runs. Undefined when that takes more than `bytesMax`. `bytes` are a view of the kernel's
 * memory: valid until the next call of anything here.
 */
export function encodeInKernel(
  range: RowRange,
  bytesMax: number,
): { readonly isRuns: boolean; readonly bytes: Uint8Array } | undefined {
  return withKernel((kernel) => {
    const count = range.end - range.start;
    const rows = copyRows(kernel, range);
    const out = block(kernel, Math.min(bytesMax, count * CODED_BYTES_MAX) + SLACK_BYTES);
    const isRuns = kernel.postingsPreferRuns(rows, count) === 1;
    const size = isRuns
      ? kernel.postingsEncodeRuns(rows, count, out, bytesMax)
      : kernel.postingsEncodeGaps(rows, count, out, bytesMax);
    if (size < 0) return undefined;
    return { isRuns, bytes: new Uint8Array(kernel.memory.buffer, out, size) };
  });
}

/** The `count` rows of coded bits; a view as above. Throws a RangeError when the bits do not hold just them. */
export function decodeInKernel(bytes: Uint8Array, isRuns: boolean, count: number): Uint32Array {
  return withKernel((kernel) => {
    const from = copyBytes(kernel, bytes);
    const out = block(kernel, count * 4);
    const status = isRuns
      ? kernel.postingsDecodeRuns(from, bytes.length, count, out)
      : kernel.postingsDecodeGaps(from, bytes.length, count, out);
    if (status < 0) throw new RangeError('cannot decode posting list');
    return new Uint32Array(kernel.memory.buffer, out, count);
  });
}

/** Adds the `count` rows of coded bits to a set; the set is unchanged when this throws the RangeError as above. */
export function addRowsInKernel(
  bytes: Uint8Array,
  isRuns: boolean,
  count: number,
  into: Bitset,
): void {
  withKernel((kernel) => {
    const from = copyBytes(kernel, bytes);
    const words = block(kernel, into.words.byteLength);
    new Uint32Array(kernel.memory.buffer, words, into.words.length).set(into.words);
    const list = [from, bytes.length, count, words, into.length] as const;
    const status = isRuns ? kernel.postingsAddRuns(...list) : kernel.postingsAddGaps(...list);
    if (status < 0) throw new RangeError('cannot decode posting list');
    into.words.set(new Uint32Array(kernel.memory.buffer, words, into.words.length));
  });
}

function block(kernel: PostingExports, bytes: number): number {
  return must(kernel.reserve(bytes) || undefined, 'memory for a posting list');
}

function copyRows(kernel: PostingExports, { rows, start, end }: RowRange): number {
  const at = block(kernel, (end - start) * 4);
  new Uint32Array(kernel.memory.buffer, at, end - start).set(rows.subarray(start, end));
  return at;
}

/** With zeros behind them, as the kernel reads whole words. */
function copyBytes(kernel: PostingExports, bytes: Uint8Array): number {
  const at = block(kernel, bytes.length + 8);
  const target = new Uint8Array(kernel.memory.buffer, at, bytes.length + 8);
  target.set(bytes);
  target.fill(0, bytes.length);
  return at;
}

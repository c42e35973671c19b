/**
 * Coding of posting lists in the kernel: copies a list into the memory of one instance for the thread, which ends when
 * a task left it large. Short lists, which are most, have blocks and views of their own, as making views would take
 * longer than the coding. Measured, this is faster than plain TypeScript from two rows on.
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

/** Coded bits: bytes[start, end), a view of the kernel's memory that is valid until the next call of anything here. */
export interface CodedRows {
  readonly isRuns: boolean;
  readonly bytes: Uint8Array;
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

interface PostingKernel {
  readonly kernel: PostingExports;
  /** Address of the blocks of short lists: rows, then bytes. */
  readonly rowsAt: number;
  readonly bytesAt: number;
  readonly rows: Uint32Array;
  readonly bytes: Uint8Array;
  /** Of the memory when the instance was made. */
  readonly firstBytes: number;
}

/** Rows of a short list. */
const SHORT_ROWS = 256;
/** Words are read and written whole, and an encoder looks at its limit once for each block. */
const SLACK_BYTES = 1024;
/** Of a gap or a run: 48 bits for each of two values, and a share of the parameters. */
const CODED_BYTES_MAX = 13;
const SHORT_BYTES: number = SHORT_ROWS * CODED_BYTES_MAX + SLACK_BYTES;

let open: PostingKernel | undefined;

function postingKernel(): PostingKernel {
  // A memory that has grown leaves its old views without bytes.
  if (open !== undefined && open.rows.length > 0) return open;
  const kernel = open?.kernel ?? (instantiateKernel() as PostingExports);
  const rowsAt = open?.rowsAt ?? block(kernel, SHORT_ROWS * 4);
  const bytesAt = open?.bytesAt ?? block(kernel, SHORT_BYTES);
  const { buffer } = kernel.memory;
  const rows = new Uint32Array(buffer, rowsAt, SHORT_ROWS);
  const bytes = new Uint8Array(buffer, bytesAt, SHORT_BYTES);
  open = {
    kernel,
    rowsAt,
    bytesAt,
    rows,
    bytes,
    firstBytes: open?.firstBytes ?? buffer.byteLength,
  };
  return open;
}

/** Runs a task that takes blocks; they are given back when it ends. */
function withBlocks<T>(task: (kernel: PostingExports) => T): T {
  const { kernel, firstBytes } = postingKernel();
  const mark = kernel.heapMark();
  try {
    return task(kernel);
  } finally {
    kernel.release(mark);
    const grown = kernel.memory.buffer.byteLength - firstBytes;
    if (grown > POSTING_KERNEL_BYTES_MAX) open = undefined;
  }
}

/** Codes a list, of at least one row, as gaps or runs. Undefined when that takes more than `bytesMax`. */
export function encodeInKernel(range: RowRange, bytesMax: number): CodedRows | undefined {
  const { rows, start, end } = range;
  const count = end - start;
  if (count <= SHORT_ROWS) {
    const short = postingKernel();
    for (let i = 0; i < count; i++) short.rows[i] = rows[start + i]!;
    const { kernel, rowsAt, bytesAt } = short;
    const isRuns = kernel.postingsPreferRuns(rowsAt, count) === 1;
    const size = encode(kernel, isRuns, [rowsAt, count, bytesAt, bytesMax]);
    return size < 0 ? undefined : { isRuns, bytes: short.bytes, start: 0, end: size };
  }
  return withBlocks((kernel) => {
    const from = block(kernel, count * 4);
    const outBytes = Math.min(bytesMax, count * CODED_BYTES_MAX);
    const out = block(kernel, outBytes + SLACK_BYTES);
    const { buffer } = kernel.memory;
    new Uint32Array(buffer, from, count).set(rows.subarray(start, end));
    const isRuns = kernel.postingsPreferRuns(from, count) === 1;
    const size = encode(kernel, isRuns, [from, count, out, outBytes]);
    if (size < 0) return undefined;
    return { isRuns, bytes: new Uint8Array(buffer, out, size), start: 0, end: size };
  });
}

/**
 * The rows of the coded bits bytes[start, …) as the first `count` items of a view that is valid as `CodedRows` are.
 * Throws a RangeError when the bits do not hold just them.
 */
export function decodeInKernel(coded: Omit<CodedRows, 'end'>, count: number): Uint32Array {
  const { bytes, start, isRuns } = coded;
  const size = bytes.length - start;
  if (count <= SHORT_ROWS && size <= SHORT_BYTES - SLACK_BYTES) {
    const short = postingKernel();
    for (let i = 0; i < size; i++) short.bytes[i] = bytes[start + i]!;
    short.bytes.fill(0, size, size + 8);
    decode(short.kernel, isRuns, [short.bytesAt, size, count, short.rowsAt]);
    return short.rows;
  }
  return withBlocks((kernel) => {
    const from = copyBytes(kernel, bytes, start);
    const out = block(kernel, count * 4);
    decode(kernel, isRuns, [from, size, count, out]);
    return new Uint32Array(kernel.memory.buffer, out, count);
  });
}

/** Adds the `count` rows of coded bits to a set; the set is unchanged when this throws the RangeError as above. */
export function addRowsInKernel(coded: Omit<CodedRows, 'end'>, count: number, into: Bitset): void {
  const { bytes, start, isRuns } = coded;
  withBlocks((kernel) => {
    const from = copyBytes(kernel, bytes, start);
    const words = block(kernel, into.words.byteLength);
    const { buffer } = kernel.memory;
    new Uint32Array(buffer, words, into.words.length).set(into.words);
    const list = [from, bytes.length - start, count, words, into.length] as const;
    const status = isRuns ? kernel.postingsAddRuns(...list) : kernel.postingsAddGaps(...list);
    if (status < 0) throw new RangeError('cannot decode posting list');
    into.words.set(new Uint32Array(buffer, words, into.words.length));
  });
}

type FourNumbers = readonly [number, number, number, number];

function encode(kernel: PostingExports, isRuns: boolean, args: FourNumbers): number {
  return isRuns ? kernel.postingsEncodeRuns(...args) : kernel.postingsEncodeGaps(...args);
}

function decode(kernel: PostingExports, isRuns: boolean, args: FourNumbers): void {
  const status = isRuns ? kernel.postingsDecodeRuns(...args) : kernel.postingsDecodeGaps(...args);
  if (status < 0) throw new RangeError('cannot decode posting list');
}

function block(kernel: PostingExports, bytes: number): number {
  return must(kernel.reserve(bytes) || undefined, 'memory for a posting list');
}

/** With zeros behind them, as the kernel reads whole words. */
function copyBytes(kernel: PostingExports, bytes: Uint8Array, start: number): number {
  const size = bytes.length - start;
  const at = block(kernel, size + 8);
  const target = new Uint8Array(kernel.memory.buffer, at, size + 8);
  target.set(bytes.subarray(start));
  target.fill(0, size);
  return at;
}

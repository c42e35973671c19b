/**
 * The memory of one kernel instance, without a garbage collector: blocks are taken one after the other from the
 * end of the static data, and given back all at once. A block may be far larger than what is written to it: pages
 * that nobody touches take no memory of the machine.
 */

const PAGE_BYTES: usize = 65536;

let used: usize = __heap_base;
let isMeasuring: bool = false;
let measuredFrom: usize = 0;

/** Where the next block would start; what `release` takes. */
export function heapMark(): usize {
  return used;
}

/**
 * A block of so many bytes, aligned to 16, its content undefined. 0 when the memory cannot grow so far: the caller
 * answers with an error.
 */
export function reserve(bytes: usize): usize {
  const start = (used + 15) & ~(<usize>15);
  const end = start + bytes;
  if (end < start || (!isMeasuring && !growTo(end))) return 0;
  used = end;
  return start;
}

function growTo(end: usize): bool {
  const needed = <i32>((end + PAGE_BYTES - 1) / PAGE_BYTES);
  return needed <= memory.size() || memory.grow(needed - memory.size()) >= 0;
}

/**
 * From here to `endMeasure` blocks are addresses without memory. The host collects garbage whenever a memory grows by
 * much, so whoever takes many blocks measures them first.
 */
export function beginMeasure(): void {
  measuredFrom = used;
  isMeasuring = true;
}

/** Gives the measured blocks back, and makes room for all of them at once; false when there is none. */
export function endMeasure(): bool {
  const end = used;
  used = measuredFrom;
  isMeasuring = false;
  return growTo(end);
}

/** Gives back every block that was taken after the mark. */
export function release(mark: usize): void {
  used = mark;
}

/**
 * The memory of one kernel instance, without a garbage collector: blocks are taken one after the other from the
 * end of the static data, and given back all at once. A block may be far larger than what is written to it: pages
 * that nobody touches take no memory of the machine.
 */

const PAGE_BYTES: usize = 65536;

let used: usize = __heap_base;

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
  const needed = <i32>((end + PAGE_BYTES - 1) / PAGE_BYTES);
  if (end < start) return 0;
  if (needed > memory.size() && memory.grow(needed - memory.size()) < 0) return 0;
  used = end;
  return start;
}

/** Gives back every block that was taken after the mark. */
export function release(mark: usize): void {
  used = mark;
}

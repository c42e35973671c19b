/**
 * Which L0 segments of a shard to merge into one. Sizes are in classes, each `FOLD_SEGMENTS` times larger
 * than the one before; as soon as so many neighbours of one class (or smaller) end the list, they become one
 * segment of the next class. So a shard has fewer than `FOLD_SEGMENTS` segments of each class, and a log is
 * written again at most once a class (the logarithmic method; Bentley and Saxe, 1980).
 */
import { FOLD_BYTES_SMALLEST, FOLD_SEGMENTS } from './limits.ts';

/** The range [start, end) of the list to fold, or undefined when there is nothing to do. */
export function planFold(
  rawBytesOf: readonly number[],
  foldBytesMax: number,
): { readonly start: number; readonly end: number } | undefined {
  for (let classBytes = Math.min(FOLD_BYTES_SMALLEST, foldBytesMax); ;) {
    let start = rawBytesOf.length;
    let total = 0;
    while (start > 0) {
      const bytes = rawBytesOf[start - 1] ?? 0;
      if (bytes >= classBytes || total + bytes > foldBytesMax) break;
      total += bytes;
      start--;
    }
    if (rawBytesOf.length - start >= FOLD_SEGMENTS) return { start, end: rawBytesOf.length };
    if (classBytes >= foldBytesMax) return undefined;
    classBytes = Math.min(classBytes * FOLD_SEGMENTS, foldBytesMax);
  }
}

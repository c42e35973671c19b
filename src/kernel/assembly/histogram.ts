/**
 * How many rows of a set fall into each of adjacent ranges of rows: the buckets of a histogram, as rows are in order of
 * time. Bits are counted by words, so the cost is that of the words and not of the rows.
 */

/**
 * Adds to counts[i] the rows of the set in [edges[i], edges[i + 1]), as far as they are in [base, end). `words` holds the
 * bits of those rows, base a multiple of 32. `edges` has `buckets` + 1 ascending u32 values, `counts` `buckets`.
 */
export function histogramAdd(
  words: usize,
  base: u32,
  end: u32,
  edges: usize,
  buckets: u32,
  counts: usize,
): void {
  for (let bucket: u32 = 0; bucket < buckets; bucket++) {
    const from = max(base, load<u32>(edges + (bucket << 2)));
    const to = min(end, load<u32>(edges + (bucket << 2), 4));
    if (from >= to) continue;
    const place = counts + (bucket << 2);
    store<u32>(place, load<u32>(place) + countRange(words, from - base, to - base));
  }
}

/** The rows of the set in [from, to), from < to. */
function countRange(words: usize, from: u32, to: u32): u32 {
  const first = words + ((<usize>from >> 5) << 2);
  const last = words + ((<usize>(to - 1) >> 5) << 2);
  const head: u32 = 0xffff_ffff << (from & 31);
  const tail: u32 = 0xffff_ffff >> (31 - ((to - 1) & 31));
  if (first == last) return popcnt(load<u32>(first) & head & tail);
  let total = popcnt(load<u32>(first) & head) + popcnt(load<u32>(last) & tail);
  let at = first + 4;
  for (; at + 8 <= last; at += 8) total += <u32>popcnt(load<u64>(at));
  if (at < last) total += popcnt(load<u32>(at));
  return total;
}

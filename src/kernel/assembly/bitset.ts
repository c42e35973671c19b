/**
 * Sets of rows as bits, 32 rows a word, in kernel memory; `../bitset.ts` has the plain form. Sizes are in bytes and
 * multiples of 16: the words behind a set's own must be there, and zero.
 */

/** left ∩ right to left. */
export function bitsetAnd(left: usize, right: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16)
    v128.store(left + at, v128.and(v128.load(left + at), v128.load(right + at)));
}

/** left ∪ right to left. */
export function bitsetOr(left: usize, right: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16)
    v128.store(left + at, v128.or(v128.load(left + at), v128.load(right + at)));
}

/** left without right to left. */
export function bitsetAndNot(left: usize, right: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16)
    v128.store(left + at, v128.andnot(v128.load(left + at), v128.load(right + at)));
}

/** The rows below `rowCount` that are not in the set, to the set. */
export function bitsetNot(set: usize, bytes: usize, rowCount: u32): void {
  for (let at: usize = 0; at < bytes; at += 16) v128.store(set + at, v128.not(v128.load(set + at)));
  const whole = (<usize>rowCount >> 5) << 2;
  if (whole < bytes) {
    const last = load<u32>(set + whole);
    store<u32>(set + whole, last & ((1 << (rowCount & 31)) - 1));
    if (whole + 4 < bytes) memory.fill(set + whole + 4, 0, bytes - whole - 4);
  }
}

/** How many rows a set has. Bits by byte are added up in lanes that cannot overflow within 31 vectors. */
export function bitsetCount(set: usize, bytes: usize): u32 {
  let total = i64x2.splat(0);
  for (let from: usize = 0; from < bytes; from += 31 * 16) {
    const end = min(bytes, from + 31 * 16);
    let lanes = i8x16.splat(0);
    for (let at = from; at < end; at += 16)
      lanes = i8x16.add(lanes, i8x16.popcnt(v128.load(set + at)));
    const sums = i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(lanes));
    total = i64x2.add(total, i64x2.extend_low_i32x4_u(sums));
    total = i64x2.add(total, i64x2.extend_high_i32x4_u(sums));
  }
  return <u32>(i64x2.extract_lane(total, 0) + i64x2.extract_lane(total, 1));
}

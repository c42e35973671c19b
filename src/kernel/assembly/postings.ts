/**
 * The coded bits of posting lists (`../postings.ts` has the format, `../postings.twin.ts` is the plain twin). Bits are
 * written and read through one unaligned word of 64: a value takes at most 48 bits, and 7 may stand before it. So
 * every buffer that is read or written here must have 8 bytes of slack; those of an input are zero.
 */

const BLOCK: u32 = 128;
const RUN_BLOCK: u32 = 64;
const ESCAPE: u32 = 16;
const ESCAPED_BITS: u32 = 48;
const PARAMETER_BITS: u32 = 5;
/** What decoders answer when the bytes are no list. */
const REFUSED: i32 = -1;

const gaps: usize = memory.data(128 * 4, 16);
const lengths: usize = memory.data(64 * 4, 16);
const countByBits: usize = memory.data(33 * 4, 16);
const sumByBits: usize = memory.data(33 * 8, 16);

/** The bit writer: where it stands, in bytes, and how many bits of that byte are written. */
let outAt: usize = 0;
let outBits: u64 = 0;
let outUsed: u64 = 0;

function startWriting(out: usize): void {
  outAt = out;
  outBits = 0;
  outUsed = 0;
}

/** The low `count` bits of `value`, which has no others; count ≤ 48. */
function put(value: u64, count: u64): void {
  outBits |= value << outUsed;
  outUsed += count;
  store<u64>(outAt, outBits);
  outAt += <usize>(outUsed >> 3);
  outBits >>= outUsed & ~(<u64>7);
  outUsed &= 7;
}

function putRice(value: u32, bits: u32): void {
  const quotient = value >> bits;
  if (quotient >= ESCAPE) {
    put(0xffff | ((<u64>value) << 16), ESCAPED_BITS);
    return;
  }
  const low = <u64>(value & ((1 << bits) - 1));
  put(((1 << quotient) - 1) | (low << (quotient + 1)), quotient + 1 + bits);
}

/** 57 bits and more from the bit `at` on; zeros behind the end, without leaving the buffer. */
function peek(bytes: usize, at: u64, end: u64): u64 {
  return at > end ? 0 : load<u64>(bytes + <usize>(at >> 3)) >> (at & 7);
}

/** How many bits the value takes that `word` begins with. */
function riceBits(word: u64, bits: u64): u64 {
  const ones = ctz(~word);
  return ones >= ESCAPE ? ESCAPED_BITS : ones + 1 + bits;
}

function riceValue(word: u64, bits: u64): u64 {
  const ones = ctz(~word);
  if (ones >= ESCAPE) return (word >> 16) & 0xffff_ffff;
  return (ones << bits) + ((word >> (ones + 1)) & (((<u64>1) << bits) - 1));
}

/** 0 when less than a byte is left, and no more was read than there is. */
function isEnd(at: u64, end: u64): i32 {
  return at <= end && end - at < 8 ? 0 : REFUSED;
}

/** 1 when a run has two rows or more on average. */
export function postingsPreferRuns(rows: usize, count: u32): u32 {
  let runs: u32 = 1;
  for (let at = rows + 4, end = rows + ((<usize>count) << 2); at < end; at += 4)
    runs += u32(load<u32>(at) - load<u32>(at - 4) != 1);
  return u32(<u64>runs * 2 <= count);
}

/** Writes the gaps of rows to `out` and returns the bytes, or −1 once they are more than `limit` and a block of 784. */
export function postingsEncodeGaps(rows: usize, count: u32, out: usize, limit: u32): i32 {
  startWriting(out);
  let next: u32 = 0;
  for (let from: u32 = 0; from < count; from += BLOCK) {
    const inBlock = min(BLOCK, count - from);
    const block = rows + ((<usize>from) << 2);
    for (let i: u32 = 0; i < inBlock; i++) {
      const row = load<u32>(block + (i << 2));
      store<u32>(gaps + (i << 2), row - next);
      next = row + 1;
    }
    const bits = riceParameter(gaps, inBlock);
    put(bits, PARAMETER_BITS);
    for (let i: u32 = 0; i < inBlock; i++) putRice(load<u32>(gaps + (i << 2)), bits);
    if (outAt - out > limit) return REFUSED;
  }
  return <i32>(outAt - out) + i32(outUsed > 0);
}

/** As `postingsEncodeGaps`, with runs. */
export function postingsEncodeRuns(rows: usize, count: u32, out: usize, limit: u32): i32 {
  startWriting(out);
  const end = rows + ((<usize>count) << 2);
  let next: u32 = 0;
  for (let at = rows; at < end;) {
    let runs: u32 = 0;
    for (; runs < RUN_BLOCK && at < end; runs++) {
      const first = load<u32>(at);
      let last = first;
      at += 4;
      while (at < end && load<u32>(at) == last + 1) {
        last++;
        at += 4;
      }
      store<u32>(gaps + (runs << 2), first - next);
      store<u32>(lengths + (runs << 2), last - first);
      next = last + 2;
    }
    const gapBits = riceParameter(gaps, runs);
    const lengthBits = riceParameter(lengths, runs);
    put(gapBits | (lengthBits << PARAMETER_BITS), 2 * PARAMETER_BITS);
    for (let i: u32 = 0; i < runs; i++) {
      putRice(load<u32>(gaps + (i << 2)), gapBits);
      putRice(load<u32>(lengths + (i << 2)), lengthBits);
    }
    if (outAt - out > limit) return REFUSED;
  }
  return <i32>(outAt - out) + i32(outUsed > 0);
}

/** Writes `count` rows to `out`; −1 when the bytes do not hold just them, or one is not below 2^32. */
export function postingsDecodeGaps(bytes: usize, size: u32, count: u32, out: usize): i32 {
  const end = (<u64>size) << 3;
  let at: u64 = 0;
  let next: u64 = 0;
  let to = out;
  for (let from: u32 = 0; from < count; from += BLOCK) {
    const bits = peek(bytes, at, end) & 31;
    at += PARAMETER_BITS;
    for (let left = min(BLOCK, count - from); left > 0; left--, to += 4) {
      const word = peek(bytes, at, end);
      const row = next + riceValue(word, bits);
      at += riceBits(word, bits);
      store<u32>(to, <u32>row);
      next = row + 1;
    }
    if (next > 0x1_0000_0000) return REFUSED;
  }
  return isEnd(at, end);
}

/** As `postingsDecodeGaps`, from runs. */
export function postingsDecodeRuns(bytes: usize, size: u32, count: u32, out: usize): i32 {
  const end = (<u64>size) << 3;
  let at: u64 = 0;
  let next: u64 = 0;
  let to = out;
  for (let left: u64 = count; left > 0;) {
    const gapBits = peek(bytes, at, end) & 31;
    const lengthBits = peek(bytes, at + PARAMETER_BITS, end) & 31;
    at += 2 * PARAMETER_BITS;
    for (let runs = RUN_BLOCK; runs > 0 && left > 0; runs--) {
      const gap = peek(bytes, at, end);
      at += riceBits(gap, gapBits);
      const length = peek(bytes, at, end);
      at += riceBits(length, lengthBits);
      let row = next + riceValue(gap, gapBits);
      const rows = riceValue(length, lengthBits) + 1;
      if (rows > left || row + rows > 0x1_0000_0000) return REFUSED;
      left -= rows;
      next = row + rows + 1;
      for (; row < next - 1; row++, to += 4) store<u32>(to, <u32>row);
    }
  }
  return isEnd(at, end);
}

/** Sets the bits of `count` rows in `words`; −1 as above, or when a row is not below `rowCount`. */
export function postingsAddGaps(
  bytes: usize,
  size: u32,
  count: u32,
  words: usize,
  rowCount: u32,
): i32 {
  const end = (<u64>size) << 3;
  let at: u64 = 0;
  let next: u64 = 0;
  for (let from: u32 = 0; from < count; from += BLOCK) {
    const bits = peek(bytes, at, end) & 31;
    at += PARAMETER_BITS;
    for (let left = min(BLOCK, count - from); left > 0; left--) {
      const word = peek(bytes, at, end);
      const row = next + riceValue(word, bits);
      at += riceBits(word, bits);
      if (row >= rowCount) return REFUSED;
      const place = words + ((<usize>row >> 5) << 2);
      store<u32>(place, load<u32>(place) | (1 << (<u32>(row & 31))));
      next = row + 1;
    }
  }
  return isEnd(at, end);
}

/** As `postingsAddGaps`, from runs. */
export function postingsAddRuns(
  bytes: usize,
  size: u32,
  count: u32,
  words: usize,
  rowCount: u32,
): i32 {
  const end = (<u64>size) << 3;
  let at: u64 = 0;
  let next: u64 = 0;
  for (let left: u64 = count; left > 0;) {
    const gapBits = peek(bytes, at, end) & 31;
    const lengthBits = peek(bytes, at + PARAMETER_BITS, end) & 31;
    at += 2 * PARAMETER_BITS;
    for (let runs = RUN_BLOCK; runs > 0 && left > 0; runs--) {
      const gap = peek(bytes, at, end);
      at += riceBits(gap, gapBits);
      const length = peek(bytes, at, end);
      at += riceBits(length, lengthBits);
      const row = next + riceValue(gap, gapBits);
      const rows = riceValue(length, lengthBits) + 1;
      if (rows > left || row + rows > rowCount) return REFUSED;
      addRange(words, <u32>row, <u32>(row + rows));
      next = row + rows + 1;
      left -= rows;
    }
  }
  return isEnd(at, end);
}

/** Sets the bits [from, to), from < to. */
function addRange(words: usize, from: u32, to: u32): void {
  let word = words + ((<usize>from >> 5) << 2);
  const last = words + ((<usize>(to - 1) >> 5) << 2);
  const head: u32 = 0xffff_ffff << (from & 31);
  const tail: u32 = 0xffff_ffff >> (31 - ((to - 1) & 31));
  if (word == last) {
    store<u32>(word, load<u32>(word) | (head & tail));
    return;
  }
  store<u32>(word, load<u32>(word) | head);
  for (word += 4; word < last; word += 4) store<u32>(word, 0xffff_ffff);
  store<u32>(last, load<u32>(last) | tail);
}

/** The parameter of the fewest bits, by the estimate that the twin explains. */
function riceParameter(values: usize, count: u32): u32 {
  memory.fill(countByBits, 0, 33 * 4);
  memory.fill(sumByBits, 0, 33 * 8);
  let all: u32 = 0;
  for (let at = values, end = values + (count << 2); at < end; at += 4) {
    const value = load<u32>(at);
    const bits = <usize>(32 - clz(value));
    store<u32>(countByBits + (bits << 2), load<u32>(countByBits + (bits << 2)) + 1);
    store<u64>(sumByBits + (bits << 3), load<u64>(sumByBits + (bits << 3)) + value);
    all |= value;
  }
  const bitsMax = <u32>(32 - clz(all));
  // Values whose quotient would be 16 or more: those of k + 5 bits and more.
  let escapes: u64 = 0;
  for (let bits: u32 = 5; bits <= bitsMax; bits++) escapes += load<u32>(countByBits + (bits << 2));
  let best: u32 = 0;
  let bestCost = u64.MAX_VALUE;
  for (let k: u32 = 0; k <= min<u32>(bitsMax, 31); k++) {
    const half = (((<u64>1) << k) - 1) >> 1;
    let cost = <u64>count * (k + 1) + escapes * (ESCAPED_BITS - k - 1);
    for (let bits = k + 1; bits <= min(bitsMax, k + 4); bits++) {
      const found = <u64>load<u32>(countByBits + (bits << 2));
      cost += (load<u64>(sumByBits + (bits << 3)) - found * half) >> k;
    }
    if (k + 5 <= bitsMax) escapes -= load<u32>(countByBits + ((k + 5) << 2));
    if (cost < bestCost) {
      bestCost = cost;
      best = k;
    }
  }
  return best;
}

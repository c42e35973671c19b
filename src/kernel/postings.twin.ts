/**
 * The coded bits of posting lists in plain TypeScript (`postings.ts` has the format): the oracle of
 * `assembly/postings.ts`, which gives the same bytes.
 */
import type { RowRange } from './posting-kernel.ts';

/** Gaps that share one Rice parameter; runs come in half as many pairs. */
const POSTING_BLOCK = 128;
const RUN_BLOCK = POSTING_BLOCK / 2;
/** A quotient of so many ones is an escape: the value follows in 32 bits. */
const ESCAPE = 16;
const ESCAPED_BITS: number = ESCAPE + 32;
const PARAMETER_BITS = 5;

/** What rows are decoded into; `limit`: rows must be below it. */
export interface RowSink {
  readonly limit: number;
  /** Takes the rows [from, to). */
  range(from: number, to: number): void;
}

/** Bytes that any list of so many rows fits in. */
export function codedBytesMax(count: number): number {
  return Math.ceil((count * ESCAPED_BITS) / 8) + Math.ceil(count / RUN_BLOCK) * 2 + 8;
}

/** Whether the list is coded as runs: when a run has two rows or more on average. */
export function prefersRuns({ rows, start, end }: RowRange): boolean {
  let runs = 1;
  for (let i = start + 1; i < end; i++) if (rows[i]! - rows[i - 1]! !== 1) runs++;
  return runs * 2 <= end - start;
}

/** Writes the gaps to `out`, which must have room for `codedBytesMax`; returns the bytes written. */
export function encodeGaps({ rows, start, end }: RowRange, out: Uint8Array): number {
  const writer = new BitWriter(out);
  let next = 0;
  for (let from = start; from < end; from += POSTING_BLOCK) {
    const count = Math.min(POSTING_BLOCK, end - from);
    for (let i = 0; i < count; i++) {
      const row = rows[from + i]!;
      gaps[i] = row - next;
      next = row + 1;
    }
    const bits = riceParameter(gaps, count);
    writer.put(bits, PARAMETER_BITS);
    for (let i = 0; i < count; i++) writer.rice(gaps[i]!, bits);
  }
  return writer.finish();
}

/** As `encodeGaps`, with runs. */
export function encodeRuns({ rows, start, end }: RowRange, out: Uint8Array): number {
  const writer = new BitWriter(out);
  let next = 0;
  for (let i = start; i < end;) {
    let count = 0;
    for (; count < RUN_BLOCK && i < end; count++) {
      const first = rows[i]!;
      const from = i++;
      while (i < end && rows[i]! - first === i - from) i++;
      gaps[count] = first - next;
      lengths[count] = i - from - 1;
      next = first + i - from + 1;
    }
    const gapBits = riceParameter(gaps, count);
    const lengthBits = riceParameter(lengths, count);
    writer.put(gapBits, PARAMETER_BITS);
    writer.put(lengthBits, PARAMETER_BITS);
    for (let run = 0; run < count; run++) {
      writer.rice(gaps[run]!, gapBits);
      writer.rice(lengths[run]!, lengthBits);
    }
  }
  return writer.finish();
}

/** Gives `count` rows from their gaps to the sink. Throws a RangeError when `bytes` does not hold them. */
export function decodeGaps(bytes: Uint8Array, count: number, sink: RowSink): void {
  const reader = new BitReader(bytes);
  let next = 0;
  for (let from = 0; from < count; from += POSTING_BLOCK) {
    const bits = reader.take(PARAMETER_BITS);
    for (let left = Math.min(POSTING_BLOCK, count - from); left > 0; left--) {
      const row = next + reader.rice(bits);
      if (row >= sink.limit) throw new RangeError('posting is beyond the segment');
      next = row + 1;
      sink.range(row, next);
    }
  }
  reader.finish();
}

/** As `decodeGaps`, from runs. */
export function decodeRuns(bytes: Uint8Array, count: number, sink: RowSink): void {
  const reader = new BitReader(bytes);
  let next = 0;
  for (let left = count; left > 0;) {
    const gapBits = reader.take(PARAMETER_BITS);
    const lengthBits = reader.take(PARAMETER_BITS);
    for (let runs = RUN_BLOCK; runs > 0 && left > 0; runs--) {
      const row = next + reader.rice(gapBits);
      const length = reader.rice(lengthBits) + 1;
      if (length > left || row + length > sink.limit)
        throw new RangeError('posting is beyond the segment');
      sink.range(row, row + length);
      next = row + length + 1;
      left -= length;
    }
  }
  reader.finish();
}

const gaps: Uint32Array = new Uint32Array(POSTING_BLOCK);
const lengths: Uint32Array = new Uint32Array(RUN_BLOCK);
const countByBits: Uint32Array = new Uint32Array(33);
const sumByBits: Float64Array = new Float64Array(33);

/**
 * The Rice parameter that codes values[0, count) in the fewest bits, by an estimate that looks at each value once:
 * for each bit length how many values have it and what they add up to. Escapes are exact: a quotient reaches 16 just
 * when a value is five bits longer than the parameter. Of the bits below the parameter the mean is taken.
 */
function riceParameter(values: Uint32Array, count: number): number {
  countByBits.fill(0);
  sumByBits.fill(0);
  let all = 0;
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    const bits = 32 - Math.clz32(value);
    countByBits[bits]!++;
    sumByBits[bits]! += value;
    all |= value;
  }
  const bitsMax = 32 - Math.clz32(all);
  let best = 0;
  let bestCost = Infinity;
  for (let k = 0; k <= Math.min(bitsMax, 31); k++) {
    const half = Math.floor((2 ** k - 1) / 2);
    let cost = count * (k + 1);
    for (let bits = k + 1; bits <= bitsMax; bits++)
      if (bits < k + 5) cost += Math.floor((sumByBits[bits]! - countByBits[bits]! * half) / 2 ** k);
      else cost += countByBits[bits]! * (ESCAPED_BITS - k - 1);
    if (cost < bestCost) {
      bestCost = cost;
      best = k;
    }
  }
  return best;
}

/** Writes bits, lowest first. */
class BitWriter {
  readonly #out: Uint8Array;
  #at: number = 0;
  /** Bits that do not fill a byte yet. */
  #pending: number = 0;
  #pendingBits: number = 0;

  constructor(out: Uint8Array) {
    this.#out = out;
  }

  /** The low `count` bits of `value`, which has no others; count ≤ 32. */
  put(value: number, count: number): void {
    if (count > 16) {
      this.put(value & 0xffff, 16);
      this.put(value >>> 16, count - 16);
      return;
    }
    this.#pending |= value << this.#pendingBits;
    this.#pendingBits += count;
    while (this.#pendingBits >= 8) {
      this.#out[this.#at++] = this.#pending;
      this.#pending >>>= 8;
      this.#pendingBits -= 8;
    }
  }

  rice(value: number, bits: number): void {
    const quotient = value >>> bits;
    if (quotient >= ESCAPE) {
      this.put(0xffff, ESCAPE);
      this.put(value, 32);
    } else {
      this.put((1 << quotient) - 1, quotient + 1);
      this.put(value & ((1 << bits) - 1), bits);
    }
  }

  finish(): number {
    if (this.#pendingBits > 0) this.#out[this.#at++] = this.#pending;
    return this.#at;
  }
}

/** Reads what `BitWriter` wrote. Behind the end it reads zeros; `finish` refuses that. */
class BitReader {
  readonly #bytes: Uint8Array;
  readonly #bitsEnd: number;
  /** In bits. */
  #at: number = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#bitsEnd = bytes.length * 8;
  }

  /** count ≤ 31. */
  take(count: number): number {
    const low = this.#peek(this.#at) & ((1 << Math.min(count, 16)) - 1);
    const high = count > 16 ? this.#peek(this.#at + 16) & ((1 << (count - 16)) - 1) : 0;
    this.#at += count;
    return low + high * 0x1_0000;
  }

  rice(bits: number): number {
    const inverted = ~this.#peek(this.#at);
    const ones = 31 - Math.clz32(inverted & -inverted);
    if (ones >= ESCAPE || inverted === 0) {
      this.#at += ESCAPE;
      return this.take(16) + this.take(16) * 0x1_0000;
    }
    this.#at += ones + 1;
    return ones * 2 ** bits + this.take(bits);
  }

  /** Throws a RangeError when more was read than there is, or whole bytes are left. */
  finish(): void {
    if (this.#bitsEnd - this.#at < 0 || this.#bitsEnd - this.#at >= 8)
      throw new RangeError('posting list has a wrong size');
  }

  /** At least 25 bits from a position on. */
  #peek(at: number): number {
    const bytes = this.#bytes;
    const byte = Math.floor(at / 8);
    const low = bytes[byte]! | (bytes[byte + 1]! << 8) | (bytes[byte + 2]! << 16);
    return (low | (bytes[byte + 3]! << 24)) >>> (at & 7);
  }
}

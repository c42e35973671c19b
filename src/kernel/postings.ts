/**
 * The bytes of one posting list: ascending row numbers of a segment of `rowCount` rows, at least one.
 *
 *   varint   count × 4 + form; form 3 is free
 *   form 0   gaps, Rice-coded. A gap is row − previous row − 1, before the first row −1. Blocks of 128 gaps (the last
 *            one shorter): 5 bits k, then for each gap: (gap >> k) ones and a zero, then the low k bits of the gap;
 *            where gap >> k is 16 or more: 16 ones, then the gap in 32 bits.
 *   form 1   bitset: (rowCount + 7) / 8 bytes, row r is bit r % 8 of byte r / 8.
 *   form 2   runs, Rice-coded. Blocks of 64 runs (the last one shorter): 5 bits k of the gaps, 5 bits k of the
 *            lengths, then for each run its gap and its length − 1, coded as above. The gap before the first run is
 *            its first row, before others first row − last row of the run before − 2. It ends with `count` rows.
 *
 * Bits fill bytes from the lowest one up, and the last byte with zeros; blocks do not begin with a byte. The list ends
 * with the bytes: where it stands must say how long it is. Lists whose runs have two rows or more on average are runs,
 * others gaps, and either is a bitset when that costs no more than a sixteenth above, as it is decoded much faster.
 * Rows must be below rowCount; a decoder refuses others.
 *
 * Rice, "Some Practical Universal Noiseless Coding Techniques" (JPL 1979): for rows drawn at random it stays within 2 % of
 * the entropy, and k by block with an escape follows clusters, where packed gaps pay for the widest of each block.
 */
import type { Bitset } from './bitset.ts';
import { ByteReader, type ByteWriter } from './byte-writer.ts';
import { addRowsInKernel, decodeInKernel, encodeInKernel } from './posting-kernel.ts';

const GAPS = 0;
const BITSET = 1;
const RUNS = 2;

/**
 * Rows of the set for each row of the list up to which the whole set is copied into the kernel and back; beyond, the
 * rows come out and are added here. Measured: a copied row takes 0.03 ns, an added one 1 to 2 ns.
 */
const SET_ROWS_PER_POSTING = 64;

/** Appends rows[start, end), strictly ascending, at least one, to `out`. */
export function encodePostings(
  rows: Uint32Array,
  range: { readonly start: number; readonly end: number; readonly rowCount: number },
  out: ByteWriter,
): void {
  const { start, end, rowCount } = range;
  const count = end - start;
  const bitsetBytes = Math.floor((rowCount + 7) / 8);
  const coded = encodeInKernel({ rows, start, end }, bitsetBytes);
  if (coded !== undefined && bitsetBytes > coded.end + (coded.end >>> 4)) {
    out.varint(count * 4 + (coded.isRuns ? RUNS : GAPS));
    out.bytes(coded.bytes, coded.start, coded.end);
    return;
  }
  out.varint(count * 4 + BITSET);
  const bytes = out
    .reserve(bitsetBytes)
    .subarray(out.length, out.length + bitsetBytes)
    .fill(0);
  for (let i = start; i < end; i++) bytes[rows[i]! >>> 3]! |= 1 << (rows[i]! & 7);
  out.advance(bitsetBytes);
}

/** How many rows a list has. */
export function postingCount(bytes: Uint8Array): number {
  return Math.floor(new ByteReader(bytes).varint() / 4);
}

/**
 * Adds the rows of an encoded list to `into`. Throws a RangeError when the bytes are not such a list.
 */
export function decodePostings(bytes: Uint8Array, into: Bitset): void {
  const { form, count, start } = readHead(bytes);
  if (count > into.length) throw new RangeError('posting list is longer than the segment');
  if (form === BITSET) addBitset(bytes.subarray(start), into);
  else if (into.length <= count * SET_ROWS_PER_POSTING)
    addRowsInKernel({ bytes, start, isRuns: form === RUNS }, count, into);
  else {
    const rows = decodeInKernel({ bytes, start, isRuns: form === RUNS }, count);
    if (count > 0 && rows[count - 1]! >= into.length)
      throw new RangeError('posting is beyond the segment');
    const { words } = into;
    for (let i = 0; i < count; i++) words[rows[i]! >>> 5]! |= 1 << (rows[i]! & 31);
  }
}

/**
 * Writes the rows of an encoded list, ascending, to out[at, …) and returns the end of them. `out` needs room for
 * `postingCount(bytes)` rows. Throws a RangeError when the bytes are not such a list.
 */
export function decodePostingRows(bytes: Uint8Array, out: Uint32Array, at: number): number {
  const { form, count, start } = readHead(bytes);
  const end = at + count;
  if (end > out.length) throw new RangeError('posting list is longer than expected');
  if (form === BITSET) rowsOfBitset(bytes.subarray(start), out.subarray(at, end));
  else {
    const rows = decodeInKernel({ bytes, start, isRuns: form === RUNS }, count);
    if (rows.length === count) out.set(rows, at);
    else for (let i = 0; i < count; i++) out[at + i] = rows[i]!;
  }
  return end;
}

/** `start`: where the coded bits begin. */
function readHead(bytes: Uint8Array): {
  readonly form: number;
  readonly count: number;
  readonly start: number;
} {
  const reader = new ByteReader(bytes);
  const head = reader.varint();
  const form = head % 4;
  if (form > RUNS) throw new RangeError('unknown form of a posting list');
  return { form, count: Math.floor(head / 4), start: reader.position };
}

function addBitset(bytes: Uint8Array, into: Bitset): void {
  if (bytes.length !== Math.floor((into.length + 7) / 8))
    throw new RangeError('posting list has a wrong size');
  const used = into.length & 7;
  if (used !== 0 && bytes[bytes.length - 1]! >>> used !== 0)
    throw new RangeError('posting is beyond the segment');
  const { words } = into;
  const whole = bytes.length >>> 2;
  for (let i = 0, at = 0; i < whole; i++, at += 4)
    words[i]! |=
      bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  for (let i = whole * 4; i < bytes.length; i++) words[i >>> 2]! |= bytes[i]! << ((i & 3) << 3);
}

function rowsOfBitset(bytes: Uint8Array, out: Uint32Array): void {
  let found = 0;
  for (let i = 0; i < bytes.length; i++)
    for (let byte = bytes[i]!; byte !== 0; byte &= byte - 1) {
      if (found === out.length) throw new RangeError('posting list is longer than it says');
      out[found++] = i * 8 + 31 - Math.clz32(byte & -byte);
    }
  if (found < out.length) throw new RangeError('posting list is shorter than it says');
}

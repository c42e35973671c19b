/**
 * CRC32C (Castagnoli, reflected polynomial 0x82f63b78), the checksum of every durable file here.
 * Algorithm: slicing-by-8 (Kounavis and Berry, "Novel Table Lookup-Based Algorithms for High-Performance
 * CRC Generation", IEEE ToC 2008): eight bytes a step, one table a byte position. All but short texts go
 * through the kernel, which takes sixteen a step and, its copy included, is twice as fast.
 */
import { kernelWindow } from './kernel-window.ts';
import { KERNEL_WINDOW_BYTES, KERNEL_WINDOW_BYTES_MIN } from './limits.ts';

const POLYNOMIAL = 0x82f63b78;
const TABLES: readonly Int32Array[] = makeTables();
const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES as readonly [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
];

/**
 * The checksum of `bytes` as an unsigned 32-bit integer. `seed` is the checksum of the bytes before
 * them: `crc32c(b, crc32c(a))` equals the checksum of a followed by b. Pure; the bytes are only read.
 */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  if (bytes.length < KERNEL_WINDOW_BYTES_MIN) return crc32cPlain(bytes, seed);
  const { kernel, at, bytes: window } = kernelWindow();
  let crc = seed;
  for (let from = 0; from < bytes.length; from += KERNEL_WINDOW_BYTES) {
    const to = Math.min(bytes.length, from + KERNEL_WINDOW_BYTES);
    window.set(to - from === bytes.length ? bytes : bytes.subarray(from, to));
    crc = kernel.crc32cUpdate(at, to - from, crc);
  }
  return crc >>> 0;
}

/** The same in plain TypeScript: for short texts, and the oracle of the kernel. */
export function crc32cPlain(bytes: Uint8Array, seed = 0): number {
  const length = bytes.length;
  const wholeEnd = length - (length & 7);
  let crc = ~seed;
  let i = 0;
  for (; i < wholeEnd; i += 8) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    crc =
      T7[crc & 255]! ^
      T6[(crc >>> 8) & 255]! ^
      T5[(crc >>> 16) & 255]! ^
      T4[crc >>> 24]! ^
      T3[bytes[i + 4]!]! ^
      T2[bytes[i + 5]!]! ^
      T1[bytes[i + 6]!]! ^
      T0[bytes[i + 7]!]!;
  }
  for (; i < length; i++) crc = T0[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

function makeTables(): readonly Int32Array[] {
  const first = new Int32Array(256);
  for (let value = 0; value < 256; value++) {
    let crc = value;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    first[value] = crc;
  }
  const tables = [first];
  for (let position = 1; position < 8; position++) {
    const before = tables[position - 1]!;
    tables.push(before.map((crc) => (crc >>> 8) ^ first[crc & 255]!));
  }
  return tables;
}

/**
 * CRC32C (Castagnoli, reflected polynomial 0x82f63b78) by slicing-by-16: sixteen bytes a step, one table of 256 words a
 * byte position (Kounavis and Berry, IEEE ToC 2008). `../crc32c.ts` is the plain twin. The tables are made at the first call.
 */

const POLYNOMIAL: u32 = 0x82f63b78;
const SLICES: i32 = 16;
const tables: usize = memory.data(16 * 256 * 4, 16);

let isReady: bool = false;

/** The checksum of `size` bytes behind bytes whose checksum is `seed`. */
export function crc32cUpdate(bytes: usize, size: u32, seed: u32): u32 {
  if (!isReady) makeTables();
  let crc = ~seed;
  let at = bytes;
  const end = bytes + size;
  for (; at + 16 <= end; at += 16) {
    // Only four of the look-ups wait for the step before, so they come last.
    const low = load<u32>(at) ^ crc;
    const rest = load<u32>(at, 4);
    const high = load<u64>(at, 8);
    const free =
      entry(11, rest & 255) ^
      entry(10, (rest >> 8) & 255) ^
      (entry(9, (rest >> 16) & 255) ^ entry(8, rest >> 24)) ^
      (entry(7, <u32>high & 255) ^ entry(6, <u32>(high >> 8) & 255)) ^
      (entry(5, <u32>(high >> 16) & 255) ^ entry(4, <u32>(high >> 24) & 255)) ^
      (entry(3, <u32>(high >> 32) & 255) ^ entry(2, <u32>(high >> 40) & 255)) ^
      (entry(1, <u32>(high >> 48) & 255) ^ entry(0, <u32>(high >> 56)));
    crc =
      free ^
      (entry(15, low & 255) ^ entry(14, (low >> 8) & 255)) ^
      (entry(13, (low >> 16) & 255) ^ entry(12, low >> 24));
  }
  for (; at < end; at++) crc = entry(0, (crc ^ load<u8>(at)) & 255) ^ (crc >> 8);
  return ~crc;
}

function entry(table: usize, byte: u64): u32 {
  return load<u32>(tables + (table << 10) + ((<usize>byte) << 2));
}

function makeTables(): void {
  for (let value: u32 = 0; value < 256; value++) {
    let crc = value;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ POLYNOMIAL : crc >> 1;
    store<u32>(tables + (value << 2), crc);
  }
  for (let slice = 1; slice < SLICES; slice++)
    for (let value: u32 = 0; value < 256; value++) {
      const before = entry(slice - 1, value);
      store<u32>(tables + (slice << 10) + (value << 2), (before >> 8) ^ entry(0, before & 255));
    }
  isReady = true;
}

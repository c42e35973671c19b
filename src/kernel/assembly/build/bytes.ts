/**
 * Byte strings in memory. Every block that holds some is followed by 16 bytes that may be read, so that a tail is
 * loaded as one word.
 */

/** Multipliers of wyhash (Wang Yi); any odd numbers with mixed bits would do. */
const K0: u64 = 0xa0761d6478bd642f;
const K1: u64 = 0xe7037ed1a0b428db;

/** Bytes after the end of a string that may be read. */
export const SLACK: usize = 64;

/** The first bytes, eight at most, as a little-endian number; zeros follow a short string. */
export function word(at: usize, length: usize): u64 {
  const bits = load<u64>(at);
  return length >= 8 ? bits : bits & (((<u64>1) << ((<u64>length) << 3)) - 1);
}

/** 32-bit hash of bytes and a seed: multiply and fold, eight bytes at a time. */
export function hashOf(at: usize, length: usize, seed: u32): u32 {
  let hash: u64 = ((<u64>seed + 1) * K1) ^ <u64>length;
  let from = at;
  let left = length;
  while (left > 8) {
    hash = (hash ^ load<u64>(from)) * K0;
    hash ^= hash >>> 32;
    from += 8;
    left -= 8;
  }
  hash = (hash ^ word(from, left)) * K0;
  hash ^= hash >>> 32;
  hash *= K1;
  return <u32>(hash >>> 32);
}

export function equalBytes(a: usize, b: usize, length: usize): bool {
  let left = length;
  while (left > 8) {
    if (load<u64>(a) != load<u64>(b)) return false;
    a += 8;
    b += 8;
    left -= 8;
  }
  return word(a, left) == word(b, left);
}

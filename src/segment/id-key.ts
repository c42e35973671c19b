/**
 * Terms that look like ids: 16 to 64 bytes of hex digits and hyphens, the first eight of them digits. Hardly two logs
 * have the same one, so that its text would be most of what it costs the index; an id list (`id-list.ts`) has this key
 * instead. Two parts, the same for ever:
 *
 *   prefix  the number that the first eight digits are, whatever the case of their letters
 *   hash    40 bits of all bytes, case included. Their words of four bytes (little-endian, the last one filled with zeros)
 *           go through two lanes: that of MurmurHash3_x86_32 (Austin Appleby, public domain; seed 0), its result being the
 *           low 32 bits, and h = (h ^ word) × 0x9e3779b1, h ^= h >>> 15 (modulo 2^32, begun with the number of
 *           bytes), of which the top 8 bits are the high 8.
 */

export const ID_BYTES_MIN = 16;
export const ID_BYTES_MAX = 64;
export const ID_PREFIX_BYTES = 8;

const DIGIT = 1;
const UPPER = 2;
const HYPHEN = 4;

const CLASSES: Uint8Array = classes();

function classes(): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of new TextEncoder().encode('0123456789abcdef')) table[byte] = DIGIT;
  for (const byte of new TextEncoder().encode('ABCDEF')) table[byte] = DIGIT | UPPER;
  table[0x2d] = HYPHEN;
  return table;
}

/** Whether all of the text could stand in an id, at its beginning when `atStart`. */
export function isPartOfId(text: string, atStart: boolean): boolean {
  const pattern = atStart ? /^(?:[0-9a-f]{0,7}|[0-9a-f]{8}[0-9a-f-]*)$/iu : /^[0-9a-f-]*$/iu;
  return pattern.test(text);
}

/** The key of one term after the other. */
export class IdKey {
  prefix: number = 0;
  hash: number = 0;
  /** Whether the term has a letter in upper case. */
  hasUpper: boolean = false;

  /** Takes the key of bytes[start, end); false, and nothing taken, when that is no id. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    if (length < ID_BYTES_MIN || length > ID_BYTES_MAX) return false;
    let all = 0;
    let prefix = 0;
    for (let i = start; i < start + ID_PREFIX_BYTES; i++) {
      const byte = bytes[i]!;
      const kind = CLASSES[byte]!;
      if ((kind & DIGIT) === 0) return false;
      all |= kind;
      prefix = (prefix << 4) | ((byte & 15) + (byte > 0x39 ? 9 : 0));
    }
    for (let i = start + ID_PREFIX_BYTES; i < end; i++) {
      const kind = CLASSES[bytes[i]!]!;
      if (kind === 0) return false;
      all |= kind;
    }
    this.prefix = prefix >>> 0;
    this.hasUpper = (all & UPPER) !== 0;
    this.hash = hashOf(bytes, start, end);
    return true;
  }
}

/** As the top of the file says. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  let murmur = 0;
  let other = length;
  for (let at = start; at < end; at += 4) {
    let word = bytes[at]!;
    if (at + 1 < end) word |= bytes[at + 1]! << 8;
    if (at + 2 < end) word |= bytes[at + 2]! << 16;
    if (at + 3 < end) word |= bytes[at + 3]! << 24;
    let mixed = Math.imul(word, 0xcc9e2d51);
    mixed = Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
    murmur ^= mixed;
    if (at + 4 <= end) {
      murmur = (murmur << 13) | (murmur >>> 19);
      murmur = (Math.imul(murmur, 5) + 0xe6546b64) | 0;
    }
    other = Math.imul(other ^ word, 0x9e3779b1);
    other ^= other >>> 15;
  }
  murmur ^= length;
  murmur = Math.imul(murmur ^ (murmur >>> 16), 0x85ebca6b);
  murmur = Math.imul(murmur ^ (murmur >>> 13), 0xc2b2ae35);
  murmur ^= murmur >>> 16;
  return (other >>> 24) * 2 ** 32 + (murmur >>> 0);
}

/** Below 0 when the first key comes before the second one, 0 when they are equal. */
export function compareKeys(
  prefixA: number,
  hashA: number,
  prefixB: number,
  hashB: number,
): number {
  return prefixA - prefixB || hashA - hashB;
}

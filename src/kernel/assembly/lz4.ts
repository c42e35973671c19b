/**
 * Decodes LZ4 blocks (lz4_Block_format.md of the LZ4 project): sequences of a token, literals and a match; lengths of 15
 * go on in further bytes. Both blocks must have 32 bytes of slack, as copies go by 16 bytes.
 */

const MATCH_MIN: usize = 4;
const LONG: usize = 15;

/** Whether the block [source, source + sourceBytes) decodes to just so many bytes, which are at `target` then. */
export function lz4Decode(
  source: usize,
  sourceBytes: usize,
  target: usize,
  targetBytes: usize,
): bool {
  const end = source + sourceBytes;
  const limit = target + targetBytes;
  let from = source;
  let to = target;
  while (from < end) {
    const token = load<u8>(from++);
    let literals = <usize>(token >>> 4);
    if (literals == LONG) {
      const start = from;
      from = longEnd(start, end);
      if (from == 0) return false;
      literals += longLength(start, from);
    }
    if (literals > end - from || literals > limit - to) return false;
    copyForward(from, to, literals);
    from += literals;
    to += literals;
    // The last sequence has no match.
    if (from == end) return to == limit;
    if (end - from < 2) return false;
    const distance = <usize>load<u16>(from);
    from += 2;
    if (distance == 0 || distance > to - target) return false;
    let length = <usize>(token & 15) + MATCH_MIN;
    if (length == LONG + MATCH_MIN) {
      const start = from;
      from = longEnd(start, end);
      if (from == 0) return false;
      length += longLength(start, from);
    }
    if (length > limit - to) return false;
    copyMatch(to, distance, length);
    to += length;
  }
  return false;
}

/** Where the further bytes of a length end, 0 when they do not. */
function longEnd(start: usize, end: usize): usize {
  let at = start;
  while (at < end) if (load<u8>(at++) != 255) return at;
  return 0;
}

/** The sum of the further bytes of a length; all but the last are 255. */
function longLength(start: usize, end: usize): usize {
  return (end - start - 1) * 255 + <usize>load<u8>(end - 1);
}

/** Copies by 16 bytes, up to 15 too many. */
function copyForward(from: usize, to: usize, length: usize): void {
  v128.store(to, v128.load(from));
  if (length <= 16) return;
  if (length > 512) {
    memory.copy(to + 16, from + 16, length - 16);
    return;
  }
  for (let at: usize = 16; at < length; at += 16) v128.store(to + at, v128.load(from + at));
}

/** Repeats what was written `distance` bytes before; up to 15 bytes too many. */
function copyMatch(to: usize, distance: usize, length: usize): void {
  const from = to - distance;
  if (distance >= 16) {
    for (let at: usize = 0; at < length; at += 16) v128.store(to + at, v128.load(from + at));
  } else if (distance >= 8) {
    for (let at: usize = 0; at < length; at += 8) store<u64>(to + at, load<u64>(from + at));
  } else {
    for (let at: usize = 0; at < length; at++) store<u8>(to + at, load<u8>(from + at));
  }
}

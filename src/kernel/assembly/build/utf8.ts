/** UTF-8 as RFC 3629 defines it. Twin: `isUtf8` of `#protocol/utf8.ts`. */

/** Whether bytes [start, end) are well-formed. ASCII goes by 16 bytes at a time. */
export function isUtf8(start: usize, end: usize): bool {
  let at = start;
  while (at < end) {
    const left = end - at;
    let high = <u32>i8x16.bitmask(v128.load(at));
    if (left < 16) high &= (1 << (<u32>left)) - 1;
    if (high == 0) {
      at += 16;
      continue;
    }
    at += <usize>ctz(high);
    const length = sequenceLength(at, end);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

/** Bytes of the well-formed sequence at `at`, 0 when there is none (RFC 3629 §4). */
function sequenceLength(at: usize, end: usize): usize {
  const first = load<u8>(at);
  if (first < 0xc2 || first > 0xf4) return 0;
  const length: usize = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (at + length > end) return 0;
  const second = load<u8>(at + 1);
  const least: u8 = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const most: u8 = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > most) return 0;
  for (let i: usize = 2; i < length; i++) if ((load<u8>(at + i) & 0xc0) != 0x80) return 0;
  return length;
}

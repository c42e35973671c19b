/** UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing past U+10FFFF. */

/** Whether bytes [start, end) are well-formed UTF-8. ASCII takes one comparison a byte. */
export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && bytes[at]! < 0x80) at += 1;
  while (at < end) {
    const length = sequenceLength(bytes, at, end);
    if (length === 0) return false;
    at += length;
  }
  return true;
}

/** Bytes of the well-formed sequence at `at`, 0 when there is none (RFC 3629 §4, table of byte ranges). */
function sequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (at + length > end) return 0;
  const second = bytes[at + 1]!;
  if (second < secondByteMin(first) || second > secondByteMax(first)) return 0;
  for (let index = 2; index < length; index += 1) {
    if ((bytes[at + index]! & 0xc0) !== 0x80) return 0;
  }
  return length;
}

/** 0xe0 and 0xf0 would be overlong with a smaller second byte. */
function secondByteMin(first: number): number {
  return first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
}

/** 0xed would be a surrogate and 0xf4 beyond U+10FFFF with a larger second byte. */
function secondByteMax(first: number): number {
  return first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
}

/** Bytes of the text in UTF-8; a lone surrogate counts as U+FFFD, which is what encoders make of it. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    if (unit < 0x800) length += 1;
    else if (isPair(unit, text, index)) {
      // Two units in, four bytes out.
      length += 2;
      index += 1;
    } else length += 2;
  }
  return length;
}

function isPair(unit: number, text: string, index: number): boolean {
  if ((unit & 0xfc00) !== 0xd800) return false;
  return (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00;
}

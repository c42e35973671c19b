import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32c, crc32cPlain } from './crc32c.ts';
import { KERNEL_WINDOW_BYTES } from './limits.ts';

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const sequence = (count: number, at: (index: number) => number): Uint8Array =>
  Uint8Array.from({ length: count }, (_, index) => at(index));

// RFC 3720, B.4; the CRC bytes printed there are little-endian.
test.each([
  ['32 bytes of zeros', new Uint8Array(32), 0x8a9136aa],
  ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['32 incrementing bytes', sequence(32, (index) => index), 0x46dd794e],
  ['32 decrementing bytes', sequence(32, (index) => 31 - index), 0x113fdb5c],
  ['the check string 123456789', ascii('123456789'), 0xe3069283],
  ['nothing', new Uint8Array(0), 0],
])('the checksum of %s is the published one', (_, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected);
});

test('the checksum equals the bit-by-bit definition for any length and any split', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, split) => {
      const head = bytes.subarray(0, split);
      expect(crc32c(bytes.subarray(split), crc32c(head))).toBe(bitByBit(bytes));
    }),
  );
});

test('the kernel gives the checksum of its twin, at any place and for more than its window', () => {
  const noise = sequence(3 * KERNEL_WINDOW_BYTES, (index) => Math.imul(index, 0x9e3779b1) >>> 11);
  fc.assert(
    fc.property(fc.nat(noise.length), fc.nat(noise.length), fc.nat(0xffff_ffff), (a, b, seed) => {
      const part = noise.subarray(Math.min(a, b), Math.max(a, b));
      expect(crc32c(part, seed)).toBe(crc32cPlain(part, seed));
    }),
  );
});

test('a flipped bit changes the checksum', () => {
  const bytes = sequence(100, (index) => index * 7);
  const before = crc32c(bytes);
  for (let bit = 0; bit < 800; bit++) {
    const flipped = bytes.slice();
    flipped[bit >>> 3] = flipped[bit >>> 3]! ^ (1 << (bit & 7));
    expect(crc32c(flipped)).not.toBe(before);
  }
});

function bitByBit(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { isUtf8, utf8Length } from './utf8.ts';

const STRICT = new TextDecoder('utf-8', { fatal: true });

function decodes(bytes: Uint8Array): boolean {
  try {
    STRICT.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

test('agrees with the platform on every two-byte input and on random longer ones', () => {
  for (let value = 0; value < 0x10000; value += 1) {
    const bytes = Uint8Array.of(value >>> 8, value & 0xff);
    if (isUtf8(bytes, 0, 2) !== decodes(bytes)) expect.fail(`differs on ${value.toString(16)}`);
  }
  // Bytes near the borders of the table, so that long sequences are often almost right.
  const borders = '00 7f 80 8f 90 9f a0 bf c1 c2 df e0 e1 ec ed ee ef f0 f1 f3 f4 f5 ff'.split(' ');
  const byte = fc.constantFrom(...borders.map((text) => Number.parseInt(text, 16)));
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 6 }), (list) => {
      const bytes = Uint8Array.from(list);
      expect(isUtf8(bytes, 0, bytes.length)).toBe(decodes(bytes));
    }),
    { numRuns: 5000 },
  );
});

test('only looks at its range', () => {
  const bytes = Uint8Array.of(0xff, 0x61, 0xe4, 0xb8, 0xad, 0xff);
  expect(isUtf8(bytes, 1, 5)).toBe(true);
  expect(isUtf8(bytes, 1, 4)).toBe(false);
  expect(isUtf8(bytes, 3, 3)).toBe(true);
});

test('the length in UTF-8 is what the encoder writes, lone surrogates included', () => {
  const unit = fc.constantFrom('a', 'é', '中', '\ud83d', '\ude00', '😀', '\u07ff', '\u0800');
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 8 }), (units) => {
      const text = units.join('');
      expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
    }),
    { numRuns: 2000 },
  );
});

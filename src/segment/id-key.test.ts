import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { IdKey, isPartOfId } from './id-key.ts';

/** A term between other bytes, as in an arena. */
function keyOf(term: string): IdKey | undefined {
  const bytes = Buffer.from(`ab${term}cd`);
  const key = new IdKey();
  return key.read(bytes, 2, bytes.length - 2) ? key : undefined;
}

// Computed by another implementation of both lanes.
test.each([
  ['0123456789abcdef', 0x01234567, 0x9136c7e0df],
  ['0123456789ABCDEF', 0x01234567, 0x61a97b2eb1],
  ['4bf92f3577b34da6a3ce929d0e0e4736', 0x4bf92f35, 0xe14822df84],
  ['123e4567-e89b-12d3-a456-426614174000', 0x123e4567, 0x591a32ca9e],
  ['ffffffff-0000-1111', 0xffffffff, 0xc74d4afe94],
])('the key of %s is the same for ever', (term, prefix, hash) => {
  const key = keyOf(term);
  expect([key?.prefix, key?.hash]).toEqual([prefix, hash]);
});

test.each([
  ['15 bytes', '0123456789abcde', false],
  ['16 bytes', '0123456789abcdef', true],
  ['64 bytes', 'a'.repeat(64), true],
  ['65 bytes', 'a'.repeat(65), false],
  ['a hyphen too early', '0123456-89abcdef', false],
  ['hyphens after the eighth digit', '01234567--------', true],
  ['another letter', '0123456789abcdeg', false],
  ['another letter among the first', 'g123456789abcdef', false],
  ['a decimal number', '1700000000123456', true],
  ['a character of several bytes', '0123456789abcdé', false],
])('%s', (_, term, isId) => {
  expect(keyOf(term) !== undefined).toBe(isId);
});

test('letters in upper case are noticed, and change the hash only', () => {
  const lower = keyOf('abcdef0123456789-fe');
  const upper = keyOf('abcdef0123456789-Fe');
  expect([lower?.hasUpper, upper?.hasUpper]).toEqual([false, true]);
  expect(lower?.prefix).toBe(upper?.prefix);
  expect(lower?.hash).not.toBe(upper?.hash);
});

test('hashes of ids that differ little are spread over all 40 bits', () => {
  const seen = new Set<number>();
  const low = new Set<number>();
  const high = new Set<number>();
  for (let i = 0; i < 50_000; i++) {
    const hash = keyOf(`00000000-0000-0000-0000-${i.toString(16).padStart(12, '0')}`)!.hash;
    seen.add(hash);
    low.add(hash % 65_536);
    high.add(Math.floor(hash / 2 ** 24));
  }
  expect(seen.size).toBe(50_000);
  // Of 65,536 values 50,000 draws leave 47 % out.
  for (const part of [low, high]) expect(Math.abs(part.size - 34_970)).toBeLessThan(1000);
});

test('what an id begins with, or contains, is part of one', () => {
  const id = fc
    .tuple(
      fc.string({
        unit: fc.constantFrom('0', '9', 'a', 'f', 'A', 'F'),
        minLength: 8,
        maxLength: 8,
      }),
      fc.string({
        unit: fc.constantFrom('0', '9', 'a', 'f', 'A', 'F', '-'),
        minLength: 8,
        maxLength: 56,
      }),
    )
    .map(([head, tail]) => head + tail);
  fc.assert(
    fc.property(id, fc.nat(64), fc.nat(64), (term, from, length) => {
      expect(keyOf(term)).toBeDefined();
      expect(isPartOfId(term.slice(0, length), true)).toBe(true);
      expect(isPartOfId(term.slice(from, from + length), false)).toBe(true);
      expect(isPartOfId(`${term.slice(0, length)}x`, true)).toBe(false);
    }),
  );
  expect(isPartOfId('123-', true)).toBe(false);
});

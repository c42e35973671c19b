import { expect, test } from 'vitest';

import { createRequestIds } from './request-id.ts';

test('ids are 24 upper-case hex digits and differ', () => {
  const next = createRequestIds(Uint8Array.from({ length: 12 }, (_, index) => index + 0xa0));
  const ids = Array.from({ length: 1000 }, next);
  expect(new Set(ids).size).toBe(1000);
  for (const id of ids) expect(id).toMatch(/^[0-9A-F]{24}$/);
  expect(ids[0]).toBe('A0A1A2A3A4A5A6A7A8A9AAAC');
});

test('the counter starts again after its last value', () => {
  const next = createRequestIds(new Uint8Array(12).fill(0xff));
  expect(next()).toBe('FFFFFFFFFFFF000000000000');
});

test('a short seed is a programmer error', () => {
  expect(() => createRequestIds(new Uint8Array(11))).toThrow('12 bytes');
});

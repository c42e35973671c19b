import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from './byte-writer.ts';

test('what is written can be read', () => {
  const integers = fc.array(fc.oneof(fc.maxSafeNat(), fc.integer({ min: 0, max: 300 })));
  fc.assert(
    fc.property(integers, fc.uint8Array({ maxLength: 100 }), (numbers, bytes) => {
      const writer = new ByteWriter(1);
      for (const number of numbers) writer.varint(number);
      writer.u32(0xfedcba98);
      writer.bytes(bytes);
      writer.u8(0xff);
      const reader = new ByteReader(writer.view());
      expect(numbers.map(() => reader.varint())).toEqual(numbers);
      expect(reader.u32()).toBe(0xfedcba98);
      expect(reader.take(bytes.length)).toEqual(bytes);
      expect(reader.u8()).toBe(0xff);
      expect(reader.atEnd).toBe(true);
      expect(() => reader.u8()).toThrow(RangeError);
    }),
  );
});

test('a reader refuses what is cut off or endless', () => {
  expect(() => new ByteReader(Uint8Array.of(0x80)).varint()).toThrow(RangeError);
  expect(() => new ByteReader(new Uint8Array(12).fill(0x80)).varint()).toThrow(RangeError);
  expect(() => new ByteReader(Uint8Array.of(1, 2)).take(3)).toThrow(RangeError);
  expect(() => new ByteReader(Uint8Array.of(1, 2, 3)).u32()).toThrow(RangeError);
});

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeFileHeader,
  decodeRecord,
  decodeRecordHeader,
  encodeFileHeader,
  encodeRecordHead,
  isBodyValid,
  RECORD_HEADER_BYTES,
  shardSalt,
  type WriterEntry,
} from './record-codec.ts';
import type { NewRecord } from '../shard-log.ts';

const salt = shardSalt({ logstoreId: 'store', shardId: 3 });

const newRecord: fc.Arbitrary<NewRecord> = fc.record({
  compression: fc.constantFrom('none', 'lz4', 'deflate', 'zstd', 'gzip'),
  payload: fc.uint8Array({ maxLength: 200 }),
  rawBytes: fc.nat(0xffff_ffff),
  logCount: fc.nat(0xffff_ffff),
  receiveTimeMs: fc.nat(Number.MAX_SAFE_INTEGER),
  clientAddress: fc.string({ unit: 'grapheme', maxLength: 10 }),
});

const writerEntry: fc.Arbitrary<WriterEntry> = fc.record({
  key: fc
    .uint8Array({ minLength: 16, maxLength: 16 })
    .map((key) => Buffer.from(key).toString('hex')),
  sequence: fc.maxSafeNat(),
});

/** Only the last record of an append names a writer. */
const place: fc.Arbitrary<{ endsAppend: boolean; writer: WriterEntry | undefined }> = fc.oneof(
  fc.constant({ endsAppend: false, writer: undefined }),
  fc.record({ endsAppend: fc.constant(true), writer: fc.option(writerEntry, { nil: undefined }) }),
);

function encode(
  record: NewRecord,
  sequence: number,
  endsAppend = true,
  writer?: WriterEntry,
): Uint8Array {
  const { receiveTimeMs } = record;
  const place = { sequence, receiveTimeMs, endsAppend, syncedBytes: 77, salt, writer };
  return new Uint8Array(Buffer.concat([encodeRecordHead(record, place), record.payload]));
}

test('any record comes back as it was', () => {
  fc.assert(
    fc.property(newRecord, fc.nat(2 ** 40), place, (record, sequence, { endsAppend, writer }) => {
      const bytes = encode(record, sequence, endsAppend, writer);
      const header = decodeRecordHeader(bytes, salt)!;
      expect(header).toMatchObject({ recordBytes: bytes.length, endsAppend, syncedBytes: 77 });
      expect(header.writer).toEqual(writer);
      expect(isBodyValid(bytes, header)).toBe(true);
      expect(decodeRecord(bytes, header)).toEqual({ ...record, sequence });
    }),
  );
});

test('a record with any byte changed, cut short, or of another shard is not valid', () => {
  fc.assert(
    fc.property(newRecord, fc.nat(), fc.integer({ min: 1, max: 255 }), (record, at, mask) => {
      const bytes = encode(record, 9, true, { key: '0f'.repeat(16), sequence: 77 });
      expect(decodeRecordHeader(bytes, salt + 1)).toBeUndefined();
      expect(decodeRecordHeader(bytes.subarray(0, RECORD_HEADER_BYTES - 1), salt)).toBeUndefined();
      const index = at % bytes.length;
      bytes[index] = bytes[index]! ^ mask;
      const header = decodeRecordHeader(bytes, salt);
      expect(header !== undefined && isBodyValid(bytes, header)).toBe(false);
    }),
  );
});

test('a client address is cut at 64 bytes, between characters', () => {
  const record = { ...emptyRecord, clientAddress: `${'a'.repeat(63)}é` };
  const bytes = encode(record, 1);
  expect(decodeRecord(bytes, decodeRecordHeader(bytes, salt)!).clientAddress).toBe('a'.repeat(63));
});

test('a file header comes back; one with a changed byte, or cut short, is not valid', () => {
  const header = {
    shard: { logstoreId: 'störe', shardId: 4_000_000_000 },
    firstSequence: 2 ** 50 + 1,
    timeFloorMs: 1_700_000_000_123,
    createdMs: 1_700_000_000_999,
  };
  const bytes = encodeFileHeader(header);
  expect(decodeFileHeader(new Uint8Array([...bytes, 1, 2, 3]))).toEqual(header);
  for (let index = 0; index < bytes.length; index++) {
    const changed = bytes.slice();
    changed[index] = changed[index]! ^ 1;
    expect(decodeFileHeader(changed)).toBeUndefined();
    expect(decodeFileHeader(bytes.subarray(0, index))).toBeUndefined();
  }
});

const emptyRecord: NewRecord = {
  compression: 'none',
  payload: new Uint8Array(0),
  rawBytes: 0,
  logCount: 0,
  receiveTimeMs: 0,
  clientAddress: '',
};

/**
 * The value of one record in the LMDB file. LMDB itself keeps no checksums.
 *
 *   offset size
 *   0      1     format version, 1
 *   1      3     zero
 *   4      4     CRC-32 (IEEE 802.3) of the bytes from 8 to the end, little endian
 *   8      8     revision, unsigned, little endian, at most 2^53 - 1
 *   16     …     the value
 *
 * Valid when the version is 1, the bytes 1–3 are zero and the checksum matches. LMDB commits whole
 * transactions, so a crash leaves the old or the new record, never a mixture.
 * History: 1 is the first.
 */
import { crc32 } from 'node:zlib';
import { AppError } from '#base/app-error.ts';

const HEADER_BYTES = 16;
const FORMAT_VERSION = 1;

export function encodeLmdbValue(revision: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + value.length);
  bytes[0] = FORMAT_VERSION;
  bytes.writeBigUInt64LE(BigInt(revision), 8);
  bytes.set(value, HEADER_BYTES);
  bytes.writeUInt32LE(crc32(bytes.subarray(8)), 4);
  return bytes;
}

/** The value is a copy. Errors: MetaDamaged. */
export function decodeLmdbValue(
  key: string,
  bytes: Buffer,
): { readonly revision: number; readonly value: Uint8Array } {
  const sound =
    bytes.length >= HEADER_BYTES &&
    bytes.readUInt32LE(0) === FORMAT_VERSION &&
    bytes.readUInt32LE(4) === crc32(bytes.subarray(8));
  if (!sound) throw new AppError('MetaDamaged', 'cannot read meta record', { details: { key } });
  return {
    revision: Number(bytes.readBigUInt64LE(8)),
    value: new Uint8Array(bytes.subarray(HEADER_BYTES)),
  };
}

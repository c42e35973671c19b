/**
 * The WAL file, version 1. One shard has one folder of files; a file is named after the first sequence
 * in it, 16 decimal digits and `.wal`. Integers are little-endian; u64 values stay below 2^53.
 *
 * File header, H = 46 + L bytes:
 *
 *   offset size
 *        0    8  magic "SLUICWAL"
 *        8    2  version, 1
 *       10    2  H
 *       12    4  shard id
 *       16    8  sequence of the first record that this file can hold
 *       24    8  time floor: the latest receive time of all records before this file, Unix ms; 0 at first
 *       32    8  creation time, Unix ms; informative
 *       40    2  L, bytes of the logstore id
 *       42    L  logstore id, UTF-8
 *     42+L    4  CRC32C of the bytes before
 *
 * Records follow each other without gaps, R = 72 + A + P bytes each:
 *
 *        0    4  marker "SLRC", found by search when a length before it is damaged
 *        4    4  CRC32C of bytes 8–71, seeded with the CRC32C of "<logstore id>/<shard id>", so that a
 *                record of another shard never passes
 *        8    4  CRC32C of bytes 72–R
 *       12    4  R
 *       16    1  compression: 0 none, 1 lz4, 2 deflate, 3 zstd, 4 gzip
 *       17    1  A, bytes of the client address, at most 64
 *       18    1  flags: bit 0 set on the last record of an append, bit 1 set on such a one when its append has
 *                a writer; the others are zero
 *       19    1  zero
 *       20    4  raw bytes: of the payload once decompressed
 *       24    4  log count
 *       28    8  sequence, one more than the record before
 *       36    8  receive time, Unix ms, not below the record before
 *       44    4  synced bytes: how much of this file was known to be durable when this was written
 *       48   16  writer key; zero without bit 1
 *       64    8  writer sequence: what the writer has stored once this record is; zero without bit 1
 *       72    A  client address, UTF-8
 *     72+A    P  payload, as the client compressed it
 *
 * Valid: a file whose header checks out (it is written whole before it gets its name); a record whose
 * two checksums, marker and constants are right and whose sequence is the expected one. The records of a
 * file end where the next file begins by name, whatever bytes follow.
 *
 * Crash: only bytes past the synced bytes of the last write can be torn. In the newest file the first
 * record that is not valid is a torn tail unless a later valid record states synced bytes past it; a
 * torn tail is cut, back to the end of a whole append. Anything else that is not valid is damage: it stays, is
 * reported to readers and everything after it remains readable.
 *
 * Versions: 1, first.
 */
import { assert } from '#base/assert.ts';
import { crc32c } from '#kernel/crc32c.ts';
import { CLIENT_ADDRESS_BYTES_MAX } from '../limits.ts';
import type { CompressionType } from '#protocol/compression-type.ts';
import type { LogRecord, NewRecord, ShardKey } from '../shard-log.ts';

export const WAL_VERSION = 1;
export const RECORD_HEADER_BYTES = 72;

const FILE_MAGIC = 'SLUICWAL';
const FILE_HEADER_FIXED_BYTES = 46;
const ENDS_APPEND = 1;
const HAS_WRITER = 2;
const FLAGS: ReadonlySet<number> = new Set([0, ENDS_APPEND, ENDS_APPEND | HAS_WRITER]);
const COMPRESSIONS: readonly CompressionType[] = ['none', 'lz4', 'deflate', 'zstd', 'gzip'];
const UINT32_MAX = 0xffff_ffff;

/** The bytes "SLRC", as they stand in a file. */
export const RECORD_MARKER: Uint8Array = Uint8Array.of(0x53, 0x4c, 0x52, 0x43);
const MARKER_WORD = 0x43524c53;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export interface WalFileHeader {
  readonly shard: ShardKey;
  readonly firstSequence: number;
  readonly timeFloorMs: number;
  readonly createdMs: number;
}

/** What a writer has stored. */
export interface WriterEntry {
  /** 32 lower-case hex digits. */
  readonly key: string;
  readonly sequence: number;
}

export interface RecordHeader {
  readonly recordBytes: number;
  readonly bodyChecksum: number;
  readonly compression: CompressionType;
  readonly addressBytes: number;
  readonly endsAppend: boolean;
  readonly rawBytes: number;
  readonly logCount: number;
  readonly sequence: number;
  readonly receiveTimeMs: number;
  readonly syncedBytes: number;
  readonly writer: WriterEntry | undefined;
}

/** What a record gets from its place in the log. */
export interface RecordPlace {
  readonly sequence: number;
  readonly receiveTimeMs: number;
  readonly endsAppend: boolean;
  readonly syncedBytes: number;
  readonly salt: number;
  /** Only with `endsAppend`. */
  readonly writer: WriterEntry | undefined;
}

/** The seed of the header checksums of a shard's records. */
export function shardSalt(shard: ShardKey): number {
  return crc32c(encoder.encode(`${shard.logstoreId}/${shard.shardId}`));
}

/** H of a shard's files. */
export function fileHeaderBytes(shard: ShardKey): number {
  return FILE_HEADER_FIXED_BYTES + encoder.encode(shard.logstoreId).length;
}

export function encodeFileHeader(header: WalFileHeader): Uint8Array {
  const logstoreId = encoder.encode(header.shard.logstoreId);
  const bytes = new Uint8Array(FILE_HEADER_FIXED_BYTES + logstoreId.length);
  const view = new DataView(bytes.buffer);
  encoder.encodeInto(FILE_MAGIC, bytes);
  view.setUint16(8, WAL_VERSION, true);
  view.setUint16(10, bytes.length, true);
  view.setUint32(12, header.shard.shardId, true);
  setUint64(view, 16, header.firstSequence);
  setUint64(view, 24, header.timeFloorMs);
  setUint64(view, 32, header.createdMs);
  view.setUint16(40, logstoreId.length, true);
  bytes.set(logstoreId, 42);
  view.setUint32(bytes.length - 4, crc32c(bytes.subarray(0, -4)), true);
  return bytes;
}

/** The header at the start of `bytes`, or undefined when it is not a valid one of this version. */
export function decodeFileHeader(bytes: Uint8Array): WalFileHeader | undefined {
  if (bytes.length < FILE_HEADER_FIXED_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = view.getUint16(10, true);
  const idBytes = view.getUint16(40, true);
  if (decoder.decode(bytes.subarray(0, 8)) !== FILE_MAGIC) return undefined;
  if (view.getUint16(8, true) !== WAL_VERSION) return undefined;
  if (headerBytes !== FILE_HEADER_FIXED_BYTES + idBytes || headerBytes > bytes.length)
    return undefined;
  const checksum = view.getUint32(headerBytes - 4, true);
  if (crc32c(bytes.subarray(0, headerBytes - 4)) !== checksum) return undefined;
  return {
    shard: {
      logstoreId: decoder.decode(bytes.subarray(42, 42 + idBytes)),
      shardId: view.getUint32(12, true),
    },
    firstSequence: getUint64(view, 16),
    timeFloorMs: getUint64(view, 24),
    createdMs: getUint64(view, 32),
  };
}

/**
 * The bytes of a record up to its payload, which follows as it is (it is not copied). An address longer
 * than 64 bytes is cut at a character.
 */
export function encodeRecordHead(record: NewRecord, place: RecordPlace): Uint8Array {
  const head = new Uint8Array(RECORD_HEADER_BYTES + CLIENT_ADDRESS_BYTES_MAX);
  const address = encoder.encodeInto(record.clientAddress, head.subarray(RECORD_HEADER_BYTES));
  const headBytes = RECORD_HEADER_BYTES + address.written;
  const recordBytes = headBytes + record.payload.length;
  const compression = COMPRESSIONS.indexOf(record.compression);
  assert(compression >= 0, 'a record has a known compression');
  assert(recordBytes <= UINT32_MAX, 'a record is below 4 GiB');
  assertUint32(record.rawBytes);
  assertUint32(record.logCount);
  const view = new DataView(head.buffer);
  view.setUint32(0, MARKER_WORD, true);
  view.setUint32(12, recordBytes, true);
  head[16] = compression;
  head[17] = address.written;
  head[18] = flagsOf(place);
  view.setUint32(20, record.rawBytes, true);
  view.setUint32(24, record.logCount, true);
  setUint64(view, 28, place.sequence);
  setUint64(view, 36, place.receiveTimeMs);
  view.setUint32(44, place.syncedBytes, true);
  if (place.writer !== undefined) encodeWriterEntry(view, 48, place.writer);
  const addressChecksum = crc32c(head.subarray(RECORD_HEADER_BYTES, headBytes));
  view.setUint32(8, crc32c(record.payload, addressChecksum), true);
  view.setUint32(4, crc32c(head.subarray(8, RECORD_HEADER_BYTES), place.salt), true);
  return head.subarray(0, headBytes);
}

/** The record header at the start of `bytes`, or undefined when there is no valid one. */
export function decodeRecordHeader(bytes: Uint8Array, salt: number): RecordHeader | undefined {
  if (bytes.length < RECORD_HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, RECORD_HEADER_BYTES);
  if (view.getUint32(0, true) !== MARKER_WORD) return undefined;
  if (crc32c(bytes.subarray(8, RECORD_HEADER_BYTES), salt) !== view.getUint32(4, true))
    return undefined;
  const recordBytes = view.getUint32(12, true);
  const compression = COMPRESSIONS[view.getUint8(16)];
  const addressBytes = view.getUint8(17);
  const flags = view.getUint8(18);
  if (compression === undefined || addressBytes > CLIENT_ADDRESS_BYTES_MAX) return undefined;
  if (!FLAGS.has(flags) || view.getUint8(19) !== 0) return undefined;
  if (recordBytes < RECORD_HEADER_BYTES + addressBytes) return undefined;
  return {
    recordBytes,
    bodyChecksum: view.getUint32(8, true),
    compression,
    addressBytes,
    endsAppend: (flags & ENDS_APPEND) !== 0,
    rawBytes: view.getUint32(20, true),
    logCount: view.getUint32(24, true),
    sequence: getUint64(view, 28),
    receiveTimeMs: getUint64(view, 36),
    syncedBytes: view.getUint32(44, true),
    writer: (flags & HAS_WRITER) === 0 ? undefined : decodeWriterEntry(view, 48),
  };
}

function flagsOf(place: RecordPlace): number {
  assert(place.writer === undefined || place.endsAppend, 'a writer stands on the last record');
  if (!place.endsAppend) return 0;
  return place.writer === undefined ? ENDS_APPEND : ENDS_APPEND | HAS_WRITER;
}

/** Whether the bytes of a whole record match the checksum of its body. */
export function isBodyValid(record: Uint8Array, header: RecordHeader): boolean {
  return crc32c(record.subarray(RECORD_HEADER_BYTES)) === header.bodyChecksum;
}

/** The record; its payload is a view into `bytes`, which are those of the whole record. */
export function decodeRecord(bytes: Uint8Array, header: RecordHeader): LogRecord {
  const bodyStart = RECORD_HEADER_BYTES + header.addressBytes;
  return {
    sequence: header.sequence,
    compression: header.compression,
    payload: bytes.subarray(bodyStart),
    rawBytes: header.rawBytes,
    logCount: header.logCount,
    receiveTimeMs: header.receiveTimeMs,
    clientAddress: decoder.decode(bytes.subarray(RECORD_HEADER_BYTES, bodyStart)),
  };
}

/** 24 bytes: the key, 16, and the sequence. */
export function encodeWriterEntry(view: DataView, offset: number, entry: WriterEntry): void {
  for (let i = 0; i < 16; i++)
    view.setUint8(offset + i, Number.parseInt(entry.key.slice(2 * i, 2 * i + 2), 16));
  setUint64(view, offset + 16, entry.sequence);
}

export function decodeWriterEntry(view: DataView, offset: number): WriterEntry {
  const bytes = Buffer.from(view.buffer, view.byteOffset + offset, 16);
  return { key: bytes.toString('hex'), sequence: getUint64(view, offset + 16) };
}

export function setUint64(view: DataView, offset: number, value: number): void {
  view.setBigUint64(offset, BigInt(value), true);
}

export function getUint64(view: DataView, offset: number): number {
  return Number(view.getBigUint64(offset, true));
}

function assertUint32(value: number): void {
  assert(Number.isInteger(value) && value >= 0 && value <= UINT32_MAX, 'a count fits 32 bits');
}

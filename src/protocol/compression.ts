/**
 * The body compressions of sls-api §4.1–4.2: `lz4` is one raw block (no frame, no size), `deflate` a zlib
 * stream (RFC 1950), `gzip` RFC 1952, `zstd` a standard frame that carries its content size.
 *
 * The size of the output is bounded before anything is decompressed: by the declared raw size, which must
 * be right, and by a limit. A few bytes cannot make the server allocate more than that.
 */
import {
  constants,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';

import lz4 from 'lz4-napi';

import { AppError } from '#base/app-error.ts';
import { unreachable } from '#base/assert.ts';
import { MIB } from '#base/units.ts';
import type { CompressionType } from './compression-type.ts';

/** The library puts the raw size, 4 bytes little-endian, before the block, and expects it there. */
const LZ4_PREFIX_BYTES = 4;

/**
 * Largest window of a zstd frame (2^25 = 32 MB), more than any body. Without it a frame header of a few
 * bytes could ask for 128 MB.
 */
const ZSTD_WINDOW_LOG_MAX = 25;

/** zlib's own floor, and a size past which fewer chunks no longer help. */
const CHUNK_BYTES_MIN = 64;
const CHUNK_BYTES_MAX: number = MIB;

const COMPRESSION_TYPES: ReadonlySet<string> = new Set(['lz4', 'deflate', 'zstd', 'gzip']);

/**
 * The value of `x-log-compresstype`; absent or empty means none. Upper and lower case are equal.
 * Errors: InvalidCompressType.
 */
export function parseCompressionType(text: string | undefined): CompressionType {
  const name = (text ?? '').trim().toLowerCase();
  if (name === '') return 'none';
  if (!COMPRESSION_TYPES.has(name)) {
    throw new AppError('InvalidCompressType', `compress type ${name} is unsupported`);
  }
  return name as CompressionType;
}

/**
 * The value of `x-log-bodyrawsize`; undefined when absent.
 * Errors: InvalidBodyRawSize unless it is a decimal integer.
 */
export function parseBodyRawSize(text: string | undefined): number | undefined {
  const digits = (text ?? '').trim();
  if (digits === '') return undefined;
  if (!/^\d{1,15}$/.test(digits)) {
    throw new AppError('InvalidBodyRawSize', 'x-log-bodyrawsize is invalid');
  }
  return Number(digits);
}

/**
 * Decompresses a body. `rawBytes` is its declared size: needed for `lz4`, checked when given for the other
 * ones, without meaning for `none` (which returns `bytes` itself).
 * Errors: MissingBodyRawSize, PostBodyTooLarge (more than `limitBytes`), PostBodyUncompressError (the
 * bytes are damaged or decompress to another size than declared).
 */
export function decompress(
  type: CompressionType,
  bytes: Uint8Array,
  rawBytes: number | undefined,
  limitBytes: number,
): Uint8Array {
  const declared = type === 'none' ? bytes.length : rawBytes;
  if (declared !== undefined && declared > limitBytes) throw tooLarge(declared, limitBytes);
  if (type === 'none') return bytes;
  if (declared === undefined && type === 'lz4') {
    throw new AppError('MissingBodyRawSize', 'x-log-bodyrawsize does not exist in http header');
  }
  const raw = runCodec(type, bytes, declared ?? limitBytes);
  if (declared !== undefined && raw.length !== declared) {
    throw uncompressError(`body decompresses to ${raw.length} bytes, not ${declared}`, undefined);
  }
  return raw;
}

/** The bytes compressed; `none` returns `bytes` itself. At most 2 GB. */
export function compress(type: CompressionType, bytes: Uint8Array): Uint8Array {
  switch (type) {
    case 'none':
      return bytes;
    case 'lz4':
      return lz4.compressSync(asBuffer(bytes)).subarray(LZ4_PREFIX_BYTES);
    case 'deflate':
      return deflateSync(bytes);
    case 'gzip':
      return gzipSync(bytes);
    case 'zstd':
      return zstdCompressSync(bytes, { pledgedSrcSize: bytes.length });
    default:
      return unreachable(type);
  }
}

function runCodec(
  type: Exclude<CompressionType, 'none'>,
  bytes: Uint8Array,
  rawBytesMax: number,
): Uint8Array {
  // One byte more than allowed, so that "too long" is told from "just right" and 0 stays legal.
  const bounds = { maxOutputLength: rawBytesMax + 1, chunkSize: chunkBytes(rawBytesMax) };
  try {
    switch (type) {
      case 'lz4':
        return uncompressLz4(bytes, rawBytesMax);
      case 'deflate':
        return bounded(inflateSync(bytes, bounds), rawBytesMax);
      case 'gzip':
        return bounded(gunzipSync(bytes, bounds), rawBytesMax);
      case 'zstd': {
        const params = { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX };
        return bounded(zstdDecompressSync(bytes, { ...bounds, params }), rawBytesMax);
      }
      default:
        return unreachable(type);
    }
  } catch (error) {
    throw uncompressError(`body cannot be decompressed as ${type}`, error);
  }
}

/** zlib collects its output in chunks of this size; few of them for a large body, not more than it needs. */
function chunkBytes(rawBytesMax: number): number {
  return Math.min(Math.max(rawBytesMax + 1, CHUNK_BYTES_MIN), CHUNK_BYTES_MAX);
}

function bounded(raw: Uint8Array, rawBytesMax: number): Uint8Array {
  if (raw.length > rawBytesMax) throw new RangeError('output is too large');
  return raw;
}

function uncompressLz4(block: Uint8Array, rawBytes: number): Uint8Array {
  if (block.length === 0 && rawBytes === 0) return block;
  const input = Buffer.allocUnsafe(LZ4_PREFIX_BYTES + block.length);
  input.writeUInt32LE(rawBytes, 0);
  input.set(block, LZ4_PREFIX_BYTES);
  return lz4.uncompressSync(input);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function tooLarge(bytes: number, limitBytes: number): AppError {
  return new AppError('PostBodyTooLarge', `body of ${bytes} bytes exceeds ${limitBytes} bytes`);
}

function uncompressError(message: string, cause: unknown): AppError {
  return new AppError('PostBodyUncompressError', message, cause === undefined ? {} : { cause });
}

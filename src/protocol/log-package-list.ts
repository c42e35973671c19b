/**
 * SlsLogPackageList, the body of a write with `x-log-mode: batch_group` (sls-api §4.3), never compressed as
 * a whole:
 *
 *   SlsLogPackageList  0x0a packages*
 *   SlsLogPackage      0x0a data (required: one compressed LogGroup)  0x10 uncompress_size (int32)
 *                      0x18 compress_type (0 none, 1 deflate, 2 lz4, 3 zstd; absent: lz4)
 */
import { AppError } from '#base/app-error.ts';
import type { CompressionType } from './compression-type.ts';
import { malformed, WireReader, WireWriter } from './wire.ts';

const LIST_PACKAGE = 0x0a;
const PACKAGE_DATA = 0x0a;
const PACKAGE_RAW_BYTES = 0x10;
const PACKAGE_COMPRESSION = 0x18;

const PACKAGE_FIELD_MAX = 3;
const INT32_MAX = 0x7fffffff;

const COMPRESSIONS: readonly CompressionType[] = ['none', 'deflate', 'lz4', 'zstd'];

/** One log group on its way. */
export interface LogPackage {
  readonly data: Uint8Array;
  /** Bytes of `data` once decompressed; undefined when the sender did not say. */
  readonly rawBytes: number | undefined;
  readonly compression: CompressionType;
}

/**
 * The packages of a body; their data are views of it.
 * Errors: PostBodyInvalid (malformed), PostBodyTooLarge (more than `packagesMax`), InvalidCompressType.
 */
export function decodeLogPackageList(
  bytes: Uint8Array,
  packagesMax: number,
): readonly LogPackage[] {
  const reader = new WireReader(bytes);
  const end = bytes.length;
  const packages: LogPackage[] = [];
  while (reader.position < end) {
    const key = reader.key(end);
    if (key === LIST_PACKAGE) {
      if (packages.length === packagesMax) {
        throw new AppError('PostBodyTooLarge', `body holds more than ${packagesMax} log groups`);
      }
      packages.push(readPackage(reader, reader.bytesEnd(end)));
    } else {
      if (key >>> 3 === 1) throw malformed('wrong wire type');
      reader.skip(key, end);
    }
  }
  return packages;
}

function readPackage(reader: WireReader, end: number): LogPackage {
  let data: Uint8Array | undefined;
  let rawBytes: number | undefined;
  let compression: CompressionType = 'lz4';
  while (reader.position < end) {
    const key = reader.key(end);
    if (key === PACKAGE_DATA) {
      const dataEnd = reader.bytesEnd(end);
      data = reader.bytes.subarray(reader.position, dataEnd);
      reader.position = dataEnd;
    } else if (key === PACKAGE_RAW_BYTES) {
      rawBytes = reader.varint(end);
      // A negative int32 travels as a varint of ten bytes.
      if (rawBytes > INT32_MAX) throw malformed('negative uncompress_size');
    } else if (key === PACKAGE_COMPRESSION) {
      compression = compressionOf(reader.varint(end));
    } else {
      if (key >>> 3 <= PACKAGE_FIELD_MAX) throw malformed('wrong wire type');
      reader.skip(key, end);
    }
  }
  if (data === undefined) throw malformed('package without data');
  return { data, rawBytes, compression };
}

function compressionOf(code: number): CompressionType {
  const compression = COMPRESSIONS[code];
  if (compression === undefined) {
    throw new AppError('InvalidCompressType', `compress type ${code} is unsupported`);
  }
  return compression;
}

/** The body for packages, in order. gzip does not exist in this message: InvalidCompressType. */
export function encodeLogPackageList(packages: readonly LogPackage[]): Uint8Array {
  const out = new WireWriter();
  for (const item of packages) {
    const code = COMPRESSIONS.indexOf(item.compression);
    if (code < 0) {
      throw new AppError('InvalidCompressType', `compress type ${item.compression} is unsupported`);
    }
    const inner = new WireWriter(item.data.length + 32);
    inner.bytesField(PACKAGE_DATA, item.data);
    if (item.rawBytes !== undefined) inner.varintField(PACKAGE_RAW_BYTES, item.rawBytes);
    inner.varintField(PACKAGE_COMPRESSION, code);
    out.bytesField(LIST_PACKAGE, inner.finish());
  }
  return out.finish();
}

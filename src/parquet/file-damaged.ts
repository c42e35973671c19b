import { AppError, errorCode } from '#base/app-error.ts';

/** SegmentDamaged: the file must be fetched or built again. */
export function fileDamaged(what: string, cause?: unknown): AppError {
  return new AppError('SegmentDamaged', `rows are damaged: ${what}`, { cause });
}

/** Whatever decoding throws on bytes from a file is damage. */
export function asDamage(what: string, error: unknown): unknown {
  const isDecoding =
    error instanceof RangeError || /^(?:ZSTD|Z|ERR_BUFFER)_/u.test(errorCode(error) ?? '');
  return isDecoding ? fileDamaged(what, error) : error;
}

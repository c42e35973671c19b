/**
 * Telling records that cannot be indexed from sound ones. Frontends validate what they append, so there should be
 * none; but one that gets in all the same must not end the indexing of its shard for ever.
 */
import { errorCode } from '#base/app-error.ts';
import type { LogRecord } from '#loghub/shard-log.ts';
import { decompress } from '#protocol/compression.ts';
import { inspectLogGroup } from '#protocol/log-group.ts';

const CONTENT_ERRORS: ReadonlySet<string> = new Set([
  'PostBodyInvalid',
  'PostBodyUncompressError',
  'PostBodyTooLarge',
  'InvalidTimestamp',
  'InvalidKey',
  'InvalidEncoding',
]);

/** Whether a build failed because of what is in a record. */
export function isContentError(error: unknown): boolean {
  return CONTENT_ERRORS.has(errorCode(error) ?? '');
}

/** The records that a build can read. Decompresses each of them. */
export function soundRecords(records: readonly LogRecord[]): readonly LogRecord[] {
  return records.filter(({ compression, payload, rawBytes }) => {
    try {
      inspectLogGroup(decompress(compression, payload, rawBytes, rawBytes));
      return true;
    } catch (error) {
      if (!isContentError(error)) throw error;
      return false;
    }
  });
}

/** What every MetaStore checks before it touches its engine. */
import { AppError } from '#base/app-error.ts';
import { assert } from '#base/assert.ts';
import { KEY_CHARACTERS_MAX, VALUE_BYTES_MAX } from './limits.ts';

const KEY_PATTERN = /^[A-Za-z0-9_\-=](?:[A-Za-z0-9_\-=./]*[A-Za-z0-9_\-=])?$/u;
const PREFIX_PATTERN = /^[A-Za-z0-9_\-=./]*$/u;

export function isMetaKey(key: string): boolean {
  return key.length <= KEY_CHARACTERS_MAX && KEY_PATTERN.test(key);
}

/** Keys are made by our own code, so a bad one is a programmer error. */
export function assertMetaKey(key: string): void {
  assert(isMetaKey(key), `bad meta key: ${key}`);
}

export function assertMetaPrefix(prefix: string): void {
  assert(
    prefix.length <= KEY_CHARACTERS_MAX && PREFIX_PATTERN.test(prefix),
    `bad meta prefix: ${prefix}`,
  );
}

/** Errors: MetaValueTooLarge. Users can cause it, with a very large index configuration. */
export function checkMetaValue(key: string, value: Uint8Array): void {
  if (value.length > VALUE_BYTES_MAX)
    throw new AppError('MetaValueTooLarge', 'meta value is larger than 1 MiB', {
      details: { key, valueBytes: value.length },
    });
}

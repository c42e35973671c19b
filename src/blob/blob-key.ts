/** What every BlobStore checks of the keys that it is given. */
import { assert } from '#base/assert.ts';
import { KEY_CHARACTERS_MAX } from './limits.ts';

const PART_PATTERN = /^[A-Za-z0-9_.-]+$/u;
const PREFIX_PATTERN = /^[A-Za-z0-9_./-]*$/u;

/** Keys are made by our own code, so a bad one is a programmer error. */
export function assertBlobKey(key: string): void {
  const sound =
    key.length <= KEY_CHARACTERS_MAX &&
    key.split('/').every((part) => PART_PATTERN.test(part) && part !== '.' && part !== '..');
  assert(sound, `bad blob key: ${key}`);
}

export function assertBlobPrefix(prefix: string): void {
  assert(
    prefix.length <= KEY_CHARACTERS_MAX && PREFIX_PATTERN.test(prefix),
    `bad blob prefix: ${prefix}`,
  );
}

/** The access key of the agent, given in the configuration or kept in a file that may change while it runs. */
import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { AppError, errorCode } from '#base/app-error.ts';
import { CONFIG_BYTES_MAX } from './limits.ts';

export interface AccessKey {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

const keySchema = z.object({
  accessKeyId: z.string().min(1),
  accessKeySecret: z.string().min(1),
});

/** Bits of group and others. */
const OTHERS_MODE = 0o077;

/**
 * Reads `{"accessKeyId": …, "accessKeySecret": …}`. Errors, none of which repeats a secret: AccessKeyInvalid when the
 * file cannot be read, may be read by others than its owner, or holds something else.
 */
export async function readAccessKeyFile(path: string): Promise<AccessKey> {
  try {
    const facts = await stat(path);
    if ((facts.mode & OTHERS_MODE) !== 0)
      throw new AppError('AccessKeyInvalid', `${path} may be read by others: set its mode to 600`);
    if (facts.size > CONFIG_BYTES_MAX)
      throw new AppError('AccessKeyInvalid', `${path} is no access key file`);
    const { accessKeyId, accessKeySecret } = keySchema.parse(
      JSON.parse(await readFile(path, 'utf8')),
    );
    return { accessKeyId, accessKeySecret };
  } catch (error) {
    if (errorCode(error) === 'AccessKeyInvalid') throw error;
    const code = errorCode(error) ?? 'it is not json with accessKeyId and accessKeySecret';
    throw new AppError('AccessKeyInvalid', `cannot use the access key file ${path}: ${code}`);
  }
}

export class AccessKeys {
  readonly #file: string | undefined;
  #current: AccessKey;

  /** `file` is read again on `reload`; without it the key never changes. */
  constructor(options: { readonly key: AccessKey; readonly file: string | undefined }) {
    this.#current = options.key;
    this.#file = options.file;
  }

  get current(): AccessKey {
    return this.#current;
  }

  /** True when the file holds another key now. A file that cannot be used leaves the old key. */
  async reload(): Promise<boolean> {
    if (this.#file === undefined) return false;
    const next = await readAccessKeyFile(this.#file).catch(() => undefined);
    const now = this.#current;
    if (next === undefined) return false;
    this.#current = next;
    return next.accessKeyId !== now.accessKeyId || next.accessKeySecret !== now.accessKeySecret;
  }
}

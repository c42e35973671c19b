/** The access key that a command signs with: from options and environment, or from a data directory. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError, errorCode } from '#base/app-error.ts';
import type { SigningKeys } from '#protocol/sign-request.ts';
import { KEY_FILE_BYTES_MAX } from './limits.ts';

export interface AccessKeyOptions {
  readonly accessKeyId: string | undefined;
  readonly accessKeySecret: string | undefined;
  /** Of a server on this machine. */
  readonly dataDirectory: string | undefined;
}

const keySchema = z.object({
  accessKeyId: z.string().min(1),
  accessKeySecret: z.string().min(1),
});

/** Errors, none of which repeats a secret: AccessKeyMissing, AccessKeyInvalid. */
export async function findAccessKey(options: AccessKeyOptions): Promise<SigningKeys> {
  const { accessKeyId, accessKeySecret, dataDirectory } = options;
  if (accessKeyId !== undefined && accessKeySecret !== undefined)
    return { accessKeyId, accessKeySecret };
  if (accessKeySecret !== undefined || accessKeyId !== undefined)
    throw new AppError(
      'AccessKeyMissing',
      `half of the access key is missing: set ${accessKeyId === undefined ? 'SLUICE_ACCESS_KEY_ID' : 'SLUICE_ACCESS_KEY_SECRET'}`,
    );
  if (dataDirectory === undefined)
    throw new AppError(
      'AccessKeyMissing',
      'there is no access key: set SLUICE_ACCESS_KEY_ID and SLUICE_ACCESS_KEY_SECRET, or give the --data-dir of ' +
        'a server on this machine',
    );
  return await readRootKey(join(dataDirectory, 'root-key.json'));
}

async function readRootKey(path: string): Promise<SigningKeys> {
  try {
    const { size } = await stat(path);
    if (size > KEY_FILE_BYTES_MAX) throw new AppError('AccessKeyInvalid', `${path} is too large`);
    const { accessKeyId, accessKeySecret } = keySchema.parse(
      JSON.parse(await readFile(path, 'utf8')),
    );
    return { accessKeyId, accessKeySecret };
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (errorCode(error) === 'ENOENT')
      throw new AppError(
        'AccessKeyMissing',
        `${path} does not exist, so the server got its key from the environment: set SLUICE_ACCESS_KEY_ID and ` +
          'SLUICE_ACCESS_KEY_SECRET to it',
      );
    // A parser's message could repeat the secret.
    const reason = errorCode(error) ?? 'it is not json with accessKeyId and accessKeySecret';
    throw new AppError('AccessKeyInvalid', `cannot read ${path}: ${reason}`);
  }
}

/**
 * The root access key: from the environment, or made at the first start and kept in `<data>/root-key.json`
 * (mode 0600): {"accessKeyId": …, "accessKeySecret": …, "createTime": ISO text}.
 */
import { AppError } from '#base/app-error.ts';
import type { AccessKey } from '#frontend/console/session-token.ts';
import type { Clock } from '#platform/clock.ts';
import type { Files } from '#platform/files.ts';
import type { Random } from '#platform/random.ts';
import { readTextFile, writeTextFile } from './small-files.ts';

export interface RootKey extends AccessKey {
  /** True when it was made just now: the only time that its secret may be shown. */
  readonly isNew: boolean;
}

export interface RootKeyOptions {
  readonly accessKeyId: string | undefined;
  readonly accessKeySecret: string | undefined;
  readonly dataDirectory: string;
}

export interface RootKeyCollaborators {
  readonly files: Files;
  readonly clock: Clock;
  readonly random: Random;
}

/** Errors: ConfigInvalid (one half of the key is missing), DataDirectoryInvalid (the file is damaged). */
export async function loadRootKey(
  options: RootKeyOptions,
  collaborators: RootKeyCollaborators,
): Promise<RootKey> {
  const { accessKeyId, accessKeySecret } = options;
  if (accessKeyId !== undefined && accessKeySecret !== undefined)
    return { accessKeyId, accessKeySecret, isNew: false };
  if (accessKeyId !== undefined || accessKeySecret !== undefined)
    throw new AppError(
      'ConfigInvalid',
      'set both SLUICE_ROOT_ACCESS_KEY_ID and SLUICE_ROOT_ACCESS_KEY_SECRET, or neither',
    );
  const path = `${options.dataDirectory}/root-key.json`;
  const found = await readTextFile(collaborators.files, path);
  if (found !== undefined) return { ...parseKey(found, path), isNew: false };
  const key = makeKey(collaborators.random);
  const createTime = new Date(collaborators.clock.nowMs()).toISOString();
  const text = `${JSON.stringify({ ...key, createTime }, undefined, 2)}\n`;
  await writeTextFile(collaborators.files, path, { text, mode: 0o600 });
  return { ...key, isNew: true };
}

function makeKey(random: Random): AccessKey {
  return {
    accessKeyId: `SLUICE${Buffer.from(random.bytes(9)).toString('hex').toUpperCase()}`,
    accessKeySecret: Buffer.from(random.bytes(30)).toString('base64url'),
  };
}

function parseKey(text: string, path: string): AccessKey {
  try {
    const { accessKeyId, accessKeySecret } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    if (typeof accessKeyId === 'string' && typeof accessKeySecret === 'string')
      if (accessKeyId !== '' && accessKeySecret !== '') return { accessKeyId, accessKeySecret };
  } catch {
    // Reported below: a parser's message could repeat the secret.
  }
  throw new AppError('DataDirectoryInvalid', `cannot read ${path}`);
}

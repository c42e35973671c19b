/** Small text files of the data directory, read whole and replaced whole. */
import { chmod } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError, errorCode } from '#base/app-error.ts';
import { KIB } from '#base/units.ts';
import type { Files } from '#platform/files.ts';

const TEXT_BYTES_MAX: number = 64 * KIB;

/** Undefined when there is no such file. */
export async function readTextFile(files: Files, path: string): Promise<string | undefined> {
  let handle;
  try {
    handle = await files.open(path, 'read');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const size = await handle.size();
    if (size > TEXT_BYTES_MAX) throw new AppError('DataDirectoryInvalid', `${path} is too large`);
    const buffer = Buffer.alloc(size);
    const length = await handle.read(buffer, 0);
    return buffer.toString('utf8', 0, length);
  } finally {
    await handle.close();
  }
}

/** Durable and complete once it resolves; after a crash the file is the old or the new one. */
export async function writeTextFile(
  files: Files,
  path: string,
  content: { readonly text: string; readonly mode: number },
): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    await files.remove(temporary);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  const handle = await files.open(temporary, 'create');
  try {
    // Before anything is in it: a secret must not be readable for a moment.
    await chmod(temporary, content.mode);
    await handle.write([Buffer.from(content.text)], 0);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await files.rename(temporary, path);
  await files.syncDirectory(dirname(path));
}

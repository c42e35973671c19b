import { errorCode } from '#base/app-error.ts';
import type { Files } from './files.ts';

/** Removes a file; nothing happens when it is not there. */
export async function removeIfThere(files: Files, path: string): Promise<void> {
  try {
    await files.remove(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

import type { Files } from '#platform/files.ts';
import { removeIfThere } from '#platform/remove-if-there.ts';
import type { SegmentStorage } from './segment-builder.ts';

/**
 * Makes `directory/name` with the bytes of the pieces. It appears complete or not at all: written under a
 * temporary name, synced, renamed. The folder still has to be synced. An earlier file is replaced. Returns
 * the size in bytes. A `local` file is not synced: a crash of the machine may leave it with any content.
 */
export async function writeFile(
  files: Files,
  path: string,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  storage: SegmentStorage = 'stored',
): Promise<number> {
  const temporary = `${path}.tmp`;
  await removeIfThere(files, temporary);
  const handle = await files.open(temporary, 'create');
  let size = 0;
  try {
    for await (const piece of pieces) {
      await handle.write([piece], size);
      size += piece.length;
    }
    if (storage === 'stored') await handle.sync();
    await handle.close();
  } catch (error) {
    await handle.close().catch(() => undefined);
    await removeIfThere(files, temporary).catch(() => undefined);
    throw error;
  }
  await files.rename(temporary, path);
  return size;
}

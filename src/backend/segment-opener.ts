/** Opens segments whose two files are on this machine. */
import type { Files } from '#platform/files.ts';
import type { BlockCache } from '#segment/block-cache.ts';
import { openSegment } from '#segment/open-segment.ts';
import type { OpenSegment } from './segment-registry.ts';

/** Each reader holds one open file, its index, until it is disposed; all share the cache. */
export function segmentOpener(collaborators: {
  readonly files: Files;
  readonly cache: BlockCache;
}): OpenSegment {
  const { files, cache } = collaborators;
  return async (info, { parquetPath, indexPath }) => {
    const handle = await files.open(indexPath, 'read');
    try {
      const idx = {
        sizeBytes: await handle.size(),
        read: async (offset: number, length: number): Promise<Uint8Array> => {
          const buffer = new Uint8Array(length);
          return buffer.subarray(0, await handle.read(buffer, offset));
        },
      };
      const reader = await openSegment({ info, idx, parquetPath, cache });
      return Object.assign(reader, {
        [Symbol.asyncDispose]: async () => {
          cache.dropSegment(info.id);
          await handle.close();
        },
      });
    } catch (error) {
      await handle.close();
      throw error;
    }
  };
}

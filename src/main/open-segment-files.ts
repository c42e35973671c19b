/** Opens a segment whose index is a local file, which stays open as long as the segment is in use. */
import type { OpenSegment } from '#backend/segment-registry.ts';
import type { Files } from '#platform/files.ts';
import type { BlockCache } from '#segment/block-cache.ts';
import { openSegment } from '#segment/open-segment.ts';

export function segmentOpener(files: Files, cache: BlockCache): OpenSegment {
  return async (info, paths) => {
    const handle = await files.open(paths.indexPath, 'read');
    try {
      const sizeBytes = await handle.size();
      const reader = await openSegment({
        info,
        idx: {
          sizeBytes,
          async read(offset, length) {
            const buffer = new Uint8Array(length);
            return buffer.subarray(0, await handle.read(buffer, offset));
          },
        },
        parquetPath: paths.parquetPath,
        cache,
      });
      return Object.assign(reader, { [Symbol.asyncDispose]: () => handle.close() });
    } catch (error) {
      await handle.close();
      throw error;
    }
  };
}

/** Opens segments whose two files are on this machine. */
import { AppError } from '#base/app-error.ts';
import type { Files } from '#platform/files.ts';
import type { BlockCache } from '#segment/block-cache.ts';
import { openSegment } from '#segment/open-segment.ts';
import { openSource } from './open-source.ts';
import { damageOfRows } from './rows-check.ts';
import type { OpenSegment } from './segment-registry.ts';

/** Each reader holds its two files open until it is disposed; all share the cache. */
export function segmentOpener(collaborators: {
  readonly files: Files;
  readonly cache: BlockCache;
}): OpenSegment {
  const { files, cache } = collaborators;
  return async (info, { parquetPath, indexPath }) => {
    await using opened = new AsyncDisposableStack();
    const idx = await openSource(files, indexPath, opened);
    const parquet = await openSource(files, parquetPath, opened);
    const reader = await openSegment({ info, idx, parquetPath, parquet, cache });
    const handles = opened.move();
    return Object.assign(reader, {
      verifyRows: async (signal?: AbortSignal) => {
        const what = await damageOfRows(info, parquet, signal);
        if (what !== undefined) throw new AppError('SegmentDamaged', what);
      },
      [Symbol.asyncDispose]: async () => {
        cache.dropSegment(info.id);
        await handles.disposeAsync();
      },
    });
  };
}

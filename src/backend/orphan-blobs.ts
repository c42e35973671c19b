/** Removes blobs of a shard that no manifest names: what a crash between two steps of a commit leaves. */
import type { BlobStore } from '#blob/blob-store.ts';
import type { Logger } from '#telemetry/logger.ts';
import { LIST_PAGE } from './limits.ts';
import { shardBlobPrefix, type ShardIndexer } from './shard-indexer.ts';

export async function removeOrphanBlobs(
  indexer: ShardIndexer,
  collaborators: { readonly blobStore: BlobStore; readonly logger: Logger },
): Promise<void> {
  const { blobStore, logger } = collaborators;
  const prefix = shardBlobPrefix(indexer.shard);
  // No commit runs meanwhile, so every blob of a segment that lives is named.
  await indexer.exclusively(async () => {
    const named = new Set((await indexer.manifest.all()).map(({ id }) => id));
    let removedCount = 0;
    let after: string | undefined;
    for (;;) {
      const keys = await blobStore.list(prefix, { after, limit: LIST_PAGE });
      for (const key of keys) {
        const id = key.slice(prefix.length).replace(/\.[a-z]+$/u, '');
        if (named.has(id)) continue;
        await blobStore.delete(key);
        removedCount++;
      }
      if (keys.length < LIST_PAGE) break;
      after = keys.at(-1);
    }
    if (removedCount > 0)
      logger.info({ ...indexer.shard, removedCount }, 'removed blobs that no manifest names');
  });
}

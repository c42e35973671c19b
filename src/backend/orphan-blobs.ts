/** Removing blobs that no manifest names: what a crash between two steps of a change leaves. */
import type { BlobStore } from '#blob/blob-store.ts';
import type { Logger } from '#telemetry/logger.ts';
import { LIST_PAGE } from './limits.ts';
import { shardBlobPrefix, type ShardIndexer } from './shard-indexer.ts';

/** Removes all blobs of a logstore that has no segments. */
export async function removeBlobs(blobStore: BlobStore, logstoreId: string): Promise<void> {
  for (;;) {
    const keys = await blobStore.list(`seg/${logstoreId}/`, { limit: LIST_PAGE });
    if (keys.length === 0) return;
    for (const key of keys) await blobStore.delete(key);
  }
}

/**
 * Removes the blobs of logstores that are gone. Deleting one removes its blobs, but a loss of power may undo the
 * last removals of a folder.
 */
export async function removeForeignBlobs(
  blobStore: BlobStore,
  isKnown: (logstoreId: string) => boolean,
): Promise<void> {
  let after: string | undefined;
  for (;;) {
    const [key] = await blobStore.list('seg/', { after, limit: 1 });
    if (key === undefined) return;
    const logstoreId = key.split('/')[1] ?? '';
    if (!isKnown(logstoreId)) await removeBlobs(blobStore, logstoreId);
    // `0` follows `/`: past every key of this logstore; all ids have the same length.
    after = `seg/${logstoreId}0`;
  }
}

/** Removes the blobs of a shard whose segments are not in its manifest. */
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

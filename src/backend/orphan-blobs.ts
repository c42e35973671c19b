/** Removing blobs that no manifest names: what a crash between two steps of a change leaves. */
import type { BlobStore } from '#blob/blob-store.ts';
import type { Logger } from '#telemetry/logger.ts';
import { LIST_PAGE } from './limits.ts';
import { shardBlobPrefix } from './segment-files.ts';
import type { ShardIndexer } from './shard-indexer.ts';

/** Removes all blobs of a logstore that has no segments. */
export async function removeBlobs(blobStore: BlobStore, logstoreId: string): Promise<void> {
  for (;;) {
    const keys = await blobStore.list(`seg/${logstoreId}/`, { limit: LIST_PAGE });
    if (keys.length === 0) return;
    for (const key of keys) await blobStore.delete(key);
  }
}

/** Ids of logstores that have blobs and are not known. What it gave may be removed before it goes on. */
export async function* findForeignLogstores(
  blobStore: BlobStore,
  isKnown: (logstoreId: string) => boolean,
): AsyncGenerator<string> {
  let after: string | undefined;
  for (;;) {
    const [key] = await blobStore.list('seg/', { after, limit: 1 });
    if (key === undefined) return;
    const logstoreId = key.split('/')[1] ?? '';
    if (!isKnown(logstoreId)) yield logstoreId;
    // `0` follows `/`: past every key of this logstore; all ids have the same length.
    after = `seg/${logstoreId}0`;
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
  for await (const logstoreId of findForeignLogstores(blobStore, isKnown))
    await removeBlobs(blobStore, logstoreId);
}

/**
 * Calls `found` for each blob of a shard whose segment is in no manifest and is not about to be: blobs are listed
 * before the manifest is read, so one that a commit names meanwhile is seen as named.
 */
export async function findOrphanBlobs(
  indexer: ShardIndexer,
  blobStore: BlobStore,
  found: (key: string) => Promise<void>,
): Promise<void> {
  const prefix = shardBlobPrefix(indexer.shard);
  let after: string | undefined;
  for (;;) {
    const keys = await blobStore.list(prefix, { after, limit: LIST_PAGE });
    const unnamedIds = new Set(indexer.unnamedIds);
    const named = new Set((await indexer.manifest.all()).map(({ id }) => id));
    for (const key of keys) {
      const id = key.slice(prefix.length).replace(/\.[a-z]+$/u, '');
      if (!named.has(id) && !unnamedIds.has(id)) await found(key);
    }
    if (keys.length < LIST_PAGE) return;
    after = keys.at(-1);
  }
}

/** Removes the blobs of a shard whose segments are not in its manifest. */
export async function removeOrphanBlobs(
  indexer: ShardIndexer,
  collaborators: { readonly blobStore: BlobStore; readonly logger: Logger },
): Promise<void> {
  const { blobStore, logger } = collaborators;
  let removedCount = 0;
  await findOrphanBlobs(indexer, blobStore, async (key) => {
    await blobStore.delete(key);
    removedCount++;
  });
  if (removedCount > 0)
    logger.info({ ...indexer.shard, removedCount }, 'removed blobs that no manifest names');
}

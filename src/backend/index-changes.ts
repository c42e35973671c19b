/**
 * Creating, changing and deleting the index of a logstore. Only logs that are written after a change follow it:
 *
 * - create: every manifest goes on at the present end of its shard, then the catalog gets the configuration;
 * - update: what was received so far is committed with the old configuration, then the catalog gets the new one;
 * - delete: the catalog loses it (searches end there), then the segments go.
 *
 * A crash before the catalog's change leaves the old index, one after it the new. Segments of a logstore without
 * an index are removed at start.
 */
import { AppError } from '#base/app-error.ts';
import type { BlobStore } from '#blob/blob-store.ts';
import type { ShardLog } from '#loghub/shard-log.ts';
import type { Catalog } from '#meta/catalog.ts';
import type { Logstore } from '#meta/catalog-types.ts';
import type { MetaStore } from '#meta/meta-store.ts';
import type { Clock } from '#platform/clock.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import { ShardManifest } from './manifest.ts';
import { removeBlobs } from './orphan-blobs.ts';
import type { SegmentRegistry } from './segment-registry.ts';
import { blobSegment } from './segment-files.ts';
import type { ShardSet } from './shard-set.ts';

export interface IndexChangesCollaborators {
  readonly catalog: Catalog;
  readonly metaStore: MetaStore;
  readonly shardLog: ShardLog;
  readonly blobStore: BlobStore;
  readonly registry: SegmentRegistry;
  readonly shards: ShardSet;
  readonly clock: Clock;
}

export class IndexChanges {
  readonly #with: IndexChangesCollaborators;

  constructor(collaborators: IndexChangesCollaborators) {
    this.#with = collaborators;
  }

  /** Errors: ProjectNotExist, LogStoreNotExist, IndexAlreadyExist. */
  async create(projectName: string, logstoreName: string, config: IndexConfig): Promise<void> {
    const { catalog, clock } = this.#with;
    const logstore = await catalog.getLogstore(projectName, logstoreName);
    assertNoIndex(logstore);
    await this.#forgetSegments(logstore);
    const updated = await catalog.updateLogstore(projectName, logstoreName, (current) => {
      assertNoIndex(current);
      return { ...current, index: config, indexModifyTimeMs: clock.nowMs() };
    });
    this.#with.shards.apply(updated);
  }

  /** Errors: ProjectNotExist, LogStoreNotExist, IndexConfigNotExist. */
  async update(projectName: string, logstoreName: string, config: IndexConfig): Promise<void> {
    const { catalog, clock, shards } = this.#with;
    const logstore = await catalog.getLogstore(projectName, logstoreName);
    assertIndex(logstore);
    for (const indexer of await shards.indexers(logstore)) await indexer.flush();
    const updated = await catalog.updateLogstore(projectName, logstoreName, (current) => {
      assertIndex(current);
      return { ...current, index: config, indexModifyTimeMs: clock.nowMs() };
    });
    shards.apply(updated);
  }

  /** Errors: ProjectNotExist, LogStoreNotExist, IndexConfigNotExist. */
  async delete(projectName: string, logstoreName: string): Promise<void> {
    const { catalog, clock, shards } = this.#with;
    const updated = await catalog.updateLogstore(projectName, logstoreName, (current) => {
      assertIndex(current);
      return { ...current, index: undefined, indexModifyTimeMs: clock.nowMs() };
    });
    shards.apply(updated);
    await this.#forgetSegments(updated);
  }

  /** Removes segments that a delete which did not end left behind. */
  async recover(logstore: Logstore): Promise<void> {
    if (logstore.index !== undefined) return;
    for (const { shardId } of logstore.shards) {
      const shard = { logstoreId: logstore.id, shardId };
      const { head } = await ShardManifest.load(this.#with.metaStore, shard);
      if (head.segments.length + head.days.length > 0) await this.#forgetSegments(logstore);
    }
    await removeBlobs(this.#with.blobStore, logstore.id);
  }

  /** Every manifest goes on, empty, at the present end of its shard. No indexer may be running. */
  async #forgetSegments(logstore: Logstore): Promise<void> {
    const { metaStore, shardLog, registry, shards } = this.#with;
    await shards.settled(logstore.id);
    for (const { shardId } of logstore.shards) {
      const shard = { logstoreId: logstore.id, shardId };
      const manifest = await ShardManifest.load(metaStore, shard);
      const { nextSequence } = await shardLog.bounds(shard);
      for (const info of await manifest.reset(nextSequence))
        await registry.retire(blobSegment(shard, info));
    }
  }
}

export function noIndex(): AppError {
  return new AppError('IndexConfigNotExist', 'logstore without index config');
}

function assertIndex(logstore: Logstore): void {
  if (logstore.index === undefined) throw noIndex();
}

function assertNoIndex(logstore: Logstore): void {
  if (logstore.index !== undefined)
    throw new AppError('IndexAlreadyExist', 'log store index is already created');
}

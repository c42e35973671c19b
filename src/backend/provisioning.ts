/**
 * Making and removing logstores: several steps in several stores, of which any may be the last before a crash.
 * An intent record comes first and goes last, so that the next start finishes what was begun:
 *
 *   provision/<logstoreId>   JSON { version: 1, projectName, logstoreName }
 *
 * create: intent → shards in the ShardLog → catalog record → intent removed
 * delete: intent → catalog record removed → shard logs, manifests, blobs, reindex removed → intent removed
 *
 * At start: an intent whose logstore is in the catalog (create was done, or delete not begun) is dropped; any other
 * means that everything of that id must go. All steps can be repeated. History: 1 is the first.
 */
import { z } from 'zod';
import { AppError, errorCode } from '#base/app-error.ts';
import type { BlobStore } from '#blob/blob-store.ts';
import type { ShardLog } from '#loghub/shard-log.ts';
import type { Catalog } from '#meta/catalog.ts';
import type { Logstore, Shard } from '#meta/catalog-types.ts';
import { ABSENT, type MetaStore } from '#meta/meta-store.ts';
import type { Clock } from '#platform/clock.ts';
import { LIST_PAGE } from './limits.ts';
import { manifestPrefix } from './manifest-codec.ts';
import { deleteManifests, ShardManifest } from './manifest.ts';
import { removeBlobs } from './orphan-blobs.ts';
import { deleteReindex } from './reindex-record.ts';
import type { SegmentRegistry } from './segment-registry.ts';
import { blobSegment } from './segment-files.ts';
import type { ShardSet } from './shard-set.ts';

const PREFIX = 'provision/';

const intentRecord = z.object({
  version: z.literal(1),
  projectName: z.string(),
  logstoreName: z.string(),
});

/** What a user says of a new logstore; names and numbers are validated by the frontend. */
export interface LogstoreRequest {
  readonly logstoreName: string;
  readonly ttl: number;
  readonly shardCount: number;
  readonly enableTracking: boolean;
  readonly autoSplit: boolean;
  readonly maxSplitShard: number;
  readonly appendMeta: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface ProvisioningCollaborators {
  readonly catalog: Catalog;
  readonly metaStore: MetaStore;
  readonly shardLog: ShardLog;
  readonly blobStore: BlobStore;
  readonly registry: SegmentRegistry;
  readonly shards: ShardSet;
  readonly clock: Clock;
}

export class Provisioning {
  readonly #with: ProvisioningCollaborators;

  constructor(collaborators: ProvisioningCollaborators) {
    this.#with = collaborators;
  }

  /** Errors: ProjectNotExist, LogStoreAlreadyExist. */
  async create(projectName: string, request: LogstoreRequest): Promise<Logstore> {
    const { catalog, shardLog, shards, clock } = this.#with;
    await this.#checkNew(projectName, request.logstoreName);
    const nowMs = clock.nowMs();
    const { shardCount, ...settings } = request;
    const logstore: Logstore = {
      ...settings,
      id: catalog.newLogstoreId(),
      projectName,
      shards: evenShards(shardCount, nowMs),
      index: undefined,
      indexModifyTimeMs: 0,
      createTimeMs: nowMs,
      lastModifyTimeMs: nowMs,
    };
    await this.#writeIntent(logstore);
    try {
      for (const { shardId } of logstore.shards)
        await shardLog.createShard({ logstoreId: logstore.id, shardId });
      await catalog.createLogstore(logstore);
    } catch (error) {
      await this.#finish(logstore);
      throw error;
    }
    shards.apply(logstore);
    await this.#removeIntent(logstore.id);
    return logstore;
  }

  /** Errors: ProjectNotExist, LogStoreNotExist. */
  async delete(projectName: string, logstoreName: string): Promise<void> {
    const { catalog, shards } = this.#with;
    const logstore = await catalog.getLogstore(projectName, logstoreName);
    await this.#writeIntent(logstore);
    await catalog.deleteLogstore(projectName, logstoreName);
    shards.removeByName(projectName, logstoreName);
    await this.#removeEverything(logstore.id);
    await this.#removeIntent(logstore.id);
  }

  /** Finishes what an earlier process began. */
  async recover(): Promise<void> {
    for (;;) {
      const entries = await this.#with.metaStore.list(PREFIX, { limit: LIST_PAGE });
      if (entries.length === 0) return;
      for (const { key, value } of entries) {
        const text = new TextDecoder().decode(value);
        const { projectName, logstoreName } = intentRecord.parse(JSON.parse(text));
        await this.#finish({ id: key.slice(PREFIX.length), projectName, logstoreName });
      }
    }
  }

  /** Keeps the logstore when the catalog has it, removes everything of it when not. */
  async #finish(intent: Pick<Logstore, 'id' | 'projectName' | 'logstoreName'>): Promise<void> {
    const current = await this.#find(intent.projectName, intent.logstoreName);
    if (current?.id !== intent.id) await this.#removeEverything(intent.id);
    await this.#removeIntent(intent.id);
  }

  async #removeEverything(logstoreId: string): Promise<void> {
    const { shardLog, shards, metaStore, blobStore } = this.#with;
    await shards.settled(logstoreId);
    await shardLog.deleteLogstore(logstoreId);
    await this.#retireSegments(logstoreId);
    await removeBlobs(blobStore, logstoreId);
    await deleteManifests(metaStore, manifestPrefix(logstoreId));
    await deleteReindex(metaStore, logstoreId);
  }

  /** Through the registry, so that idle readers give their files up. */
  async #retireSegments(logstoreId: string): Promise<void> {
    const { metaStore, registry } = this.#with;
    for (const shardId of await this.#shardsWithManifest(logstoreId)) {
      const shard = { logstoreId, shardId };
      const manifest = await ShardManifest.load(metaStore, shard);
      for (const info of await manifest.all()) await registry.retire(blobSegment(shard, info));
    }
  }

  async #shardsWithManifest(logstoreId: string): Promise<readonly number[]> {
    const prefix = manifestPrefix(logstoreId);
    const shardIds = new Set<number>();
    let after: string | undefined;
    for (;;) {
      const entries = await this.#with.metaStore.list(prefix, { after, limit: LIST_PAGE });
      for (const { key } of entries) shardIds.add(Number(key.slice(prefix.length).split('/')[0]));
      if (entries.length < LIST_PAGE) return [...shardIds];
      after = entries.at(-1)?.key;
    }
  }

  async #checkNew(projectName: string, logstoreName: string): Promise<void> {
    await this.#with.catalog.getProject(projectName);
    if ((await this.#find(projectName, logstoreName)) !== undefined)
      throw new AppError('LogStoreAlreadyExist', `logstore ${logstoreName} already exists`);
  }

  async #find(projectName: string, logstoreName: string): Promise<Logstore | undefined> {
    try {
      return await this.#with.catalog.getLogstore(projectName, logstoreName);
    } catch (error) {
      const code = errorCode(error);
      if (code === 'LogStoreNotExist' || code === 'ProjectNotExist') return undefined;
      throw error;
    }
  }

  async #writeIntent({ id, projectName, logstoreName }: Logstore): Promise<void> {
    const text = JSON.stringify({ version: 1, projectName, logstoreName });
    await this.#with.metaStore.compareAndSet(PREFIX + id, new TextEncoder().encode(text), ABSENT);
  }

  async #removeIntent(logstoreId: string): Promise<void> {
    const entry = await this.#with.metaStore.get(PREFIX + logstoreId);
    if (entry !== undefined) await this.#with.metaStore.delete(entry.key, entry.revision);
  }
}

/** `count` shards that divide the 128-bit key space evenly; the last key belongs to the last one. */
export function evenShards(count: number, createTimeMs: number): readonly Shard[] {
  const space = 1n << 128n;
  const boundary = (i: number): string =>
    hashKey(i === count ? space - 1n : (space * BigInt(i)) / BigInt(count));
  return Array.from({ length: count }, (_, shardId) => ({
    shardId,
    status: 'readwrite',
    inclusiveBeginKey: boundary(shardId),
    exclusiveEndKey: boundary(shardId + 1),
    createTimeMs,
  }));
}

function hashKey(value: bigint): string {
  return value.toString(16).padStart(32, '0');
}

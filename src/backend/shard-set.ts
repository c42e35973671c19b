/**
 * The logstores and shards of this backend: which there are, and an indexer for each shard whose logstore has an
 * index. Indexers are made when somebody asks for them: a shard that nobody writes or searches costs nothing.
 */
import { AppError } from '#base/app-error.ts';
import type { ShardKey } from '#loghub/shard-log.ts';
import type { Logstore } from '#meta/catalog-types.ts';
import type { MetaStore } from '#meta/meta-store.ts';
import type { BuildSettings } from './build-range.ts';
import type { IndexerCollaborators, IndexerOptions } from './indexer-parts.ts';
import { ShardManifest } from './manifest.ts';
import { ShardIndexer } from './shard-indexer.ts';

interface OwnedLogstore {
  logstore: Logstore;
  /** Indexers under way or there, by shard. */
  readonly indexers: Map<number, Promise<ShardIndexer>>;
  readonly ready: Map<number, ShardIndexer>;
}

export class ShardSet {
  readonly #options: IndexerOptions;
  readonly #metaStore: MetaStore;
  readonly #collaborators: IndexerCollaborators;
  readonly #byId = new Map<string, OwnedLogstore>();
  readonly #idByName = new Map<string, string>();
  /** By logstore id: ends when the indexers that are no longer wanted have. */
  readonly #stopping = new Map<string, Promise<unknown>>();

  constructor(
    options: IndexerOptions,
    collaborators: IndexerCollaborators & { readonly metaStore: MetaStore },
  ) {
    this.#options = options;
    this.#collaborators = collaborators;
    this.#metaStore = collaborators.metaStore;
  }

  /** Every indexer that exists. */
  *allIndexers(): Generator<ShardIndexer> {
    for (const { ready } of this.#byId.values()) yield* ready.values();
  }

  get logstores(): readonly Logstore[] {
    return [...this.#byId.values()].map(({ logstore }) => logstore);
  }

  logstore(logstoreId: string): Logstore | undefined {
    return this.#byId.get(logstoreId)?.logstore;
  }

  /** Indexers that exist; others have nothing to tell. */
  readyIndexers(logstoreId: string): readonly ShardIndexer[] {
    return [...(this.#byId.get(logstoreId)?.ready.values() ?? [])];
  }

  readyIndexer(shard: ShardKey): ShardIndexer | undefined {
    return this.#byId.get(shard.logstoreId)?.ready.get(shard.shardId);
  }

  /** Takes a new or changed record over. */
  apply(logstore: Logstore): void {
    const name = nameOf(logstore.projectName, logstore.logstoreName);
    const former = this.#idByName.get(name);
    if (former !== undefined && former !== logstore.id) this.#remove(former);
    this.#idByName.set(name, logstore.id);
    const owned = this.#byId.get(logstore.id);
    if (owned === undefined) {
      this.#byId.set(logstore.id, { logstore, indexers: new Map(), ready: new Map() });
      return;
    }
    owned.logstore = logstore;
    const settings = settingsOf(logstore);
    if (settings === undefined) this.#stopIndexers(owned);
    else for (const indexer of owned.ready.values()) indexer.changeSettings(settings);
  }

  /** The logstore of that name is gone. */
  removeByName(projectName: string, logstoreName: string): void {
    const id = this.#idByName.get(nameOf(projectName, logstoreName));
    this.#idByName.delete(nameOf(projectName, logstoreName));
    if (id !== undefined) this.#remove(id);
  }

  /** Resolves when no indexer that was stopped before the call runs any more. */
  async settled(logstoreId: string): Promise<void> {
    await this.#stopping.get(logstoreId);
  }

  noteAppend(shard: ShardKey, nextSequence: number): void {
    const owned = this.#byId.get(shard.logstoreId);
    if (owned === undefined || owned.logstore.index === undefined) return;
    const indexer = owned.ready.get(shard.shardId);
    if (indexer !== undefined) indexer.noteAppend(nextSequence);
    else void this.#noteFirstAppend(shard, nextSequence);
  }

  /** The indexer of a shard. Errors: LogStoreNotExist, IndexConfigNotExist, ManifestDamaged. */
  async indexer(shard: ShardKey): Promise<ShardIndexer> {
    const owned = this.#byId.get(shard.logstoreId);
    if (owned === undefined) throw new AppError('LogStoreNotExist', 'logstore does not exist');
    const known = owned.indexers.get(shard.shardId);
    if (known !== undefined) return known;
    const made = this.#make(owned, shard);
    owned.indexers.set(shard.shardId, made);
    const isWanted = (): boolean => owned.indexers.get(shard.shardId) === made;
    try {
      const indexer = await made;
      const settings = settingsOf(owned.logstore);
      if (isWanted() && settings !== undefined) {
        owned.ready.set(shard.shardId, indexer);
        indexer.changeSettings(settings);
      }
      return indexer;
    } catch (error) {
      // A failure is not remembered: the next caller tries again.
      if (isWanted()) owned.indexers.delete(shard.shardId);
      throw error;
    }
  }

  /** One indexer a shard of the logstore. Errors: as `indexer`. */
  indexers(logstore: Logstore): Promise<readonly ShardIndexer[]> {
    return Promise.all(
      logstore.shards.map(({ shardId }) => this.indexer({ logstoreId: logstore.id, shardId })),
    );
  }

  async stop(): Promise<void> {
    const all = [...this.#byId.values()];
    this.#byId.clear();
    this.#idByName.clear();
    for (const owned of all) this.#stopIndexers(owned);
    await Promise.all(this.#stopping.values());
  }

  async #noteFirstAppend(shard: ShardKey, nextSequence: number): Promise<void> {
    try {
      const indexer = await this.indexer(shard);
      indexer.noteAppend(nextSequence);
    } catch (error) {
      this.#collaborators.logger.warn({ ...shard, err: error }, 'cannot index a shard');
    }
  }

  async #make(owned: OwnedLogstore, shard: ShardKey): Promise<ShardIndexer> {
    // A former indexer of the shard may still be writing the manifest.
    await this.settled(shard.logstoreId);
    const manifest = await ShardManifest.load(this.#metaStore, shard);
    const bounds = await this.#collaborators.shardLog.bounds(shard);
    if (await manifest.rewind(bounds))
      this.#collaborators.logger.error({ ...shard, ...bounds }, 'shard log lost indexed records');
    const settings = settingsOf(owned.logstore);
    if (settings === undefined)
      throw new AppError('IndexConfigNotExist', 'logstore without index config');
    return new ShardIndexer({ ...this.#options, shard, manifest, settings }, this.#collaborators);
  }

  #remove(logstoreId: string): void {
    const owned = this.#byId.get(logstoreId);
    if (owned === undefined) return;
    this.#byId.delete(logstoreId);
    this.#stopIndexers(owned);
  }

  #stopIndexers(owned: OwnedLogstore): void {
    const stopped = [...owned.indexers.values()].map(async (made) => {
      const indexer = await made.catch(() => undefined);
      await indexer?.stop();
    });
    owned.indexers.clear();
    owned.ready.clear();
    if (stopped.length === 0) return;
    const { id } = owned.logstore;
    const done = Promise.allSettled([this.#stopping.get(id), ...stopped]).finally(() => {
      if (this.#stopping.get(id) === done) this.#stopping.delete(id);
    });
    this.#stopping.set(id, done);
  }
}

export function settingsOf(logstore: Logstore): BuildSettings | undefined {
  const { index, appendMeta } = logstore;
  return index === undefined ? undefined : { indexConfig: index, appendMeta };
}

function nameOf(projectName: string, logstoreName: string): string {
  return `${projectName}/${logstoreName}`;
}

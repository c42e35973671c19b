/**
 * The MetaStore of one machine: an LMDB file. One process opens it; its watchers see only the writes of
 * that process, which are all there are.
 *
 * Two tables: `records` (key → lmdb-value) and `state`, whose one entry `revision` holds the last revision
 * that was given out. Both change in one transaction, so a revision is never used twice, also when a key
 * is deleted and made again.
 */
import { open, type Database, type RootDatabase } from 'lmdb';
import { AppError } from '#base/app-error.ts';
import { assert } from '#base/assert.ts';
import { LMDB_BYTES_MAX, LMDB_MAP_BYTES, LMDB_PENDING_MAX } from '../limits.ts';
import { assertMetaKey, assertMetaPrefix, checkMetaValue } from '../meta-checks.ts';
import { ABSENT, type MetaChange, type MetaEntry, type MetaStore } from '../meta-store.ts';
import { MetaWatchers } from '../meta-watchers.ts';
import { decodeLmdbValue, encodeLmdbValue } from './lmdb-value.ts';

export interface LmdbMetaStoreOptions {
  /** Folder of the LMDB files; made when absent. */
  readonly directory: string;
  /** Bytes of records from which on writes are refused. Default 8 GiB. */
  readonly bytesMax?: number | undefined;
}

/** What LMDB counts of one table; the package does not type it. */
interface TableStats {
  readonly pageSize: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

const REVISION_KEY = 'revision';

export class LmdbMetaStore implements MetaStore {
  readonly #root: RootDatabase<Buffer, string>;
  readonly #records: Database<Buffer, string>;
  readonly #state: Database<Buffer, string>;
  readonly #watchers = new MetaWatchers();
  readonly #bytesMax: number;
  #pending = 0;
  #closed = false;

  constructor(options: LmdbMetaStoreOptions) {
    this.#bytesMax = options.bytesMax ?? LMDB_BYTES_MAX;
    this.#root = open<Buffer, string>({
      path: options.directory,
      mapSize: LMDB_MAP_BYTES,
      maxDbs: 4,
      encoding: 'binary',
      // With overlapping syncs a commit would be announced before it is on the disk.
      overlappingSync: false,
      // A folder whose name has a dot is still a folder.
      noSubdir: false,
    });
    this.#records = this.#root.openDB<Buffer, string>('records', { encoding: 'binary' });
    this.#state = this.#root.openDB<Buffer, string>('state', { encoding: 'binary' });
  }

  async get(key: string): Promise<MetaEntry | undefined> {
    assertMetaKey(key);
    return this.#read(key);
  }

  async compareAndSet(
    key: string,
    value: Uint8Array,
    expectedRevision: number,
  ): Promise<number | undefined> {
    assertMetaKey(key);
    checkMetaValue(key, value);
    this.#checkRoom(value.length);
    const kept = value.slice();
    const revision = await this.#write(() => {
      if ((this.#read(key)?.revision ?? ABSENT) !== expectedRevision) return undefined;
      const next = this.#nextRevision();
      void this.#records.put(key, encodeLmdbValue(next, kept));
      return next;
    });
    if (revision !== undefined)
      this.#watchers.notify({ key, entry: { key, value: kept.slice(), revision } });
    return revision;
  }

  async delete(key: string, expectedRevision: number): Promise<boolean> {
    assertMetaKey(key);
    const deleted = await this.#write(() => {
      if (this.#read(key)?.revision !== expectedRevision) return false;
      this.#nextRevision();
      void this.#records.remove(key);
      return true;
    });
    if (deleted) this.#watchers.notify({ key, entry: undefined });
    return deleted;
  }

  async list(
    prefix: string,
    options: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<readonly MetaEntry[]> {
    assertMetaPrefix(prefix);
    this.#assertOpen();
    const after = options.after ?? '';
    const found: MetaEntry[] = [];
    for (const { key, value } of this.#records.getRange({
      start: after > prefix ? after : prefix,
    })) {
      if (found.length >= options.limit || !key.startsWith(prefix)) break;
      if (key > after) found.push({ key, ...decodeLmdbValue(key, value) });
    }
    return found;
  }

  watch(prefix: string, listener: (change: MetaChange) => void): Disposable {
    return this.#watchers.add(prefix, listener);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#watchers.clear();
    await this.#root.close();
  }

  #read(key: string): MetaEntry | undefined {
    this.#assertOpen();
    const bytes = this.#records.get(key);
    return bytes === undefined ? undefined : { key, ...decodeLmdbValue(key, bytes) };
  }

  /** Only inside a write transaction. */
  #nextRevision(): number {
    const bytes = this.#state.get(REVISION_KEY);
    const last = bytes === undefined ? ABSENT : decodeLmdbValue(REVISION_KEY, bytes).revision;
    const next = last + 1;
    void this.#state.put(REVISION_KEY, encodeLmdbValue(next, new Uint8Array()));
    return next;
  }

  /** Runs the change in LMDB's writer (puts inside it are part of it), one after the other, and resolves when it is on the disk. */
  async #write<T>(change: () => T): Promise<T> {
    this.#assertOpen();
    if (this.#pending >= LMDB_PENDING_MAX)
      throw new AppError('ServerBusy', 'too many metadata changes at once');
    this.#pending++;
    try {
      return await this.#root.transaction(change);
    } finally {
      this.#pending--;
    }
  }

  /** LMDB grows its map by itself, so the bound is ours. Deletes always pass. */
  #checkRoom(valueBytes: number): void {
    this.#assertOpen();
    const stats = this.#records.getStats() as TableStats;
    const pages = stats.treeBranchPageCount + stats.treeLeafPageCount + stats.overflowPages;
    if (pages * stats.pageSize + valueBytes > this.#bytesMax)
      throw new AppError('MetaStoreFull', 'metadata has reached its size limit');
  }

  #assertOpen(): void {
    assert(!this.#closed, 'meta store is open');
  }
}

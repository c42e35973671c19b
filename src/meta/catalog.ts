/**
 * The catalog: which projects and logstores there are. One record each in the MetaStore, so that every change
 * is one compare-and-set:
 *
 *   project/<projectName>                    Project
 *   logstore/<projectName>/<logstoreName>    Logstore with its shards and index configuration
 *
 * Logstores are read for every request, so they are kept decoded; a watch keeps the copies right. Changes made
 * through this object are seen by it at once, those of other processes as soon as the watch tells.
 */
import { AppError } from '#base/app-error.ts';
import type { Clock } from '#platform/clock.ts';
import type { Random } from '#platform/random.ts';
import { decodeLogstore, decodeProject, encodeLogstore, encodeProject } from './catalog-codec.ts';
import type { Logstore, Project } from './catalog-types.ts';
import {
  CATALOG_CACHE_ENTRIES_MAX,
  CATALOG_PAGE_ENTRIES,
  CATALOG_RECORD_BYTES_MAX,
  CATALOG_RETRIES_MAX,
} from './limits.ts';
import { isMetaKey } from './meta-checks.ts';
import { ABSENT, type MetaChange, type MetaEntry, type MetaStore } from './meta-store.ts';

export interface CatalogOptions {
  readonly clock: Clock;
  readonly random: Random;
}

export interface NewProject {
  readonly projectName: string;
  readonly description: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface ProjectChange {
  readonly description?: string | undefined;
  /** Merged into the ones that are there. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
}

/** Which part of a list: from `offset`, at most `size`, only names that contain the text. */
export interface CatalogPage {
  readonly offset: number;
  readonly size: number;
  readonly nameContains?: string | undefined;
}

export interface LogstoreChange {
  readonly projectName: string;
  readonly logstoreName: string;
  /** Undefined: deleted. */
  readonly logstore: Logstore | undefined;
}

interface CachedLogstore {
  readonly revision: number;
  readonly logstore: Logstore;
}

const PROJECT_PREFIX = 'project/';
const LOGSTORE_PREFIX = 'logstore/';

export class Catalog implements Disposable {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #store: MetaStore;
  readonly #watch: Disposable;
  /** In order of use, the least recently used first. */
  readonly #cache = new Map<string, CachedLogstore>();
  readonly #listeners = new Set<(change: LogstoreChange) => void>();
  /** Counts changes, so that a read which a change overtook does not enter the cache. */
  #changeCount = 0;

  constructor(options: CatalogOptions, metaStore: MetaStore) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#store = metaStore;
    this.#watch = metaStore.watch(LOGSTORE_PREFIX, (change) => this.#onChange(change));
  }

  /** Errors: ProjectAlreadyExist. */
  async createProject(project: NewProject): Promise<Project> {
    const nowMs = this.#clock.nowMs();
    const record: Project = { ...project, createTimeMs: nowMs, lastModifyTimeMs: nowMs };
    const key = projectKey(project.projectName);
    if ((await this.#write(key, encodeProject(record), ABSENT)) === undefined)
      throw new AppError('ProjectAlreadyExist', `Project ${project.projectName} already exist.`);
    return record;
  }

  /** Errors: ProjectNotExist. */
  async getProject(projectName: string): Promise<Project> {
    const entry = await this.#projectEntry(projectName);
    return decodeProject(entry.key, entry.value);
  }

  /** Errors: ProjectNotExist. */
  async updateProject(projectName: string, change: ProjectChange): Promise<Project> {
    for (let attempt = 0; attempt < CATALOG_RETRIES_MAX; attempt++) {
      const entry = await this.#projectEntry(projectName);
      const current = decodeProject(entry.key, entry.value);
      const next: Project = {
        ...current,
        description: change.description ?? current.description,
        attributes: { ...current.attributes, ...change.attributes },
        lastModifyTimeMs: this.#clock.nowMs(),
      };
      if ((await this.#write(entry.key, encodeProject(next), entry.revision)) !== undefined)
        return next;
    }
    throw contended();
  }

  /** Removes the record only; the logstores must be gone before. Errors: ProjectNotExist. */
  async deleteProject(projectName: string): Promise<void> {
    for (let attempt = 0; attempt < CATALOG_RETRIES_MAX; attempt++) {
      const entry = await this.#projectEntry(projectName);
      if (await this.#store.delete(entry.key, entry.revision)) return;
    }
    throw contended();
  }

  async listProjects(
    page: CatalogPage,
  ): Promise<{ readonly total: number; readonly projects: readonly Project[] }> {
    const found: MetaEntry[] = [];
    for await (const entry of this.#entries(PROJECT_PREFIX))
      if (entry.key.slice(PROJECT_PREFIX.length).includes(page.nameContains ?? ''))
        found.push(entry);
    const projects = found
      .slice(page.offset, page.offset + page.size)
      .map(({ key, value }) => decodeProject(key, value));
    return { total: found.length, projects };
  }

  /** An id for a new logstore: 80 random bits, so that none is ever used twice. */
  newLogstoreId(): string {
    return Buffer.from(this.#random.bytes(10)).toString('hex');
  }

  /** Errors: ProjectNotExist, LogStoreAlreadyExist. */
  async createLogstore(logstore: Logstore): Promise<void> {
    const { projectName, logstoreName } = logstore;
    await this.#projectEntry(projectName);
    const key = logstoreKey(projectName, logstoreName);
    const revision = await this.#write(key, encodeLogstore(logstore), ABSENT);
    if (revision === undefined)
      throw new AppError('LogStoreAlreadyExist', `logstore ${logstoreName} already exists`);
    this.#remember(key, { revision, logstore });
  }

  /** The hot path: from memory once it was read. Errors: ProjectNotExist, LogStoreNotExist. */
  async getLogstore(projectName: string, logstoreName: string): Promise<Logstore> {
    const key = logstoreKey(projectName, logstoreName);
    const cached = this.#cache.get(key);
    if (cached !== undefined) {
      this.#cache.delete(key);
      this.#cache.set(key, cached);
      return cached.logstore;
    }
    return (await this.#logstoreEntry(projectName, logstoreName)).logstore;
  }

  /**
   * Replaces the record by what `change` makes of the current one; `change` may run more than once and may
   * throw. Returns the record as stored. Errors: ProjectNotExist, LogStoreNotExist, those of `change`.
   */
  async updateLogstore(
    projectName: string,
    logstoreName: string,
    change: (current: Logstore) => Logstore,
  ): Promise<Logstore> {
    const key = logstoreKey(projectName, logstoreName);
    for (let attempt = 0; attempt < CATALOG_RETRIES_MAX; attempt++) {
      const current = await this.#logstoreEntry(projectName, logstoreName);
      const logstore = { ...change(current.logstore), lastModifyTimeMs: this.#clock.nowMs() };
      const revision = await this.#write(key, encodeLogstore(logstore), current.revision);
      if (revision === undefined) continue;
      this.#remember(key, { revision, logstore });
      return logstore;
    }
    throw contended();
  }

  /** Removes the record and returns it. Errors: ProjectNotExist, LogStoreNotExist. */
  async deleteLogstore(projectName: string, logstoreName: string): Promise<Logstore> {
    const key = logstoreKey(projectName, logstoreName);
    for (let attempt = 0; attempt < CATALOG_RETRIES_MAX; attempt++) {
      const { revision, logstore } = await this.#logstoreEntry(projectName, logstoreName);
      if (!(await this.#store.delete(key, revision))) continue;
      this.#changeCount++;
      if ((this.#cache.get(key)?.revision ?? 0) <= revision) this.#cache.delete(key);
      return logstore;
    }
    throw contended();
  }

  /** Errors: ProjectNotExist. */
  async listLogstores(
    projectName: string,
    page: CatalogPage,
  ): Promise<{ readonly total: number; readonly logstoreNames: readonly string[] }> {
    await this.#projectEntry(projectName);
    const prefix = `${LOGSTORE_PREFIX}${projectName}/`;
    const names: string[] = [];
    for await (const { key } of this.#entries(prefix)) names.push(key.slice(prefix.length));
    const found = names.filter((name) => name.includes(page.nameContains ?? ''));
    return {
      total: found.length,
      logstoreNames: found.slice(page.offset, page.offset + page.size),
    };
  }

  /** Every logstore of every project, in the order of their keys. */
  async allLogstores(): Promise<readonly Logstore[]> {
    const logstores: Logstore[] = [];
    for await (const { key, value } of this.#entries(LOGSTORE_PREFIX))
      logstores.push(decodeLogstore(key, value));
    return logstores;
  }

  /** Calls the listener after every change of a logstore that the watch tells of, in order per logstore. */
  onLogstoreChange(listener: (change: LogstoreChange) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
    this.#listeners.clear();
  }

  async *#entries(prefix: string): AsyncGenerator<MetaEntry> {
    let after: string | undefined;
    for (;;) {
      const page = await this.#store.list(prefix, { after, limit: CATALOG_PAGE_ENTRIES });
      yield* page;
      if (page.length < CATALOG_PAGE_ENTRIES) return;
      after = page.at(-1)?.key;
    }
  }

  async #projectEntry(projectName: string): Promise<MetaEntry> {
    const entry = await this.#get(projectKey(projectName));
    if (entry === undefined)
      throw new AppError('ProjectNotExist', `The Project does not exist : ${projectName}`);
    return entry;
  }

  /** Past the cache, and into it. */
  async #logstoreEntry(projectName: string, logstoreName: string): Promise<CachedLogstore> {
    const key = logstoreKey(projectName, logstoreName);
    const changeCount = this.#changeCount;
    const entry = await this.#get(key);
    if (entry === undefined) {
      await this.#projectEntry(projectName);
      throw new AppError('LogStoreNotExist', `logstore ${logstoreName} does not exist`);
    }
    const cached = { revision: entry.revision, logstore: decodeLogstore(key, entry.value) };
    if (changeCount === this.#changeCount) this.#remember(key, cached);
    return cached;
  }

  /** Names come from users as they are; one that cannot be a key was never made. */
  async #get(key: string): Promise<MetaEntry | undefined> {
    return isMetaKey(key) ? this.#store.get(key) : undefined;
  }

  async #write(
    key: string,
    value: Uint8Array,
    expectedRevision: number,
  ): Promise<number | undefined> {
    if (value.length > CATALOG_RECORD_BYTES_MAX)
      throw new AppError('ParameterInvalid', 'the configuration is too large', {
        details: { key, valueBytes: value.length, valueBytesMax: CATALOG_RECORD_BYTES_MAX },
      });
    return this.#store.compareAndSet(key, value, expectedRevision);
  }

  #remember(key: string, entry: CachedLogstore): void {
    if ((this.#cache.get(key)?.revision ?? 0) > entry.revision) return;
    this.#cache.delete(key);
    this.#cache.set(key, entry);
    const oldest = this.#cache.keys().next();
    if (this.#cache.size > CATALOG_CACHE_ENTRIES_MAX && oldest.done === false)
      this.#cache.delete(oldest.value);
  }

  #onChange({ key, entry }: MetaChange): void {
    this.#changeCount++;
    const [, projectName = '', logstoreName = ''] = key.split('/');
    let logstore: Logstore | undefined;
    if (entry === undefined) this.#cache.delete(key);
    else {
      try {
        logstore = decodeLogstore(key, entry.value);
      } catch {
        // The watch is no place to fail: whoever reads the record next gets the error.
        this.#cache.delete(key);
        return;
      }
      this.#remember(key, { revision: entry.revision, logstore });
    }
    for (const listener of this.#listeners) listener({ projectName, logstoreName, logstore });
  }
}

function projectKey(projectName: string): string {
  return `${PROJECT_PREFIX}${projectName}`;
}

function logstoreKey(projectName: string, logstoreName: string): string {
  return `${LOGSTORE_PREFIX}${projectName}/${logstoreName}`;
}

function contended(): AppError {
  return new AppError('ServerBusy', 'too many concurrent changes of one record');
}

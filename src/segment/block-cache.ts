/** Checked blocks and decoded columns of all open segments: least recently used goes first, by bytes. */
interface Entry {
  readonly value: unknown;
  readonly sizeBytes: number;
}

export interface CacheValue<T> {
  readonly value: T;
  readonly sizeBytes: number;
}

/** What readers see of a cache. */
export type BlockStore = Pick<BlockCache, 'get'>;

export class BlockCache {
  readonly #budgetBytes: number;
  /** In order of last use. */
  readonly #entries: Map<string, Entry> = new Map();
  /** Loads under way, so that readers of the same block share one. */
  readonly #loading: Map<string, Promise<CacheValue<unknown>>> = new Map();
  #usedBytes: number = 0;

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /**
   * The value under the key, loaded when it is not there. One key must always mean the same value of the same
   * type; the value is shared, so nobody may change it. A failed load is not kept.
   */
  async get<T>(key: string, load: () => Promise<CacheValue<T>>): Promise<T> {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known.value as T;
    }
    const underWay = this.#loading.get(key);
    if (underWay !== undefined) return (await underWay).value as T;
    const loading = load();
    this.#loading.set(key, loading);
    try {
      const loaded = await loading;
      this.#keep(key, loaded);
      return loaded.value;
    } finally {
      this.#loading.delete(key);
    }
  }

  /** Forgets what belongs to a segment that is gone. */
  dropSegment(segmentId: string): void {
    for (const [key, entry] of this.#entries) {
      if (!key.startsWith(`${segmentId}:`)) continue;
      this.#entries.delete(key);
      this.#usedBytes -= entry.sizeBytes;
    }
  }

  #keep(key: string, entry: Entry): void {
    if (entry.sizeBytes > this.#budgetBytes) return;
    this.#entries.set(key, entry);
    this.#usedBytes += entry.sizeBytes;
    for (const [oldest, { sizeBytes }] of this.#entries) {
      if (this.#usedBytes <= this.#budgetBytes) return;
      this.#entries.delete(oldest);
      this.#usedBytes -= sizeBytes;
    }
  }
}

/** A MetaStore that forgets: for tests and for tools that need no state between runs. */
import { assertMetaKey, assertMetaPrefix, checkMetaValue } from '../meta-checks.ts';
import { ABSENT, type MetaChange, type MetaEntry, type MetaStore } from '../meta-store.ts';
import { MetaWatchers } from '../meta-watchers.ts';

export class MemoryMetaStore implements MetaStore {
  readonly #entries = new Map<string, MetaEntry>();
  readonly #watchers = new MetaWatchers();
  #revision = 0;

  async get(key: string): Promise<MetaEntry | undefined> {
    assertMetaKey(key);
    return copyOf(this.#entries.get(key));
  }

  async compareAndSet(
    key: string,
    value: Uint8Array,
    expectedRevision: number,
  ): Promise<number | undefined> {
    assertMetaKey(key);
    checkMetaValue(key, value);
    if ((this.#entries.get(key)?.revision ?? ABSENT) !== expectedRevision) return undefined;
    const entry: MetaEntry = { key, value: value.slice(), revision: ++this.#revision };
    this.#entries.set(key, entry);
    this.#watchers.notify({ key, entry: copyOf(entry) });
    return entry.revision;
  }

  async delete(key: string, expectedRevision: number): Promise<boolean> {
    assertMetaKey(key);
    if (this.#entries.get(key)?.revision !== expectedRevision) return false;
    this.#revision++;
    this.#entries.delete(key);
    this.#watchers.notify({ key, entry: undefined });
    return true;
  }

  async list(
    prefix: string,
    options: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<readonly MetaEntry[]> {
    assertMetaPrefix(prefix);
    const after = options.after ?? '';
    return [...this.#entries.values()]
      .filter(({ key }) => key.startsWith(prefix) && key > after)
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .slice(0, options.limit)
      .map((entry) => ({ ...entry, value: entry.value.slice() }));
  }

  watch(prefix: string, listener: (change: MetaChange) => void): Disposable {
    return this.#watchers.add(prefix, listener);
  }

  async close(): Promise<void> {
    this.#watchers.clear();
  }
}

/** Callers own what they get: nobody can change a stored value through it. */
function copyOf(entry: MetaEntry | undefined): MetaEntry | undefined {
  return entry === undefined ? undefined : { ...entry, value: entry.value.slice() };
}

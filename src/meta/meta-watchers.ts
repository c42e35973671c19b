/** The listeners of a MetaStore whose writers are all in this process. */
import { assertMetaPrefix } from './meta-checks.ts';
import type { MetaChange } from './meta-store.ts';

interface Watcher {
  readonly prefix: string;
  readonly listener: (change: MetaChange) => void;
}

export class MetaWatchers {
  readonly #watchers = new Set<Watcher>();

  add(prefix: string, listener: (change: MetaChange) => void): Disposable {
    assertMetaPrefix(prefix);
    const watcher = { prefix, listener };
    this.#watchers.add(watcher);
    return { [Symbol.dispose]: () => void this.#watchers.delete(watcher) };
  }

  /** Runs every matching listener before it returns; the caller keeps changes of a key in order. */
  notify(change: MetaChange): void {
    for (const watcher of this.#watchers)
      if (change.key.startsWith(watcher.prefix)) watcher.listener(change);
  }

  clear(): void {
    this.#watchers.clear();
  }
}

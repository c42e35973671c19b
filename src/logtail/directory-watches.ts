/**
 * Watches on folders, only to look sooner: what a watch says is not believed, and nothing depends on one. Folders beyond
 * the limit and ones that cannot be watched are found by the poll.
 */
import { watch, type FSWatcher } from 'node:fs';
import { WATCHES_MAX } from './limits.ts';

export class DirectoryWatches {
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #onHint: (names: boolean) => void;

  /** `onHint(true)`: names have changed; `onHint(false)`: only content. */
  constructor(onHint: (names: boolean) => void) {
    this.#onHint = onHint;
  }

  /** Watches exactly these folders from now on, up to the limit. */
  sync(directories: readonly string[]): void {
    const wanted = new Set(directories.slice(0, WATCHES_MAX));
    for (const [directory, watcher] of this.#watchers)
      if (!wanted.has(directory)) {
        watcher.close();
        this.#watchers.delete(directory);
      }
    for (const directory of wanted) if (!this.#watchers.has(directory)) this.#add(directory);
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #add(directory: string): void {
    try {
      const watcher = watch(directory, { persistent: false }, (type) => {
        this.#onHint(type === 'rename');
      });
      const drop = (): void => {
        watcher.close();
        if (this.#watchers.get(directory) === watcher) this.#watchers.delete(directory);
      };
      watcher.on('error', drop);
      this.#watchers.set(directory, watcher);
    } catch {
      // No watch, no hint: the poll finds it.
    }
  }
}

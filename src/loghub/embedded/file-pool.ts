import type { FileHandle, Files } from '#platform/files.ts';

interface PooledFile {
  readonly opening: Promise<FileHandle>;
  leases: number;
  forgotten: boolean;
}

/**
 * Open files of all shards, never more than `openFilesMax`: the least recently used one is closed for
 * the next, so that idle shards hold none. When all are in use the next user waits for its turn.
 */
export class FilePool {
  readonly #openFilesMax: number;
  readonly #files: Files;
  readonly #pooled = new Map<string, PooledFile>();
  readonly #turns: (() => void)[] = [];
  #userCount = 0;

  constructor(
    options: { readonly openFilesMax: number },
    collaborators: { readonly files: Files },
  ) {
    this.#openFilesMax = options.openFilesMax;
    this.#files = collaborators.files;
  }

  /**
   * Runs `work` with the file open for reading and writing. The handle must not outlive `work`, and
   * `work` must not use the pool itself: it could wait for its own end.
   */
  async use<T>(path: string, work: (handle: FileHandle) => Promise<T>): Promise<T> {
    if (this.#userCount < this.#openFilesMax) this.#userCount++;
    else await new Promise<void>((resolve) => this.#turns.push(resolve));
    try {
      while (!this.#pooled.has(path) && this.#pooled.size >= this.#openFilesMax)
        await this.#closeOneIdle();
      return await this.#lease(path, work);
    } finally {
      const next = this.#turns.shift();
      if (next === undefined) this.#userCount--;
      else next();
    }
  }

  async #lease<T>(path: string, work: (handle: FileHandle) => Promise<T>): Promise<T> {
    const pooled = this.#pooled.get(path) ?? {
      opening: this.#files.open(path, 'readwrite'),
      leases: 0,
      forgotten: false,
    };
    this.#pooled.delete(path);
    this.#pooled.set(path, pooled);
    pooled.leases++;
    try {
      return await work(await this.#opened(path, pooled));
    } finally {
      pooled.leases--;
      if (pooled.forgotten) await closeIdle(pooled);
    }
  }

  /** Closes the file once nobody uses it, and opens it anew for whoever asks next. */
  async forget(path: string): Promise<void> {
    const pooled = this.#pooled.get(path);
    if (pooled === undefined) return;
    this.#pooled.delete(path);
    pooled.forgotten = true;
    await closeIdle(pooled);
  }

  /** Forgets every file. */
  async close(): Promise<void> {
    for (const path of this.#pooled.keys()) await this.forget(path);
  }

  async #opened(path: string, pooled: PooledFile): Promise<FileHandle> {
    try {
      return await pooled.opening;
    } catch (error) {
      if (this.#pooled.get(path) === pooled) this.#pooled.delete(path);
      throw error;
    }
  }

  /** There is one: fewer others use a file than may be open. */
  async #closeOneIdle(): Promise<void> {
    for (const [path, pooled] of this.#pooled)
      if (pooled.leases === 0) return await this.forget(path);
  }
}

/** A file that could not be opened needs no closing; its users have had the error. */
async function closeIdle(pooled: PooledFile): Promise<void> {
  if (pooled.leases > 0) return;
  const handle = await pooled.opening.catch(() => undefined);
  await handle?.close();
}

/**
 * The BlobStore of one machine: a folder.
 *
 *   <directory>/blobs/<key>   one file a blob; the slashes of the key are folders
 *   <directory>/temp/         copies under way; wiped at open
 *
 * A file appears under its key by a rename, after its bytes are synced; the folder is synced after that.
 * So after a crash a blob is there whole or not at all, and is there when `putFile` had resolved. One key
 * cannot be another one plus a slash (`a` and `a/b`): a file is no folder. A part of a key has at most the
 * length that the file system allows a name (255 bytes on the usual ones).
 *
 * One process owns the folder.
 */
import { dirname } from 'node:path';
import { AppError, errorCode } from '#base/app-error.ts';
import { assert } from '#base/assert.ts';
import type { FileHandle, Files } from '#platform/files.ts';
import { assertBlobKey, assertBlobPrefix } from '../blob-key.ts';
import type { BlobStore, LocalBlob } from '../blob-store.ts';
import { COPY_CHUNK_BYTES, READ_BYTES_MAX } from '../limits.ts';

export interface DirectoryBlobStoreOptions {
  /** Made when absent. */
  readonly directory: string;
}

interface Lease {
  count: number;
  /** Deleted while the file was lent; the last holder takes the file away. */
  deleted: boolean;
}

/** Opens the folder and removes what an earlier process left half copied. */
export async function openDirectoryBlobStore(
  options: DirectoryBlobStoreOptions,
  collaborators: { readonly files: Files },
): Promise<DirectoryBlobStore> {
  const { files } = collaborators;
  await files.removeTree(`${options.directory}/temp`);
  await makeDurableDirectory(files, `${options.directory}/temp`);
  await makeDurableDirectory(files, `${options.directory}/blobs`);
  return new DirectoryBlobStore(options, collaborators);
}

export class DirectoryBlobStore implements BlobStore {
  readonly #files: Files;
  readonly #root: string;
  readonly #temp: string;
  readonly #leases = new Map<string, Lease>();
  /** Folders come and go with their files; one change of names at a time keeps that safe. */
  #nameChanges: Promise<void> = Promise.resolve();
  #copyCount = 0;
  #closed = false;

  constructor(options: DirectoryBlobStoreOptions, collaborators: { readonly files: Files }) {
    this.#files = collaborators.files;
    this.#root = `${options.directory}/blobs`;
    this.#temp = `${options.directory}/temp`;
  }

  async putFile(key: string, localPath: string): Promise<void> {
    assertBlobKey(key);
    this.#assertOpen();
    await this.#syncFile(localPath);
    try {
      await this.#place(localPath, key);
    } catch (error) {
      if (errorCode(error) !== 'EXDEV') throw error;
      const copy = `${this.#temp}/${this.#copyCount++}`;
      await this.#copyFile(localPath, copy);
      await this.#place(copy, key);
      await this.#files.remove(localPath);
    }
  }

  async read(key: string, offset: number, length: number): Promise<Uint8Array> {
    assertBlobKey(key);
    this.#assertOpen();
    assert(length <= READ_BYTES_MAX, 'blob read is within its bound');
    if (this.#isDeleted(key)) throw notFound(key);
    const handle = await this.#open(key);
    try {
      const buffer = new Uint8Array(length);
      return buffer.subarray(0, await handle.read(buffer, offset));
    } finally {
      await handle.close();
    }
  }

  async size(key: string): Promise<number | undefined> {
    assertBlobKey(key);
    this.#assertOpen();
    return this.#isDeleted(key) ? undefined : this.#fileSize(key);
  }

  /** Errors: BlobNotExist. */
  async openLocal(key: string): Promise<LocalBlob> {
    assertBlobKey(key);
    this.#assertOpen();
    if (this.#isDeleted(key)) throw notFound(key);
    const lease = this.#leases.get(key) ?? { count: 0, deleted: false };
    this.#leases.set(key, lease);
    lease.count++;
    let held = true;
    const release = async (): Promise<void> => {
      if (!held) return;
      held = false;
      await this.#release(key, lease);
    };
    try {
      const sizeBytes = await this.#fileSize(key);
      if (sizeBytes === undefined) throw notFound(key);
      return { path: this.#path(key), sizeBytes, [Symbol.asyncDispose]: release };
    } catch (error) {
      await release();
      throw error;
    }
  }

  async delete(key: string): Promise<void> {
    assertBlobKey(key);
    this.#assertOpen();
    const lease = this.#leases.get(key);
    if (lease === undefined) await this.#remove(key);
    else lease.deleted = true;
  }

  async list(
    prefix: string,
    options: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<readonly string[]> {
    assertBlobPrefix(prefix);
    this.#assertOpen();
    const found: string[] = [];
    if (options.limit <= 0) return found;
    for await (const key of this.#walk('', { prefix, after: options.after ?? '' })) {
      if (!this.#isDeleted(key)) found.push(key);
      if (found.length >= options.limit) break;
    }
    return found;
  }

  /** Blobs that are still lent keep their files; what was deleted meanwhile goes with the last holder. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#nameChanges;
  }

  /** Keys under a folder (`''` or one that ends with a slash) in byte order. */
  async *#walk(
    folder: string,
    range: { readonly prefix: string; readonly after: string },
  ): AsyncGenerator<string> {
    const inside: string[] = [];
    for (const name of await this.#namesIn(folder)) {
      const key = folder + name;
      const below = `${key}/`;
      const mayHold =
        range.prefix.startsWith(below) ||
        ((key.startsWith(range.prefix) || below.startsWith(range.prefix)) &&
          (below > range.after || range.after.startsWith(below)));
      if (!mayHold) continue;
      const kind = await this.#kindOf(key);
      if (kind !== undefined) inside.push(kind === 'directory' ? below : key);
    }
    for (const key of inside.sort(byBytes))
      if (key.endsWith('/')) yield* this.#walk(key, range);
      else if (key > range.after && key.startsWith(range.prefix)) yield key;
  }

  async #namesIn(folder: string): Promise<readonly string[]> {
    return (await absentAsUndefined(this.#files.list(`${this.#root}/${folder}`))) ?? [];
  }

  async #kindOf(key: string): Promise<'file' | 'directory' | undefined> {
    const found = await absentAsUndefined(this.#files.stat(this.#path(key)));
    if (found === undefined) return undefined;
    return found.isDirectory ? 'directory' : 'file';
  }

  async #fileSize(key: string): Promise<number | undefined> {
    const found = await absentAsUndefined(this.#files.stat(this.#path(key)));
    return found === undefined || found.isDirectory ? undefined : found.sizeBytes;
  }

  async #open(key: string): Promise<FileHandle> {
    if ((await this.#fileSize(key)) === undefined) throw notFound(key);
    const handle = await absentAsUndefined(this.#files.open(this.#path(key), 'read'));
    if (handle === undefined) throw notFound(key);
    return handle;
  }

  async #release(key: string, lease: Lease): Promise<void> {
    lease.count--;
    if (lease.count > 0) return;
    if (this.#leases.get(key) === lease) this.#leases.delete(key);
    if (lease.deleted) await this.#remove(key);
  }

  /** Renames a synced file to its key and makes the name durable. */
  #place(from: string, key: string): Promise<void> {
    // At once: the last holder of the old file must not take the new one away.
    const lease = this.#leases.get(key);
    if (lease !== undefined) lease.deleted = false;
    return this.#changeNames(async () => {
      const path = this.#path(key);
      await makeDurableDirectory(this.#files, dirname(path));
      await this.#files.rename(from, path);
      await this.#files.syncDirectory(dirname(path));
    });
  }

  /** Removes the file and the folders that are empty without it. */
  #remove(key: string): Promise<void> {
    return this.#changeNames(async () => {
      // Lent or stored again since the decision to remove it.
      if (this.#leases.has(key)) return;
      if ((await this.#fileSize(key)) === undefined) return;
      await this.#files.remove(this.#path(key));
      for (const folder of foldersOf(key).reverse()) {
        if ((await this.#namesIn(`${folder}/`)).length > 0) break;
        await this.#files.removeTree(`${this.#root}/${folder}`);
      }
    });
  }

  #changeNames(change: () => Promise<void>): Promise<void> {
    const done = this.#nameChanges.then(change);
    this.#nameChanges = done.catch(() => {});
    return done;
  }

  async #syncFile(path: string): Promise<void> {
    const handle = await this.#files.open(path, 'read');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  async #copyFile(from: string, to: string): Promise<void> {
    const source = await this.#files.open(from, 'read');
    try {
      const target = await this.#files.open(to, 'create');
      try {
        const buffer = new Uint8Array(COPY_CHUNK_BYTES);
        for (let offset = 0; ;) {
          const count = await source.read(buffer, offset);
          if (count === 0) break;
          await target.write([buffer.subarray(0, count)], offset);
          offset += count;
        }
        await target.sync();
      } finally {
        await target.close();
      }
    } catch (error) {
      await absentAsUndefined(this.#files.remove(to));
      throw error;
    } finally {
      await source.close();
    }
  }

  #isDeleted(key: string): boolean {
    return this.#leases.get(key)?.deleted === true;
  }

  #path(key: string): string {
    return `${this.#root}/${key}`;
  }

  #assertOpen(): void {
    assert(!this.#closed, 'blob store is open');
  }
}

/** Makes the folder and its parents so that their names survive a crash. */
async function makeDurableDirectory(files: Files, directory: string): Promise<void> {
  const absent: string[] = [];
  for (let path = directory; dirname(path) !== path; path = dirname(path)) {
    if ((await absentAsUndefined(files.stat(path))) !== undefined) break;
    absent.push(path);
  }
  if (absent.length === 0) return;
  await files.makeDirectory(directory);
  for (const path of absent) await files.syncDirectory(dirname(path));
}

function notFound(key: string): AppError {
  return new AppError('BlobNotExist', 'no such blob', { details: { key } });
}

async function absentAsUndefined<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** `a/b/c` lies in the folders `a` and `a/b`. */
function foldersOf(key: string): string[] {
  const parts = key.split('/');
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('/'));
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : 1;
}

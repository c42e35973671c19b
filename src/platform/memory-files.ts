/**
 * A model of a disk for crash tests. It keeps apart what a program sees and what would survive a loss of
 * power, as the contract of `files.ts` allows it and no better: unsynced bytes may be kept, lost or torn
 * at any byte or 512-byte sector, each unsynced name is kept or lost on its own, and after a failed sync
 * the bytes it covered stay in doubt.
 */
import { MemoryFile } from './memory-file.ts';
import type { FileHandle, Files, FileStat } from './files.ts';
import type { Random } from './random.ts';

/** A change of the disk, counted from 1; a loss of power can strike at each. */
export interface FileOperation {
  readonly number: number;
  readonly kind:
    | 'create'
    | 'write'
    | 'truncate'
    | 'sync'
    | 'rename'
    | 'remove'
    | 'makeDirectory'
    | 'syncDirectory';
  readonly path: string;
}

/**
 * Called before each change. What it throws (see `diskError`) fails the operation: a write has then
 * written its first half, a sync has left its bytes in doubt, anything else has done nothing. It may
 * return a promise to hold the operation back: the change happens when that resolves.
 */
export type FileInterceptor = (operation: FileOperation) => void | Promise<void>;

interface MemoryDirectory {
  readonly kind: 'directory';
  readonly modifiedMs: number;
  readonly current: Map<string, MemoryNode>;
  readonly durable: Map<string, MemoryNode>;
}

type MemoryNode = MemoryFile | MemoryDirectory;

/** Names that change together: all or none of them survive. An undefined node takes the name away. */
type NameChange = readonly {
  readonly directory: MemoryDirectory;
  readonly name: string;
  readonly node: MemoryNode | undefined;
}[];

interface Place {
  readonly directory: MemoryDirectory;
  readonly name: string;
}

/** An error as Node's `fs` gives it. */
export function diskError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, path });
}

export class MemoryFiles implements Files {
  #root = makeDirectoryNode();
  #unsyncedNames: NameChange[] = [];
  #operationCount = 0;
  #openHandleCount = 0;
  #capacityBytes = Number.POSITIVE_INFINITY;
  #powerLossAt = Number.POSITIVE_INFINITY;
  #intercept: FileInterceptor | undefined;

  /** Changes of the disk so far, a failed one included. */
  get operationCount(): number {
    return this.#operationCount;
  }

  get openHandleCount(): number {
    return this.#openHandleCount;
  }

  /** Bytes of all files that have a name. */
  get usedBytes(): number {
    return bytesUnder(this.#root);
  }

  /** Sets the size of the disk: writes past it get ENOSPC having written what fits, creates fail. */
  setCapacity(bytes: number): void {
    this.#capacityBytes = bytes;
  }

  /** Sets the one interceptor, or takes it away. */
  intercept(interceptor: FileInterceptor | undefined): void {
    this.#intercept = interceptor;
  }

  /** The power fails during the `number`-th change: it is unsynced, and every call from then on fails. */
  losePowerAt(number: number): void {
    this.#powerLossAt = number;
  }

  get hasLostPower(): boolean {
    return this.#operationCount >= this.#powerLossAt;
  }

  /** Flips bits of one byte on the medium; reads see it at once. */
  corrupt(path: string, offset: number, mask = 0xff): void {
    this.#file(path).corrupt(offset, mask);
  }

  /** The disk as a restarted machine finds it. This one fails every call from now on. */
  crash(random: Random): MemoryFiles {
    this.#powerLossAt = 0;
    const fate = random.below(4);
    for (const change of this.#unsyncedNames)
      if (fate === 0 || (fate !== 1 && random.below(2) === 0)) makeDurable(change);
    this.#unsyncedNames = [];
    const survivor = new MemoryFiles();
    survivor.#root = directoryAfterCrash(this.#root, random, new Map());
    return survivor;
  }

  /** The disk as the next process finds it after this one was killed: nothing is lost, or synced. */
  restart(): MemoryFiles {
    this.#powerLossAt = 0;
    const next = new MemoryFiles();
    next.#root = this.#root;
    next.#unsyncedNames = this.#unsyncedNames;
    this.#unsyncedNames = [];
    return next;
  }

  async open(path: string, mode: 'read' | 'readwrite' | 'create'): Promise<FileHandle> {
    this.#assertPowered(path);
    let file: MemoryFile;
    if (mode === 'create') {
      await this.#begin('create', path);
      const place = this.#place(path);
      if (place.directory.current.has(place.name)) throw diskError('EEXIST', path);
      if (this.#freeBytes() <= 0) throw diskError('ENOSPC', path);
      file = new MemoryFile();
      this.#changeNames([{ ...place, node: file }], path);
    } else file = this.#file(path);
    this.#openHandleCount++;
    return this.#makeHandle(file, path, mode !== 'read');
  }

  async list(directory: string): Promise<readonly string[]> {
    this.#assertPowered(directory);
    return [...this.#directory(directory).current.keys()].sort();
  }

  async stat(path: string): Promise<FileStat> {
    this.#assertPowered(path);
    const node = this.#node(path);
    return {
      sizeBytes: node.kind === 'file' ? node.sizeBytes : 0,
      isDirectory: node.kind === 'directory',
      modifiedMs: node.modifiedMs,
    };
  }

  async makeDirectory(path: string): Promise<void> {
    this.#assertPowered(path);
    const parts = splitPath(path);
    for (let depth = 1; depth <= parts.length; depth++) {
      const prefix = parts.slice(0, depth).join('/');
      const existing = this.#find(prefix);
      if (existing?.kind === 'file') throw diskError('EEXIST', path);
      if (existing !== undefined) continue;
      await this.#begin('makeDirectory', prefix);
      if (this.#freeBytes() <= 0) throw diskError('ENOSPC', path);
      if (this.#find(prefix) === undefined)
        this.#changeNames([{ ...this.#place(prefix), node: makeDirectoryNode() }], prefix);
    }
  }

  async rename(from: string, to: string): Promise<void> {
    this.#assertPowered(from);
    await this.#begin('rename', from);
    const node = this.#node(from);
    const target = this.#place(to);
    const replaced = target.directory.current.get(target.name);
    if (replaced?.kind === 'directory') throw diskError('EISDIR', to);
    this.#changeNames(
      [
        { ...this.#place(from), node: undefined },
        { ...target, node },
      ],
      from,
    );
  }

  async remove(path: string): Promise<void> {
    this.#assertPowered(path);
    await this.#begin('remove', path);
    this.#file(path);
    this.#changeNames([{ ...this.#place(path), node: undefined }], path);
  }

  async removeTree(path: string): Promise<void> {
    this.#assertPowered(path);
    const node = this.#find(path);
    if (node === undefined) return;
    if (node.kind === 'file') {
      await this.remove(path);
      return;
    }
    for (const name of node.current.keys()) await this.removeTree(`${path}/${name}`);
    await this.#begin('remove', path);
    this.#changeNames([{ ...this.#place(path), node: undefined }], path);
  }

  async syncDirectory(path: string): Promise<void> {
    this.#assertPowered(path);
    await this.#begin('syncDirectory', path);
    const directory = this.#directory(path);
    this.#assertPowered(path);
    const touches = (change: NameChange): boolean =>
      change.some((entry) => entry.directory === directory);
    for (const change of this.#unsyncedNames) if (touches(change)) makeDurable(change);
    this.#unsyncedNames = this.#unsyncedNames.filter((change) => !touches(change));
  }

  #makeHandle(file: MemoryFile, path: string, writable: boolean): FileHandle {
    let closed = false;
    const assertOpen = (writes: boolean): void => {
      this.#assertPowered(path);
      if (closed || (writes && !writable)) throw diskError('EBADF', path);
    };
    return {
      read: async (buffer, offset) => {
        assertOpen(false);
        return file.read(buffer, offset);
      },
      write: async (buffers, offset) => {
        assertOpen(true);
        await this.#write(file, path, { bytes: concatenate(buffers), offset });
      },
      truncate: async (sizeBytes) => {
        assertOpen(true);
        await this.#begin('truncate', path);
        file.truncate(sizeBytes);
        this.#assertPowered(path);
      },
      sync: async () => {
        assertOpen(false);
        try {
          await this.#begin('sync', path);
        } catch (error) {
          file.failSync();
          throw error;
        }
        this.#assertPowered(path);
        file.sync();
      },
      size: async () => {
        assertOpen(false);
        return file.sizeBytes;
      },
      close: async () => {
        if (closed) throw diskError('EBADF', path);
        closed = true;
        this.#openHandleCount--;
      },
    };
  }

  async #write(
    file: MemoryFile,
    path: string,
    write: { readonly bytes: Uint8Array; readonly offset: number },
  ): Promise<void> {
    const { bytes, offset } = write;
    try {
      await this.#begin('write', path);
    } catch (error) {
      if (!this.hasLostPower) file.write(bytes.subarray(0, bytes.length >> 1), offset);
      throw error;
    }
    const grows = Math.max(0, offset + bytes.length - file.sizeBytes);
    const lacking = Math.min(grows, Math.max(0, grows - this.#freeBytes()));
    file.write(bytes.subarray(0, bytes.length - lacking), offset);
    this.#assertPowered(path);
    if (lacking > 0) throw diskError('ENOSPC', path);
  }

  /** Counts a change and lets the test interfere. The one that loses power still starts. */
  async #begin(kind: FileOperation['kind'], path: string): Promise<void> {
    const number = ++this.#operationCount;
    const held = this.#intercept?.({ number, kind, path });
    if (held === undefined) return;
    await held;
    if (number !== this.#powerLossAt) this.#assertPowered(path);
  }

  #assertPowered(path: string): void {
    if (this.hasLostPower) throw diskError('EPOWER', path);
  }

  #changeNames(change: NameChange, path: string): void {
    for (const { directory, name, node } of change)
      if (node === undefined) directory.current.delete(name);
      else directory.current.set(name, node);
    this.#unsyncedNames.push(change);
    this.#assertPowered(path);
  }

  #freeBytes(): number {
    if (this.#capacityBytes === Number.POSITIVE_INFINITY) return this.#capacityBytes;
    return this.#capacityBytes - this.usedBytes;
  }

  #find(path: string): MemoryNode | undefined {
    let node: MemoryNode | undefined = this.#root;
    for (const name of splitPath(path)) {
      if (node?.kind !== 'directory') return undefined;
      node = node.current.get(name);
    }
    return node;
  }

  #node(path: string): MemoryNode {
    const node = this.#find(path);
    if (node === undefined) throw diskError('ENOENT', path);
    return node;
  }

  #file(path: string): MemoryFile {
    const node = this.#node(path);
    if (node.kind !== 'file') throw diskError('EISDIR', path);
    return node;
  }

  #directory(path: string): MemoryDirectory {
    const node = this.#node(path);
    if (node.kind !== 'directory') throw diskError('ENOTDIR', path);
    return node;
  }

  #place(path: string): Place {
    const parts = splitPath(path);
    const name = parts.pop();
    if (name === undefined) throw diskError('EINVAL', path);
    return { directory: this.#directory(parts.join('/')), name };
  }
}

function makeDirectoryNode(): MemoryDirectory {
  return { kind: 'directory', modifiedMs: Date.now(), current: new Map(), durable: new Map() };
}

function splitPath(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

function makeDurable(change: NameChange): void {
  for (const { directory, name, node } of change)
    if (node === undefined) directory.durable.delete(name);
    else directory.durable.set(name, node);
}

/** A file that two surviving names show stays one file. */
function directoryAfterCrash(
  directory: MemoryDirectory,
  random: Random,
  survivors: Map<MemoryFile, MemoryFile>,
): MemoryDirectory {
  const survivor = makeDirectoryNode();
  for (const [name, node] of directory.durable) {
    let after: MemoryNode;
    if (node.kind === 'directory') after = directoryAfterCrash(node, random, survivors);
    else {
      after = survivors.get(node) ?? node.afterCrash(random);
      survivors.set(node, after);
    }
    survivor.current.set(name, after);
    survivor.durable.set(name, after);
  }
  return survivor;
}

function bytesUnder(directory: MemoryDirectory): number {
  let total = 0;
  for (const node of directory.current.values())
    total += node.kind === 'file' ? node.sizeBytes : bytesUnder(node);
  return total;
}

function concatenate(buffers: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const buffer of buffers) length += buffer.length;
  const bytes = new Uint8Array(length);
  let position = 0;
  for (const buffer of buffers) {
    bytes.set(buffer, position);
    position += buffer.length;
  }
  return bytes;
}

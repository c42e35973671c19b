/**
 * The file system as the rooms see it: just what durable state needs. `real-files.ts` is the disk;
 * `memory-files.ts` is a model of one for crash tests. What each call promises about durability:
 *
 * - bytes written are durable only after `sync()` of that handle;
 * - names (create, rename, remove) are durable only after `syncDirectory()` of the folder;
 * - `rename` replaces its target atomically, before and after a crash.
 *
 * Errors are the ones of Node (`code`: ENOENT, ENOSPC, EEXIST, …), unwrapped.
 */
export interface Files {
  open(path: string, mode: 'read' | 'readwrite' | 'create'): Promise<FileHandle>;
  /** Names in a folder, sorted. An absent folder gives ENOENT. */
  list(directory: string): Promise<readonly string[]>;
  stat(path: string): Promise<FileStat>;
  /** Makes the folder and its parents; nothing happens when it is there. */
  makeDirectory(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; ENOENT when it is not there. */
  remove(path: string): Promise<void>;
  /** Removes a folder with everything in it; nothing happens when it is not there. */
  removeTree(path: string): Promise<void>;
  syncDirectory(path: string): Promise<void>;
}

export interface FileStat {
  readonly sizeBytes: number;
  readonly isDirectory: boolean;
  readonly modifiedMs: number;
}

/** `create` fails with EEXIST when the file is there. Offsets are explicit: no hidden file position. */
export interface FileHandle {
  /** Reads up to `buffer.length` bytes at `offset`; returns how many (less only at the end). */
  read(buffer: Uint8Array, offset: number): Promise<number>;
  /** Writes all of the buffers one after the other at `offset`, or throws having written a part. */
  write(buffers: readonly Uint8Array[], offset: number): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
  /** fdatasync: content and size are durable once it resolves. */
  sync(): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

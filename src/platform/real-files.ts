import {
  mkdir,
  open as openFile,
  readdir,
  rename,
  rm,
  stat,
  unlink,
  type FileHandle as NodeFileHandle,
} from 'node:fs/promises';
import type { FileHandle, Files, FileStat } from './files.ts';

const FLAGS = { read: 'r', readwrite: 'r+', create: 'wx+' } as const;

/** Buffers a system call; POSIX guarantees only 16, Linux and macOS take 1024. */
const WRITE_BUFFERS_MAX = 512;

/** The disk. Calls run on libuv's thread pool; paths are those of the process. */
export class RealFiles implements Files {
  async open(path: string, mode: 'read' | 'readwrite' | 'create'): Promise<FileHandle> {
    return new RealFileHandle(await openFile(path, FLAGS[mode]));
  }

  async list(directory: string): Promise<readonly string[]> {
    return (await readdir(directory)).sort();
  }

  async stat(path: string): Promise<FileStat> {
    const found = await stat(path);
    return {
      sizeBytes: found.size,
      isDirectory: found.isDirectory(),
      modifiedMs: found.mtimeMs,
    };
  }

  async makeDirectory(path: string): Promise<void> {
    await mkdir(path, { recursive: true });
  }

  async rename(from: string, to: string): Promise<void> {
    await rename(from, to);
  }

  async remove(path: string): Promise<void> {
    await unlink(path);
  }

  async removeTree(path: string): Promise<void> {
    await rm(path, { recursive: true, force: true });
  }

  async syncDirectory(path: string): Promise<void> {
    const handle = await openFile(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

class RealFileHandle implements FileHandle {
  readonly #handle: NodeFileHandle;

  constructor(handle: NodeFileHandle) {
    this.#handle = handle;
  }

  async read(buffer: Uint8Array, offset: number): Promise<number> {
    let done = 0;
    while (done < buffer.length) {
      const { bytesRead } = await this.#handle.read(
        buffer,
        done,
        buffer.length - done,
        offset + done,
      );
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  }

  async write(buffers: readonly Uint8Array[], offset: number): Promise<void> {
    let position = offset;
    let rest = buffers.filter((buffer) => buffer.length > 0);
    while (rest.length > 0) {
      const { bytesWritten } = await this.#handle.writev(
        rest.slice(0, WRITE_BUFFERS_MAX),
        position,
      );
      if (bytesWritten === 0)
        throw Object.assign(new Error('the disk took no bytes'), { code: 'EIO' });
      position += bytesWritten;
      rest = withoutFirst(rest, bytesWritten);
    }
  }

  async truncate(sizeBytes: number): Promise<void> {
    await this.#handle.truncate(sizeBytes);
  }

  async sync(): Promise<void> {
    await this.#handle.datasync();
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** The buffers that a system call which took only `bytes` of them left over. */
function withoutFirst(buffers: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skipped = 0;
  let index = 0;
  while (index < buffers.length && skipped + buffers[index]!.length <= bytes)
    skipped += buffers[index++]!.length;
  const rest = buffers.slice(index);
  if (rest.length > 0) rest[0] = rest[0]!.subarray(bytes - skipped);
  return rest;
}

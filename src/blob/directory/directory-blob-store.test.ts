import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { diskError, MemoryFiles } from '#platform/memory-files.ts';
import { RealFiles } from '#platform/real-files.ts';
import { SeededRandom } from '#platform/seeded-random.ts';
import { describeBlobStoreContract } from '../blob-store.contract.ts';
import { openDirectoryBlobStore } from './directory-blob-store.ts';

describeBlobStoreContract('DirectoryBlobStore on a disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-blob-'));
  let count = 0;
  return {
    store: await openDirectoryBlobStore(
      { directory: join(folder, 'b') },
      { files: new RealFiles() },
    ),
    writeLocal: async (bytes) => {
      const path = join(folder, `local-${count++}`);
      await writeFile(path, bytes);
      return path;
    },
    readLocal: (path) => readFile(path).catch(() => undefined),
    cleanUp: () => rm(folder, { recursive: true }),
  };
});

describeBlobStoreContract('DirectoryBlobStore on a modelled disk', async () => {
  const files = new MemoryFiles();
  let count = 0;
  return {
    store: await openDirectoryBlobStore({ directory: 'b' }, { files }),
    writeLocal: (bytes) => writeMemory(files, `local-${count++}`, bytes),
    readLocal: (path) => readMemory(files, path),
    cleanUp: async () => expect(files.openHandleCount).toBe(0),
  };
});

async function writeMemory(files: MemoryFiles, path: string, bytes: Uint8Array): Promise<string> {
  const handle = await files.open(path, 'create');
  await handle.write([bytes], 0);
  await handle.close();
  return path;
}

async function readMemory(files: MemoryFiles, path: string): Promise<Uint8Array | undefined> {
  try {
    const handle = await files.open(path, 'read');
    const bytes = new Uint8Array(await handle.size());
    await handle.read(bytes, 0);
    await handle.close();
    return bytes;
  } catch {
    return undefined;
  }
}

describe('DirectoryBlobStore', () => {
  const CONTENT = new Uint8Array(5000).map((_, i) => i % 253);

  test('a file of another file system is copied, and its temporary copy is gone', async () => {
    const files = new MemoryFiles();
    const store = await openDirectoryBlobStore({ directory: 'b' }, { files });
    const path = await writeMemory(files, 'local', CONTENT);
    files.intercept(({ kind, path: from }) => {
      if (kind === 'rename' && from === 'local') throw diskError('EXDEV', from);
    });
    await store.putFile('a/b', path);
    expect(await store.read('a/b', 0, 9999)).toEqual(CONTENT);
    expect(await files.list('b/temp')).toEqual([]);
    expect(await readMemory(files, 'local')).toBeUndefined();
  });

  test('a full disk during a copy leaves no blob and no temporary file', async () => {
    const files = new MemoryFiles();
    const store = await openDirectoryBlobStore({ directory: 'b' }, { files });
    const path = await writeMemory(files, 'local', CONTENT);
    files.intercept(({ kind, path: from }) => {
      if (kind === 'rename' && from === 'local') throw diskError('EXDEV', from);
    });
    files.setCapacity(CONTENT.length + 100);
    await expect(store.putFile('a/b', path)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(await store.size('a/b')).toBeUndefined();
    expect(await files.list('b/temp')).toEqual([]);
    expect(await readMemory(files, 'local')).toEqual(CONTENT);
  });

  test('folders go with their last blob', async () => {
    const files = new MemoryFiles();
    const store = await openDirectoryBlobStore({ directory: 'b' }, { files });
    await store.putFile('s/1/a', await writeMemory(files, 'l1', CONTENT));
    await store.putFile('s/2/a', await writeMemory(files, 'l2', CONTENT));
    await store.delete('s/1/a');
    expect(await files.list('b/blobs/s')).toEqual(['2']);
    await store.delete('s/2/a');
    expect(await files.list('b/blobs')).toEqual([]);
  });

  test('after a loss of power at any step a blob is whole or absent, and there once put', async () => {
    let steps = 0;
    for (let seed = 1; seed <= 10; seed++) {
      let done = false;
      for (let step = 1; !done; step++) {
        const files = new MemoryFiles();
        const store = await openDirectoryBlobStore({ directory: 'data/b' }, { files });
        await writeMemory(files, 'local', CONTENT);
        files.losePowerAt(files.operationCount + step);
        done = await store.putFile('s/1/a', 'local').then(
          () => true,
          () => false,
        );
        const survivor = files.crash(new SeededRandom(step * 1000 + seed));
        const reopened = await openDirectoryBlobStore({ directory: 'data/b' }, { files: survivor });
        const size = await reopened.size('s/1/a');
        if (size !== undefined) expect(await reopened.read('s/1/a', 0, 9999)).toEqual(CONTENT);
        if (done) expect(size).toBe(CONTENT.length);
        steps++;
      }
    }
    expect(steps).toBeGreaterThan(50);
  });
});

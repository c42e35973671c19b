/** What every BlobStore keeps. Each implementation's test calls this with a way to open an empty store. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BlobStore } from './blob-store.ts';

export interface BlobStoreUnderTest {
  readonly store: BlobStore;
  /** Makes a local file that `putFile` can take. */
  readonly writeLocal: (bytes: Uint8Array) => Promise<string>;
  /** Content of a local file, undefined when there is none. */
  readonly readLocal: (path: string) => Promise<Uint8Array | undefined>;
  /** Removes what the store left behind; the store is closed already. */
  readonly cleanUp: () => Promise<void>;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : new TextDecoder().decode(value);

export function describeBlobStoreContract(
  name: string,
  open: () => Promise<BlobStoreUnderTest>,
): void {
  describe(`${name} keeps the BlobStore contract`, () => {
    let current: BlobStoreUnderTest;

    beforeEach(async () => {
      current = await open();
    });

    afterEach(async () => {
      await current.store.close();
      await current.cleanUp();
    });

    describeBlobs(() => current);
    describeBounds(() => current);
    describeLocalBlobs(() => current);
    describeLists(() => current);
  });
}

async function put(current: BlobStoreUnderTest, key: string, content: string): Promise<void> {
  await current.store.putFile(key, await current.writeLocal(bytes(content)));
}

function describeBlobs(under: () => BlobStoreUnderTest): void {
  test('a file is stored under its key and taken away', async () => {
    const { store, writeLocal, readLocal } = under();
    const path = await writeLocal(bytes('rows'));
    await store.putFile('seg/a/0/x.parquet', path);
    expect(await readLocal(path)).toBeUndefined();
    expect(await store.size('seg/a/0/x.parquet')).toBe(4);
    expect(text(await store.read('seg/a/0/x.parquet', 0, 4))).toBe('rows');
  });

  test('a read gives the range that there is', async () => {
    const { store } = under();
    await put(under(), 'k', '0123456789');
    expect(text(await store.read('k', 2, 3))).toBe('234');
    expect(text(await store.read('k', 8, 100))).toBe('89');
    expect(await store.read('k', 10, 5)).toHaveLength(0);
    expect(await store.read('k', 50, 5)).toHaveLength(0);
  });

  test('an absent blob has no size, cannot be read and can be deleted', async () => {
    const { store } = under();
    await put(under(), 'a/b', 'x');
    for (const key of ['no', 'a', 'a/c', 'a/b.c']) {
      expect(await store.size(key)).toBeUndefined();
      await expect(store.read(key, 0, 1)).rejects.toMatchObject({ code: 'BlobNotExist' });
      await expect(store.openLocal(key)).rejects.toMatchObject({ code: 'BlobNotExist' });
      await store.delete(key);
    }
    expect(text(await store.read('a/b', 0, 1))).toBe('x');
  });

  test('a stored blob can be stored again', async () => {
    const { store } = under();
    await put(under(), 'a/b', 'same');
    await put(under(), 'a/b', 'same');
    expect(text(await store.read('a/b', 0, 9))).toBe('same');
  });

  test('a deleted blob is gone and its key can be used again', async () => {
    const { store } = under();
    await put(under(), 'a/b', 'one');
    await store.delete('a/b');
    expect(await store.size('a/b')).toBeUndefined();
    expect(await store.list('', { limit: 9 })).toEqual([]);
    await put(under(), 'a/b', 'two');
    expect(text(await store.read('a/b', 0, 9))).toBe('two');
  });
}

function describeBounds(under: () => BlobStoreUnderTest): void {
  test('empty blobs and blobs of some megabytes are kept byte for byte', async () => {
    const { store, writeLocal } = under();
    const large = new Uint8Array(3_000_001).map((_, i) => (i * 7) % 251);
    await store.putFile('large', await writeLocal(large));
    await store.putFile('empty', await writeLocal(new Uint8Array()));
    expect(Buffer.compare(await store.read('large', 0, large.length), large)).toBe(0);
    expect(await store.size('empty')).toBe(0);
  });

  test('many blobs are stored and deleted at once', async () => {
    const { store } = under();
    const keys = Array.from({ length: 40 }, (_, i) => `d/${i % 4}/${i}`);
    await Promise.all(keys.map((key) => put(under(), key, key)));
    await Promise.all(
      keys.map((key, i) => (i % 2 === 0 ? store.delete(key) : put(under(), key, key))),
    );
    const left = keys.filter((_, i) => i % 2 === 1);
    expect(await store.list('d/', { limit: 100 })).toEqual(left.toSorted());
    for (const key of left) expect(text(await store.read(key, 0, 9))).toBe(key);
  });

  test.each(['', '/a', 'a/', 'a//b', '.', '..', 'a/../b', 'a b', 'ä', 'a'.repeat(513)])(
    'the key %j is refused',
    async (key) => {
      const { store } = under();
      await expect(store.size(key)).rejects.toThrow('bad blob key');
      await expect(store.read(key, 0, 1)).rejects.toThrow('bad blob key');
      await expect(put(under(), key, 'x')).rejects.toThrow('bad blob key');
    },
  );
}

function describeLocalBlobs(under: () => BlobStoreUnderTest): void {
  test('a local blob is a file with the bytes', async () => {
    const { store, readLocal } = under();
    await put(under(), 'a/b', 'rows');
    await using local = await store.openLocal('a/b');
    expect(local.sizeBytes).toBe(4);
    expect(text(await readLocal(local.path))).toBe('rows');
  });

  test('a local blob outlives the delete of its key', async () => {
    const { store, readLocal } = under();
    await put(under(), 'a/b', 'rows');
    const first = await store.openLocal('a/b');
    const second = await store.openLocal('a/b');
    await store.delete('a/b');
    expect(await store.size('a/b')).toBeUndefined();
    expect(await store.list('', { limit: 9 })).toEqual([]);
    await expect(store.openLocal('a/b')).rejects.toMatchObject({ code: 'BlobNotExist' });
    await first[Symbol.asyncDispose]();
    await first[Symbol.asyncDispose]();
    expect(text(await readLocal(second.path))).toBe('rows');
    await second[Symbol.asyncDispose]();
    expect(await store.size('a/b')).toBeUndefined();
  });

  test('a key stored again while its old file is lent stays', async () => {
    const { store } = under();
    await put(under(), 'a/b', 'rows');
    const local = await store.openLocal('a/b');
    await store.delete('a/b');
    await put(under(), 'a/b', 'rows');
    await local[Symbol.asyncDispose]();
    expect(text(await store.read('a/b', 0, 9))).toBe('rows');
  });
}

function describeLists(under: () => BlobStoreUnderTest): void {
  const KEYS = ['a-x/1', 'a.b', 'a/1', 'a/2/x', 'a/2-3', 'a0', 'b'];
  const SORTED = KEYS.toSorted();

  test('a list is in byte order, whatever the folders', async () => {
    for (const key of KEYS) await put(under(), key, key);
    expect(await under().store.list('', { limit: 100 })).toEqual(SORTED);
  });

  test('a prefix may end inside a part', async () => {
    for (const key of KEYS) await put(under(), key, key);
    const { store } = under();
    for (const prefix of ['a', 'a/', 'a/2', 'a/2/', 'a-', 'b', 'c', 'a/2/x', 'a/2/xy'])
      expect(await store.list(prefix, { limit: 100 })).toEqual(
        SORTED.filter((key) => key.startsWith(prefix)),
      );
  });

  test('pages of every size give the whole list', async () => {
    for (const key of KEYS) await put(under(), key, key);
    const { store } = under();
    for (let limit = 1; limit <= KEYS.length + 1; limit++) {
      const found: string[] = [];
      for (;;) {
        const page = await store.list('a', { after: found.at(-1), limit });
        found.push(...page);
        if (page.length < limit) break;
      }
      expect(found).toEqual(SORTED.filter((key) => key.startsWith('a')));
    }
  });

  test('a list goes on after a key that does not exist', async () => {
    for (const key of KEYS) await put(under(), key, key);
    const { store } = under();
    for (const after of ['a/1x', 'a/', 'a', 'a/2/', 'aa', 'zz'])
      expect(await store.list('', { after, limit: 100 })).toEqual(
        SORTED.filter((key) => key > after),
      );
  });
}

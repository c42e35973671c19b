import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeMetaStoreContract } from '../meta-store.contract.ts';
import { ABSENT } from '../meta-store.ts';
import { LmdbMetaStore } from './lmdb-meta-store.ts';
import { decodeLmdbValue, encodeLmdbValue } from './lmdb-value.ts';

const makeDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), 'sluice-lmdb-'));

describeMetaStoreContract('LmdbMetaStore', async () => {
  const directory = await makeDirectory();
  return {
    store: new LmdbMetaStore({ directory }),
    cleanUp: () => rm(directory, { recursive: true }),
  };
});

describe('LmdbMetaStore', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await makeDirectory();
  });

  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  test('records and revisions go on after a reopen, also past a delete', async () => {
    const first = new LmdbMetaStore({ directory });
    const kept = await first.compareAndSet('kept', Buffer.from('one'), ABSENT);
    const gone = await first.compareAndSet('gone', Buffer.from('two'), ABSENT);
    await first.delete('gone', gone ?? 0);
    await first.close();

    const second = new LmdbMetaStore({ directory });
    expect((await second.get('kept'))?.revision).toBe(kept);
    expect(await second.get('gone')).toBeUndefined();
    expect(await second.compareAndSet('gone', Buffer.from('x'), ABSENT)).toBeGreaterThan(gone ?? 0);
    await second.close();
  });

  test('a damaged record is an error, not a value', async () => {
    const store = new LmdbMetaStore({ directory });
    await store.compareAndSet('k', Buffer.from('value'), ABSENT);
    await store.close();
    const root = open<Buffer, string>({ path: directory, encoding: 'binary', noSubdir: false });
    const records = root.openDB<Buffer, string>('records', { encoding: 'binary' });
    const bytes = Buffer.from(records.get('k') ?? []);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await records.put('k', bytes);
    await root.close();

    const damaged = new LmdbMetaStore({ directory });
    await expect(damaged.get('k')).rejects.toMatchObject({ code: 'MetaDamaged' });
    await damaged.close();
  });

  test('a full store refuses writes and keeps what it has', async () => {
    const store = new LmdbMetaStore({ directory, bytesMax: 1024 * 1024 });
    const value = new Uint8Array(100_000).fill(7);
    let written = 0;
    const fill = async (): Promise<void> => {
      for (; written < 1000; written++) await store.compareAndSet(`k/${written}`, value, ABSENT);
    };
    await expect(fill()).rejects.toMatchObject({ code: 'MetaStoreFull' });
    expect(written).toBe(10);
    expect(await store.list('k/', { limit: 2000 })).toHaveLength(written);
    await store.delete('k/0', (await store.get('k/0'))?.revision ?? 0);
    expect(await store.compareAndSet('k/x', value, ABSENT)).toBeGreaterThan(0);
    await store.close();
  });
});

describe('lmdb value', () => {
  test('version 1 has the bytes that it always had', () => {
    const golden = '010000006ffed1c52a00000000000000616263';
    expect(encodeLmdbValue(42, Buffer.from('abc')).toString('hex')).toBe(golden);
    const { revision, value } = decodeLmdbValue('k', Buffer.from(golden, 'hex'));
    expect(revision).toBe(42);
    expect(Buffer.from(value).toString()).toBe('abc');
  });

  test('every flipped bit and every cut is found', () => {
    const sound = encodeLmdbValue(42, Buffer.from('abc'));
    for (let bit = 0; bit < sound.length * 8; bit++) {
      const bytes = Buffer.from(sound);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => decodeLmdbValue('k', bytes)).toThrow('cannot read meta record');
    }
    for (let length = 0; length < sound.length; length++)
      expect(() => decodeLmdbValue('k', sound.subarray(0, length))).toThrow();
  });
});

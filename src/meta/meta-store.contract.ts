/** What every MetaStore keeps. Each implementation's test calls this with a way to open an empty store. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ABSENT, type MetaChange, type MetaStore } from './meta-store.ts';

export interface MetaStoreUnderTest {
  readonly store: MetaStore;
  /** Removes what the store left behind; the store is closed already. */
  readonly cleanUp: () => Promise<void>;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : new TextDecoder().decode(value);

const seen = (changes: readonly MetaChange[]): readonly string[] =>
  changes.map(({ key, entry }) => `${key}=${text(entry?.value) ?? 'deleted'}`);

/** Engines on a network tell their watchers a little later. */
async function eventually(check: () => void): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      check();
      return;
    } catch (error) {
      if (attempt >= 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

export function describeMetaStoreContract(
  name: string,
  open: () => Promise<MetaStoreUnderTest>,
): void {
  describe(`${name} keeps the MetaStore contract`, () => {
    let store: MetaStore;
    let cleanUp: () => Promise<void>;

    beforeEach(async () => {
      ({ store, cleanUp } = await open());
    });

    afterEach(async () => {
      await store.close();
      await cleanUp();
    });

    const create = async (key: string, value: string): Promise<number> => {
      const revision = await store.compareAndSet(key, bytes(value), ABSENT);
      if (revision === undefined) throw new Error(`${key} is there already`);
      return revision;
    };

    describeRecords(() => store, create);
    describeRaces(() => store, create);
    describeBounds(() => store, create);
    describeLists(() => store, create);
    describeWatches(() => store, create);
  });
}

type Create = (key: string, value: string) => Promise<number>;

function describeRecords(storeOf: () => MetaStore, create: Create): void {
  test('an absent key reads as undefined', async () => {
    expect(await storeOf().get('a/b')).toBeUndefined();
  });

  test('a value is read back with the revision that its write returned', async () => {
    const revision = await create('a/b', 'one');
    const entry = await storeOf().get('a/b');
    expect(revision).toBeGreaterThan(0);
    expect(entry?.key).toBe('a/b');
    expect(entry?.revision).toBe(revision);
    expect(text(entry?.value)).toBe('one');
  });

  test('creating a key that exists changes nothing', async () => {
    await create('k', 'one');
    expect(await storeOf().compareAndSet('k', bytes('two'), ABSENT)).toBeUndefined();
    expect(text((await storeOf().get('k'))?.value)).toBe('one');
  });

  test('a write with a stale revision changes nothing', async () => {
    const first = await create('k', 'one');
    const second = await storeOf().compareAndSet('k', bytes('two'), first);
    expect(second).toBeGreaterThan(first);
    expect(await storeOf().compareAndSet('k', bytes('three'), first)).toBeUndefined();
    expect(text((await storeOf().get('k'))?.value)).toBe('two');
  });

  test('a write to an absent key with a revision changes nothing', async () => {
    expect(await storeOf().compareAndSet('k', bytes('one'), 7)).toBeUndefined();
    expect(await storeOf().get('k')).toBeUndefined();
  });

  test('a delete needs the current revision', async () => {
    const first = await create('k', 'one');
    const second = await storeOf().compareAndSet('k', bytes('two'), first);
    expect(await storeOf().delete('k', first)).toBe(false);
    expect(await storeOf().delete('k', second ?? 0)).toBe(true);
    expect(await storeOf().get('k')).toBeUndefined();
    expect(await storeOf().delete('k', second ?? 0)).toBe(false);
  });

  test('a key that is made again has a higher revision than before', async () => {
    const first = await create('k', 'one');
    await storeOf().delete('k', first);
    const second = await create('k', 'one');
    expect(second).toBeGreaterThan(first);
    expect(await storeOf().compareAndSet('k', bytes('two'), first)).toBeUndefined();
  });
}

function describeRaces(storeOf: () => MetaStore, create: Create): void {
  test('of many writers with one revision exactly one wins', async () => {
    const first = await create('k', 'start');
    const writes = Array.from({ length: 20 }, (_, i) =>
      storeOf().compareAndSet('k', bytes(`writer ${i}`), first),
    );
    const won = (await Promise.all(writes)).flatMap((revision, i) =>
      revision === undefined ? [] : [{ revision, i }],
    );
    expect(won).toHaveLength(1);
    const entry = await storeOf().get('k');
    expect(entry?.revision).toBe(won[0]?.revision);
    expect(text(entry?.value)).toBe(`writer ${won[0]?.i}`);
  });

  test('concurrent compare-and-set loops lose no update', async () => {
    await create('counter', '0');
    const add = async (): Promise<void> => {
      for (let done = false; !done;) {
        const entry = await storeOf().get('counter');
        const next = bytes(String(Number(text(entry?.value)) + 1));
        done = (await storeOf().compareAndSet('counter', next, entry?.revision ?? 0)) !== undefined;
      }
    };
    await Promise.all(Array.from({ length: 10 }, add));
    expect(text((await storeOf().get('counter'))?.value)).toBe('10');
  });
}

function describeBounds(storeOf: () => MetaStore, create: Create): void {
  test('empty values and values of the largest size are kept, larger ones refused', async () => {
    const largest = new Uint8Array(1024 * 1024).map((_, i) => i % 251);
    expect(await storeOf().compareAndSet('empty', new Uint8Array(), ABSENT)).toBeGreaterThan(0);
    expect(await storeOf().compareAndSet('largest', largest, ABSENT)).toBeGreaterThan(0);
    expect((await storeOf().get('empty'))?.value).toHaveLength(0);
    expect((await storeOf().get('largest'))?.value).toEqual(largest);
    await expect(
      storeOf().compareAndSet('larger', new Uint8Array(largest.length + 1), ABSENT),
    ).rejects.toMatchObject({ code: 'MetaValueTooLarge' });
  });

  test('neither the caller’s buffer nor the one given back is the stored one', async () => {
    const value = bytes('one');
    await storeOf().compareAndSet('k', value, ABSENT);
    value.fill(0);
    (await storeOf().get('k'))?.value.fill(0);
    (await storeOf().list('k', { limit: 1 }))[0]?.value.fill(0);
    expect(text((await storeOf().get('k'))?.value)).toBe('one');
  });

  test.each(['', '/a', 'a/', '.a', 'a.', 'a b', 'ä', 'a'.repeat(513)])(
    'the key %j is refused',
    async (key) => {
      await expect(storeOf().get(key)).rejects.toThrow('bad meta key');
      await expect(storeOf().compareAndSet(key, bytes('x'), ABSENT)).rejects.toThrow(
        'bad meta key',
      );
    },
  );

  test('keys with every allowed character and of the largest length are kept', async () => {
    const keys = ['AZaz09_-=./x', `k/${'a'.repeat(510)}`];
    for (const key of keys) await create(key, key);
    for (const key of keys) expect(text((await storeOf().get(key))?.value)).toBe(key);
  });
}

function describeLists(storeOf: () => MetaStore, create: Create): void {
  const keysOf = async (
    prefix: string,
    options: { readonly after?: string; readonly limit: number },
  ): Promise<readonly string[]> =>
    (await storeOf().list(prefix, options)).map((entry) => entry.key);

  test('a list holds the keys under the prefix in byte order', async () => {
    for (const key of ['p/b', 'p/a', 'p/B', 'p/a/x', 'p/a-x', 'q/a', 'p', 'p-/a'])
      await create(key, key);
    expect(await keysOf('p/', { limit: 100 })).toEqual(['p/B', 'p/a', 'p/a-x', 'p/a/x', 'p/b']);
    expect(await keysOf('p/a', { limit: 100 })).toEqual(['p/a', 'p/a-x', 'p/a/x']);
    expect(await keysOf('', { limit: 100 })).toHaveLength(8);
    expect(await keysOf('r', { limit: 100 })).toEqual([]);
  });

  test('a list goes on strictly after a key, whether it exists or not', async () => {
    for (const key of ['p/1', 'p/2', 'p/3', 'q/4']) await create(key, key);
    expect(await keysOf('p/', { limit: 2 })).toEqual(['p/1', 'p/2']);
    expect(await keysOf('p/', { after: 'p/2', limit: 2 })).toEqual(['p/3']);
    expect(await keysOf('p/', { after: 'p/20', limit: 2 })).toEqual(['p/3']);
    expect(await keysOf('p/', { after: 'p/3', limit: 2 })).toEqual([]);
    expect(await keysOf('p/', { after: 'a', limit: 2 })).toEqual(['p/1', 'p/2']);
  });

  test('a list carries values and revisions', async () => {
    const revision = await create('p/1', 'one');
    const [entry] = await storeOf().list('p/', { limit: 1 });
    expect(entry?.revision).toBe(revision);
    expect(text(entry?.value)).toBe('one');
  });
}

function describeWatches(storeOf: () => MetaStore, create: Create): void {
  test('a watch sees writes and deletes under its prefix, in order', async () => {
    await create('p/before', 'x');
    const changes: MetaChange[] = [];
    using _watch = storeOf().watch('p/', (change) => void changes.push(change));
    const first = await create('p/a', 'one');
    await create('q/a', 'other');
    const second = await storeOf().compareAndSet('p/a', bytes('two'), first);
    await storeOf().compareAndSet('p/a', bytes('lost'), first);
    await storeOf().delete('p/a', second ?? 0);
    await create('p/b', 'three');
    const expected = ['p/a=one', 'p/a=two', 'p/a=deleted', 'p/b=three'];
    await eventually(() => expect(seen(changes)).toEqual(expected));
    expect(changes[1]?.entry?.revision).toBe(second);
  });

  test('a disposed watch is silent', async () => {
    const changes: MetaChange[] = [];
    const others: MetaChange[] = [];
    const watch = storeOf().watch('p/', (change) => void changes.push(change));
    using _other = storeOf().watch('p/', (change) => void others.push(change));
    watch[Symbol.dispose]();
    await create('p/a', 'one');
    await eventually(() => expect(seen(others)).toEqual(['p/a=one']));
    expect(changes).toEqual([]);
  });
}

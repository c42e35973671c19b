import { expect, test } from 'vitest';
import { diskError, MemoryFiles } from './memory-files.ts';
import { SeededRandom } from './seeded-random.ts';
import type { FileHandle, Files } from './files.ts';

const filled = (count: number, byte: number): Uint8Array => new Uint8Array(count).fill(byte);

async function create(files: Files, path: string, content: Uint8Array): Promise<FileHandle> {
  const handle = await files.open(path, 'create');
  await handle.write([content], 0);
  return handle;
}

async function content(files: Files, path: string): Promise<Uint8Array> {
  const handle = await files.open(path, 'read');
  const buffer = new Uint8Array(await handle.size());
  await handle.read(buffer, 0);
  await handle.close();
  return buffer;
}

async function run(files: MemoryFiles): Promise<void> {
  const handle = await create(files, '/a', filled(10, 1));
  await handle.sync();
  await files.syncDirectory('/');
}

test('synced bytes under a synced name survive every crash; unsynced ones meet every fate', async () => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 200; seed++) {
    const files = new MemoryFiles();
    const handle = await create(files, '/a', filled(1000, 1));
    await handle.sync();
    await files.syncDirectory('/');
    await handle.write([filled(2000, 2)], 1000);
    const after = await content(files.crash(new SeededRandom(seed)), '/a');
    expect(after.subarray(0, 1000)).toEqual(filled(1000, 1));
    const tail = after.subarray(1000);
    const kept = tail.filter((byte) => byte === 2).length;
    expect(tail.every((byte) => byte === 2 || byte === 0)).toBe(true);
    if (kept === 2000) seen.add('kept');
    else if (tail.length === 0) seen.add('lost');
    else if (kept === tail.length) seen.add('cut');
    else seen.add(tail.length === 2000 ? 'holes' : 'holes and cut');
  }
  expect([...seen].sort()).toEqual(['cut', 'holes', 'holes and cut', 'kept', 'lost']);
});

test('later writes may survive where earlier ones are lost', async () => {
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 200; seed++) {
    const files = new MemoryFiles();
    const handle = await create(files, '/a', filled(1, 1));
    await files.syncDirectory('/');
    await handle.write([filled(1, 2)], 1);
    outcomes.add((await content(files.crash(new SeededRandom(seed)), '/a')).join());
  }
  expect(outcomes).toContain('0,2');
  expect(outcomes).toContain('1');
  expect(outcomes).toContain('1,2');
});

test('a synced file whose name was not synced may be gone', async () => {
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 50; seed++) {
    const files = new MemoryFiles();
    await (await create(files, '/a', filled(1, 1))).sync();
    outcomes.add((await files.crash(new SeededRandom(seed)).list('/')).join());
  }
  expect([...outcomes].sort()).toEqual(['', 'a']);
});

test('a rename survives whole or not at all', async () => {
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 50; seed++) {
    const files = new MemoryFiles();
    await (await create(files, '/new', filled(1, 2))).sync();
    await (await create(files, '/name', filled(1, 1))).sync();
    await files.syncDirectory('/');
    await files.rename('/new', '/name');
    const survivor = files.crash(new SeededRandom(seed));
    outcomes.add(
      `${(await survivor.list('/')).join()}:${(await content(survivor, '/name')).join()}`,
    );
  }
  expect([...outcomes].sort()).toEqual(['name,new:1', 'name:2']);
});

test('an unsynced removal may be undone, with the content', async () => {
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 50; seed++) {
    const files = new MemoryFiles();
    await files.makeDirectory('/d');
    await (await create(files, '/d/a', filled(1, 1))).sync();
    await files.syncDirectory('/');
    await files.syncDirectory('/d');
    await files.removeTree('/d');
    const survivor = files.crash(new SeededRandom(seed));
    const names = await survivor.list('/');
    outcomes.add(names.length === 0 ? 'gone' : `d/${(await survivor.list('/d')).join()}`);
  }
  expect([...outcomes].sort()).toEqual(['d/', 'd/a', 'gone']);
});

test('after a failed sync a later sync does not make the same bytes durable', async () => {
  const lengths = new Set<number>();
  for (let seed = 0; seed < 50; seed++) {
    const files = new MemoryFiles();
    const handle = await create(files, '/a', filled(1, 1));
    await files.syncDirectory('/');
    files.intercept(({ kind, path }) => {
      if (kind === 'sync') throw diskError('EIO', path);
    });
    await expect(handle.sync()).rejects.toMatchObject({ code: 'EIO' });
    files.intercept(undefined);
    await handle.sync();
    expect(await content(files, '/a')).toEqual(filled(1, 1));
    lengths.add((await content(files.crash(new SeededRandom(seed)), '/a')).length);
  }
  expect(lengths).toEqual(new Set([0, 1]));
});

test('a failed write leaves a half', async () => {
  const files = new MemoryFiles();
  const handle = await files.open('/a', 'create');
  files.intercept(({ path }) => {
    throw diskError('EIO', path);
  });
  await expect(handle.write([filled(10, 1)], 0)).rejects.toMatchObject({ code: 'EIO' });
  files.intercept(undefined);
  expect(await content(files, '/a')).toEqual(filled(5, 1));
});

test('a full disk takes what fits, and space comes back with a removal', async () => {
  const files = new MemoryFiles();
  await create(files, '/old', filled(60, 1));
  const handle = await files.open('/a', 'create');
  files.setCapacity(100);
  await expect(handle.write([filled(50, 1)], 0)).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(await handle.size()).toBe(40);
  await expect(files.open('/b', 'create')).rejects.toMatchObject({ code: 'ENOSPC' });
  await handle.write([filled(10, 2)], 0);
  await files.remove('/old');
  await handle.write([filled(50, 1)], 40);
  expect(files.usedBytes).toBe(90);
});

test('the change at which power is lost never reports success, and nothing works after it', async () => {
  const whole = new MemoryFiles();
  await run(whole);
  expect(whole.operationCount).toBe(4);
  for (let number = 1; number <= 4; number++) {
    const files = new MemoryFiles();
    files.losePowerAt(number);
    await expect(run(files)).rejects.toMatchObject({ code: 'EPOWER' });
    await expect(files.list('/')).rejects.toMatchObject({ code: 'EPOWER' });
    const survivor = files.crash(new SeededRandom(number));
    for (const name of await survivor.list('/')) expect(name).toBe('a');
  }
});

test('a corrupted byte is read and stays after a crash', async () => {
  const files = new MemoryFiles();
  const handle = await create(files, '/a', filled(3, 1));
  await handle.sync();
  await files.syncDirectory('/');
  files.corrupt('/a', 1, 0x80);
  expect(await content(files, '/a')).toEqual(Uint8Array.of(1, 0x81, 1));
  expect(await content(files.crash(new SeededRandom(1)), '/a')).toEqual(Uint8Array.of(1, 0x81, 1));
});

test('an interceptor can hold an operation back', async () => {
  const files = new MemoryFiles();
  const handle = await create(files, '/a', filled(1, 1));
  const { promise, resolve } = Promise.withResolvers<void>();
  files.intercept(() => promise);
  const write = handle.write([filled(1, 2)], 0);
  await new Promise((done) => setImmediate(done));
  expect(await content(files, '/a')).toEqual(filled(1, 1));
  resolve();
  await write;
  expect(await content(files, '/a')).toEqual(filled(1, 2));
});

test('a restarted process sees everything, and a loss of power later still costs what was not synced', async () => {
  const lengths = new Set<number>();
  for (let seed = 0; seed < 50; seed++) {
    const files = new MemoryFiles();
    const handle = await create(files, '/a', filled(1, 1));
    await files.syncDirectory('/');
    const next = files.restart();
    await expect(handle.size()).rejects.toMatchObject({ code: 'EPOWER' });
    expect(await content(next, '/a')).toEqual(filled(1, 1));
    lengths.add((await content(next.crash(new SeededRandom(seed)), '/a')).length);
  }
  expect(lengths).toEqual(new Set([0, 1]));
});

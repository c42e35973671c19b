/** What every implementation of `Files` must do, crashes aside. */
import { describe, expect, test } from 'vitest';
import type { Files } from './files.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

type Make = () => Promise<{ readonly files: Files; readonly directory: string }>;

/** `make` returns a file system and an empty folder of it. */
export function describeFilesContract(name: string, make: Make): void {
  describe(name, () => {
    describeContent(make);
    describeNames(make);
  });
}

function describeContent(make: Make): void {
  test('bytes written at an offset are read back; a read past the end is short', async () => {
    const { files, directory } = await make();
    const handle = await files.open(`${directory}/a`, 'create');
    await handle.write([bytes('hello '), bytes(''), bytes('world')], 0);
    await handle.write([bytes('W')], 6);
    const buffer = new Uint8Array(20);
    expect(await handle.read(buffer, 0)).toBe(11);
    expect(buffer.subarray(0, 11)).toEqual(bytes('hello World'));
    expect(await handle.read(buffer, 11)).toBe(0);
    expect(await handle.read(buffer.subarray(0, 3), 2)).toBe(3);
    expect(await handle.size()).toBe(11);
    await handle.sync();
    await handle.close();
    expect(await files.stat(`${directory}/a`)).toMatchObject({
      sizeBytes: 11,
      isDirectory: false,
    });
  });

  test('a write of more buffers than a system call takes is whole', async () => {
    const { files, directory } = await make();
    const handle = await files.open(`${directory}/a`, 'create');
    const buffers = Array.from({ length: 2500 }, (_, index) => bytes(String(index)));
    await handle.write(buffers, 3);
    const expected = Buffer.concat(buffers);
    const buffer = new Uint8Array(expected.length);
    expect(await handle.read(buffer, 3)).toBe(expected.length);
    expect(Buffer.from(buffer).equals(expected)).toBe(true);
    await handle.close();
  });

  test('truncate cuts, and growing again reads as zeros', async () => {
    const { files, directory } = await make();
    const handle = await files.open(`${directory}/a`, 'create');
    await handle.write([bytes('abcdef')], 0);
    await handle.truncate(2);
    expect(await handle.size()).toBe(2);
    await handle.write([bytes('z')], 4);
    const buffer = new Uint8Array(5);
    await handle.read(buffer, 0);
    expect(buffer).toEqual(bytes('ab\0\0z'));
    await handle.close();
  });
}

function describeNames(make: Make): void {
  test('open fails as Node does', async () => {
    const { files, directory } = await make();
    await expect(files.open(`${directory}/a`, 'read')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(files.open(`${directory}/a`, 'readwrite')).rejects.toMatchObject({
      code: 'ENOENT',
    });
    const handle = await files.open(`${directory}/a`, 'create');
    await expect(files.open(`${directory}/a`, 'create')).rejects.toMatchObject({
      code: 'EEXIST',
    });
    const reader = await files.open(`${directory}/a`, 'read');
    await expect(reader.write([bytes('x')], 0)).rejects.toMatchObject({ code: 'EBADF' });
    await reader.close();
    await handle.close();
    await expect(handle.read(new Uint8Array(1), 0)).rejects.toMatchObject({ code: 'EBADF' });
  });

  test('folders list sorted, nest, and go away whole', async () => {
    const { files, directory } = await make();
    await expect(files.list(`${directory}/d`)).rejects.toMatchObject({ code: 'ENOENT' });
    await files.makeDirectory(`${directory}/d/e`);
    await files.makeDirectory(`${directory}/d/e`);
    for (const name of ['b', 'a', 'B'])
      await (await files.open(`${directory}/d/e/${name}`, 'create')).close();
    await files.syncDirectory(`${directory}/d/e`);
    expect(await files.list(`${directory}/d/e`)).toEqual(['B', 'a', 'b']);
    expect(await files.stat(`${directory}/d`)).toMatchObject({ isDirectory: true });
    await files.removeTree(`${directory}/d`);
    await files.removeTree(`${directory}/d`);
    expect(await files.list(directory)).toEqual([]);
  });

  test('rename replaces its target; remove takes the name and leaves open handles', async () => {
    const { files, directory } = await make();
    for (const name of ['a', 'b']) {
      const handle = await files.open(`${directory}/${name}`, 'create');
      await handle.write([bytes(name)], 0);
      await handle.close();
    }
    await files.rename(`${directory}/a`, `${directory}/b`);
    expect(await files.list(directory)).toEqual(['b']);
    const handle = await files.open(`${directory}/b`, 'readwrite');
    await files.remove(`${directory}/b`);
    await expect(files.remove(`${directory}/b`)).rejects.toMatchObject({ code: 'ENOENT' });
    const buffer = new Uint8Array(1);
    await handle.read(buffer, 0);
    expect(buffer).toEqual(bytes('a'));
    await handle.close();
    await expect(files.rename(`${directory}/x`, `${directory}/y`)).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });
}

import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RealClock } from '#platform/real-clock.ts';
import { RealFiles } from '#platform/real-files.ts';
import { SeededRandom } from '#platform/seeded-random.ts';
import { openDataDirectory } from './data-directory.ts';
import { loadRootKey, type RootKey } from './root-key.ts';

const files = new RealFiles();
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-data-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

function load(accessKeyId?: string, accessKeySecret?: string): Promise<RootKey> {
  return loadRootKey(
    { accessKeyId, accessKeySecret, dataDirectory: directory },
    { files, clock: new RealClock(), random: new SeededRandom(1) },
  );
}

describe('a data directory', () => {
  it('is made with its version, and opened again', async () => {
    const path = join(directory, 'new', 'data');
    for (let round = 0; round < 2; round++) {
      await using data = await openDataDirectory(path, files);
      expect(JSON.parse(await readFile(join(data.path, 'version.json'), 'utf8'))).toEqual({
        format: 'sluice data directory',
        version: 1,
      });
    }
  });

  it('belongs to one server at a time', async () => {
    await using _first = await openDataDirectory(directory, files);
    await expect(openDataDirectory(directory, files)).rejects.toMatchObject({
      code: 'DataDirectoryInUse',
      message: expect.stringContaining(`in use by process ${process.pid}`),
    });
  });

  it('is free again after what a killed server left behind', async () => {
    await writeFile(join(directory, 'server.lock'), '');
    await writeFile(join(directory, 'server.pid'), '1\n');
    await writeFile(join(directory, 'version.json.tmp'), 'torn');
    await using data = await openDataDirectory(directory, files);
    expect(await readFile(join(data.path, 'server.pid'), 'utf8')).toBe(`${process.pid}\n`);
  });

  it('of a newer server or another program is refused, and stays unlocked', async () => {
    for (const text of ['{"format":"sluice data directory","version":2}', '{"version":1}', 'x']) {
      await writeFile(join(directory, 'version.json'), text);
      await expect(openDataDirectory(directory, files)).rejects.toMatchObject({
        code: 'DataDirectoryInvalid',
      });
    }
    await rm(join(directory, 'version.json'));
    await using data = await openDataDirectory(directory, files);
    expect(data.path).toContain('sluice-data-');
  });
});

describe('the root key', () => {
  it('is made once, readable by its owner only', async () => {
    const made = await load();
    expect(made.isNew).toBe(true);
    expect(made.accessKeyId).toMatch(/^SLUICE[0-9A-F]{18}$/);
    expect(made.accessKeySecret).toMatch(/^[\w-]{40}$/);
    expect((await stat(join(directory, 'root-key.json'))).mode & 0o777).toBe(0o600);
    expect(await load()).toEqual({ ...made, isNew: false });
  });

  it('of the environment is used and not written down', async () => {
    expect(await load('someKey', 'someSecret')).toEqual({
      accessKeyId: 'someKey',
      accessKeySecret: 'someSecret',
      isNew: false,
    });
    expect(await files.list(directory)).toEqual([]);
    await expect(load('someKey')).rejects.toMatchObject({ code: 'ConfigInvalid' });
  });

  it('that cannot be read stops the start without showing it', async () => {
    await writeFile(join(directory, 'root-key.json'), '{"accessKeySecret":"top secret",');
    await expect(load()).rejects.toThrow(/^cannot read .*root-key\.json$/);
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findAccessKey } from './access-key.ts';

const NOTHING = { accessKeyId: undefined, accessKeySecret: undefined, dataDirectory: undefined };

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-cli-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

it('the given key comes before the one of the data directory', async () => {
  await writeFile(
    join(directory, 'root-key.json'),
    '{"accessKeyId":"root","accessKeySecret":"kept","createTime":"now"}',
  );
  const given = { accessKeyId: 'id', accessKeySecret: 'secret' };
  expect(await findAccessKey({ ...given, dataDirectory: directory })).toEqual(given);
  expect(await findAccessKey({ ...NOTHING, dataDirectory: directory })).toEqual({
    accessKeyId: 'root',
    accessKeySecret: 'kept',
  });
});

it('without any key the error says where to put one', async () => {
  await expect(findAccessKey(NOTHING)).rejects.toThrow('set SLUICE_ACCESS_KEY_ID and');
  await expect(findAccessKey({ ...NOTHING, accessKeyId: 'id' })).rejects.toThrow(
    'half of the access key is missing: set SLUICE_ACCESS_KEY_SECRET',
  );
  await expect(findAccessKey({ ...NOTHING, accessKeySecret: 's' })).rejects.toThrow(
    'half of the access key is missing: set SLUICE_ACCESS_KEY_ID',
  );
  await expect(findAccessKey({ ...NOTHING, dataDirectory: directory })).rejects.toThrow(
    'the server got its key from the environment',
  );
});

it('a damaged key file is an error that does not repeat it', async () => {
  for (const text of [
    '{"accessKeyId":"root","accessKeySecret":s3cret',
    '{"accessKeyId":"s3cret"}',
  ]) {
    await writeFile(join(directory, 'root-key.json'), text);
    const failure = findAccessKey({ ...NOTHING, dataDirectory: directory });
    await expect(failure).rejects.toMatchObject({ code: 'AccessKeyInvalid' });
    await expect(failure).rejects.not.toThrow('s3cret');
  }
});

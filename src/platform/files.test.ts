import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { describeFilesContract } from './files.contract.ts';
import { MemoryFiles } from './memory-files.ts';
import { RealFiles } from './real-files.ts';

const made: string[] = [];

afterAll(async () => {
  for (const directory of made) await rm(directory, { recursive: true });
});

describeFilesContract('memory files', async () => {
  const files = new MemoryFiles();
  await files.makeDirectory('/data');
  return { files, directory: '/data' };
});

describeFilesContract('real files', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-files-'));
  made.push(directory);
  return { files: new RealFiles(), directory };
});

import { mkdtemp, readdir, readFile, rm, writeFile as put } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MemoryFiles } from '#platform/memory-files.ts';
import { RealFiles } from '#platform/real-files.ts';
import { writeFile } from './write-file.ts';

let directory = '';

function* brokenPieces(): Generator<Uint8Array> {
  yield Uint8Array.of(1);
  throw new Error('broken piece');
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-write-'));
});

afterEach(() => rm(directory, { recursive: true }));

test('replaces an earlier file and what a crash left over', async () => {
  const path = join(directory, 'a');
  await put(path, 'old');
  await put(`${path}.tmp`, 'left over');
  expect(await writeFile(new RealFiles(), path, [Uint8Array.of(65), Uint8Array.of(66, 67)])).toBe(
    3,
  );
  expect(await readFile(path, 'utf8')).toBe('ABC');
  expect(await readdir(directory)).toEqual(['a']);
});

test('leaves nothing when a piece fails', async () => {
  const path = join(directory, 'a');
  await expect(writeFile(new RealFiles(), path, brokenPieces())).rejects.toThrow('broken piece');
  expect(await readdir(directory)).toEqual([]);
});

test('syncs what is stored, and does not wait for the disk for what is local', async () => {
  const changes: string[] = [];
  const files = new MemoryFiles();
  await files.makeDirectory('/d');
  files.intercept(({ kind }) => void changes.push(kind));
  await writeFile(files, '/d/a', [Uint8Array.of(1)], 'local');
  expect(changes).not.toContain('sync');
  await writeFile(files, '/d/b', [Uint8Array.of(1)], 'stored');
  expect(changes).toContain('sync');
});

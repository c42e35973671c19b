/** Where a reader can be set to, and what it makes of the bytes around that place. Over real files. */
import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { must } from '#base/assert.ts';
import { lookAt } from './discovery.ts';
import { FileReader, type LineBatch } from './file-reader.ts';
import { NO_HEAD } from './file-signature.ts';
import { CHUNK_BYTES } from './limits.ts';

const KEY = '0123456789abcdef'.repeat(2);
let directory: string;
let path: string;
let reader: FileReader | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-reader-'));
  path = join(directory, 'a.log');
});

afterEach(async () => {
  await reader?.close();
  await rm(directory, { recursive: true, force: true });
});

async function openAt(offset: number): Promise<FileReader> {
  await reader?.close();
  const facts = must(await lookAt(path), 'the file is there');
  const start = {
    facts,
    name: path,
    offset,
    head: NO_HEAD,
    tailHash: undefined,
    checkBinary: false,
  };
  reader = new FileReader({ ...start, writerKey: KEY }, 0);
  await reader.open();
  return reader;
}

async function take(from: FileReader, batchLogs = 100): Promise<LineBatch> {
  const result = await from.next({ batchBytes: CHUNK_BYTES, batchLogs, flush: true });
  if (result.kind !== 'lines') throw new Error(`expected lines, got ${result.kind}`);
  return result;
}

const textOf = (batch: LineBatch): string[] =>
  batch.lines.map((line) => Buffer.from(line).toString());

describe('set to where the server is', () => {
  test('it reads on from there, forward of what was acknowledged and inside what was taken', async () => {
    await writeFile(path, 'one\ntwo\nthree\nfour\n');
    const file = await openAt(0);
    file.acknowledge(await take(file, 1));
    expect(textOf(await take(file))).toEqual(['two', 'three', 'four']);
    expect(await file.resumeAt(8)).toBe(true);
    expect([file.ackedOffset, file.readOffset, file.inFlightBytes]).toEqual([8, 8, 0]);
    expect(textOf(await take(file))).toEqual(['three', 'four']);
  });

  test('it never goes back behind what was acknowledged', async () => {
    await writeFile(path, 'one\ntwo\n');
    const file = await openAt(0);
    file.acknowledge(await take(file, 1));
    expect(await file.resumeAt(2)).toBe(true);
    expect(textOf(await take(file))).toEqual(['two']);
  });

  test('a file that is too short is another: a new writer sends what is not acknowledged', async () => {
    await writeFile(path, 'one\ntwo\n');
    const file = await openAt(0);
    file.acknowledge(await take(file, 1));
    expect(await file.resumeAt(9)).toBe(false);
    file.becomeWriter('f'.repeat(32));
    expect([file.writerKey, file.durableHeadBytes]).toEqual(['f'.repeat(32), -1]);
    expect(textOf(await take(file))).toEqual(['two']);
  });

  test('after a line that was flushed without its newline the late newline adds nothing', async () => {
    await writeFile(path, 'one\nhalf');
    const file = await openAt(0);
    await take(file);
    await appendFile(path, '\nnext\n');
    await file.refresh(1);
    expect(await file.resumeAt(8)).toBe(true);
    const batch = await take(file);
    expect([batch.start, textOf(batch)]).toEqual([9, ['next']]);
  });

  test('the pieces of a cut line go on counting wherever it was set to', async () => {
    const long = `x${'é'.repeat(CHUNK_BYTES)}yz`;
    await writeFile(path, `short\n${long}\nlast\n`);
    const file = await openAt(0);
    const parts: LineBatch[] = [];
    for (let batch = await take(file); ; batch = await take(file)) {
      parts.push(batch);
      if (textOf(batch).includes('last')) break;
    }
    const numbers = parts.map((batch) => batch.part);
    expect(numbers.filter((part) => part !== undefined).length).toBeGreaterThan(2);
    for (const [index, batch] of parts.entries()) {
      const again = await openAt(batch.start);
      expect((await take(again)).part).toBe(numbers[index]);
      await again.resumeAt(batch.end);
      if (index + 1 < parts.length) expect((await take(again)).part).toBe(numbers[index + 1]);
    }
  });

  test('content that changed under it is seen at the next read', async () => {
    await writeFile(path, `${'a'.repeat(50)}\n${'b'.repeat(50)}\n`);
    const file = await openAt(0);
    file.acknowledge(await take(file, 1));
    expect(await file.resumeAt(102)).toBe(true);
    await truncate(path, 0);
    await writeFile(path, `${'c'.repeat(200)}\n`);
    await file.refresh(1);
    const result = await file.next({ batchBytes: CHUNK_BYTES, batchLogs: 9, flush: true });
    expect(result.kind).toBe('changed');
  });
});

import { describe, expect, test } from 'vitest';
import { MemoryFiles } from '#platform/memory-files.ts';
import { AckLog, mergeAcks, parseAcks } from './ack-log.ts';
import type { CheckpointEntry } from './checkpoint.ts';

const entry = (path: string, offset: number): CheckpointEntry => ({
  input: 'web',
  path,
  name: path,
  dev: '1',
  inode: '2',
  birthNs: '3',
  modifiedNs: '4',
  offset,
  headBytes: 0,
  headHash: '',
  tailHash: '',
  writerKey: '0'.repeat(32),
});

async function makeFiles(): Promise<MemoryFiles> {
  const files = new MemoryFiles();
  await files.makeDirectory('/s');
  return files;
}

describe('acknowledgements', () => {
  test('survive the process, from the number of the checkpoint on', async () => {
    const files = await makeFiles();
    const log = new AckLog({ directory: '/s' }, { files });
    expect(await log.load(0)).toEqual([]);
    expect(await log.begin()).toBe(1);
    await log.append(entry('/a', 1));
    expect(await log.begin()).toBe(2);
    await Promise.all([log.append(entry('/a', 2)), log.append(entry('/a', 3))]);
    const left = files.restart();
    const next = new AckLog({ directory: '/s' }, { files: left });
    expect(await next.load(2)).toEqual([entry('/a', 2), entry('/a', 3)]);
    expect(await next.load(1)).toEqual([1, 2, 3].map((offset) => entry('/a', offset)));
    expect(await next.begin()).toBe(3);
  });

  test('the file of the checkpoint before is kept, older ones go', async () => {
    const files = await makeFiles();
    const log = new AckLog({ directory: '/s' }, { files });
    for (let number = 1; number <= 4; number++) await log.forget(await log.begin());
    expect(await files.list('/s')).toEqual(['acks.3', 'acks.4']);
    await log.close();
  });

  test('reading ends at a torn or changed line', async () => {
    const files = await makeFiles();
    const log = new AckLog({ directory: '/s' }, { files });
    await log.begin();
    await log.append(entry('/a', 1));
    await log.append(entry('/a', 2));
    await log.close();
    const handle = await files.open('/s/acks.1', 'read');
    const good = new Uint8Array(await handle.size());
    await handle.read(good, 0);
    for (let length = 0; length < good.length; length++)
      expect(parseAcks(good.subarray(0, length)).length).toBe(length < good.length / 2 ? 0 : 1);
    for (let index = 0; index < good.length; index++) {
      const bad = good.slice();
      bad[index] = (bad[index] ?? 0) ^ 0x02;
      // A byte in front of the JSON of a line is a separator whatever it is.
      const separators = [16, good.length / 2 + 16];
      const valid = separators.includes(index) ? 2 : index < good.length / 2 ? 0 : 1;
      expect([index, parseAcks(bad).length]).toEqual([index, valid]);
    }
  });

  test('later ones replace earlier ones of the same file, unknown files come last', () => {
    const merged = mergeAcks([entry('/a', 1), entry('/b', 1)], [entry('/c', 5), entry('/a', 9)]);
    expect(merged).toEqual([entry('/a', 9), entry('/b', 1), entry('/c', 5)]);
  });
});

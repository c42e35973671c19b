import { describe, expect, test } from 'vitest';
import { MemoryFiles } from '#platform/memory-files.ts';
import { SeededRandom } from '#platform/seeded-random.ts';
import {
  CheckpointStore,
  decodeCheckpoint,
  encodeCheckpoint,
  type Checkpoint,
} from './checkpoint.ts';

const make = (offset: number): Checkpoint => ({
  savedMs: 1_800_000_000_000,
  inputs: ['web'],
  acks: 5,
  entries: [
    {
      input: 'web',
      path: '/l/a.log',
      name: '/l/a.log.1',
      dev: '18446744073709551615',
      inode: '9007199254740993',
      birthNs: '1',
      modifiedNs: '2',
      offset,
      headBytes: 1024,
      headHash: '0123456789abcdef',
      writerKey: '0123456789abcdef'.repeat(2),
      tailHash: '',
    },
  ],
});

describe('codec', () => {
  test('what is written is read, 64-bit numbers included', () => {
    expect(decodeCheckpoint(encodeCheckpoint(make(7)))).toEqual(make(7));
  });

  test('unknown members are ignored', () => {
    const later = { ...make(1), more: { than: 'we know' } };
    expect(decodeCheckpoint(encodeCheckpoint(later))).toEqual(make(1));
  });

  test('a changed or missing byte is never read as a checkpoint', () => {
    const good = encodeCheckpoint(make(1));
    for (let index = 0; index < good.length; index++) {
      const bad = good.slice();
      bad[index] = (bad[index] ?? 0) ^ 0x01;
      expect(() => decodeCheckpoint(bad)).toThrow(
        expect.objectContaining({ code: 'CheckpointInvalid' }),
      );
      expect(() => decodeCheckpoint(good.slice(0, index))).toThrow('');
    }
  });

  test('a newer version is refused', () => {
    const text = Buffer.from(encodeCheckpoint(make(1)))
      .toString()
      .replace('checkpoint 1 ', 'checkpoint 2 ');
    expect(() => decodeCheckpoint(Buffer.from(text))).toThrow('newer version');
  });
});

describe('store', () => {
  test('a crash at any operation leaves the one before or this one', async () => {
    let finished = false;
    for (let crashAt = 0; !finished; crashAt++)
      for (let seed = 0; seed < 20; seed++) {
        const files = new MemoryFiles();
        await files.makeDirectory('/state');
        await files.syncDirectory('/');
        const store = new CheckpointStore({ directory: '/state' }, { files });
        await store.save(make(1));
        await store.save(make(2));
        let count = 0;
        files.intercept(() => {
          if (count++ >= crashAt) throw new Error('power cut');
        });
        finished = await store.save(make(3)).then(
          () => true,
          () => false,
        );
        files.intercept(undefined);
        const left = files.crash(new SeededRandom(seed));
        const loaded = await new CheckpointStore({ directory: '/state' }, { files: left }).load();
        const offset = loaded.kind === 'loaded' ? loaded.checkpoint.entries[0]?.offset : undefined;
        expect(finished ? [3] : [2, 3]).toContain(offset);
      }
  });

  test('an absent checkpoint is told from a damaged one', async () => {
    const files = new MemoryFiles();
    await files.makeDirectory('/state');
    const store = new CheckpointStore({ directory: '/state' }, { files });
    expect(await store.load()).toEqual({ kind: 'absent' });
    const handle = await files.open('/state/checkpoint', 'create');
    await handle.write([new Uint8Array(10)], 0);
    await handle.close();
    expect(await store.load()).toEqual({ kind: 'damaged' });
  });
});

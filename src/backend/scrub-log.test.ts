import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ShardKey } from '#loghub/shard-log.ts';
import { BackendWorld } from './backend-world.ts';
import { decodeHead, encodeHead } from './manifest-codec.ts';

/** 10 kB: seven groups fill a file of the log. */
const TEXT = 'x'.repeat(10_000);

let world: BackendWorld;
let shard: ShardKey;
let folder: string;

beforeEach(async () => {
  world = await BackendWorld.open();
  const { id: logstoreId } = await world.provision();
  shard = { logstoreId, shardId: 0 };
  folder = `data/wal/${logstoreId}/0`;
});

afterEach(async () => {
  await world.close();
});

async function commitGroups(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await world.append(shard, 1, { textOf: () => TEXT });
  await world.backend.flush(shard.logstoreId);
}

async function walNames(): Promise<readonly string[]> {
  return (await world.files.list(folder)).filter((name) => name.endsWith('.wal'));
}

async function removeSparse(): Promise<void> {
  for (const name of await world.files.list(folder))
    if (name.endsWith('.sparse')) await world.files.remove(`${folder}/${name}`);
}

async function reopen(change: () => Promise<void> | void): Promise<void> {
  await world.close();
  await change();
  world = await BackendWorld.open(world.options, world);
}

async function found(): Promise<readonly (readonly [string, string, string])[]> {
  const { findings } = await world.backend.scrub({ repair: true });
  return findings.map(({ kind, file, what }) => [kind, file, what]);
}

test('the header of a file of the log', async () => {
  await commitGroups(20);
  const [, name = ''] = await walNames();
  await reopen(() => world.files.corrupt(`${folder}/${name}`, 20));
  const what = 'the header of the file is damaged, its records are not';
  expect(await found()).toEqual([['wal', `wal/${shard.logstoreId}/0/${name}`, what]]);
});

test('a file of the log that was removed', async () => {
  await commitGroups(20);
  const [name = ''] = await walNames();
  await reopen(() => world.files.remove(`${folder}/${name}`));
  const file = `wal/${shard.logstoreId}/0/${name}`;
  expect(await found()).toEqual([['wal', file, 'the file is missing']]);
  expect((await world.search(shard.logstoreId)).rowCount).toBe(20);
});

test('files of the log that left no trace but the segments', async () => {
  await commitGroups(7);
  await commitGroups(13);
  const [first = '', second = ''] = await walNames();
  await reopen(async () => {
    await removeSparse();
    await world.files.remove(`${folder}/${first}`);
  });
  const next = Number.parseInt(second, 10);
  const what = `records before sequence ${next} are missing, segments have them`;
  expect(await found()).toEqual([['wal', `wal/${shard.logstoreId}/0`, what]]);
});

test('a log that lost its end, which gets new logs that are found all the same', async () => {
  await commitGroups(20);
  const names = await walNames();
  await reopen(async () => {
    await removeSparse();
    await world.files.remove(`${folder}/${names.at(-1)}`);
  });
  const from = Number.parseInt(names.at(-1) ?? '', 10);
  const what = `records from sequence ${from} on are missing, segments have them`;
  expect(await found()).toEqual([['wal', `wal/${shard.logstoreId}/0`, what]]);
  expect(await world.append(shard, 2)).toBe(from);
  expect((await world.search(shard.logstoreId)).rowCount).toBe(22);
  await world.backend.flush(shard.logstoreId);
  world = await world.reopen();
  expect((await world.search(shard.logstoreId)).rowCount).toBe(22);
});

test('a digit of a manifest that changed', async () => {
  await commitGroups(3);
  const key = `manifest/${shard.logstoreId}/0/head`;
  await reopen(async () => {
    const entry = await world.metaStore.get(key);
    const text = Buffer.from(entry?.value ?? []).toString();
    const changed = text.replace('"nextSequence":4', '"nextSequence":2');
    expect(changed).not.toBe(text);
    await world.metaStore.compareAndSet(key, Buffer.from(changed), entry?.revision ?? 0);
  });
  expect(await found()).toEqual([['manifest', key, 'checksum of a manifest is wrong']]);
});

test('a manifest that is ahead of its log does not keep new logs from being found', async () => {
  await commitGroups(3);
  const key = `manifest/${shard.logstoreId}/0/head`;
  await reopen(async () => {
    const entry = await world.metaStore.get(key);
    const head = decodeHead(key, entry?.value ?? new Uint8Array(0));
    const ahead = encodeHead({ ...head, nextSequence: 900 });
    await world.metaStore.compareAndSet(key, ahead, entry?.revision ?? 0);
  });
  await world.append(shard, 2);
  expect((await world.search(shard.logstoreId)).rowCount).toBe(5);
});

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KIB } from '#base/units.ts';
import type { ShardKey } from '#loghub/shard-log.ts';
import { encodeLogGroup, type LogGroup } from '#protocol/log-group.ts';
import type { LogRow } from '#segment/log-row.ts';
import { ALL_TIME, BackendWorld } from './backend-world.ts';

const TIME = 1_800_000_000;

let world: BackendWorld;
let shard: ShardKey;

beforeEach(async () => {
  world = await BackendWorld.open({ sealBytes: 4 * KIB });
  const { id: logstoreId } = await world.provision({ appendMeta: true });
  shard = { logstoreId, shardId: 0 };
});

afterEach(async () => {
  await world.close();
});

async function appendGroup(group: LogGroup<string | Uint8Array>): Promise<void> {
  const payload = encodeLogGroup(group);
  await world.shardLog.append(shard, [
    {
      compression: 'none',
      payload,
      rawBytes: payload.length,
      logCount: group.logs.length,
      receiveTimeMs: world.clock.nowMs(),
      clientAddress: '10.0.0.1',
    },
  ]);
}

/** Groups whose logs mix in time, with all that a log can have. */
async function appendGroups(count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    await appendGroup({
      topic: n % 3 === 0 ? '' : `topic ${n % 3}`,
      source: `10.1.1.${n % 4}`,
      tags: n % 2 === 0 ? [] : [{ key: 'host', value: `web-${n}` }],
      logs: Array.from({ length: 10 }, (_, i) => ({
        time: TIME + i,
        timeNs: i % 3 === 0 ? n * 1000 : 0,
        contents: [
          { key: 'text', value: `group${n} log${n}x${i}` },
          { key: 'Text', value: 'names differ by case only' },
          { key: 'status', value: String(200 + (i % 5)) },
          { key: 'rowid', value: `é"\\ ${i}` },
          { key: 'bytes', value: Uint8Array.of(0xff, 0x00, 0x41 + i) },
          { key: 'empty', value: '' },
          ...(i % 4 === 0 ? [{ key: `only ${n}`, value: 'seldom' }] : []),
        ],
      })),
    });
  }
  await world.backend.flush(shard.logstoreId);
}

async function keyOf(extension: 'idx' | 'parquet'): Promise<string> {
  const keys = await world.blobStore.list('seg/', { limit: 99 });
  return keys.find((key) => key.endsWith(`.${extension}`)) ?? '';
}

async function corrupt(extension: 'idx' | 'parquet', offset = 60): Promise<void> {
  world.files.corrupt(`data/blob/blobs/${await keyOf(extension)}`, offset);
}

/** Damages the body of a record in the middle of the log. */
async function corruptLog(): Promise<void> {
  const folder = `data/wal/${shard.logstoreId}/0`;
  const [file = ''] = (await world.files.list(folder)).filter((name) => name.endsWith('.wal'));
  const { sizeBytes } = await world.files.stat(`${folder}/${file}`);
  await world.close();
  world.files.corrupt(`${folder}/${file}`, Math.floor(sizeBytes / 2));
  world = await BackendWorld.open(world.options, world);
}

async function logs(): Promise<readonly LogRow[]> {
  await using lease = await world.backend.acquire({ logstoreId: shard.logstoreId, ...ALL_TIME });
  const found: LogRow[] = [];
  for (const reader of lease.segments)
    found.push(...(await reader.logs(Array.from({ length: reader.info.rowCount }, (_, i) => i))));
  return found;
}

async function rowsWith(field: string, term: string): Promise<number> {
  await using lease = await world.backend.acquire({ logstoreId: shard.logstoreId, ...ALL_TIME });
  let count = 0;
  for (const reader of lease.segments) count += (await reader.term(field, term))?.count() ?? 0;
  return count;
}

describe('an index that is damaged beside sound rows, while the log has damage too', () => {
  test('is built from the rows: same rows, same answers', async () => {
    await appendGroups(40);
    const before = await logs();
    const terms = [
      ['', 'log7x3'],
      ['', 'seldom'],
      ['__tag__:host', 'web-7'],
    ] as const;
    const answers = await Promise.all(terms.map(([field, term]) => rowsWith(field, term)));
    const [info] = (await world.search(shard.logstoreId)).segments;
    await corruptLog();
    await corrupt('idx');

    const { findings } = await world.backend.scrub({ repair: true });
    expect(findings.map(({ kind, repaired }) => [kind, repaired])).toEqual([
      ['wal', false],
      ['index', true],
    ]);
    expect(await logs()).toEqual(before);
    expect(before).toHaveLength(400);
    expect(await Promise.all(terms.map(([field, term]) => rowsWith(field, term)))).toEqual(answers);
    expect(answers[0]).toBe(1);
    const [after] = (await world.search(shard.logstoreId)).segments;
    const { id, minTime, maxTime, rowCount, rawBytes } = info ?? {};
    const { firstSequence, nextSequence, maxReceiveTimeMs, indexHash } = info ?? {};
    expect(after).toMatchObject({ minTime, maxTime, rowCount, rawBytes });
    expect(after).toMatchObject({ firstSequence, nextSequence, maxReceiveTimeMs, indexHash });
    expect(after?.id).not.toBe(id);
    expect(await world.files.list('data/backend/l0')).toEqual([]);
    expect(world.backend.stats()).toMatchObject({ rebuildCount: 1, damagedCount: 0 });
    // What was built is whole: another scrub has only the log to tell of.
    expect((await world.backend.scrub({ repair: false })).findings.map(({ kind }) => kind)).toEqual(
      ['wal'],
    );
  });

  test('a query that meets it waits and misses nothing', async () => {
    await appendGroups(20);
    const before = await logs();
    await corruptLog();
    const { sizeBytes } = await world.files.stat(`data/blob/blobs/${await keyOf('idx')}`);
    await corrupt('idx', sizeBytes - 30);
    expect(await logs()).toEqual(before);
  });

  test('nothing changes when the rows are damaged as well', async () => {
    await appendGroups(20);
    await corruptLog();
    await corrupt('idx');
    await corrupt('parquet');
    const keys = await world.blobStore.list('seg/', { limit: 99 });
    const { findings } = await world.backend.scrub({ repair: true });
    expect(findings.map(({ kind, repaired }) => [kind, repaired])).toEqual([
      ['wal', false],
      ['index', false],
      ['rows', false],
    ]);
    expect(await world.blobStore.list('seg/', { limit: 99 })).toEqual(keys);
    expect(world.backend.stats()).toMatchObject({ rebuildCount: 0, damagedCount: 1 });
  });

  test('what the log has left takes the place of rows that are gone', async () => {
    await appendGroups(20);
    await corruptLog();
    await world.files.remove(`data/blob/blobs/${await keyOf('parquet')}`);
    const { findings } = await world.backend.scrub({ repair: true });
    expect(findings.map(({ kind, repaired }) => [kind, repaired])).toEqual([
      ['wal', false],
      ['rows', true],
    ]);
    expect(await logs()).toHaveLength(190);
  });
});

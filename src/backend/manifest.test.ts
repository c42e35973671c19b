import { beforeEach, expect, test } from 'vitest';
import { DAY_MS } from '#base/units.ts';
import { MemoryMetaStore } from '#meta/memory/memory-meta-store.ts';
import type { SegmentInfo } from '#segment/segment.ts';
import { decodeDay, decodeHead, encodeDay, encodeHead } from './manifest-codec.ts';
import { ShardManifest } from './manifest.ts';

const SHARD = { logstoreId: 'one', shardId: 0 };
const ALL = { fromTime: 0, toTime: 0xffffffff };
const NONE_SETTLED = (): boolean => false;

let store: MemoryMetaStore;
let manifest: ShardManifest;

beforeEach(async () => {
  store = new MemoryMetaStore();
  manifest = await ShardManifest.load(store, SHARD);
});

/** Segment n holds sequence n and was received on day `day`. */
function segment(n: number, day = 20_000, id = `s${n}`): SegmentInfo {
  return {
    id,
    shardId: 0,
    firstSequence: n,
    nextSequence: n + 1,
    rowCount: 1,
    rawBytes: 10,
    minTime: 1000 + n,
    maxTime: 1000 + n,
    maxReceiveTimeMs: day * DAY_MS,
    parquetBytes: 3,
    indexBytes: 2,
  };
}

async function fill(count: number, dayOf: (n: number) => number): Promise<void> {
  for (let n = 1; n <= count; n++) await manifest.commit([segment(n, dayOf(n))], n + 1);
  await manifest.moveOld(NONE_SETTLED);
}

async function ids(of: ShardManifest = manifest): Promise<readonly string[]> {
  return (await of.all()).map(({ id }) => id).toSorted();
}

async function keys(): Promise<readonly string[]> {
  return (await store.list('', { limit: 99 })).map(({ key }) => key.split('/').at(-1) ?? '');
}

test('a commit of several segments shows them all, with the next sequence', async () => {
  await manifest.commit([segment(1), segment(2)], 3);
  expect(manifest.head.nextSequence).toBe(3);
  expect(await ids(await ShardManifest.load(store, SHARD))).toEqual(['s1', 's2']);
});

test('segments of the head are replaced in one step, in order of their sequences', async () => {
  for (let n = 1; n <= 4; n++) await manifest.commit([segment(n)], n + 1);
  const [one, two] = [segment(1), segment(2)];
  expect(await manifest.replace([one, two], [segment(1, 20_000, 'new')])).toBe(true);
  expect(manifest.head.segments.map(({ id }) => id)).toEqual(['new', 's3', 's4']);
  expect(manifest.head.nextSequence).toBe(5);
});

test('nothing is replaced when one of the segments is gone', async () => {
  await manifest.commit([segment(1)], 2);
  const { head } = manifest;
  const change = manifest.replace([segment(1), segment(2)], [segment(1, 20_000, 'new')]);
  expect(await change).toBe(false);
  expect(manifest.head).toBe(head);
});

test('segments of day records are replaced, and the rest of their records stays', async () => {
  await fill(80, (n) => 20_000 + (n % 2));
  const named = manifest.head.days.map(({ name }) => name);
  expect(named).toHaveLength(2);
  const removed = [segment(1, 20_001), segment(2, 20_000), segment(80, 20_000)];
  expect(await manifest.replace(removed, [segment(1, 20_001, 'new')])).toBe(true);
  const reopened = await ShardManifest.load(store, SHARD);
  const expected = Array.from({ length: 77 }, (_, i) => `s${i + 3}`);
  expect(await ids(reopened)).toEqual([...expected, 'new'].toSorted());
  // The old records went once the head named the new ones.
  expect((await keys()).filter((key) => named.includes(key))).toEqual([]);
  expect(reopened.head.days.map(({ segmentCount }) => segmentCount)).toEqual([31, 31]);
  expect(reopened.head.days.map(({ fileBytes }) => fileBytes)).toEqual([155, 155]);
});

test('several records of one day are replaced under names that do not meet', async () => {
  await fill(70, () => 20_000);
  const first = segment(1);
  expect(await manifest.replace([first], [])).toBe(true);
  for (let n = 71; n <= 130; n++) await manifest.commit([segment(n)], n + 1);
  await manifest.moveOld(NONE_SETTLED);
  expect(await manifest.replace([segment(2), segment(60)], [segment(2, 20_000, 'new')])).toBe(true);
  const reopened = await ShardManifest.load(store, SHARD);
  expect(await ids(reopened)).toHaveLength(128);
  const present = await keys();
  expect(present.toSorted()).toEqual(
    ['head', ...reopened.head.days.map(({ name }) => name)].sort(),
  );
});

test('a segment that a cut move left in the head and in a day record is replaced in both', async () => {
  await fill(70, () => 20_000);
  const [day] = manifest.head.days;
  const entry = await store.get(`manifest/one/0/${day?.name}`);
  const key = `manifest/one/0/${day?.name}`;
  const value = encodeDay([...decodeDay(key, entry?.value ?? new Uint8Array(0)), segment(70)]);
  await store.compareAndSet(key, value, entry?.revision ?? 0);
  expect(await manifest.replace([segment(70)], [segment(70, 20_000, 'new')])).toBe(true);
  const found = await ids(await ShardManifest.load(store, SHARD));
  expect(found).not.toContain('s70');
  expect(found).toHaveLength(70);
});

test('an old head whose day records have changed gives no segments', async () => {
  await fill(70, () => 20_000);
  const { head } = manifest;
  expect(await manifest.segmentsOf(head, ALL)).toHaveLength(70);
  await manifest.commit([segment(71)], 72);
  expect(await manifest.segmentsOf(head, ALL)).toHaveLength(70);
  await manifest.replace([segment(1)], [segment(1, 20_000, 'new')]);
  expect(await manifest.segmentsOf(head, ALL)).toBeUndefined();
  // A range that needs no day record is told all the same.
  expect(await manifest.segmentsOf(head, { fromTime: 1070, toTime: 1071 })).toHaveLength(1);
});

test('a day record that is missing although it is named is damage', async () => {
  await fill(70, () => 20_000);
  const key = `manifest/one/0/${manifest.head.days[0]?.name}`;
  await store.delete(key, (await store.get(key))?.revision ?? 0);
  const failed = manifest.segmentsOf(manifest.head, ALL);
  await expect(failed).rejects.toMatchObject({ code: 'ManifestDamaged', details: { key } });
});

test('settled segments move first, and the others stay when there is room', async () => {
  for (let n = 1; n <= 65; n++) await manifest.commit([segment(n)], n + 1);
  await manifest.moveOld(({ firstSequence }) => firstSequence % 10 !== 0);
  const left = manifest.head.segments.map(({ firstSequence }) => firstSequence);
  expect(left).toEqual([10, 20, 30, 40, ...Array.from({ length: 16 }, (_, i) => 50 + i)]);
});

test('any byte of a record that changes is damage, or changes nothing that is said', async () => {
  await fill(70, () => 20_000);
  const { head } = manifest;
  const days = encodeDay([segment(1), segment(2)]);
  for (const [bytes, decode, value] of [
    [encodeHead(head), decodeHead, head],
    [days, decodeDay, decodeDay('key', days)],
  ] as const)
    for (let at = 0; at < bytes.length; at++) {
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      let found: unknown;
      try {
        found = decode('key', changed);
      } catch (error) {
        expect(error).toMatchObject({ code: 'ManifestDamaged', details: { key: 'key' } });
        continue;
      }
      expect(found).toEqual(value);
    }
});

test('a record of an older server has no checksum and is read', () => {
  const text = '{"version":1,"nextSequence":7,"segments":[],"days":[]}';
  expect(decodeHead('key', Buffer.from(text))).toEqual({ nextSequence: 7, segments: [], days: [] });
  const written = Buffer.from(encodeHead({ nextSequence: 7, segments: [], days: [] })).toString();
  // CRC-32 of the text above, from another implementation.
  expect(written).toBe(`${text.slice(0, -1)},"crc":2273820117}`);
});

test('a manifest that is ahead of its log goes back to what is sure to be in a segment', async () => {
  await manifest.commit([segment(1), segment(2), segment(3)], 9);
  expect(await manifest.rewind({ firstSequence: 1, nextSequence: 9 })).toBe(false);
  expect(manifest.head.nextSequence).toBe(9);
  expect(await manifest.rewind({ firstSequence: 1, nextSequence: 6 })).toBe(true);
  expect(manifest.head.nextSequence).toBe(4);
  expect(await manifest.rewind({ firstSequence: 2, nextSequence: 3 })).toBe(true);
  const again = await ShardManifest.load(store, SHARD);
  expect(again.head.nextSequence).toBe(3);
  expect(await ids(again)).toEqual(['s1', 's2', 's3']);
});

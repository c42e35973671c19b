import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TAIL_LOGSTORE_SUBSCRIBERS_MAX, TAIL_SUBSCRIBERS_MAX } from '../limits.ts';
import { nextEvent, nextValues, shard, TAIL_LOGSTORE, TailFixture } from './tail-fixture.ts';

let fixture: TailFixture;
beforeEach(async () => {
  fixture = await TailFixture.create();
});
afterEach(() => fixture[Symbol.asyncDispose]());

function numbered(count: number, first = 0): { readonly n: string }[] {
  return Array.from({ length: count }, (_, i) => ({ n: String(first + i) }));
}

describe('a live tail', () => {
  it('tells what is written after it began, as GetLogs would give it', async () => {
    await fixture.write([{ n: 'before' }]);
    using tail = await fixture.subscribe();
    await fixture.write([{ n: '1', msg: 'a' }], { topic: 't' });
    const row = {
      __time__: '1700000000',
      __source__: '',
      __topic__: 't',
      n: '1',
      msg: 'a',
    };
    const event = await nextEvent(tail);
    expect(event).toEqual({ kind: 'logs', rows: [JSON.stringify(row)] });
  });

  it('gives each subscriber what he asked for, from one reader', async () => {
    using errors = await fixture.subscribe('level:error');
    using disks = await fixture.subscribe('disk not level:error');
    using topics = await fixture.subscribe('*', { topic: 'Nightly' });
    await fixture.write([
      { n: '1', level: 'ERROR', msg: 'disk full' },
      { n: '2', level: 'info', msg: 'disk ok' },
    ]);
    await fixture.write([{ n: '3', level: 'error' }], { shardId: 1, topic: 'Nightly' });
    await fixture.write([{ n: '4', msg: 'disk' }], { topic: 'nightly' });
    expect(new Set(await nextValues(errors, 'n', 2))).toEqual(new Set(['1', '3']));
    expect(await nextValues(disks, 'n', 2)).toEqual(['2', '4']);
    expect(await nextValues(topics, 'n', 1)).toEqual(['3']);
    expect([fixture.tails.readerCount, fixture.tails.subscriberCount]).toEqual([1, 3]);
  });

  it('reads each log group once for fifty subscribers, and stops with the last of them', async () => {
    const tails = await Promise.all(Array.from({ length: 50 }, () => fixture.subscribe('level:x')));
    for (let i = 0; i < 5; i++) {
      await fixture.write([{ n: String(i), level: 'x' }]);
      for (const tail of tails) expect(await nextValues(tail, 'n', 1)).toEqual([String(i)]);
    }
    expect(fixture.tails.readerCount).toBe(1);
    expect(fixture.readCount).toBe(5);
    for (const tail of tails) tail[Symbol.dispose]();
    expect([fixture.tails.readerCount, fixture.tails.subscriberCount]).toEqual([0, 0]);
    await fixture.write([{ n: 'unheard', level: 'x' }]);
    await setImmediate();
    expect(fixture.readCount).toBe(5);
    using again = await fixture.subscribe();
    await fixture.write([{ n: 'heard' }]);
    expect(await nextValues(again, 'n', 1)).toEqual(['heard']);
  });

  it('says after a while that nothing came', async () => {
    using tail = await fixture.subscribe();
    const waiting = tail.next(10_000);
    await fixture.clock.advance(9999);
    await fixture.clock.advance(1);
    expect(await waiting).toBeUndefined();
  });

  it('begins with the newest logs that match, and misses none at the seam', async () => {
    for (let i = 0; i < 40; i++)
      await fixture.write([{ n: String(i), level: i % 2 === 0 ? 'even' : 'odd' }], {
        shardId: i % 2,
      });
    const subscribing = fixture.subscribe('level:even', { backCount: 5 });
    const writing = fixture.write([{ n: '40', level: 'even' }]);
    using tail = await subscribing;
    await writing;
    await fixture.write([{ n: '42', level: 'even' }]);
    const values = await nextValues(tail, 'n', 7);
    expect(values).toEqual(['30', '32', '34', '36', '38', '40', '42']);
  });

  it('puts older logs of all shards in order of their time', async () => {
    await fixture.write(numbered(3));
    await fixture.write(numbered(3, 10), { shardId: 1 });
    using tail = await fixture.subscribe('*', { backCount: 4 });
    expect(new Set(await nextValues(tail, 'n', 4))).toEqual(new Set(['1', '2', '11', '12']));
  });

  it('adds the tags that the server adds', async () => {
    fixture.logstore = { ...TAIL_LOGSTORE, appendMeta: true };
    using tail = await fixture.subscribe('__tag__:__client_ip__:10.0.0.9');
    await fixture.write([{ n: '1' }], { clientAddress: '10.0.0.9' });
    expect(await nextValues(tail, '__tag__:__receive_time__', 1)).toEqual(['1800000000']);
  });
});

describe('a live tail of a logstore that changes', () => {
  it('follows a new shard from its beginning', async () => {
    using tail = await fixture.subscribe();
    await fixture.createShard(2);
    await fixture.write([{ n: 'first' }], { shardId: 2 });
    await setImmediate();
    fixture.logstore = { ...TAIL_LOGSTORE, shards: [shard(0), shard(1), shard(2)] };
    await fixture.write([{ n: 'second' }], { shardId: 2 });
    expect(await nextValues(tail, 'n', 2)).toEqual(['first', 'second']);
  });

  it('uses a changed index, and ends where the index no longer has what is asked for', async () => {
    using level = await fixture.subscribe('level:warn');
    using word = await fixture.subscribe('app-1');
    const { line, max_text_len } = TAIL_LOGSTORE.index!;
    fixture.logstore = {
      ...TAIL_LOGSTORE,
      index: { line: { ...line!, token: ['-'] }, max_text_len },
      indexModifyTimeMs: 2,
    };
    await fixture.clock.advance(2000);
    await fixture.write([{ n: '1', host: '1-app-x' }]);
    expect(await nextValues(word, 'n', 1)).toEqual(['1']);
    await expect(level.next(1)).rejects.toMatchObject({ code: 'ParameterInvalid' });
  });

  it('ends when the logstore is deleted', async () => {
    using tail = await fixture.subscribe();
    await fixture.write([{ n: 'last' }]);
    expect(await nextValues(tail, 'n', 1)).toEqual(['last']);
    await fixture.deleteLogstore();
    const waiting = tail.next(10_000);
    const refused = expect(waiting).rejects.toMatchObject({ code: 'LogStoreNotExist' });
    await fixture.clock.advance(2000);
    await refused;
    expect(fixture.tails.readerCount).toBe(0);
  });

  it('passes over what is no log group', async () => {
    using tail = await fixture.subscribe();
    await fixture.write([], { payload: Buffer.from('garbage'), rawBytes: 7 });
    await fixture.write([{ n: 'sound' }]);
    expect(await nextValues(tail, 'n', 1)).toEqual(['sound']);
  });

  it('ends when the server stops', async () => {
    using tail = await fixture.subscribe();
    const refused = expect(tail.next(10_000)).rejects.toMatchObject({ code: 'ServerBusy' });
    await fixture.tails[Symbol.asyncDispose]();
    await refused;
    await expect(fixture.subscribe()).rejects.toMatchObject({ code: 'ServerBusy' });
  });
});

describe('a live tail with too much', () => {
  it('drops logs of a slow subscriber alone, and says how many where they are missing', async () => {
    using slow = await fixture.subscribe();
    using quick = await fixture.subscribe();
    for (let i = 0; i < 3; i++) {
      await fixture.write(numbered(600, i * 600));
      expect((await nextValues(quick, 'n', 600)).at(-1)).toBe(String(i * 600 + 599));
      await fixture.clock.advance(1000);
    }
    expect((await nextValues(slow, 'n', 1000)).at(-1)).toBe('999');
    expect(await nextEvent(slow)).toEqual({ kind: 'dropped', reason: 'slow', count: 800 });
    await fixture.write([{ n: 'next' }]);
    expect(await nextValues(slow, 'n', 1)).toEqual(['next']);
  });

  it('gives a thousand logs a second at most', async () => {
    using tail = await fixture.subscribe();
    for (let i = 0; i < 3; i++) {
      await fixture.write(numbered(500, i * 500));
      if (i < 2) await nextValues(tail, 'n', 500);
    }
    expect(await nextEvent(tail)).toEqual({ kind: 'dropped', reason: 'rate', count: 500 });
    await fixture.clock.advance(1000);
    await fixture.write([{ n: 'next' }]);
    expect(await nextValues(tail, 'n', 1)).toEqual(['next']);
  });

  it('keeps a log that is longer than a queue may be, and nothing beside it', async () => {
    using tail = await fixture.subscribe();
    await fixture.write([{ n: 'long', msg: 'x'.repeat(3_000_000) }, { n: 'short' }]);
    expect(await nextValues(tail, 'n', 1)).toEqual(['long']);
    expect(await nextEvent(tail)).toEqual({ kind: 'dropped', reason: 'slow', count: 1 });
  });

  it('goes on with the newest log group when it has fallen behind', async () => {
    using tail = await fixture.subscribe();
    const old = { receiveTimeMs: fixture.clock.nowMs() - 60_000 };
    const writing = [1, 2, 3].map((n) => fixture.write([{ n: String(n) }], old));
    await Promise.all(writing);
    expect(await nextEvent(tail)).toEqual({ kind: 'dropped', reason: 'behind', count: 2 });
    expect(await nextValues(tail, 'n', 1)).toEqual(['3']);
  });

  it('refuses more subscribers than one logstore, and than the server may have', async () => {
    const subscribe = (id: string, count: number): Promise<Disposable[]> => {
      fixture.logstore = { ...TAIL_LOGSTORE, id, shards: [] };
      return Promise.all(Array.from({ length: count }, () => fixture.subscribe()));
    };
    const refusal = { code: 'ExceedQuota' };
    const one = await subscribe('a', TAIL_LOGSTORE_SUBSCRIBERS_MAX);
    await expect(fixture.subscribe()).rejects.toMatchObject(refusal);
    const rest = TAIL_SUBSCRIBERS_MAX - TAIL_LOGSTORE_SUBSCRIBERS_MAX;
    const other = await subscribe('b', rest);
    await expect(subscribe('c', 1)).rejects.toMatchObject(refusal);
    other[0]?.[Symbol.dispose]();
    const last = await subscribe('c', 1);
    for (const tail of [...one, ...other.slice(1), ...last]) tail[Symbol.dispose]();
    expect(fixture.tails.subscriberCount).toBe(0);
  });
});

it('refuses what no tail can be', async () => {
  const invalid = { code: 'ParameterInvalid' };
  await expect(fixture.subscribe('* | select 1')).rejects.toMatchObject(invalid);
  await expect(fixture.subscribe('(a')).rejects.toMatchObject(invalid);
  await expect(fixture.subscribe('nokey:a')).rejects.toMatchObject(invalid);
  await expect(fixture.subscribe('*', { backCount: 501 })).rejects.toMatchObject(invalid);
  fixture.logstore = { ...TAIL_LOGSTORE, index: undefined };
  await expect(fixture.subscribe()).rejects.toMatchObject({ code: 'IndexConfigNotExist' });
  expect(fixture.tails.readerCount).toBe(0);
});

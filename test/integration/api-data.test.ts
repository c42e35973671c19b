/** Writing, pulling by cursor and searching against a whole server, and the bad input that must not hurt it. */
import { connect } from 'node:net';
import { deflateSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { compress, decompress } from '#protocol/compression.ts';
import type { CompressionType } from '#protocol/compression-type.ts';
import { decodeCursor, encodeCursor } from '#protocol/cursor.ts';
import { decodeLogGroupList } from '#protocol/log-group-list.ts';
import { decodeLogGroup, encodeLogGroup } from '#protocol/log-group.ts';
import { KEY_ID, log, TestServer, type Answer, type CallOptions } from './api-client.ts';

const NOW = Math.floor(Date.now() / 1000);
const PROJECT = 'data';
let server: TestServer;
let storeCount = 0;

beforeAll(async () => {
  server = await TestServer.start();
  await call('POST', '/', { json: { projectName: PROJECT } });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Whatever a test did, the server must still answer. */
afterEach(async () => {
  expect((await server.call('GET', '/healthz', { sign: 'none' })).status).toBe(200);
});

function call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
  return server.call(method, path, { project: PROJECT, ...options });
}

async function newLogstore(shardCount = 1, withIndex = false): Promise<string> {
  const logstoreName = `store-${++storeCount}`;
  const json = { logstoreName, ttl: 30, shardCount };
  expect((await call('POST', '/logstores', { json })).status).toBe(200);
  if (!withIndex) return logstoreName;
  const token = [
    ',',
    ' ',
    "'",
    '"',
    ';',
    '=',
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '?',
    '&',
    '<',
    '>',
    '/',
    ':',
  ];
  const index = {
    line: { token, caseSensitive: false, chn: false },
    keys: {
      level: { type: 'text', token, doc_value: true },
      status: { type: 'long', doc_value: true },
    },
  };
  const made = await call('POST', `/logstores/${logstoreName}/index`, { json: index });
  expect(made.status).toBe(200);
  return logstoreName;
}

function pull(
  logstore: string,
  cursor: string,
  query: Readonly<Record<string, string | number>> = {},
  acceptEncoding = '',
): Promise<Answer> {
  return call('GET', `/logstores/${logstore}/shards/0`, {
    query: { type: 'log', cursor, count: 1000, ...query },
    headers: { accept: 'application/x-protobuf', 'accept-encoding': acceptEncoding },
  });
}

async function cursorOf(logstore: string, from: string | number, shard = 0): Promise<string> {
  const answer = await call('GET', `/logstores/${logstore}/shards/${shard}`, {
    query: { type: 'cursor', from },
  });
  expect(answer.status).toBe(200);
  return (answer.json as { cursor: string }).cursor;
}

/** The groups of a pull answer, decompressed as its headers say. */
function groupsOf(answer: Answer): readonly Uint8Array[] {
  expect(answer.status).toBe(200);
  expect(answer.headers['content-encoding']).toBeUndefined();
  const rawBytes = Number(answer.headers['x-log-bodyrawsize']);
  const type = (answer.headers['x-log-compresstype'] ?? 'none') as CompressionType;
  const groups = decodeLogGroupList(decompress(type, answer.body, rawBytes, 64 * 1024 * 1024));
  expect(answer.headers['x-log-count']).toBe(String(groups.length));
  return groups;
}

function expectError(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.errorCode]).toEqual([status, code]);
  expect(answer.headers['x-log-requestid']).toMatch(/^[0-9A-F]{24}$/);
}

function expectOk(answer: Answer): void {
  expect([answer.status, answer.body.toString()]).toEqual([200, '']);
  expect(answer.headers['content-length']).toBe('0');
  expect(answer.headers['content-type']).toBeUndefined();
}

describe('writes', () => {
  it('are taken in every compression, and pulled unchanged in order', async () => {
    const logstore = await newLogstore();
    const sent: Uint8Array[] = [];
    for (const compression of ['none', 'lz4', 'deflate', 'zstd', 'gzip'] as const) {
      const raw = encodeLogGroup({
        logs: [log(NOW, { compression, twice: 'x'.repeat(500) })],
        topic: 'a topic',
        source: '10.0.0.1',
        tags: [{ key: '__pack_id__', value: 'AB-1' }],
      });
      sent.push(raw);
      expectOk(await server.putRaw(PROJECT, `/logstores/${logstore}`, raw, compression));
    }
    const begin = await cursorOf(logstore, 'begin');
    for (const [accept, type] of [
      ['', undefined],
      ['lz4', 'lz4'],
      ['zstd', 'zstd'],
      ['deflate', 'deflate'],
      ['gzip, deflate, zstd, lz4', 'lz4'],
      ['identity', undefined],
    ] as const) {
      const answer = await pull(logstore, begin, {}, accept);
      expect(answer.headers['x-log-compresstype']).toBe(type);
      expect(groupsOf(answer).map((group) => Buffer.from(group))).toEqual(
        sent.map((group) => Buffer.from(group)),
      );
    }
  });

  it('follow their hash key to the shard that holds it', async () => {
    const logstore = await newLogstore(2);
    const raw = encodeLogGroup({ logs: [log(NOW, { a: 'b' })], topic: '', source: '', tags: [] });
    for (const [key, shard] of [
      ['00', 0],
      ['7fffffffffffffffffffffffffffffff', 0],
      ['8', 1],
      ['ffffffffffffffffffffffffffffffff', 1],
    ] as const) {
      const before = decodeCursor(await cursorOf(logstore, 'end', shard));
      const headers = { 'x-log-bodyrawsize': '0' };
      const path = `/logstores/${logstore}/shards/route`;
      expectOk(await call('POST', path, { query: { key }, headers, body: raw }));
      expect(decodeCursor(await cursorOf(logstore, 'end', shard))).toBe(before + 1);
    }
    const route = (query: Readonly<Record<string, string>>): Promise<Answer> =>
      call('POST', `/logstores/${logstore}/shards/route`, { query, body: raw });
    expectError(await route({ key: 'xyz' }), 400, 'ParameterInvalid');
    expectError(await route({ key: '0'.repeat(33) }), 400, 'ParameterInvalid');
    expectError(await route({}), 400, 'ParameterInvalid');
  });

  it('may be JSON when the content type says so', async () => {
    const logstore = await newLogstore();
    const json = {
      __topic__: 't',
      __source__: 's',
      __tags__: { host: 'h' },
      __logs__: [{ __time__: NOW, k: 'v', n: 5 }],
    };
    const headers = { 'content-type': 'application/json' };
    expectOk(await call('POST', `/logstores/${logstore}/shards/lb`, { headers, json }));
    const [group] = groupsOf(await pull(logstore, await cursorOf(logstore, 'begin')));
    expect(decodeLogGroup(group ?? new Uint8Array())).toMatchObject({
      topic: 't',
      source: 's',
      tags: [{ key: 'host', value: 'h' }],
      logs: [
        {
          time: NOW,
          contents: [
            { key: 'k', value: 'v' },
            { key: 'n', value: '5' },
          ],
        },
      ],
    });
    const broken = { headers, body: '{"__logs__":' };
    expectError(await call('POST', `/logstores/${logstore}`, broken), 400, 'PostBodyInvalid');
  });

  it('of groups without logs are accepted and leave nothing', async () => {
    const logstore = await newLogstore();
    const empty = encodeLogGroup({ logs: [], topic: '', source: '', tags: [] });
    expectOk(await server.putRaw(PROJECT, `/logstores/${logstore}`, empty));
    expectOk(await server.putRaw(PROJECT, `/logstores/${logstore}`, new Uint8Array()));
    expect(await cursorOf(logstore, 'begin')).toBe(await cursorOf(logstore, 'end'));
  });

  it('of 10 MB are taken, larger ones refused', async () => {
    const logstore = await newLogstore();
    const limit = 10 * 1024 * 1024;
    const value = 'v'.repeat(1000);
    const line = encodeLogGroup({ logs: [log(NOW, { value })], topic: '', source: '', tags: [] });
    const perLog = line.length - 4;
    const logs = Array.from({ length: Math.floor(limit / perLog) }, () => log(NOW, { value }));
    const raw = encodeLogGroup({ logs, topic: '', source: '', tags: [] });
    expect(raw.length).toBeGreaterThan(limit - 2 * perLog);
    expect(raw.length).toBeLessThanOrEqual(limit);
    for (const compression of ['none', 'lz4'] as const)
      expectOk(await server.putRaw(PROJECT, `/logstores/${logstore}/shards/lb`, raw, compression));
    const first = await pull(logstore, await cursorOf(logstore, 'begin'), {}, 'lz4');
    expect(groupsOf(first).length).toBe(1);
    const second = await pull(logstore, first.headers['x-log-cursor'] ?? '', {}, 'zstd');
    expect(Buffer.from(groupsOf(second)[0] ?? []).equals(raw)).toBe(true);
    const tooMuch = encodeLogGroup({
      logs: [...logs, ...logs.slice(0, 10)],
      topic: '',
      source: '',
      tags: [],
    });
    for (const compression of ['none', 'lz4', 'zstd'] as const)
      expectError(
        await server.putRaw(PROJECT, `/logstores/${logstore}/shards/lb`, tooMuch, compression),
        400,
        'PostBodyTooLarge',
      );
    const huge = Buffer.alloc(17 * 1024 * 1024);
    expectError(
      await server.putRaw(PROJECT, `/logstores/${logstore}`, huge),
      400,
      'PostBodyTooLarge',
    );
  });

  it('that are wrong are refused as a whole', async () => {
    const logstore = await newLogstore();
    const path = `/logstores/${logstore}/shards/lb`;
    const raw = encodeLogGroup({
      logs: [log(NOW, { a: 'b'.repeat(99) })],
      topic: '',
      source: '',
      tags: [],
    });
    const put = (headers: Readonly<Record<string, string>>, body: Uint8Array): Promise<Answer> =>
      call('POST', path, {
        headers: { 'content-type': 'application/x-protobuf', ...headers },
        body,
      });
    const lz4 = compress('lz4', raw);
    const size = String(raw.length);
    const headers = { 'x-log-compresstype': 'lz4', 'x-log-bodyrawsize': size };
    expectError(
      await put({ 'x-log-compresstype': 'lz5', 'x-log-bodyrawsize': size }, lz4),
      400,
      'InvalidCompressType',
    );
    expectError(
      await put({ ...headers, 'x-log-bodyrawsize': 'ten' }, lz4),
      400,
      'InvalidBodyRawSize',
    );
    // A body that lost its end, one whose size is a lie in either direction, and one of another kind.
    expectError(await put(headers, lz4.subarray(0, -3)), 400, 'PostBodyUncompressError');
    for (const lie of [raw.length - 1, raw.length + 1, 0, 1])
      expectError(
        await put({ ...headers, 'x-log-bodyrawsize': String(lie) }, lz4),
        400,
        'PostBodyUncompressError',
      );
    expectError(
      await put({ ...headers, 'x-log-bodyrawsize': '999999999' }, lz4),
      400,
      'PostBodyTooLarge',
    );
    expectError(await put(headers, deflateSync(raw)), 400, 'PostBodyUncompressError');
    expectError(
      await put({ ...headers, 'x-log-compresstype': 'deflate' }, lz4),
      400,
      'PostBodyUncompressError',
    );
    for (const malformed of [
      raw.subarray(0, -1),
      Buffer.from('ff', 'hex'),
      Buffer.from('not protobuf at all'),
    ])
      expectError(await put({}, malformed), 400, 'PostBodyInvalid');
    const group = (key: string, time = NOW): Uint8Array =>
      encodeLogGroup({ logs: [log(time, { [key]: 'v' })], topic: '', source: '', tags: [] });
    expectError(await put({}, group('')), 400, 'InvalidKey');
    expectError(await put({}, group('k'.repeat(129))), 400, 'InvalidKey');
    expectError(await put({}, group('k', 0)), 400, 'InvalidTimestamp');
    expect(await cursorOf(logstore, 'begin')).toBe(await cursorOf(logstore, 'end'));
  });

  it('to unknown logstores are refused', async () => {
    const raw = encodeLogGroup({ logs: [log(NOW, { a: 'b' })], topic: '', source: '', tags: [] });
    for (const path of ['/logstores/none', '/logstores/none/shards/lb', '/logstores/..%2fnone'])
      expectError(await server.putRaw(PROJECT, path, raw), 404, 'LogStoreNotExist');
  });

  it('are there after a restart', async () => {
    const logstore = await newLogstore();
    await server.put(PROJECT, logstore, { logs: [log(NOW, { kept: 'yes' })] });
    await server.restart();
    const [group] = groupsOf(await pull(logstore, await cursorOf(logstore, 'begin')));
    expect(decodeLogGroup(group ?? new Uint8Array()).logs[0]?.contents).toEqual([
      { key: 'kept', value: 'yes' },
    ]);
  });
});

describe('a body larger than declared', () => {
  it('does not spoil the request it follows', async () => {
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(server.port, '127.0.0.1');
      let received = '';
      socket.on('data', (chunk) => (received += chunk.toString('latin1')));
      socket.on('close', () => resolve(received));
      socket.on('error', reject);
      socket.write(
        `POST /logstores HTTP/1.1\r\nhost: ${PROJECT}.sls.test\r\nauthorization: LOG ${KEY_ID}:AAAA\r\n` +
          'content-length: 2\r\n\r\n{} and a lot more than two bytes\r\n\r\n',
      );
    });
    const ids = text.match(/x-log-requestid: [0-9A-F]{24}/g) ?? [];
    expect(ids.length).toBe(2);
    expect(new Set(ids).size).toBe(2);
  });
});

describe('cursors', () => {
  it('are consecutive numbers, one a group', async () => {
    const logstore = await newLogstore();
    const begin = decodeCursor(await cursorOf(logstore, 'begin'));
    for (let i = 0; i < 5; i++)
      await server.put(PROJECT, logstore, { logs: [log(NOW, { i: String(i) })] });
    expect(decodeCursor(await cursorOf(logstore, 'end'))).toBe(begin + 5);
    const answer = await pull(logstore, encodeCursor(begin + 1), { count: 2 });
    expect(groupsOf(answer).length).toBe(2);
    expect(answer.headers).toMatchObject({
      'x-log-cursor': encodeCursor(begin + 3),
      'x-log-read-last-cursor': String(begin + 2),
      'x-log-end-of-cursor': '0',
      'x-log-cursor-time': expect.stringMatching(/^\d{10}$/),
    });
    const rest = await pull(logstore, answer.headers['x-log-cursor'] ?? '', { type: 'logs' });
    expect(groupsOf(rest).length).toBe(2);
    expect(rest.headers['x-log-end-of-cursor']).toBe('1');
  });

  it('at the end give an empty answer with the same cursor', async () => {
    const logstore = await newLogstore();
    await server.put(PROJECT, logstore, { logs: [log(NOW, { a: 'b' })] });
    const end = await cursorOf(logstore, 'end');
    const answer = await pull(logstore, end, {}, 'lz4');
    expectOk(answer);
    expect(answer.headers).toMatchObject({
      'x-log-cursor': end,
      'x-log-count': '0',
      'x-log-bodyrawsize': '0',
      'x-log-end-of-cursor': '1',
    });
  });

  it('do not pass end_cursor', async () => {
    const logstore = await newLogstore();
    for (let i = 0; i < 4; i++)
      await server.put(PROJECT, logstore, { logs: [log(NOW, { i: String(i) })] });
    const begin = await cursorOf(logstore, 'begin');
    const middle = encodeCursor(decodeCursor(begin) + 2);
    const part = await pull(logstore, begin, { end_cursor: middle });
    expect(groupsOf(part).length).toBe(2);
    expect(part.headers['x-log-cursor']).toBe(middle);
    const none = await pull(logstore, middle, { end_cursor: begin });
    expect(none.headers).toMatchObject({ 'x-log-count': '0', 'x-log-cursor': middle });
  });

  it('can be found by receive time, and tell it', async () => {
    const logstore = await newLogstore();
    await server.put(PROJECT, logstore, { logs: [log(1_500_000_000, { old: 'log' })] });
    const begin = await cursorOf(logstore, 'begin');
    expect(await cursorOf(logstore, 1_500_000_000)).toBe(begin);
    expect(await cursorOf(logstore, NOW + 1000)).toBe(await cursorOf(logstore, 'end'));
    for (const cursor of [begin, `${begin}\n`, await cursorOf(logstore, 'end')]) {
      const answer = await call('GET', `/logstores/${logstore}/shards/0`, {
        query: { type: 'cursor_time', cursor },
      });
      const { cursor_time: time } = answer.json as { cursor_time: number };
      expect(Math.abs(time - Date.now() / 1000)).toBeLessThan(60);
    }
  });

  it('that are wrong are refused', async () => {
    const logstore = await newLogstore();
    const path = `/logstores/${logstore}/shards/0`;
    const begin = await cursorOf(logstore, 'begin');
    const beyond = encodeCursor(decodeCursor(begin) + 1000);
    for (const cursor of ['', 'not base64!', 'YWJj', beyond, '*'.repeat(5000)]) {
      expectError(await pull(logstore, cursor), 400, 'InvalidCursor');
      const query = { type: 'cursor_time', cursor };
      expectError(await call('GET', path, { query }), 400, 'InvalidCursor');
    }
    for (const from of ['', 'middle', '-5', '1e9'])
      expectError(
        await call('GET', path, { query: { type: 'cursor', from } }),
        400,
        'ParameterInvalid',
      );
    for (const shard of ['7', 'x', '-1', '99999999999999999999']) {
      const query = { type: 'cursor', from: 'begin' };
      expectError(
        await call('GET', `/logstores/${logstore}/shards/${shard}`, { query }),
        400,
        'ShardNotExist',
      );
    }
    for (const count of ['0', '-1', 'x'])
      expectError(await pull(logstore, begin, { count }), 400, 'ParameterInvalid');
    expectError(await pull(logstore, begin, { query: '* | where a = 1' }), 400, 'ParameterInvalid');
    expectError(await pull('none', begin), 404, 'LogStoreNotExist');
  });
});

describe('searches', () => {
  const range = { from: NOW - 100, to: NOW + 100 };

  async function filled(): Promise<string> {
    const logstore = await newLogstore(2, true);
    const logs = [0, 1, 2, 3].map((i) =>
      log(NOW + i, {
        level: i % 2 === 0 ? 'info' : 'error',
        status: String(200 + i),
        text: 'größe',
      }),
    );
    await server.put(PROJECT, logstore, { logs, topic: 'web', source: '10.1.1.1' });
    return logstore;
  }

  it('find what was acknowledged just before, in both forms', async () => {
    const logstore = await filled();
    const v3 = await call('POST', `/logstores/${logstore}/logs`, {
      json: { ...range, query: 'error', line: 10, offset: 0, reverse: true },
    });
    expect(v3.status).toBe(200);
    expect(v3.json).toMatchObject({
      meta: {
        progress: 'Complete',
        count: 2,
        hasSQL: false,
        whereQuery: 'error',
        aggQuery: '',
        mode: 0,
        telementryType: 'None',
        terms: [{ key: expect.any(String), term: 'error' }],
      },
      data: [
        { __time__: String(NOW + 3), level: 'error', __topic__: 'web', __source__: '10.1.1.1' },
        { __time__: String(NOW + 1), status: '201' },
      ],
    });
    expect(v3.headers['x-log-bodyrawsize']).toBeUndefined();
    const v1 = await call('GET', `/logstores/${logstore}`, {
      query: { type: 'log', ...range, query: 'level: error', line: 1 },
    });
    expect(v1.json).toMatchObject([{ __time__: String(NOW + 1) }]);
    expect(v1.headers).toMatchObject({
      'x-log-progress': 'Complete',
      'x-log-count': '1',
      'x-log-has-sql': 'false',
      'x-log-where-query': 'level: error',
      'x-log-processed-rows': expect.stringMatching(/^\d+$/),
      'x-log-elapsed-millisecond': expect.stringMatching(/^\d+$/),
      'x-log-cpu-sec': expect.any(String),
      'x-log-cpu-cores': expect.any(String),
    });
    expect(JSON.parse(v1.headers['x-log-query-info'] ?? '')).toMatchObject({
      limited: '100',
      terms: [['error', 'level']],
    });
  });

  it('are compressed for those who can read it', async () => {
    const logstore = await filled();
    const json = { ...range, query: '*' };
    const path = `/logstores/${logstore}/logs`;
    const plain = await call('POST', path, {
      json,
      headers: { 'accept-encoding': 'gzip, deflate' },
    });
    expect(plain.headers['x-log-compresstype']).toBeUndefined();
    const packed = await call('POST', path, { json, headers: { 'accept-encoding': 'lz4' } });
    expect(packed.headers['x-log-compresstype']).toBe('lz4');
    const size = Number(packed.headers['x-log-bodyrawsize']);
    const text = Buffer.from(decompress('lz4', packed.body, size, size)).toString();
    expect(JSON.parse(text)).toMatchObject({ meta: { count: 4 } });
  });

  it('run SQL', async () => {
    const logstore = await filled();
    const query = '* | select level, count(*) as c from log group by level order by level';
    const answer = await call('POST', `/logstores/${logstore}/logs`, { json: { ...range, query } });
    expect(answer.json).toMatchObject({
      meta: { hasSQL: true, keys: ['level', 'c'], whereQuery: '*' },
      data: [
        { level: 'error', c: '2' },
        { level: 'info', c: '2' },
      ],
    });
    const paged = { ...range, query, offset: 5 };
    expectError(
      await call('POST', `/logstores/${logstore}/logs`, { json: paged }),
      400,
      'ParameterInvalid',
    );
  });

  it('mean a topic exactly, and times to the nanosecond, in every form', async () => {
    const logstore = await newLogstore(1, true);
    const timed = (timeNs: number) => ({ ...log(NOW, { ns: String(timeNs) }), timeNs });
    await server.put(PROJECT, logstore, { logs: [timed(1), timed(2), timed(3)], topic: 'Web' });
    await server.put(PROJECT, logstore, { logs: [timed(2)], topic: 'web' });
    const asked = { from: NOW, fromNs: 2, to: NOW + 1, toNs: 0, topic: 'Web', query: '*' };
    const v3 = await call('POST', `/logstores/${logstore}/logs`, { json: asked });
    expect((v3.json as { data: { ns: string }[] }).data.map(({ ns }) => ns)).toEqual(['2', '3']);
    const v1 = await call('GET', `/logstores/${logstore}`, { query: { type: 'log', ...asked } });
    expect(v1.headers['x-log-count']).toBe('2');
    const histogram = await call('GET', `/logstores/${logstore}/index`, {
      query: { type: 'histogram', ...asked },
    });
    expect(histogram.headers['x-log-count']).toBe('2');
  });

  it('count by time on both routes', async () => {
    const logstore = await filled();
    for (const path of [`/logstores/${logstore}`, `/logstores/${logstore}/index`]) {
      const answer = await call('GET', path, {
        query: { type: 'histogram', ...range, query: 'größe', topic: '', interval: 0 },
      });
      const buckets = answer.json as {
        from: number;
        to: number;
        count: number;
        progress: string;
      }[];
      expect(answer.headers).toMatchObject({
        'x-log-progress': 'Complete',
        'x-log-count': '4',
        'x-log-where-query': Buffer.from('größe').toString('latin1'),
      });
      expect(buckets[0]?.from).toBe(range.from);
      expect(buckets.at(-1)?.to).toBe(range.to);
      expect(buckets.reduce((sum, bucket) => sum + bucket.count, 0)).toBe(4);
      expect(buckets.every((bucket) => bucket.progress === 'Complete')).toBe(true);
    }
  });

  it('carry any query text through their headers', async () => {
    const logstore = await filled();
    const query = `größe or "line\nbreak" or ${'x'.repeat(3000)}`;
    const answer = await call('GET', `/logstores/${logstore}`, {
      query: { type: 'log', ...range, query },
    });
    expect(answer.status).toBe(200);
    const bytes = Buffer.from(answer.headers['x-log-where-query'] ?? '', 'latin1');
    expect(bytes.toString()).toMatch(/^größe or "line break" or x+$/);
  });

  it('show bytes that are no UTF-8 replaced, while a pull keeps them', async () => {
    const logstore = await newLogstore(1, true);
    const value = Buffer.from('62616420ff20fe656e64', 'hex');
    const put = await server.put(PROJECT, logstore, { logs: [log(NOW, { value, level: 'odd' })] });
    expectOk(put);
    const [group] = groupsOf(await pull(logstore, await cursorOf(logstore, 'begin')));
    expect(Buffer.from(group ?? []).includes(value)).toBe(true);
    const found = await call('POST', `/logstores/${logstore}/logs`, {
      json: { ...range, query: 'level: odd' },
    });
    expect(found.json).toMatchObject({ data: [{ value: 'bad \ufffd \ufffdend' }] });
  });

  it('that are wrong are refused', async () => {
    const logstore = await filled();
    const get = (query: Readonly<Record<string, string | number>>): Promise<Answer> =>
      call('GET', `/logstores/${logstore}`, { query: { type: 'log', ...range, ...query } });
    expectError(await get({ from: range.to }), 400, 'InvalidTimeRange');
    expectError(await get({ from: 'yesterday' }), 400, 'ParameterInvalid');
    expectError(await get({ to: '' }), 400, 'ParameterInvalid');
    expectError(await get({ line: -1 }), 400, 'InvalidLine');
    expectError(await get({ line: 'x' }), 400, 'InvalidLine');
    expectError(await get({ offset: -1 }), 400, 'InvalidOffset');
    expectError(await get({ reverse: 'maybe' }), 400, 'InvalidReverse');
    const path = `/logstores/${logstore}/logs`;
    expectError(await call('POST', path, { body: '{' }), 400, 'PostBodyInvalid');
    expectError(
      await call('POST', path, { json: { ...range, query: 5 } }),
      400,
      'ParameterInvalid',
    );
    const unparsable = await get({ query: '(((' });
    expect([unparsable.status, unparsable.errorCode]).toEqual([
      400,
      expect.stringMatching(/Invalid/),
    ]);
    expectError(await get({ query: '* | select nonsense from' }), 400, 'ParameterInvalid');
    const plain = await newLogstore();
    expectError(
      await call('GET', `/logstores/${plain}`, { query: { type: 'log', ...range } }),
      400,
      'IndexConfigNotExist',
    );
    expectError(
      await call('GET', `/logstores/${plain}`, { query: { type: 'histogram', ...range } }),
      400,
      'IndexConfigNotExist',
    );
    expectError(
      await call('GET', '/logstores/none', { query: { type: 'log', ...range } }),
      404,
      'LogStoreNotExist',
    );
  });
});

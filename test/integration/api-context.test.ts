/**
 * Goal: what GetContextLogs gives is the file around a line, wherever the server keeps it. Method: the real agent collects a
 * growing file into a whole server of two shards; contexts are compared with the file, as written, after a commit of every
 * part, after compaction and after a restart.
 */
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Client from '@alicloud/log';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeLogGroup } from '#protocol/log-group.ts';
import { startLogtailProcess } from '../support/logtail-process.ts';
import { FULL_TEXT_INDEX } from '../support/sls-client.ts';
import type { TestProcess } from '../support/server-process.ts';
import { KEY_ID, KEY_SECRET, log, TestServer, type Answer } from './api-client.ts';

const PROJECT = 'around';
const COLLECTED = 'collected';
const SENT = 'sent';
const NOW = Math.floor(Date.now() / 1000);
const PARTS = 10;
const LINES_OF_PART = 57;
const PACK_ID = '__tag__:__pack_id__';
/** Lines that contexts are asked for. */
const ASKED = [0, 1, 56, 57, 300, 480, 569];

type Row = Readonly<Record<string, string>>;

interface Context {
  readonly progress: string;
  readonly total_lines: number;
  readonly back_lines: number;
  readonly forward_lines: number;
  readonly logs: readonly Row[];
}

let server: TestServer;
let logtail: TestProcess;
/** They with their ids, as each was found before its part was committed. */
const collected: Row[] = [];
const lines = Array.from(
  { length: PARTS * LINES_OF_PART },
  (_, n) => `line ${n} ${(Math.imul(n, 2654435761) >>> 0).toString(36)}`,
);

beforeAll(async () => {
  server = await TestServer.start({ baseDomains: ['sls.test', '127.0.0.1'] });
  await server.call('POST', '/', { project: PROJECT, json: { projectName: PROJECT } });
  for (const logstoreName of [COLLECTED, SENT]) {
    const json = { logstoreName, ttl: 30, shardCount: 2 };
    await server.call('POST', '/logstores', { project: PROJECT, json });
    const index = { project: PROJECT, json: FULL_TEXT_INDEX };
    await server.call('POST', `/logstores/${logstoreName}/index`, index);
  }
  await collect();
});

afterAll(async () => {
  await logtail.stop();
  await server[Symbol.asyncDispose]();
});

/** Lets the agent take one part of the file after the other, each into segments of its own. */
async function collect(): Promise<void> {
  const directory = join(server.directory, 'agent');
  const path = join(server.directory, 'file.log');
  await mkdir(directory);
  await writeFile(path, '');
  const endpoint = `http://127.0.0.1:${server.port}`;
  const place = { project: PROJECT, logstore: COLLECTED };
  logtail = await startLogtailProcess({ endpoint, directory, paths: [path], ...place });
  const { catalog, backend } = server.running.rooms;
  const { id } = await catalog.getLogstore(PROJECT, COLLECTED);
  for (let part = 1; part <= PARTS; part++) {
    const some = lines.slice((part - 1) * LINES_OF_PART, part * LINES_OF_PART);
    await appendFile(path, some.map((line) => `${line}\n`).join(''));
    while ((await countOf(COLLECTED)) < part * LINES_OF_PART) await sleep(50);
    for (const line of some)
      if (ASKED.includes(lines.indexOf(line)))
        collected.push(await rowOf(COLLECTED, `content: "${line}"`));
    await backend.flush(id);
  }
}

function get(logstore: string, query: Readonly<Record<string, string | number>>): Promise<Answer> {
  return server.call('GET', `/logstores/${logstore}`, { project: PROJECT, query });
}

async function countOf(logstore: string): Promise<number> {
  const range = { from: NOW - 1000, to: NOW + 10_000 };
  const answer = await get(logstore, { type: 'histogram', ...range });
  return Number(answer.headers['x-log-count']);
}

/** The row of a search with its ids. */
async function rowOf(logstore: string, search: string): Promise<Row> {
  const query = `${search} | with_pack_meta`;
  const answer = await server.call('POST', `/logstores/${logstore}/logs`, {
    project: PROJECT,
    json: { from: NOW - 1000, to: NOW + 10_000, query },
  });
  const { data } = answer.json as { data: readonly Row[] };
  if (data[0] === undefined) throw new Error(`nothing found: ${answer.body.toString()}`);
  return data[0];
}

async function contextOf(logstore: string, row: Row, back: number, forward: number) {
  const answer = await get(logstore, {
    type: 'context_log',
    pack_id: row[PACK_ID] ?? '',
    pack_meta: row['__pack_meta__'] ?? '',
    back_lines: back,
    forward_lines: forward,
  });
  expect([answer.status, answer.body.toString().slice(0, 30)]).toEqual([
    200,
    '{"progress":"Complete","total_',
  ]);
  return answer.json as Context;
}

/** The contexts of the collected lines are those of the file. */
async function expectContexts(): Promise<void> {
  for (const [i, n] of ASKED.entries()) {
    const found = await contextOf(COLLECTED, collected[i]!, 100, 60);
    const [first, end] = [Math.max(0, n - 100), Math.min(lines.length, n + 61)];
    expect(found.logs.map((row) => row['content'])).toEqual(lines.slice(first, end));
    expect(found.logs.map((row) => row['__index_number__'])).toEqual(
      Array.from({ length: end - first }, (_, at) => String(first + at - n)),
    );
    expect(found).toMatchObject({
      total_lines: end - first,
      back_lines: n - first,
      forward_lines: end - n - 1,
    });
  }
}

/** Writes one group of a producer. */
async function send(prefix: string, counter: string, names: readonly string[]): Promise<void> {
  const raw = encodeLogGroup({
    logs: names.map((name) => log(NOW, { name })),
    topic: '',
    source: '',
    tags: [{ key: '__pack_id__', value: `${prefix}-${counter}` }],
  });
  const path = `/logstores/${SENT}/shards/lb`;
  expect((await server.putRaw(PROJECT, path, raw)).status).toBe(200);
}

describe('a file that Logtail collects', () => {
  it('shows its lines around any of them', async () => {
    await expectContexts();
  });

  it('can be read from end to end', async () => {
    let row = collected.at(-1)!;
    const seen = [row['content'] ?? ''];
    for (;;) {
      const { logs } = await contextOf(COLLECTED, row, 100, 0);
      if (logs.length === 1) break;
      seen.unshift(...logs.slice(0, -1).map((each) => each['content'] ?? ''));
      row = logs[0]!;
    }
    expect(seen).toEqual(lines);
  });

  it('is the same after compaction, for ids from before it', async () => {
    const { catalog, backend } = server.running.rooms;
    const { id: logstoreId } = await catalog.getLogstore(PROJECT, COLLECTED);
    const countSegments = async (): Promise<number> => {
      await using lease = await backend.acquire({ logstoreId, fromTime: 0, toTime: 2 ** 32 });
      return lease.segments.length;
    };
    await backend.compact();
    expect(await countSegments()).toBeLessThan(PARTS);
    await expectContexts();
    expect(await rowOf(COLLECTED, `content: "${lines[300]}"`)).toEqual(collected[4]);
  });

  it('is the same after a restart', async () => {
    await server.restart();
    await expectContexts();
  });

  it('gives its ids to the official SDK', async () => {
    const agent = new Agent({
      lookup: (_host, options, callback) => {
        if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
        else callback(null, '127.0.0.1', 4);
      },
    });
    const client = new Client({
      endpoint: `http://sls.test:${server.port}`,
      accessKeyId: KEY_ID,
      accessKeySecret: KEY_SECRET,
    });
    const rows = await client.getLogs(
      PROJECT,
      COLLECTED,
      new Date((NOW - 1000) * 1000),
      new Date((NOW + 10_000) * 1000),
      { query: `content: "${lines[300]}" | with_pack_meta` },
      { agent },
    );
    expect(rows).toEqual([collected[4]]);
    agent.destroy();
  });
});

describe('groups of a producer', () => {
  it('are in the order of their counters over all shards, with gaps', async () => {
    const counters = ['8', '9', 'A', 'F', '10', '11', 'FE', '4AF0', '1000000'];
    for (const counter of counters.toReversed()) {
      await send('0123456789ABCDEF', counter, [`one-${counter}-a`, `one-${counter}-b`]);
      await send('0123456701234567', counter, [`two-${counter}`]);
    }
    const row = await rowOf(SENT, 'one-F-b');
    const { logs } = await contextOf(SENT, row, 100, 100);
    const expected = counters.flatMap((counter) => [`one-${counter}-a`, `one-${counter}-b`]);
    expect(logs.map((each) => each['name'])).toEqual(expected);
    const near = await contextOf(SENT, row, 2, 1);
    expect(near.logs.map((each) => each['name'])).toEqual([
      'one-A-b',
      'one-F-a',
      'one-F-b',
      'one-10-a',
    ]);
    expect(near).toMatchObject({ total_lines: 4, back_lines: 2, forward_lines: 1 });
  });

  it('without an id have no context', async () => {
    const logs = [log(NOW, { name: 'alone' })];
    expect((await server.put(PROJECT, SENT, { logs })).status).toBe(200);
    const row = await rowOf(SENT, 'alone');
    expect(row).not.toHaveProperty('__pack_meta__');
    expect(row).not.toHaveProperty(PACK_ID);
  });

  it('are not found by wrong ids and numbers', async () => {
    await send('FEDCBA9876543210', '1', ['wrong']);
    const row = await rowOf(SENT, 'wrong');
    const right = {
      type: 'context_log',
      pack_id: row[PACK_ID] ?? '',
      pack_meta: row['__pack_meta__'] ?? '',
      back_lines: 1,
      forward_lines: 1,
    };
    expect((await get(SENT, right)).status).toBe(200);
    for (const [wrong, message] of [
      [{ pack_id: '' }, 'Invalid pack meta/id.'],
      [{ pack_id: 'FEDCBA9876543210-2' }, 'Invalid pack meta/id.'],
      [{ pack_meta: '' }, 'Invalid pack meta/id.'],
      [{ pack_meta: 'x'.repeat(5000) }, 'Invalid pack meta/id.'],
      [{ back_lines: 0, forward_lines: 0 }, 'back_lines or forward_lines must be postive.'],
      [{ back_lines: '', forward_lines: '' }, 'back_lines or forward_lines must be postive.'],
      [{ back_lines: -1 }, 'back_lines must be between 0 and 100'],
      [{ forward_lines: 101 }, 'forward_lines must be between 0 and 100'],
      [{ forward_lines: 'many' }, 'forward_lines must be between 0 and 100'],
    ] as const) {
      const answer = await get(SENT, { ...right, ...wrong });
      expect([answer.status, answer.json]).toEqual([
        400,
        { errorCode: 'InvalidParameter', errorMessage: message },
      ]);
    }
    expect((await get('none', right)).errorCode).toBe('LogStoreNotExist');
  });
});

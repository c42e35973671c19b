/**
 * Goal: the official Node SDK works unmodified. Method: the real server as a process; the SDK resolves
 * `<project>.sls.test` through the `lookup` of an HTTP agent, as a user without wildcard DNS would do it
 * (docs/connect.md).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Client from '@alicloud/log';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decompress } from '#protocol/compression.ts';
import { decodeLogGroup } from '#protocol/log-group.ts';
import { decodeLogGroupList } from '#protocol/log-group-list.ts';
import { FULL_TEXT_INDEX } from '../support/sls-client.ts';
import { startServerProcess, TEST_KEYS, type ServerProcess } from '../support/server-process.ts';

const PROJECT = 'sdk-project';
const LOGSTORE = 'sdk-logs';

let directory: string;
let server: ServerProcess;
let client: Client;

/** Every host name leads to this machine. */
const agent = new Agent({
  keepAlive: true,
  lookup: (_host, options, callback) => {
    if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
    else callback(null, '127.0.0.1', 4);
  },
});
const options = { agent, timeout: 20_000 };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-sdk-'));
  server = await startServerProcess(directory);
  const port = new URL(server.endpoint).port;
  client = new Client({ endpoint: `http://sls.test:${port}`, ...TEST_KEYS });
});

afterAll(async () => {
  agent.destroy();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

describe('official Node SDK', () => {
  test('project', async () => {
    await client.createProject(PROJECT, { description: 'of the sdk' }, options);
    const project = await client.getProject(PROJECT, options);
    expect(project).toMatchObject({
      projectName: PROJECT,
      description: 'of the sdk',
      status: 'Normal',
    });
    await expect(client.createProject(PROJECT, { description: '' }, options)).rejects.toMatchObject(
      {
        code: 'ProjectAlreadyExist',
      },
    );
    await expect(client.getProject('absent-project', options)).rejects.toMatchObject({
      code: 'ProjectNotExist',
      message: 'The Project does not exist : absent-project',
    });
  });

  test('logstore', async () => {
    await client.createLogStore(PROJECT, LOGSTORE, { ttl: 30, shardCount: 2 }, options);
    expect(await client.getLogStore(PROJECT, LOGSTORE, options)).toMatchObject({
      logstoreName: LOGSTORE,
      ttl: 30,
      shardCount: 2,
      enable_tracking: false,
    });
    await client.updateLogStore(PROJECT, LOGSTORE, { ttl: 31, shardCount: 2 }, options);
    expect(await client.getLogStore(PROJECT, LOGSTORE, options)).toMatchObject({ ttl: 31 });
    const listed = await client.listLogStore(PROJECT, {}, options);
    expect(listed.logstores).toEqual([LOGSTORE]);
    await expect(
      client.createLogStore(PROJECT, LOGSTORE, { ttl: 30, shardCount: 2 }, options),
    ).rejects.toMatchObject({ code: 'LogStoreAlreadyExist' });
    await expect(client.getLogStore(PROJECT, 'absent', options)).rejects.toMatchObject({
      code: 'LogStoreNotExist',
      message: 'logstore absent does not exist',
    });
  });

  test('index', async () => {
    await expect(client.getIndexConfig(PROJECT, LOGSTORE, options)).rejects.toMatchObject({
      code: 'IndexConfigNotExist',
    });
    await client.createIndex(PROJECT, LOGSTORE, FULL_TEXT_INDEX, options);
    const keys = {
      level: {
        type: 'text',
        token: [],
        caseSensitive: false,
        chn: false,
        doc_value: true,
        alias: '',
      },
      cost: { type: 'long', doc_value: true, alias: '' },
    };
    await client.updateIndex(PROJECT, LOGSTORE, { ...FULL_TEXT_INDEX, keys }, options);
    const index = await client.getIndexConfig(PROJECT, LOGSTORE, options);
    expect(Object.keys(index['keys'] as object).toSorted()).toEqual(['cost', 'level']);
  });

  test('put, shards, cursors, pull', async () => {
    const now = Math.floor(Date.now() / 1000);
    const logs = Array.from({ length: 25 }, (_, i) => ({
      timestamp: now - 60 + i,
      content: {
        level: i % 5 === 0 ? 'ERROR' : 'INFO',
        cost: String(i * 10),
        msg: `line ${i} 日志`,
      },
    }));
    await client.postLogStoreLogs(
      PROJECT,
      LOGSTORE,
      { logs, topic: 'sdk', source: '10.1.1.1', tags: [{ tag1: 'one' }] },
      options,
    );
    const path = `/logstores/${LOGSTORE}/shards`;
    const shards = (await client._request('GET', PROJECT, path, {}, null, {}, options)) as {
      shardID: number;
      status: string;
    }[];
    expect(shards.map(({ shardID, status }) => [shardID, status])).toEqual([
      [0, 'readwrite'],
      [1, 'readwrite'],
    ]);
    const pulled: unknown[] = [];
    for (const { shardID } of shards) {
      const cursor = async (from: string): Promise<string> => {
        const queries = { type: 'cursor', from };
        const answer = await client._request(
          'GET',
          PROJECT,
          `${path}/${shardID}`,
          queries,
          null,
          {},
          options,
        );
        return (answer as { cursor: string }).cursor;
      };
      const begin = await cursor('begin');
      const answer = await pull(`${path}/${shardID}`, { type: 'log', cursor: begin, count: '100' });
      expect(answer.headers['x-log-cursor']).toBe(await cursor('end'));
      pulled.push(...answer.groups);
    }
    expect(pulled).toHaveLength(1);
    expect(pulled[0]).toMatchObject({ topic: 'sdk', source: '10.1.1.1' });
    expect((pulled[0] as { logs: unknown[] }).logs).toHaveLength(25);
  });

  test('histograms and logs', async () => {
    const from = new Date(Date.now() - 600_000);
    const to = new Date(Date.now() + 60_000);
    const histogram = await client.getHistograms(
      PROJECT,
      LOGSTORE,
      from,
      to,
      { query: 'level:error' },
      options,
    );
    expect(histogram.reduce((sum, bucket) => sum + bucket.count, 0)).toBe(5);
    expect(histogram.every((bucket) => bucket.progress === 'Complete')).toBe(true);
    const errors = await client.getLogs(
      PROJECT,
      LOGSTORE,
      from,
      to,
      { query: 'level:error and cost >= 100' },
      options,
    );
    expect(errors.map((log) => log['cost'])).toEqual(['100', '150', '200']);
    expect(errors[0]).toMatchObject({
      __topic__: 'sdk',
      __source__: '10.1.1.1',
      msg: 'line 10 日志',
    });
    const reversed = await client.getLogs(
      PROJECT,
      LOGSTORE,
      from,
      to,
      { query: '*', line: 3, reverse: true },
      options,
    );
    expect(reversed.map((log) => log['cost'])).toEqual(['240', '230', '220']);
    const sql = {
      query: '* | select level, count(*) as c, sum(cost) as s group by level order by c',
    };
    expect(await client.getLogs(PROJECT, LOGSTORE, from, to, sql, options)).toMatchObject([
      { level: 'ERROR', c: '5', s: '500' },
      { level: 'INFO', c: '20', s: '2500' },
    ]);
    await expect(
      client.getLogs(PROJECT, LOGSTORE, from, to, { query: 'absent:1' }, options),
    ).rejects.toMatchObject({ code: 'ParameterInvalid' });
  });

  test('delete', async () => {
    await client.deleteIndex(PROJECT, LOGSTORE, options);
    await expect(client.getIndexConfig(PROJECT, LOGSTORE, options)).rejects.toMatchObject({
      code: 'IndexConfigNotExist',
    });
    await client.deleteLogStore(PROJECT, LOGSTORE, options);
    expect((await client.listLogStore(PROJECT, {}, options)).logstores).toEqual([]);
    await client.deleteProject(PROJECT, options);
    await expect(client.getProject(PROJECT, options)).rejects.toMatchObject({
      code: 'ProjectNotExist',
    });
  });
});

/** PullLogs signed by the SDK's own code; the SDK has no method for it and reads bodies as text. */
async function pull(
  path: string,
  queries: Readonly<Record<string, string>>,
): Promise<{ headers: NodeJS.Dict<string | string[]>; groups: unknown[] }> {
  const port = new URL(server.endpoint).port;
  const headers: Record<string, string> = {
    host: `${PROJECT}.sls.test:${port}`,
    date: new Date().toUTCString(),
    'x-log-apiversion': '0.6.0',
    'x-log-signaturemethod': 'hmac-sha1',
    'x-log-bodyrawsize': '0',
    accept: 'application/x-protobuf',
    'accept-encoding': 'lz4',
  };
  headers['authorization'] = client._sign('GET', path, queries, headers, TEST_KEYS);
  const target = `${path}?${new URLSearchParams(queries).toString()}`;
  return await new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: target, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const body = Buffer.concat(chunks);
        const rawBytes = Number(response.headers['x-log-bodyrawsize']);
        if (response.statusCode !== 200) reject(new Error(body.toString()));
        else if (rawBytes === 0) resolve({ headers: response.headers, groups: [] });
        else {
          const raw = decompress('lz4', body, rawBytes, 1 << 26);
          resolve({
            headers: response.headers,
            groups: decodeLogGroupList(raw).map((group) => decodeLogGroup(group)),
          });
        }
      });
    }).on('error', reject);
  });
}

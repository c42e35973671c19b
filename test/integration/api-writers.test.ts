/** Writes with sequence ids (`seqid`, `seqstart`) against a whole server: repeats are refused and told how far. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compress } from '#protocol/compression.ts';
import { encodeLogGroup } from '#protocol/log-group.ts';
import { encodeLogPackageList } from '#protocol/log-package-list.ts';
import { log, TestServer, type Answer } from './api-client.ts';

const PROJECT = 'writers';
const KEY = '00112233445566778899aabbccddeeff';
const raw = encodeLogGroup({
  topic: '',
  source: '',
  tags: [],
  logs: [log(1_700_000_000, { text: 'one' })],
});
let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start();
  await server.call('POST', '/', { json: { projectName: PROJECT }, project: PROJECT });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function newLogstore(logstoreName: string): Promise<void> {
  const json = { logstoreName, ttl: 30, shardCount: 2 };
  const answer = await server.call('POST', '/logstores', { json, project: PROJECT });
  expect(answer.status).toBe(200);
}

async function write(
  logstore: string,
  query: Readonly<Record<string, string | number>>,
  options: { readonly headers?: Record<string, string>; readonly body?: Uint8Array } = {},
): Promise<Answer> {
  return await server.call('POST', `/logstores/${logstore}/shards/route`, {
    project: PROJECT,
    query,
    body: raw,
    ...options,
  });
}

function expectRepeat(answer: Answer, lastSequence: number): void {
  expect(answer.status).toBe(400);
  expect(answer.errorCode).toBe('InvalidSequenceId');
  expect(answer.headers['x-log-last-seqid']).toBe(String(lastSequence));
  expect(answer.headers['x-log-requestid']).not.toBe('');
}

test('consecutive ids are stored once each', async () => {
  await newLogstore('plain');
  for (const seqid of [1, 2, 3])
    expect((await write('plain', { key: KEY, seqid })).status).toBe(200);
  for (const seqid of [3, 2, 1]) expectRepeat(await write('plain', { key: KEY, seqid }), 3);
  expect((await write('plain', { key: KEY.toUpperCase(), seqid: 4 })).status).toBe(200);
  expectRepeat(await write('plain', { key: KEY, seqid: 4 }), 4);
  expect((await write('plain', { key: 'f'.repeat(32), seqid: 1 })).status).toBe(200);
  expect((await write('plain', { key: KEY })).status).toBe(200);
});

test('a range that overlaps what is stored is refused with the end of it', async () => {
  await newLogstore('ranges');
  expect((await write('ranges', { key: KEY, seqstart: 0, seqid: 1000 })).status).toBe(200);
  expectRepeat(await write('ranges', { key: KEY, seqstart: 0, seqid: 1000 }), 1000);
  expectRepeat(await write('ranges', { key: KEY, seqstart: 900, seqid: 1500 }), 1000);
  expect((await write('ranges', { key: KEY, seqstart: 1001, seqid: 1500 })).status).toBe(200);
});

test('several groups of one body are one write', async () => {
  await newLogstore('packages');
  const body = encodeLogPackageList([
    { data: compress('lz4', raw), rawBytes: raw.length, compression: 'lz4' },
    { data: compress('lz4', raw), rawBytes: raw.length, compression: 'lz4' },
  ]);
  const options = { body, headers: { 'x-log-mode': 'batch_group' } };
  expect((await write('packages', { key: KEY, seqid: 7 }, options)).status).toBe(200);
  expectRepeat(await write('packages', { key: KEY, seqid: 7 }, options), 7);
});

test.each([
  { seqid: 'x' },
  { seqid: '1.5' },
  { seqid: 0 },
  { seqid: 5, seqstart: 5 },
  { seqid: 5, seqstart: -1 },
  { seqid: 5, seqstart: 'a' },
  { seqstart: 5 },
  { seqid: '9007199254740993' },
])('%j is ParameterInvalid', async (query) => {
  const answer = await write('plain', { key: KEY, ...query });
  expect([answer.status, answer.errorCode]).toEqual([400, 'ParameterInvalid']);
});

/** What a query did, through a real server: over its API, and with `sluice explain`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WORDS_KEY } from '#protocol/index-config-fixture.ts';
import { testContext } from '#cli/command-fixture.ts';
import { explainCommand } from '#cli/explain-command.ts';
import type { QueryExplain } from '#protocol/query-explain.ts';
import { startServerProcess, TEST_KEYS, type ServerProcess } from '../support/server-process.ts';
import { SlsClient } from '../support/sls-client.ts';

const PROJECT = 'explained';
const INDEX = {
  keys: { level: { ...WORDS_KEY, alias: '' }, ms: { ...WORDS_KEY, type: 'long', alias: '' } },
};
const TIME = 1_700_000_000;
const DAY = 86_400;
const ROWS = 100;

let directory: string;
let server: ServerProcess;
let client: SlsClient;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-explain-'));
  server = await startServerProcess(join(directory, 'data'));
  client = new SlsClient(server.endpoint);
  await client.provision(PROJECT, 'app', { shardCount: 1, index: INDEX });
  // A query after each write, so that each day has a segment of its own.
  for (const day of [0, 1, 2]) {
    const logs = Array.from({ length: ROWS }, (_, i) => ({
      time: TIME + day * DAY + i,
      contents: [
        { key: 'level', value: i % 4 === 0 && day > 0 ? 'ERROR' : 'INFO' },
        { key: 'ms', value: String(i) },
      ],
    }));
    await client.putLogs(PROJECT, 'app', { topic: '', source: '', tags: [], logs });
    await client.count(PROJECT, 'app', '*');
  }
});

afterAll(async () => {
  client.close();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

interface Explained {
  readonly meta: { readonly count: number; readonly explain?: QueryExplain };
}

async function explain(query: string, options: object = {}): Promise<Explained> {
  const asked = { from: TIME, to: TIME + DAY + ROWS, explain: true, ...options };
  return await client.search(PROJECT, 'app', query, asked);
}

test('an answer has it when it was asked for, and only then', async () => {
  expect((await explain('*')).meta.explain?.version).toBe(1);
  expect((await explain('*', { explain: false })).meta).not.toHaveProperty('explain');
  const v1 = await client.searchV1(PROJECT, 'app', '*', { explain: true });
  expect(v1.body.toString()).not.toContain('termLookups');
  expect(JSON.stringify(v1.headers)).not.toContain('termLookups');
  await expect(explain('*', { explain: 'yes' })).rejects.toThrow('explain is not true or false');
});

test('the segments of the logstore are told apart by the manifest, and the last step is encoding', async () => {
  const { meta } = await explain('level:error');
  expect(meta.count).toBe(ROWS / 4);
  const { segments, rows, index, steps, totals } = meta.explain as QueryExplain;
  expect(segments).toMatchObject({
    total: { committed: 0, sealed: 3 },
    pruned: { committed: 0, sealed: 1 },
    matched: { committed: 0, sealed: 1 },
    unmatched: { committed: 0, sealed: 1 },
  });
  expect(rows).toMatchObject({ scanned: 2 * ROWS, matched: ROWS / 4, fetched: ROWS / 4 });
  expect(index).toMatchObject({ postingLists: 1, postingRows: ROWS / 4 });
  const last = steps.at(-1);
  expect(last).toMatchObject({ name: 'encode' });
  expect((last?.startMs ?? 0) + (last?.durationMs ?? 0)).toBeCloseTo(totals.durationMs);
});

test('neither a path of the server nor the secret of the key leaves it', async () => {
  for (const query of ['level:error', 'level:error | select ms, level from log where ms > 1']) {
    const text = JSON.stringify(await explain(query));
    expect(text).not.toContain(directory);
    expect(text).not.toContain(TEST_KEYS.accessKeySecret);
    expect(text).not.toContain(process.cwd());
  }
});

test('an answer that is compressed for its client has it too', async () => {
  const json = { from: TIME, to: TIME + DAY, query: '*', explain: true };
  const answer = await client.send({
    method: 'POST',
    path: '/logstores/app/logs',
    project: PROJECT,
    headers: { 'content-type': 'application/json', 'accept-encoding': 'lz4' },
    body: Buffer.from(JSON.stringify(json)),
  });
  expect(answer.headers['x-log-compresstype']).toBe('lz4');
  expect(Number(answer.headers['x-log-bodyrawsize'])).toBeGreaterThan(1000);
});

test('the command shows it', async () => {
  const context = testContext(
    [
      '--endpoint',
      server.endpoint,
      '--project',
      PROJECT,
      '--logstore',
      'app',
      '--from',
      String(TIME),
      '--to',
      String(TIME + DAY + ROWS),
      'level:info | select count(*) as n, sum(ms) as s',
    ],
    {
      env: {
        SLUICE_ACCESS_KEY_ID: TEST_KEYS.accessKeyId,
        SLUICE_ACCESS_KEY_SECRET: TEST_KEYS.accessKeySecret,
      },
      nowMs: Date.now(),
    },
  );
  expect(await explainCommand.run(context)).toBe(0);
  const printed = context.printed();
  expect(printed).toMatch(/level:info\s+info in level\s+175\s/u);
  expect(printed).toMatch(/pruned by time\s+1\s/u);
  expect(printed).toContain('175 of 200 rows of the time range match');
  expect(printed).toMatch(/log {2}app .* 175 rows of 2 segments {2}ms/u);
  expect(printed).toContain('READ_PARQUET');
  expect(printed).toMatch(/answer in DuckDB .*█/u);
  expect(context.complained()).toBe('');
});

/**
 * Goal: a server that is killed (SIGKILL) in the middle of a reindex has every log exactly once when it runs again, and
 * ends the job by itself.
 * Method: logs are committed in several segments of a real server, the index is changed, a reindex is asked for, and the
 * server is killed at a seeded moment after the job has begun. In the end each log must be found by the new index.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ReindexReport } from '#backend/reindex-report.ts';
import { SeededRandom } from '#platform/seeded-random.ts';
import { DEFAULT_TOKENS } from '#protocol/index-config.ts';
import { startServerProcess, type ServerProcess } from '../support/server-process.ts';
import { SlsClient } from '../support/sls-client.ts';

const SEED = Number(process.env['CRASH_SEED'] ?? 1);
const ROUNDS = 3;
const SEGMENTS = 6;
const LOGS_A_SEGMENT = 4000;
const LOG_COUNT = SEGMENTS * LOGS_A_SEGMENT;
const PROJECT = 'kill';
const TIME = 1_799_971_200;
const DAY = 86_400;
const JOB = '/logstores/app/reindex';

let directory = '';
let server: ServerProcess | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-kill-'));
});

afterEach(async () => {
  await server?.kill();
  await rm(directory, { recursive: true, force: true });
});

/** Another configuration for each round; `n` is a number in all of them but the first. */
function indexOf(round: number): object {
  const token = round % 2 === 0 ? DEFAULT_TOKENS : [' '];
  const n = { type: round === 0 ? 'text' : 'long', token, alias: '', doc_value: true };
  return {
    line: { token, caseSensitive: round % 3 === 0, chn: false },
    keys: { n, [`field${round}`]: { ...n, type: 'text' } },
    max_text_len: 2048,
  };
}

async function write(client: SlsClient): Promise<void> {
  for (let segment = 0; segment < SEGMENTS; segment++) {
    const logs = Array.from({ length: LOGS_A_SEGMENT }, (_, i) => ({
      time: TIME + segment * DAY + i,
      contents: [
        { key: 'n', value: `${segment * LOGS_A_SEGMENT + i}` },
        { key: 'text', value: `a line with the number ${i} and some more words` },
      ],
    }));
    const { status } = await client.putLogs(PROJECT, 'app', {
      topic: '',
      source: '',
      tags: [],
      logs,
    });
    expect(status).toBe(200);
  }
}

async function job(client: SlsClient): Promise<ReindexReport> {
  return (await client.call('GET', JOB, { project: PROJECT })) as ReindexReport;
}

async function jobAt(
  client: SlsClient,
  isWanted: (report: ReindexReport) => boolean,
): Promise<ReindexReport> {
  for (;;) {
    const report = await job(client);
    if (isWanted(report)) return report;
    await setTimeout(5);
  }
}

test(`kills in the middle of a reindex lose and double no log (seed ${SEED})`, async () => {
  const random = new SeededRandom(SEED);
  server = await startServerProcess(directory);
  let client = new SlsClient(server.endpoint);
  await client.provision(PROJECT, 'app', { index: indexOf(0), shardCount: 1 });
  await write(client);
  for (let round = 1; round <= ROUNDS; round++) {
    await client.call('PUT', '/logstores/app/index', { project: PROJECT, json: indexOf(round) });
    const started = (await client.call('POST', JOB, { project: PROJECT })) as ReindexReport;
    expect(started.total.rowCount).toBe(LOG_COUNT);
    await jobAt(client, ({ done }) => done.rowCount > 0);
    await setTimeout(random.below(100));
    await server.kill();
    client.close();
    server = await startServerProcess(directory);
    client = new SlsClient(server.endpoint);
    const over = await jobAt(client, ({ state }) => state !== 'waiting' && state !== 'running');
    expect(over).toMatchObject({ state: 'done', total: { rowCount: LOG_COUNT }, done: over.total });
    const query = 'n >= 0 | select count(1) as c, count(distinct n) as d, sum(n) as s';
    const { data } = await client.search(PROJECT, 'app', query);
    const sum = (LOG_COUNT * (LOG_COUNT - 1)) / 2;
    expect(data.map(({ c, d, s }) => [c, d, s].map(Number))).toEqual([[LOG_COUNT, LOG_COUNT, sum]]);
    expect(await client.count(PROJECT, 'app', 'more')).toBe(LOG_COUNT);
  }
  client.close();
});

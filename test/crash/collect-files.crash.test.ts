/**
 * Goal: what Logtail collects is what the files hold, line for line, whatever is killed when. Method: the real
 * server and the real agent as processes over files (generated ones, and the real samples where they are
 * beside the repository); kill -9 of both at random moments, restart, and count by search and by SQL.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startLogtailProcess } from '../support/logtail-process.ts';
import {
  startServerProcess,
  type ServerProcess,
  type TestProcess,
} from '../support/server-process.ts';
import { SlsClient } from '../support/sls-client.ts';
import { CorpusRandom } from '../../bench/corpus/random.ts';

const PROJECT = 'collect';
const LOGSTORE = 'files';
const SAMPLES = join(import.meta.dirname, '../../../shared/data');

let directory: string;
let server: ServerProcess | undefined;
let agent: TestProcess | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-collect-'));
  await mkdir(join(directory, 'agent'));
  await mkdir(join(directory, 'logs'));
});

afterEach(async () => {
  await agent?.stop();
  await server?.stop();
  agent = server = undefined;
  await rm(directory, { recursive: true, force: true });
});

/** Files of the test's own, and the patterns of everything to collect. */
async function makeFiles(
  seed: number,
): Promise<{ paths: string[]; lineCount: number; words: Map<string, number> }> {
  const random = new CorpusRandom(seed);
  for (let file = 0; file < 6; file++) {
    const lines = Array.from({ length: 3000 }, (_, line) => {
      const level = random.unit() < 0.05 ? 'ERROR' : 'INFO';
      return `2026-11-22 10:00:00 ${level} file${file} request ${line} took ${Math.floor(random.unit() * 900)} ms`;
    });
    await writeFile(join(directory, 'logs', `app-${file}.log`), `${lines.join('\n')}\n`);
  }
  const paths = [join(directory, 'logs', '*.log')];
  if (existsSync(SAMPLES)) paths.push(join(SAMPLES, '*.log'));
  const texts: string[] = [];
  for (const folder of [join(directory, 'logs'), ...(existsSync(SAMPLES) ? [SAMPLES] : [])])
    for (const name of await readdir(folder))
      if (name.endsWith('.log')) texts.push(await readFile(join(folder, name), 'latin1'));
  const lines = texts.flatMap((text) => text.replace(/\n$/u, '').split('\n'));
  const words = new Map<string, number>();
  for (const word of ['error', 'failed', 'file3'])
    words.set(word, lines.filter((line) => tokens(line).has(word)).length);
  return { paths, lineCount: lines.length, words };
}

/** The terms of a line by the default delimiters, folded. */
function tokens(line: string): Set<string> {
  return new Set(line.toLowerCase().split(/[, '";=()[\]{}?@&<>/:\n\t\r]/u));
}

async function waitForCount(client: SlsClient, wanted: number): Promise<number> {
  let count = -1;
  for (let i = 0; i < 300; i++) {
    count = await client.count(PROJECT, LOGSTORE, '*');
    if (count >= wanted) return count;
    await sleep(200);
  }
  return count;
}

async function startAll(paths: readonly string[]): Promise<SlsClient> {
  server = await startServerProcess(join(directory, 'data'));
  agent = await startLogtailProcess({
    endpoint: server.endpoint,
    directory: join(directory, 'agent'),
    paths,
    project: PROJECT,
    logstore: LOGSTORE,
  });
  return new SlsClient(server.endpoint);
}

async function expectExactCounts(
  client: SlsClient,
  lineCount: number,
  words: ReadonlyMap<string, number>,
): Promise<void> {
  expect(await waitForCount(client, lineCount)).toBe(lineCount);
  const sql = await client.search(PROJECT, LOGSTORE, '* | select count(*) as c');
  expect(sql.data[0]?.['c']).toBe(String(lineCount));
  for (const [word, count] of words)
    expect([word, await client.count(PROJECT, LOGSTORE, word)]).toEqual([word, count]);
}

test('every line of the files is found by search and by SQL', async () => {
  const { paths, lineCount, words } = await makeFiles(1);
  server = await startServerProcess(join(directory, 'data'));
  const setup = new SlsClient(server.endpoint);
  await setup.provision(PROJECT, LOGSTORE);
  agent = await startLogtailProcess({
    endpoint: server.endpoint,
    directory: join(directory, 'agent'),
    paths,
    project: PROJECT,
    logstore: LOGSTORE,
  });
  await expectExactCounts(setup, lineCount, words);
  setup.close();
});

test.each([11, 12, 13])(
  'counts are exact after kill -9 of everything at a random moment (seed %i)',
  async (seed) => {
    const random = new CorpusRandom(seed);
    const { paths, lineCount, words } = await makeFiles(seed);
    const first = await startServerProcess(join(directory, 'data'));
    const setup = new SlsClient(first.endpoint);
    await setup.provision(PROJECT, LOGSTORE);
    setup.close();
    await first.stop();
    for (let round = 0; round < 3; round++) {
      const client = await startAll(paths);
      if (random.unit() < 0.5) void client.count(PROJECT, LOGSTORE, '*').catch(() => undefined);
      await sleep(200 + random.unit() * 1500);
      const victims = [server, agent].filter((victim) => victim !== undefined);
      if (random.unit() < 0.5) victims.reverse();
      await Promise.all(victims.map((victim) => victim.kill()));
      client.close();
    }
    const client = await startAll(paths);
    await expectExactCounts(client, lineCount, words);
    client.close();
  },
);

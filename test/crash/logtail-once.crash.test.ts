/**
 * Goal: every line that a writer appends to a rotating file is in the server exactly once, whatever is killed and whatever
 * answer is lost. Method: the real server and the real agent as processes; between them a proxy that cuts connections with
 * answers on their way; kill -9 of one or both at seeded random moments while the writer goes on; then lines are counted.
 */
import { mkdir, mkdtemp, appendFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startCuttingProxy, type CuttingProxy } from '../support/cutting-proxy.ts';
import { startLogtailProcess } from '../support/logtail-process.ts';
import {
  startServerProcess,
  type ServerProcess,
  type TestProcess,
} from '../support/server-process.ts';
import { SlsClient } from '../support/sls-client.ts';
import { CorpusRandom } from '../../bench/corpus/random.ts';

const PROJECT = 'once';
const LOGSTORE = 'lines';
const ROUNDS = 6;
const WRITERS = 3;

let directory: string;
let proxy: CuttingProxy | undefined;
let server: ServerProcess | undefined;
let agent: TestProcess | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-once-'));
  await mkdir(join(directory, 'agent'));
  await mkdir(join(directory, 'logs'));
});

afterEach(async () => {
  await agent?.kill();
  await server?.kill();
  await proxy?.close();
  agent = server = proxy = undefined;
  await rm(directory, { recursive: true, force: true });
});

async function startServer(): Promise<void> {
  server = await startServerProcess(join(directory, 'data'));
  if (proxy !== undefined) proxy.target = server.endpoint;
}

async function startAgent(endpoint: string): Promise<void> {
  agent = await startLogtailProcess({
    endpoint,
    directory: join(directory, 'agent'),
    paths: [join(directory, 'logs', '*.log')],
    project: PROJECT,
    logstore: LOGSTORE,
  });
}

/** Appends lines to a file of its own and renames it now and then, until the signal; gives the number of lines. */
async function write(name: string, random: CorpusRandom, signal: AbortSignal): Promise<number> {
  const path = join(directory, 'logs', `${name}.log`);
  let count = 1;
  for (let step = 0; !signal.aborted; step++) {
    const size = Math.floor(random.unit() * 60);
    const lines = Array.from({ length: size }, () => `${name} line ${count++} of a file\n`);
    await appendFile(path, lines.join(''));
    if (step % 40 === 39) await rename(path, `${path}.${step}`);
    await sleep(5 + 10 * random.unit());
  }
  return count;
}

async function killAndRestart(random: CorpusRandom, endpoint: string): Promise<void> {
  const what = random.unit();
  if (what < 0.7 && agent !== undefined) await agent.kill();
  if (what > 0.4 && server !== undefined) {
    if (proxy !== undefined) proxy.target = undefined;
    await server.kill();
    await startServer();
  }
  if (what < 0.7) await startAgent(endpoint);
}

test.each([21, 22, 23])(
  'lines of rotating files are there exactly once after kills and lost answers (seed %i)',
  async (seed) => {
    const random = new CorpusRandom(seed);
    let losing = true;
    // Between quick kills there may be no answer to lose; then the first one after them is.
    let areKillsOver = false;
    proxy = await startCuttingProxy(
      () => losing && ((areKillsOver && proxy?.cutCount === 0) || random.unit() < 0.2),
    );
    await startServer();
    const setup = new SlsClient(server!.endpoint);
    await setup.provision(PROJECT, LOGSTORE);
    setup.close();
    // A generation is found once its path is known: the first one of each path is there before anything is killed.
    const names = Array.from({ length: WRITERS }, (_, index) => `writer${index}`);
    for (const name of names)
      await writeFile(join(directory, 'logs', `${name}.log`), `${name} line 0 of a file\n`);
    await startAgent(proxy.endpoint);
    await expectCounts(WRITERS);
    const writing = new AbortController();
    const writers = names.map((name, index) =>
      write(name, new CorpusRandom(seed * 100 + index), writing.signal),
    );
    for (let round = 0; round < ROUNDS; round++) {
      await sleep(200 + 900 * random.unit());
      await killAndRestart(random, proxy.endpoint);
    }
    areKillsOver = true;
    for (let i = 0; i < 300 && proxy.cutCount === 0; i++) await sleep(100);
    writing.abort();
    const counts = await Promise.all(writers);
    losing = false;
    await expectCounts(counts.reduce((sum, count) => sum + count, 0));
    expect(proxy.cutCount).toBeGreaterThan(0);
  },
);

/** Every line is different: as many lines as different ones, as many as were written. */
async function expectCounts(wanted: number): Promise<void> {
  const client = new SlsClient(server!.endpoint);
  const count = async (): Promise<number> => await client.count(PROJECT, LOGSTORE, '*');
  for (let i = 0; i < 150 && (await count()) < wanted; i++) await sleep(200);
  // What must not come has a chance to come.
  await sleep(500);
  const sql = '* | select count(*) as lines, count(distinct content) as different';
  const { data } = await client.search(PROJECT, LOGSTORE, sql);
  expect(data[0]).toMatchObject({ lines: String(wanted), different: String(wanted) });
  client.close();
}

/**
 * Goal: one command gives a working service. Method: the entry of `npm start` as a process, on a free port and a
 * folder of its own, read through its `--json` lines.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SlsClient } from '../support/sls-client.ts';

const START = join(import.meta.dirname, '../../src/main/start.ts');

type Line = Readonly<Record<string, unknown>> & { readonly event: string };

interface Started {
  readonly child: ChildProcess;
  readonly lines: Line[];
  readonly exited: Promise<number | null>;
  /** Resolves with the first line of that event, or undefined when the process ends before. */
  readonly until: (event: string) => Promise<Line | undefined>;
}

let directory: string;
const running: Started[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-start-'));
});

afterEach(async () => {
  for (const { child, exited } of running.splice(0)) {
    child.kill('SIGTERM');
    await exited;
  }
  await rm(directory, { recursive: true, force: true });
});

function start(flags: readonly string[], keys: Readonly<Record<string, string>> = {}): Started {
  const environment: NodeJS.ProcessEnv = { ...process.env, ...keys };
  const child = spawn(
    process.execPath,
    [START, '--json', '--data-dir', join(directory, 'data'), ...flags],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: environment,
    },
  );
  const lines: Line[] = [];
  const waiting: ((line: Line) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as Line;
    lines.push(line);
    for (const listener of waiting) listener(line);
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const until = async (event: string): Promise<Line | undefined> => {
    const seen = lines.find((line) => line.event === event);
    if (seen !== undefined) return seen;
    const coming = new Promise<Line>((resolve) => {
      waiting.push((line) => {
        if (line.event === event) resolve(line);
      });
    });
    return await Promise.race([
      coming,
      exited.then(() => lines.find((line) => line.event === event)),
    ]);
  };
  const started = { child, lines, exited, until };
  running.push(started);
  return started;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('starts server, demo logstore and Logtail, refuses a second start, and stops with 0', async () => {
  const listen = `127.0.0.1:${await freePort()}`;
  const first = start(['--listen', listen]);
  const ready = await first.until('ready');
  expect(first.lines.map((line) => line.event)).toEqual([
    'starting',
    'server',
    'demo',
    'logtail',
    'searchable',
    'ready',
  ]);
  expect(ready).toMatchObject({
    endpoint: `http://${listen}`,
    console: `http://${listen}/console/`,
  });

  const keyFile = join(directory, 'data', 'root-key.json');
  expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
  const keys = JSON.parse(await readFile(keyFile, 'utf8')) as {
    accessKeyId: string;
    accessKeySecret: string;
  };
  expect(ready).toMatchObject({
    accessKeyId: keys.accessKeyId,
    accessKeySecret: keys.accessKeySecret,
  });
  expect(
    Number(first.lines.find((line) => line.event === 'searchable')?.['count']),
  ).toBeGreaterThan(0);
  const client = new SlsClient(`http://${listen}`, keys);
  expect(await client.count('demo', 'app', '*')).toBeGreaterThan(0);
  client.close();
  expect((await fetch(`http://${listen}/healthz`)).status).toBe(200);

  const second = start(['--listen', `127.0.0.1:${await freePort()}`, '--no-demo']);
  expect(await second.exited).not.toBe(0);
  const refusal = await second.until('error');
  expect(String(refusal?.['message'])).toMatch(/data directory.*(?:in use|another|locked)/u);

  first.child.kill('SIGTERM');
  expect(await first.exited).toBe(0);
  await expect(fetch(`http://${listen}/healthz`)).rejects.toThrow();

  const again = start(['--listen', listen]);
  const readyAgain = await again.until('ready');
  expect(readyAgain).toMatchObject({ accessKeyId: keys.accessKeyId });
  expect(readyAgain).not.toHaveProperty('accessKeySecret');
});

test('takes the access key from the environment and then keeps none', async () => {
  const environment = {
    SLUICE_ROOT_ACCESS_KEY_ID: 'givenKeyId',
    SLUICE_ROOT_ACCESS_KEY_SECRET: 'given-key-secret',
  };
  const listen = `127.0.0.1:${await freePort()}`;
  const started = start(['--listen', listen, '--no-demo'], environment);
  expect(await started.until('ready')).toMatchObject({ accessKeyId: 'givenKeyId' });
  expect(started.lines.map((line) => line.event)).toEqual(['starting', 'server', 'ready']);
  await expect(stat(join(directory, 'data', 'root-key.json'))).rejects.toMatchObject({
    code: 'ENOENT',
  });
});

test('nothing outlives it when it is killed outright', async () => {
  const listen = `127.0.0.1:${await freePort()}`;
  const killed = start(['--listen', listen, '--no-demo']);
  await killed.until('ready');
  killed.child.kill('SIGKILL');
  await killed.exited;
  const isServed = async (): Promise<boolean> =>
    await fetch(`http://${listen}/healthz`).then(
      () => true,
      () => false,
    );
  for (let i = 0; i < 100 && (await isServed()); i++) await sleep(100);
  expect(await isServed()).toBe(false);
  const again = start(['--listen', listen, '--no-demo']);
  expect(await again.until('ready')).toMatchObject({ endpoint: `http://${listen}` });
});

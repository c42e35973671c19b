/** The server as a process: what it prints, how it ends, and who may use its data directory. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const ENTRY = join(import.meta.dirname, '..', '..', 'src', 'main', 'server.ts');

type Event = Readonly<Record<string, unknown>>;

class Child {
  readonly process: ChildProcess;
  readonly events: Event[] = [];
  readonly exited: Promise<number | null>;
  errors = '';

  constructor(flags: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.process = spawn(process.execPath, [ENTRY, '--listen', '127.0.0.1:0', ...flags], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stderr?.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
    this.exited = new Promise((resolve) => this.process.once('close', resolve));
    const { stdout } = this.process;
    if (stdout !== null)
      createInterface({ input: stdout }).on('line', (line) => {
        this.events.push(line.startsWith('{') ? (JSON.parse(line) as Event) : { line });
      });
  }

  async event(name: string): Promise<Event> {
    const deadline = Date.now() + 30_000;
    while (Date.now() < deadline && this.process.exitCode === null) {
      const found = this.events.find((event) => event['event'] === name);
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`no event ${name}: ${this.errors}`);
  }
}

let directory: string;
let children: Child[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-process-'));
  children = [];
});

afterEach(async () => {
  for (const child of children) {
    child.process.kill('SIGKILL');
    await child.exited;
  }
  await rm(directory, { recursive: true, force: true });
});

function start(flags: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Child {
  const child = new Child(['--json', '--data-dir', join(directory, 'data'), ...flags], env);
  children.push(child);
  return child;
}

describe('a server process', () => {
  it('says where it is, shows a new secret once, and stops when told to', async () => {
    const first = start();
    const ready = await first.event('ready');
    expect(ready).toMatchObject({
      endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      accessKeyId: expect.any(String),
      accessKeySecret: expect.any(String),
    });
    expect((await fetch(`${String(ready['endpoint'])}/healthz`)).status).toBe(200);
    first.process.kill('SIGTERM');
    expect(await first.exited).toBe(0);
    expect(first.events.map((event) => event['event'])).toEqual(['ready', 'stopping', 'stopped']);

    const second = start();
    const again = await second.event('ready');
    expect(again['accessKeyId']).toBe(ready['accessKeyId']);
    expect(again).not.toHaveProperty('accessKeySecret');
    expect(second.errors).not.toContain(String(ready['accessKeySecret']));
    second.process.kill('SIGINT');
    expect(await second.exited).toBe(0);
  });

  it('keeps others out of its data directory while it lives', async () => {
    const first = start();
    await first.event('ready');
    const second = start();
    expect(await second.exited).toBe(2);
    expect(second.events).toEqual([
      {
        event: 'error',
        code: 'DataDirectoryInUse',
        message: expect.stringContaining(`in use by process ${String(first.process.pid)}`),
      },
    ]);
    first.process.kill('SIGKILL');
    await first.exited;
    const third = start();
    await third.event('ready');
  });

  it('refuses what it cannot start with', async () => {
    const unknown = start(['--durabilty', 'os']);
    expect(await unknown.exited).toBe(2);
    expect(unknown.errors).toContain('unknown option --durabilty, did you mean --durability?');
    const half = start([], { SLUICE_ROOT_ACCESS_KEY_ID: 'onlyTheId' });
    expect(await half.exited).toBe(2);
    expect(half.errors).toContain('SLUICE_ROOT_ACCESS_KEY_SECRET');
  });

  it('names the address that it cannot have', async () => {
    const first = start();
    const { endpoint } = await first.event('ready');
    const { port } = new URL(String(endpoint));
    const second = new Child([
      '--json',
      '--data-dir',
      join(directory, 'other'),
      '--listen',
      `127.0.0.1:${port}`,
    ]);
    children.push(second);
    expect(await second.exited).toBe(2);
    expect(second.errors).toContain(`cannot listen on 127.0.0.1:${port}`);
  });

  it('gives help without starting anything', async () => {
    const child = start(['--help']);
    expect(await child.exited).toBe(0);
    expect(child.events[0]).toEqual({ line: 'Usage: sluice server [options]' });
    await expect(readFile(join(directory, 'data', 'version.json'))).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });
});

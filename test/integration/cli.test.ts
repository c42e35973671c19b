/** The `sluice` command as a process: its words, its exit codes, and the roles that it starts. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runSluice, SLUICE_ENTRY } from '../support/sluice-command.ts';
import { TestServer } from './api-client.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-cli-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('sluice', () => {
  it('lists its commands and gives the help of each', async () => {
    const list = await runSluice(['--help']);
    expect(list).toMatchObject({ code: 0, errors: '' });
    const names = [...list.output.matchAll(/^ {2}(\S+) {2}/gmu)].map((match) => match[1] ?? '');
    expect(names).toEqual(['server', 'logtail', 'start', 'scrub', 'reindex', 'tail', 'explain']);
    for (const name of names) {
      const help = await runSluice([name, '--help']);
      expect(help).toMatchObject({ code: 0, errors: '' });
      expect(help.output).toContain('Usage: ');
    }
  });

  it('prints the version of the package', async () => {
    const path = join(import.meta.dirname, '../../package.json');
    const { version } = JSON.parse(await readFile(path, 'utf8')) as { version: string };
    expect(await runSluice(['--version'])).toMatchObject({
      code: 0,
      output: `sluice ${version}\n`,
    });
  });

  it('ends with 2 when it does not understand', async () => {
    expect(await runSluice([])).toMatchObject({ code: 2, output: '' });
    const unknown = await runSluice(['scurb']);
    expect(unknown).toMatchObject({ code: 2, output: '' });
    expect(unknown.errors).toContain('did you mean scrub?');
    const option = await runSluice(['scrub', '--repiar']);
    expect(option).toMatchObject({ code: 2, output: '' });
    expect(option.errors).toContain('did you mean --repair?');
  });

  it('is a server until it is told to stop', async () => {
    const data = join(directory, 'data');
    const child = spawn(
      process.execPath,
      [SLUICE_ENTRY, 'server', '--json', '--data-dir', data, '--listen', '127.0.0.1:0'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const exited = new Promise((resolve) => child.once('exit', resolve));
    const lines = createInterface({ input: child.stdout });
    const ready = await new Promise<{ endpoint: string }>((resolve) =>
      lines.once('line', (line) => resolve(JSON.parse(line) as { endpoint: string })),
    );
    expect((await fetch(`${ready.endpoint}/healthz`)).status).toBe(200);
    expect(await readFile(join(data, 'server.endpoint'), 'utf8')).toBe(`${ready.endpoint}\n`);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  });
});

describe('sluice scrub', () => {
  it('makes no data directory where there is none', async () => {
    const missing = await runSluice(['scrub', '--data-dir', join(directory, 'missing')]);
    expect(missing).toMatchObject({ code: 2, output: '' });
    expect(missing.errors).toMatch(/missing is no data directory of Sluice\n$/);
    const empty = await runSluice(['scrub', '--json', '--data-dir', directory]);
    expect(empty.code).toBe(2);
    expect(JSON.parse(empty.output)).toMatchObject({
      kind: 'error',
      errorCode: 'DataDirectoryInvalid',
    });
  });

  it('says when the key is of another server, or no server is there', async () => {
    await using server = await TestServer.start();
    const endpoint = `http://127.0.0.1:${server.port}`;
    const env = { SLUICE_ACCESS_KEY_ID: 'nobody', SLUICE_ACCESS_KEY_SECRET: 'nothing' };
    const stranger = await runSluice(['scrub', '--endpoint', endpoint], env);
    expect(stranger).toMatchObject({ code: 2, output: '' });
    expect(stranger.errors).toContain('Unauthorized');
    expect(stranger.errors).toContain('is the access key of this server?');
    const nowhere = await runSluice(['scrub', '--endpoint', 'http://127.0.0.1:1'], env);
    expect(nowhere.code).toBe(2);
    expect(nowhere.errors).toContain('cannot reach the server at http://127.0.0.1:1');
  });
});

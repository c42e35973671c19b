/** Live tails through a real server: over its API, and with `sluice tail` as a process. */
import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WORDS_KEY } from '#protocol/index-config-fixture.ts';
import { errorCode } from '#base/app-error.ts';
import { requestLines } from '#cli/line-request.ts';
import { readEvents, type ServerEvent } from '#cli/server-events.ts';
import { SLUICE_ENTRY } from '../support/sluice-command.ts';
import { KEY_ID, KEY_SECRET, log, TestServer } from './api-client.ts';

const PROJECT = 'tail-project';
const TIME = 1_700_000_000;
const INDEX = {
  line: { token: [' ', ','], caseSensitive: false, chn: false },
  keys: { level: { ...WORDS_KEY, alias: '' } },
};

let server: TestServer;
let abort: AbortController;

beforeEach(async () => {
  abort = new AbortController();
  // A port that stays the same when the server restarts.
  server = await TestServer.start({ listen: { host: '127.0.0.1', port: await freePort() } });
  await server.call('POST', '/', {
    json: { projectName: PROJECT, description: '' },
    project: PROJECT,
  });
  await createLogstore();
});

async function createLogstore(): Promise<void> {
  const project = PROJECT;
  const json = { logstoreName: 'app', ttl: 3, shardCount: 2 };
  expect((await server.call('POST', '/logstores', { project, json })).status).toBe(200);
  const made = await server.call('POST', '/logstores/app/index', { project, json: INDEX });
  expect(made.status).toBe(200);
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

afterEach(async () => {
  abort.abort();
  await server[Symbol.asyncDispose]();
});

/** Resolves once the server has answered; events are read when they are asked for. */
async function tail(
  parameters: Readonly<Record<string, string>> = {},
): Promise<AsyncGenerator<ServerEvent, void, void>> {
  const lines = await requestLines({
    endpoint: `http://127.0.0.1:${server.port}`,
    method: 'GET',
    projectName: PROJECT,
    path: '/logstores/app',
    query: [['type', 'tail'], ...Object.entries(parameters)],
    key: { accessKeyId: KEY_ID, accessKeySecret: KEY_SECRET },
    nowMs: Date.now(),
    signal: abort.signal,
  });
  return readEvents(lines);
}

async function next(events: AsyncGenerator<ServerEvent, void, void>): Promise<ServerEvent> {
  const { value } = await events.next();
  if (value === undefined) throw new Error('the stream ended');
  return value;
}

/** The next `count` rows; anything but logs is an error. */
async function nextRows(
  events: AsyncGenerator<ServerEvent, void, void>,
  count: number,
): Promise<Record<string, string>[]> {
  const rows: Record<string, string>[] = [];
  while (rows.length < count) {
    const { event, data } = await next(events);
    if (event !== 'logs') throw new Error(`${event}: ${data}`);
    rows.push(...(JSON.parse(data) as Record<string, string>[]));
  }
  return rows;
}

async function put(
  logs: readonly Readonly<Record<string, string>>[],
  group: { readonly topic?: string; readonly source?: string } = {},
): Promise<void> {
  const answer = await server.put(PROJECT, 'app', {
    logs: logs.map((fields) => log(TIME, fields)),
    ...group,
  });
  expect(answer.status).toBe(200);
}

/** The rows that GetLogs gives. */
async function search(query: string): Promise<unknown> {
  const answer = await server.call('GET', '/logstores/app', {
    project: PROJECT,
    query: { type: 'log', from: TIME, to: TIME + 1, query },
  });
  expect(answer.status).toBe(200);
  return answer.json;
}

describe('a live tail over the API', () => {
  it('gives two subscribers what each asked for, as GetLogs gives it', async () => {
    const errors = await tail({ query: 'level:error' });
    const nightly = await tail({ query: 'disk', topic: 'nightly' });
    await put([
      { level: 'ERROR', msg: 'disk full', n: '1' },
      { level: 'INFO', msg: 'disk ok', n: '2' },
    ]);
    const group = { topic: 'nightly', source: '10.0.0.1' };
    await put([{ level: 'INFO', msg: 'a disk', n: '3' }], group);
    await put([{ level: 'error', msg: 'last', n: '4' }]);
    const found = await nextRows(errors, 2);
    expect(new Set(found.map(({ n }) => n))).toEqual(new Set(['1', '4']));
    expect(await nextRows(nightly, 1)).toEqual(await search('a disk'));
  });

  it('begins with logs from before when asked to', async () => {
    await put([{ n: '1' }, { n: '2' }]);
    const events = await tail({ back: '10' });
    await put([{ n: '3' }]);
    expect((await nextRows(events, 3)).map(({ n }) => n)).toEqual(['1', '2', '3']);
  });

  it('is refused in plain before it begins', async () => {
    const refusals = [
      [{ query: 'level:(' }, 'ParameterInvalid'],
      [{ query: '* | select 1' }, 'ParameterInvalid'],
      [{ query: 'nokey:1' }, 'ParameterInvalid'],
      [{ back: 'x' }, 'ParameterInvalid'],
    ] as const;
    for (const [query, code] of refusals) {
      const request = { project: PROJECT, query: { type: 'tail', ...query } };
      const answer = await server.call('GET', '/logstores/app', request);
      expect([answer.status, answer.errorCode]).toEqual([400, code]);
    }
    const missing = { project: PROJECT, query: { type: 'tail' } };
    expect((await server.call('GET', '/logstores/none', missing)).errorCode).toBe(
      'LogStoreNotExist',
    );
    const unsigned = await server.call('GET', '/logstores/app', { ...missing, sign: 'none' });
    expect(unsigned.status).toBeGreaterThanOrEqual(400);
    expect(server.running.rooms.liveTail.subscriberCount).toBe(0);
  });

  it('of fifty subscribers is one reader, and none when they have gone', async () => {
    const all = await Promise.all(Array.from({ length: 50 }, () => tail({ query: 'level:x' })));
    const { liveTail } = server.running.rooms;
    expect([liveTail.readerCount, liveTail.subscriberCount]).toEqual([1, 50]);
    await put([{ level: 'x', n: '1' }]);
    for (const events of all) expect((await nextRows(events, 1))[0]?.['n']).toBe('1');
    abort.abort();
    while (liveTail.subscriberCount > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(liveTail.readerCount).toBe(0);
  });

  it('tells a slow subscriber how many logs are missing, and holds up nobody', async () => {
    const slow = await tail();
    const quick = await tail({ query: 'level:last' });
    const padding = 'x'.repeat(20_000);
    for (let group = 0; group < 3; group++)
      await put(Array.from({ length: 300 }, () => ({ level: 'x', padding })));
    await put([{ level: 'last' }]);
    expect(await nextRows(quick, 1)).toHaveLength(1);
    const counts = { logs: 0, dropped: 0 };
    while (counts.logs + counts.dropped < 901) {
      const { event, data } = await next(slow);
      if (event === 'logs') counts.logs += (JSON.parse(data) as unknown[]).length;
      else {
        const { reason, count } = JSON.parse(data) as { reason: string; count: number };
        expect(reason).toBe('slow');
        counts.dropped += count;
      }
    }
    expect(counts.logs + counts.dropped).toBe(901);
    expect(counts.dropped).toBeGreaterThan(0);
    expect(counts.logs).toBeGreaterThan(0);
  });

  it('ends with the logstore, and with the server', async () => {
    const gone = await tail();
    await server.call('DELETE', '/logstores/app', { project: PROJECT });
    const { event, data } = await next(gone);
    expect([event, (JSON.parse(data) as { errorCode: string }).errorCode]).toEqual([
      'error',
      'LogStoreNotExist',
    ]);
    expect((await gone.next()).done).toBe(true);
    await createLogstore();
    const stopped = await tail();
    await server.restart();
    expect(await next(stopped)).toMatchObject({ event: 'error' });
    expect((await stopped.next()).done).toBe(true);
    const again = await tail();
    await put([{ n: 'after' }]);
    expect((await nextRows(again, 1))[0]?.['n']).toBe('after');
  });
});

it('the console may tail with its session', async () => {
  const endpoint = `http://127.0.0.1:${server.port}`;
  const json = { 'content-type': 'application/json', 'x-sluice-console': '1' };
  const session = await fetch(`${endpoint}/console/api/session`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ accessKeyId: KEY_ID, accessKeySecret: KEY_SECRET }),
  });
  expect(session.status).toBe(200);
  const cookie = session.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const answer = await fetch(`${endpoint}/logstores/app?type=tail`, {
    headers: { ...json, cookie, 'x-log-project': PROJECT },
    signal: abort.signal,
  });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(answer.headers.get('x-accel-buffering')).toBe('no');
  await put([{ n: '1' }]);
  let text = '';
  try {
    for await (const chunk of answer.body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text.includes('"n":"1"')) abort.abort();
    }
  } catch (error) {
    if (errorCode(error) !== undefined && !abort.signal.aborted) throw error;
  }
  expect(text).toMatch(/^: tailing\n\nevent: logs\ndata: \[\{"__time__":"1700000000".*\}\]\n\n$/u);
});

it('sluice tail prints logs as they are written, also after the server has restarted, until Ctrl-C', async () => {
  const place = ['--endpoint', `http://127.0.0.1:${server.port}`, '--project', PROJECT];
  const child = spawn(
    process.execPath,
    [SLUICE_ENTRY, 'tail', ...place, '--logstore', 'app', '--json', 'level:x', '--back', '1'],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, SLUICE_ACCESS_KEY_ID: KEY_ID, SLUICE_ACCESS_KEY_SECRET: KEY_SECRET },
    },
  );
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextNumber = async (): Promise<string | undefined> => {
    const { value } = await lines.next();
    return value === undefined ? undefined : (JSON.parse(value) as Record<string, string>)['n'];
  };
  try {
    await put([
      { level: 'x', n: '1' },
      { level: 'y', n: '2' },
    ]);
    expect(await nextNumber()).toBe('1');
    await put([{ level: 'x', n: '3' }]);
    expect(await nextNumber()).toBe('3');
    await server.restart();
    while (server.running.rooms.liveTail.subscriberCount === 0)
      await new Promise((resolve) => setTimeout(resolve, 20));
    await put([{ level: 'x', n: '4' }]);
    expect(await nextNumber()).toBe('4');
    child.kill('SIGINT');
    expect(await exited).toBe(0);
  } finally {
    child.kill('SIGKILL');
  }
});

/** SQL through HTTP: over several logstores, over a project, and when clients go away. */
import { request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WORDS_KEY } from '#protocol/index-config-fixture.ts';
import { signRequest } from '#protocol/sign-request.ts';
import { KEY_ID, KEY_SECRET, log, TestServer, type Answer } from './api-client.ts';

const NOW = Math.floor(Date.now() / 1000);
let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start();
  for (const project of ['busy', 'quiet']) {
    await server.call('POST', '/', { json: { projectName: project } });
    for (const [logstoreName, field] of [
      ['requests', 'path'],
      ['users', 'name'],
    ] as const) {
      const keys = { user: WORDS_KEY, [field]: WORDS_KEY };
      const json = { logstoreName, ttl: 30, shardCount: 2 };
      await server.call('POST', '/logstores', { project, json });
      await server.call('POST', `/logstores/${logstoreName}/index`, { project, json: { keys } });
      const logs = [1, 2, 3].map((user) =>
        log(NOW - 10 + user, { user: String(user), [field]: `${field}-${user}` }),
      );
      expect((await server.put(project, logstoreName, { logs })).status).toBe(200);
    }
  }
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

function sql(project: string, text: string): Promise<Answer> {
  const json = { from: NOW - 100, to: NOW + 100, query: `* | ${text}` };
  return server.call('POST', '/logstores/requests/logs', { project, json });
}

const JOIN = 'from requests r join users u on r.user = u.user';

it('answers joins of logstores, with the time and the source that clients read in each row', async () => {
  const answer = await sql(
    'quiet',
    `select r.path, u.name ${JOIN} where u.user > '1' order by name`,
  );
  expect(answer.json).toMatchObject({
    meta: { progress: 'Complete', keys: ['path', 'name'], limited: 100, processedRows: 6 },
    data: [2, 3].map((user) => ({
      __time__: String(NOW - 100),
      __source__: '',
      path: `path-${user}`,
      name: `name-${user}`,
    })),
  });
});

it('answers SQL over a project', async () => {
  const times = ['r', 'u'].map(
    (one) => `${one}.__time__ >= ${NOW - 8} and ${one}.__time__ < ${NOW}`,
  );
  const query = `select count(*) as c, max(u.name) as m ${JOIN} where ${times.join(' and ')}`;
  const answer = await server.call('GET', '/logs', {
    project: 'quiet',
    query: { query, powerSql: 'true' },
  });
  expect(answer.status).toBe(200);
  expect(answer.json).toEqual([{ __source__: '', __time__: String(NOW - 8), c: '2', m: 'name-3' }]);
  expect(answer.headers).toMatchObject({
    'x-log-progress': 'Complete',
    'x-log-count': '1',
    'x-log-has-sql': 'true',
    'x-log-agg-query': query,
    'x-log-where-query': '',
    'x-log-power-sql': 'true',
    'x-log-insertedsql': `${query} limit 100`,
  });
  expect(JSON.parse(answer.headers['x-log-query-info'] ?? '')).toMatchObject({
    keys: ['c', 'm'],
    columnTypes: ['bigint', 'varchar'],
  });
});

it.each([
  ['ParameterInvalid', { query: 'select name from users' }],
  ['ParameterInvalid', { query: `select 1 as x from absent where __time__ >= 1 and __time__ < 2` }],
  ['ParameterInvalid', { query: 'select 1 as x', powerSql: 'perhaps' }],
  ['ParameterInvalid', {}],
])('refuses SQL over a project with %s: %s', async (errorCode, query) => {
  const answer = await server.call('GET', '/logs', { project: 'quiet', query });
  expect(answer).toMatchObject({ status: 400, errorCode });
});

it('knows the project of SQL over one', async () => {
  const query = { query: 'select name from users where __time__ >= 1 and __time__ < 2' };
  const answer = await server.call('GET', '/logs', { project: 'no-such-project', query });
  expect(answer).toMatchObject({ status: 404, errorCode: 'ProjectNotExist' });
});

const SLOW = `select count(*) as c from log, unnest(sequence(1, 10000)) as a(x),
  unnest(sequence(1, 10000)) as b(y), unnest(sequence(1, 10000)) as d(z) where x * y % 7 = z % 11`;

/** Sends a statement and gives up when told to. Resolves when the connection has ended. */
function leave(project: string, text: string, signal: AbortSignal): Promise<void> {
  const path = '/logstores/requests/logs';
  const json = { from: NOW - 100, to: NOW + 100, query: `* | ${text}` };
  const body = Buffer.from(JSON.stringify(json));
  const { target, headers } = signRequest(
    { method: 'POST', path, query: [], headers: { host: `${project}.sls.test` }, body },
    { accessKeyId: KEY_ID, accessKeySecret: KEY_SECRET },
    { version: 'v1' },
    Date.now(),
  );
  return new Promise((resolve, reject) => {
    const sent = request({ port: server.port, path: target, method: 'POST', headers, signal });
    sent.on('response', () => reject(new Error('the statement was to take longer')));
    sent.on('error', () => resolve());
    sent.end(body);
  });
}

it('leaves slots to other projects, and frees those of clients that have gone', async () => {
  const leaving = new AbortController();
  // All that the project may run at once, and as many again that wait.
  const slow = Promise.all(Array.from({ length: 30 }, () => leave('busy', SLOW, leaving.signal)));
  const beside = await sql('quiet', 'select count(*) as c from users');
  expect(beside.json).toMatchObject({ meta: { progress: 'Complete' }, data: [{ c: '3' }] });
  leaving.abort();
  await slow;
  const after = await sql('busy', 'select count(*) as c from users');
  expect(after.json).toMatchObject({ meta: { progress: 'Complete' }, data: [{ c: '3' }] });
});

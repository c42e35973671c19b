/** What must not run, through HTTP: refusals that tell nothing of the server, which answers others beside them and afterwards. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WORDS_KEY } from '#protocol/index-config-fixture.ts';
import { MIB } from '#base/units.ts';
import { HOSTILE_STATEMENTS, NEIGHBOUR } from '#query/sql/hostile-statements.ts';
import { log, TestServer, type Answer } from './api-client.ts';

const PROJECT = 'hostile';
const NOW = Math.floor(Date.now() / 1000);
/** Refusals at once: as many as may wait. */
const AT_ONCE = 8;

/** Words of the engine, and places of this machine. */
const FOREIGN =
  /(?:Binder|Catalog|Parser|Conversion|Permission|IO|Invalid Input|Not implemented|Out of Range) Error|[Dd]uck[Dd][Bb]|LINE \d|node_modules|\.parquet|sls_|\/tmp|\.ts:\d/u;

let server: TestServer;
let neighbour: string;

beforeAll(async () => {
  server = await TestServer.start({ queryMemoryBytes: 128 * MIB });
  await server.call('POST', '/', { json: { projectName: PROJECT } });
  const json = { logstoreName: 'requests', ttl: 30, shardCount: 1 };
  await server.call('POST', '/logstores', { project: PROJECT, json });
  const index = { keys: { a: WORDS_KEY } };
  await server.call('POST', '/logstores/requests/index', { project: PROJECT, json: index });
  await server.put(PROJECT, 'requests', { logs: [log(NOW, { a: 'x' })] });
  await expectAlive();
  const files = readdirSync(server.directory, { recursive: true, encoding: 'utf8' });
  neighbour = join(server.directory, files.find((name) => name.endsWith('.parquet')) ?? '');
  expect(neighbour).toMatch(/\.parquet$/u);
});
afterAll(() => server[Symbol.asyncDispose]());

function getLogs(sql: string): Promise<Answer> {
  const json = { from: NOW - 100, to: NOW + 100, query: `* | ${sql}` };
  return server.call('POST', '/logstores/requests/logs', { project: PROJECT, json });
}

function getProjectLogs(sql: string): Promise<Answer> {
  return server.call('GET', '/logs', { project: PROJECT, query: { query: sql } });
}

async function expectAlive(): Promise<void> {
  const answer = await getLogs('select count(*) as c, max(a) as a from log');
  expect(answer.json).toMatchObject({
    meta: { progress: 'Complete' },
    data: [{ c: '1', a: 'x' }],
  });
}

function expectRefused(answer: Answer, sql: string): void {
  const { errorMessage } = answer.json as { readonly errorMessage: string };
  expect([answer.status, answer.errorCode], sql).toEqual([400, 'ParameterInvalid']);
  // What the user wrote may be said to him again.
  const words = sql.split(/[\s()'",;=]+/u).filter((word) => FOREIGN.test(word));
  const said = words.reduce((text, word) => text.replaceAll(word, ''), errorMessage);
  expect(said, sql).not.toMatch(FOREIGN);
  if (!sql.includes(server.directory)) expect(said, sql).not.toContain(server.directory);
}

async function refuseAll(
  statements: readonly string[],
  ask: (sql: string) => Promise<Answer>,
): Promise<void> {
  const left = [...statements];
  const work = async (): Promise<void> => {
    for (let sql = left.pop(); sql !== undefined; sql = left.pop())
      expectRefused(await ask(sql), sql);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

function statements(): readonly string[] {
  return HOSTILE_STATEMENTS.map((sql) => sql.replaceAll(NEIGHBOUR, neighbour));
}

describe('hostile statements are refused in the words of the service', () => {
  it('by GetLogs', async () => {
    await refuseAll(statements(), getLogs);
    await expectAlive();
  });

  it('by GetProjectLogs, with times and without', async () => {
    const times = `where __time__ >= ${NOW - 100} and __time__ < ${NOW + 100}`;
    const ofProject = statements().map((sql) => sql.replaceAll(/\blog\b/gu, 'requests'));
    await refuseAll(ofProject, getProjectLogs);
    await refuseAll(
      ofProject.map((sql) => `${sql} ${times}`),
      getProjectLogs,
    );
    await expectAlive();
  });
});

/** A text of 64 KB, doubled again and again. */
const DOUBLING = Array.from({ length: 34 }).reduce<string>(
  (inner) => `select x || x as x from (${inner})`,
  "select lpad('x', 65536, 'y') as x from log",
);

it('a statement that takes all memory fails alone: those beside it answer, at most when asked again', async () => {
  const state = { isOver: false };
  const hostile = getLogs(DOUBLING).finally(() => {
    state.isOver = true;
  });
  let asked = 0;
  while (!state.isOver) {
    const first = await getLogs('select count(*) as c from log');
    const answer = first.status === 200 ? first : await getLogs('select count(*) as c from log');
    expect(answer.json).toMatchObject({ data: [{ c: '1' }] });
    asked++;
  }
  const refused = await hostile;
  expect([refused.status, refused.errorCode]).toEqual([400, 'ParameterInvalid']);
  expect(refused.json).toMatchObject({ errorMessage: 'Query exceeded max memory size of 128MB' });
  expect(asked).toBeGreaterThan(0);
  await expectAlive();
});

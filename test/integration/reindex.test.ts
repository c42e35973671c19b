/**
 * Goal: after `sluice reindex` searches and SQL over old logs answer as if the logs had been written under the present
 * configuration.
 * Method: two logstores get the same logs, one under an older configuration; the command runs as a process of its own, and
 * then the same questions are put to both.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_TOKENS } from '#protocol/index-config.ts';
import { runSluice, type CommandResult } from '../support/sluice-command.ts';
import { KEY_ID, KEY_SECRET, log, TestServer } from './api-client.ts';

const PROJECT = 'reindexed';
const TIME = 1_700_000_000;
const KEYS = { SLUICE_ACCESS_KEY_ID: KEY_ID, SLUICE_ACCESS_KEY_SECRET: KEY_SECRET };
const WAY = { caseSensitive: false, chn: false, doc_value: true, alias: '' };
const TEXT = { ...WAY, type: 'text', token: DEFAULT_TOKENS };
const LINE = { token: DEFAULT_TOKENS, caseSensitive: false, chn: false };

const OLD_INDEX = {
  line: { ...LINE, token: [';'] },
  keys: { status: TEXT, note: { ...TEXT, token: [';'] }, ctx: TEXT, gone: TEXT },
  max_text_len: 64,
};
const INDEX = {
  line: LINE,
  keys: {
    status: { ...WAY, type: 'long' },
    cost: { ...WAY, type: 'double' },
    note: { ...TEXT, chn: true },
    Rowid: TEXT,
    ctx: {
      ...TEXT,
      type: 'json',
      index_all: true,
      max_depth: 3,
      json_keys: { 'user.id': { type: 'long', doc_value: true }, 'user.name': { type: 'text' } },
    },
  },
  max_text_len: 16_384,
};

const QUESTIONS = [
  'timeout',
  'status > 201',
  'status in [200 202)',
  'cost >= 1.5 and note: 登录',
  'gone: seldom',
  'seldom',
  'ctx.user.id = 3',
  'ctx.user.name: ann',
  'Rowid: four',
  '* | select count(1) as c, sum(status) as s, max(cost) as m',
  '* | select status, count(1) as c group by status order by status',
  'status: 203 | select "ctx.user.id" as u, count(1) as c group by u order by u',
  '* | select max(length(note)) as n, count(Rowid) as r',
  '__topic__: t1 | select count(1) as c',
] as const;

let server: TestServer;

beforeEach(async () => {
  server = await TestServer.start();
  await server.call('POST', '/', { json: { projectName: PROJECT } });
  for (const logstoreName of ['old', 'fresh']) {
    const json = { logstoreName, ttl: 30, shardCount: 2 };
    await server.call('POST', '/logstores', { project: PROJECT, json });
  }
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

async function index(method: 'POST' | 'PUT', logstore: string, json: object): Promise<void> {
  const path = `/logstores/${logstore}/index`;
  expect((await server.call(method, path, { project: PROJECT, json })).status).toBe(200);
}

async function putLogs(logstore: string): Promise<void> {
  for (let group = 0; group < 6; group++) {
    const logs = Array.from({ length: 50 }, (_, i) => {
      const n = group * 50 + i;
      return log(TIME + n, {
        n: `${n}`,
        status: `${200 + (n % 5)}`,
        cost: `${(n % 7) / 2}`,
        note: n % 3 === 0 ? `request timeout ${'x'.repeat(100)}` : '用户登录失败',
        gone: 'a seldom word',
        rowid: 'three',
        Rowid: n % 4 === 0 ? 'four' : 'not',
        ctx: JSON.stringify({ user: { id: n % 6, name: n % 2 === 0 ? 'Ann Lee' : 'Bo' } }),
      });
    });
    const sent = { topic: `t${group % 2}`, logs };
    expect((await server.put(PROJECT, logstore, sent, 'lz4')).status).toBe(200);
  }
}

/** Of each question: what was answered, or the code of the error. */
async function answersOf(logstore: string): Promise<readonly (readonly unknown[])[]> {
  const all: unknown[][] = [];
  for (const query of QUESTIONS) {
    const json = { from: 0, to: 4_000_000_000, query, line: 100, offset: 0, reverse: false };
    const path = `/logstores/${logstore}/logs`;
    const answer = await server.call('POST', path, { project: PROJECT, json });
    if (answer.status !== 200) {
      all.push([query, answer.errorCode]);
      continue;
    }
    const { data, meta } = answer.json as {
      readonly data: readonly Readonly<Record<string, string>>[];
      readonly meta: { readonly progress: string };
    };
    all.push([query, meta.progress, data]);
  }
  return all;
}

function sluice(...flags: readonly string[]): Promise<CommandResult> {
  const endpoint = `http://127.0.0.1:${server.port}`;
  const names = ['--project', PROJECT, '--logstore', 'old', '--endpoint', endpoint];
  return runSluice(['reindex', ...names, ...flags], KEYS);
}

describe('sluice reindex', () => {
  it('makes old logs answer as if they had been written under the configuration', async () => {
    await index('POST', 'old', OLD_INDEX);
    await index('POST', 'fresh', INDEX);
    await putLogs('old');
    await putLogs('fresh');
    await index('PUT', 'old', INDEX);
    const expected = await answersOf('fresh');
    const found = expected.filter(([, , rows]) => Array.isArray(rows) && rows.length > 0);
    expect(found.length).toBeGreaterThan(QUESTIONS.length - 3);
    expect(await answersOf('old')).not.toEqual(expected);
    const { code, output, errors } = await sluice();
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(output).toMatch(/^done: rebuilt .* \(100 %\), \d of \d segments, 300 rows, after /u);
    expect(await answersOf('old')).toEqual(expected);
    const metrics = (await server.call('GET', '/metrics', { sign: 'none' })).body.toString();
    expect(metrics).toMatch(/^sluice_reindex_segments_total [12]$/mu);
    expect(metrics).toMatch(/^sluice_reindexes 0$/mu);
  });

  it('is shown and cancelled, and refused where there is nothing to rebuild by', async () => {
    const none = await sluice('--no-wait');
    expect(none).toMatchObject({ code: 2, output: '' });
    expect(none.errors).toContain('IndexConfigNotExist');
    await index('POST', 'old', OLD_INDEX);
    expect((await sluice('--status')).errors).toContain('JobNotExist');
    expect((await sluice('--cancel')).errors).toContain('JobNotExist');
    expect(await sluice('--json')).toMatchObject({ code: 0 });
    const shown = await sluice('--status', '--json');
    expect(JSON.parse(shown.output)).toMatchObject({ state: 'done', total: { segmentCount: 0 } });
    expect(await sluice('--cancel')).toMatchObject({
      code: 0,
      output: shown.output && expect.any(String),
    });
  });

  it('refuses times that are none', async () => {
    await index('POST', 'old', OLD_INDEX);
    const path = '/logstores/old/reindex';
    for (const [query, errorCode] of [
      [{ from: 'x' }, 'ParameterInvalid'],
      [{ from: -1 }, 'ParameterInvalid'],
      [{ from: 5, to: 5 }, 'InvalidTimeRange'],
    ] as const)
      expect(await server.call('POST', path, { project: PROJECT, query })).toMatchObject({
        status: 400,
        errorCode,
      });
  });
});

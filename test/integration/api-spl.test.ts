/** Pipelines and scans against a whole server: what GetLogs says of them, and how a client gets from page to page. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_TOKENS } from '#protocol/index-config.ts';
import { log, TestServer, type Answer } from './api-client.ts';

const PROJECT = 'scanned';
const LOGSTORE = 'logs';
const NOW = Math.floor(Date.now() / 1000);
const RANGE = { from: NOW, to: NOW + 1000 };
const COUNT = 250;

interface Answered {
  readonly meta: Readonly<Record<string, unknown>>;
  readonly data: readonly Readonly<Record<string, string>>[];
}

let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start();
  await server.call('POST', '/', { project: PROJECT, json: { projectName: PROJECT } });
  const json = { logstoreName: LOGSTORE, ttl: 30, shardCount: 1 };
  await server.call('POST', '/logstores', { project: PROJECT, json });
  const index = { keys: { level: { type: 'text', token: DEFAULT_TOKENS, doc_value: true } } };
  await server.call('POST', `/logstores/${LOGSTORE}/index`, { project: PROJECT, json: index });
  const logs = Array.from({ length: COUNT }, (_, n) =>
    log(NOW + n, { n: String(n), level: n % 2 === 0 ? 'info' : 'warn', kv: `who=u${n % 5}` }),
  );
  await server.put(PROJECT, LOGSTORE, { logs, source: '10.0.0.1' });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

function post(json: object): Promise<Answer> {
  const path = `/logstores/${LOGSTORE}/logs`;
  return server.call('POST', path, { project: PROJECT, json: { ...RANGE, ...json } });
}

async function answered(json: object): Promise<Answered> {
  const answer = await post(json);
  expect([answer.status, answer.errorCode]).toEqual([200, '']);
  return answer.json as Answered;
}

describe('a pipeline', () => {
  it('is paged by the position that each page ends with', async () => {
    const query = "level:info | parse-kv kv, ' ', '=' | where who = 'u0' | project n, who";
    const found: string[] = [];
    let offset = 0;
    for (let isLast = false; !isLast;) {
      const { meta, data } = await answered({ query, offset, line: 10 });
      expect(meta).toMatchObject({
        mode: 2,
        hasSQL: false,
        progress: 'Complete',
        keys: ['n', 'who'],
      });
      expect(meta['scanBytes']).toBeGreaterThan(0);
      found.push(...data.map((row) => row['n'] ?? ''));
      const position = meta['phraseQueryInfo'] as { endOffset: number; scanAll: boolean };
      offset = position.endOffset;
      isLast = position.scanAll;
    }
    expect(found).toEqual(Array.from({ length: COUNT / 10 }, (_, i) => String(i * 10)));
  });

  it('says in headers what it is', async () => {
    const query = {
      type: 'log',
      ...RANGE,
      query: '* | extend m=cast(n as bigint)*2',
      line: 2,
      reverse: 'true',
    };
    const answer = await server.call('GET', `/logstores/${LOGSTORE}`, { project: PROJECT, query });
    expect(answer.json).toMatchObject([
      { n: '249', m: '498', level: 'warn', __source__: '10.0.0.1', __time__: String(NOW + 249) },
      { n: '248', m: '496' },
    ]);
    expect(answer.headers).toMatchObject({
      'x-log-has-sql': 'false',
      'x-log-count': '2',
      'x-log-agg-query': 'extend m=cast(n as bigint)*2',
    });
    expect(JSON.parse(answer.headers['x-log-query-info'] ?? '')).toMatchObject({
      mode: 2,
      phraseQueryInfo: {
        scanAll: 'false',
        beginOffset: '0',
        endOffset: '2',
        endTime: String(NOW + 248),
      },
    });
  });

  it('counts', async () => {
    const { meta, data } = await answered({ query: '* | stats c=count(*) by level | sort level' });
    expect(data).toMatchObject([
      { level: 'info', c: '125' },
      { level: 'warn', c: '125' },
    ]);
    expect(meta).toMatchObject({ mode: 2, hasSQL: true, keys: ['level', 'c'] });
  });

  it.each([
    ['* | nothing here', "line 1:2: unknown command 'nothing'"],
    ['* | where n > 5', "line 1:10: '>' cannot be applied to varchar, bigint"],
    ['#"a b" | where n = \'1\'', 'sql and spl cannot follow a phrase search'],
  ])('%s is refused', async (query, message) => {
    const answer = await post({ query });
    expect([answer.status, answer.errorCode]).toEqual([400, 'ParameterInvalid']);
    expect((answer.json as { errorMessage: string }).errorMessage).toContain(message);
  });
});

describe('SQL in scan mode', () => {
  it.each([
    ['level:warn | set session mode=scan; select max(cast(n as bigint)) as m from log', undefined],
    ['level:warn | select max(cast(n as bigint)) as m from log', 'mode=scan'],
  ])('reads fields that have no index: %s', async (query, session) => {
    const { meta, data } = await answered({ query, session });
    expect(data).toMatchObject([{ m: '249' }]);
    expect(meta).toMatchObject({ mode: 3, hasSQL: true });
    expect(meta['scanBytes']).toBeGreaterThan(0);
  });
});

/**
 * SQL as clients read it: the official Node SDK unmodified, and clients that order the columns of rows by what the facts of
 * an answer say, as the Python SDK does.
 */
import { Agent } from 'node:http';
import Client from '@alicloud/log';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WORDS_KEY } from '#protocol/index-config-fixture.ts';
import { KEY_ID, KEY_SECRET, log, TestServer } from './api-client.ts';

const PROJECT = 'sql-clients';
const LOGSTORE = 'requests';
const NOW = Math.floor(Date.now() / 60_000) * 60;
const COUNT = 250;
const FROM = new Date((NOW - 300) * 1000);
const TO = new Date((NOW + 300) * 1000);

let server: TestServer;
let client: Client;

/** Every host name leads to this machine. */
const agent = new Agent({
  keepAlive: true,
  lookup: (_host, options, callback) => {
    if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
    else callback(null, '127.0.0.1', 4);
  },
});
const options = { agent, timeout: 20_000 };

beforeAll(async () => {
  server = await TestServer.start();
  client = new Client({
    endpoint: `http://sls.test:${server.port}`,
    accessKeyId: KEY_ID,
    accessKeySecret: KEY_SECRET,
  });
  await client.createProject(PROJECT, { description: '' }, options);
  await client.createLogStore(PROJECT, LOGSTORE, { ttl: 30, shardCount: 2 }, options);
  const keys = { host: WORDS_KEY, n: { type: 'long', doc_value: true, alias: 'number' } };
  await client.createIndex(PROJECT, LOGSTORE, { keys }, options);
  const logs = Array.from({ length: COUNT }, (_, n) =>
    log(NOW - 120 + Math.floor(n / 5), { host: `h${n % 3} é日志`, n: String(n) }),
  );
  for (let i = 0; i < COUNT; i += 50)
    expect((await server.put(PROJECT, LOGSTORE, { logs: logs.slice(i, i + 50) })).status).toBe(200);
});

afterAll(async () => {
  agent.destroy();
  await server[Symbol.asyncDispose]();
});

function getLogs(data: object): Promise<Record<string, string>[]> {
  return client.getLogs(PROJECT, LOGSTORE, FROM, TO, data, options);
}

const ALL = Array.from({ length: COUNT }, (_, n) => n);
const fieldN = (rows: readonly Record<string, string>[]): number[] =>
  rows.map((row) => Number(row['n']));

describe('the Node SDK', () => {
  test('reads rows of SQL, each with the time and source that it expects', async () => {
    const query =
      'n < 100 | select host, count(*) as c, sum(number) as s, avg(n) as a, max(n) > 98 as m group by host order by host';
    const sums = [0, 1, 2].map((h) => {
      const own = ALL.filter((n) => n < 100 && n % 3 === h);
      const sum = own.reduce((total, n) => total + n, 0);
      return { host: `h${h} é日志`, c: String(own.length), s: String(sum), m: String(h === 0) };
    });
    const facts = { __time__: String(FROM.getTime() / 1000), __source__: '' };
    const rows = await getLogs({ query });
    expect(rows).toMatchObject(sums.map((row) => ({ ...facts, ...row })));
    expect(rows.map((row) => row['a'])).toEqual(['49.5', '49.0', '50.0']);
  });

  test('pages through the rows of SQL by LIMIT, and gets 100 without', async () => {
    const paged: number[] = [];
    for (let skip = 0; ; skip += 60) {
      const query = `* | select n from log order by n desc limit ${skip}, 60`;
      const rows = await getLogs({ query });
      if (rows.length === 0) break;
      paged.push(...fieldN(rows));
    }
    expect(paged).toEqual(ALL.toReversed());
    const rows = await getLogs({ query: '* | select n from log order by n' });
    expect(fieldN(rows)).toEqual(ALL.slice(0, 100));
    await expect(getLogs({ query: '* | select n from log', offset: 5 })).rejects.toMatchObject({
      code: 'ParameterInvalid',
    });
  });

  test.each([false, true])(
    'pages through logs by line and offset, reverse: %s',
    async (reverse) => {
      const paged: string[] = [];
      for (let offset = 0; ; offset += 40) {
        const rows = await getLogs({ query: '*', line: 40, offset, reverse });
        if (rows.length === 0) break;
        paged.push(...rows.map((row) => `${row['__time__']} ${row['n']}`));
      }
      expect(new Set(paged).size).toBe(COUNT);
      const times = paged.map((row) => Number(row.split(' ')[0]));
      const sorted = times.toSorted((a, b) => (reverse ? b - a : a - b));
      expect(times).toEqual(sorted);
    },
  );

  test('counts in histograms what SQL counts', async () => {
    const query = 'n >= 30 and host:h1';
    const histogram = await client.getHistograms(
      PROJECT,
      LOGSTORE,
      FROM,
      TO,
      { query, interval: 60 },
      options,
    );
    const counted = await getLogs({
      query: `${query} | select __time__ - __time__ % 60 as t, count(*) as c group by t order by t`,
    });
    expect(
      histogram
        .filter(({ count }) => count > 0)
        .map(({ from, count }) => [from - (from % 60), count]),
    ).toEqual(counted.map(({ t, c }) => [Number(t), Number(c)]));
    expect(counted.length).toBeGreaterThan(0);
  });

  test('asks a project, which its request for project logs reads too', async () => {
    const times = `__time__ >= ${NOW - 300} and __time__ < ${NOW + 300}`;
    const query = `select count(*) as c, max(n) as m from ${LOGSTORE} where ${times}`;
    const rows = await client._request('GET', PROJECT, '/logs', { query }, null, {}, options);
    expect(rows).toMatchObject([{ c: String(COUNT), m: String(COUNT - 1) }]);
  });

  test('has the code and the message of what is wrong', async () => {
    await expect(getLogs({ query: '* | select nope from log' })).rejects.toMatchObject({
      code: 'ParameterInvalid',
      message: expect.stringMatching(/^line 1:9: Column 'nope' cannot be resolved/u) as string,
    });
  });
});

describe('columns keep their order in the facts of an answer', () => {
  test.each([
    [
      `select 'a' as "2", 'b' as "1", 'c' as z, 'd' as "10", 'e' as a from log limit 1`,
      ['2', '1', 'z', '10', 'a'],
    ],
    [`select 1 as "__proto__", 2 as "constructor", 3, 4 from log limit 1`, undefined],
    ['select * from log limit 1', ['__time__', '__source__', '__topic__', 'host', 'n']],
    [
      'select number, HOST, count(*) from log group by number, host limit 1',
      ['number', 'host', '_col2'],
    ],
    [`select n as "数 量", n as "N" from log limit 1`, ['数 量', 'N']],
  ])('%s', async (sql, columns = ['__proto__', 'constructor', '_col2', '_col3']) => {
    const range = { from: NOW - 300, to: NOW + 300, query: `* | ${sql}` };
    const path = `/logstores/${LOGSTORE}`;
    const v1 = await server.call('GET', path, {
      project: PROJECT,
      query: { type: 'log', ...range },
    });
    const info = JSON.parse(v1.headers['x-log-query-info'] ?? '') as { readonly keys: string[] };
    expect(info.keys).toEqual(columns);
    const v2 = await server.call('POST', `${path}/logs`, { project: PROJECT, json: range });
    const answer = v2.json as { readonly meta: object; readonly data: readonly object[] };
    expect(answer.meta).toMatchObject({ keys: columns });
    for (const row of [(v1.json as readonly object[])[0], answer.data[0]])
      for (const column of columns) expect(Object.hasOwn(row ?? {}, column), column).toBe(true);
  });
});

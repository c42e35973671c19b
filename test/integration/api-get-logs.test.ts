/** GetLogs in all its forms against a whole server: the parameters as clients spell them, and every fact of an answer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_TOKENS } from '#protocol/index-config.ts';
import { log, TestServer, type Answer } from './api-client.ts';

const PROJECT = 'asked';
const LOGSTORE = 'logs';
const NOW = Math.floor(Date.now() / 1000);
const RANGE = { from: NOW, to: NOW + 100 };
const INDEX = {
  line: { token: DEFAULT_TOKENS, caseSensitive: false, chn: false },
  keys: { n: { type: 'long', doc_value: true }, msg: { type: 'text', token: DEFAULT_TOKENS } },
};

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
  await server.call('POST', `/logstores/${LOGSTORE}/index`, { project: PROJECT, json: INDEX });
  const logs = Array.from({ length: 30 }, (_, n) =>
    log(NOW + n, { n: String(n), msg: n % 3 === 0 ? 'Disk full now' : 'full of the disk' }),
  );
  await server.put(PROJECT, LOGSTORE, { logs, source: '10.0.0.1' });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

function post(json: object): Promise<Answer> {
  return server.call('POST', `/logstores/${LOGSTORE}/logs`, { project: PROJECT, json });
}

function get(query: Readonly<Record<string, string | number>>): Promise<Answer> {
  const full = { type: 'log', ...RANGE, ...query };
  return server.call('GET', `/logstores/${LOGSTORE}`, { project: PROJECT, query: full });
}

async function answered(json: object): Promise<Answered> {
  const answer = await post({ ...RANGE, ...json });
  expect([answer.status, answer.errorCode]).toEqual([200, '']);
  return answer.json as Answered;
}

function numbers({ data }: Pick<Answered, 'data'>): number[] {
  return data.map((row) => Number(row['n']));
}

describe('parameters', () => {
  it('are numbers and booleans, or their texts', async () => {
    const texts = { from: String(NOW), to: String(NOW + 100), line: '3', offset: '2' };
    for (const reverse of [true, 'true', 'True', 'TRUE', 1, '1']) {
      const found = await answered({ ...texts, query: '*', reverse });
      expect(numbers(found)).toEqual([27, 26, 25]);
      expect(found.meta).toMatchObject({ count: 3, progress: 'Complete' });
    }
    for (const reverse of [false, 'false', 'False', 0, '0', '', null, undefined])
      expect(numbers(await answered({ ...texts, query: '*', reverse }))).toEqual([2, 3, 4]);
    const v1 = await get({ line: 2, reverse: 'True', query: 'n > 5' });
    expect(numbers({ data: v1.json as Answered['data'] })).toEqual([29, 28]);
  });

  it('may be missing: then every log matches, oldest first', async () => {
    const found = await answered({});
    expect(numbers(found)).toEqual(Array.from({ length: 30 }, (_, n) => n));
    expect(numbers({ data: (await get({})).json as Answered['data'] })).toHaveLength(30);
  });

  it('that mean nothing here are taken when they are well-formed', async () => {
    const spare = { forward: true, accurate: 'true', isAccurate: 'False', powerSql: true };
    const found = await answered({ ...spare, session: 'mode=index', line: 500 });
    expect(found.meta).toMatchObject({ count: 30, powerSql: true });
    const v1 = await get({ forward: 'false', accurate: 'true', powerSql: 'true', session: '' });
    expect(v1.headers).toMatchObject({ 'x-log-count': '30', 'x-log-power-sql': 'true' });
  });

  it.each([
    [{ line: -1 }, 'InvalidLine'],
    [{ line: '1.5' }, 'InvalidLine'],
    [{ offset: -1 }, 'InvalidOffset'],
    [{ offset: 'x' }, 'InvalidOffset'],
    [{ reverse: 'yes' }, 'InvalidReverse'],
    [{ reverse: 2 }, 'InvalidReverse'],
    [{ forward: 'yes' }, 'ParameterInvalid'],
    [{ powerSql: 'yes' }, 'ParameterInvalid'],
    [{ accurate: [] }, 'ParameterInvalid'],
    [{ highlight: 'yes' }, 'ParameterInvalid'],
    [{ session: 5 }, 'ParameterInvalid'],
    [{ topic: 5 }, 'ParameterInvalid'],
    [{ query: ['*'] }, 'ParameterInvalid'],
    [{ from: NOW + 0.5 }, 'ParameterInvalid'],
    [{ from: '2024-01-01' }, 'ParameterInvalid'],
    [{ to: NOW }, 'InvalidTimeRange'],
    [{ fromNs: 1_000_000_000 }, 'InvalidTimeRange'],
    [{ query: 'x'.repeat(65_537) }, 'InvalidQueryString'],
  ])('%j is refused with %s', async (wrong, code) => {
    const answer = await post({ ...RANGE, query: '*', ...wrong });
    expect([answer.status, answer.errorCode]).toEqual([400, code]);
  });
});

describe('an answer', () => {
  it('has every fact of the third form', async () => {
    const { meta } = await answered({ query: 'msg:now', line: 1 });
    expect(meta).toEqual({
      progress: 'Complete',
      count: 1,
      hasSQL: false,
      aggQuery: '',
      whereQuery: 'msg:now',
      processedRows: 30,
      processedBytes: expect.any(Number),
      elapsedMillisecond: expect.any(Number),
      cpuSec: expect.any(Number),
      cpuCores: expect.any(Number),
      limited: 100,
      keys: expect.arrayContaining(['__time__', '__source__', '__topic__', 'n', 'msg']),
      columnTypes: [],
      terms: [{ key: 'msg', term: 'now' }],
      marker: '',
      mode: 0,
      scanBytes: 0,
      isAccurate: true,
      powerSql: false,
      insertedSQL: '',
      telementryType: 'None',
      highlights: [],
    });
  });

  it('has every fact of the first form', async () => {
    const { headers, json } = await get({ query: 'msg:now', line: 1 });
    const time = String(NOW);
    expect(json).toEqual([
      { __time__: time, __source__: '10.0.0.1', __topic__: '', n: '0', msg: 'Disk full now' },
    ]);
    expect(headers).toMatchObject({
      'x-log-progress': 'Complete',
      'x-log-count': '1',
      'x-log-processed-rows': '30',
      'x-log-processed-bytes': expect.stringMatching(/^[1-9]\d*$/),
      'x-log-elapsed-millisecond': expect.stringMatching(/^\d+$/),
      'x-log-has-sql': 'false',
      'x-log-where-query': 'msg:now',
      'x-log-agg-query': '',
      'x-log-cpu-sec': expect.stringMatching(/^[\d.]+$/),
      'x-log-cpu-cores': expect.stringMatching(/^\d+$/),
      'x-log-power-sql': 'false',
      'x-log-insertedsql': '',
      'x-tlm-type': 'None',
    });
    expect(JSON.parse(headers['x-log-query-info'] ?? '')).toMatchObject({
      terms: [['now', 'msg']],
      limited: '100',
      mode: 0,
      isAccurate: 1,
      columnTypes: [],
      phraseQueryInfo: { scanAll: 'true', beginOffset: '0', endOffset: '0', endTime: '0' },
    });
  });

  it('tells the words to mark when it is asked to', async () => {
    const { meta } = await answered({ query: 'disk and msg:no*', line: 1, highlight: true });
    expect(meta['highlights']).toEqual([
      [
        { Key: 'msg', Value: 'disk' },
        { Key: 'msg', Value: 'now' },
      ],
    ]);
  });
});

describe('a phrase search', () => {
  it('can be read page by page from where each says it ended', async () => {
    for (const reverse of [false, true]) {
      const seen: number[] = [];
      const infos: unknown[] = [];
      for (let offset = 0, isLast = false; !isLast;) {
        const found = await answered({ query: '#"disk full"', line: 4, offset, reverse });
        seen.push(...numbers(found));
        const info = found.meta['phraseQueryInfo'] as { scanAll: boolean; endOffset: number };
        infos.push(info);
        expect(found.meta['mode']).toBe(1);
        ({ endOffset: offset, scanAll: isLast } = info);
      }
      const expected = Array.from({ length: 10 }, (_, i) => i * 3);
      expect(seen).toEqual(reverse ? expected.toReversed() : expected);
      expect(infos).toEqual([
        { scanAll: false, beginOffset: 0, endOffset: 4, endTime: NOW + (reverse ? 18 : 9) },
        { scanAll: false, beginOffset: 4, endOffset: 8, endTime: NOW + (reverse ? 6 : 21) },
        { scanAll: true, beginOffset: 8, endOffset: 10, endTime: reverse ? RANGE.from : RANGE.to },
      ]);
    }
  });

  it('tells the same in the first form, as texts', async () => {
    const { headers } = await get({ query: '#"disk full"', line: 4, offset: 4 });
    expect(JSON.parse(headers['x-log-query-info'] ?? '')).toMatchObject({
      mode: 1,
      phraseQueryInfo: {
        scanAll: 'false',
        beginOffset: '4',
        endOffset: '8',
        endTime: String(NOW + 21),
      },
    });
  });

  it('counts its words in a histogram, wherever they stand', async () => {
    const { headers } = await get({ type: 'histogram', query: '#"disk full"' });
    expect(headers['x-log-count']).toBe('30');
  });
});

/** Searches, SQL and index configurations as a client has them: over HTTP, in a server of its own, in both forms of GetLogs. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CONFORMANCE_CASES,
  CONFORMANCE_DATA,
  wantedRows,
  type ConformanceCase,
} from '#query/conformance-cases.ts';
import { EXAMPLE_INDEX, EXAMPLE_LOGS, EXAMPLES } from '#query/search/search-examples.ts';
import { groupOfLog } from '#query/search/segment-fixture.ts';
import { startServerProcess, type ServerProcess } from '../support/server-process.ts';
import { SlsClient, type SlsResponse } from '../support/sls-client.ts';

const PROJECT = 'search';
type Row = Readonly<Record<string, string>>;

let directory: string;
let server: ServerProcess;
let client: SlsClient;
let storeCount = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-search-'));
  server = await startServerProcess(join(directory, 'data'));
  client = new SlsClient(server.endpoint);
  await client.call('POST', '/', { project: PROJECT, json: { projectName: PROJECT } });
});

afterAll(async () => {
  client.close();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Makes a logstore of one shard; without a configuration it has no index. */
async function newLogstore(index?: object): Promise<string> {
  const logstoreName = `store-${++storeCount}`;
  const json = { logstoreName, ttl: 30, shardCount: 1 };
  await client.call('POST', '/logstores', { project: PROJECT, json });
  if (index !== undefined) await changeIndex('POST', logstoreName, index);
  return logstoreName;
}

async function changeIndex(method: string, logstore: string, json?: object): Promise<void> {
  const response = await callIndex(method, logstore, json);
  expect(response.status, response.body.toString()).toBe(200);
}

function callIndex(method: string, logstore: string, json?: object): Promise<SlsResponse> {
  return client.send({
    method,
    path: `/logstores/${logstore}/index`,
    project: PROJECT,
    headers: { 'content-type': 'application/json' },
    body: json === undefined ? undefined : Buffer.from(JSON.stringify(json)),
  });
}

async function put(
  logstore: string,
  log: Readonly<Record<string, string | number>>,
): Promise<void> {
  const response = await client.putLogs(PROJECT, logstore, groupOfLog(log));
  expect(response.status, response.body.toString()).toBe(200);
}

/** GetLogs v3 that may fail. */
function ask(logstore: string, query: string, options: object = {}): Promise<SlsResponse> {
  const json = { from: 0, to: 4_000_000_000, query, ...options };
  return client.send({
    method: 'POST',
    path: `/logstores/${logstore}/logs`,
    project: PROJECT,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(json)),
  });
}

/** `n` of the logs that a search finds, in order. */
async function found(logstore: string, query: string): Promise<readonly string[]> {
  const { data, meta } = await client.search(PROJECT, logstore, query);
  expect(meta.progress).toBe('Complete');
  return data.map((row) => row['n'] ?? '');
}

function errorOf(response: SlsResponse): unknown {
  const { errorCode, errorMessage } = response.json() as Row;
  return { status: response.status, errorCode, errorMessage };
}

function checkError(response: SlsResponse, { expected }: ConformanceCase): void {
  const { code, message, message_contains: part = '' } = expected.error!;
  expect(errorOf(response)).toEqual({
    status: 400,
    errorCode: code,
    errorMessage: message ?? expect.stringContaining(part),
  });
}

describe('the conformance cases', () => {
  const stores = new Map<string, string>();

  beforeAll(async () => {
    for (const [name, { index, logs }] of Object.entries(CONFORMANCE_DATA)) {
      const logstore = await newLogstore(index);
      stores.set(name, logstore);
      for (const log of logs) await put(logstore, log);
    }
  });

  /** What an answer of either form says. */
  interface Answer {
    readonly keys: readonly string[];
    readonly progress: string;
    readonly rows: readonly Row[];
  }

  function checkAnswer({ keys, progress, rows }: Answer, { expected }: ConformanceCase): void {
    expect(progress).toBe('Complete');
    if (expected.ids !== undefined)
      expect(rows.map((row) => Number(row['__number__'])).toSorted((a, b) => a - b)).toEqual(
        expected.ids,
      );
    if (expected.row_count !== undefined) expect(rows.length).toBe(expected.row_count);
    if (expected.rows === undefined) return;
    expect(keys).toEqual(expected.columns);
    const got = rows.map((row) => keys.map((key) => row[key] ?? ''));
    expect(got).toEqual(wantedRows(got, expected));
  }

  test.each(CONFORMANCE_CASES)('$name (v3)', async (one) => {
    const { from, to, query, logs } = one;
    const response = await ask(stores.get(logs)!, query, { from, to });
    if (one.expected.error !== undefined) return checkError(response, one);
    expect(response.status, response.body.toString()).toBe(200);
    const { meta, data } = response.json() as { meta: Omit<Answer, 'rows'>; data: readonly Row[] };
    checkAnswer({ ...meta, rows: data }, one);
  });

  test.each(CONFORMANCE_CASES)('$name (v1)', async (one) => {
    const { from, to, query, logs } = one;
    const response = await client.searchV1(PROJECT, stores.get(logs)!, query, { from, to });
    if (one.expected.error !== undefined) return checkError(response, one);
    expect(response.status, response.body.toString()).toBe(200);
    const info = JSON.parse(String(response.headers['x-log-query-info'])) as Answer;
    const progress = String(response.headers['x-log-progress']);
    checkAnswer({ keys: info.keys, progress, rows: response.json() as readonly Row[] }, one);
  });
});

const CUT = {
  token: [',', ' ', '/', '=', ':', '"', '{', '}'],
  caseSensitive: false,
  chn: false,
} as const;
const TEXT = { type: 'text', ...CUT, doc_value: true } as const;
const WHOLE = { type: 'text', token: [], doc_value: true } as const;

describe('index configurations', () => {
  const MISSING = {
    status: 400,
    errorCode: 'IndexConfigNotExist',
    errorMessage: 'logstore without index config',
  };

  test('are made once, given back as they were, replaced as a whole and deleted', async () => {
    const logstore = await newLogstore();
    const first = {
      line: { ...CUT, exclude_keys: ['secret'] },
      keys: {
        msg: { ...TEXT, alias: 'message', embedding: 'model' },
        ctx: { type: 'json', ...CUT, index_all: true, json_keys: { 'a.b': { type: 'long' } } },
      },
      max_text_len: 64,
      log_reduce: true,
      log_reduce_black_list: ['msg'],
      scan_index: true,
      unknown: { kept: [1] },
    };
    for (const method of ['GET', 'PUT', 'DELETE'])
      expect(
        errorOf(await callIndex(method, logstore, method === 'PUT' ? first : undefined)),
      ).toEqual(MISSING);
    expect((await callIndex('POST', logstore, first)).status).toBe(200);
    expect(errorOf(await callIndex('POST', logstore, first))).toMatchObject({
      status: 400,
      errorCode: 'IndexAlreadyExist',
    });
    const got = (await callIndex('GET', logstore)).json();
    expect(got).toMatchObject(first);
    expect(got).toMatchObject({
      ttl: 30,
      index_mode: 'v2',
      storage: 'pg',
      lastModifyTime: expect.any(Number),
      keys: { ctx: { max_depth: -1, doc_value: false, caseSensitive: false, chn: false } },
    });
    expect((await callIndex('PUT', logstore, { line: CUT })).status).toBe(200);
    const replaced = (await callIndex('GET', logstore)).json() as Row;
    expect(Object.keys(replaced).toSorted()).toEqual([
      'index_mode',
      'lastModifyTime',
      'line',
      'max_text_len',
      'storage',
      'ttl',
    ]);
    expect(replaced['max_text_len']).toBe(2048);
    expect((await callIndex('DELETE', logstore)).status).toBe(200);
    expect(errorOf(await callIndex('GET', logstore))).toEqual(MISSING);
    expect(errorOf(await ask(logstore, '*'))).toEqual(MISSING);
  });

  test.each<readonly [string, object, string]>([
    ['nothing to index', {}, 'required fields line/keys are lacking or of error format'],
    [
      'two columns of one name',
      { keys: { a: { ...TEXT, alias: 'b' }, b: TEXT } },
      'duplicate column conflicts',
    ],
    ['more than 64 KB', { line: CUT, note: 'x'.repeat(66_000) }, 'larger than 65536 bytes'],
    ['an unknown type', { keys: { a: { type: 'date' } } }, 'is not text, long, double or json'],
  ])('with %s are refused', async (_name, json, message) => {
    const logstore = await newLogstore();
    expect(errorOf(await callIndex('POST', logstore, json))).toEqual({
      status: 400,
      errorCode: 'IndexInfoInvalid',
      errorMessage: expect.stringContaining(message),
    });
  });

  test('hold for logs that are written after them', async () => {
    const logstore = await newLogstore({ keys: { status: TEXT, n: TEXT } });
    await put(logstore, { n: 'old', status: '404', __time__: 1000 });
    await changeIndex('PUT', logstore, { keys: { status: { type: 'long' }, n: TEXT } });
    await put(logstore, { n: 'new', status: '404', __time__: 2000 });
    expect(await found(logstore, 'status > 400')).toEqual(['new']);
    expect(await found(logstore, 'status = 404')).toEqual(['old', 'new']);
    expect(await found(logstore, 'status:404')).toEqual(['old', 'new']);
    expect(await found(logstore, '404')).toEqual(['old']);
  });

  test('that come back after a deletion leave out what was written without one', async () => {
    const logstore = await newLogstore({ line: CUT });
    await put(logstore, { n: 'first', msg: 'disk' });
    await changeIndex('DELETE', logstore);
    expect(errorOf(await ask(logstore, 'disk'))).toEqual(MISSING);
    await put(logstore, { n: 'between', msg: 'disk' });
    await changeIndex('POST', logstore, { line: CUT });
    await put(logstore, { n: 'last', msg: 'disk' });
    expect(await found(logstore, 'disk')).toContain('last');
  });
});

describe('the examples of the specification', () => {
  let logstore: string;

  beforeAll(async () => {
    logstore = await newLogstore(EXAMPLE_INDEX);
    for (const [i, log] of EXAMPLE_LOGS.entries())
      await put(logstore, { ...log, __time__: 1000 + i });
  });

  test.each(EXAMPLES)('%s', async (query, expected) => {
    const response = await ask(logstore, query);
    if (expected === 'error') {
      expect(response.status).toBe(400);
      expect(response.json()).toMatchObject({ errorCode: 'ParameterInvalid' });
      return;
    }
    const { meta, data } = response.json() as { meta: object; data: readonly Row[] };
    const numbers = data.map((row) => Number(row['__time__']) - 1000);
    expect(numbers).toEqual(expected === 'all' ? EXAMPLE_LOGS.map((_, i) => i) : expected);
    expect(meta).toMatchObject({ progress: 'Complete', count: numbers.length });
  });
});

describe('rules of the search language', () => {
  let logstore: string;
  let fieldsOnly: string;

  beforeAll(async () => {
    const keys = {
      n: { type: 'text', token: [] },
      msg: TEXT,
      long: TEXT,
      Path: { ...WHOLE, caseSensitive: true },
      source: TEXT,
      cn: { ...TEXT, chn: true },
      status: { type: 'long', doc_value: true },
      id: { type: 'long' },
    };
    logstore = await newLogstore({ line: { ...CUT, exclude_keys: ['secret'] }, keys });
    fieldsOnly = await newLogstore({ keys });
    const logs = [
      { msg: 'disk full', Path: '/Var/a b', source: 'real', __source__: '10.0.0.1' },
      { msg: 'full disk', secret: 'hidden', other: 'GET /x', status: '404' },
      { long: `${'x'.repeat(512 * 1024 - 2)} early late`, status: 'n/a' },
      { msg: 'a-b index.html', cn: '用户登录失败', '__tag__:__path__': '/var/log/a b.log' },
      { msg: 'limit order by', status: '-5' },
      { msg: '', id: '9007199254740993' },
    ];
    for (const [i, log] of logs.entries())
      for (const store of [logstore, fieldsOnly])
        await put(store, { n: `l${i}`, __time__: 1000 + i, ...log });
  });

  test.each<readonly [string, readonly number[]]>([
    ['disk', [0, 1]],
    ['disk AND full aNd msg:#"full disk"', [1]],
    ['disk full not other', [0]],
    ['not disk and full', [2, 3, 4, 5]],
    ['not disk or full', [0, 1, 2, 3, 4, 5]],
    ['msg : "disk  /full"', [0, 1]],
    ['MSG:DISK', [0, 1]],
    ['"msg":disk', [0, 1]],
    ['#"disk full"', [0]],
    ['#"disk/full" and msg:*', [0]],
    ['msg:#"full disk" status:404', [1]],
    ['Path:"/Var/a b"', [0]],
    ['path:/Var*', [0]],
    ['Path:"/var/a b"', []],
    ['source:10.0.0.1', [0]],
    ['Source:real', [0]],
    ['SOURCE:10.0.0.1', []],
    ['hidden', []],
    ['secret', []],
    ['GET', [1]],
    ['other', [1]],
    ['early', []],
    ['long:*', [2]],
    ['a-b', [3]],
    ['index.html', [3]],
    ['index', []],
    ['cn:登录', [3]],
    ['cn:登', []],
    ['__tag__:__path__:"/var/log/a b.log"', [3]],
    ['"__tag__:__path__":"/VAR/log/a b.log"', [3]],
    ['__tag__:__path__:/var/log', []],
    ['__tag__:__path__:/var*', [3]],
    ['limit order by', [4]],
    ['sort', []],
    ['status in [-5 404]', [1, 4]],
    ['status in (-5, 404)', []],
    ['status:4*', []],
    ['not status > -1000000', [0, 2, 3, 5]],
    ['msg > 5', []],
    ['msg:""', [5]],
    ['not msg:""', [0, 1, 2, 3, 4]],
    ['msg:"d*k"', []],
    ['d?sk and d*k', [0, 1]],
    ['/', [0, 1, 2, 3, 4, 5]],
    ['msg:/', [0, 1, 3, 4, 5]],
  ])('%s', async (query, expected) => {
    expect(await found(logstore, query)).toEqual(expected.map((i) => `l${i}`));
  });

  test.each<readonly [string, readonly number[]]>([
    ['disk', [0, 1]],
    ['GET', []],
    ['other', []],
    // Without a full text, words are cut at all punctuation, whatever the delimiters of the fields are.
    ['index.html', []],
    ['msg:index.html', [3]],
    ['limit/order', [4]],
    ['10.0.0.1', []],
    ['login or 登录', [3]],
  ])('%s, without a full text', async (query, expected) => {
    expect(await found(fieldsOnly, query)).toEqual(expected.map((i) => `l${i}`));
  });

  test.each<readonly [string, string]>([
    [
      'other:x',
      'key (other) is not config as key value config,if symbol : is in your log,please wrap : with quotation mark "',
    ],
    [
      'disk or hidden:y',
      'key (hidden) is not config as key value config,if symbol : is in your log,please wrap : with quotation mark "',
    ],
    [
      'msg:disk:x',
      'ErrorType:QueryParseError.ErrorMessage:syntax error error position is from column:8 to column:9,error near < : >',
    ],
    [
      'disk )',
      'ErrorType:QueryParseError.ErrorMessage:syntax error error position is from column:5 to column:6,error near < ) >',
    ],
    [
      '(disk',
      'ErrorType:QueryParseError.ErrorMessage:syntax error error position is from column:5 to column:5,error near < <EOF> >',
    ],
    ['select count(*) from log', 'sql query must follow search query,please read syntex doc'],
  ])('%s is an error', async (query, errorMessage) => {
    expect(errorOf(await ask(logstore, query))).toEqual({
      status: 400,
      errorCode: 'ParameterInvalid',
      errorMessage,
    });
  });

  test.each<readonly [string, object, string, string]>([
    ['from = to', { from: 5, to: 5 }, 'InvalidTimeRange', 'request time range is invalid'],
    ['from > to', { from: 6, to: 5 }, 'InvalidTimeRange', 'request time range is invalid'],
    ['line -1', { line: -1 }, 'InvalidLine', ''],
    ['offset -1', { offset: -1 }, 'InvalidOffset', ''],
    ['reverse', { reverse: 'maybe' }, 'InvalidReverse', ''],
    ['a query over 64 KB', { query: 'a'.repeat(65_537) }, 'InvalidQueryString', ''],
    ['129 conditions', { query: 'a '.repeat(129) }, 'InvalidQueryString', ''],
    [
      'an offset with SQL',
      { query: '* | select 1', offset: 5 },
      'ParameterInvalid',
      'please use limit x,y syntax',
    ],
  ])('%s is an error', async (_name, options, errorCode, message) => {
    expect(errorOf(await ask(logstore, '*', options))).toEqual({
      status: 400,
      errorCode,
      errorMessage: expect.stringContaining(message),
    });
  });

  test('an unknown logstore is named', async () => {
    expect(errorOf(await ask('nowhere', '*'))).toEqual({
      status: 404,
      errorCode: 'LogStoreNotExist',
      errorMessage: 'logstore nowhere does not exist',
    });
  });

  test('the last value of a repeated key counts', async () => {
    const contents = ['first', 'second'].map((value) => ({ key: 'msg', value }));
    const group = { topic: '', source: '', tags: [], logs: [{ time: 1000, contents }] };
    const store = await newLogstore({ keys: { msg: TEXT } });
    expect((await client.putLogs(PROJECT, store, group)).status).toBe(200);
    expect((await found(store, 'msg:second')).length).toBe(1);
    expect((await found(store, 'msg:first')).length).toBe(0);
  });

  test('a wildcard uses a hundred terms of a field and says so', async () => {
    const store = await newLogstore({ keys: { msg: TEXT } });
    const logs = Array.from({ length: 101 }, (_, i) => ({
      time: 1000,
      contents: [{ key: 'msg', value: `word${String(i).padStart(3, '0')}` }],
    }));
    await client.putLogs(PROJECT, store, { topic: '', source: '', tags: [], logs });
    const { meta } = await client.search(PROJECT, store, 'msg:word*', { line: 100 });
    expect(meta).toMatchObject({ count: 100, isAccurate: false, progress: 'Complete' });
    expect((await client.search(PROJECT, store, 'msg:word00*')).meta).toMatchObject({
      count: 10,
      isAccurate: true,
    });
    expect(await client.count(PROJECT, store, 'msg:word0?? or msg:word100')).toBe(101);
  });
});

/** Project, logstore and index operations against a whole server: what succeeds and every refusal. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer, type Answer, type CallOptions } from './api-client.ts';

let server: TestServer;
const LOGSTORE = { logstoreName: 'app', ttl: 30, shardCount: 2 };
const INDEX = { line: { token: [',', ' '], caseSensitive: false, chn: false } };

beforeAll(async () => {
  server = await TestServer.start();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

function call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
  return server.call(method, path, options);
}

async function newProject(project: string): Promise<string> {
  const answer = await call('POST', '/', { project, json: { projectName: project } });
  expect(answer.status).toBe(200);
  return project;
}

function expectError(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.errorCode]).toEqual([status, code]);
  expect(answer.headers['content-type']).toMatch(/^application\/json/);
  expect(answer.headers['x-log-requestid']).toMatch(/^[0-9A-F]{24}$/);
  expect((answer.json as { errorMessage: string }).errorMessage).not.toBe('');
}

function expectEmpty(answer: Answer): void {
  expect(answer.body.toString()).toBe('');
  expect(answer.status).toBe(200);
  expect(answer.headers['content-length']).toBe('0');
  expect(answer.headers['content-type']).toBeUndefined();
  expect(answer.rawHeaders).toContain('x-log-requestid');
  expect(answer.rawHeaders).toContain('x-log-time');
}

describe('projects', () => {
  it('are made, shown, changed, listed and deleted', async () => {
    expectEmpty(
      await call('POST', '/', {
        project: 'life',
        json: { projectName: 'life', description: 'one', dataRedundancyType: 'ZRS' },
      }),
    );
    expectEmpty(await call('PUT', '/', { project: 'life', json: { description: 'two' } }));
    const shown = await call('GET', '/', { project: 'life' });
    expect(shown.json).toMatchObject({
      projectName: 'life',
      description: 'two',
      status: 'Normal',
      dataRedundancyType: 'ZRS',
      createTime: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
      internetEndpoint: 'sls.test',
    });
    const listed = await call('GET', '/', { query: { offset: 0, size: 10, projectName: 'lif' } });
    expect(listed.json).toMatchObject({ count: 1, total: 1, projects: [{ projectName: 'life' }] });
    expectEmpty(await call('DELETE', '/', { project: 'life', json: {} }));
    expectError(await call('GET', '/', { project: 'life' }), 404, 'ProjectNotExist');
  });

  it('may be created at account level', async () => {
    expectEmpty(await call('POST', '/', { json: { projectName: 'bare-endpoint' } }));
    expect((await call('GET', '/', { project: 'bare-endpoint' })).status).toBe(200);
  });

  it('are listed page by page', async () => {
    for (const name of ['page-a', 'page-b', 'page-c']) await newProject(name);
    const page = await call('GET', '/', { query: { offset: 1, size: 1, projectName: 'page-' } });
    expect(page.json).toMatchObject({ count: 1, total: 3, projects: [{ projectName: 'page-b' }] });
  });

  it('refuse what is wrong', async () => {
    await newProject('taken');
    const create = (json: unknown): Promise<Answer> =>
      call('POST', '/', { project: 'x-y-z', json });
    expectError(await create({ projectName: 'taken' }), 400, 'ProjectAlreadyExist');
    expectError(await create({}), 400, 'ParameterInvalid');
    expectError(await create({ projectName: 7 }), 400, 'ParameterInvalid');
    for (const projectName of [
      'ab',
      'Upper',
      '-dash',
      'a/b',
      '../etc',
      'a'.repeat(64),
      'sp ace',
      '',
    ])
      expectError(await create({ projectName }), 400, 'ParameterInvalid');
    expectError(await create({ projectName: 'good', description: 5 }), 400, 'ParameterInvalid');
    expectError(await create([1]), 400, 'PostBodyInvalid');
    expectError(
      await call('POST', '/', { project: 'x-y-z', body: '{"projectName":' }),
      400,
      'PostBodyInvalid',
    );
    expectError(await call('POST', '/', { project: 'x-y-z' }), 400, 'PostBodyInvalid');
    expectError(
      await call('PUT', '/', { project: 'nobody', json: { description: '' } }),
      404,
      'ProjectNotExist',
    );
    expectError(await call('DELETE', '/', { project: 'nobody' }), 404, 'ProjectNotExist');
    expectError(await call('DELETE', '/'), 404, 'ProjectNotExist');
    expectError(await call('GET', '/', { query: { size: 'many' } }), 400, 'ParameterInvalid');
    expectError(await call('GET', '/', { query: { offset: -1 } }), 400, 'ParameterInvalid');
  });

  it('take their logstores with them', async () => {
    const project = await newProject('with-stores');
    expectEmpty(await call('POST', '/logstores', { project, json: LOGSTORE }));
    expectEmpty(await call('DELETE', '/', { project }));
    await newProject(project);
    expectError(await call('GET', '/logstores/app', { project }), 404, 'LogStoreNotExist');
  });
});

describe('logstores', () => {
  it('are made, shown, changed, listed and deleted', async () => {
    const project = await newProject('stores');
    const json = { ...LOGSTORE, appendMeta: true, mode: 'query', hot_ttl: 7, somethingNew: 1 };
    expectEmpty(await call('POST', '/logstores', { project, json }));
    const shown = await call('GET', '/logstores/app', { project });
    expect(shown.json).toMatchObject({
      logstoreName: 'app',
      ttl: 30,
      shardCount: 2,
      enable_tracking: false,
      autoSplit: false,
      maxSplitShard: 64,
      appendMeta: true,
      mode: 'query',
      hot_ttl: 7,
      createTime: expect.any(Number),
      lastModifyTime: expect.any(Number),
    });
    expectEmpty(
      await call('PUT', '/logstores/app', {
        project,
        json: { logstoreName: 'app', ttl: 3650, shardCount: 2, enable_tracking: true },
      }),
    );
    expect((await call('GET', '/logstores/app', { project })).json).toMatchObject({
      ttl: 3650,
      enable_tracking: true,
      appendMeta: true,
    });
    const second = { ...LOGSTORE, logstoreName: 'other_store' };
    expectEmpty(await call('POST', '/logstores', { project, json: second }));
    expect((await call('GET', '/logstores', { project })).json).toEqual({
      count: 2,
      total: 2,
      logstores: ['app', 'other_store'],
    });
    expect(
      (await call('GET', '/logstores', { project, query: { logstoreName: 'other' } })).json,
    ).toEqual({ count: 1, total: 1, logstores: ['other_store'] });
    expect((await call('GET', '/logstores', { project, query: { mode: 'query' } })).json).toEqual({
      count: 1,
      total: 1,
      logstores: ['app'],
    });
    expectEmpty(await call('DELETE', '/logstores/app', { project }));
    expectError(await call('GET', '/logstores/app', { project }), 404, 'LogStoreNotExist');
  });

  it('have evenly divided shards', async () => {
    const project = await newProject('sharded');
    await call('POST', '/logstores', { project, json: LOGSTORE });
    const shards = await call('GET', '/logstores/app/shards', { project });
    expect(shards.json).toEqual([
      {
        shardID: 0,
        status: 'readwrite',
        inclusiveBeginKey: '0'.repeat(32),
        exclusiveEndKey: `8${'0'.repeat(31)}`,
        createTime: expect.any(Number),
      },
      {
        shardID: 1,
        status: 'readwrite',
        inclusiveBeginKey: `8${'0'.repeat(31)}`,
        exclusiveEndKey: 'f'.repeat(32),
        createTime: expect.any(Number),
      },
    ]);
  });

  it('refuse what is wrong', async () => {
    const project = await newProject('refusals');
    const create = (json: unknown): Promise<Answer> =>
      call('POST', '/logstores', { project, json });
    expectEmpty(await create(LOGSTORE));
    expectError(await create(LOGSTORE), 400, 'LogStoreAlreadyExist');
    for (const logstoreName of ['a', 'Up', '_x', 'a/b', '..', 'x'.repeat(64), 'sp ace', ''])
      expectError(await create({ ...LOGSTORE, logstoreName }), 400, 'LogStoreInfoInvalid');
    for (const wrong of [
      { logstoreName: undefined },
      { ttl: 0 },
      { ttl: 3651 },
      { ttl: '30' },
      { ttl: undefined },
      { shardCount: 0 },
      { shardCount: 101 },
      { shardCount: undefined },
      { autoSplit: 'yes' },
      { maxSplitShard: 257 },
    ]) {
      const json = { ...LOGSTORE, logstoreName: 'fresh', ...wrong };
      expectError(await create(json), 400, 'LogStoreInfoInvalid');
    }
    expectError(await call('POST', '/logstores', { project, body: 'no' }), 400, 'PostBodyInvalid');
    const update = (json: unknown): Promise<Answer> =>
      call('PUT', '/logstores/app', { project, json });
    expectError(await update({ ttl: 30, shardCount: 3 }), 400, 'ParameterInvalid');
    expectError(await update({ ttl: 99_999 }), 400, 'LogStoreInfoInvalid');
    expectError(await update({ logstoreName: 'another' }), 400, 'LogStoreInfoInvalid');
    for (const [method, path] of [
      ['GET', '/logstores/none'],
      ['PUT', '/logstores/none'],
      ['DELETE', '/logstores/none'],
      ['GET', '/logstores/none/shards'],
      ['GET', '/logstores/..%2f..%2fetc'],
      ['GET', '/logstores/%00'],
    ] as const)
      expectError(await call(method, path, { project, json: {} }), 404, 'LogStoreNotExist');
    expectError(
      await call('GET', '/logstores', { project: 'no-such-project' }),
      404,
      'ProjectNotExist',
    );
    expectError(await call('GET', '/logstores'), 404, 'ProjectNotExist');
  });
});

describe('indexes', () => {
  it('are made, shown, replaced and deleted', async () => {
    const project = await newProject('indexes');
    await call('POST', '/logstores', { project, json: LOGSTORE });
    const path = '/logstores/app/index';
    const keys = {
      status: { type: 'long', doc_value: true, alias: 's' },
      message: { type: 'text', token: [' '], caseSensitive: true, chn: true },
      payload: { type: 'json', token: [' '], json_keys: { 'a.b': { type: 'double' } } },
    };
    expectEmpty(await call('POST', path, { project, json: { ...INDEX, keys, log_reduce: true } }));
    const shown = await call('GET', path, { project });
    expect(shown.json).toMatchObject({
      line: { token: [',', ' '], caseSensitive: false, chn: false },
      keys: {
        status: { type: 'long', doc_value: true, alias: 's', caseSensitive: false, chn: false },
        message: { type: 'text', token: [' '], caseSensitive: true, chn: true, doc_value: false },
        payload: { type: 'json', max_depth: -1, json_keys: { 'a.b': { type: 'double' } } },
      },
      log_reduce: true,
      max_text_len: 2048,
      index_mode: 'v2',
      ttl: 30,
      lastModifyTime: expect.any(Number),
    });
    // What was shown can be sent back as it is.
    expectEmpty(await call('PUT', path, { project, json: shown.json }));
    expectEmpty(await call('PUT', path, { project, json: INDEX }));
    expect((await call('GET', path, { project })).json).not.toHaveProperty('keys');
    expectEmpty(await call('DELETE', path, { project }));
    expectError(await call('GET', path, { project }), 400, 'IndexConfigNotExist');
  });

  it('refuse what is wrong', async () => {
    const project = await newProject('bad-indexes');
    await call('POST', '/logstores', { project, json: LOGSTORE });
    const path = '/logstores/app/index';
    for (const json of [
      {},
      { line: [] },
      { line: {} },
      { line: { token: 'x' } },
      { line: { token: ['ab'] } },
      { line: { token: [' '], include_keys: ['a'], exclude_keys: ['b'] } },
      { line: { token: [' '], caseSensitive: 'no' } },
      { keys: { a: {} } },
      { keys: { a: { type: 'vector' } } },
      { keys: { '': { type: 'text' } } },
      { keys: { ['k'.repeat(129)]: { type: 'text' } } },
      { keys: { a: { type: 'json', json_keys: { b: { type: 'json' } } } } },
      { keys: { a: { type: 'json', max_depth: -2 } } },
      { ...INDEX, max_text_len: 63 },
    ])
      expectError(await call('POST', path, { project, json }), 400, 'IndexInfoInvalid');
    expectError(await call('POST', path, { project, body: '[' }), 400, 'PostBodyInvalid');
    for (const method of ['GET', 'PUT', 'DELETE'])
      expectError(await call(method, path, { project, json: INDEX }), 400, 'IndexConfigNotExist');
    expectEmpty(await call('POST', path, { project, json: INDEX }));
    expectError(await call('POST', path, { project, json: INDEX }), 400, 'IndexAlreadyExist');
    expectError(
      await call('POST', '/logstores/none/index', { project, json: INDEX }),
      404,
      'LogStoreNotExist',
    );
  });
});

describe('unknown routes', () => {
  it('are told from wrong methods and unknown types', async () => {
    const project = await newProject('routes');
    await call('POST', '/logstores', { project, json: LOGSTORE });
    expectError(await call('GET', '/no/such/path', { project }), 404, 'NotSupported');
    expectError(await call('GET', '/logstores//shards', { project }), 404, 'NotSupported');
    expectError(await call('DELETE', '/logstores', { project }), 405, 'InvalidMethod');
    expectError(await call('GET', '/logstores/app/shards/lb', { project }), 405, 'InvalidMethod');
    expectError(
      await call('GET', '/logstores/app', { project, query: { type: 'dance' } }),
      400,
      'NotSupported',
    );
    expectError(await call('GET', '/logstores/app/shards/0', { project }), 400, 'ParameterInvalid');
  });

  it('do not confuse a path that differs by a slash or a question mark at its end', async () => {
    const project = await newProject('slashes');
    for (const target of ['/logstores?', '/logstores/'])
      expect((await call('GET', target, { project })).errorCode).not.toBe('NotSupported');
  });
});

describe('what was made', () => {
  it('is there after a restart', async () => {
    const project = await newProject('durable');
    await call('POST', '/logstores', { project, json: LOGSTORE });
    await call('POST', '/logstores/app/index', { project, json: INDEX });
    await server.restart();
    expect((await call('GET', '/logstores/app', { project })).json).toMatchObject({ ttl: 30 });
    expect((await call('GET', '/logstores/app/index', { project })).status).toBe(200);
  });
});

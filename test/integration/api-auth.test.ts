/** Who may call: signatures, clocks, the console's session, and what needs no key at all. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KEY_ID, KEY_SECRET, TestServer, type Answer } from './api-client.ts';

let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start();
  await server.call('POST', '/', { project: 'prj', json: { projectName: 'prj' } });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

function refused(answer: Answer): readonly [number, string] {
  expect(answer.headers['x-log-requestid']).toMatch(/^[0-9A-F]{24}$/);
  expect(answer.headers['x-log-time']).toMatch(/^\d{10}$/);
  return [answer.status, answer.errorCode];
}

function cookieOf(answer: Answer): string {
  const [cookie = ''] = (answer.headers['set-cookie'] ?? []) as unknown as string[];
  expect(cookie).toMatch(
    /^sluice_session=[^;]+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
  );
  expect(cookie).not.toContain(KEY_SECRET);
  return cookie.split(';')[0] ?? '';
}

function call(headers: Readonly<Record<string, string>>): Promise<Answer> {
  const options = { sign: 'none', headers: { 'x-log-project': 'prj', ...headers } } as const;
  return server.call('GET', '/logstores', options);
}

describe('signatures', () => {
  it('of both versions and both V1 methods are accepted', async () => {
    for (const sign of [
      { version: 'v1' },
      { version: 'v1', method: 'hmac-sha256' },
      { version: 'v4', region: 'cn-hangzhou' },
    ] as const) {
      const query = { logstoreName: '', offset: 0, size: 10 };
      const answer = await server.call('GET', '/logstores', { project: 'prj', query, sign });
      expect(answer.json).toEqual({ count: 0, total: 0, logstores: [] });
    }
  });

  it('that are wrong are refused', async () => {
    const wrongSecret = { project: 'prj', accessKeySecret: 'not the secret' };
    for (const sign of [{ version: 'v1' }, { version: 'v4', region: 'x' }] as const) {
      const answer = await server.call('GET', '/logstores', { ...wrongSecret, sign });
      expect(refused(answer)).toEqual([401, 'SignatureNotMatch']);
    }
  });

  it('by an unknown key are refused', async () => {
    const answer = await server.call('GET', '/logstores', {
      project: 'prj',
      accessKeyId: 'nobody',
    });
    expect(refused(answer)).toEqual([401, 'Unauthorized']);
  });

  it('of a clock that is off by more than 15 minutes are refused with the word that agents look for', async () => {
    for (const skewMs of [-16 * 60_000, 16 * 60_000]) {
      const answer = await server.call('GET', '/logstores', { project: 'prj', skewMs });
      expect(refused(answer)).toEqual([400, 'RequestTimeTooSkewed']);
      expect(answer.body.toString()).toContain('RequestTimeExpired');
    }
    const nearly = await server.call('GET', '/logstores', { project: 'prj', skewMs: 14 * 60_000 });
    expect(nearly.status).toBe(200);
  });

  it('are needed', async () => {
    const answer = await server.call('GET', '/logstores', { project: 'prj', sign: 'none' });
    expect(refused(answer)).toEqual([400, 'MissAccessKeyId']);
    const garbled = await server.call('GET', '/logstores', {
      project: 'prj',
      sign: 'none',
      headers: { authorization: 'Basic abc' },
    });
    expect(refused(garbled)).toEqual([401, 'Unauthorized']);
  });

  it('do not hold for another body', async () => {
    const signed = await server.call('POST', '/logstores', {
      project: 'prj',
      headers: { 'content-md5': '00000000000000000000000000000000' },
      json: {},
    });
    expect(signed.status).toBeGreaterThanOrEqual(400);
  });

  it('with a security token nobody issued are refused', async () => {
    const headers = { 'x-acs-security-token': 'forged' };
    const answer = await server.call('GET', '/logstores', { project: 'prj', headers });
    expect(refused(answer)).toEqual([401, 'Unauthorized']);
  });
});

describe('addresses', () => {
  it('name the project by header, host or absolute target', async () => {
    const byHeader = await server.call('GET', '/logstores', {
      headers: { 'x-log-project': 'prj' },
    });
    expect(byHeader.status).toBe(200);
    const byAddress = await server.call('GET', '/logstores', {
      headers: { host: `prj.127.0.0.1:${server.port}` },
    });
    expect(byAddress.status).toBe(200);
  });

  it('of unknown projects are refused', async () => {
    const answer = await server.call('GET', '/logstores', { project: 'unknown' });
    expect(refused(answer)).toEqual([404, 'ProjectNotExist']);
    expect((answer.json as { errorMessage: string }).errorMessage).toBe(
      'The Project does not exist : unknown',
    );
  });
});

describe('health', () => {
  it('needs no signature', async () => {
    for (const path of ['/healthz', '/health']) {
      const answer = await server.call('GET', path, { sign: 'none' });
      expect([answer.status, answer.json]).toEqual([200, { status: 'ok' }]);
    }
  });
});

describe('metrics', () => {
  it('need no signature, and each has help, a type and a number', async () => {
    const answer = await server.call('GET', '/metrics', { sign: 'none' });
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = answer.body.toString();
    const lines = text.trimEnd().split('\n');
    for (let i = 0; i < lines.length; i += 3) {
      const name = /^# HELP (sluice_\w+) ./.exec(lines[i]!)?.[1];
      expect(lines[i + 1]).toMatch(new RegExp(`^# TYPE ${name} (?:gauge|counter)$`));
      expect(lines[i + 2]).toMatch(new RegExp(`^${name} [0-9.]+$`));
    }
    expect(text).toContain('sluice_index_lag_seconds ');
    const refusal = await server.call('POST', '/metrics', { sign: 'none' });
    expect(refused(refusal)).toEqual([405, 'InvalidMethod']);
  });
});

describe('the console session', () => {
  const path = '/console/api/session';

  function signIn(accessKeySecret: string, headers = {}): Promise<Answer> {
    const json = { accessKeyId: KEY_ID, accessKeySecret };
    return server.call('POST', path, { sign: 'none', json, headers });
  }

  it('lets a browser call every route, and says who is signed in', async () => {
    const cookie = cookieOf(await signIn(KEY_SECRET));
    const who = await server.call('GET', path, { sign: 'none', headers: { cookie } });
    expect(who.json).toMatchObject({ accessKeyId: KEY_ID });
    const headers = { cookie, 'x-sluice-console': '1', 'x-log-project': 'prj' };
    const stores = await server.call('GET', '/logstores', { sign: 'none', headers });
    expect(stores.json).toEqual({ count: 0, total: 0, logstores: [] });
    const projects = await server.call('GET', '/', {
      sign: 'none',
      headers: { cookie, 'x-sluice-console': '1', accept: 'text/html,application/json' },
    });
    expect(projects.json).toMatchObject({ total: 1 });
  });

  it('is no use without the header, from another site, or when forged', async () => {
    const cookie = cookieOf(await signIn(KEY_SECRET));
    expect(refused(await call({ cookie }))).toEqual([400, 'MissAccessKeyId']);
    const own = { cookie, 'x-sluice-console': '1' };
    expect((await call({ ...own, origin: 'http://sls.test' })).status).toBe(200);
    expect(refused(await call({ ...own, origin: 'http://evil.test' }))).toEqual([
      401,
      'Unauthorized',
    ]);
    expect(refused(await call({ ...own, origin: 'null' }))).toEqual([401, 'Unauthorized']);
    const last = cookie.at(-1) === 'A' ? 'B' : 'A';
    for (const forged of [
      `${cookie.slice(0, -2)}${last}${last}`,
      'sluice_session=',
      'sluice_session=a.1.b',
    ])
      expect(refused(await call({ ...own, cookie: forged }))).toEqual([401, 'Unauthorized']);
    const foreign = await signIn(KEY_SECRET, { origin: 'http://evil.test' });
    expect(refused(foreign)).toEqual([401, 'Unauthorized']);
  });

  it('ends when signed out', async () => {
    const answer = await server.call('DELETE', path, { sign: 'none' });
    expect(String(answer.headers['set-cookie'])).toMatch(/^sluice_session=; Path=\/; Max-Age=0;/);
    expect(refused(await server.call('GET', path, { sign: 'none' }))).toEqual([
      401,
      'Unauthorized',
    ]);
  });

  it('cannot be had by guessing', async () => {
    const codes: string[] = [];
    for (let i = 0; i < 12; i++) codes.push((await signIn(`guess number ${i}`)).errorCode);
    expect(codes.slice(0, 10).every((code) => code === 'Unauthorized')).toBe(true);
    expect(codes.slice(10)).toEqual(['ExceedQuota', 'ExceedQuota']);
    expect(refused(await signIn(KEY_SECRET))).toEqual([403, 'ExceedQuota']);
  });
});

describe('the console files', () => {
  it('are behind a redirect from the address itself', async () => {
    const answer = await server.call('GET', '/', {
      sign: 'none',
      headers: { accept: 'text/html' },
    });
    expect([answer.status, answer.headers['location']]).toEqual([302, '/console/']);
  });

  it('name nothing outside of the console', async () => {
    for (const path of [
      '/console/../package.json',
      '/console/assets/..%2f..%2f..%2fpackage.json',
      '/console/assets/%2e%2e/%2e%2e/package.json',
      '/console/assets/%00',
    ]) {
      const answer = await server.call('GET', path, { sign: 'none' });
      expect(answer.body.toString()).not.toContain('devDependencies');
    }
  });
});

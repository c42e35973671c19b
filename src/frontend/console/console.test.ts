import { describe, expect, it } from 'vitest';
import { MemoryFiles } from '#platform/memory-files.ts';
import type { HttpRequest } from '../http-message.ts';
import { SESSION_MS, SIGN_IN_ADDRESSES_MAX, SIGN_IN_FAILURES_MAX } from '../limits.ts';
import { parseRequestTarget } from '../request-target.ts';
import { ConsoleFiles } from './console-files.ts';
import { SessionTokens } from './session-token.ts';
import { SignInLimiter } from './sign-in-limiter.ts';

const KEY = { accessKeyId: 'key.with.dots', accessKeySecret: 'the secret' };
const NOW_MS = 1_700_000_000_000;

async function loaded(): Promise<ConsoleFiles> {
  const files = new MemoryFiles();
  for (const [path, text] of [
    ['web/index.html', '<html></html>'],
    ['web/assets/app-1a2b.js', 'let a = 1;'.repeat(100)],
  ] as const) {
    await files.makeDirectory(path.slice(0, path.lastIndexOf('/')));
    const handle = await files.open(path, 'create');
    await handle.write([Buffer.from(text)], 0);
    await handle.close();
  }
  return ConsoleFiles.load('web', files);
}

function request(method: string, headers: Readonly<Record<string, string>> = {}): HttpRequest {
  return {
    method,
    target: parseRequestTarget('/console/'),
    headers,
    clientAddress: '',
    localPort: undefined,
    requestId: '',
    secure: false,
    signal: new AbortController().signal,
    readBody: () => Promise.resolve(Buffer.alloc(0)),
  };
}

describe('session tokens', () => {
  it('are good for twelve hours', () => {
    const tokens = new SessionTokens(KEY);
    const { token, session } = tokens.issue(NOW_MS);
    expect(tokens.verify(token, NOW_MS)).toEqual(session);
    expect(tokens.verify(token, NOW_MS + SESSION_MS - 1)).toEqual(session);
    expect(tokens.verify(token, NOW_MS + SESSION_MS)).toBeUndefined();
    expect(token).not.toContain(KEY.accessKeySecret);
  });

  it('hold only for the secret and the key that they were made with', () => {
    const { token } = new SessionTokens(KEY).issue(NOW_MS);
    const others = [
      { ...KEY, accessKeySecret: 'another' },
      { ...KEY, accessKeyId: 'another' },
    ];
    for (const other of others)
      expect(new SessionTokens(other).verify(token, NOW_MS)).toBeUndefined();
  });

  it('cannot be prolonged or made up', () => {
    const tokens = new SessionTokens(KEY);
    const { token } = tokens.issue(NOW_MS);
    const later = token.replace(/\.(\d+)\./, (_, expiry: string) => `.${Number(expiry) + 1}.`);
    expect(later).not.toBe(token);
    for (const forged of [later, '', '.', '..', 'a.b.c', token.slice(1), 'x'.repeat(10_000)])
      expect(tokens.verify(forged, NOW_MS)).toBeUndefined();
  });
});

describe('the sign-in limiter', () => {
  it('lets an address try again after a minute', () => {
    const limiter = new SignInLimiter();
    for (let i = 0; i < SIGN_IN_FAILURES_MAX; i++) {
      expect(limiter.mayTry('a', NOW_MS)).toBe(true);
      limiter.failed('a', NOW_MS);
    }
    expect(limiter.mayTry('a', NOW_MS + 59_000)).toBe(false);
    expect(limiter.mayTry('b', NOW_MS)).toBe(true);
    expect(limiter.mayTry('a', NOW_MS + 60_000)).toBe(true);
  });

  it('forgets the oldest address when it knows too many', () => {
    const limiter = new SignInLimiter();
    for (let i = 0; i < SIGN_IN_FAILURES_MAX; i++) limiter.failed('first', NOW_MS);
    for (let i = 0; i < SIGN_IN_ADDRESSES_MAX; i++) limiter.failed(`address ${i}`, NOW_MS);
    expect(limiter.mayTry('first', NOW_MS)).toBe(true);
  });
});

describe('console files', () => {
  it('come with their type, and hashed ones stay in caches', async () => {
    const files = await loaded();
    const script = files.handle(request('GET'), 'assets/app-1a2b.js');
    expect(script.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
    });
    const page = files.handle(request('GET'), 'index.html');
    expect(page.headers['cache-control']).toBe('no-cache');
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
  });

  it('are compressed for browsers that can read it', async () => {
    const files = await loaded();
    const plain = files.handle(request('GET'), 'assets/app-1a2b.js');
    const gzip = { 'accept-encoding': 'gzip, br' };
    const packed = files.handle(request('GET', gzip), 'assets/app-1a2b.js');
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(packed.body?.length).toBeLessThan(plain.body?.length ?? 0);
  });

  it('answer pages by index.html, missing assets by an error', async () => {
    const files = await loaded();
    const page = files.handle(request('GET'), 'projects/demo/app');
    expect(Buffer.from(page.body ?? []).toString()).toBe('<html></html>');
    expect(() => files.handle(request('GET'), 'assets/gone.js')).toThrow('there is no such file');
    expect(() => files.handle(request('POST'), 'index.html')).toThrow('invalid request method');
  });

  it('say so when the console is not built', async () => {
    const files = await ConsoleFiles.load('nowhere', new MemoryFiles());
    expect(files.isBuilt).toBe(false);
    expect(() => files.handle(request('GET'), '')).toThrow('the console is not built');
  });
});

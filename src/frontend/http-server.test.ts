/**
 * The HTTP shell over real sockets: whatever bytes arrive, the answer has the headers and the error body that
 * SLS clients rely on, and other connections do not notice.
 */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '#base/app-error.ts';
import { RealClock } from '#platform/real-clock.ts';
import { createRequestIds } from '#protocol/request-id.ts';
import { createLogger } from '#telemetry/logger.ts';
import { HttpServer } from './http-server.ts';
import type { HttpHandler } from './http-server.ts';
import { EMPTY_REPLY, jsonReply } from './http-message.ts';

const REQUEST_ID = /^x-log-requestid: [0-9A-F]{24}\r$/m;
const SERVER_TIME = /^x-log-time: \d{10}\r$/m;

let server: HttpServer;
let port: number;
let handler: HttpHandler;

beforeEach(async () => {
  handler = (request) => Promise.resolve(jsonReply({ path: request.target.segments }));
  server = new HttpServer(
    { host: '127.0.0.1', port: 0, trustProxy: false },
    {
      handler: (request) => handler(request),
      clock: new RealClock(),
      newRequestId: createRequestIds(new Uint8Array(12)),
      logger: createLogger({ level: 'silent' }),
    },
  );
  port = await server.listen();
});

afterEach(async () => {
  await server.close(100);
});

/** Sends the bytes and resolves with everything that comes back until the other side closes. */
function exchange(bytes: string | Buffer, waitMs = 5000): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    const timer = setTimeout(() => socket.destroy(), waitMs);
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(text);
    });
    socket.write(bytes);
  });
}

function closing(head: string, body = ''): string {
  return `${head}\r\nhost: a.test\r\nconnection: close\r\n\r\n${body}`;
}

/** Numbers, one a chunk, until the request's signal ends it; then its reason as the last chunk. */
function counting(pauseMs: number): { readonly ended: Promise<unknown> } {
  const ended = Promise.withResolvers<unknown>();
  handler = async (request) => ({
    ...EMPTY_REPLY,
    stream: (async function* () {
      try {
        for (let count = 1; !request.signal.aborted; count++) {
          yield Buffer.from(`${count}\n`);
          await sleep(pauseMs, undefined, { signal: request.signal }).catch(() => {});
        }
        yield Buffer.from(`${String(request.signal.reason)}\n`);
      } finally {
        ended.resolve(request.signal.reason);
      }
    })(),
  });
  return { ended: ended.promise };
}

function bodyOf(answer: string): string {
  return answer.slice(answer.indexOf('\r\n\r\n') + 4);
}

describe('answers', () => {
  it('carry a request id and the server time in lower case', async () => {
    const answer = await exchange(closing('GET /a/b?x HTTP/1.1'));
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r/);
    expect(answer).toMatch(REQUEST_ID);
    expect(answer).toMatch(SERVER_TIME);
    expect(bodyOf(answer)).toBe('{"path":["a","b"]}');
  });

  it('without a body say length 0 and no content type', async () => {
    handler = () => Promise.resolve(EMPTY_REPLY);
    const answer = await exchange(closing('PUT / HTTP/1.1'));
    expect(answer).toMatch(/^content-length: 0\r$/m);
    expect(answer).not.toMatch(/content-type/i);
    expect(bodyOf(answer)).toBe('');
  });

  it('turn user errors into their code, and hide the text of all others', async () => {
    handler = () => Promise.reject(new AppError('LogStoreNotExist', 'logstore x does not exist'));
    const missing = await exchange(closing('GET / HTTP/1.1'));
    expect(missing).toMatch(/^HTTP\/1\.1 404 /);
    expect(JSON.parse(bodyOf(missing))).toEqual({
      errorCode: 'LogStoreNotExist',
      errorMessage: 'logstore x does not exist',
    });
    handler = () => Promise.reject(new Error('secret detail'));
    const broken = await exchange(closing('GET / HTTP/1.1'));
    expect(broken).toMatch(/^HTTP\/1\.1 500 /);
    expect(broken).toMatch(REQUEST_ID);
    expect(broken).not.toContain('secret detail');
  });
});

describe('requests', () => {
  it('keep their body on every method, whatever the content type says', async () => {
    handler = async (request) => jsonReply({ body: (await request.readBody(100)).toString() });
    for (const method of ['GET', 'DELETE', 'PUT', 'POST', 'PATCH', 'PROPFIND']) {
      const head = `${method} / HTTP/1.1\r\ncontent-type: no/such/type\r\ncontent-length: 5`;
      const answer = await exchange(closing(head, 'hello'));
      expect(bodyOf(answer)).toBe('{"body":"hello"}');
    }
  });

  it('may come in chunks, without a length', async () => {
    handler = async (request) => jsonReply({ body: (await request.readBody(100)).toString() });
    const head = 'POST / HTTP/1.1\r\ntransfer-encoding: chunked';
    const answer = await exchange(closing(head, '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n'));
    expect(bodyOf(answer)).toBe('{"body":"abcde"}');
  });

  it('may name an absolute target', async () => {
    handler = (request) =>
      Promise.resolve(jsonReply([request.target.authority, request.target.segments]));
    const answer = await exchange(closing('GET http://p.host:81/logstores/a%20b? HTTP/1.1'));
    expect(bodyOf(answer)).toBe('["p.host:81",["logstores","a b"]]');
  });

  it('with a body beyond the limit get PostBodyTooLarge, declared or not', async () => {
    handler = async (request) => jsonReply((await request.readBody(10)).length);
    const declared = 'POST / HTTP/1.1\r\ncontent-length: 11';
    const chunked = 'POST / HTTP/1.1\r\ntransfer-encoding: chunked';
    for (const bytes of [
      closing(declared, 'x'.repeat(11)),
      closing(chunked, `b\r\n${'x'.repeat(11)}\r\n0\r\n\r\n`),
    ]) {
      const answer = await exchange(bytes);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(answer).toContain('"errorCode":"PostBodyTooLarge"');
    }
  });

  it('leave the connection usable when their body was not read', async () => {
    handler = (request) =>
      request.method === 'POST'
        ? Promise.reject(new AppError('Unauthorized', 'no'))
        : Promise.resolve(EMPTY_REPLY);
    const first = `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 70000\r\n\r\n${'x'.repeat(70_000)}`;
    const answer = await exchange(first + closing('GET / HTTP/1.1'));
    expect(answer).toContain('HTTP/1.1 401 ');
    expect(answer).toContain('HTTP/1.1 200 ');
  });

  it('abort their signal when the client leaves early', async () => {
    const aborted = Promise.withResolvers<boolean>();
    handler = (request) =>
      new Promise((resolve) => {
        request.signal.addEventListener('abort', () => {
          aborted.resolve(true);
          resolve(EMPTY_REPLY);
        });
      });
    const socket = connect(port, '127.0.0.1');
    socket.write(closing('GET / HTTP/1.1'));
    await sleep(50);
    socket.destroy();
    expect(await aborted.promise).toBe(true);
    await expect.poll(() => server.openRequestCount).toBe(0);
  });
});

describe('malformed input', () => {
  const cases: readonly (readonly [name: string, bytes: string | Buffer])[] = [
    ['bytes that are not HTTP', '\u0000\u0001\u0002\r\n\r\n'],
    ['an unknown method', closing('FROB / HTTP/1.1')],
    ['an unknown version', closing('GET / HTTP/9.9')],
    ['a header without a colon', 'GET / HTTP/1.1\r\nhost a\r\n\r\n'],
    ['headers that are too large', closing(`GET / HTTP/1.1\r\nx: ${'y'.repeat(70_000)}`)],
    ['two lengths', closing('POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2', 'ab')],
    [
      'a length and chunks',
      closing('POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked'),
    ],
    ['a negative length', closing('POST / HTTP/1.1\r\ncontent-length: -1')],
    ['CONNECT', closing('CONNECT a.test:443 HTTP/1.1')],
    ['a space in the target', closing('GET /a b HTTP/1.1')],
  ];
  it.each(cases)('%s gets a typed error with a request id', async (_name, bytes) => {
    const answer = await exchange(bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 [45]\d\d /);
    expect(answer).toMatch(REQUEST_ID);
    expect(answer).toMatch(SERVER_TIME);
    const error: unknown = JSON.parse(bodyOf(answer));
    expect(error).toEqual({
      errorCode: expect.stringMatching(/^[A-Za-z]+$/),
      errorMessage: expect.stringMatching(/./),
    });
    expect(await exchange(closing('GET /still/here HTTP/1.1'))).toContain('"still","here"');
  });

  it('after a good request does not take its answer away', async () => {
    handler = async () => {
      await sleep(50);
      return jsonReply('good');
    };
    const good = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nok';
    const answer = await exchange(`${good}garbage that is no request\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK[^]*"good"HTTP\/1\.1 4\d\d /);
  });

  it('in the chunks of a body ends that request with an error', async () => {
    handler = async (request) => jsonReply((await request.readBody(100)).length);
    const head = 'POST / HTTP/1.1\r\ntransfer-encoding: chunked';
    const answer = await exchange(closing(head, 'zz\r\nabc\r\n'));
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toMatch(REQUEST_ID);
  });

  it('of expectations is ignored', async () => {
    const answer = await exchange(closing('GET /a HTTP/1.1\r\nexpect: the-unexpected'));
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('closing', () => {
  it('lets a running request end and says that the connection closes', async () => {
    handler = async () => {
      await sleep(100);
      return jsonReply('done');
    };
    const answer = exchange('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await expect.poll(() => server.openRequestCount).toBe(1);
    await server.close(5000);
    expect(await answer).toMatch(/^HTTP\/1\.1 200 [^]*connection: close[^]*"done"$/i);
  });

  it('cuts a request that does not end in time', async () => {
    handler = () => new Promise(() => {});
    const answer = exchange('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await expect.poll(() => server.openRequestCount).toBe(1);
    await server.close(50);
    expect(await answer).toBe('');
  });
});

describe('an answer that streams', () => {
  it('goes out chunk by chunk with the headers of every other', async () => {
    handler = async () => ({
      status: 200,
      headers: { 'content-type': 'application/x-ndjson' },
      body: undefined,
      stream: (async function* () {
        yield Buffer.from('1\n');
        await sleep(20);
        yield Buffer.from('2\n');
      })(),
    });
    const answer = await exchange(closing('POST / HTTP/1.1'));
    expect(answer).toMatch(REQUEST_ID);
    expect(answer).toMatch(/^content-type: application\/x-ndjson\r$/m);
    expect(bodyOf(answer)).toBe('2\r\n1\n\r\n2\r\n2\n\r\n0\r\n\r\n');
  });

  it('ends when the client goes away', async () => {
    const { ended } = counting(5);
    const socket = connect(port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nhost: a\r\n\r\n');
    await expect.poll(() => socket.bytesRead).toBeGreaterThan(200);
    socket.destroy();
    expect(String(await ended)).toContain('the client went away');
    await expect.poll(() => server.openRequestCount).toBe(0);
  });

  it('is told when the server stops, and still says its last word', async () => {
    counting(60_000);
    const answer = exchange('POST / HTTP/1.1\r\nhost: a\r\n\r\n');
    await expect.poll(() => server.openRequestCount).toBe(1);
    await sleep(20);
    const started = performance.now();
    await server.close(10_000);
    expect(performance.now() - started).toBeLessThan(2000);
    expect(bodyOf(await answer)).toContain('the server is stopping');
    expect(bodyOf(await answer)).toMatch(/\r\n0\r\n\r\n$/);
  });

  it('that breaks cuts the connection, and only this one', async () => {
    handler = async () => ({
      ...EMPTY_REPLY,
      stream: (async function* () {
        yield Buffer.from('1\n');
        await sleep(5);
        throw new Error('broken');
      })(),
    });
    expect(bodyOf(await exchange(closing('POST / HTTP/1.1')))).toBe('2\r\n1\n\r\n');
    handler = async () => jsonReply('still here');
    expect(await exchange(closing('GET / HTTP/1.1'))).toContain('still here');
  });
});

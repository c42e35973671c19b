/**
 * Goal: no bytes that a client can send crash the server or get an answer without a request id. Method: a
 * whole server in this process; requests made of likely and unlikely parts go over raw sockets, half of them with
 * a valid session so that they get past authentication; then plain noise, and cut or mangled requests.
 */
import { connect } from 'node:net';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ERROR_CODES } from '#protocol/error-codes.ts';
import { KEY_ID, KEY_SECRET, TestServer } from '../integration/api-client.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 400);
/** How long a connection may stay silent before the test gives up on an answer. */
const PATIENCE_MS = 20_000;

let server: TestServer;
let cookie: string;

beforeAll(async () => {
  process.stdout.write(`frontend fuzz: FUZZ_SEED=${SEED} FUZZ_RUNS=${RUNS}\n`);
  server = await TestServer.start();
  await server.call('POST', '/', { json: { projectName: 'fuzz' } });
  const json = { logstoreName: 'app', ttl: 1, shardCount: 2 };
  await server.call('POST', '/logstores', { project: 'fuzz', json });
  const index = { line: { token: [' '] }, keys: { a: { type: 'text', doc_value: true } } };
  await server.call('POST', '/logstores/app/index', { project: 'fuzz', json: index });
  const key = { accessKeyId: KEY_ID, accessKeySecret: KEY_SECRET };
  const session = await server.call('POST', '/console/api/session', { sign: 'none', json: key });
  cookie = String(session.headers['set-cookie']).split(';')[0] ?? '';
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Everything that comes back until the server closes the connection. */
function exchange(bytes: Buffer, end: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1');
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end of the answer to ${JSON.stringify(bytes.toString('latin1'))}`));
    }, PATIENCE_MS);
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    // A reset is how TCP says that the server closed with bytes of ours unread.
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(text);
    });
    if (end) socket.end(bytes);
    else socket.write(bytes);
  });
}

/** Each answer of the text: a status line, and the headers that must be there. */
function checkAnswers(text: string): void {
  const heads = text.split(/(?=HTTP\/1\.1 \d{3} )/).filter((part) => part.startsWith('HTTP/1.1 '));
  for (const part of heads) {
    const [head = '', ...rest] = part.split('\r\n\r\n');
    const status = Number(head.slice(9, 12));
    if (status === 100) continue;
    expect(head).toMatch(/^x-log-requestid: [0-9A-F]{24}$/m);
    expect(head).toMatch(/^x-log-time: \d{10}$/m);
    if (status < 400) continue;
    // HEAD answers have the headers of a body and no body.
    const body = rest.join('\r\n\r\n');
    if (body === '') continue;
    const error = JSON.parse(body) as { errorCode: string; errorMessage: string };
    expect(Object.keys(ERROR_CODES)).toContain(error.errorCode);
    expect(error.errorCode).not.toBe('InternalServerError');
    expect(error.errorMessage).not.toBe('');
  }
}

const segment = fc.oneof(
  fc.constantFrom('logstores', 'app', 'shards', 'lb', 'route', '0', '1', '999', 'index', 'logs'),
  fc.constantFrom(
    'console',
    'api',
    'session',
    'health',
    '..',
    '%2e%2e',
    '%00',
    '%',
    '%zz',
    '%ff',
    '',
  ),
  fc.string({ maxLength: 12 }).map((text) => encodeURIComponent(text)),
);
const value = fc.oneof(
  fc.constantFrom(
    'log',
    'logs',
    'cursor',
    'cursor_time',
    'histogram',
    'begin',
    'end',
    'MQ==',
    'MA==',
  ),
  fc.constantFrom(
    '0',
    '1',
    '-1',
    '1700000000',
    '99999999999',
    '1e309',
    'NaN',
    'true',
    '',
    '*',
    'a: b',
  ),
  fc.constantFrom(
    '* | select a from log',
    'a and (',
    'not not',
    '"',
    'a:[1 5)',
    '*|select',
    '| where x',
  ),
  fc.string({ maxLength: 30 }),
);
const parameter = fc.tuple(
  fc.constantFrom(
    'type',
    'from',
    'to',
    'cursor',
    'count',
    'query',
    'line',
    'offset',
    'size',
    'key',
    'x',
  ),
  value,
);
const json = fc.oneof(
  fc.json({ maxDepth: 3 }),
  fc
    .dictionary(
      fc.constantFrom(
        'projectName',
        'logstoreName',
        'ttl',
        'shardCount',
        'line',
        'keys',
        'token',
        'from',
        'to',
        'query',
        '__logs__',
        '__topic__',
        '__proto__',
        'description',
        'accessKeyId',
        'max_text_len',
      ),
      fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom('app', 'fuzz', 1, 30, 1_700_000_000)),
    )
    .map((object) => JSON.stringify(object)),
);
const body = fc.oneof(
  json.map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.constant(Buffer.alloc(0)),
);
const header = fc.oneof(
  fc.tuple(
    fc.constantFrom('x-log-compresstype', 'x-log-bodyrawsize', 'x-log-mode', 'content-type'),
    fc.constantFrom(
      'lz4',
      'zstd',
      'deflate',
      'gzip',
      '0',
      '10',
      '999999999',
      '-1',
      'batch_group',
      'application/json',
      '',
    ),
  ),
  fc.tuple(
    fc.constantFrom(
      'accept-encoding',
      'accept',
      'authorization',
      'date',
      'content-md5',
      'origin',
      'expect',
      'range',
    ),
    fc.constantFrom(
      'lz4',
      'zstd',
      'text/html',
      'LOG a:b',
      'LOG :',
      'SLS4-HMAC-SHA256 x',
      'null',
      '100-continue',
      '\u00e4',
    ),
  ),
);
const request = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'PROPFIND'),
  segments: fc.array(segment, { maxLength: 6 }),
  absolute: fc.constantFrom('', '', 'http://fuzz.sls.test', 'http://', 'HTTP://[::1]:80'),
  query: fc.array(parameter, { maxLength: 6 }),
  headers: fc.array(header, { maxLength: 4 }),
  body,
  chunked: fc.boolean(),
  signedIn: fc.boolean(),
  project: fc.constantFrom('fuzz', 'fuzz', 'nobody', '../x', '\u00e4', ''),
});

type FuzzRequest = typeof request extends fc.Arbitrary<infer Value> ? Value : never;

/** Searches that are right but for their query text, which gets them to the query room. */
const search = fc
  .tuple(request, value, value, fc.constantFrom('log', 'histogram'))
  .map(([parts, left, right, type]): FuzzRequest => ({
    ...parts,
    method: 'GET',
    segments: ['logstores', 'app'],
    query: [
      ['type', type],
      ['from', '1'],
      ['to', '2000000000'],
      ['query', `${left} ${right}`],
    ],
    signedIn: true,
    project: 'fuzz',
  }));

function requestBytes(parts: FuzzRequest): Buffer {
  const query = parts.query.map(([k, v]) => `${k}=${encodeURIComponent(v)}`).join('&');
  const target = `${parts.absolute}/${parts.segments.join('/')}${query === '' ? '' : `?${query}`}`;
  const lines = [`${parts.method} ${target} HTTP/1.1`, 'host: fuzz.sls.test', 'connection: close'];
  if (parts.signedIn) lines.push(`cookie: ${cookie}`, 'x-sluice-console: 1');
  if (parts.project !== '') lines.push(`x-log-project: ${parts.project}`);
  for (const [name, text] of parts.headers) lines.push(`${name}: ${text}`);
  const chunk = Buffer.concat([
    Buffer.from(`${parts.body.length.toString(16)}\r\n`),
    parts.body,
    Buffer.from('\r\n'),
  ]);
  const isChunked = parts.chunked && parts.body.length > 0;
  lines.push(isChunked ? 'transfer-encoding: chunked' : `content-length: ${parts.body.length}`);
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  return isChunked
    ? Buffer.concat([head, chunk, Buffer.from('0\r\n\r\n')])
    : Buffer.concat([head, parts.body]);
}

async function expectAlive(): Promise<void> {
  const answer = await server.call('GET', '/logstores', { project: 'nobody-there' });
  expect([answer.status, answer.errorCode]).toEqual([404, 'ProjectNotExist']);
}

it('every request gets an answer with a request id and a typed error', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof({ weight: 4, arbitrary: request }, search), async (parts) => {
      // A deleted project would leave nothing to test on.
      fc.pre(parts.method !== 'DELETE' || parts.segments.join('') !== '');
      const text = await exchange(requestBytes(parts), false);
      expect(text).toMatch(/^HTTP\/1\.1 \d{3} /);
      checkAnswers(text);
    }),
    { seed: SEED, numRuns: RUNS },
  );
  await expectAlive();
});

it('noise gets a typed error or a closed connection', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 400 }), async (bytes) => {
      checkAnswers(await exchange(Buffer.from(bytes), true));
    }),
    { seed: SEED, numRuns: RUNS },
  );
  await expectAlive();
});

it('cut and mangled requests harm nobody', async () => {
  const mangling = fc.record({
    parts: request,
    cutAt: fc.double({ min: 0, max: 1, noNaN: true }),
    flips: fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255)), {
      maxLength: 3,
    }),
  });
  await fc.assert(
    fc.asyncProperty(mangling, async ({ parts, cutAt, flips }) => {
      fc.pre(parts.method !== 'DELETE');
      const whole = requestBytes(parts);
      for (const [where, byte] of flips) whole[Math.floor(where * (whole.length - 1))] = byte;
      const cut = whole.subarray(0, Math.ceil(cutAt * whole.length));
      checkAnswers(await exchange(cut, true));
    }),
    { seed: SEED, numRuns: RUNS },
  );
  await expectAlive();
});

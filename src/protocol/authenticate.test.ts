import { describe, expect, test } from 'vitest';

import { AppError, errorCode, errorMessage } from '#base/app-error.ts';
import { parseAuthorization, verifyRequest, type ReceivedRequest } from './authenticate.ts';
import { parseRequestTarget } from './request-target.ts';
import { signRequest, type SigningVersion, type UnsignedRequest } from './sign-request.ts';
import { v1Signature, v1StringToSign, V1_PLAIN, type V1Variant } from './signature-v1.ts';

const NOW = Date.UTC(2026, 2, 3, 8, 33, 47);
const KEYS = { accessKeyId: 'testAccessKeyId', accessKeySecret: 'testAccessKeySecret' };
const HOST = 'demo-project.sls.example.com';
const V1: SigningVersion = { version: 'v1' };
const V4: SigningVersion = { version: 'v4', region: 'cn-hangzhou' };
const VERSIONS: readonly SigningVersion[] = [V1, { version: 'v1', method: 'hmac-sha256' }, V4];

const PUT: UnsignedRequest = {
  method: 'POST',
  path: '/logstores/app_log/shards/route',
  query: [
    ['key', '14d2f850'],
    ['empty', ''],
    ['q', 'a b/c~d*(e)+中'],
  ],
  headers: { host: HOST, 'content-type': 'application/x-protobuf' },
  body: Buffer.from('some body'),
};

function received(
  request: UnsignedRequest,
  version: SigningVersion,
  keys: { accessKeyId: string; accessKeySecret: string; securityToken?: string } = KEYS,
): ReceivedRequest {
  const signed = signRequest(request, keys, version, NOW);
  const { path, query } = parseRequestTarget(signed.target);
  const body = request.body ?? new Uint8Array();
  return { method: request.method, path, query, headers: signed.headers, body };
}

function withHeaders(
  request: ReceivedRequest,
  headers: Readonly<Record<string, string | undefined>>,
): ReceivedRequest {
  const all = Object.entries({ ...request.headers, ...headers });
  const kept = all.filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...request, headers: Object.fromEntries(kept) };
}

function lookup(accessKeyId: string): string | undefined {
  return accessKeyId === KEYS.accessKeyId ? KEYS.accessKeySecret : undefined;
}

function tokenLookup(accessKeyId: string, token: string | undefined): string | undefined {
  return token === 'token-1' ? lookup(accessKeyId) : undefined;
}

/** The request with a version 1 signature of the given variant. */
function signedAs(request: ReceivedRequest, variant: Partial<V1Variant>): ReceivedRequest {
  const text = v1StringToSign(request, { ...V1_PLAIN, ...variant });
  const signature = v1Signature(KEYS.accessKeySecret, text, 'hmac-sha1');
  return withHeaders(request, { authorization: `LOG ${KEYS.accessKeyId}:${signature}` });
}

async function outcome(request: ReceivedRequest, nowMs: number = NOW): Promise<string | undefined> {
  try {
    await verifyRequest(request, lookup, nowMs);
  } catch (error) {
    return errorCode(error);
  }
  return 'accepted';
}

describe.each(VERSIONS)('$version $method', (version) => {
  test('accepts what signRequest signed', async () => {
    expect(await verifyRequest(received(PUT, version), lookup, NOW)).toEqual({
      accessKeyId: KEYS.accessKeyId,
    });
    const get = { method: 'GET', path: '/', headers: { host: HOST } };
    expect(await outcome(received(get, version))).toBe('accepted');
  });

  test('refuses another secret, method, path, query, signed header or body', async () => {
    const request = received(PUT, version);
    const other = received(PUT, version, { ...KEYS, accessKeySecret: 'wrong' });
    for (const changed of [
      other,
      { ...request, method: 'PUT' },
      { ...request, path: '/logstores/other/shards/route' },
      { ...request, query: `${request.query}&x=1` },
      withHeaders(request, { 'x-log-bodyrawsize': '10' }),
      withHeaders(request, { 'x-log-added': '1' }),
      withHeaders(request, { 'content-type': 'text/plain' }),
    ]) {
      expect(await outcome(changed)).toBe('SignatureNotMatch');
    }
    expect(await outcome({ ...request, body: Buffer.from('same size') })).toBe('PostBodyInvalid');
  });

  test('allows the clock to differ by 15 minutes and no more', async () => {
    const request = received(PUT, version);
    const limit = 15 * 60_000;
    expect(await outcome(request, NOW + limit)).toBe('accepted');
    expect(await outcome(request, NOW - limit)).toBe('accepted');
    expect(await outcome(request, NOW + limit + 1)).toBe('RequestTimeTooSkewed');
    expect(await outcome(request, NOW - limit - 1)).toBe('RequestTimeTooSkewed');
    const error: unknown = await verifyRequest(request, lookup, 0).catch((error: unknown) => error);
    expect(errorMessage(error)).toContain('RequestTimeExpired');
  });

  test('an unknown key is refused before time and signature are looked at', async () => {
    const request = received(PUT, version, { ...KEYS, accessKeyId: 'stranger' });
    expect(await outcome(request, 0)).toBe('Unauthorized');
  });

  test('a missing or odd date is told apart from a wrong one', async () => {
    const name = version.version === 'v1' ? 'date' : 'x-log-date';
    const request = received(PUT, version);
    expect(await outcome(withHeaders(request, { [name]: undefined }))).toBe('MissingDate');
    expect(await outcome(withHeaders(request, { [name]: 'yesterday' }))).toBe('InvalidDateFormat');
    expect(await outcome(withHeaders(request, { [name]: '2026-03-03' }))).toBe('InvalidDateFormat');
  });

  test('hands the security token to the lookup and lets its error through', async () => {
    const request = received(PUT, version, { ...KEYS, securityToken: 'token-1' });
    expect(await verifyRequest(request, tokenLookup, NOW)).toEqual({
      accessKeyId: KEYS.accessKeyId,
    });
    const expired = verifyRequest(
      request,
      () => {
        throw new AppError('SecurityTokenExpired', 'the token has expired');
      },
      NOW,
    );
    await expect(expired).rejects.toMatchObject({ code: 'SecurityTokenExpired' });
  });
});

describe('version 1', () => {
  test('accepts what each SDK makes of path, bare keys, repeated keys and meta headers', async () => {
    const request: ReceivedRequest = {
      method: 'GET',
      path: '/logstores/a%20b',
      query: 'bare&k=1&k=2',
      headers: { date: 'Tue, 03 Mar 2026 08:33:47 GMT', 'x-log-meta-k': 'v' },
      body: new Uint8Array(),
    };
    for (const variant of [
      { decodedPath: true },
      { bareKeys: true },
      { joinedValues: true },
      { noMetaHeaders: true },
      { decodedPath: true, bareKeys: true, joinedValues: true, noMetaHeaders: true },
    ]) {
      expect(await outcome(signedAs(request, variant))).toBe('accepted');
    }
  });

  test('takes x-log-date for browsers, which cannot send Date', async () => {
    const request = withHeaders(received(PUT, V1), {
      date: undefined,
      'x-log-date': 'Tue, 03 Mar 2026 08:33:47 GMT',
    });
    expect(await outcome(request)).toBe('accepted');
  });

  test('takes the old scheme and header names', async () => {
    const request: ReceivedRequest = {
      method: 'GET',
      path: '/logstores',
      query: '',
      headers: {
        date: 'Tue, 03 Mar 2026 08:33:47 GMT',
        'x-sls-apiversion': '0.4.0',
        'x-sls-signaturemethod': 'hmac-sha1',
      },
      body: new Uint8Array(),
    };
    const signed = signedAs(request, {});
    const authorization = (signed.headers['authorization'] ?? '').replace('LOG', 'SLS');
    expect(await outcome(withHeaders(signed, { authorization }))).toBe('accepted');
  });

  test('refuses an unknown signature method', async () => {
    const request = withHeaders(received(PUT, V1), { 'x-log-signaturemethod': 'hmac-md5' });
    expect(await outcome(request)).toBe('InvalidSignatureMethod');
  });

  test('a body without Content-MD5 is not checked, one with it in any case is', async () => {
    const request = received({ ...PUT, body: undefined }, V1);
    expect(await outcome({ ...request, body: Buffer.from('x') })).toBe('accepted');
    const signed = received(PUT, V1);
    const lower = withHeaders(signed, {
      'content-md5': signed.headers['content-md5']?.toLowerCase(),
    });
    expect(await outcome(signedAs(lower, {}))).toBe('accepted');
  });
});

describe('version 4', () => {
  test('accepts a host signed without the port that was sent, and the other way round', async () => {
    const bare = received(PUT, V4);
    expect(await outcome(withHeaders(bare, { host: `${HOST}:8080` }))).toBe('accepted');
    const withPort = received({ ...PUT, headers: { ...PUT.headers, host: `${HOST}:8080` } }, V4);
    const sentBare = withHeaders(withPort, { host: HOST });
    expect(await outcome({ ...sentBare, port: 8080 })).toBe('accepted');
    expect(await outcome({ ...sentBare, port: 8081 })).toBe('SignatureNotMatch');
    expect(await outcome(sentBare)).toBe('SignatureNotMatch');
    expect(await outcome(withHeaders(bare, { host: 'other' }))).toBe('SignatureNotMatch');
  });

  test('accepts a path that was signed decoded', async () => {
    const signed = received({ ...PUT, path: '/logstores/a b' }, V4);
    expect(await outcome({ ...signed, path: '/logstores/a%20b' })).toBe('accepted');
  });

  test('object uploads may carry the hash of an empty body', async () => {
    const path = '/logstores/app_log/objects/a.png';
    const upload = received({ method: 'PUT', path, headers: { host: HOST } }, V4);
    expect(await outcome({ ...upload, body: Buffer.from('picture') })).toBe('accepted');
  });
});

describe('parseAuthorization', () => {
  test('reads both schemes', () => {
    expect(parseAuthorization('LOG ak:c2ln')).toEqual({
      version: 'v1',
      accessKeyId: 'ak',
      signature: 'c2ln',
    });
    expect(
      parseAuthorization(
        'SLS4-HMAC-SHA256 Credential=ak/20260303/r/sls/aliyun_v4_request,Signature=0aFF',
      ),
    ).toEqual({
      version: 'v4',
      accessKeyId: 'ak',
      scope: { day: '20260303', region: 'r' },
      signature: '0aff',
    });
  });

  test.each([
    [undefined, 'MissAccessKeyId'],
    ['', 'MissAccessKeyId'],
    ['LOG :c2ln', 'MissAccessKeyId'],
    [
      'SLS4-HMAC-SHA256 Credential=/20260303/r/sls/aliyun_v4_request,Signature=00',
      'MissAccessKeyId',
    ],
    ['LOG ak', 'Unauthorized'],
    ['LOG ak:', 'Unauthorized'],
    ['Basic YTpi', 'Unauthorized'],
    ['SLS4-HMAC-SHA256 Credential=ak/20260303/r/sls/aliyun_v4_request', 'Unauthorized'],
    ['SLS4-HMAC-SHA256 Credential=ak/r/sls/aliyun_v4_request,Signature=00', 'Unauthorized'],
    [`LOG ak:${'a'.repeat(5000)}`, 'Unauthorized'],
  ])('%s gives %s', (header, code) => {
    let thrown: string | undefined = 'nothing thrown';
    try {
      parseAuthorization(header);
    } catch (error) {
      thrown = errorCode(error);
    }
    expect(thrown).toBe(code);
  });
});

test('signRequest gives the vector V4-A', () => {
  const signed = signRequest(
    {
      method: 'GET',
      path: '/logstores',
      query: [
        ['logstoreName', ''],
        ['offset', '0'],
        ['size', '10'],
      ],
      headers: { host: HOST },
    },
    KEYS,
    V4,
    NOW,
  );
  expect(signed.target).toBe('/logstores?logstoreName=&offset=0&size=10');
  expect(signed.headers['authorization']).toBe(
    'SLS4-HMAC-SHA256 Credential=testAccessKeyId/20260303/cn-hangzhou/sls/aliyun_v4_request,Signature=c9b73860cef7d12806fefd3904dbfeee2e27eaa3f847a86f7a3a9446f3d314b2',
  );
});

test('signRequest gives the vector V1-A', () => {
  const query = [
    ['logstoreName', ''],
    ['offset', '0'],
    ['size', '10'],
  ] as const;
  const request = { method: 'GET', path: '/logstores', query, headers: {} };
  const { headers } = signRequest(request, KEYS, V1, NOW);
  expect(headers['authorization']).toBe('LOG testAccessKeyId:u6tCEwq1YYjWE8rMUb/FUk8T7mg=');
});

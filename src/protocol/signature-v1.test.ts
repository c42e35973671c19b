import { createHash } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { percentEncode } from './request-target.ts';
import type { SignableRequest } from './signable-request.ts';
import { v1Signature, v1StringsToSign, v1StringToSign } from './signature-v1.ts';

/** The vectors of sls-api §2.2, computed with the official Python SDK's algorithm. */
const DATE = 'Tue, 03 Mar 2026 08:33:47 GMT';
const SECRET = 'testAccessKeySecret';
const BODY_B = Buffer.from(
  '0a1e08ebb99acd0612160a07546573744b6579120b54657374436f6e74656e741a00220e31302e3233302e3230312e313137',
  'hex',
);
const BODY_C = Buffer.concat([Buffer.from('f023', 'hex'), BODY_B]);
const COMMON = { 'x-log-apiversion': '0.6.0', 'x-log-signaturemethod': 'hmac-sha1' };

interface Vector {
  readonly id: string;
  readonly request: SignableRequest;
  readonly secret?: string;
  readonly stringToSign: string;
  readonly signature: string;
}

function get(path: string, query: string, headers: Readonly<Record<string, string>> = {}) {
  const all = { ...COMMON, date: DATE, 'x-log-bodyrawsize': '0', ...headers };
  return { method: 'GET', path, query, headers: all, body: new Uint8Array() };
}

function post(
  path: string,
  query: string,
  body: Uint8Array,
  headers: Readonly<Record<string, string>>,
) {
  const md5 = createHash('md5').update(body).digest('hex').toUpperCase();
  return {
    method: 'POST',
    path,
    query,
    headers: { ...COMMON, 'content-md5': md5, ...headers },
    body,
  };
}

const SEARCH = 'level: error and msg:"a b/c~d*(e)" 中';

const VECTORS: readonly Vector[] = [
  {
    id: 'V1-A',
    request: get('/logstores', 'logstoreName=&offset=0&size=10'),
    stringToSign: `GET\n\n\n${DATE}\nx-log-apiversion:0.6.0\nx-log-bodyrawsize:0\nx-log-signaturemethod:hmac-sha1\n/logstores?logstoreName=&offset=0&size=10`,
    signature: 'u6tCEwq1YYjWE8rMUb/FUk8T7mg=',
  },
  {
    id: 'V1-B',
    request: post('/logstores/app_log/shards/lb', '', BODY_B, {
      date: DATE,
      'content-type': 'application/x-protobuf',
      'x-log-bodyrawsize': '50',
    }),
    stringToSign: `POST\n399A07DF83AB56CDBF6709F8EFD378BC\napplication/x-protobuf\n${DATE}\nx-log-apiversion:0.6.0\nx-log-bodyrawsize:50\nx-log-signaturemethod:hmac-sha1\n/logstores/app_log/shards/lb`,
    signature: 'NlVNq34FOAPGE4d5yhRmjFssB4I=',
  },
  {
    id: 'V1-C',
    request: post(
      '/logstores/app_log/shards/route',
      'key=14d2f850ad6ea48e46e4547edbbb27e0',
      BODY_C,
      {
        date: DATE,
        'content-type': 'application/x-protobuf',
        'x-log-bodyrawsize': '50',
        'x-log-compresstype': 'lz4',
        'x-acs-security-token': 'testStsToken',
      },
    ),
    stringToSign: `POST\n633594BCA4A98C91EFF87970ADD90C24\napplication/x-protobuf\n${DATE}\nx-acs-security-token:testStsToken\nx-log-apiversion:0.6.0\nx-log-bodyrawsize:50\nx-log-compresstype:lz4\nx-log-signaturemethod:hmac-sha1\n/logstores/app_log/shards/route?key=14d2f850ad6ea48e46e4547edbbb27e0`,
    signature: 'KG3sHb5zb+/NEhyav0wzmb84DbQ=',
  },
  {
    id: 'V1-D',
    request: post('/logstores/app_log', '', Buffer.from('{"__logs__":[{"k":"v"}]}'), {
      'x-log-date': DATE,
      'content-type': 'application/json',
      'x-log-bodyrawsize': '24',
    }),
    stringToSign: `POST\n3618F10FF57AFA4C6388E23D416F2E1E\napplication/json\n${DATE}\nx-log-apiversion:0.6.0\nx-log-bodyrawsize:24\nx-log-signaturemethod:hmac-sha1\n/logstores/app_log`,
    signature: 'EDTsdq0GGcdcyRXaz19eaWFkOGo=',
  },
  {
    id: 'V1-E',
    request: get('/logstores', 'offset=0&size=10', { 'x-log-signaturemethod': 'hmac-sha256' }),
    stringToSign: `GET\n\n\n${DATE}\nx-log-apiversion:0.6.0\nx-log-bodyrawsize:0\nx-log-signaturemethod:hmac-sha256\n/logstores?offset=0&size=10`,
    signature: 'o2TnT6qBUvGZsb5NhBLrKGpji/sbkfpOZCy14GpyGwc=',
  },
  {
    id: 'V1-F',
    request: get(
      '/logstores/app_log',
      `type=log&topic=&from=1772526000&to=1772526900&line=10&query=${percentEncode(SEARCH)}`,
    ),
    stringToSign: `GET\n\n\n${DATE}\nx-log-apiversion:0.6.0\nx-log-bodyrawsize:0\nx-log-signaturemethod:hmac-sha1\n/logstores/app_log?from=1772526000&line=10&query=${SEARCH}&to=1772526900&topic=&type=log`,
    signature: '5+mrEvACmHEhhgyR/L07WdVZ2hg=',
  },
  {
    id: 'V1-G',
    request: get('/logstores', '', { date: 'Mon, 3 Jan 2010 08:33:47 GMT' }),
    secret: 'mockAccessKeySecret',
    stringToSign:
      'GET\n\n\nMon, 3 Jan 2010 08:33:47 GMT\nx-log-apiversion:0.6.0\nx-log-bodyrawsize:0\nx-log-signaturemethod:hmac-sha1\n/logstores',
    signature: 'Rwm6cTKzoti4HWoe+GKcb6Kv07E=',
  },
];

describe('version 1', () => {
  test.each(VECTORS.map((vector) => [vector.id, vector] as const))('%s', (_id, vector) => {
    expect(v1StringToSign(vector.request)).toBe(vector.stringToSign);
    const method =
      vector.request.headers['x-log-signaturemethod'] === 'hmac-sha256'
        ? 'hmac-sha256'
        : 'hmac-sha1';
    expect(v1Signature(vector.secret ?? SECRET, vector.stringToSign, method)).toBe(
      vector.signature,
    );
  });

  test('x-log-date is not signed, values are trimmed, other headers ignored', () => {
    const request = get('/', '', { 'x-log-date': 'now', 'user-agent': 'x', 'x-log-b': ' 1 ' });
    expect(v1StringToSign(request)).toBe(
      `GET\n\n\n${DATE}\nx-log-apiversion:0.6.0\nx-log-b:1\nx-log-bodyrawsize:0\nx-log-signaturemethod:hmac-sha1\n/`,
    );
  });

  test('Date rules when x-log-date is there too', () => {
    const request = get('/', '', { 'x-log-date': 'Wed, 04 Mar 2026 08:33:47 GMT' });
    expect(v1StringToSign(request).split('\n')[3]).toBe(DATE);
  });

  test('a plain request has one string to sign', () => {
    expect([...v1StringsToSign(get('/logstores', 'offset=0&size=10'))]).toHaveLength(1);
  });

  test('offers every form that the SDKs sign, each once', () => {
    const resources = [
      ...v1StringsToSign(get('/logstores/a%2Fb', 'a&b=2&b=1&a=x', { 'x-log-meta-k': 'v' })),
    ].map((text) => {
      const lines = text.split('\n');
      return `${lines.includes('x-log-meta-k:v') ? 'meta ' : ''}${lines.at(-1)}`;
    });
    expect(new Set(resources).size).toBe(resources.length);
    expect(resources).toHaveLength(16);
    expect(resources[0]).toBe('meta /logstores/a%2Fb?a=&a=x&b=2&b=1');
    for (const expected of [
      'meta /logstores/a/b?a=&a=x&b=2&b=1',
      'meta /logstores/a%2Fb?a&a=x&b=2&b=1',
      '/logstores/a%2Fb?a=&a=x&b=2&b=1',
      'meta /logstores/a%2Fb?a=x&b=21',
    ]) {
      expect(resources).toContain(expected);
    }
  });

  test('a plus in the query is a space', () => {
    expect(v1StringToSign(get('/', 'q=a+b%2B')).endsWith('/?q=a b+')).toBe(true);
  });
});

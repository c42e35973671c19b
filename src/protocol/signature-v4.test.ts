import { createHash } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { percentEncode } from './request-target.ts';
import type { SignableRequest } from './signable-request.ts';
import {
  formatV4Date,
  parseV4Credential,
  parseV4Date,
  v4CanonicalRequest,
  v4Signature,
  v4SigningKey,
  v4StringToSign,
} from './signature-v4.ts';

/** The vectors of sls-api §2.4. */
const SECRET = 'testAccessKeySecret';
const DATE = '20260303T083347Z';
const HOST = 'demo-project.sls.example.com';
const SCOPE = { day: '20260303', region: 'cn-hangzhou' };
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const SEARCH = 'level: error and msg:"a b/c~d*(e)" 中';

function request(
  method: string,
  target: readonly [path: string, query: string],
  headers: Readonly<Record<string, string>> = {},
  body: Uint8Array = new Uint8Array(),
): SignableRequest {
  const all = {
    host: HOST,
    'x-log-apiversion': '0.6.0',
    'x-log-bodyrawsize': String(body.length),
    'x-log-date': DATE,
    'x-log-content-sha256': sha256(body),
    ...headers,
  };
  return { method, path: target[0], query: target[1], headers: all, body };
}

function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function sign(canonical: string): string {
  return v4Signature(v4SigningKey(SECRET, SCOPE), v4StringToSign(canonical, DATE, SCOPE));
}

const PLAIN = { host: HOST, decodedPath: false };

describe('version 4', () => {
  test('the signing key', () => {
    expect(v4SigningKey(SECRET, SCOPE).toString('hex')).toBe(
      'acd3f904e8a92966477f47d8685b1565c5bf1677e98eba8e655b679078e67734',
    );
  });

  test('V4-A', () => {
    const canonical = v4CanonicalRequest(
      request('GET', ['/logstores', 'logstoreName=&offset=0&size=10']),
      PLAIN,
    );
    expect(canonical).toBe(
      [
        'GET',
        '/logstores',
        'logstoreName&offset=0&size=10',
        `host:${HOST}`,
        'x-log-apiversion:0.6.0',
        'x-log-bodyrawsize:0',
        `x-log-content-sha256:${EMPTY_SHA256}`,
        `x-log-date:${DATE}`,
        '',
        'host;x-log-apiversion;x-log-bodyrawsize;x-log-content-sha256;x-log-date',
        EMPTY_SHA256,
      ].join('\n'),
    );
    expect(sha256(canonical)).toBe(
      '02557a65ca59d202ae29294be6c4dc22147a905d319d2bcd099183062d908d4a',
    );
    expect(sign(canonical)).toBe(
      'c9b73860cef7d12806fefd3904dbfeee2e27eaa3f847a86f7a3a9446f3d314b2',
    );
  });

  test('V4-B', () => {
    const body = Buffer.from(
      '{"from":1772526000,"to":1772526900,"query":"error | select count(1) as c","line":100,"offset":0,"reverse":false}',
    );
    expect(body.length).toBe(112);
    const canonical = v4CanonicalRequest(
      request(
        'POST',
        ['/logstores/app_log/logs', ''],
        { 'content-type': 'application/json' },
        body,
      ),
      PLAIN,
    );
    expect(sha256(canonical)).toBe(
      '298641c11e248ca81c892d600ec21825c7ebd31401ba1980fcae39694ac4aa38',
    );
    expect(sign(canonical)).toBe(
      '0bafa6d09952b59e9869e73d153c9e6c0238243bd6a9290fd5b1290883d81178',
    );
  });

  test('V4-C', () => {
    const query = `type=histogram&from=1772526000&to=1772526900&topic=&query=${percentEncode(SEARCH)}`;
    const canonical = v4CanonicalRequest(
      request('GET', ['/logstores/app_log', query], { 'x-acs-security-token': 'testStsToken' }),
      PLAIN,
    );
    expect(canonical.split('\n')[2]).toBe(
      'from=1772526000&query=level%3A%20error%20and%20msg%3A%22a%20b%2Fc~d%2A%28e%29%22%20%E4%B8%AD&to=1772526900&topic&type=histogram',
    );
    expect(sha256(canonical)).toBe(
      '4a24753d63dbcd4500f64d60336fb0d90a9ada685b4cc7561d34fdba25f97eb4',
    );
    expect(sign(canonical)).toBe(
      '22844f2af2f0697ebb3901e554eaed74b7dfa863f3c1766c0e12ddc7174fed16',
    );
  });

  test('x-log-meta headers are not signed, the host is the one of the variant', () => {
    const canonical = v4CanonicalRequest(request('GET', ['/a%20b', ''], { 'x-log-meta-k': 'v' }), {
      host: 'other:8080',
      decodedPath: true,
    });
    expect(canonical).not.toContain('x-log-meta');
    expect(canonical).toContain('\nhost:other:8080\n');
    expect(canonical.split('\n')[1]).toBe('/a b');
  });

  test('dates survive a round trip and only real ones are read', () => {
    expect(parseV4Date(DATE)).toBe(Date.UTC(2026, 2, 3, 8, 33, 47));
    expect(formatV4Date(Date.UTC(2026, 2, 3, 8, 33, 47, 999))).toBe(DATE);
    for (const text of ['20261303T083347Z', '2026-03-03T08:33:47Z', '20260303T083347', '']) {
      expect(parseV4Date(text)).toBe(undefined);
    }
  });

  test('credentials have five parts', () => {
    expect(parseV4Credential('ak/20260303/cn-hangzhou/sls/aliyun_v4_request')).toEqual({
      accessKeyId: 'ak',
      scope: SCOPE,
    });
    for (const text of [
      'ak/20260303/cn-hangzhou/sls/aws4_request',
      'ak/20260303/cn-hangzhou/oss/aliyun_v4_request',
      'ak/2026/cn-hangzhou/sls/aliyun_v4_request',
      'ak/20260303/sls/aliyun_v4_request',
    ]) {
      expect(parseV4Credential(text)).toBe(undefined);
    }
  });
});

/** Signs the requests of our own clients: the agent, the command line, tests. */
import { createHash } from 'node:crypto';

import { percentEncode } from './request-target.ts';
import type { SignableRequest } from './signable-request.ts';
import { v1Signature, v1StringToSign, type V1Method } from './signature-v1.ts';
import {
  formatV4Date,
  V4_ALGORITHM,
  v4CanonicalRequest,
  v4ScopeText,
  v4Signature,
  v4SigningKey,
  v4StringToSign,
} from './signature-v4.ts';

export interface UnsignedRequest {
  /** Upper case. */
  readonly method: string;
  /** Percent-encoded, without query. */
  readonly path: string;
  /** Not encoded. */
  readonly query?: readonly (readonly [key: string, value: string])[] | undefined;
  /** Names in lower case. `host`, with the port if it is sent, must be there for version 4. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
}

export interface SigningKeys {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string | undefined;
}

export type SigningVersion =
  | { readonly version: 'v1'; readonly method?: V1Method | undefined }
  | { readonly version: 'v4'; readonly region: string };

export interface SignedRequest {
  /** Path and encoded query, for the request line. */
  readonly target: string;
  /** The given headers and those of the signature; all have to be sent as they are. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Adds API version, raw size (when absent), date, digest of the body, token and `authorization`. */
export function signRequest(
  request: UnsignedRequest,
  keys: SigningKeys,
  version: SigningVersion,
  nowMs: number,
): SignedRequest {
  const query = (request.query ?? [])
    .map(([key, value]) => `${percentEncode(key)}=${percentEncode(value)}`)
    .join('&');
  const headers: Record<string, string> = {
    'x-log-apiversion': '0.6.0',
    'x-log-bodyrawsize': String(request.body?.length ?? 0),
    ...request.headers,
  };
  if (keys.securityToken !== undefined) headers['x-acs-security-token'] = keys.securityToken;
  const signable: SignableRequest = {
    method: request.method,
    path: request.path,
    query,
    headers,
    body: request.body ?? new Uint8Array(),
  };
  if (version.version === 'v1') signV1(signable, headers, { keys, version, nowMs });
  else signV4(signable, headers, { keys, version, nowMs });
  return { target: query === '' ? request.path : `${request.path}?${query}`, headers };
}

interface Signing<Version> {
  readonly keys: SigningKeys;
  readonly version: Version;
  readonly nowMs: number;
}

/** `headers` are those of `request`, and completed here. */
function signV1(
  request: SignableRequest,
  headers: Record<string, string>,
  signing: Signing<{ readonly method?: V1Method | undefined }>,
): void {
  const method = signing.version.method ?? 'hmac-sha1';
  headers['x-log-signaturemethod'] = method;
  headers['date'] = new Date(signing.nowMs).toUTCString();
  if (request.body.length > 0) {
    headers['content-md5'] = createHash('md5').update(request.body).digest('hex').toUpperCase();
  }
  const { accessKeyId, accessKeySecret } = signing.keys;
  const signature = v1Signature(accessKeySecret, v1StringToSign(request), method);
  headers['authorization'] = `LOG ${accessKeyId}:${signature}`;
}

function signV4(
  request: SignableRequest,
  headers: Record<string, string>,
  signing: Signing<{ readonly region: string }>,
): void {
  const date = formatV4Date(signing.nowMs);
  const scope = { day: date.slice(0, 8), region: signing.version.region };
  headers['x-log-date'] = date;
  headers['x-log-content-sha256'] = createHash('sha256').update(request.body).digest('hex');
  const canonical = v4CanonicalRequest(request, {
    host: headers['host'] ?? '',
    decodedPath: false,
  });
  const { accessKeyId, accessKeySecret } = signing.keys;
  const signature = v4Signature(
    v4SigningKey(accessKeySecret, scope),
    v4StringToSign(canonical, date, scope),
  );
  const credential = `${accessKeyId}/${v4ScopeText(scope)}`;
  headers['authorization'] = `${V4_ALGORITHM} Credential=${credential},Signature=${signature}`;
}

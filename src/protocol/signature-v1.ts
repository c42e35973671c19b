/**
 * Signature version 1, `Authorization: LOG {key id}:{signature}` (sls-api §2.1):
 *
 *   StringToSign = METHOD \n Content-MD5 \n Content-Type \n Date \n CanonicalHeaders CanonicalResource
 *   Signature    = base64(HMAC-SHA1 or -SHA256(secret, StringToSign))
 *
 * CanonicalHeaders: each `x-log-*` and `x-acs-*` header but `x-log-date`, sorted, as `name:value\n`.
 * CanonicalResource: the path, then `?` and the decoded parameters sorted by key.
 */
import { createHmac } from 'node:crypto';

import { parseQuery, percentDecode, type QueryParameter } from './request-target.ts';
import { compareText, pickHeaders, type SignableRequest } from './signable-request.ts';

export type V1Method = 'hmac-sha1' | 'hmac-sha256';

/** The points in which the SDKs differ. All false is the plain rule, which this software signs by. */
export interface V1Variant {
  /** The path is signed percent-decoded (Python, Java). */
  readonly decodedPath: boolean;
  /** A parameter without `=` in the URL is signed without it (OpenAPI SDKs). */
  readonly bareKeys: boolean;
  /** A key that comes several times is signed once, its values joined (Go). */
  readonly joinedValues: boolean;
  /** `x-log-meta-*` headers are left out (Python). */
  readonly noMetaHeaders: boolean;
}

export const V1_PLAIN: V1Variant = {
  decodedPath: false,
  bareKeys: false,
  joinedValues: false,
  noMetaHeaders: false,
};

/** All strings that an SDK may have signed for the request, each once, the most likely first. */
export function* v1StringsToSign(request: SignableRequest): Generator<string> {
  const seen = new Set<string>();
  for (let bits = 0; bits < 16; bits += 1) {
    const text = v1StringToSign(request, {
      decodedPath: (bits & 1) !== 0,
      bareKeys: (bits & 2) !== 0,
      joinedValues: (bits & 4) !== 0,
      noMetaHeaders: (bits & 8) !== 0,
    });
    if (seen.has(text)) continue;
    seen.add(text);
    yield text;
  }
}

export function v1StringToSign(request: SignableRequest, variant: V1Variant = V1_PLAIN): string {
  const { headers } = request;
  const signed = pickHeaders(headers, (name) => isSignedHeader(name, variant));
  return [
    request.method,
    headers['content-md5'] ?? '',
    headers['content-type'] ?? '',
    v1Date(headers) ?? '',
    ...signed.map(([name, value]) => `${name}:${value}`),
    canonicalResource(request, variant),
  ].join('\n');
}

/** The date that counts: `Date`, or `x-log-date` from browsers, which cannot send the former. */
export function v1Date(headers: Readonly<Record<string, string>>): string | undefined {
  return headers['date'] ?? headers['x-log-date'] ?? headers['x-sls-date'];
}

/** Base64. */
export function v1Signature(secret: string, stringToSign: string, method: V1Method): string {
  const algorithm = method === 'hmac-sha1' ? 'sha1' : 'sha256';
  return createHmac(algorithm, secret).update(stringToSign).digest('base64');
}

/** `x-sls-*` are the names of old clients. */
function isSignedHeader(name: string, variant: V1Variant): boolean {
  if (name === 'x-log-date' || name === 'x-sls-date') return false;
  if (variant.noMetaHeaders && name.startsWith('x-log-meta-')) return false;
  return name.startsWith('x-log-') || name.startsWith('x-acs-') || name.startsWith('x-sls-');
}

function canonicalResource(request: SignableRequest, variant: V1Variant): string {
  const path = variant.decodedPath ? percentDecode(request.path) : request.path;
  const parameters = [...parseQuery(request.query)].sort((a, b) => compareText(a.key, b.key));
  if (parameters.length === 0) return path;
  const pairs = variant.joinedValues ? joinValues(parameters) : parameters;
  const texts = pairs.map(({ key, value, hasEquals }) =>
    variant.bareKeys && !hasEquals ? key : `${key}=${value}`,
  );
  return `${path}?${texts.join('&')}`;
}

/** The parameters are sorted by key. */
function joinValues(parameters: readonly QueryParameter[]): readonly QueryParameter[] {
  const joined: QueryParameter[] = [];
  for (const parameter of parameters) {
    const last = joined.at(-1);
    if (last?.key === parameter.key) {
      joined[joined.length - 1] = { ...last, value: last.value + parameter.value };
    } else joined.push(parameter);
  }
  return joined;
}

/**
 * Signature version 4 (sls-api §2.3):
 *
 *   Authorization: SLS4-HMAC-SHA256 Credential={key id}/{yyyymmdd}/{region}/sls/aliyun_v4_request,Signature={hex}
 *   CanonicalRequest = METHOD \n path \n query \n headers \n signed header names \n x-log-content-sha256
 *   StringToSign     = "SLS4-HMAC-SHA256" \n x-log-date \n scope \n hex(SHA256(CanonicalRequest))
 *   key = HMAC("aliyun_v4" + secret, yyyymmdd), then by region, "sls", "aliyun_v4_request", all SHA-256
 *
 * The names of the signed headers do not travel; both sides take them from the rule in `isSignedHeader`.
 */
import { createHash, createHmac } from 'node:crypto';

import { parseQuery, percentDecode, percentEncode } from './request-target.ts';
import { compareText, pickHeaders, type SignableRequest } from './signable-request.ts';

export const V4_ALGORITHM = 'SLS4-HMAC-SHA256';
const SERVICE = 'sls';
const TERMINATOR = 'aliyun_v4_request';

/** `yyyymmddThhmmssZ`. */
const DATE = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;

/** What the SDKs do differently: the host they believe to talk to, and how they write the path. */
export interface V4Variant {
  readonly host: string;
  readonly decodedPath: boolean;
}

export interface V4Scope {
  /** `yyyymmdd`. */
  readonly day: string;
  readonly region: string;
}

export function v4ScopeText(scope: V4Scope): string {
  return `${scope.day}/${scope.region}/${SERVICE}/${TERMINATOR}`;
}

export function v4CanonicalRequest(request: SignableRequest, variant: V4Variant): string {
  const headers = { ...request.headers, host: variant.host };
  const signed = pickHeaders(headers, isSignedHeader);
  return [
    request.method,
    variant.decodedPath ? percentDecode(request.path) : request.path,
    canonicalQuery(request.query),
    signed.map(([name, value]) => `${name}:${value}\n`).join(''),
    signed.map(([name]) => name).join(';'),
    request.headers['x-log-content-sha256'] ?? '',
  ].join('\n');
}

/** `date` is the value of `x-log-date`. */
export function v4StringToSign(canonicalRequest: string, date: string, scope: V4Scope): string {
  const digest = createHash('sha256').update(canonicalRequest).digest('hex');
  return [V4_ALGORITHM, date, v4ScopeText(scope), digest].join('\n');
}

export function v4SigningKey(secret: string, scope: V4Scope): Buffer {
  let key = hmac(`aliyun_v4${secret}`, scope.day);
  for (const part of [scope.region, SERVICE, TERMINATOR]) key = hmac(key, part);
  return key;
}

/** Lower-case hex. */
export function v4Signature(signingKey: Uint8Array, stringToSign: string): string {
  return hmac(signingKey, stringToSign).toString('hex');
}

/** Unix ms of an `x-log-date`, undefined when it is not of the form. */
export function parseV4Date(text: string): number | undefined {
  if (!DATE.test(text)) return undefined;
  const time = Date.parse(text.replace(DATE, '$1-$2-$3T$4:$5:$6Z'));
  return Number.isNaN(time) ? undefined : time;
}

export function formatV4Date(timeMs: number): string {
  return new Date(timeMs).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
}

/** Every scope that a credential may hold: `{key id}/{day}/{region}/sls/aliyun_v4_request`. */
export function parseV4Credential(
  text: string,
): { readonly accessKeyId: string; readonly scope: V4Scope } | undefined {
  const parts = text.split('/');
  if (parts.length !== 5 || parts[3] !== SERVICE || parts[4] !== TERMINATOR) return undefined;
  const [accessKeyId = '', day = '', region = ''] = parts;
  return /^\d{8}$/.test(day) ? { accessKeyId, scope: { day, region } } : undefined;
}

function isSignedHeader(name: string): boolean {
  if (name === 'content-type' || name === 'host') return true;
  if (name.startsWith('x-log-')) return !name.startsWith('x-log-meta-');
  return name.startsWith('x-acs-');
}

/** Keys as they are, values encoded; an empty value leaves the key alone. */
function canonicalQuery(query: string): string {
  return [...parseQuery(query)]
    .sort((a, b) => compareText(a.key, b.key))
    .map(({ key, value }) => (value === '' ? key : `${key}=${percentEncode(value)}`))
    .join('&');
}

function hmac(key: string | Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

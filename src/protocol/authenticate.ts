/** Checks who sent a request, by signature version 1 or 4, in the order of sls-api §2.1. */
import { createHash, timingSafeEqual } from 'node:crypto';

import { AppError } from '#base/app-error.ts';
import { CLOCK_SKEW_MAX_MS } from './limits.ts';
import type { SignableRequest } from './signable-request.ts';
import { v1Date, v1Signature, v1StringsToSign, type V1Method } from './signature-v1.ts';
import {
  parseV4Credential,
  parseV4Date,
  V4_ALGORITHM,
  v4CanonicalRequest,
  v4Signature,
  v4SigningKey,
  v4StringToSign,
  type V4Scope,
} from './signature-v4.ts';

/** What the `Authorization` header says. */
export type Authorization =
  | { readonly version: 'v1'; readonly accessKeyId: string; readonly signature: string }
  | {
      readonly version: 'v4';
      readonly accessKeyId: string;
      readonly signature: string;
      readonly scope: V4Scope;
    };

export interface ReceivedRequest extends SignableRequest {
  /** Port that the request came in on; some clients sign it although they do not send it. */
  readonly port?: number | undefined;
}

/**
 * The secret of an access key, undefined when the key is unknown or disabled. `securityToken` is there when
 * the request came with STS credentials; it may throw SecurityTokenExpired.
 */
export type LookupSecret = (
  accessKeyId: string,
  securityToken: string | undefined,
) => Promise<string | undefined> | string | undefined;

const AUTHORIZATION_CHARACTERS_MAX = 4096;
const V1 = /^(?:LOG|SLS) ([^\s:]*):([A-Za-z0-9+/=]+)$/;
const V4 = /^SLS4-HMAC-SHA256 +Credential=([^\s,]+) *, *Signature=([0-9a-fA-F]+)$/;
const RFC_1123 = /^[A-Za-z]{3}, \d{1,2} [A-Za-z]{3} \d{4} \d{2}:\d{2}:\d{2} (?:GMT|UTC|[+-]0000)$/;

/**
 * Takes an `Authorization` header apart.
 * Errors: MissAccessKeyId (no header, or no key id in it), Unauthorized (not of a known form).
 */
export function parseAuthorization(header: string | undefined): Authorization {
  const text = (header ?? '').trim();
  if (text === '') throw missingKeyId();
  const parsed = text.length > AUTHORIZATION_CHARACTERS_MAX ? undefined : parseKnown(text);
  if (parsed === undefined) {
    throw new AppError('Unauthorized', 'authorization in http header is malformed');
  }
  if (parsed.accessKeyId === '') throw missingKeyId();
  return parsed;
}

function parseKnown(text: string): Authorization | undefined {
  const v1 = V1.exec(text);
  if (v1 !== null) {
    return { version: 'v1', accessKeyId: v1[1] ?? '', signature: v1[2] ?? '' };
  }
  const v4 = text.startsWith(V4_ALGORITHM) ? V4.exec(text) : null;
  if (v4 === null) return undefined;
  const credential = parseV4Credential(v4[1] ?? '');
  if (credential === undefined) return undefined;
  return { version: 'v4', ...credential, signature: (v4[2] ?? '').toLowerCase() };
}

/**
 * Resolves with the access key that signed the request. Errors: MissAccessKeyId,
 * InvalidSignatureMethod, MissingDate, InvalidDateFormat, Unauthorized (unknown key),
 * RequestTimeTooSkewed, SignatureNotMatch, PostBodyInvalid (the body is not the one that was signed).
 */
export async function verifyRequest(
  request: ReceivedRequest,
  lookupSecret: LookupSecret,
  nowMs: number,
): Promise<{ readonly accessKeyId: string }> {
  const authorization = parseAuthorization(request.headers['authorization']);
  const method = authorization.version === 'v1' ? v1Method(request) : undefined;
  const timeMs = requestTime(request, authorization.version);
  const { accessKeyId } = authorization;
  const secret = await lookupSecret(accessKeyId, request.headers['x-acs-security-token']);
  if (secret === undefined) {
    throw new AppError('Unauthorized', `AccessKeyId not found: ${accessKeyId}`);
  }
  checkSkew(timeMs, nowMs);
  const matches =
    authorization.version === 'v4'
      ? matchesV4(request, authorization, secret)
      : matchesV1(request, authorization.signature, secret, method ?? 'hmac-sha1');
  if (!matches) {
    throw new AppError('SignatureNotMatch', `signature of AccessKeyId ${accessKeyId} not match`);
  }
  checkBody(request, authorization.version);
  return { accessKeyId };
}

function v1Method(request: ReceivedRequest): V1Method {
  const { headers } = request;
  const name = headers['x-log-signaturemethod'] ?? headers['x-sls-signaturemethod'] ?? 'hmac-sha1';
  if (name === 'hmac-sha1' || name === 'hmac-sha256') return name;
  throw new AppError('InvalidSignatureMethod', `signature method ${name} is unsupported`);
}

function requestTime(request: ReceivedRequest, version: 'v1' | 'v4'): number {
  const { headers } = request;
  const name = version === 'v1' ? 'date' : 'x-log-date';
  const text = version === 'v1' ? v1Date(headers) : headers['x-log-date'];
  if (text === undefined || text === '') {
    throw new AppError('MissingDate', `${name} does not exist in http header`);
  }
  const timeMs =
    parseV4Date(text) ?? (version === 'v1' && RFC_1123.test(text) ? Date.parse(text) : Number.NaN);
  if (Number.isNaN(timeMs)) throw new AppError('InvalidDateFormat', `${name} ${text} is invalid`);
  return timeMs;
}

/** Clients look for the word RequestTimeExpired and set their clock by the answer's x-log-time. */
function checkSkew(timeMs: number, nowMs: number): void {
  if (Math.abs(nowMs - timeMs) <= CLOCK_SKEW_MAX_MS) return;
  throw new AppError(
    'RequestTimeTooSkewed',
    'RequestTimeExpired: the time of the request differs from the time of the server by more than 15 minutes',
  );
}

function matchesV1(
  request: ReceivedRequest,
  signature: string,
  secret: string,
  method: V1Method,
): boolean {
  for (const text of v1StringsToSign(request)) {
    if (sameText(v1Signature(secret, text, method), signature)) return true;
  }
  return false;
}

function matchesV4(
  request: ReceivedRequest,
  authorization: { readonly signature: string; readonly scope: V4Scope },
  secret: string,
): boolean {
  const { scope, signature } = authorization;
  const key = v4SigningKey(secret, scope);
  const date = request.headers['x-log-date'] ?? '';
  for (const host of hostVariants(request)) {
    for (const decodedPath of request.path.includes('%') ? [false, true] : [false]) {
      const canonical = v4CanonicalRequest(request, { host, decodedPath });
      const expected = v4Signature(key, v4StringToSign(canonical, date, scope));
      if (sameText(expected, signature)) return true;
    }
  }
  return false;
}

/** As received, then without the port, or with the one that the client did not send. */
function hostVariants(request: ReceivedRequest): readonly string[] {
  const host = request.headers['host'] ?? '';
  const withoutPort = host.replace(/:\d+$/, '');
  if (withoutPort !== host) return [host, withoutPort];
  return request.port === undefined ? [host] : [host, `${host}:${request.port}`];
}

function checkBody(request: ReceivedRequest, version: 'v1' | 'v4'): void {
  const md5 = request.headers['content-md5'] ?? '';
  if (md5 !== '' && md5.toLowerCase() !== digest('md5', request.body)) {
    throw new AppError('PostBodyInvalid', 'content-md5 is not the MD5 of the body');
  }
  if (version !== 'v4' || isObjectUpload(request.path)) return;
  const sha256 = request.headers['x-log-content-sha256'] ?? '';
  if (sha256.toLowerCase() !== digest('sha256', request.body)) {
    throw new AppError('PostBodyInvalid', 'x-log-content-sha256 is not the SHA-256 of the body');
  }
}

/** Object uploads carry the hash of nothing, because their body is sent as it is read. */
function isObjectUpload(path: string): boolean {
  return /^\/logstores\/[^/]+\/objects\//.test(path);
}

function digest(algorithm: 'md5' | 'sha256', body: Uint8Array): string {
  return createHash(algorithm).update(body).digest('hex');
}

/** Takes as long for a wrong first character as for a wrong last one. */
function sameText(expected: string, actual: string): boolean {
  const left = Buffer.from(expected);
  const right = Buffer.from(actual);
  return left.length === right.length && timingSafeEqual(left, right);
}

function missingKeyId(): AppError {
  return new AppError('MissAccessKeyId', 'authorization does not exist in http header');
}

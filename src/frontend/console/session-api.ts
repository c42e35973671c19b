/**
 * `/console/api/session`: POST signs in with an access key, GET tells who is signed in, DELETE signs out.
 * The cookie is out of reach for scripts (HttpOnly) and is not sent from other sites (SameSite=Strict).
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { AppError } from '#base/app-error.ts';
import type { Clock } from '#platform/clock.ts';
import { EMPTY_REPLY, headerValue, jsonReply } from '../http-message.ts';
import type { HttpReply, HttpRequest } from '../http-message.ts';
import { JSON_BODY_BYTES_MAX, SESSION_MS } from '../limits.ts';
import type { AccessKey, Session, SessionTokens } from './session-token.ts';
import { SignInLimiter } from './sign-in-limiter.ts';

export const SESSION_COOKIE = 'sluice_session';

export class SessionApi {
  readonly #accessKey: AccessKey;
  readonly #tokens: SessionTokens;
  readonly #clock: Clock;
  readonly #limiter = new SignInLimiter();

  constructor(
    accessKey: AccessKey,
    collaborators: { readonly tokens: SessionTokens; readonly clock: Clock },
  ) {
    this.#accessKey = accessKey;
    this.#tokens = collaborators.tokens;
    this.#clock = collaborators.clock;
  }

  /** Errors: Unauthorized, ExceedQuota (too many failed tries), PostBodyInvalid, InvalidMethod. */
  async handle(request: HttpRequest): Promise<HttpReply> {
    checkOrigin(request);
    switch (request.method) {
      case 'POST':
        return this.#signIn(request);
      case 'DELETE':
        return withCookie(EMPTY_REPLY, cookieText('', 0, request.secure));
      case 'GET':
        return sessionReply(this.session(request));
      default:
        throw new AppError('InvalidMethod', `invalid request method: ${request.method}`);
    }
  }

  /** The session of the request's cookie. Errors: Unauthorized. */
  session(request: HttpRequest): Session {
    const token = cookieOf(request, SESSION_COOKIE);
    const session =
      token === undefined ? undefined : this.#tokens.verify(token, this.#clock.nowMs());
    if (session === undefined) throw new AppError('Unauthorized', 'not signed in to the console');
    return session;
  }

  async #signIn(request: HttpRequest): Promise<HttpReply> {
    const nowMs = this.#clock.nowMs();
    if (!this.#limiter.mayTry(request.clientAddress, nowMs))
      throw new AppError('ExceedQuota', 'too many failed sign-ins, try again in a minute');
    const given = parseKey(await request.readBody(JSON_BODY_BYTES_MAX));
    // Both halves are always compared, so that the time taken tells nothing about either.
    const isId = sameText(given.accessKeyId, this.#accessKey.accessKeyId);
    const isSecret = sameText(given.accessKeySecret, this.#accessKey.accessKeySecret);
    if (!isId || !isSecret) {
      this.#limiter.failed(request.clientAddress, nowMs);
      throw new AppError('Unauthorized', 'the access key id or secret is wrong');
    }
    const { token, session } = this.#tokens.issue(nowMs);
    const cookie = cookieText(token, Math.floor(SESSION_MS / 1000), request.secure);
    return withCookie(sessionReply(session), cookie);
  }
}

/**
 * A browser names the page that a request comes from; it must be one of ours. Requests without `origin`
 * come from no other page (same-origin GET) or from no browser at all. Errors: Unauthorized.
 */
export function checkOrigin(request: HttpRequest): void {
  const origin = headerValue(request.headers, 'origin');
  if (origin === undefined) return;
  const authority = /^https?:\/\/(.+)$/i.exec(origin)?.[1]?.toLowerCase();
  if (authority === undefined || authority !== request.headers.host?.toLowerCase())
    throw new AppError('Unauthorized', 'the request comes from another site');
}

/** The value of a cookie; undefined when it was not sent. */
export function cookieOf(request: HttpRequest, name: string): string | undefined {
  for (const part of (headerValue(request.headers, 'cookie') ?? '').split(';')) {
    const equals = part.indexOf('=');
    if (equals > 0 && part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim();
  }
  return undefined;
}

function parseKey(body: Buffer): AccessKey {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch (error) {
    throw new AppError('PostBodyInvalid', 'the body is not valid JSON', { cause: error });
  }
  const { accessKeyId, accessKeySecret } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof accessKeyId !== 'string' || typeof accessKeySecret !== 'string')
    throw new AppError('PostBodyInvalid', 'accessKeyId and accessKeySecret are required');
  return { accessKeyId, accessKeySecret };
}

/** Compares digests, whose lengths are equal whatever was given. */
function sameText(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function sessionReply(session: Session): HttpReply {
  return jsonReply(
    { accessKeyId: session.accessKeyId, expiresAt: Math.floor(session.expiresAtMs / 1000) },
    { 'cache-control': 'no-store' },
  );
}

function cookieText(value: string, maxAgeSeconds: number, secure: boolean): string {
  const text = `${SESSION_COOKIE}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict`;
  return secure ? `${text}; Secure` : text;
}

function withCookie(reply: HttpReply, cookie: string): HttpReply {
  return { ...reply, headers: { ...reply.headers, 'set-cookie': cookie } };
}

/**
 * The console's session: a stateless token in a cookie, so that any frontend with the same key can check it.
 *
 *   token = accessKeyId "." expiry "." mac
 *   expiry = Unix seconds, decimal
 *   mac = base64url( HMAC-SHA256(k, accessKeyId "." expiry) )
 *   k = HKDF-SHA256(access key secret, salt "", info "sluice console session v1", 32 bytes)
 *
 * Changing the secret ends all sessions. A single one cannot be ended before its time, except by the browser
 * that forgets its cookie.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { SESSION_MS } from '../limits.ts';

export interface AccessKey {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

export interface Session {
  readonly accessKeyId: string;
  readonly expiresAtMs: number;
}

const KEY_INFO = 'sluice console session v1';
const TOKEN_CHARACTERS_MAX = 512;

export class SessionTokens {
  readonly #accessKeyId: string;
  readonly #key: Buffer;

  constructor(accessKey: AccessKey) {
    this.#accessKeyId = accessKey.accessKeyId;
    this.#key = Buffer.from(hkdfSync('sha256', accessKey.accessKeySecret, '', KEY_INFO, 32));
  }

  /** A token for the access key that is good for `SESSION_MS`. */
  issue(nowMs: number): { readonly token: string; readonly session: Session } {
    const expiry = Math.floor((nowMs + SESSION_MS) / 1000);
    const signed = `${this.#accessKeyId}.${expiry}`;
    return {
      token: `${signed}.${this.#mac(signed).toString('base64url')}`,
      session: { accessKeyId: this.#accessKeyId, expiresAtMs: expiry * 1000 },
    };
  }

  /** The session of a token; undefined when it was not issued here or is over. */
  verify(token: string, nowMs: number): Session | undefined {
    if (token.length > TOKEN_CHARACTERS_MAX) return undefined;
    const macStart = token.lastIndexOf('.');
    const signed = token.slice(0, Math.max(0, macStart));
    const mac = Buffer.from(token.slice(macStart + 1), 'base64url');
    const expected = this.#mac(signed);
    if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) return undefined;
    const expiryStart = signed.lastIndexOf('.');
    const accessKeyId = signed.slice(0, Math.max(0, expiryStart));
    const expiresAtMs = Number(signed.slice(expiryStart + 1)) * 1000;
    if (accessKeyId !== this.#accessKeyId || !(nowMs < expiresAtMs)) return undefined;
    return { accessKeyId, expiresAtMs };
  }

  #mac(text: string): Buffer {
    return createHmac('sha256', this.#key).update(text).digest();
  }
}

/** Requests and answers of the HTTP doors as plain data, apart from the server that carries them. */
import type { IncomingHttpHeaders } from 'node:http';
import type { RequestTarget } from './request-target.ts';

export interface HttpRequest {
  readonly method: string;
  readonly target: RequestTarget;
  /** Names in lower case, as Node gives them. */
  readonly headers: IncomingHttpHeaders;
  /** Address of the peer; empty when the connection is gone. */
  readonly clientAddress: string;
  /** Port that the connection came in on; some clients sign it without sending it. */
  readonly localPort: number | undefined;
  /** The answer's `x-log-requestid`. */
  readonly requestId: string;
  /** Whether the connection is TLS (here or, as a trusted proxy says, before it). */
  readonly secure: boolean;
  /**
   * Aborted when the client goes away before it has its answer, and, once the answer streams, when the server
   * stops.
   */
  readonly signal: AbortSignal;
  /**
   * Reads the body as it was sent, once. Errors: PostBodyTooLarge, ServerBusy (too many bodies in memory),
   * PostBodyInvalid (the connection broke before its end).
   */
  readonly readBody: (maxBytes: number) => Promise<Buffer>;
}

export interface HttpReply {
  readonly status: number;
  /** Lower-case names. `content-length`, `x-log-requestid` and `x-log-time` are added by the server. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  /**
   * Instead of a body: chunks that go out as they come. Its `return` is called when the client goes away; the
   * request's signal is aborted then, and also when the server stops. When it throws the connection is cut.
   */
  readonly stream?: AsyncIterable<Uint8Array> | undefined;
}

/** The success of a write: 200, no body and no content type (a JSON type makes SDKs parse ''). */
export const EMPTY_REPLY: HttpReply = Object.freeze({
  status: 200,
  headers: Object.freeze({}),
  body: undefined,
});

/** A JSON answer; `headers` are added. */
export function jsonReply(
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
  status = 200,
): HttpReply {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify(value)),
  };
}

/** The first value of a header; undefined when it was not sent. */
export function headerValue(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

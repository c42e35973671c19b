/**
 * The HTTP/1.1 shell of the doors, on Fastify. Fastify gives the socket handling, time limits and the
 * orderly close; it gets one catch-all route and parses no body, because SLS clients put bodies on GET and
 * DELETE, send wrong content types and address the server by absolute-form targets (sls-api §0).
 *
 * Promises to every client, also after malformed input: an answer carries `x-log-requestid` and `x-log-time`,
 * errors carry the JSON body of sls-api §3.3, and nothing that one connection does harms another.
 */
import type { IncomingMessage } from 'node:http';
import { METHODS } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { fastify } from 'fastify';
import { AppError } from '#base/app-error.ts';
import type { Clock } from '#platform/clock.ts';
import type { Logger } from '#telemetry/logger.ts';
import { BodyReader } from './body-reader.ts';
import { ConnectionErrors } from './connection-errors.ts';
import { errorReply, isInternalError } from './error-reply.ts';
import type { HttpReply, HttpRequest } from './http-message.ts';
import {
  CONNECTION_CHECK_INTERVAL_MS,
  CONNECTIONS_MAX,
  HEADER_BYTES_MAX,
  HEADERS_TIMEOUT_MS,
  KEEP_ALIVE_TIMEOUT_MS,
  REQUEST_TIMEOUT_MS,
  SOCKET_IDLE_TIMEOUT_MS,
} from './limits.ts';
import { parseRequestTarget } from './request-target.ts';

/** Answers one request. What it throws becomes the error answer. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpReply>;

export interface HttpServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Take the client's address from `x-forwarded-for` and TLS from `x-forwarded-proto`. */
  readonly trustProxy: boolean;
}

export interface HttpServerCollaborators {
  readonly handler: HttpHandler;
  readonly clock: Clock;
  /** Makes the `x-log-requestid` of every answer. */
  readonly newRequestId: () => string;
  readonly logger: Logger;
}

export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #collaborators: HttpServerCollaborators;
  readonly #bodies = new BodyReader();
  readonly #app: FastifyInstance;
  /** Bodies of requests under way, to be given back when they are answered. */
  readonly #heldBytes = new WeakMap<FastifyRequest, number>();
  /** Those of answers that stream: they have no end of their own that a stop could wait for. */
  readonly #streaming = new Set<AbortController>();
  #requestCount = 0;
  #draining = false;

  constructor(options: HttpServerOptions, collaborators: HttpServerCollaborators) {
    this.#options = options;
    this.#collaborators = collaborators;
    this.#app = this.#createApp();
  }

  /** Requests that have not been answered yet. */
  get openRequestCount(): number {
    return this.#requestCount;
  }

  /** Opens the port and returns the one in use. Errors: those of `listen` (EADDRINUSE, EACCES, …). */
  async listen(): Promise<number> {
    await this.#app.listen({ host: this.#options.host, port: this.#options.port });
    const address = this.#app.server.address();
    if (address === null || typeof address === 'string') throw new Error('no port was opened');
    return address.port;
  }

  /**
   * Stops accepting, aborts answers that stream, lets other running requests end for at most `drainMs`, then
   * cuts what is left. Answers from now on say `connection: close`.
   */
  async close(drainMs: number): Promise<void> {
    this.#draining = true;
    for (const abort of this.#streaming) abort.abort(stopping());
    const cut = setTimeout(() => this.#app.server.closeAllConnections(), drainMs);
    try {
      await this.#app.close();
    } finally {
      clearTimeout(cut);
    }
  }

  #createApp(): FastifyInstance {
    const app = fastify({
      logger: false,
      trustProxy: this.#options.trustProxy,
      exposeHeadRoutes: false,
      return503OnClosing: false,
      forceCloseConnections: 'idle',
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      connectionTimeout: SOCKET_IDLE_TIMEOUT_MS,
      // The one route; what was asked for is in `originalUrl`.
      rewriteUrl: () => '/',
      clientErrorHandler: (error, socket) => connectionErrors.onClientError(error, socket),
      http: {
        maxHeaderSize: HEADER_BYTES_MAX,
        headersTimeout: HEADERS_TIMEOUT_MS,
        connectionsCheckingInterval: CONNECTION_CHECK_INTERVAL_MS,
        requireHostHeader: false,
      },
    });
    const connectionErrors = new ConnectionErrors(this.#collaborators);
    connectionErrors.attach(app.server);
    app.server.maxConnections = CONNECTIONS_MAX;
    const methods = METHODS.filter((method) => method !== 'CONNECT');
    for (const method of methods)
      app.addHttpMethod(method, { hasBody: false, overrideExisting: true });
    app.route({
      method: methods,
      url: '/',
      handler: (request, reply) => this.#answer(request, reply),
    });
    app.addHook('onResponse', (request, _reply, done) => {
      this.#release(request);
      done();
    });
    // Only Fastify's own refusals get here; the handler turns its errors into answers itself.
    app.setErrorHandler((error, _request, reply) => {
      this.#collaborators.logger.error({ err: error }, 'request failed outside its handler');
      return this.#send(reply, errorReply(error), this.#collaborators.newRequestId());
    });
    return app;
  }

  async #answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    this.#requestCount++;
    const requestId = this.#collaborators.newRequestId();
    const started = this.#collaborators.clock.monotonicMs();
    const abort = new AbortController();
    reply.raw.once('close', () => {
      this.#requestCount--;
      this.#streaming.delete(abort);
      this.#release(request);
      if (!reply.raw.writableFinished) abort.abort(new Error('the client went away'));
    });
    let answer: HttpReply;
    try {
      answer = await this.#collaborators.handler(
        this.#httpRequest(request, requestId, abort.signal),
      );
    } catch (error) {
      answer = errorReply(error);
      if (isInternalError(error) && !abort.signal.aborted)
        this.#collaborators.logger.error({ err: error, requestId }, 'request failed');
    }
    const elapsedMs = Math.round(this.#collaborators.clock.monotonicMs() - started);
    const { method } = request;
    this.#collaborators.logger.debug(
      { requestId, method, status: answer.status, elapsedMs },
      'request answered',
    );
    // A body that nobody asked for is dropped, so that the connection can carry the next request.
    if (!request.raw.complete) request.raw.resume();
    if (answer.stream !== undefined) this.#watchStream(abort);
    return this.#send(reply, answer, requestId);
  }

  #httpRequest(request: FastifyRequest, requestId: string, signal: AbortSignal): HttpRequest {
    return {
      method: request.method,
      target: parseRequestTarget(request.originalUrl),
      headers: request.headers,
      clientAddress: request.ip ?? '',
      localPort: request.raw.socket.localPort,
      requestId,
      secure: request.protocol === 'https',
      signal,
      readBody: (maxBytes) => this.#readBody(request, request.raw, maxBytes),
    };
  }

  #readBody(request: FastifyRequest, raw: IncomingMessage, maxBytes: number): Promise<Buffer> {
    return this.#bodies.read(raw, maxBytes, (bytes) => {
      this.#heldBytes.set(request, (this.#heldBytes.get(request) ?? 0) + bytes);
    });
  }

  #watchStream(abort: AbortController): void {
    this.#streaming.add(abort);
    if (this.#draining) abort.abort(stopping());
  }

  #release(request: FastifyRequest): void {
    this.#bodies.release(this.#heldBytes.get(request) ?? 0);
    this.#heldBytes.delete(request);
  }

  #send(reply: FastifyReply, answer: HttpReply, requestId: string): FastifyReply {
    if (reply.sent) return reply;
    reply.code(answer.status);
    reply.headers(answer.headers);
    reply.header('x-log-requestid', requestId);
    reply.header('x-log-time', String(Math.floor(this.#collaborators.clock.nowMs() / 1000)));
    // A stream may end because the server stops, and then nothing else would close its connection.
    if (this.#draining || answer.stream !== undefined) reply.header('connection', 'close');
    if (answer.stream !== undefined)
      return reply.send(Readable.from(answer.stream, { objectMode: false }));
    if (answer.body === undefined || answer.body.length === 0) {
      reply.header('content-length', '0');
      return reply.send();
    }
    return reply.send(answer.body);
  }
}

function stopping(): AppError {
  return new AppError('ServerBusy', 'the server is stopping');
}

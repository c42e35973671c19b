/**
 * Answers for what never becomes a request: bytes that are not HTTP, headers that are too many, clients
 * that take too long, CONNECT. The answer has the shape of every other error. When an earlier request of the
 * same connection is still being answered, that answer goes out first.
 */
import { STATUS_CODES } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { AppError } from '#base/app-error.ts';
import type { Clock } from '#platform/clock.ts';
import { errorReply } from './error-reply.ts';

/** How long a refused connection stays open for its client to read why. */
const LINGER_MS = 1000;

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export class ConnectionErrors {
  readonly #clock: Clock;
  readonly #newRequestId: () => string;
  /** The newest exchange of each connection. */
  readonly #exchanges = new WeakMap<Duplex, Exchange>();

  constructor(collaborators: { readonly clock: Clock; readonly newRequestId: () => string }) {
    this.#clock = collaborators.clock;
    this.#newRequestId = collaborators.newRequestId;
  }

  attach(server: Server): void {
    server.prependListener('request', (request, response) => {
      this.#exchanges.set(request.socket, { request, response });
    });
    // An expectation we do not know is no reason to refuse; Node would answer it without a request id.
    server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
      server.emit('request', request, response);
    });
    server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
      socket.on('error', () => socket.destroy());
      this.#refuse(socket, new AppError('InvalidMethod', 'invalid request method: CONNECT'));
    });
  }

  onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
    const exchange = this.#exchanges.get(socket);
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    if (exchange === undefined || exchange.response.writableFinished) {
      this.#refuse(socket, connectionError(error));
    } else if (exchange.request.complete) {
      exchange.response.once('finish', () => this.#refuse(socket, connectionError(error)));
    } else if (exchange.response.headersSent) {
      socket.destroy();
    } else {
      this.#refuse(socket, connectionError(error));
    }
  }

  #refuse(socket: Duplex, error: AppError): void {
    if (!socket.writable) {
      socket.destroy();
      return;
    }
    const reply = errorReply(error);
    const body = Buffer.from(reply.body ?? []);
    const nowMs = this.#clock.nowMs();
    const head = [
      `HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status]}`,
      'content-type: application/json',
      `content-length: ${body.length}`,
      `x-log-requestid: ${this.#newRequestId()}`,
      `x-log-time: ${Math.floor(nowMs / 1000)}`,
      `date: ${new Date(nowMs).toUTCString()}`,
      'connection: close',
    ].join('\r\n');
    socket.end(Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), body]));
    // Closing while the client still sends would reset the connection and lose the answer.
    socket.resume();
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  }
}

function connectionError(error: NodeJS.ErrnoException): AppError {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new AppError('ParameterInvalid', 'the request headers are too large');
    case 'HPE_INVALID_METHOD':
      return new AppError('InvalidMethod', 'invalid request method');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new AppError('RequestTimeout', 'the request took too long to arrive');
    default:
      return new AppError('ParameterInvalid', 'the request is not valid HTTP/1.1');
  }
}

/**
 * A small SLS receiver for tests of the agent: verifies the signature of every write, decompresses and decodes the log
 * group, keeps the lines. Faults are answered as a test tells it to.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorCode } from '#base/app-error.ts';
import { must } from '#base/assert.ts';
import { verifyRequest } from '#protocol/authenticate.ts';
import { decompress } from '#protocol/compression.ts';
import { decodeLogGroup, type LogGroup } from '#protocol/log-group.ts';

export const PEER_KEY = { accessKeyId: 'testid', accessKeySecret: 'test-secret-never-logged' };

export interface Received {
  readonly target: string;
  readonly group: LogGroup;
  readonly lines: readonly string[];
}

/** What to do with a write: store it or not, and what to answer; `cut` closes the socket instead. */
export interface Reaction {
  readonly store: boolean;
  readonly status?: number;
  readonly code?: string;
  readonly message?: string;
  readonly cut?: boolean;
  /** Never answers. */
  readonly hang?: boolean;
  readonly withoutRequestId?: boolean;
}

export class LogtailPeer {
  readonly received: Received[] = [];
  requests = 0;
  /** Writes that were refused because they were stored before. */
  repeats = 0;
  /** By target and writer key, as the server keeps it by shard. */
  readonly lastSequences: Map<string, number> = new Map();
  refusedSignatures = 0;
  secret: string = PEER_KEY.accessKeySecret;
  clockOffsetMs = 0;
  react: (received: Received) => Reaction = () => ({ store: true });
  #server: Server | undefined;
  port = 0;

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** All stored lines, in the order in which they came. */
  get lines(): readonly string[] {
    return this.received.flatMap((each) => each.lines);
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      void this.#serve(request, response);
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
  }

  /** Listens no more; open connections are cut. The port stays reserved for the next start. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.closeAllConnections();
    await new Promise<void>((resolve) =>
      server === undefined ? resolve() : server.close(() => resolve()),
    );
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests++;
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    } catch {
      return;
    }
    const body = Buffer.concat(chunks);
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    const answer = (reaction: Reaction): void => {
      response.statusCode = reaction.status ?? 200;
      if (reaction.withoutRequestId !== true) response.setHeader('x-log-requestid', 'A1');
      response.setHeader('x-log-time', Math.floor((Date.now() + this.clockOffsetMs) / 1000));
      response.end(
        response.statusCode === 200
          ? ''
          : JSON.stringify({ errorCode: reaction.code, errorMessage: reaction.message ?? '' }),
      );
    };
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    const match = /^\/logstores\/([^/]+)\/shards\/route$/u.exec(path);
    const parameters = new URLSearchParams(query);
    try {
      const signed = { method: 'POST', path, query, headers, body };
      await verifyRequest(
        signed,
        (id) => (id === PEER_KEY.accessKeyId ? this.secret : undefined),
        Date.now() + this.clockOffsetMs,
      );
    } catch (error) {
      this.refusedSignatures++;
      const code = errorCode(error) ?? 'Unauthorized';
      const skewed = code === 'RequestTimeTooSkewed';
      answer({
        store: false,
        status: skewed ? 400 : 401,
        code,
        message: skewed ? 'RequestTimeExpired' : '',
      });
      return;
    }
    const raw = decompress('lz4', body, Number(headers['x-log-bodyrawsize']), 16 << 20);
    const group = decodeLogGroup(raw);
    const lines = group.logs.map(
      (log) =>
        must(
          log.contents.find((pair) => pair.key === 'content'),
          'a content field',
        ).value,
    );
    const received = { target: `${headers['x-log-project']}/${match?.[1]}`, group, lines };
    const last = this.#storedOf(received.target, parameters);
    if (last > Number(parameters.get('seqstart'))) {
      this.repeats++;
      response.setHeader('x-log-last-seqid', last);
      answer({ store: false, status: 400, code: 'InvalidSequenceId' });
      return;
    }
    const reaction = this.react(received);
    if (reaction.store) this.#store(received, parameters);
    if (reaction.cut === true) request.socket.destroy();
    else if (reaction.hang !== true) answer(reaction);
  }
  #storedOf(target: string, parameters: URLSearchParams): number {
    return this.lastSequences.get(`${target} ${parameters.get('key')}`) ?? 0;
  }

  #store(received: Received, parameters: URLSearchParams): void {
    this.received.push(received);
    const writer = `${received.target} ${parameters.get('key')}`;
    this.lastSequences.set(writer, Number(parameters.get('seqid')));
  }
}

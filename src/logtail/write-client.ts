/** One write request over HTTP/1.1: signed, sent, and its answer read. Connections are kept and shared. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { must } from '#base/assert.ts';
import { signRequest, type SigningVersion } from '#protocol/sign-request.ts';
import type { AccessKey } from './access-keys.ts';
import { ANSWER_BYTES_MAX } from './limits.ts';
import type { BatchWriter, OutgoingBatch } from './log-batch.ts';
import type { WriteAnswer } from './send-policy.ts';

export interface WriteClientOptions {
  /** `http://host:port` or `https://…`. */
  readonly endpoint: string;
  readonly signing: SigningVersion;
  readonly timeoutMs: number;
  readonly connectionsMax: number;
}

export class WriteClient {
  readonly #options: WriteClientOptions;
  readonly #url: URL;
  readonly #agent: HttpAgent;

  constructor(options: WriteClientOptions) {
    this.#options = options;
    this.#url = new URL(options.endpoint);
    const settings = {
      keepAlive: true,
      // Below the idle time after which servers close, so that few requests meet a closing connection.
      timeout: 4000,
      maxSockets: options.connectionsMax,
    };
    this.#agent =
      this.#url.protocol === 'https:' ? new HttpsAgent(settings) : new HttpAgent(settings);
  }

  /**
   * Sends a batch once. Rejects when no whole answer came: the batch may have been stored or not.
   * `nowMs` is the time of the server as well as we know it.
   */
  async post(
    batch: OutgoingBatch,
    call: { readonly key: AccessKey; readonly nowMs: number; readonly signal: AbortSignal },
  ): Promise<WriteAnswer> {
    const { project, logstore } = batch.target;
    const { target, headers } = signRequest(
      {
        method: 'POST',
        path: `/logstores/${logstore}/shards/route`,
        query: writerQuery(batch.writer),
        headers: {
          host: `${project}.${this.#url.host}`,
          'content-type': 'application/x-protobuf',
          'content-length': String(batch.body.length),
          'user-agent': 'sluice-logtail/0.1.0',
          'x-log-project': project,
          'x-log-compresstype': 'lz4',
          'x-log-bodyrawsize': String(batch.rawBytes),
        },
        body: batch.body,
      },
      call.key,
      this.#options.signing,
      call.nowMs,
    );
    const send = this.#url.protocol === 'https:' ? httpsRequest : httpRequest;
    const deadline = AbortSignal.timeout(this.#options.timeoutMs);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = send(
        {
          agent: this.#agent,
          hostname: this.#url.hostname.replace(/^\[|\]$/gu, ''),
          port: this.#url.port === '' ? undefined : this.#url.port,
          method: 'POST',
          path: target,
          headers,
          signal: AbortSignal.any([call.signal, deadline]),
        },
        resolve,
      );
      request.once('error', reject);
      request.end(batch.body);
    });
    return answerOf(response, await readBody(response));
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Offsets are the writer's sequence: a stretch of the file that the server has is refused. */
function writerQuery(writer: BatchWriter): readonly (readonly [string, string])[] {
  const end = must(writer.ends.at(-1), 'a batch has logs');
  return [
    ['key', writer.key],
    ['seqid', String(end)],
    ['seqstart', String(writer.start)],
  ];
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= ANSWER_BYTES_MAX) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function answerOf(response: IncomingMessage, body: string): WriteAnswer {
  const header = (name: string): string | undefined => {
    const value = response.headers[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  let errorCode = '';
  let errorMessage = '';
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null) {
      if ('errorCode' in parsed) errorCode = String(parsed.errorCode);
      if ('errorMessage' in parsed) errorMessage = String(parsed.errorMessage);
    }
  } catch {
    // A body that is not JSON comes from something in between; the status decides.
  }
  const lastSequence = header('x-log-last-seqid') ?? '';
  const logTime = Number(header('x-log-time'));
  const date = Date.parse(header('date') ?? '') / 1000;
  const serverTime = logTime > 0 ? logTime : date > 0 ? Math.floor(date) : undefined;
  return {
    status: response.statusCode ?? 0,
    requestId: header('x-log-requestid'),
    serverTime,
    errorCode,
    errorMessage,
    lastSequence: /^\d{1,15}$/u.test(lastSequence) ? Number(lastSequence) : undefined,
  };
}

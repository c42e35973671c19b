/** A small signed HTTP client for tests and benches: keep-alive, raw bodies, no retries, nothing hidden. */
import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { signRequest } from '#protocol/sign-request.ts';
import { DEFAULT_TOKENS } from '#protocol/index-config.ts';
import { compress } from '#protocol/compression.ts';
import { encodeLogGroup, type LogGroup } from '#protocol/log-group.ts';
import { TEST_KEYS, type ProcessKeys } from './server-process.ts';

/** An answer as it came. */
export interface RawResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Names as on the wire. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

export interface SlsResponse extends RawResponse {
  json(): unknown;
}

export interface SlsRequest {
  readonly method: string;
  /** Path with query, already encoded. */
  readonly path: string;
  readonly project?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: Uint8Array | undefined;
}

export interface RawRequest {
  readonly method: string;
  /** Path and query as they are sent. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  readonly agent?: Agent | undefined;
}

/** Sends one request and reads the whole answer. Errors: those of the connection. */
export function exchange(endpoint: URL, request: RawRequest): Promise<RawResponse> {
  const { method, target, headers, body, agent } = request;
  const length = body === undefined || body.length === 0 ? {} : { 'content-length': body.length };
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      {
        agent,
        host: endpoint.hostname,
        port: endpoint.port,
        method,
        path: target,
        headers: { ...headers, ...length },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            rawHeaders: incoming.rawHeaders.filter((_, index) => index % 2 === 0),
            body: Buffer.concat(chunks),
          }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

export class SlsClient {
  readonly #endpoint: URL;
  readonly #keys: ProcessKeys;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(endpoint: string, keys: ProcessKeys = TEST_KEYS) {
    this.#endpoint = new URL(endpoint);
    this.#keys = keys;
  }

  async send(input: SlsRequest): Promise<SlsResponse> {
    const host = input.project === undefined ? '' : `${input.project}.`;
    const [path = '', search = ''] = input.path.split('?', 2);
    const { target, headers } = signRequest(
      {
        method: input.method,
        path,
        query: [...new URLSearchParams(search)],
        headers: { ...input.headers, host: `${host}${this.#endpoint.host}` },
        body: input.body,
      },
      this.#keys,
      { version: 'v1' },
      Date.now(),
    );
    const answer = await exchange(this.#endpoint, {
      agent: this.#agent,
      method: input.method,
      target,
      headers,
      body: input.body,
    });
    return { ...answer, json: () => JSON.parse(answer.body.toString()) as unknown };
  }

  /** Like `send`, with a JSON body; throws with the server's own words unless the answer is 200. */
  async call(method: string, path: string, options: CallOptions = {}): Promise<unknown> {
    const body = options.json === undefined ? undefined : Buffer.from(JSON.stringify(options.json));
    const response = await this.send({
      method,
      path,
      project: options.project,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body,
    });
    if (response.status !== 200)
      throw new Error(`${method} ${path}: ${response.status} ${response.body.toString()}`);
    return response.body.length === 0 ? undefined : response.json();
  }

  /** Creates project, logstore and (unless `undefined`) index. */
  async provision(
    project: string,
    logstore: string,
    options: { readonly shardCount?: number; readonly index?: unknown; readonly ttl?: number } = {},
  ): Promise<void> {
    await this.call('POST', '/', { project, json: { projectName: project, description: '' } });
    const { shardCount = 2, ttl = 30 } = options;
    await this.call('POST', '/logstores', {
      project,
      json: { logstoreName: logstore, ttl, shardCount },
    });
    const index = options.index ?? FULL_TEXT_INDEX;
    await this.call('POST', `/logstores/${logstore}/index`, { project, json: index });
  }

  async putLogs(
    project: string,
    logstore: string,
    group: LogGroup<string | Uint8Array>,
  ): Promise<SlsResponse> {
    const raw = encodeLogGroup(group);
    return await this.putRaw(project, logstore, { raw, body: compress('lz4', raw) });
  }

  async putRaw(
    project: string,
    logstore: string,
    payload: { readonly raw: Uint8Array; readonly body: Uint8Array },
  ): Promise<SlsResponse> {
    return await this.send({
      method: 'POST',
      path: `/logstores/${logstore}/shards/lb`,
      project,
      headers: {
        'content-type': 'application/x-protobuf',
        'x-log-compresstype': 'lz4',
        'x-log-bodyrawsize': String(payload.raw.length),
      },
      body: payload.body,
    });
  }

  /** GetLogs (v3) over the whole of time unless told otherwise. */
  async search(
    project: string,
    logstore: string,
    query: string,
    options: object = {},
  ): Promise<SearchAnswer> {
    const json = {
      from: 0,
      to: 4_000_000_000,
      query,
      line: 100,
      offset: 0,
      reverse: false,
      ...options,
    };
    return (await this.call('POST', `/logstores/${logstore}/logs`, {
      project,
      json,
    })) as SearchAnswer;
  }

  /** GetLogs in its older form (v1) over the whole of time unless told otherwise: rows, and figures in headers. */
  async searchV1(
    project: string,
    logstore: string,
    query: string,
    options: Readonly<Record<string, string | number | boolean>> = {},
  ): Promise<SlsResponse> {
    const members = { type: 'log', from: 0, to: 4_000_000_000, query, ...options };
    const parameters = new URLSearchParams(
      Object.entries(members).map(([name, value]): [string, string] => [name, String(value)]),
    );
    const path = `/logstores/${logstore}?${parameters.toString()}`;
    return await this.send({ method: 'GET', path, project });
  }

  /** The number of logs that match, from the histogram. */
  async count(project: string, logstore: string, query: string): Promise<number> {
    const parameters = new URLSearchParams({
      type: 'histogram',
      from: '0',
      to: '4000000000',
      query,
      topic: '',
    });
    const response = await this.send({
      method: 'GET',
      path: `/logstores/${logstore}?${parameters.toString()}`,
      project,
    });
    if (response.status !== 200) throw new Error(response.body.toString());
    return Number(response.headers['x-log-count']);
  }

  close(): void {
    this.#agent.destroy();
  }
}

export interface CallOptions {
  readonly project?: string | undefined;
  readonly json?: unknown;
}

export interface SearchAnswer {
  readonly meta: {
    readonly count: number;
    readonly progress: string;
    readonly keys: readonly string[];
    readonly isAccurate: boolean;
    readonly mode: number;
  };
  readonly data: readonly Readonly<Record<string, string>>[];
}

/** Full text with the delimiters that the service names by default. */
export const FULL_TEXT_INDEX: object = {
  line: {
    token: DEFAULT_TOKENS,
    caseSensitive: false,
    chn: false,
  },
  keys: {
    content: {
      type: 'text',
      token: DEFAULT_TOKENS,
      caseSensitive: false,
      chn: false,
      doc_value: true,
      alias: '',
    },
  },
  max_text_len: 2048,
};

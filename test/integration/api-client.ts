/** A server in this process on a free port, and a client that signs requests itself and sees raw answers. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerConfig } from '#config/server-options.ts';
import { compress } from '#protocol/compression.ts';
import type { CompressionType } from '#protocol/compression-type.ts';
import { encodeLogGroup, type Log } from '#protocol/log-group.ts';
import { signRequest, type SigningVersion } from '#protocol/sign-request.ts';
import { createLogger } from '#telemetry/logger.ts';
import { startServer, type RunningServer } from '#main/start-server.ts';
import { exchange } from '../support/sls-client.ts';

export const KEY_ID = 'testAccessKeyId';
export const KEY_SECRET = 'testAccessKeySecret';

export interface Answer {
  readonly status: number;
  /** Names as on the wire. */
  readonly rawHeaders: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The body as JSON; undefined when it is empty or no JSON. */
  readonly json: unknown;
  /** `errorCode` of the body, empty when there is none. */
  readonly errorCode: string;
}

export interface CallOptions {
  readonly project?: string | undefined;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string | undefined;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly sign?: SigningVersion | 'none';
  readonly accessKeyId?: string;
  readonly accessKeySecret?: string;
  /** Added to the client's clock. */
  readonly skewMs?: number;
}

export function testConfig(
  dataDirectory: string,
  changes: Partial<ServerConfig> = {},
): ServerConfig {
  return {
    dataDirectory,
    listen: { host: '127.0.0.1', port: 0 },
    durability: 'os',
    baseDomains: ['sls.test'],
    defaultProject: undefined,
    region: 'local',
    timeWindow: 'any',
    queryMemoryBytes: 512 * 1024 * 1024,
    timeZone: 'Asia/Shanghai',
    ipDatabases: [],
    threatList: undefined,
    phoneDatabase: undefined,
    trustProxy: false,
    logLevel: 'silent',
    json: false,
    rootAccessKeyId: KEY_ID,
    rootAccessKeySecret: KEY_SECRET,
    ...changes,
  };
}

export class TestServer implements AsyncDisposable {
  readonly directory: string;
  readonly #changes: Partial<ServerConfig>;
  #running: RunningServer;

  private constructor(directory: string, running: RunningServer, changes: Partial<ServerConfig>) {
    this.directory = directory;
    this.#running = running;
    this.#changes = changes;
  }

  static async start(changes: Partial<ServerConfig> = {}): Promise<TestServer> {
    const directory = await mkdtemp(join(tmpdir(), 'sluice-api-'));
    return new TestServer(directory, await TestServer.#run(directory, changes), changes);
  }

  static #run(directory: string, changes: Partial<ServerConfig>): Promise<RunningServer> {
    return startServer({
      config: testConfig(join(directory, 'data'), changes),
      logger: createLogger({ level: 'silent' }),
    });
  }

  get running(): RunningServer {
    return this.#running;
  }

  get port(): number {
    return this.#running.port;
  }

  async restart(): Promise<void> {
    await this.#running.stop();
    this.#running = await TestServer.#run(this.directory, this.#changes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** A signed request; `path` is sent as it is. */
  async call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const project = options.project;
    const host = project === undefined ? 'sls.test' : `${project}.sls.test`;
    const body =
      options.json === undefined
        ? Buffer.from(options.body ?? '')
        : Buffer.from(JSON.stringify(options.json));
    const query = Object.entries(options.query ?? {}).map(
      ([key, value]) => [key, String(value)] as const,
    );
    const given = { host, ...options.headers };
    const { target, headers } =
      options.sign === 'none'
        ? { target: withQuery(path, query), headers: given }
        : signRequest(
            { method, path, query, headers: given, body },
            {
              accessKeyId: options.accessKeyId ?? KEY_ID,
              accessKeySecret: options.accessKeySecret ?? KEY_SECRET,
            },
            options.sign ?? { version: 'v1' },
            Date.now() + (options.skewMs ?? 0),
          );
    return this.send(method, target, headers, body);
  }

  async send(
    method: string,
    target: string,
    headers: Readonly<Record<string, string>>,
    body: Buffer,
  ): Promise<Answer> {
    const endpoint = new URL(`http://127.0.0.1:${this.port}`);
    const answer = await exchange(endpoint, { method, target, headers, body });
    const json = parseJson(answer.body);
    return {
      ...answer,
      headers: answer.headers as Record<string, string>,
      json,
      errorCode: (json as { errorCode?: string } | undefined)?.errorCode ?? '',
    };
  }

  /** Writes one log group. */
  async put(
    project: string,
    logstore: string,
    group: {
      readonly logs: readonly Log<string | Uint8Array>[];
      readonly topic?: string;
      readonly source?: string;
    },
    compression: CompressionType = 'lz4',
  ): Promise<Answer> {
    const raw = encodeLogGroup({ topic: '', source: '', tags: [], ...group });
    return this.putRaw(project, `/logstores/${logstore}/shards/lb`, raw, compression);
  }

  /** Writes a body that is compressed here. */
  putRaw(
    project: string,
    path: string,
    raw: Uint8Array,
    compression: CompressionType = 'none',
  ): Promise<Answer> {
    const headers: Record<string, string> = {
      'content-type': 'application/x-protobuf',
      'x-log-bodyrawsize': String(raw.length),
    };
    if (compression !== 'none') headers['x-log-compresstype'] = compression;
    return this.call('POST', path, { project, headers, body: compress(compression, raw) });
  }
}

export function log(
  time: number,
  contents: Readonly<Record<string, string | Uint8Array>>,
): Log<string | Uint8Array> {
  return { time, contents: Object.entries(contents).map(([key, value]) => ({ key, value })) };
}

function withQuery(path: string, query: readonly (readonly [string, string])[]): string {
  const text = query.map(([k, v]) => `${encodeURIComponent(k)}=${encodeURIComponent(v)}`).join('&');
  return text === '' ? path : `${path}?${text}`;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return bytes.length === 0 ? undefined : JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

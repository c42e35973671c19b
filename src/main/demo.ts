/** The demo logstore of `npm start`: project `demo`, logstore `app`, full-text index, all idempotent. */
import { request as httpRequest } from 'node:http';
import { AppError } from '#base/app-error.ts';
import { DEFAULT_TOKENS } from '#protocol/index-config.ts';
import { signRequest } from '#protocol/sign-request.ts';

export const DEMO_PROJECT = 'demo';
export const DEMO_LOGSTORE = 'app';

export interface DemoConnection {
  /** `http://host:port` */
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

/** The columns that Logtail writes in single-line mode, ready for search and SQL. */
const DEMO_INDEX = {
  line: { token: DEFAULT_TOKENS, caseSensitive: false, chn: false },
  keys: {
    content: textKey(''),
    '__tag__:__path__': textKey('path'),
    '__tag__:__hostname__': textKey('host'),
  },
  max_text_len: 2048,
};

/** Creates what is missing; leaves alone what is there. Errors: any code the server answers. */
export async function provisionDemo(connection: DemoConnection): Promise<void> {
  const steps: readonly (readonly [path: string, body: object, already: string])[] = [
    ['/', { projectName: DEMO_PROJECT, description: 'made by npm start' }, 'ProjectAlreadyExist'],
    ['/logstores', { logstoreName: DEMO_LOGSTORE, ttl: 30, shardCount: 2 }, 'LogStoreAlreadyExist'],
    [`/logstores/${DEMO_LOGSTORE}/index`, DEMO_INDEX, 'IndexAlreadyExist'],
  ];
  for (const [path, body, already] of steps) {
    const answer = await call(connection, path, body);
    if (answer.status !== 200 && answer.errorCode !== already)
      throw new AppError(answer.errorCode, `cannot make the demo logstore: ${answer.errorMessage}`);
  }
}

/** How many logs of the demo logstore are searchable now. */
export async function countDemoLogs(connection: DemoConnection, nowMs: number): Promise<number> {
  const to = Math.floor(nowMs / 1000) + 3600;
  const body = {
    from: 0,
    to,
    query: '* | select count(*) as c',
    line: 0,
    offset: 0,
    reverse: false,
  };
  const answer = await call(connection, `/logstores/${DEMO_LOGSTORE}/logs`, body);
  if (answer.status !== 200) throw new AppError(answer.errorCode, answer.errorMessage);
  const data: unknown = answer.json['data'];
  const first: unknown = Array.isArray(data) ? data[0] : undefined;
  return typeof first === 'object' && first !== null && 'c' in first ? Number(first.c) : 0;
}

interface Answer {
  readonly status: number;
  readonly errorCode: string;
  readonly errorMessage: string;
  readonly json: Readonly<Record<string, unknown>>;
}

async function call(connection: DemoConnection, path: string, json: object): Promise<Answer> {
  const url = new URL(connection.endpoint);
  const body = Buffer.from(JSON.stringify(json));
  const { target, headers } = signRequest(
    {
      method: 'POST',
      path,
      headers: {
        host: url.host,
        'content-type': 'application/json',
        'x-log-project': DEMO_PROJECT,
      },
      body,
    },
    connection,
    { version: 'v4', region: 'local' },
    Date.now(),
  );
  const text = await new Promise<{ status: number; body: string }>((resolve, reject) => {
    const outgoing = httpRequest(
      { host: url.hostname, port: url.port, method: 'POST', path: target, headers },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
  const parsed = parseObject(text.body);
  return {
    status: text.status,
    errorCode: textOf(parsed['errorCode']),
    errorMessage: textOf(parsed['errorMessage']),
    json: parsed,
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  if (text === '') return {};
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function textKey(alias: string): object {
  return {
    type: 'text',
    token: DEFAULT_TOKENS,
    caseSensitive: false,
    chn: false,
    doc_value: true,
    alias,
  };
}

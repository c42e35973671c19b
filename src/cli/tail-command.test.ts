/** The command against a peer that answers over real sockets. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MemoryClock } from '#platform/memory-clock.ts';
import { testContext, type TestContext } from './command-fixture.ts';
import { tailCommand } from './tail-command.ts';

const ENV = { SLUICE_ACCESS_KEY_ID: 'keyid', SLUICE_ACCESS_KEY_SECRET: 'keysecret' };

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

let server: Server;
/** One for each request, the last one for all that follow. */
let answers: Answer[];
let requests: URL[];

beforeEach(async () => {
  answers = [];
  requests = [];
  server = createServer((request, response) => {
    requests.push(new URL(request.url ?? '', 'http://peer'));
    const answer = answers[Math.min(requests.length, answers.length) - 1];
    answer?.(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

function stream(...events: readonly string[]): Answer {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write([': tailing\n\n', ...events].join(''));
  };
}

function refuse(status: number, errorCode: string): Answer {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ errorCode, errorMessage: 'no' }));
  };
}

function start(
  argv: readonly string[],
  options: { readonly isTerminal?: boolean } = {},
): { readonly context: TestContext; readonly code: Promise<number | undefined> } {
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const place = ['--endpoint', endpoint, '--project', 'web', '--logstore', 'app'];
  const context = testContext([...place, ...argv], { env: ENV, ...options });
  return { context, code: tailCommand.run(context) };
}

function runBare(argv: readonly string[]): Promise<number | undefined> {
  return tailCommand.run(testContext(argv));
}

/** Waits for an output; a test that waits in vain ends by its own time limit. */
async function until(test: () => boolean): Promise<void> {
  while (!test()) await new Promise((resolve) => setTimeout(resolve, 2));
}

const ROW = { __time__: '1700000000', __source__: '10.0.0.1', __topic__: '', level: 'INFO' };

describe('sluice tail', () => {
  it('asks for what was wanted, prints logs until it is stopped, and ends with 0', async () => {
    answers = [
      stream(
        event('logs', [
          {
            ...ROW,
            msg: 'say "hi"\u001B[2J',
            empty: '',
            __topic__: 'nightly',
            '__tag__:host': 'h1',
          },
          { ...ROW, __time_ns_part__: '5000000' },
        ]),
        event('logs', [
          { __time__: '1700000001', __source__: '', __topic__: '', content: 'a = b' },
        ]),
      ),
    ];
    const { context, code } = start(["level:INFO not 'x'", '--topic', 'nightly', '--back', '3']);
    await until(() => context.printed().split('\n').length > 3);
    context.interrupt();
    expect(await code).toBe(0);
    expect(context.printed().split('\n')).toEqual([
      '2023-11-14T22:13:20Z 10.0.0.1 level=INFO msg="say \\"hi\\" [2J" empty="" __topic__=nightly __tag__:host=h1',
      '2023-11-14T22:13:20.005000000Z 10.0.0.1 level=INFO',
      '2023-11-14T22:13:21Z a = b',
      '',
    ]);
    expect(context.complained()).toBe('');
    expect(requests.map(({ pathname }) => pathname)).toEqual(['/logstores/app']);
    expect(Object.fromEntries(requests[0]!.searchParams)).toEqual({
      type: 'tail',
      query: "level:INFO not 'x'",
      topic: 'nightly',
      back: '3',
    });
  });

  it('has colours on a terminal only', async () => {
    answers = [stream(event('logs', [ROW]))];
    const { context, code } = start([], { isTerminal: true });
    await until(() => context.printed() !== '');
    context.interrupt();
    await code;
    expect(context.printed()).toContain('\u001B[34mlevel\u001B[0m=INFO');
  });

  it('prints an object a line with --json, and what was dropped on standard error', async () => {
    const odd = { ...ROW, msg: 'two\nlines' };
    answers = [
      stream(
        event('logs', [ROW, odd]),
        event('dropped', { reason: 'slow', count: 1200 }),
        event('dropped', { reason: 'behind', count: 1 }),
        event('later', { unknown: true }),
      ),
    ];
    const { context, code } = start(['--json']);
    await until(() => context.complained().includes('passed over'));
    context.interrupt();
    expect(await code).toBe(0);
    const lines = context.printed().trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([ROW, odd]);
    expect(context.complained()).toBe(
      'sluice tail: 1,200 logs dropped, because they were read too slowly\n' +
        'sluice tail: 1 log group passed over, because more is written than the server can look at\n',
    );
  });

  it('connects again when the connection breaks and when the server stops, and says so', async () => {
    const busy = { errorCode: 'ServerBusy', errorMessage: 'the server is stopping' };
    answers = [
      stream(event('logs', [ROW]), event('error', busy)),
      refuse(503, 'ServerBusy'),
      (response) => response.destroy(),
      stream(event('logs', [{ ...ROW, level: 'AGAIN' }])),
    ];
    const { context, code } = start([]);
    const clock = context.clock as MemoryClock;
    for (let request = 1; request < 4; request++) {
      await until(() => requests.length === request && clock.sleeperCount === 1);
      await clock.advance(15_000);
    }
    await until(() => context.printed().includes('AGAIN'));
    context.interrupt();
    expect(await code).toBe(0);
    expect(context.complained()).toBe(
      'sluice tail: the server is stopping; connecting again\n' +
        'sluice tail: connected again; logs that were written in between are not shown\n',
    );
    expect(requests.map((url) => url.searchParams.get('back'))).toEqual(['10', '0', '0', '0']);
  });
});

describe('sluice tail fails', () => {
  it('when the server refuses, at first and later', async () => {
    answers = [refuse(400, 'ParameterInvalid')];
    await expect(start(['(']).code).rejects.toMatchObject({ code: 'ParameterInvalid' });
    const gone = { errorCode: 'LogStoreNotExist', errorMessage: 'logstore app does not exist' };
    answers = [stream(event('error', gone))];
    await expect(start([]).code).rejects.toMatchObject({ code: 'LogStoreNotExist' });
  });

  it('when the server was never reached', async () => {
    const context = testContext(
      ['--project=p', '--logstore=l', '--endpoint', 'http://127.0.0.1:1'],
      { env: ENV },
    );
    await expect(tailCommand.run(context)).rejects.toMatchObject({ code: 'ServerUnreachable' });
  });

  it('when the answer is no live tail', async () => {
    answers = [stream(event('logs', { not: 'an array' }))];
    await expect(start([]).code).rejects.toMatchObject({ code: 'AnswerInvalid' });
  });

  it('without a project, a logstore or a key', async () => {
    await expect(runBare(['--logstore', 'l'])).rejects.toThrow('--project is required');
    await expect(runBare(['--project', 'p'])).rejects.toThrow('--logstore is required');
    await expect(runBare(['--project', 'p', '--logstore', 'l'])).rejects.toMatchObject({
      code: 'AccessKeyMissing',
    });
  });
});

it('explains itself', async () => {
  const context = testContext(['--help']);
  expect(await tailCommand.run(context)).toBe(0);
  expect(context.printed()).toMatch(/^Usage: sluice tail --project <name>[^]*--back <count>/u);
});

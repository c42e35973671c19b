/** The command against a peer that answers over real sockets, and against lines made here. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyRequest } from '#protocol/authenticate.ts';
import { encodeScrubLine, type ScrubLine } from '#backend/scrub-lines.ts';
import type { ScrubFinding } from '#backend/scrub-report.ts';
import { testContext, type TestContext } from './command-fixture.ts';
import { scrubCommand, type HeldDirectory } from './scrub-command.ts';

const NOW_MS = 1_800_000_000_000;

const ENV = { SLUICE_ACCESS_KEY_ID: 'keyid', SLUICE_ACCESS_KEY_SECRET: 'keysecret' };

const HELD: HeldDirectory = { kind: 'held', endpoint: undefined };

const FINDING: ScrubFinding = {
  kind: 'index',
  logstoreId: 'abc',
  shardId: 1,
  file: 'abc/1/x.idx',
  what: 'the checksum of block 3 is wrong',
  repaired: false,
};

const NAMES = { projectName: 'demo', logstoreName: 'app' };

function summary(counts: {
  readonly findingCount?: number;
  readonly repairedCount?: number;
  readonly damageCount?: number;
}): ScrubLine {
  return {
    kind: 'summary',
    checkedBytes: 3 * 2 ** 20,
    segmentCount: 2,
    recordCount: 1234,
    durationMs: 2500,
    findingCount: 0,
    repairedCount: 0,
    damageCount: 0,
    ...counts,
  };
}

const PROGRESS: ScrubLine = {
  kind: 'progress',
  checkedBytes: 2 ** 20,
  totalBytes: 4 * 2 ** 20,
  segmentCount: 1,
  recordCount: 20,
};

async function runLocal(
  context: TestContext,
  place: readonly ScrubLine[] | HeldDirectory,
): Promise<{ readonly code: number | undefined; readonly opened: string[] }> {
  const opened: string[] = [];
  const command = scrubCommand({
    openLocal: async ({ dataDirectory }) => {
      opened.push(dataDirectory);
      if ('kind' in place) return place;
      return {
        kind: 'open',
        async *lines() {
          yield* place;
        },
        async [Symbol.asyncDispose]() {
          opened.push('closed');
        },
      };
    },
  });
  return { code: await command.run(context), opened };
}

describe('scrub of a data directory', () => {
  it('that is sound prints a summary and ends with 0', async () => {
    const context = testContext(['--data-dir', '/data']);
    const { code, opened } = await runLocal(context, [PROGRESS, summary({})]);
    expect(code).toBe(0);
    expect(opened).toEqual(['/data', 'closed']);
    expect(context.printed()).toBe(
      'checked 3.0 MiB in 2.5 s, 2 segments, 1,234 records: all sound\n',
    );
    expect(context.complained()).toBe('');
  });

  it('with damage says what and what to do, and ends with 1', async () => {
    const context = testContext(['--data-dir', '/data']);
    const wal: ScrubFinding = { ...FINDING, kind: 'wal', file: 'wal/abc/1/0.wal' };
    const { code } = await runLocal(context, [
      { kind: 'finding', finding: FINDING, ...NAMES },
      { kind: 'finding', finding: wal },
      summary({ findingCount: 2, damageCount: 2 }),
    ]);
    expect(code).toBe(1);
    expect(context.printed().split('\n')).toEqual([
      'damaged: index of demo/app shard 1, abc/1/x.idx: the checksum of block 3 is wrong; ' +
        'run again with --repair to build it again',
      expect.stringMatching(
        /^damaged: write-ahead log of deleted logstore abc shard 1, wal\/abc\/1\/0.wal: .*; only a backup/,
      ),
      'checked 3.0 MiB in 2.5 s, 2 segments, 1,234 records: 2 damaged',
      '',
    ]);
  });

  it('that is repaired ends with 0, and with 1 where something could not be', async () => {
    const repaired: ScrubLine = {
      kind: 'finding',
      finding: { ...FINDING, repaired: true },
      ...NAMES,
    };
    const left: ScrubLine = { kind: 'finding', finding: FINDING, ...NAMES };
    const all = testContext(['--data-dir', '/data', '--repair']);
    const { code } = await runLocal(all, [
      repaired,
      summary({ findingCount: 1, repairedCount: 1 }),
    ]);
    expect(code).toBe(0);
    expect(all.printed()).toMatch(/^repaired: .*built again\n.*1 repaired\n$/);
    const some = testContext(['--data-dir', '/data', '--repair']);
    const lines = [repaired, left, summary({ findingCount: 2, repairedCount: 1, damageCount: 1 })];
    expect((await runLocal(some, lines)).code).toBe(1);
    expect(some.printed()).toContain('no longer holds all its logs');
    expect(some.printed()).toContain(': 1 repaired, 1 damaged\n');
  });

  it('with files that belong to nothing is sound', async () => {
    const context = testContext(['--data-dir', '/data']);
    const finding: ScrubFinding = { ...FINDING, kind: 'orphan' };
    const lines: ScrubLine[] = [{ kind: 'finding', finding }, summary({ findingCount: 1 })];
    expect((await runLocal(context, lines)).code).toBe(0);
    expect(context.printed()).toMatch(/^left over: orphan of [^]*: 1 orphan left over\n$/);
  });

  it('counts findings that were not listed', async () => {
    const context = testContext(['--data-dir', '/data']);
    const lines: ScrubLine[] = [
      { kind: 'finding', finding: FINDING },
      summary({ findingCount: 5001, damageCount: 5001 }),
    ];
    expect((await runLocal(context, lines)).code).toBe(1);
    expect(context.printed()).toContain('\n5,000 more findings not listed here\n');
  });

  it('draws progress on a terminal and takes it away again', async () => {
    const context = testContext(['--data-dir', '/data'], { isTerminal: true });
    await runLocal(context, [PROGRESS, summary({})]);
    expect(context.complained()).toBe(
      '\r\u001B[Kchecked 1.0 MiB of 4.0 MiB (25 %), 1 segment, 20 records\r\u001B[K',
    );
  });

  it('prints the same lines as JSON', async () => {
    const context = testContext(['--data-dir', '/data', '--json']);
    const finding: ScrubLine = { kind: 'finding', finding: FINDING, ...NAMES };
    const end = summary({ findingCount: 1, damageCount: 1 });
    expect((await runLocal(context, [PROGRESS, finding, end])).code).toBe(1);
    const printed = context.printed().trimEnd().split('\n');
    expect(printed.map((line): unknown => JSON.parse(line))).toEqual([finding, end]);
  });

  it('explains itself', async () => {
    const context = testContext(['--help']);
    const { code, opened } = await runLocal(context, []);
    expect([code, opened]).toEqual([0, []]);
    expect(context.printed()).toMatch(/^Usage: sluice scrub [^]*--repair[^]*Exit codes/);
  });
});

describe('scrub by a server', () => {
  let server: Server;
  let endpoint: string;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;

  beforeEach(async () => {
    server = createServer((request, response) => answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  function context(...flags: readonly string[]): TestContext {
    return testContext(['--endpoint', endpoint, ...flags], { env: ENV, nowMs: NOW_MS });
  }

  it('asks with a signature that the server accepts', async () => {
    let verified: Promise<unknown> | undefined;
    let target: string | undefined;
    answer = (request, response) => {
      target = request.url;
      const [path = '', query = ''] = (request.url ?? '').split('?');
      const { method = '' } = request;
      const headers = request.headers as Record<string, string>;
      verified = verifyRequest(
        { method, path, query, headers, body: Buffer.alloc(0), port: undefined },
        () => ENV.SLUICE_ACCESS_KEY_SECRET,
        NOW_MS,
      );
      response.end(encodeScrubLine(summary({})));
    };
    expect((await runLocal(context('--repair'), HELD)).code).toBe(0);
    expect(target).toBe('/scrubs?repair=true');
    expect(await verified).toMatchObject({ accessKeyId: 'keyid' });
  });

  it('reads lines however they are cut, and passes over those of newer servers', async () => {
    answer = (_request, response) => {
      const text =
        encodeScrubLine({ kind: 'finding', finding: { ...FINDING, what: 'é 日' }, ...NAMES }) +
        '{"kind":"weather"}\n' +
        encodeScrubLine(summary({ findingCount: 1, damageCount: 1 }));
      for (const byte of Buffer.from(text)) response.write(Buffer.of(byte));
      response.end();
    };
    const asking = context();
    expect((await runLocal(asking, HELD)).code).toBe(1);
    expect(asking.printed()).toContain('x.idx: é 日; run again');
  });

  it('asks the server that holds the directory, and a given one without a look at it', async () => {
    answer = (_request, response) => void response.end(encodeScrubLine(summary({})));
    const asking = testContext(['--data-dir', '/data'], { env: ENV });
    expect(await runLocal(asking, { kind: 'held', endpoint })).toEqual({
      code: 0,
      opened: ['/data'],
    });
    expect(await runLocal(context('--data-dir', '/data'), HELD)).toEqual({ code: 0, opened: [] });
  });

  it('says what the server says', async () => {
    answer = (_request, response) => {
      response.writeHead(409);
      response.end('{"errorCode":"ScrubInProgress","errorMessage":"a scrub is under way"}');
    };
    await expect(runLocal(context(), HELD)).rejects.toMatchObject({
      code: 'ScrubInProgress',
      message: `${endpoint} answers ScrubInProgress: a scrub is under way`,
    });
    answer = (_request, response) => {
      response.writeHead(502);
      response.end('<html>bad gateway</html>');
    };
    await expect(runLocal(context(), HELD)).rejects.toThrow('is no Sluice server');
  });

  it('fails when the server breaks, goes away or was never there', async () => {
    answer = (_request, response) =>
      void response.end(
        encodeScrubLine(PROGRESS) +
          encodeScrubLine({ kind: 'error', errorCode: 'ServerBusy', errorMessage: 'stopping' }),
      );
    await expect(runLocal(context(), HELD)).rejects.toMatchObject({ code: 'ServerBusy' });
    answer = (_request, response) => void response.end(encodeScrubLine(PROGRESS));
    await expect(runLocal(context(), HELD)).rejects.toThrow('ended before the check did');
    answer = (_request, response) =>
      void response.write(encodeScrubLine(PROGRESS), () => response.destroy());
    await expect(runLocal(context(), HELD)).rejects.toMatchObject({ code: 'ConnectionLost' });
    const nowhere = testContext(['--endpoint', 'http://127.0.0.1:1'], { env: ENV });
    await expect(runLocal(nowhere, HELD)).rejects.toMatchObject({
      code: 'ServerUnreachable',
    });
  });

  it('closes the connection when it is interrupted', async () => {
    const closed = Promise.withResolvers<void>();
    const asking = context();
    answer = (_request, response) => {
      response.write(encodeScrubLine(PROGRESS), () => asking.interrupt());
      response.on('close', () => closed.resolve());
    };
    await expect(runLocal(asking, HELD)).rejects.toThrow('interrupted');
    await closed.promise;
  });

  it('refuses addresses that are more than an address', async () => {
    for (const flag of ['localhost:8080', 'ftp://host', 'http://host/path', 'http://a:b@host'])
      await expect(runLocal(testContext(['--endpoint', flag]), HELD)).rejects.toThrow(
        'it is not an address like http://127.0.0.1:8080',
      );
  });
});

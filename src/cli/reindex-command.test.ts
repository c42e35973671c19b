/** The command against a peer that answers over real sockets. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReindexReport } from '#backend/reindex-report.ts';
import type { MemoryClock } from '#platform/memory-clock.ts';
import { MIB, SECOND_MS } from '#base/units.ts';
import { testContext, type TestContext } from './command-fixture.ts';
import { reindexCommand } from './reindex-command.ts';

const NOW_MS = 1_800_000_000_000;
const ENV = { SLUICE_ACCESS_KEY_ID: 'keyid', SLUICE_ACCESS_KEY_SECRET: 'keysecret' };

const RUNNING: ReindexReport = {
  state: 'running',
  fromTime: 0,
  toTime: 2 ** 32,
  createTimeMs: NOW_MS,
  indexHash: '0123456789abcdef',
  total: { segmentCount: 40, rowCount: 4000, rawBytes: 400 * MIB },
  done: { segmentCount: 12, rowCount: 1500, rawBytes: 150 * MIB },
  bytesPerSecond: 2.5 * MIB,
  remainingMs: 100_000,
};
const DONE: ReindexReport = {
  ...RUNNING,
  state: 'done',
  done: RUNNING.total,
  endTimeMs: NOW_MS + 65_000,
  bytesPerSecond: undefined,
  remainingMs: undefined,
};

let server: Server;
let endpoint: string;
let asked: string[];
/** What the peer answers, one after the other; the last one again and again. */
let answers: (ReindexReport | { readonly errorCode: string; readonly errorMessage: string })[];
let onRequest: () => void;

beforeEach(async () => {
  asked = [];
  onRequest = () => {};
  server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const project = request.headers['x-log-project'] as string;
    asked.push(`${request.method} ${project} ${request.url}`);
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    response.writeHead(
      answer !== undefined && 'errorCode' in answer && !('state' in answer) ? 404 : 200,
    );
    response.end(JSON.stringify(answer));
    onRequest();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function context(...argv: readonly string[]): TestContext {
  const names = ['--project', 'web', '--logstore', 'app', '--endpoint', endpoint];
  return testContext([...names, ...argv], { env: ENV, nowMs: NOW_MS, isTerminal: true });
}

/** Runs it with the time passing. */
async function run(asking: TestContext): Promise<number | undefined> {
  const clock = asking.clock as MemoryClock;
  const over = new AbortController();
  const code = reindexCommand.run(asking).finally(() => over.abort());
  code.catch(() => {});
  while (!over.signal.aborted) await clock.advance(SECOND_MS);
  return await code;
}

describe('sluice reindex', () => {
  it('starts a job, shows how far it is and ends with it', async () => {
    answers = [{ ...RUNNING, state: 'waiting' }, RUNNING, DONE];
    const asking = context();
    expect(await run(asking)).toBe(0);
    expect(asked).toEqual([
      'POST web /logstores/app/reindex',
      'GET web /logstores/app/reindex',
      'GET web /logstores/app/reindex',
    ]);
    expect(asking.complained()).toContain(
      'running: rebuilt 150 MiB of 400 MiB (37 %), 12 of 40 segments, 1,500 rows, 2.5 MiB/s, 1 min 40 s left',
    );
    expect(asking.printed()).toBe(
      'done: rebuilt 400 MiB of 400 MiB (100 %), 40 of 40 segments, 4,000 rows, after 1 min 5 s\n',
    );
  });

  it('takes times as seconds, as dates or from now', async () => {
    answers = [DONE];
    await run(context('--from', '1700000000', '--to', '2026-11-23T08:00:00+08:00'));
    await run(context('--from', '-7d', '--to', 'now'));
    expect(asked).toEqual([
      'POST web /logstores/app/reindex?from=1700000000&to=1795392000',
      'POST web /logstores/app/reindex?from=1799395200&to=1800000000',
    ]);
    for (const time of ['yesterday', '-1', '2026-11-23', '99999999999'])
      await expect(run(context('--from', time))).rejects.toThrow('it is not a time like now, -15m');
  });

  it('leaves the job to the server, shows it and cancels it when told to', async () => {
    answers = [{ ...RUNNING, state: 'waiting' }];
    const leaving = context('--no-wait', '--json');
    expect(await run(leaving)).toBe(0);
    expect(JSON.parse(leaving.printed())).toMatchObject({ state: 'waiting' });
    answers = [{ ...RUNNING, errorCode: 'ENOSPC', errorMessage: 'no space\nleft' }];
    const watching = context('--status');
    expect(await run(watching)).toBe(0);
    expect(watching.printed()).toContain('tries again after: no space left\n');
    answers = [{ ...RUNNING, state: 'cancelled', endTimeMs: NOW_MS + 1000 }];
    expect(await run(context('--cancel'))).toBe(0);
    expect(asked.map((one) => one.split(' ')[0])).toEqual(['POST', 'GET', 'DELETE']);
  });

  it('ends with 1 when the job fails or is cancelled by another', async () => {
    const errorMessage = 'the index was deleted under the reindex';
    answers = [
      RUNNING,
      { ...DONE, state: 'failed', errorCode: 'IndexConfigNotExist', errorMessage },
    ];
    const failing = context();
    expect(await run(failing)).toBe(1);
    expect(failing.printed()).toContain(`after 1 min 5 s, ${errorMessage}\n`);
    expect(await run(context('--status'))).toBe(1);
    answers = [RUNNING, { ...DONE, state: 'cancelled' }];
    expect(await run(context())).toBe(1);
  });

  it('says that the job goes on when it is interrupted', async () => {
    answers = [RUNNING];
    const asking = context();
    onRequest = () => void (asked.length === 3 && asking.interrupt());
    expect(await run(asking)).toBe(2);
    expect(asking.complained()).toContain('the job goes on in the server');
  });

  it('says what the server says, and what is wrong with the command line', async () => {
    answers = [{ errorCode: 'JobNotExist', errorMessage: 'nobody has asked' }];
    await expect(run(context('--status'))).rejects.toMatchObject({ code: 'JobNotExist' });
    await expect(run(context('--status', '--cancel'))).rejects.toThrow('exclude each other');
    const bare = testContext(['--project', 'web'], { env: ENV });
    await expect(run(bare)).rejects.toThrow('--logstore is required');
    const help = testContext(['--help']);
    expect(await run(help)).toBe(0);
    expect(help.printed()).toContain('Usage: sluice reindex');
  });
});

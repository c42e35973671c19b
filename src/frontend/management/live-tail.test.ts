/** The events of a live tail as they travel; `test/integration/live-tail.test.ts` has the whole. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AppError } from '#base/app-error.ts';
import { must } from '#base/assert.ts';
import { TailFixture } from '#query/tail/tail-fixture.ts';
import { createLogger } from '#telemetry/logger.ts';
import type { SlsCall } from '../sls/operation.ts';
import { tailLogs } from './live-tail.ts';

let fixture: TailFixture;
let abort: AbortController;

beforeEach(async () => {
  fixture = await TailFixture.create();
  abort = new AbortController();
});
afterEach(() => fixture[Symbol.asyncDispose]());

/** The chunks of an answer as texts. */
async function tail(): Promise<AsyncIterator<Uint8Array>> {
  const call: SlsCall = {
    projectName: 'web',
    parameters: { logstore: 'app' },
    query: [['type', 'tail']],
    headers: {},
    body: Buffer.alloc(0),
    clientAddress: '',
    requestId: 'r',
    endpoint: '',
    fromConsole: false,
    signal: abort.signal,
  };
  const logger = createLogger({ level: 'silent' });
  const { status, stream } = await tailLogs(call, { liveTail: fixture.tails, logger });
  expect(status).toBe(200);
  return must(stream, 'a stream')[Symbol.asyncIterator]();
}

async function next(chunks: AsyncIterator<Uint8Array>): Promise<string> {
  const { value } = await chunks.next();
  return Buffer.from(value as Uint8Array).toString();
}

it('logs are arrays of rows, what is dropped follows them, and silence is a comment each ten seconds', async () => {
  const chunks = await tail();
  expect(await next(chunks)).toBe(': tailing\n\n');
  for (const silence of [1, 2]) {
    const waiting = next(chunks);
    await fixture.clock.advance(9_999);
    expect(fixture.clock.sleeperCount, `before silence ${silence}`).toBeGreaterThan(0);
    await fixture.clock.advance(1);
    expect(await waiting).toBe(': nothing new\n\n');
  }
  const waiting = next(chunks);
  await fixture.write(Array.from({ length: 1200 }, () => ({ msg: 'two\nlines' })));
  let text = await waiting;
  while (!text.includes('dropped')) text += await next(chunks);
  const row = '{"__time__":"1700000000","__source__":"","__topic__":"","msg":"two\\nlines"}';
  expect(text.startsWith(`event: logs\ndata: [${row},{"`)).toBe(true);
  expect(text.split('\n\n').at(-2)).toBe('event: dropped\ndata: {"reason":"rate","count":200}');
  await chunks.return?.();
});

it('a client that goes away is no subscriber any more, whether it has read or not', async () => {
  const chunks = await tail();
  await next(chunks);
  await chunks.return?.();
  expect(fixture.tails.subscriberCount).toBe(0);
  await tail();
  expect(fixture.tails.subscriberCount).toBe(1);
  abort.abort(new Error('the client went away'));
  expect(fixture.tails.subscriberCount).toBe(0);
});

it('a server that stops says so', async () => {
  const chunks = await tail();
  await next(chunks);
  abort.abort(new AppError('ServerBusy', 'the server is stopping'));
  expect(await next(chunks)).toBe(
    'event: error\ndata: {"errorCode":"ServerBusy","errorMessage":"the server is stopping"}\n\n',
  );
  expect((await chunks.next()).done).toBe(true);
});

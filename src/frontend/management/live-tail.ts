/**
 * `GET /logstores/{logstore}?type=tail&query=&topic=&back=`: logs as they are written, as server-sent events (WHATWG
 * HTML §9.2): `logs` with an array of rows as GetLogs has them, `dropped` with how many are missing here and why, and
 * `error` at the end when it is the server that ends it. A comment goes out when nothing else does.
 */
import { AppError } from '#base/app-error.ts';
import type { TailSubscription } from '#query/tail/live-tail.ts';
import type { TailEvent } from '#query/tail/tail-queue.ts';
import { errorFacts, isInternalError } from '../error-reply.ts';
import type { HttpReply } from '../http-message.ts';
import { TAIL_HEARTBEAT_MS } from '../limits.ts';
import type { SlsCall, SlsRooms } from '../sls/operation.ts';
import { integerOf, pathParameter, queryParameter } from '../sls/parameters.ts';

/** Errors: those of `LiveTail.subscribe`; later ones come as the last event. */
export async function tailLogs(
  call: SlsCall,
  rooms: Pick<SlsRooms, 'liveTail' | 'logger'>,
): Promise<HttpReply> {
  const subscription = await rooms.liveTail.subscribe({
    projectName: call.projectName,
    logstoreName: pathParameter(call, 'logstore'),
    topic: queryParameter(call, 'topic') ?? '',
    query: queryParameter(call, 'query') ?? '',
    backCount: integerOf(queryParameter(call, 'back')) ?? 0,
    signal: call.signal,
  });
  // A stream that nobody begins to read has no end of its own.
  call.signal.addEventListener('abort', () => subscription[Symbol.dispose](), { once: true });
  const onError = (error: unknown): void => {
    if (isInternalError(error))
      rooms.logger.error({ err: error, requestId: call.requestId }, 'live tail failed');
  };
  return {
    status: 200,
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // Nginx would keep events back until it has a buffer full of them.
      'x-accel-buffering': 'no',
    },
    body: undefined,
    stream: events(subscription, call.signal, onError),
  };
}

async function* events(
  subscription: TailSubscription,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    // Headers go out with the first bytes: from here on the client misses nothing.
    yield Buffer.from(': tailing\n\n');
    for (;;) yield Buffer.from(encodeEvent(await subscription.next(TAIL_HEARTBEAT_MS)));
  } catch (error) {
    // Nobody is there to be told, unless it is the server that stops.
    if (signal.aborted && !(signal.reason instanceof AppError)) return;
    onError(error);
    const { errorCode, errorMessage } = errorFacts(error);
    yield Buffer.from(encode('error', JSON.stringify({ errorCode, errorMessage })));
  } finally {
    subscription[Symbol.dispose]();
  }
}

function encodeEvent(event: TailEvent | undefined): string {
  if (event === undefined) return ': nothing new\n\n';
  if (event.kind === 'logs') return encode('logs', `[${event.rows.join(',')}]`);
  const { reason, count } = event;
  return encode('dropped', JSON.stringify({ reason, count }));
}

/** `data` is JSON on one line. */
function encode(event: string, data: string): string {
  return `event: ${event}\ndata: ${data}\n\n`;
}

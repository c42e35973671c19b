import { AppError } from '#base/app-error.ts';
import { errorView, isAbort, openApi } from '../../shared/api.ts';
import {
  TAIL_BACK_LOGS,
  TAIL_DRAW_MS,
  TAIL_ITEMS_MAX,
  TAIL_RETRY_MS,
  TAIL_RETRY_MS_MAX,
} from '../../shared/limits.ts';
import type { Place } from '../../shared/log-types.ts';
import { pause } from '../../shared/pause.ts';
import { EventStream } from './event-stream.ts';
import type { ServerEvent } from './event-stream.ts';
import { readTailEvent } from './tail-event.ts';
import type { TailAction, TailEvent } from './tail-state.ts';

export interface TailRequest extends Place {
  /** A search without SQL. */
  readonly query: string;
}

export interface TailRun {
  readonly signal: AbortSignal;
  readonly dispatch: (action: TailAction) => void;
  /** Told of every error that ends the tail, so that the app can react to an ended session. */
  readonly onError: (error: unknown) => void;
}

/** Follows a logstore until the signal is aborted or the server refuses; a lost connection is made again. */
export async function runTail(request: TailRequest, run: TailRun): Promise<void> {
  const { signal, dispatch } = run;
  dispatch({ kind: 'connecting' });
  let retryMs = TAIL_RETRY_MS;
  for (let backCount = TAIL_BACK_LOGS; !signal.aborted; backCount = 0) {
    try {
      await follow(request, backCount, run, () => {
        retryMs = TAIL_RETRY_MS;
      });
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      if (!isPassing(error)) {
        run.onError(error);
        dispatch({ kind: 'failed', error: errorView(error) });
        return;
      }
    }
    if (signal.aborted) return;
    dispatch({ kind: 'lost' });
    try {
      await pause(retryMs, signal);
    } catch {
      return;
    }
    retryMs = Math.min(retryMs * 2, TAIL_RETRY_MS_MAX);
  }
}

/** One connection, to its end. Nothing is dispatched once the signal is aborted. */
async function follow(
  request: TailRequest,
  backCount: number,
  run: TailRun,
  onConnected: () => void,
): Promise<void> {
  const pieces = await openApi({
    path: `/logstores/${encodeURIComponent(request.logstore)}`,
    parameters: { type: 'tail', query: request.query, back: backCount },
    project: request.project,
    signal: run.signal,
  });
  run.dispatch({ kind: 'connected' });
  onConnected();
  const stream = new EventStream();
  using drawn = new DrawnEvents(run);
  for await (const piece of pieces) drawn.add(stream.push(piece));
}

/** Hands events on in batches, so that a fast tail does not draw the page for each of them. */
class DrawnEvents {
  readonly #run: TailRun;
  #waiting: TailEvent[] = [];
  #logCount = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(run: TailRun) {
    this.#run = run;
  }

  /** Errors: what an `error` event says. */
  add(events: readonly ServerEvent[]): void {
    for (const event of events.map(readTailEvent)) {
      if (event === undefined) continue;
      this.#waiting.push(event);
      if (event.kind === 'logs') this.#logCount += event.rows.length;
    }
    if (this.#waiting.length === 0) return;
    // Timers of a hidden page are slow.
    if (this.#logCount >= TAIL_ITEMS_MAX) this.#draw();
    else this.#timer ??= setTimeout(() => this.#draw(), TAIL_DRAW_MS);
  }

  [Symbol.dispose](): void {
    this.#draw();
  }

  #draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const events = this.#waiting;
    this.#waiting = [];
    this.#logCount = 0;
    if (events.length > 0 && !this.#run.signal.aborted)
      this.#run.dispatch({ kind: 'events', events });
  }
}

/** Whether the same request may succeed a little later. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof AppError)) return false;
  return error.code === 'NoAnswer' || error.code === 'ServerBusy' || isServerFault(error);
}

function isServerFault(error: AppError): boolean {
  const status = error.details['status'];
  return typeof status === 'number' && status >= 500;
}

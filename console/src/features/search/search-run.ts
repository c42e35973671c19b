import { errorView, isAbort } from '../../shared/api.ts';
import { REPEAT_DELAY_MS, REPEATS_MAX } from '../../shared/limits.ts';
import { pause } from '../../shared/pause.ts';
import type { Progress } from '../../shared/log-types.ts';
import { fetchHistogram, fetchLogs } from './search-api.ts';
import type { SearchRequest } from './search-api.ts';
import type { SearchAction } from './search-state.ts';

export interface SearchRun {
  readonly signal: AbortSignal;
  readonly dispatch: (action: SearchAction) => void;
  /** Told of every error, so that the app can react to an ended session. */
  readonly onError: (error: unknown) => void;
}

/** Runs both halves of a search. Nothing is dispatched once the signal is aborted. */
export async function runSearch(request: SearchRequest, run: SearchRun): Promise<void> {
  run.dispatch({ kind: 'started', request });
  const { signal } = run;
  const logs = guarded(run, 'logsFailed', async () => {
    await untilComplete(
      signal,
      () => fetchLogs(request, 0, signal),
      (answer) => answer.meta.progress,
      (answer, final, repeats) => {
        run.dispatch({ kind: 'logs', answer, final, repeats });
      },
    );
  });
  // What the histogram finds is kept: asked first, it would leave nothing to explain.
  if (request.explain) await logs;
  if (signal.aborted) return;
  const histogram = guarded(run, 'histogramFailed', async () => {
    await untilComplete(
      signal,
      () => fetchHistogram(request, signal),
      (answer) => answer.progress,
      (answer, final, repeats) => {
        run.dispatch({ kind: 'histogram', answer, final, repeats });
      },
    );
  });
  await Promise.all([logs, histogram]);
}

/** Reads the page after `offset` rows. */
export async function runMore(
  request: SearchRequest,
  offset: number,
  run: SearchRun,
): Promise<void> {
  run.dispatch({ kind: 'moreStarted' });
  await guarded(run, 'moreFailed', async () => {
    await untilComplete(
      run.signal,
      () => fetchLogs(request, offset, run.signal),
      (answer) => answer.meta.progress,
      (answer, final) => {
        if (final) run.dispatch({ kind: 'more', answer });
      },
    );
  });
}

async function guarded(
  run: SearchRun,
  kind: 'logsFailed' | 'histogramFailed' | 'moreFailed',
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (run.signal.aborted || isAbort(error)) return;
    run.onError(error);
    run.dispatch({ kind, error: errorView(error) });
  }
}

/** Asks, hands each answer over, and asks again while it is Incomplete, at most `REPEATS_MAX` times. */
async function untilComplete<T>(
  signal: AbortSignal,
  ask: () => Promise<T>,
  progressOf: (answer: T) => Progress,
  report: (answer: T, final: boolean, repeats: number) => void,
): Promise<void> {
  for (let repeats = 0; ; repeats += 1) {
    const answer = await ask();
    if (signal.aborted) return;
    const final = progressOf(answer) !== 'Incomplete' || repeats >= REPEATS_MAX;
    report(answer, final, repeats);
    if (final) return;
    await pause(REPEAT_DELAY_MS, signal);
  }
}

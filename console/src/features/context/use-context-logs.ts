import { useEffect, useReducer, useRef, useState } from 'react';
import { errorView, isAbort } from '../../shared/api.ts';
import { CONTEXT_LINES, CONTEXT_MORE_LINES } from '../../shared/limits.ts';
import type { LogRow, Place } from '../../shared/log-types.ts';
import { fetchContext, withPackMeta } from './context-api.ts';
import { contextReducer, EMPTY_CONTEXT } from './context-state.ts';
import type { ContextState, Side } from './context-state.ts';

export interface ContextControl {
  readonly state: ContextState;
  /** Reads on from the first or last line; from the log itself when there are none yet. */
  readonly more: (side: Side) => void;
  readonly reload: () => void;
}

const FIRST = { back: CONTEXT_LINES, forward: CONTEXT_LINES };

/** The context of a log of this place, read when the component appears. `onError` hears of every error. */
export function useContextLogs(
  place: Place,
  row: LogRow,
  onError: (error: unknown) => void,
): ContextControl {
  const [state, dispatch] = useReducer(contextReducer, EMPTY_CONTEXT);
  const [turn, setTurn] = useState(0);
  const abort = useRef(new AbortController());

  const guarded = async (work: (signal: AbortSignal) => Promise<void>): Promise<void> => {
    const { signal } = abort.current;
    try {
      await work(signal);
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      onError(error);
      dispatch({ kind: 'failed', error: errorView(error) });
    }
  };
  useEffect(() => {
    abort.current = new AbortController();
    void guarded(async (signal) => {
      const start = await withPackMeta(place, row, signal);
      const answer = await fetchContext(place, start, FIRST, signal);
      if (!signal.aborted) dispatch({ kind: 'opened', answer, asked: FIRST });
    });
    return () => abort.current.abort();
    // The dialog is made anew for another log.
  }, [turn]);

  const more = (side: Side): void => {
    const start = state.rows.at(side === 'before' ? 0 : -1);
    if (start === undefined) return;
    dispatch({ kind: 'moreStarted', side });
    void guarded(async (signal) => {
      const asked = CONTEXT_MORE_LINES;
      const lines = side === 'before' ? { back: asked, forward: 0 } : { back: 0, forward: asked };
      const answer = await fetchContext(place, start, lines, signal);
      if (!signal.aborted) dispatch({ kind: 'more', side, answer, asked });
    });
  };
  return { state, more, reload: () => setTurn(turn + 1) };
}

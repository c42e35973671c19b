import { useCallback, useEffect, useReducer, useRef } from 'react';
import { runTail } from './tail-run.ts';
import type { TailRequest } from './tail-run.ts';
import { IDLE_TAIL, tailReducer } from './tail-state.ts';
import type { TailState } from './tail-state.ts';

export interface TailControl {
  readonly state: TailState;
  /** Starts a tail and ends the one before. */
  readonly start: (request: TailRequest) => void;
  /** What is on the page stays. */
  readonly stop: () => void;
  readonly clear: () => void;
  readonly setPaused: (isPaused: boolean) => void;
}

/** One live tail at a time; it ends with the page. */
export function useLiveTail(onError: (error: unknown) => void): TailControl {
  const [state, dispatch] = useReducer(tailReducer, IDLE_TAIL);
  const abort = useRef<AbortController>(undefined);
  const start = useCallback(
    (request: TailRequest) => {
      abort.current?.abort();
      abort.current = new AbortController();
      void runTail(request, { signal: abort.current.signal, dispatch, onError });
    },
    [onError],
  );
  const stop = useCallback(() => {
    abort.current?.abort();
    dispatch({ kind: 'stopped' });
  }, []);
  const clear = useCallback(() => dispatch({ kind: 'cleared' }), []);
  const setPaused = useCallback((isPaused: boolean) => dispatch({ kind: 'paused', isPaused }), []);
  useEffect(() => () => abort.current?.abort(), []);
  return { state, start, stop, clear, setPaused };
}

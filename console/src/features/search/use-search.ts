import { useCallback, useEffect, useReducer, useRef } from 'react';
import { runMore, runSearch } from './search-run.ts';
import type { SearchRequest } from './search-api.ts';
import { IDLE_SEARCH, searchReducer } from './search-state.ts';
import type { SearchState } from './search-state.ts';

export interface SearchControl {
  readonly state: SearchState;
  /** Starts a search and gives up the one before. */
  readonly start: (request: SearchRequest) => void;
  readonly cancel: () => void;
  readonly loadMore: () => void;
}

/** One search at a time. `onError` hears of every error besides its being shown. */
export function useSearch(onError: (error: unknown) => void): SearchControl {
  const [state, dispatch] = useReducer(searchReducer, IDLE_SEARCH);
  const abort = useRef<AbortController>(undefined);

  const begin = useCallback((): AbortSignal => {
    abort.current?.abort();
    abort.current = new AbortController();
    return abort.current.signal;
  }, []);
  const start = useCallback(
    (request: SearchRequest) => {
      void runSearch(request, { signal: begin(), dispatch, onError });
    },
    [begin, onError],
  );
  const cancel = useCallback(() => {
    abort.current?.abort();
    dispatch({ kind: 'cancelled' });
  }, []);
  const { request } = state;
  const rowCount = state.logs.rows.length;
  const isAvailable = state.logs.more === 'available';
  const loadMore = useCallback(() => {
    if (request === undefined || !isAvailable) return;
    void runMore(request, rowCount, { signal: begin(), dispatch, onError });
  }, [request, rowCount, isAvailable, begin, onError]);

  useEffect(() => () => abort.current?.abort(), []);
  return { state, start, cancel, loadMore };
}

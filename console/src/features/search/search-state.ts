import type { ErrorView } from '../../shared/api.ts';
import { LOADED_ROWS_MAX, PAGE_ROWS } from '../../shared/limits.ts';
import type { LogRow } from '../../shared/log-types.ts';
import type { HistogramAnswer, LogsAnswer, LogsMeta, SearchRequest } from './search-api.ts';

export type Phase = 'idle' | 'running' | 'done' | 'failed' | 'cancelled';

/** What one search has brought so far. The two halves run side by side and end apart. */
export interface SearchState {
  /** The search that is running or ran last. */
  readonly request: SearchRequest | undefined;
  /** True while the rows on the screen belong to the search before. */
  readonly stale: boolean;
  readonly logs: LogsState;
  readonly histogram: HistogramState;
}

export interface LogsState {
  readonly phase: Phase;
  readonly rows: readonly LogRow[];
  readonly meta: LogsMeta | undefined;
  readonly error: ErrorView | undefined;
  /** How often an Incomplete answer was asked for again. */
  readonly repeats: number;
  readonly more: 'none' | 'available' | 'loading' | 'atLimit';
}

export interface HistogramState {
  readonly phase: Phase;
  readonly answer: HistogramAnswer | undefined;
  readonly error: ErrorView | undefined;
  readonly repeats: number;
}

export type SearchAction =
  | { readonly kind: 'started'; readonly request: SearchRequest }
  | {
      readonly kind: 'logs';
      readonly answer: LogsAnswer;
      readonly final: boolean;
      readonly repeats: number;
    }
  | { readonly kind: 'logsFailed'; readonly error: ErrorView }
  | {
      readonly kind: 'histogram';
      readonly answer: HistogramAnswer;
      readonly final: boolean;
      readonly repeats: number;
    }
  | { readonly kind: 'histogramFailed'; readonly error: ErrorView }
  | { readonly kind: 'moreStarted' }
  | { readonly kind: 'more'; readonly answer: LogsAnswer }
  | { readonly kind: 'moreFailed'; readonly error: ErrorView }
  | { readonly kind: 'cancelled' };

export const IDLE_SEARCH: SearchState = {
  request: undefined,
  stale: false,
  logs: {
    phase: 'idle',
    rows: [],
    meta: undefined,
    error: undefined,
    repeats: 0,
    more: 'none',
  },
  histogram: { phase: 'idle', answer: undefined, error: undefined, repeats: 0 },
};

export function isRunning(state: SearchState): boolean {
  return state.logs.phase === 'running' || state.histogram.phase === 'running';
}

export function searchReducer(state: SearchState, action: SearchAction): SearchState {
  switch (action.kind) {
    case 'started':
      return started(state, action.request);
    case 'histogram':
    case 'histogramFailed':
      return { ...state, histogram: histogramReducer(state.histogram, action) };
    case 'cancelled':
      return cancelled(state);
    case 'logs':
    case 'logsFailed':
      return { ...state, stale: false, logs: logsReducer(state.logs, action) };
    default:
      return { ...state, logs: moreReducer(state.logs, action) };
  }
}

/** Rows of the same logstore stay on the screen until the first answer, so that a refresh does not flash. */
function started(state: SearchState, request: SearchRequest): SearchState {
  const last = state.request;
  const keeps = last?.project === request.project && last.logstore === request.logstore;
  const kept = keeps ? state : IDLE_SEARCH;
  return {
    request,
    stale: last?.query !== request.query || last.newestFirst !== request.newestFirst,
    logs: { ...kept.logs, phase: 'running', error: undefined, repeats: 0, more: 'none' },
    histogram: { ...kept.histogram, phase: 'running', error: undefined, repeats: 0 },
  };
}

function logsReducer(
  logs: LogsState,
  action: Extract<SearchAction, { kind: 'logs' | 'logsFailed' }>,
): LogsState {
  if (action.kind === 'logsFailed') {
    return {
      ...IDLE_SEARCH.logs,
      phase: 'failed',
      error: action.error,
    };
  }
  const { answer, final, repeats } = action;
  return {
    ...logs,
    phase: final ? 'done' : 'running',
    rows: answer.data,
    meta: answer.meta,
    error: undefined,
    repeats,
    more: final && isFullPage(answer) ? 'available' : 'none',
  };
}

/** Adds a page. A failed page keeps the rows and may be asked for again. */
function moreReducer(
  logs: LogsState,
  action: Extract<SearchAction, { kind: 'moreStarted' | 'more' | 'moreFailed' }>,
): LogsState {
  if (action.kind === 'moreStarted') return { ...logs, more: 'loading', error: undefined };
  if (action.kind === 'moreFailed') return { ...logs, more: 'available', error: action.error };
  const rows = [...logs.rows, ...action.answer.data];
  const isAtLimit = rows.length >= LOADED_ROWS_MAX;
  const more = !isFullPage(action.answer) ? 'none' : isAtLimit ? 'atLimit' : 'available';
  return { ...logs, rows, more };
}

function isFullPage(answer: LogsAnswer): boolean {
  return !answer.meta.hasSQL && answer.data.length >= PAGE_ROWS;
}

function histogramReducer(
  histogram: HistogramState,
  action: Extract<SearchAction, { kind: 'histogram' | 'histogramFailed' }>,
): HistogramState {
  if (action.kind === 'histogramFailed') {
    return { ...histogram, phase: 'failed', answer: undefined, error: action.error };
  }
  const { answer, final, repeats } = action;
  return { phase: final ? 'done' : 'running', answer, error: undefined, repeats };
}

function cancelled(state: SearchState): SearchState {
  const { logs, histogram } = state;
  return {
    ...state,
    stale: false,
    logs: {
      ...logs,
      phase: logs.phase === 'running' ? 'cancelled' : logs.phase,
      more: logs.more === 'loading' ? 'available' : logs.more,
    },
    histogram: {
      ...histogram,
      phase: histogram.phase === 'running' ? 'cancelled' : histogram.phase,
    },
  };
}

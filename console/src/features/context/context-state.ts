import type { ErrorView } from '../../shared/api.ts';
import { CONTEXT_LINES_MAX } from '../../shared/limits.ts';
import type { LogRow } from '../../shared/log-types.ts';
import type { ContextAnswer, ContextLines } from './context-api.ts';

export type Side = 'before' | 'after';

/** Whether there is more on a side: `end` is the beginning or the end of what its origin sent. */
export type SideState = 'available' | 'loading' | 'end' | 'atLimit';

export interface ContextState {
  /** Oldest first; empty before the first answer. */
  readonly rows: readonly LogRow[];
  /** The place of the log whose context it is, in `rows`. */
  readonly anchor: number;
  readonly before: SideState;
  readonly after: SideState;
  readonly error: ErrorView | undefined;
}

export type ContextAction =
  | { readonly kind: 'opened'; readonly answer: ContextAnswer; readonly asked: ContextLines }
  | { readonly kind: 'moreStarted'; readonly side: Side }
  | {
      readonly kind: 'more';
      readonly side: Side;
      readonly answer: ContextAnswer;
      readonly asked: number;
    }
  | { readonly kind: 'failed'; readonly error: ErrorView };

export const EMPTY_CONTEXT: ContextState = {
  rows: [],
  anchor: 0,
  before: 'loading',
  after: 'loading',
  error: undefined,
};

export function contextReducer(state: ContextState, action: ContextAction): ContextState {
  switch (action.kind) {
    case 'opened': {
      const { answer, asked } = action;
      return {
        rows: answer.logs,
        anchor: answer.back_lines,
        before: sideAfter(answer, answer.back_lines, asked.back, answer.back_lines),
        after: sideAfter(answer, answer.forward_lines, asked.forward, answer.forward_lines),
        error: undefined,
      };
    }
    case 'moreStarted':
      return { ...state, [action.side]: 'loading', error: undefined };
    case 'more':
      return withMore(state, action);
    default:
      return {
        ...state,
        before: retried(state.before),
        after: retried(state.after),
        error: action.error,
      };
  }
}

/** The answer begins, or ends, with the log that it was asked from, which is there already. */
function withMore(
  state: ContextState,
  { side, answer, asked }: Extract<ContextAction, { kind: 'more' }>,
): ContextState {
  if (side === 'before') {
    const rows = answer.logs.slice(0, answer.back_lines);
    const anchor = state.anchor + rows.length;
    const before = sideAfter(answer, rows.length, asked, anchor);
    return { ...state, rows: [...rows, ...state.rows], anchor, before };
  }
  const rows = answer.logs.slice(answer.logs.length - answer.forward_lines);
  const total = state.rows.length - state.anchor - 1 + rows.length;
  const after = sideAfter(answer, rows.length, asked, total);
  return { ...state, rows: [...state.rows, ...rows], after };
}

function sideAfter(answer: ContextAnswer, got: number, asked: number, total: number): SideState {
  if (got < asked && answer.progress === 'Complete') return 'end';
  return total >= CONTEXT_LINES_MAX ? 'atLimit' : 'available';
}

function retried(side: SideState): SideState {
  return side === 'loading' ? 'available' : side;
}

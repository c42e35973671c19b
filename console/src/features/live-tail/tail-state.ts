import type { ErrorView } from '../../shared/api.ts';
import { TAIL_ITEMS_MAX } from '../../shared/limits.ts';
import type { LogRow } from '../../shared/log-types.ts';

/** `waiting`: the connection is lost and is made again soon. */
export type TailPhase = 'off' | 'connecting' | 'following' | 'waiting' | 'failed';

/** Why the server left logs out (docs/operations/live-tail.md); those of `behind` are log groups. */
export type DropReason = 'rate' | 'slow' | 'behind';

/** What the server tells while it is followed. */
export type TailEvent =
  | { readonly kind: 'logs'; readonly rows: readonly LogRow[] }
  | { readonly kind: 'dropped'; readonly reason: DropReason; readonly count: number };

/** One line of the page. Ids grow. */
export type TailItem =
  | { readonly id: number; readonly kind: 'log'; readonly row: LogRow }
  | {
      readonly id: number;
      readonly kind: 'dropped';
      readonly reason: DropReason;
      readonly count: number;
    }
  | { readonly id: number; readonly kind: 'lost' };

export interface TailState {
  readonly phase: TailPhase;
  /** Oldest first, at most `TAIL_ITEMS_MAX`. */
  readonly items: readonly TailItem[];
  /** What came while the user reads, at most as many, the newest. */
  readonly held: readonly TailItem[];
  readonly isPaused: boolean;
  /** Logs that came since the start. */
  readonly logCount: number;
  readonly nextId: number;
  readonly error: ErrorView | undefined;
}

export type TailAction =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected' }
  | { readonly kind: 'events'; readonly events: readonly TailEvent[] }
  | { readonly kind: 'lost' }
  | { readonly kind: 'failed'; readonly error: ErrorView }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'paused'; readonly isPaused: boolean }
  | { readonly kind: 'cleared' };

export const IDLE_TAIL: TailState = {
  phase: 'off',
  items: [],
  held: [],
  isPaused: false,
  logCount: 0,
  nextId: 0,
  error: undefined,
};

export function isFollowing(phase: TailPhase): boolean {
  return phase === 'connecting' || phase === 'following' || phase === 'waiting';
}

export function tailReducer(state: TailState, action: TailAction): TailState {
  switch (action.kind) {
    case 'connecting':
      return { ...IDLE_TAIL, phase: 'connecting', nextId: state.nextId };
    case 'connected':
      return { ...state, phase: 'following' };
    case 'events':
      return action.events.reduce(withEvent, state);
    case 'lost':
      return lost(state);
    case 'failed':
      return { ...state, phase: 'failed', error: action.error };
    case 'stopped':
      return { ...state, phase: isFollowing(state.phase) ? 'off' : state.phase };
    case 'paused':
      return action.isPaused ? { ...state, isPaused: true } : resumed(state);
    default:
      return { ...state, items: [], held: [], isPaused: false, logCount: 0 };
  }
}

function withEvent(state: TailState, event: TailEvent): TailState {
  if (event.kind === 'dropped') {
    const last = (state.isPaused ? state.held : state.items).at(-1);
    // Losses come once a second while there is too much; they are one line.
    const isSame = last?.kind === 'dropped' && last.reason === event.reason;
    if (!isSame) return added(state, [{ id: state.nextId, ...event }]);
    const merged = { ...last, count: last.count + event.count };
    return state.isPaused
      ? { ...state, held: [...state.held.slice(0, -1), merged] }
      : { ...state, items: [...state.items.slice(0, -1), merged] };
  }
  const first = state.nextId;
  const items = event.rows.map((row, i) => ({ id: first + i, kind: 'log' as const, row }));
  return { ...added(state, items), logCount: state.logCount + items.length };
}

/** The gap is told once, where it begins, however often connecting fails. */
function lost(state: TailState): TailState {
  const last = [...state.items, ...state.held].at(-1);
  const next = last?.kind === 'lost' ? state : added(state, [{ id: state.nextId, kind: 'lost' }]);
  return { ...next, phase: 'waiting' };
}

function added(state: TailState, items: readonly TailItem[]): TailState {
  const nextId = state.nextId + items.length;
  return state.isPaused
    ? { ...state, nextId, held: newest([...state.held, ...items]) }
    : { ...state, nextId, items: newest([...state.items, ...items]) };
}

function resumed(state: TailState): TailState {
  return { ...state, isPaused: false, items: newest([...state.items, ...state.held]), held: [] };
}

function newest(items: readonly TailItem[]): readonly TailItem[] {
  return items.length > TAIL_ITEMS_MAX ? items.slice(-TAIL_ITEMS_MAX) : items;
}

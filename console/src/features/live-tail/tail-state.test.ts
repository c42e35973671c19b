import { describe, expect, test } from 'vitest';
import { TAIL_ITEMS_MAX } from '../../shared/limits.ts';
import { readTailEvent } from './tail-event.ts';
import { IDLE_TAIL, tailReducer } from './tail-state.ts';
import type { TailAction, TailEvent, TailItem, TailState } from './tail-state.ts';

function logs(first: number, count: number): TailEvent {
  const rows = Array.from({ length: count }, (_, i) => ({ n: String(first + i) }));
  return { kind: 'logs', rows };
}

function after(...actions: readonly TailAction[]): TailState {
  return actions.reduce(tailReducer, IDLE_TAIL);
}

function events(...list: readonly TailEvent[]): TailAction {
  return { kind: 'events', events: list };
}

const FOLLOWING: readonly TailAction[] = [{ kind: 'connecting' }, { kind: 'connected' }];
const PAUSED: TailAction = { kind: 'paused', isPaused: true };
const RESUMED: TailAction = { kind: 'paused', isPaused: false };

/** The items in short: the log's number, or what happened. */
function shown(items: readonly TailItem[]): readonly string[] {
  return items.map((item) => {
    if (item.kind === 'log') return item.row['n'] ?? '';
    return item.kind === 'lost' ? 'lost' : `${item.reason} ${item.count}`;
  });
}

describe('a live tail', () => {
  test('keeps the newest logs, oldest first, and counts all', () => {
    const state = after(...FOLLOWING, events(logs(0, 600), logs(600, 600)));
    expect(state.items).toHaveLength(TAIL_ITEMS_MAX);
    expect(shown(state.items).at(0)).toBe('200');
    expect(shown(state.items).at(-1)).toBe('1199');
    expect(state.logCount).toBe(1200);
    expect(new Set(state.items.map((item) => item.id)).size).toBe(TAIL_ITEMS_MAX);
  });

  test('holds what comes while it is paused, and shows it afterwards', () => {
    const paused = after(...FOLLOWING, events(logs(0, 2)), PAUSED, events(logs(2, 3)));
    expect(shown(paused.items)).toEqual(['0', '1']);
    expect(shown(paused.held)).toEqual(['2', '3', '4']);
    const resumed = tailReducer(paused, RESUMED);
    expect(shown(resumed.items)).toEqual(['0', '1', '2', '3', '4']);
    expect(resumed.held).toEqual([]);
  });

  test('is bounded while it is paused, too', () => {
    const state = after(...FOLLOWING, PAUSED, events(logs(0, 2500)), events(logs(2500, 1)));
    expect(state.held).toHaveLength(TAIL_ITEMS_MAX);
    expect(shown(state.held).at(-1)).toBe('2500');
  });

  test('tells losses in their place, those of one reason together', () => {
    const rate: TailEvent = { kind: 'dropped', reason: 'rate', count: 5 };
    const slow: TailEvent = { kind: 'dropped', reason: 'slow', count: 2 };
    const state = after(...FOLLOWING, events(logs(0, 1), rate, rate, slow, logs(1, 1), rate));
    expect(shown(state.items)).toEqual(['0', 'rate 10', 'slow 2', '1', 'rate 5']);
    expect(shown(after(...FOLLOWING, PAUSED, events(rate, rate)).held)).toEqual(['rate 10']);
  });

  test('tells a lost connection once, however often connecting fails', () => {
    const state = after(
      ...FOLLOWING,
      events(logs(0, 1)),
      { kind: 'lost' },
      { kind: 'lost' },
      { kind: 'connected' },
      events(logs(1, 1)),
      { kind: 'lost' },
    );
    expect(shown(state.items)).toEqual(['0', 'lost', '1', 'lost']);
    expect(state.phase).toBe('waiting');
  });

  test('keeps its logs when it is stopped or refused, and begins anew when it is started', () => {
    const error = { code: 'LogStoreNotExist', message: 'gone', requestId: undefined };
    const failed = after(...FOLLOWING, events(logs(0, 1)), { kind: 'failed', error });
    expect(shown(failed.items)).toEqual(['0']);
    expect(tailReducer(failed, { kind: 'stopped' }).phase).toBe('failed');
    const stopped = after(...FOLLOWING, events(logs(0, 1)), { kind: 'stopped' });
    expect([stopped.phase, shown(stopped.items)]).toEqual(['off', ['0']]);
    const again = tailReducer(failed, { kind: 'connecting' });
    expect([again.items, again.error, again.logCount]).toEqual([[], undefined, 0]);
  });
});

describe('an event', () => {
  test('is read as the server writes it', () => {
    expect(readTailEvent({ event: 'logs', data: '[{"a":"b"}]' })).toEqual({
      kind: 'logs',
      rows: [{ a: 'b' }],
    });
    const dropped = { event: 'dropped', data: '{"reason":"behind","count":3}' };
    expect(readTailEvent(dropped)).toEqual({ kind: 'dropped', reason: 'behind', count: 3 });
    expect(readTailEvent({ event: 'of later servers', data: '?' })).toBeUndefined();
  });

  test('of an error is thrown with the server’s words', () => {
    const data = '{"errorCode":"LogStoreNotExist","errorMessage":"logstore a does not exist"}';
    expect(() => readTailEvent({ event: 'error', data })).toThrow('logstore a does not exist');
    expect(() => readTailEvent({ event: 'logs', data: '[' })).toThrow('not JSON');
  });
});

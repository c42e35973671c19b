import { describe, expect, test } from 'vitest';
import { CONTEXT_LINES_MAX } from '../../shared/limits.ts';
import type { Progress } from '../../shared/log-types.ts';
import { isSameLog } from './context-api.ts';
import type { ContextAnswer } from './context-api.ts';
import { contextReducer, EMPTY_CONTEXT } from './context-state.ts';
import type { ContextState, Side } from './context-state.ts';

/** What the server answers from the line `n` of a file. */
function answer(
  n: number,
  back: number,
  forward: number,
  progress: Progress = 'Complete',
): ContextAnswer {
  const logs = Array.from({ length: back + 1 + forward }, (_, i) => ({ n: String(n - back + i) }));
  return { progress, back_lines: back, forward_lines: forward, logs };
}

function opened(back: number, forward: number, progress?: Progress): ContextState {
  const asked = { back: 20, forward: 20 };
  return contextReducer(EMPTY_CONTEXT, {
    kind: 'opened',
    answer: answer(0, back, forward, progress),
    asked,
  });
}

function more(state: ContextState, side: Side, lines: number, asked = 100): ContextState {
  const at = side === 'before' ? 0 : -1;
  const n = Number(state.rows.at(at)?.['n']);
  const found = side === 'before' ? answer(n, lines, 0) : answer(n, 0, lines);
  const loading = contextReducer(state, { kind: 'moreStarted', side });
  return contextReducer(loading, { kind: 'more', side, answer: found, asked });
}

function numbers(state: ContextState): readonly number[] {
  return state.rows.map((row) => Number(row['n']));
}

describe('context', () => {
  test('more lines join on both sides without a gap, and the log stays the anchor', () => {
    let state = more(more(opened(20, 20), 'before', 100), 'after', 100);
    state = more(state, 'before', 3);
    expect(numbers(state)).toEqual(Array.from({ length: 244 }, (_, i) => i - 123));
    expect(state.rows[state.anchor]).toEqual({ n: '0' });
    expect([state.before, state.after]).toEqual(['end', 'available']);
  });

  test('fewer lines than asked for are the end, unless the server did not get through', () => {
    expect([opened(3, 20).before, opened(20, 0).after]).toEqual(['end', 'end']);
    expect(opened(3, 20, 'Incomplete').before).toBe('available');
    expect(more(opened(20, 20), 'after', 0).after).toBe('end');
  });

  test('no more is kept than the page can show', () => {
    let state = opened(20, 20);
    while (state.after === 'available') state = more(state, 'after', 100);
    expect(state.after).toBe('atLimit');
    expect(state.rows.length - state.anchor).toBeLessThan(CONTEXT_LINES_MAX + 101);
    expect(state.before).toBe('available');
  });

  test('a failed page keeps the lines and may be asked for again', () => {
    const error = { code: 'NoAnswer', message: 'gone', requestId: undefined };
    const loading = contextReducer(opened(20, 20), { kind: 'moreStarted', side: 'after' });
    const failed = contextReducer(loading, { kind: 'failed', error });
    expect([failed.after, failed.rows.length, failed.error]).toEqual(['available', 41, error]);
  });
});

test('a log is known again by its fields, whatever an answer adds', () => {
  const log = { a: '1', __time__: '5' };
  expect(isSameLog(log, { ...log, __pack_meta__: '0|x|1|0' })).toBe(true);
  expect(isSameLog(log, { ...log, b: '' })).toBe(false);
  expect(isSameLog(log, { ...log, a: '2' })).toBe(false);
});

import { describe, expect, test } from 'vitest';
import { LOADED_ROWS_MAX, PAGE_ROWS } from '../../shared/limits.ts';
import type { LogsAnswer, SearchRequest } from './search-api.ts';
import { IDLE_SEARCH, isRunning, searchReducer } from './search-state.ts';
import type { SearchAction, SearchState } from './search-state.ts';

const REQUEST: SearchRequest = {
  project: 'p',
  logstore: 'l',
  query: 'a',
  window: { from: 100, to: 200 },
  newestFirst: true,
  explain: false,
};

function answer(rowCount: number, change: Partial<LogsAnswer['meta']> = {}): LogsAnswer {
  return {
    meta: {
      progress: 'Complete',
      count: rowCount,
      hasSQL: false,
      keys: [],
      columnTypes: [],
      terms: [],
      processedRows: rowCount,
      elapsedMillisecond: 1,
      ...change,
    },
    data: Array.from({ length: rowCount }, (_, index) => ({ __time__: String(index) })),
  };
}

function reduce(actions: readonly SearchAction[], from: SearchState = IDLE_SEARCH): SearchState {
  return actions.reduce(searchReducer, from);
}

const logs = (rowCount: number, final = true): SearchAction => ({
  kind: 'logs',
  answer: answer(rowCount),
  final,
  repeats: 0,
});

describe('search state', () => {
  test('it runs until both halves ended', () => {
    const started = reduce([{ kind: 'started', request: REQUEST }, logs(1)]);
    expect(isRunning(started)).toBe(true);
    const histogram = { buckets: [], count: 0, progress: 'Complete' } as const;
    const done = reduce(
      [{ kind: 'histogram', answer: histogram, final: true, repeats: 0 }],
      started,
    );
    expect(isRunning(done)).toBe(false);
  });

  test('the rows of the same search stay until the next answer', () => {
    const first = reduce([{ kind: 'started', request: REQUEST }, logs(3)]);
    const again = reduce([{ kind: 'started', request: REQUEST }], first);
    expect(again.logs.rows).toHaveLength(3);
    expect(again.stale).toBe(false);
    const other = reduce([{ kind: 'started', request: { ...REQUEST, query: 'b' } }], first);
    expect(other.logs.rows).toHaveLength(3);
    expect(other.stale).toBe(true);
  });

  test('the rows of another logstore are gone at once', () => {
    const first = reduce([{ kind: 'started', request: REQUEST }, logs(3)]);
    const other = reduce([{ kind: 'started', request: { ...REQUEST, logstore: 'm' } }], first);
    expect(other.logs.rows).toEqual([]);
  });

  test('a full page has more, a short one has not, SQL never has', () => {
    const start: SearchAction = { kind: 'started', request: REQUEST };
    expect(reduce([start, logs(PAGE_ROWS)]).logs.more).toBe('available');
    expect(reduce([start, logs(PAGE_ROWS - 1)]).logs.more).toBe('none');
    const sql = answer(PAGE_ROWS, { hasSQL: true });
    const state = reduce([start, { kind: 'logs', answer: sql, final: true, repeats: 0 }]);
    expect(state.logs.more).toBe('none');
  });

  test('an incomplete page waits for its repeat before more can be asked for', () => {
    const state = reduce([{ kind: 'started', request: REQUEST }, logs(PAGE_ROWS, false)]);
    expect(state.logs.more).toBe('none');
    expect(isRunning(state)).toBe(true);
  });

  test('pages add up to the limit of the page and no further', () => {
    let state = reduce([{ kind: 'started', request: REQUEST }, logs(PAGE_ROWS)]);
    for (let page = 1; page < LOADED_ROWS_MAX / PAGE_ROWS; page += 1) {
      expect(state.logs.more).toBe('available');
      state = reduce([{ kind: 'moreStarted' }, { kind: 'more', answer: answer(PAGE_ROWS) }], state);
    }
    expect(state.logs.rows).toHaveLength(LOADED_ROWS_MAX);
    expect(state.logs.more).toBe('atLimit');
  });

  test('a page that failed keeps the rows and can be asked for again', () => {
    const error = { code: 'ServerBusy', message: 'busy', requestId: undefined };
    const state = reduce([
      { kind: 'started', request: REQUEST },
      logs(PAGE_ROWS),
      { kind: 'moreStarted' },
      { kind: 'moreFailed', error },
    ]);
    expect(state.logs.rows).toHaveLength(PAGE_ROWS);
    expect(state.logs).toMatchObject({ phase: 'done', more: 'available', error });
  });

  test('a failed search drops the rows that it does not stand for', () => {
    const error = { code: 'ParameterInvalid', message: 'no', requestId: 'X' };
    const state = reduce([
      { kind: 'started', request: REQUEST },
      logs(3),
      { kind: 'started', request: { ...REQUEST, query: '(' } },
      { kind: 'logsFailed', error },
    ]);
    expect(state.logs).toMatchObject({ phase: 'failed', rows: [], error });
  });

  test('cancelling ends the running half and leaves the ended one', () => {
    const state = reduce([{ kind: 'started', request: REQUEST }, logs(3), { kind: 'cancelled' }]);
    expect(state.logs.phase).toBe('done');
    expect(state.histogram.phase).toBe('cancelled');
  });
});

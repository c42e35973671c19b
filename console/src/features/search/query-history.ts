import { HISTORY_MAX, HISTORY_QUERY_CHARS_MAX } from '../../shared/limits.ts';

const STORAGE_KEY = 'sluice.console.history.v1';

/** The part of the browser's local storage that the history needs. */
export interface TextStore {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** The last queries, newest first. Anything unreadable in the store counts as no history. */
export function readHistory(store: TextStore): readonly string[] {
  try {
    const parsed: unknown = JSON.parse(store.getItem(STORAGE_KEY) ?? '[]');
    if (!Array.isArray(parsed)) return [];
    const texts = parsed.filter((entry): entry is string => typeof entry === 'string');
    return texts.slice(0, HISTORY_MAX);
  } catch {
    return [];
  }
}

/** The history with this query in front; empty and oversized queries are not kept. */
export function withQuery(history: readonly string[], query: string): readonly string[] {
  const text = query.trim();
  if (text === '' || text === '*' || text.length > HISTORY_QUERY_CHARS_MAX) return history;
  return [text, ...history.filter((entry) => entry !== text)].slice(0, HISTORY_MAX);
}

/** Remembers a query that was run. A full or forbidden store loses the history, never the search. */
export function rememberQuery(store: TextStore, query: string): void {
  try {
    store.setItem(STORAGE_KEY, JSON.stringify(withQuery(readHistory(store), query)));
  } catch {
    // Private windows and full stores refuse; the history is a convenience.
  }
}

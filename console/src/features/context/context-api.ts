import { AppError } from '#base/app-error.ts';
import { callApi } from '../../shared/api.ts';
import { CONTEXT_FIND_PAGES_MAX, PAGE_ROWS } from '../../shared/limits.ts';
import type { LogRow, Place, Progress } from '../../shared/log-types.ts';
import { quoteText } from '../../shared/quote-text.ts';
import { PACK_ID_FIELD, PACK_META_FIELD } from '../../shared/row-fields.ts';

export interface ContextAnswer {
  readonly progress: Progress;
  readonly back_lines: number;
  readonly forward_lines: number;
  /** Oldest first, the start log among them; each with both ids. */
  readonly logs: readonly LogRow[];
}

export interface ContextLines {
  /** At most `CONTEXT_MORE_LINES` each, not both 0. */
  readonly back: number;
  readonly forward: number;
}

/** What the same origin sent before and after a log that has both ids. */
export async function fetchContext(
  place: Place,
  start: LogRow,
  lines: ContextLines,
  signal: AbortSignal,
): Promise<ContextAnswer> {
  const { body } = await callApi<ContextAnswer>({
    path: pathOf(place),
    parameters: {
      type: 'context_log',
      pack_id: start[PACK_ID_FIELD] ?? '',
      pack_meta: start[PACK_META_FIELD] ?? '',
      back_lines: lines.back,
      forward_lines: lines.forward,
    },
    project: place.project,
    signal,
  });
  return body;
}

/**
 * The log with `__pack_meta__`, which an ordinary search does not give: its pack is searched in its second, and the log is
 * the one that has the same fields. Throws `LogNotFound` when it is no longer there.
 */
export async function withPackMeta(
  place: Place,
  row: LogRow,
  signal: AbortSignal,
): Promise<LogRow> {
  if (row[PACK_META_FIELD] !== undefined) return row;
  const from = Number(row['__time__']);
  const packId = row[PACK_ID_FIELD] ?? '';
  const query = `${PACK_ID_FIELD}:${quoteText(packId)} | with_pack_meta`;
  for (let page = 0; page < CONTEXT_FIND_PAGES_MAX; page += 1) {
    const { body } = await callApi<{ readonly data: readonly LogRow[] }>({
      method: 'POST',
      path: `${pathOf(place)}/logs`,
      project: place.project,
      body: { from, to: from + 1, query, line: PAGE_ROWS, offset: page * PAGE_ROWS },
      signal,
    });
    const found = body.data.find((candidate) => isSameLog(candidate, row));
    if (found !== undefined) return found;
    if (body.data.length < PAGE_ROWS) break;
  }
  throw new AppError('LogNotFound', 'the log is no longer where it was found');
}

/** Whether all fields are the same, but for what only some answers add. */
export function isSameLog(a: LogRow, b: LogRow): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  names.delete(PACK_META_FIELD);
  return [...names].every((name) => a[name] === b[name]);
}

function pathOf(place: Place): string {
  return `/logstores/${encodeURIComponent(place.logstore)}`;
}

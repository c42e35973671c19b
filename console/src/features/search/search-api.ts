import type { QueryExplain } from '#protocol/query-explain.ts';
import { callApi } from '../../shared/api.ts';
import { PAGE_ROWS } from '../../shared/limits.ts';
import type {
  HistogramBucket,
  LogRow,
  Place,
  Progress,
  SearchTerm,
  TimeWindow,
} from '../../shared/log-types.ts';

export interface SearchRequest extends Place {
  readonly query: string;
  readonly window: TimeWindow;
  readonly newestFirst: boolean;
  /** Whether the answer tells what was done for it. */
  readonly explain: boolean;
}

export interface LogsMeta {
  readonly progress: Progress;
  readonly count: number;
  readonly hasSQL: boolean;
  readonly keys: readonly string[];
  readonly columnTypes: readonly string[];
  readonly terms: readonly SearchTerm[];
  readonly processedRows: number;
  readonly elapsedMillisecond: number;
  /** The limit that the engine put on SQL without one; 0 or absent when it put none. */
  readonly limited?: number | string;
  readonly explain?: QueryExplain;
}

export interface LogsAnswer {
  readonly meta: LogsMeta;
  readonly data: readonly LogRow[];
}

export interface HistogramAnswer {
  readonly buckets: readonly HistogramBucket[];
  readonly count: number;
  readonly progress: Progress;
}

function logstorePath(request: SearchRequest): string {
  return `/logstores/${encodeURIComponent(request.logstore)}`;
}

/** One page of logs, or the whole result of SQL (whose offset must be 0). */
export async function fetchLogs(
  request: SearchRequest,
  offset: number,
  signal: AbortSignal,
): Promise<LogsAnswer> {
  const { body } = await callApi<LogsAnswer>({
    method: 'POST',
    path: `${logstorePath(request)}/logs`,
    project: request.project,
    body: {
      from: request.window.from,
      to: request.window.to,
      topic: '',
      query: request.query,
      line: PAGE_ROWS,
      offset,
      reverse: request.newestFirst,
      // Later pages are told of nowhere.
      ...(request.explain && offset === 0 ? { explain: true } : {}),
    },
    signal,
  });
  return body;
}

/** How many logs match the search part, over time. */
export async function fetchHistogram(
  request: SearchRequest,
  signal: AbortSignal,
): Promise<HistogramAnswer> {
  const { from, to } = request.window;
  const { body: buckets, headers } = await callApi<readonly HistogramBucket[]>({
    path: logstorePath(request),
    parameters: { type: 'histogram', from, to, query: request.query, topic: '' },
    project: request.project,
    signal,
  });
  const isIncomplete =
    headers.get('x-log-progress') === 'Incomplete' ||
    buckets.some((bucket) => bucket.progress === 'Incomplete');
  return {
    buckets,
    count: buckets.reduce((sum, bucket) => sum + bucket.count, 0),
    progress: isIncomplete ? 'Incomplete' : 'Complete',
  };
}

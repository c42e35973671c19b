/**
 * The headers of GetLogs (v1) and GetHistograms (sls-api §3.2, §5.7.3). Query texts may hold anything, headers
 * may not: control characters become spaces, other characters travel as UTF-8, and long texts are cut,
 * because Node clients refuse answers with more than 16 KiB of headers.
 */
import type { QueryMode } from '#query/query-service.ts';
import { QUERY_HEADER_BYTES_MAX, QUERY_INFO_HEADER_BYTES_MAX } from '../limits.ts';

export interface QueryFigures {
  readonly progress: string;
  readonly count: number;
  readonly hasSql: boolean;
  readonly whereQuery: string;
  readonly aggQuery: string;
  readonly processedRows: number;
  readonly processedBytes: number;
  readonly elapsedMs: number;
  /** The SQL with the limit that was added to it, or empty. */
  readonly insertedSql: string;
  /** As the request says: there is one engine for both. */
  readonly powerSql: boolean;
}

/** What a page of a phrase search or of a pipeline took: offsets, of which the next page begins at the end, and Unix seconds. */
export interface PageProgress {
  /** Whether there is nothing behind. */
  readonly scanAll: boolean;
  readonly beginOffset: number;
  readonly endOffset: number;
  readonly endTime: number;
}

export interface QueryInfo {
  readonly keys: readonly string[];
  readonly columnTypes: readonly string[];
  readonly limited: number;
  readonly isAccurate: boolean;
  readonly terms: readonly { readonly key: string; readonly term: string }[];
  readonly mode: QueryMode;
  readonly processedBytes: number;
  /** Undefined: neither a phrase search nor a pipeline. */
  readonly pageProgress: PageProgress | undefined;
}

/** What a query was answered from (sls-query §4.2). */
export const MODE_NUMBERS: Readonly<Record<QueryMode, number>> = {
  index: 0,
  phrase: 1,
  scan: 2,
  scanSql: 3,
};

/** What a scan read. */
export function scanBytes({
  mode,
  processedBytes,
}: Pick<QueryInfo, 'mode' | 'processedBytes'>): number {
  return mode === 'scan' || mode === 'scanSql' ? processedBytes : 0;
}

const NO_PROGRESS: PageProgress = { scanAll: true, beginOffset: 0, endOffset: 0, endTime: 0 };

export function queryHeaders(figures: QueryFigures): Record<string, string> {
  return {
    'x-log-progress': figures.progress,
    'x-log-count': String(figures.count),
    'x-log-processed-rows': String(figures.processedRows),
    'x-log-processed-bytes': String(figures.processedBytes),
    'x-log-elapsed-millisecond': String(Math.round(figures.elapsedMs)),
    'x-log-has-sql': figures.hasSql ? 'true' : 'false',
    'x-log-where-query': headerText(figures.whereQuery),
    'x-log-agg-query': headerText(figures.aggQuery),
    'x-log-cpu-sec': '0',
    'x-log-cpu-cores': '0',
    'x-log-power-sql': figures.powerSql ? 'true' : 'false',
    'x-log-insertedsql': headerText(figures.insertedSql),
    'x-tlm-type': 'None',
  };
}

/** One line of ASCII JSON. When it would be too long the terms go first, then the keys. */
export function queryInfo(info: QueryInfo): string {
  const full = {
    keys: info.keys,
    terms: info.terms.map(({ key, term }) => [term, key]),
    limited: String(info.limited),
    marker: '',
    mode: MODE_NUMBERS[info.mode],
    isAccurate: info.isAccurate ? 1 : 0,
    columnTypes: info.columnTypes,
    shard: 0,
    scanBytes: scanBytes(info),
    phraseQueryInfo: textsOf(info.pageProgress ?? NO_PROGRESS),
  };
  for (const value of [full, { ...full, terms: [] }]) {
    const text = asciiJson(value);
    if (text.length <= QUERY_INFO_HEADER_BYTES_MAX) return text;
  }
  return asciiJson({ ...full, terms: [], keys: [], columnTypes: [] });
}

/** Clients read these numbers from texts here (sls-api §5.7.3). */
function textsOf(progress: PageProgress): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(progress).map(([name, value]) => [name, String(value)]));
}

/** Latin-1 text whose bytes are the UTF-8 of the text, as Node writes headers. */
function headerText(text: string): string {
  const plain = text.replaceAll(/\p{Cc}/gu, ' ').trim();
  const bytes = Buffer.from(plain);
  let end = Math.min(bytes.length, QUERY_HEADER_BYTES_MAX);
  while (end < bytes.length && end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString('latin1', 0, end);
}

function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

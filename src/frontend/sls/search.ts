/** GetLogs in both forms and GetHistograms (sls-api §5.7). All that is counted or found comes from `#query`. */
import { AppError } from '#base/app-error.ts';
import { compress } from '#protocol/compression.ts';
import { GET_LOGS_LINE_MAX } from '#protocol/limits.ts';
import type { QueryExplain } from '#protocol/query-explain.ts';
import type { LogsRequest, LogsResult } from '#query/query-service.ts';
import { headerValue, jsonReply } from '../http-message.ts';
import type { HttpReply } from '../http-message.ts';
import type { SlsCall, SlsRooms } from './operation.ts';
import { booleanOf, integerOf, jsonBody, pathParameter } from './parameters.ts';
import { acceptedCompression } from './pull-logs.ts';
import {
  MODE_NUMBERS,
  queryHeaders,
  queryInfo,
  scanBytes,
  type PageProgress,
} from './query-headers.ts';

/** What a search asks for, checked; the same for a query string and a JSON body. */
interface SearchArguments {
  readonly fromTime: number;
  readonly toTime: number;
  readonly fromNs: number;
  readonly toNs: number;
  readonly topic: string;
  readonly query: string;
}

/** Figures of a histogram, which has no SQL. */
const NO_SQL = { hasSql: false, aggQuery: '', insertedSql: '', powerSql: false } as const;

/** What has no meaning here, but is checked: one engine, one order, every answer exact where it can be. */
const PASSED_OVER = ['forward', 'accurate', 'isAccurate'] as const;

/** A parameter as it was sent; undefined: it was not. */
export type Member = (name: string) => unknown;

/** What was found, and what the answer says of it that only the request knows. */
export interface Searched {
  readonly result: LogsResult;
  readonly pageProgress: PageProgress | undefined;
  readonly powerSql: boolean;
}

/** GET: an array of rows, the figures in headers. */
export async function getLogsV1(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  return logsReplyV1(await search(call, rooms, queryMembers(call)));
}

/** Rows and figures as GetLogs (v1) and GetProjectLogs answer them. */
export function logsReplyV1({ result, pageProgress, powerSql }: Searched): HttpReply {
  const info = { ...result, limited: limitOf(result), pageProgress };
  return jsonReply(result.rows, {
    ...queryHeaders({ ...result, powerSql }),
    'x-log-query-info': queryInfo(info),
  });
}

/** POST `/logs`: figures and rows in one object. */
export async function getLogsV3(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  const body = jsonBody(call);
  const member: Member = (name) => body[name];
  const searched = await search(call, rooms, member, flagOf(member, 'explain'));
  const reply =
    searched.result.explain === undefined
      ? jsonReply({ meta: metaJson(searched), data: searched.result.rows })
      : explainedReply(searched, searched.result.explain, rooms);
  // Others that are named are what the HTTP libraries of clients name by themselves (sls-api §3.2).
  const accepted = acceptedCompression(headerValue(call.headers, 'accept-encoding'), ['lz4']);
  if (call.fromConsole || accepted === 'none' || reply.body === undefined) return reply;
  return {
    status: reply.status,
    headers: {
      ...reply.headers,
      'x-log-compresstype': accepted,
      'x-log-bodyrawsize': String(reply.body.length),
    },
    body: compress(accepted, reply.body),
  };
}

/** GET with `type=histogram`, on the logstore or on its index. */
export async function getHistograms(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  const member = queryMembers(call);
  const interval = integerOf(member('interval')) ?? 0;
  if (!(interval >= 0)) throw new AppError('ParameterInvalid', 'interval is not 0 or above');
  const result = await rooms.queryService.getHistograms({
    projectName: call.projectName,
    logstoreName: pathParameter(call, 'logstore'),
    ...searchArguments(member),
    intervalSeconds: interval,
    signal: call.signal,
  });
  const headers = queryHeaders({ ...result, ...NO_SQL });
  const buckets = result.buckets.map(({ from, to, count, progress }) => ({
    from,
    to,
    count,
    progress,
  }));
  return jsonReply(buckets, headers);
}

/** The rows are encoded first, so that the answer can say what that took. */
function explainedReply(searched: Searched, explain: QueryExplain, { clock }: SlsRooms): HttpReply {
  const startMs = clock.monotonicMs();
  const data = JSON.stringify(searched.result.rows);
  const encode = {
    name: 'encode',
    startMs: explain.totals.durationMs,
    durationMs: clock.monotonicMs() - startMs,
  };
  const totals = { ...explain.totals, durationMs: encode.startMs + encode.durationMs };
  const explained = { ...explain, steps: [...explain.steps, encode], totals };
  const meta = JSON.stringify({ ...metaJson(searched), explain: explained });
  return { ...jsonReply({}), body: Buffer.from(`{"meta":${meta},"data":${data}}`) };
}

async function search(
  call: SlsCall,
  rooms: SlsRooms,
  member: Member,
  explain = false,
): Promise<Searched> {
  const line = integerOf(member('line')) ?? GET_LOGS_LINE_MAX;
  if (!(line >= 0)) throw new AppError('InvalidLine', 'line is not 0 or above');
  const offset = integerOf(member('offset')) ?? 0;
  if (!(offset >= 0)) throw new AppError('InvalidOffset', 'offset is not 0 or above');
  const reverse = flagOf(member, 'reverse', 'InvalidReverse');
  const powerSql = flagOf(member, 'powerSql');
  for (const name of PASSED_OVER) flagOf(member, name);
  const page = {
    ...searchArguments(member),
    // The service answers at most 100 rows to those who ask for more.
    line: Math.min(line, GET_LOGS_LINE_MAX),
    offset,
    reverse,
  };
  const result = await rooms.queryService.getLogs({
    projectName: call.projectName,
    logstoreName: pathParameter(call, 'logstore'),
    ...page,
    session: textOf(member, 'session'),
    highlight: flagOf(member, 'highlight'),
    explain,
    signal: call.signal,
  });
  const phrases = result.isPhraseSearch ? phraseProgress(result, page) : undefined;
  return { result, pageProgress: result.scan ?? phrases, powerSql };
}

/** Offsets count logs that have the phrases, as those of requests do. */
function phraseProgress(
  { rows, progress, isAccurate }: LogsResult,
  page: SearchArguments & Pick<LogsRequest, 'line' | 'offset' | 'reverse'>,
): PageProgress {
  const isLast = rows.length < page.line && progress === 'Complete' && isAccurate;
  const lastTime = Number(
    rows.at(-1)?.['__time__'] ?? (page.reverse ? page.toTime : page.fromTime),
  );
  return {
    scanAll: isLast,
    beginOffset: page.offset,
    endOffset: page.offset + rows.length,
    endTime: isLast ? (page.reverse ? page.fromTime : page.toTime) : lastTime,
  };
}

function searchArguments(member: Member): SearchArguments {
  const fromTime = timeOf(member, 'from');
  const toTime = timeOf(member, 'to');
  if (fromTime >= toTime) throw new AppError('InvalidTimeRange', 'request time range is invalid');
  const fromNs = integerOf(member('fromNs')) ?? 0;
  const toNs = integerOf(member('toNs')) ?? 0;
  const topic = textOf(member, 'topic');
  return { fromTime, toTime, fromNs, toNs, topic, query: textOf(member, 'query') };
}

/** Unix seconds; times past the 32 bits of a log mean "until the end". */
function timeOf(member: Member, name: string): number {
  const time = integerOf(member(name));
  if (time === undefined) throw new AppError('ParameterInvalid', `${name} is required`);
  if (!(time >= 0)) throw new AppError('ParameterInvalid', `${name} is not a time in Unix seconds`);
  return time;
}

/** False when absent. Errors: the code. */
export function flagOf(member: Member, name: string, code: string = 'ParameterInvalid'): boolean {
  const value = member(name);
  const flag = value === 1 || value === '1' ? true : value === 0 || value === '0' ? false : value;
  const found = booleanOf(flag);
  if (found === null) throw new AppError(code, `${name} is not true or false`);
  return found ?? false;
}

/** Empty when absent. Errors: ParameterInvalid. */
export function textOf(member: Member, name: string): string {
  const value = member(name) ?? '';
  if (typeof value !== 'string') throw new AppError('ParameterInvalid', `${name} is not a string`);
  return value;
}

/** The first value of each query parameter. */
export function queryMembers(call: SlsCall): Member {
  const values = new Map<string, string>();
  for (const [key, value] of call.query) if (!values.has(key)) values.set(key, value);
  return (name) => values.get(name);
}

/** Rows that the answer was cut to: those of SQL without LIMIT, or the largest page of a search. */
function limitOf(result: LogsResult): number {
  return result.limited ?? (result.hasSql ? 0 : GET_LOGS_LINE_MAX);
}

function metaJson({ result, pageProgress, powerSql }: Searched): Readonly<Record<string, unknown>> {
  return {
    progress: result.progress,
    count: result.count,
    hasSQL: result.hasSql,
    aggQuery: result.aggQuery,
    whereQuery: result.whereQuery,
    processedRows: result.processedRows,
    processedBytes: result.processedBytes,
    elapsedMillisecond: Math.round(result.elapsedMs),
    cpuSec: 0,
    cpuCores: 0,
    limited: limitOf(result),
    keys: result.keys,
    columnTypes: result.columnTypes,
    terms: result.terms,
    marker: '',
    mode: MODE_NUMBERS[result.mode],
    scanBytes: scanBytes(result),
    isAccurate: result.isAccurate,
    powerSql,
    insertedSQL: result.insertedSql,
    telementryType: 'None',
    highlights: result.highlights.map((words) =>
      words.map(({ key, value }) => ({ Key: key, Value: value })),
    ),
    ...(pageProgress === undefined ? {} : { phraseQueryInfo: pageProgress }),
  };
}

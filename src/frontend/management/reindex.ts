/**
 * `/logstores/{logstore}/reindex`: rebuilding old logs with the present index configuration. `POST ?from=&to=` (Unix
 * seconds) asks for it, `GET` tells how far it is, `DELETE` cancels it; all answer the job (`#backend/reindex-report.ts`).
 */
import { AppError } from '#base/app-error.ts';
import type { ReindexReport } from '#backend/reindex-report.ts';
import { jsonReply, type HttpReply } from '../http-message.ts';
import type { SlsCall, SlsRooms } from '../sls/operation.ts';
import { integerOf, pathParameter, queryParameter } from '../sls/parameters.ts';

/** After the last time that a log can have, Unix seconds. */
const TIME_END = 2 ** 32;

/** Errors: ParameterInvalid, InvalidTimeRange, those of `Reindexer.start`. */
export async function createReindex(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  const fromTime = timeOf(call, 'from') ?? 0;
  const toTime = timeOf(call, 'to') ?? TIME_END;
  if (fromTime >= toTime) throw new AppError('InvalidTimeRange', 'from is not before to');
  const { reindexer } = rooms.backend;
  return reply(await reindexer.start(...namesOf(call), { fromTime, toTime }));
}

/** Errors: those of `Reindexer.report`. */
export async function getReindex(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  return reply(await rooms.backend.reindexer.report(...namesOf(call)));
}

/** Errors: those of `Reindexer.cancel`. */
export async function deleteReindex(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  return reply(await rooms.backend.reindexer.cancel(...namesOf(call)));
}

function namesOf(call: SlsCall): readonly [project: string, logstore: string] {
  return [call.projectName, pathParameter(call, 'logstore')];
}

function timeOf(call: SlsCall, name: string): number | undefined {
  const time = integerOf(queryParameter(call, name));
  if (time !== undefined && !(time >= 0 && time <= TIME_END))
    throw new AppError('ParameterInvalid', `${name} is not a time in Unix seconds`);
  return time;
}

function reply(report: ReindexReport): HttpReply {
  return jsonReply(report, { 'cache-control': 'no-store' });
}

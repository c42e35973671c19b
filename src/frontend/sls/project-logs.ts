/** GetProjectLogs: SQL over logstores of a project (sls-api §5.7.6). */
import type { HttpReply } from '../http-message.ts';
import type { SlsCall, SlsRooms } from './operation.ts';
import { flagOf, logsReplyV1, queryMembers, textOf } from './search.ts';

/** GET: an array of rows, the figures in headers, as GetLogs v1. The statement names the logstores and their times. */
export async function getProjectLogs(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  const member = queryMembers(call);
  const powerSql = flagOf(member, 'powerSql');
  const result = await rooms.queryService.getProjectLogs({
    projectName: call.projectName,
    query: textOf(member, 'query'),
    session: textOf(member, 'session'),
    signal: call.signal,
  });
  return logsReplyV1({ result, pageProgress: undefined, powerSql });
}

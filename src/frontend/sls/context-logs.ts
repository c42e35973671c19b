/** GetContextLogs (sls-api §5.7.5): the logs that were sent before and after one. */
import type { HttpReply } from '../http-message.ts';
import { jsonReply } from '../http-message.ts';
import type { SlsCall, SlsRooms } from './operation.ts';
import { integerOf, pathParameter, queryParameter } from './parameters.ts';

export async function getContextLogs(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  const found = await rooms.queryService.getContextLogs({
    projectName: call.projectName,
    logstoreName: pathParameter(call, 'logstore'),
    packId: queryParameter(call, 'pack_id') ?? '',
    packMeta: queryParameter(call, 'pack_meta') ?? '',
    // What is no number is refused there as well.
    backLines: integerOf(queryParameter(call, 'back_lines')) ?? 0,
    forwardLines: integerOf(queryParameter(call, 'forward_lines')) ?? 0,
    signal: call.signal,
  });
  return jsonReply({
    progress: found.progress,
    total_lines: found.logs.length,
    back_lines: found.backLines,
    forward_lines: found.forwardLines,
    logs: found.logs,
  });
}

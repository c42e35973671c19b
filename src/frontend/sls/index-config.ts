/** CreateIndex, UpdateIndex, GetIndex, DeleteIndex (sls-api §5.8). */
import { AppError } from '#base/app-error.ts';
import { EMPTY_REPLY, jsonReply } from '../http-message.ts';
import type { HttpReply } from '../http-message.ts';
import { parseIndexConfig } from './index-config-body.ts';
import type { SlsCall, SlsRooms } from './operation.ts';
import { jsonBody, pathParameter } from './parameters.ts';

export async function createIndex(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  const config = parseIndexConfig(jsonBody(call), call.body.length);
  await rooms.backend.createIndex(call.projectName, pathParameter(call, 'logstore'), config);
  return EMPTY_REPLY;
}

/** Replaces the whole configuration; it holds for logs that are indexed from now on. */
export async function updateIndex(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  const config = parseIndexConfig(jsonBody(call), call.body.length);
  await rooms.backend.updateIndex(call.projectName, pathParameter(call, 'logstore'), config);
  return EMPTY_REPLY;
}

export async function getIndex(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  const logstore = await rooms.catalog.getLogstore(
    call.projectName,
    pathParameter(call, 'logstore'),
  );
  if (logstore.index === undefined)
    throw new AppError('IndexConfigNotExist', 'logstore without index config');
  return jsonReply({
    ...logstore.index,
    ttl: logstore.ttl,
    index_mode: 'v2',
    storage: 'pg',
    lastModifyTime: Math.floor(logstore.indexModifyTimeMs / 1000),
  });
}

export async function deleteIndex(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  await rooms.backend.deleteIndex(call.projectName, pathParameter(call, 'logstore'));
  return EMPTY_REPLY;
}

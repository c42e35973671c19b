/**
 * PutLogs on its three paths (sls-api §5.4). The body goes on as it came: still compressed, to be checked
 * and stored by `#ingest`.
 */
import { AppError } from '#base/app-error.ts';
import { parseBodyRawSize, parseCompressionType } from '#protocol/compression.ts';
import { EMPTY_REPLY, headerValue } from '../http-message.ts';
import type { HttpReply } from '../http-message.ts';
import type { SlsCall, SlsRooms } from './operation.ts';
import { pathParameter, queryParameter } from './parameters.ts';

/** To any shard: `/shards/lb` and the plain logstore path. */
export async function putLogs(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  return put(call, rooms, undefined);
}

/** To the shard that holds `key`: `/shards/route`. */
export async function putLogsByKey(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  const hashKey = queryParameter(call, 'key');
  if (hashKey === undefined || hashKey === '')
    throw new AppError('ParameterInvalid', 'key is required to route by hash key');
  return put(call, rooms, hashKey);
}

async function put(
  call: SlsCall,
  rooms: SlsRooms,
  hashKey: string | undefined,
): Promise<HttpReply> {
  const compression = parseCompressionType(headerValue(call.headers, 'x-log-compresstype'));
  const rawBytes = parseBodyRawSize(headerValue(call.headers, 'x-log-bodyrawsize'));
  if (compression !== 'none' && rawBytes === undefined)
    throw new AppError('MissingBodyRawSize', 'x-log-bodyrawsize does not exist in http header');
  await rooms.ingest.putLogs({
    projectName: call.projectName,
    logstoreName: pathParameter(call, 'logstore'),
    body: call.body,
    compression,
    rawBytes,
    form: bodyForm(call),
    hashKey,
    clientAddress: call.clientAddress,
  });
  return EMPTY_REPLY;
}

/** Java sends `application/x-protobuf` everywhere; only a JSON type means something (sls-api §0.6, §5.4). */
function bodyForm(call: SlsCall): 'protobuf' | 'json' | 'packages' {
  if (headerValue(call.headers, 'x-log-mode') === 'batch_group') return 'packages';
  const type = headerValue(call.headers, 'content-type') ?? '';
  return /^\s*application\/json\s*(?:;|$)/i.test(type) ? 'json' : 'protobuf';
}

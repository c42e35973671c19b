/**
 * PutLogs on its three paths (sls-api §5.4). The body goes on as it came: still compressed, to be checked
 * and stored by `#ingest`.
 */
import { AppError, errorCode } from '#base/app-error.ts';
import type { WriterRange } from '#ingest/put-logs.ts';
import { parseBodyRawSize, parseCompressionType } from '#protocol/compression.ts';
import { ERROR_CODES } from '#protocol/error-codes.ts';
import { EMPTY_REPLY, headerValue, jsonReply } from '../http-message.ts';
import type { HttpReply } from '../http-message.ts';
import type { SlsCall, SlsRooms } from './operation.ts';
import { integerOf, pathParameter, queryParameter } from './parameters.ts';

/** To any shard: `/shards/lb` and the plain logstore path. */
export async function putLogs(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  return put(call, rooms, {});
}

/**
 * To the shard that holds `key`: `/shards/route`. With `seqid` the key names a writer that sends everything
 * once: a repeated or old id answers 400 InvalidSequenceId, with what is stored in `x-log-last-seqid`. `seqstart`
 * says where the write begins when ids are not consecutive; a missing one stands for `seqid` - 1.
 */
export async function putLogsByKey(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  const hashKey = queryParameter(call, 'key');
  if (hashKey === undefined || hashKey === '')
    throw new AppError('ParameterInvalid', 'key is required to route by hash key');
  try {
    return await put(call, rooms, { hashKey, writerRange: writerRangeOf(call) });
  } catch (error) {
    return repeatedReply(error);
  }
}

function writerRangeOf(call: SlsCall): WriterRange | undefined {
  const sequence = integerOf(queryParameter(call, 'seqid'));
  const start = integerOf(queryParameter(call, 'seqstart'));
  if (Number.isNaN(sequence) || Number.isNaN(start))
    throw new AppError('ParameterInvalid', 'seqid and seqstart are integers');
  if (sequence === undefined) {
    if (start === undefined) return undefined;
    throw new AppError('ParameterInvalid', 'seqstart needs a seqid');
  }
  return { previous: start ?? sequence - 1, sequence };
}

/** The answer to a repeat says how far the writer is; anything else is thrown on. */
function repeatedReply(error: unknown): HttpReply {
  if (!(error instanceof AppError) || errorCode(error) !== 'InvalidSequenceId') throw error;
  const body = { errorCode: error.code, errorMessage: error.message };
  const headers = { 'x-log-last-seqid': String(error.details['lastSequence']) };
  return jsonReply(body, headers, ERROR_CODES[error.code]?.status ?? 400);
}

async function put(
  call: SlsCall,
  rooms: SlsRooms,
  route: { readonly hashKey?: string; readonly writerRange?: WriterRange | undefined },
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
    ...route,
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

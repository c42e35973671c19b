/** ListShards, GetCursor and GetCursorTime (sls-api §5.3, §5.6). A cursor is the sequence of the next record. */
import { AppError } from '#base/app-error.ts';
import type { ShardBounds, ShardKey } from '#loghub/shard-log.ts';
import type { Shard } from '#meta/catalog-types.ts';
import { decodeCursor, encodeCursor } from '#protocol/cursor.ts';
import { jsonReply } from '../http-message.ts';
import type { HttpReply } from '../http-message.ts';
import type { SlsCall, SlsRooms } from './operation.ts';
import { pathParameter, queryParameter, shardNotExist, shardParameter } from './parameters.ts';

const UNIX_SECONDS = /^\d{1,10}$/;

export async function listShards(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  const logstore = await rooms.catalog.getLogstore(
    call.projectName,
    pathParameter(call, 'logstore'),
  );
  return jsonReply(logstore.shards.map(shardJson));
}

export async function getCursor(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  const shard = await shardOf(call, rooms);
  const from = queryParameter(call, 'from') ?? '';
  const bounds = await rooms.shardLog.bounds(shard);
  return jsonReply({ cursor: encodeCursor(await resolveFrom(from, shard, bounds, rooms)) });
}

export async function getCursorTime(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  const shard = await shardOf(call, rooms);
  const sequence = decodeCursor(queryParameter(call, 'cursor') ?? '');
  const { firstSequence, nextSequence } = await rooms.shardLog.bounds(shard);
  if (sequence < firstSequence || sequence > nextSequence) throw foreignCursor();
  const timeMs =
    sequence === nextSequence ? rooms.clock.nowMs() : await receiveTimeOf(shard, sequence, rooms);
  return jsonReply({ cursor_time: Math.floor(timeMs / 1000) });
}

/** The shard of the path in the log's terms. Errors: ProjectNotExist, LogStoreNotExist, ShardNotExist. */
export async function shardOf(call: SlsCall, rooms: SlsRooms): Promise<ShardKey> {
  const logstore = await rooms.catalog.getLogstore(
    call.projectName,
    pathParameter(call, 'logstore'),
  );
  const shardId = shardParameter(call);
  if (!logstore.shards.some((shard) => shard.shardId === shardId)) throw shardNotExist(shardId);
  return { logstoreId: logstore.id, shardId };
}

/** Java looks for `invalidcursor` in the code or message, in any case. */
export function foreignCursor(): AppError {
  return new AppError('InvalidCursor', 'invalidcursor: the cursor is not one of this shard');
}

async function resolveFrom(
  from: string,
  shard: ShardKey,
  bounds: ShardBounds,
  rooms: SlsRooms,
): Promise<number> {
  if (from === 'begin') return bounds.firstSequence;
  if (from === 'end') return bounds.nextSequence;
  if (!UNIX_SECONDS.test(from))
    throw new AppError('ParameterInvalid', 'Parameter From is not valid.');
  return rooms.shardLog.findByReceiveTime(shard, Number(from) * 1000);
}

/** Of the record at the sequence, or of the first one after it that can be read. */
async function receiveTimeOf(shard: ShardKey, sequence: number, rooms: SlsRooms): Promise<number> {
  const [record] = await rooms.shardLog.read(shard, sequence, {
    maxRecords: 1,
    maxPayloadBytes: 1,
  });
  return record?.receiveTimeMs ?? rooms.clock.nowMs();
}

function shardJson(shard: Shard): unknown {
  return {
    shardID: shard.shardId,
    status: shard.status,
    inclusiveBeginKey: shard.inclusiveBeginKey,
    exclusiveEndKey: shard.exclusiveEndKey,
    createTime: Math.floor(shard.createTimeMs / 1000),
  };
}

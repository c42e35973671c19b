/**
 * PullLogs (sls-api §5.6): stored log groups from a cursor on, unchanged and in order.
 *
 * Clients work out each group's cursor from the last one, so the groups of one answer have consecutive
 * positions. Where the log is damaged an answer ends before the damage, and the call that starts at it goes
 * on behind it: that loss is logged as an error, since waiting would stop the consumer for ever.
 */
import { AppError, errorCode } from '#base/app-error.ts';
import type { LogRecord, ShardKey } from '#loghub/shard-log.ts';
import { compress, decompress } from '#protocol/compression.ts';
import type { CompressionType } from '#protocol/compression-type.ts';
import { decodeCursor, encodeCursor } from '#protocol/cursor.ts';
import { PULL_GROUPS_MAX } from '#protocol/limits.ts';
import { encodeLogGroupList } from '#protocol/log-group-list.ts';
import { headerValue } from '../http-message.ts';
import type { HttpReply } from '../http-message.ts';
import { PULL_DAMAGE_SKIPS_MAX, PULL_RAW_BYTES_MAX, PULL_READ_BYTES } from '../limits.ts';
import type { SlsCall, SlsRooms } from './operation.ts';
import { integerOf, queryParameter } from './parameters.ts';
import { foreignCursor, shardOf } from './shard.ts';

/** What an answer may hold: records from `start` on, before `end`, at most `count` of them. */
interface PullRange {
  readonly shard: ShardKey;
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

interface Pulled {
  readonly records: readonly LogRecord[];
  /** Where the next call goes on. */
  readonly next: number;
}

export async function pullLogs(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  const cursorText = queryParameter(call, 'cursor') ?? '';
  const cursor = decodeCursor(cursorText);
  const count = countOf(call);
  refuseFilter(call);
  const endText = queryParameter(call, 'end_cursor') ?? '';
  const endCursor = endText === '' ? Number.MAX_SAFE_INTEGER : decodeCursor(endText);
  const shard = await shardOf(call, rooms);
  const { firstSequence, nextSequence } = await rooms.shardLog.bounds(shard);
  if (cursor > nextSequence) throw foreignCursor();
  const range = {
    shard,
    start: Math.max(cursor, firstSequence),
    end: Math.min(nextSequence, endCursor),
    count,
  };
  // Nothing to give: the client's own cursor comes back, even one that is older than the log.
  const pulled =
    cursor >= endCursor || range.start >= range.end
      ? { records: [], next: Math.min(range.start, Math.max(cursor, endCursor)) }
      : await collect(range, rooms);
  return pullReply(pulled, pulled.next >= nextSequence, compressionOf(call));
}

/** What is named first in our own order of preference; `none` when the client names none of ours. */
export function acceptedCompression(
  acceptEncoding: string | undefined,
  order: readonly CompressionType[],
): CompressionType {
  const named = new Set(
    (acceptEncoding ?? '')
      .toLowerCase()
      .split(',')
      .map((part) => (part.split(';')[0] ?? '').trim()),
  );
  return order.find((type) => named.has(type)) ?? 'none';
}

function compressionOf(call: SlsCall): CompressionType {
  if (call.fromConsole) return 'none';
  const accepted = headerValue(call.headers, 'accept-encoding');
  return acceptedCompression(accepted, ['lz4', 'zstd', 'deflate']);
}

function countOf(call: SlsCall): number {
  const count = integerOf(queryParameter(call, 'count')) ?? PULL_GROUPS_MAX;
  if (!(count >= 1)) throw new AppError('ParameterInvalid', 'count is not 1 or above');
  return Math.min(count, PULL_GROUPS_MAX);
}

function refuseFilter(call: SlsCall): void {
  const query = queryParameter(call, 'query')?.trim() ?? '';
  if (query !== '' && query !== '*')
    throw new AppError('ParameterInvalid', 'query is not supported when pulling logs');
}

async function collect(range: PullRange, rooms: SlsRooms): Promise<Pulled> {
  const records: LogRecord[] = [];
  let next = range.start;
  let rawBytes = 0;
  for (let damages = 0; records.length < range.count && next < range.end;) {
    let batch: readonly LogRecord[];
    try {
      batch = await rooms.shardLog.read(range.shard, next, {
        maxRecords: Math.min(range.count - records.length, range.end - next),
        maxPayloadBytes: PULL_READ_BYTES,
      });
    } catch (error) {
      const resumeAt = damageEnd(error, next);
      if (records.length > 0 || damages >= PULL_DAMAGE_SKIPS_MAX) break;
      damages++;
      rooms.logger.error(
        { ...range.shard, firstDamaged: next, resumeAt },
        'damaged log records passed over',
      );
      next = Math.min(resumeAt, range.end);
      continue;
    }
    if (batch.length === 0) break;
    for (const record of batch) {
      const isApart = records.length > 0 && record.sequence !== next;
      const isTooMuch = records.length > 0 && rawBytes + record.rawBytes > PULL_RAW_BYTES_MAX;
      if (isApart || isTooMuch || record.sequence >= range.end) return { records, next };
      records.push(record);
      rawBytes += record.rawBytes;
      next = record.sequence + 1;
    }
  }
  return { records, next };
}

/** Where reading can go on after `ShardLogDamaged`. Any other error goes on up. */
function damageEnd(error: unknown, position: number): number {
  const resumeAt = error instanceof AppError ? error.details['resumeAt'] : undefined;
  if (errorCode(error) !== 'ShardLogDamaged' || typeof resumeAt !== 'number') throw error;
  return Math.max(resumeAt, position + 1);
}

function pullReply(pulled: Pulled, isAtEnd: boolean, compression: CompressionType): HttpReply {
  const { records, next } = pulled;
  const last = records.at(-1);
  const headers: Record<string, string> = {
    'x-log-cursor': encodeCursor(next),
    'x-log-count': String(records.length),
    'x-log-end-of-cursor': isAtEnd ? '1' : '0',
  };
  if (last === undefined)
    return { status: 200, headers: { ...headers, 'x-log-bodyrawsize': '0' }, body: undefined };
  const raw = encodeLogGroupList(records.map(decompressRecord));
  headers['content-type'] = 'application/x-protobuf';
  headers['x-log-bodyrawsize'] = String(raw.length);
  headers['x-log-read-last-cursor'] = String(last.sequence);
  headers['x-log-cursor-time'] = String(Math.floor(last.receiveTimeMs / 1000));
  if (compression !== 'none') headers['x-log-compresstype'] = compression;
  return { status: 200, headers, body: compress(compression, raw) };
}

/** What was stored was checked when it came, so failing here is our fault and not the client's. */
function decompressRecord(record: LogRecord): Uint8Array {
  try {
    return decompress(record.compression, record.payload, record.rawBytes, record.rawBytes);
  } catch (error) {
    throw new AppError('InternalServerError', 'cannot read a stored log group', { cause: error });
  }
}

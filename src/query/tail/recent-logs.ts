/** The newest logs before a live tail, so that it does not begin with an empty screen. */
import type { ShardKey, ShardLog } from '#loghub/shard-log.ts';
import { TAIL_BACK_RAW_BYTES_MAX, TAIL_BACK_RECORDS_MAX, TAIL_READ_BYTES } from '../limits.ts';
import type { Pacer } from './pacer.ts';
import { logsOf, readRecords } from './read-logs.ts';
import type { TailLog } from './tail-log.ts';

export interface RecentRequest {
  readonly logstoreId: string;
  /** By shard, the sequence that ends what is looked at. */
  readonly ends: ReadonlyMap<number, number>;
  /** How many logs at most. */
  readonly count: number;
  readonly appendMeta: boolean;
  readonly wants: (log: TailLog) => boolean;
  readonly signal: AbortSignal;
}

export interface RecentCollaborators {
  readonly shardLog: Pick<ShardLog, 'read'>;
  readonly pacer: Pacer;
}

/** Log groups that one step backwards reads. */
const STEP_RECORDS = 8;

/**
 * The newest `count` wanted logs among the newest log groups of every shard (`TAIL_BACK_RECORDS_MAX` of them, and no more
 * bytes than `TAIL_BACK_RAW_BYTES_MAX`), the oldest first. Errors: as `readRecords`, the signal's reason.
 */
export async function recentLogs(
  request: RecentRequest,
  collaborators: RecentCollaborators,
): Promise<readonly TailLog[]> {
  const found: TailLog[] = [];
  for (const [shardId, end] of request.ends) {
    const shard = { logstoreId: request.logstoreId, shardId };
    found.push(...(await recentOfShard(shard, end, request, collaborators)));
  }
  return newest(found, request.count);
}

async function recentOfShard(
  shard: ShardKey,
  end: number,
  request: RecentRequest,
  { shardLog, pacer }: RecentCollaborators,
): Promise<readonly TailLog[]> {
  const found: TailLog[] = [];
  const first = Math.max(1, end - TAIL_BACK_RECORDS_MAX);
  let bytesLeft = TAIL_BACK_RAW_BYTES_MAX;
  for (let to = end; to > first && found.length < request.count && bytesLeft > 0;) {
    const from = Math.max(first, to - STEP_RECORDS);
    for (let at = from; at < to;) {
      const options = { maxRecords: to - at, maxPayloadBytes: TAIL_READ_BYTES };
      const { records, next } = await readRecords(shardLog, shard, at, options);
      if (next === at) return newest(found, request.count);
      at = next;
      for (const record of records.filter(({ sequence }) => sequence < to)) {
        bytesLeft -= record.rawBytes;
        await pacer.run(() => {
          const logs = logsOf(record, request.appendMeta).filter((log) => request.wants(log));
          found.push(...newest(logs, request.count));
        }, request.signal);
      }
    }
    to = from;
  }
  return newest(found, request.count);
}

function newest(logs: readonly TailLog[], count: number): readonly TailLog[] {
  const sorted = logs.toSorted((a, b) => a.time - b.time || a.timeNs - b.timeNs);
  return sorted.slice(Math.max(0, sorted.length - count));
}

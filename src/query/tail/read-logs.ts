/** Reading the ShardLog for a live tail, which passes over what cannot be read: somebody watches, and scrubs tell. */
import { AppError, errorCode } from '#base/app-error.ts';
import type { LogRecord, ReadOptions, ShardKey, ShardLog } from '#loghub/shard-log.ts';
import { tailLogs, type TailLog } from './tail-log.ts';

export interface ReadRecords {
  readonly records: readonly LogRecord[];
  /** Where to go on. */
  readonly next: number;
}

/** Errors: those of `ShardLog.read` other than damage. */
export async function readRecords(
  shardLog: Pick<ShardLog, 'read'>,
  shard: ShardKey,
  fromSequence: number,
  options: ReadOptions,
): Promise<ReadRecords> {
  try {
    const records = await shardLog.read(shard, fromSequence, options);
    return { records, next: (records.at(-1)?.sequence ?? fromSequence - 1) + 1 };
  } catch (error) {
    const resumeAt = error instanceof AppError ? error.details['resumeAt'] : undefined;
    if (errorCode(error) !== 'ShardLogDamaged' || typeof resumeAt !== 'number') throw error;
    return { records: [], next: Math.max(resumeAt, fromSequence + 1) };
  }
}

/** The logs of a record; none when what it holds is no log group. */
export function logsOf(record: LogRecord, appendMeta: boolean): readonly TailLog[] {
  try {
    return tailLogs(record, appendMeta);
  } catch (error) {
    if (error instanceof AppError) return [];
    throw error;
  }
}

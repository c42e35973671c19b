/** Reading a range of one shard's log for a build, past records that were trimmed or are damaged. */
import { errorCode } from '#base/app-error.ts';
import { assert } from '#base/assert.ts';
import type { LogRecord, ShardKey, ShardLog } from '#loghub/shard-log.ts';
import type { Logger } from '#telemetry/logger.ts';
import { READ_PAYLOAD_BYTES, READ_RECORDS_MAX } from './limits.ts';

export interface RecordRange {
  readonly records: readonly LogRecord[];
  /** Where the range ends: what lies before it is in `records`, or cannot be read any more. */
  readonly nextSequence: number;
  readonly rawBytes: number;
  /** Sequences skipped because their records are damaged. */
  readonly damagedCount: number;
}

/**
 * Records from `fromSequence` up to `toSequence`, fewer when their raw bytes reach `rawBytesMax` (the record that
 * reaches it is the last). Always advances when `toSequence` is beyond `fromSequence`.
 */
export async function readRange(
  range: {
    readonly shard: ShardKey;
    readonly fromSequence: number;
    readonly toSequence: number;
    readonly rawBytesMax: number;
  },
  collaborators: { readonly shardLog: ShardLog; readonly logger: Logger },
): Promise<RecordRange> {
  const records: LogRecord[] = [];
  let nextSequence = range.fromSequence;
  let rawBytes = 0;
  let damagedCount = 0;
  while (nextSequence < range.toSequence && rawBytes < range.rawBytesMax) {
    const part = await readPart(range.shard, nextSequence, range.toSequence, collaborators);
    damagedCount += part.damagedCount;
    nextSequence = part.nextSequence;
    for (const record of part.records) {
      records.push(record);
      rawBytes += record.rawBytes;
      if (rawBytes < range.rawBytesMax) continue;
      nextSequence = record.sequence + 1;
      break;
    }
  }
  return { records, nextSequence, rawBytes, damagedCount };
}

type Part = Omit<RecordRange, 'rawBytes'>;

async function readPart(
  shard: ShardKey,
  fromSequence: number,
  toSequence: number,
  collaborators: { readonly shardLog: ShardLog; readonly logger: Logger },
): Promise<Part> {
  const { shardLog } = collaborators;
  const recordsMax = Math.min(READ_RECORDS_MAX, toSequence - fromSequence);
  const options = { maxRecords: recordsMax, maxPayloadBytes: READ_PAYLOAD_BYTES };
  try {
    const records = (await shardLog.read(shard, fromSequence, options)).filter(
      (record) => record.sequence < toSequence,
    );
    const last = records.at(-1);
    if (last !== undefined) return { records, nextSequence: last.sequence + 1, damagedCount: 0 };
    // Nothing to read before `toSequence`: it was trimmed.
    return { records, nextSequence: toSequence, damagedCount: 0 };
  } catch (error) {
    if (errorCode(error) !== 'ShardLogDamaged') throw error;
    return readAroundDamage(shard, { fromSequence, toSequence, error }, collaborators);
  }
}

async function readAroundDamage(
  shard: ShardKey,
  range: { readonly fromSequence: number; readonly toSequence: number; readonly error: unknown },
  collaborators: { readonly shardLog: ShardLog; readonly logger: Logger },
): Promise<Part> {
  const { firstDamaged, resumeAt } = damageOf(range.error);
  if (firstDamaged > range.fromSequence && firstDamaged < range.toSequence)
    // The sound records before the damage first; the next part begins at it.
    return readPart(shard, range.fromSequence, firstDamaged, collaborators);
  assert(resumeAt > range.fromSequence, 'damage of a shard log ends after it begins');
  const nextSequence = Math.min(resumeAt, range.toSequence);
  collaborators.logger.error(
    { ...shard, firstDamaged, resumeAt },
    'skipped damaged records of a shard log',
  );
  return { records: [], nextSequence, damagedCount: nextSequence - range.fromSequence };
}

function damageOf(error: unknown): { readonly firstDamaged: number; readonly resumeAt: number } {
  const { details } = error as { readonly details: Readonly<Record<string, unknown>> };
  return { firstDamaged: Number(details['firstDamaged']), resumeAt: Number(details['resumeAt']) };
}

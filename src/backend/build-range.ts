/** Reading a range of one shard's log and building a local segment of it. */
import type { LogRecord, ShardKey, ShardLog } from '#loghub/shard-log.ts';
import type { Files } from '#platform/files.ts';
import type { Random } from '#platform/random.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import type { SegmentBuilder } from '#segment/segment-builder.ts';
import type { Logger } from '#telemetry/logger.ts';
import { readRange } from './read-range.ts';
import { localPaths, removeIfThere, type StoredSegment } from './segment-registry.ts';
import { isContentError, soundRecords } from './sound-records.ts';

/** What segments of a shard are built with. */
export interface BuildSettings {
  readonly indexConfig: IndexConfig;
  readonly appendMeta: boolean;
}

export interface BuildRange {
  readonly firstSequence: number;
  readonly toSequence: number;
  /** The range ends with the record that reaches it. */
  readonly rawBytesMax: number;
}

export interface SealedRange {
  readonly firstSequence: number;
  readonly nextSequence: number;
  readonly rawBytes: number;
  /** Undefined: its records hold no log. */
  readonly segment: StoredSegment | undefined;
}

/** `damagedCount`: sequences whose logs are in no segment because nobody can read them. */
export type BuiltRange = SealedRange & { readonly damagedCount: number };

interface BuildPlace {
  readonly shard: ShardKey;
  /** Folder that gets the two files. */
  readonly directory: string;
}

interface BuildCollaborators {
  readonly shardLog: ShardLog;
  readonly segmentBuilder: SegmentBuilder;
  readonly files: Files;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * Records that no build can read are left out, logged and counted. A failure leaves no file. Errors: those of the
 * shard log and the builder.
 */
export async function buildRange(
  range: BuildRange & BuildPlace,
  settings: BuildSettings,
  collaborators: BuildCollaborators,
): Promise<BuiltRange> {
  try {
    return await buildRecords(range, settings, collaborators, (records) => records);
  } catch (error) {
    if (!isContentError(error)) throw error;
    collaborators.logger.error(
      { ...range.shard, err: error },
      'left out log groups that are damaged',
    );
    // The payloads may be in the worker's hands: the range is read again.
    return buildRecords(range, settings, collaborators, soundRecords);
  }
}

async function buildRecords(
  range: BuildRange & BuildPlace,
  settings: BuildSettings,
  collaborators: BuildCollaborators,
  select: (records: readonly LogRecord[]) => readonly LogRecord[],
): Promise<BuiltRange> {
  const { shard, directory, firstSequence, toSequence, rawBytesMax } = range;
  const read = await readRange(
    { shard, fromSequence: firstSequence, toSequence, rawBytesMax },
    collaborators,
  );
  const records = select(read.records);
  const { nextSequence, rawBytes } = read;
  const damagedCount = read.damagedCount + read.records.length - records.length;
  const done = { firstSequence, nextSequence, rawBytes, damagedCount };
  if (records.length === 0) return { ...done, segment: undefined };
  const { shardId } = shard;
  const random = Buffer.from(collaborators.random.bytes(8)).toString('hex');
  const id = `${shardId}-${firstSequence}-${random}`;
  try {
    const request = { id, shardId, records, ...settings, directory, storage: 'stored' as const };
    const info = await collaborators.segmentBuilder.build(request);
    if (info === undefined) return { ...done, segment: undefined };
    return { ...done, segment: { info, place: { kind: 'local', directory } } };
  } catch (error) {
    const { parquetPath, indexPath } = localPaths(directory, id);
    for (const path of [parquetPath, indexPath]) await removeIfThere(collaborators.files, path);
    throw error;
  }
}

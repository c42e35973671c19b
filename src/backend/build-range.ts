/** Reading a range of one shard's log and building a local segment of it. */
import type { LogRecord, ShardKey, ShardLog } from '#loghub/shard-log.ts';
import type { Files } from '#platform/files.ts';
import type { Random } from '#platform/random.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import type { SegmentBuilder } from '#segment/segment-builder.ts';
import type { Logger } from '#telemetry/logger.ts';
import { readRange } from './read-range.ts';
import { indexHash } from './index-hash.ts';
import { localSegment, newSegmentId, removeByPrefix, type StoredSegment } from './segment-files.ts';
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

export type BuiltRange = SealedRange & {
  /** Sequences whose logs are in no segment because nobody can read them. */
  readonly damagedCount: number;
  /** Those of them that the log itself does not give any more. */
  readonly lostCount: number;
};

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
  const done = {
    firstSequence,
    nextSequence,
    rawBytes,
    damagedCount,
    lostCount: read.damagedCount,
  };
  if (records.length === 0) return { ...done, segment: undefined };
  const id = newSegmentId(shard, firstSequence, collaborators.random);
  try {
    const request = { id, shardId: shard.shardId, records, ...settings, directory };
    const info = await collaborators.segmentBuilder.build({ ...request, storage: 'local' });
    if (info === undefined) return { ...done, segment: undefined };
    const named = { ...info, indexHash: indexHash(settings.indexConfig) };
    return { ...done, segment: localSegment(shard, directory, named) };
  } catch (error) {
    // What cannot be removed now goes at the next start.
    await removeByPrefix(collaborators.files, directory, id).catch(() => {});
    throw error;
  }
}

/** Merging segments into files of a local folder. */
import type { ShardKey } from '#loghub/shard-log.ts';
import type { Files } from '#platform/files.ts';
import type { Random } from '#platform/random.ts';
import type {
  SegmentBuilder,
  SegmentMergeInput,
  SegmentStorage,
} from '#segment/segment-builder.ts';
import type { SegmentInfo } from '#segment/segment.ts';
import { localPaths, newSegmentId, removeByPrefix, type StoredSegment } from './segment-files.ts';

export interface MergeTarget {
  readonly shard: ShardKey;
  readonly directory: string;
  readonly storage: SegmentStorage;
  /** As `SegmentMergeRequest.daysMax`. */
  readonly daysMax: number;
  /** Of the configuration that all inputs were built with. */
  readonly indexHash: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The inputs in order of their sequences; the caller keeps their files there. None: nothing. A failure leaves no
 * file. Errors: those of `SegmentBuilder.merge`.
 */
export async function mergeFiles(
  inputs: readonly SegmentMergeInput[],
  target: MergeTarget,
  collaborators: {
    readonly segmentBuilder: SegmentBuilder;
    readonly files: Files;
    readonly random: Random;
  },
): Promise<readonly SegmentInfo[]> {
  const [first] = inputs;
  if (first === undefined) return [];
  const { shard, directory, storage, daysMax, indexHash, signal } = target;
  const idPrefix = newSegmentId(shard, first.info.firstSequence, collaborators.random);
  try {
    const infos = await collaborators.segmentBuilder.merge(
      { idPrefix, shardId: shard.shardId, inputs, directory, storage, daysMax },
      signal,
    );
    return infos.map((info) => ({ ...info, indexHash }));
  } catch (error) {
    // A worker that was ended may have written a part; what cannot be removed now goes at the next start.
    await removeByPrefix(collaborators.files, directory, `${idPrefix}-`).catch(() => {});
    throw error;
  }
}

/** A segment of a local folder as what a merge reads. */
export function localInput({ info, place }: StoredSegment): SegmentMergeInput {
  if (place.kind !== 'local') throw new Error('the segment is not local');
  return { info, ...localPaths(place.directory, info.id) };
}

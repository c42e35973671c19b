/** The L0 segments of one shard: consecutive ranges of its log, in order. */
import type { SegmentBuilder } from '#segment/segment-builder.ts';
import type { SegmentInfo } from '#segment/segment.ts';
import type { Files } from '#platform/files.ts';
import type { Random } from '#platform/random.ts';
import type { SealedRange } from './build-range.ts';
import type { IndexerUsage } from './indexer-parts.ts';
import { localInput, mergeFiles, type MergeTarget } from './merge-files.ts';
import type { StoredSegment } from './segment-files.ts';
import type { SegmentRegistry } from './segment-registry.ts';

interface SealedRangesCollaborators {
  readonly registry: SegmentRegistry;
  readonly usage: IndexerUsage;
  readonly segmentBuilder: SegmentBuilder;
  readonly files: Files;
  readonly random: Random;
}

export class SealedRanges {
  readonly #with: SealedRangesCollaborators;
  #list: readonly SealedRange[] = [];
  #rawBytes = 0;

  constructor(collaborators: SealedRangesCollaborators) {
    this.#with = collaborators;
  }

  get list(): readonly SealedRange[] {
    return this.#list;
  }

  get rawBytes(): number {
    return this.#rawBytes;
  }

  /** Replaces the list; what is no longer in it keeps its files until it is retired. */
  set(list: readonly SealedRange[]): void {
    const rawBytes = rawBytesOf(list);
    this.#with.usage.sealedBytes += rawBytes - this.#rawBytes;
    this.#rawBytes = rawBytes;
    this.#list = list;
  }

  has(segmentId: string): boolean {
    return this.#list.some(({ segment }) => segment?.info.id === segmentId);
  }

  /** Takes ranges out of the list. */
  forget(ranges: readonly SealedRange[]): void {
    this.set(this.#list.filter((range) => !ranges.includes(range)));
  }

  /** The first ranges, as many as make up the bytes. */
  first(rawBytes: number): readonly SealedRange[] {
    let total = 0;
    const end = this.#list.findIndex((range) => {
      const isEnough = total >= rawBytes;
      total += range.rawBytes;
      return isEnough;
    });
    return end < 0 ? this.#list : this.#list.slice(0, end);
  }

  /** The segments of ranges as new files; theirs stay meanwhile. Errors: those of `mergeFiles`. */
  async merge(
    ranges: readonly SealedRange[],
    target: MergeTarget,
  ): Promise<readonly SegmentInfo[]> {
    const segments = segmentsOf(ranges);
    await using _pin = this.#with.registry.pin(segments);
    return await mergeFiles(segments.map(localInput), target, this.#with);
  }

  /** Removes the files of ranges as soon as no query uses them. */
  async retire(ranges: readonly SealedRange[]): Promise<void> {
    for (const segment of segmentsOf(ranges)) await this.#with.registry.retire(segment);
  }
}

export function segmentsOf(ranges: readonly SealedRange[]): readonly StoredSegment[] {
  return ranges.flatMap(({ segment }) => segment ?? []);
}

export function rawBytesOf(ranges: readonly SealedRange[]): number {
  return ranges.reduce((sum, { rawBytes }) => sum + rawBytes, 0);
}

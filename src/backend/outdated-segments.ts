/** Which committed segments were built with another index configuration than the present one. */
import type { SegmentInfo } from '#segment/segment.ts';
import { overlaps } from './manifest.ts';
import type { ReindexExtent } from './reindex-report.ts';

export interface OutdatedQuery {
  /** Of the present configuration. */
  readonly indexHash: string;
  /** Unix seconds. */
  readonly fromTime: number;
  readonly toTime: number;
}

/** Those with log times in [fromTime, toTime). */
export function outdatedSegments(
  segments: readonly SegmentInfo[],
  query: OutdatedQuery,
): readonly SegmentInfo[] {
  return segments.filter((info) => info.indexHash !== query.indexHash && overlaps(info, query));
}

export function extentOf(segments: readonly SegmentInfo[]): ReindexExtent {
  return {
    segmentCount: segments.length,
    rowCount: segments.reduce((sum, { rowCount }) => sum + rowCount, 0),
    rawBytes: segments.reduce((sum, { rawBytes }) => sum + rawBytes, 0),
  };
}

/** Never below zero: a commit that was under way may have added to what is left. */
export function extentWithout(total: ReindexExtent, left: ReindexExtent): ReindexExtent {
  return {
    segmentCount: Math.max(0, total.segmentCount - left.segmentCount),
    rowCount: Math.max(0, total.rowCount - left.rowCount),
    rawBytes: Math.max(0, total.rawBytes - left.rawBytes),
  };
}

/**
 * Which committed segments of a shard to merge into one. Candidates have the same day of log time, the same day of
 * receipt and the same index configuration. Merging inside a day of receipt only keeps retention exact: a
 * segment goes when its newest log is past the ttl, so no log outlives it by more than a day.
 *
 * Sizes are in classes, each eight times larger than the one before. `COMPACT_SEGMENTS` of one class (or
 * smaller) become one segment of a next class: so each byte is written about once a class (size-tiered, as in
 * the logarithmic method; Bentley and Saxe, 1980). The last class ends at half of the largest size: two of it fit
 * together, and what comes of them is never written again. Once the day of receipt is over, whatever is left of
 * the group is brought together.
 *
 * A trickle of one log of 200 bytes every 5 s is 144 commits of 24 kB a day. All are of the smallest class, where each
 * eighth segment has what there is of it written again: 21 merges in the day, at most 7 segments at a time, 4 when the
 * day ends and 1 from then on, so 30 segments for a ttl of 30 days. Each byte is written some eleven times, which is
 * 39 MB a day: nothing beside what 144 commits cost.
 */
import { DAY_MS } from '#base/units.ts';
import type { SegmentInfo } from '#segment/segment.ts';
import {
  COMPACT_BYTES_MAX,
  COMPACT_BYTES_SMALLEST,
  COMPACT_DAY_AFTER_MS,
  COMPACT_INPUTS_MAX,
  COMPACT_SEGMENTS,
} from './limits.ts';

const DAY_SECONDS = DAY_MS / 1000;

export interface CompactionPlanOptions {
  readonly nowMs: number;
  /** Raw bytes of the largest result. */
  readonly bytesMax?: number | undefined;
}

/** The segments to merge, at least two, in order of their sequences; undefined when there is nothing to do. */
export function planCompaction(
  segments: readonly SegmentInfo[],
  options: CompactionPlanOptions,
): readonly SegmentInfo[] | undefined {
  const bytesMax = options.bytesMax ?? COMPACT_BYTES_MAX;
  const candidates = segments.filter((segment) => isCandidate(segment, bytesMax));
  for (const group of Map.groupBy(candidates, groupKey).values()) {
    const ordered = group.toSorted((a, b) => a.firstSequence - b.firstSequence);
    const plan = planGroup(ordered, { ...options, bytesMax });
    if (plan !== undefined) return plan;
  }
  return undefined;
}

/** Tells segments that no compaction will take any more. */
export function settledAt(nowMs: number): (segment: SegmentInfo) => boolean {
  return (segment) =>
    !isCandidate(segment, COMPACT_BYTES_MAX) || dayIsOver(segment, nowMs - DAY_MS);
}

function isCandidate(segment: SegmentInfo, bytesMax: number): boolean {
  const isOneDay = dayOf(segment.minTime) === dayOf(segment.maxTime);
  return isOneDay && segment.indexHash !== undefined && segment.rawBytes < bytesMax / 2;
}

function groupKey({ minTime, maxReceiveTimeMs, indexHash }: SegmentInfo): string {
  return `${dayOf(minTime)} ${Math.floor(maxReceiveTimeMs / DAY_MS)} ${indexHash}`;
}

function dayOf(timeSeconds: number): number {
  return Math.floor(timeSeconds / DAY_SECONDS);
}

/** Whether no commit can bring more logs that were received on the same day. */
function dayIsOver({ maxReceiveTimeMs }: SegmentInfo, nowMs: number): boolean {
  const endMs = (Math.floor(maxReceiveTimeMs / DAY_MS) + 1) * DAY_MS;
  return nowMs >= endMs + COMPACT_DAY_AFTER_MS;
}

function planGroup(
  group: readonly SegmentInfo[],
  { nowMs, bytesMax }: { readonly nowMs: number; readonly bytesMax: number },
): readonly SegmentInfo[] | undefined {
  const [first] = group;
  if (first === undefined) return undefined;
  const largest = bytesMax / 2;
  let classBytes = Math.min(COMPACT_BYTES_SMALLEST, largest);
  for (;;) {
    const members = group.filter(({ rawBytes }) => rawBytes < classBytes);
    if (members.length >= COMPACT_SEGMENTS) return whatFits(members, bytesMax);
    if (classBytes >= largest) break;
    classBytes = Math.min(classBytes * COMPACT_SEGMENTS, largest);
  }
  return group.length > 1 && dayIsOver(first, nowMs) ? whatFits(group, bytesMax) : undefined;
}

/** The first ones, as many as the limits allow; two always fit, for each has less than half of the bytes. */
function whatFits(segments: readonly SegmentInfo[], bytesMax: number): readonly SegmentInfo[] {
  let total = 0;
  const end = segments.findIndex(({ rawBytes }, i) => {
    total += rawBytes;
    return total > bytesMax || i >= COMPACT_INPUTS_MAX;
  });
  return end < 0 ? segments : segments.slice(0, end);
}

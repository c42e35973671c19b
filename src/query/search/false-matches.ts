/**
 * Finds the rows that the index gives although the request does not mean them. The index folds `__topic__` to
 * lower case (and cuts it, when the configuration has a key of that name) while topics are compared exactly,
 * and it knows times in seconds only while a request may begin and end inside one (sls-query §4.1). The
 * Parquet file has the topic as it was, and the segment its nanoseconds.
 */
import { Bitset } from '#kernel/bitset.ts';
import type { SegmentReader } from '#segment/segment.ts';
import { lowerBound } from './row-ranks.ts';

const TOPIC = '__topic__';

export interface TimeBounds {
  /** The first second, and the nanoseconds of it that are too early; Unix seconds. */
  readonly fromTime: number;
  readonly fromNs: number;
  /** The last second and the nanoseconds of it that still belong to the range; 0: none of the second. */
  readonly toTime: number;
  readonly toNs: number;
}

/** Rows to leave out, at least those among the candidates. The caller owns the set. */
export type FalseMatches = (reader: SegmentReader, candidates: Bitset) => Promise<Bitset>;

/** Rows of another topic. What it gives throws as the methods of the reader do. */
export function wrongTopics(topic: string): FalseMatches {
  return async (reader, candidates) =>
    candidates.isEmpty()
      ? new Bitset(reader.info.rowCount)
      : await reader.rowsWhere(TOPIC, (text) => text !== topic);
}

/** Rows of the first or last second that are too early or too late; undefined when there is no such. */
export function wrongTimes(bounds: TimeBounds): FalseMatches | undefined {
  const { fromTime, fromNs, toTime, toNs } = bounds;
  if (fromNs === 0 && toNs === 0) return undefined;
  return async (reader, candidates) => {
    const found = new Bitset(reader.info.rowCount);
    if (candidates.isEmpty()) return found;
    if (fromNs > 0) await addSecond(reader, { time: fromTime, isOut: (ns) => ns < fromNs }, found);
    if (toNs > 0) await addSecond(reader, { time: toTime, isOut: (ns) => ns >= toNs }, found);
    return found;
  };
}

/** Adds rows of one second by their nanoseconds. */
async function addSecond(
  reader: SegmentReader,
  second: { readonly time: number; readonly isOut: (timeNs: number) => boolean },
  found: Bitset,
): Promise<void> {
  const { minTime, maxTime } = reader.info;
  if (second.time < minTime || second.time > maxTime) return;
  const times = await reader.times();
  const timeNs = await reader.timeNs();
  const end = lowerBound(times, second.time + 1);
  for (let row = lowerBound(times, second.time); row < end; row++)
    if (second.isOut(timeNs?.[row] ?? 0)) found.add(row);
}

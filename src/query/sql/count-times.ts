/** How many logs have each time, from the index alone. */
import { countRanges } from '#kernel/count-ranges.ts';
import { TIMES_MAX } from '../limits.ts';
import type { SegmentMatch } from '../search/match-segment.ts';
import { lowerBound } from '../search/row-ranks.ts';

export interface TimeCounts {
  /** Unix seconds; a time may come again, from another segment. */
  readonly times: Uint32Array;
  /** Matching logs at the same place of `times`, more than 0. */
  readonly counts: Uint32Array;
}

/** The first row of each time of a segment. */
const edgesOf = new WeakMap<Uint32Array, Uint32Array>();

/** Undefined: more than `TIMES_MAX` times. `shiftSeconds` is added to each. */
export function countTimes(
  matches: readonly SegmentMatch[],
  shiftSeconds: number,
): TimeCounts | undefined {
  const found = matches.map((match) => ({ match, edges: clippedEdges(match) }));
  const size = found.reduce((sum, { edges }) => sum + edges.length, 0);
  if (size > TIMES_MAX) return undefined;
  const times = new Uint32Array(size);
  const counts = new Uint32Array(size);
  let length = 0;
  for (const { match, edges } of found) {
    const perTime = match.isFull
      ? edges.subarray(1).map((edge, i) => edge - edges[i]!)
      : countRanges(match.ranks.rows, edges);
    for (let i = 0; i < perTime.length; i++) {
      if (perTime[i] === 0) continue;
      times[length] = match.times[edges[i]!]! + shiftSeconds;
      counts[length++] = perTime[i]!;
    }
  }
  return { times: times.subarray(0, length), counts: counts.subarray(0, length) };
}

/** One entry for all logs, whose time is of no interest. */
export function countLogs(matches: readonly SegmentMatch[]): TimeCounts {
  const counts = matches.map((match) => match.ranks.count);
  return { times: new Uint32Array(counts.length), counts: Uint32Array.from(counts) };
}

/** The first rows of the times of the range, and its end. */
function clippedEdges({ times, firstRow, endRow }: SegmentMatch): Uint32Array {
  let edges = edgesOf.get(times);
  if (edges === undefined) {
    edges = timeEdges(times);
    edgesOf.set(times, edges);
  }
  const clipped = edges.slice(lowerBound(edges, firstRow), lowerBound(edges, endRow) + 1);
  if (clipped.length > 0) clipped[clipped.length - 1] = endRow;
  return clipped;
}

function timeEdges(times: Uint32Array): Uint32Array {
  let count = 0;
  for (let row = 0; row < times.length; row++) if (times[row] !== times[row - 1]) count++;
  const edges = new Uint32Array(count + 1);
  let at = 0;
  for (let row = 0; row < times.length; row++) if (times[row] !== times[row - 1]) edges[at++] = row;
  edges[at] = times.length;
  return edges;
}

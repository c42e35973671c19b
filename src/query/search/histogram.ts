/** Bucket widths and edges of histograms, and counting by them (sls-query §4.3). */
import { AppError } from '#base/app-error.ts';
import type { Bitset } from '#kernel/bitset.ts';
import { countRanges } from '#kernel/count-ranges.ts';
import { HISTOGRAM_BUCKETS_AUTO_MAX, HISTOGRAM_BUCKETS_MAX } from '../limits.ts';
import { lowerBound } from './row-ranks.ts';
import { zoneOffsetSeconds } from '../time-zone.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Widths in seconds, ascending; every one divides what is above it well enough to read off a scale. */
const STEPS: readonly number[] = [
  1,
  2,
  5,
  10,
  15,
  30,
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 7, 30].map((days) => days * DAY),
];

/** Unix seconds, [from, to). */
export interface BucketRange {
  readonly from: number;
  readonly to: number;
}

export interface BucketRequest {
  /** Unix seconds, [fromTime, toTime). */
  readonly fromTime: number;
  readonly toTime: number;
  /** 0: chosen from the range. */
  readonly intervalSeconds: number;
  /** IANA name; buckets start at round times of this zone. */
  readonly timeZone: string;
}

/**
 * Buckets without gaps over the range, with round edges but for the first and last one.
 * Errors: ParameterInvalid when the interval gives too many.
 */
export function bucketRanges(request: BucketRequest): BucketRange[] {
  const { fromTime, toTime } = request;
  const step = request.intervalSeconds || stepFor(toTime - fromTime);
  if ((toTime - fromTime) / step > HISTOGRAM_BUCKETS_MAX)
    throw new AppError(
      'ParameterInvalid',
      `interval gives more than ${HISTOGRAM_BUCKETS_MAX} buckets`,
    );
  const offset = zoneOffsetSeconds(request.timeZone, fromTime);
  const buckets: BucketRange[] = [];
  let from = fromTime;
  while (from < toTime) {
    const edge = (Math.floor((from + offset) / step) + 1) * step - offset;
    const to = Math.min(edge, toTime);
    buckets.push({ from, to });
    from = to;
  }
  return buckets;
}

export interface CountRequest {
  readonly ranges: readonly BucketRange[];
  /** The last second of a range that ends inside it belongs to the last bucket; Unix seconds, exclusive. */
  readonly toTime: number;
}

/** The rows of a segment to count. */
export interface CountedRows {
  readonly rows: Bitset;
  /** Log time by row, Unix seconds, ascending. */
  readonly times: Uint32Array;
  /** Whether the set holds all rows of the time range: then nothing has to be counted. */
  readonly isFull: boolean;
}

/** How many of the rows fall into each range, which follow each other without gaps. */
export function countByTime(request: CountRequest, counted: CountedRows): Uint32Array {
  const { ranges, toTime } = request;
  const edges = new Uint32Array(ranges.length + 1);
  for (let i = 0; i <= ranges.length; i++)
    edges[i] = lowerBound(counted.times, ranges[i]?.from ?? toTime);
  if (!counted.isFull) return countRanges(counted.rows, edges);
  return edges.subarray(1).map((edge, i) => edge - edges[i]!);
}

/**
 * The width depends on the length of the range alone, so that "the last hour" looks the same at every second. At most
 * HISTOGRAM_BUCKETS_AUTO_MAX widths fit into the range; one that does not begin at a round time cuts its first and last bucket,
 * which makes one bucket more when the widths fill it (15 min at 15 s: 60, or 61). Keeping to 60 would need twice the width for
 * nearly every range that people ask for.
 */
function stepFor(seconds: number): number {
  const step = STEPS.find((step) => seconds / step <= HISTOGRAM_BUCKETS_AUTO_MAX);
  const month = 30 * DAY;
  return step ?? Math.ceil(seconds / month / HISTOGRAM_BUCKETS_AUTO_MAX) * month;
}

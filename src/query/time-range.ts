/** The range of times that a query is about, which may begin and end inside a second (sls-query §4.1). */
import { AppError } from '#base/app-error.ts';
import { wrongTimes, wrongTopics } from './search/false-matches.ts';
import type { MatchRequest } from './search/match-segment.ts';

const NS_MAX = 999_999_999;

export interface TimeRange {
  /** Unix seconds, [fromTime, toTime). */
  readonly fromTime: number;
  readonly toTime: number;
  /** Nanoseconds added to `fromTime` and `toTime`, 0 to 999999999. Default: 0. */
  readonly fromNs?: number | undefined;
  readonly toNs?: number | undefined;
}

/** Errors: InvalidTimeRange. */
export function checkTimeRange({ fromTime, toTime, fromNs = 0, toNs = 0 }: TimeRange): void {
  if (!Number.isSafeInteger(fromTime) || !Number.isSafeInteger(toTime) || fromTime >= toTime)
    throw new AppError('InvalidTimeRange', 'request time range is invalid');
  if (!isNs(fromNs) || !isNs(toNs))
    throw new AppError('InvalidTimeRange', 'fromNs and toNs must be between 0 and 999999999');
}

/** The range in whole seconds, and what has to be left out again of what the index finds in it. */
export function exactBounds(
  range: TimeRange & { readonly topic: string },
): Pick<MatchRequest, 'fromTime' | 'toTime' | 'wrongTopics' | 'wrongTimes'> {
  const { fromTime, fromNs = 0, toNs = 0, topic } = range;
  return {
    fromTime,
    toTime: endSecond(range),
    wrongTopics: wrongTopics(topic),
    wrongTimes: wrongTimes({ ...range, fromNs, toNs }),
  };
}

/** The second after the last one that the range touches. */
function endSecond({ toTime, toNs = 0 }: TimeRange): number {
  return toNs > 0 ? toTime + 1 : toTime;
}

function isNs(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= NS_MAX;
}

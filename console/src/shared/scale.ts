import type { TimeWindow } from './log-types.ts';

/** Steps of a time axis in seconds, each readable on a clock or a calendar. */
const TIME_STEPS: readonly number[] = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
  172_800, 604_800, 1_209_600, 2_592_000,
];

export interface Tick {
  readonly value: number;
  readonly label: string;
}

/**
 * Round times inside the window, at most `countMax`. `offsetSeconds` is the zone's distance from UTC: ticks fall on
 * round local times and are labelled in local time.
 */
export function timeTicks(window: TimeWindow, countMax: number, offsetSeconds: number): Tick[] {
  const span = window.to - window.from;
  if (span <= 0 || countMax < 1) return [];
  const step =
    TIME_STEPS.find((seconds) => span / seconds <= countMax) ?? Math.ceil(span / countMax);
  const ticks: Tick[] = [];
  let value = Math.ceil((window.from + offsetSeconds) / step) * step - offsetSeconds;
  for (; value < window.to && ticks.length <= countMax; value += step) {
    ticks.push({ value, label: timeLabel(value + offsetSeconds, step) });
  }
  return ticks;
}

/** The label of a local time (seconds already shifted by the zone) on an axis with this step. */
function timeLabel(shiftedSeconds: number, step: number): string {
  const iso = new Date(shiftedSeconds * 1000).toISOString();
  const day = iso.slice(5, 10);
  const isMidnight = shiftedSeconds % 86_400 === 0;
  if (step >= 86_400 || isMidnight) return day;
  return step < 60 ? iso.slice(11, 19) : iso.slice(11, 16);
}

/** The zone's distance from UTC in seconds at that moment, as the browser knows it. */
export function zoneOffset(seconds: number): number {
  return -new Date(seconds * 1000).getTimezoneOffset() * 60;
}

/** About `count` round values from `low` to at least `high`, both ends included. */
export function niceTicks(low: number, high: number, count: number): number[] {
  if (!(high > low)) return [low, low + 1];
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.floor(low / step);
  const last = Math.ceil(high / step);
  const ticks: number[] = [];
  for (let index = first; index <= last; index += 1)
    ticks.push(Number((index * step).toPrecision(12)));
  return ticks;
}

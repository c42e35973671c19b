import type { TimeWindow } from '../../shared/log-types.ts';
import { formatSpan, formatWindow } from '../../shared/format.ts';

/** What the user chose: a span that ends now, or two fixed times. */
export type TimeRange =
  | { readonly kind: 'relative'; readonly seconds: number }
  | ({ readonly kind: 'absolute' } & TimeWindow);

export interface RelativeChoice {
  readonly seconds: number;
  readonly label: string;
}

export const RELATIVE_CHOICES: readonly RelativeChoice[] = [
  { seconds: 300, label: 'Last 5 minutes' },
  { seconds: 900, label: 'Last 15 minutes' },
  { seconds: 3600, label: 'Last 1 hour' },
  { seconds: 4 * 3600, label: 'Last 4 hours' },
  { seconds: 86_400, label: 'Last 1 day' },
  { seconds: 7 * 86_400, label: 'Last 7 days' },
  { seconds: 30 * 86_400, label: 'Last 30 days' },
];

export const DEFAULT_RANGE: TimeRange = { kind: 'relative', seconds: 900 };

/** Longest range of a link: ten years, the longest time to live of a logstore. */
const RANGE_SECONDS_MAX = 3650 * 86_400;

/** The span [from, to) at that moment. `to` is one past the running second, whose logs are wanted too. */
export function resolveRange(range: TimeRange, nowMs: number): TimeWindow {
  if (range.kind === 'absolute') return { from: range.from, to: range.to };
  const to = Math.floor(nowMs / 1000) + 1;
  return { from: to - range.seconds, to };
}

export function describeRange(range: TimeRange): string {
  if (range.kind === 'absolute') return formatWindow(range.from, range.to);
  const choice = RELATIVE_CHOICES.find((candidate) => candidate.seconds === range.seconds);
  return choice?.label ?? `Last ${formatSpan(range.seconds)}`;
}

/** Twice the window around the same middle, but not past now while the window itself is not. */
export function zoomOut(window: TimeWindow, nowMs: number): TimeRange {
  const span = window.to - window.from;
  const end = Math.max(window.to, Math.floor(nowMs / 1000) + 1);
  const to = Math.min(window.to + Math.ceil(span / 2), end);
  const from = Math.max(0, to - 2 * span);
  return { kind: 'absolute', from, to };
}

/** The next longer relative range, or the doubled one; absolute ranges are doubled around their middle. */
export function widen(range: TimeRange, nowMs: number): TimeRange {
  if (range.kind === 'absolute') return zoomOut(range, nowMs);
  const longer = RELATIVE_CHOICES.find((choice) => choice.seconds > range.seconds);
  const seconds = longer?.seconds ?? Math.min(range.seconds * 2, RANGE_SECONDS_MAX);
  return { kind: 'relative', seconds };
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** The range in a link: `15m`, `1d`, or `1700000000-1700000900`. */
export function printRange(range: TimeRange): string {
  if (range.kind === 'absolute') return `${range.from}-${range.to}`;
  for (const unit of ['d', 'h', 'm'] as const) {
    const size = UNIT_SECONDS[unit] ?? 1;
    if (range.seconds % size === 0) return `${range.seconds / size}${unit}`;
  }
  return `${range.seconds}s`;
}

/** Reads `printRange`'s text; undefined when it is something else. */
export function parseRange(text: string): TimeRange | undefined {
  const relative = /^(\d{1,8})([smhd])$/.exec(text);
  if (relative !== null) {
    const seconds = Number(relative[1]) * (UNIT_SECONDS[relative[2] ?? ''] ?? 0);
    const valid = seconds > 0 && seconds <= RANGE_SECONDS_MAX;
    return valid ? { kind: 'relative', seconds } : undefined;
  }
  const absolute = /^(\d{1,11})-(\d{1,11})$/.exec(text);
  if (absolute === null) return undefined;
  const from = Number(absolute[1]);
  const to = Number(absolute[2]);
  return from < to ? { kind: 'absolute', from, to } : undefined;
}

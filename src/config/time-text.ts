/** Times as commands take them: fixed ones, and ones that count from now. */
import { z } from 'zod';

/** A time that is known once the clock is asked. */
export interface TimeText {
  readonly from: 'epoch' | 'now';
  /** Since the one, or from the other; below 0 before it. */
  readonly seconds: number;
}

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
};
/** Unix seconds are 32 bits in a log. */
const SECONDS_MAX: number = 2 ** 32;

const RELATIVE = /^(?:now)?([+-])(\d{1,9})([smhdw])$/u;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)$/u;

/** What the help says of them. */
export const TIME_FORMS = 'now, -15m (s, m, h, d, w), Unix seconds, or 2026-11-23T08:00:00Z';

/** `now`, `-15m`, `now-15m`, Unix seconds, or a date and time with its zone (ISO 8601). */
export const timeText: z.ZodType<TimeText, string> = z.string().transform((value, context) => {
  const time = parseTime(value.trim());
  if (time !== undefined) return time;
  context.addIssue(`it is not a time like ${TIME_FORMS}`);
  return z.NEVER;
});

/** Unix seconds; times before 1970 are its beginning. */
export function secondsOf(time: TimeText, nowMs: number): number {
  if (time.from === 'epoch') return time.seconds;
  const seconds = Math.floor(nowMs / 1000) + time.seconds;
  return Math.min(Math.max(0, seconds), SECONDS_MAX);
}

function parseTime(text: string): TimeText | undefined {
  if (text === 'now') return { from: 'now', seconds: 0 };
  const relative = RELATIVE.exec(text);
  if (relative !== null) {
    const [, sign, count = '', unit = ''] = relative;
    const seconds = Number(count) * (UNIT_SECONDS[unit] ?? 1);
    return { from: 'now', seconds: sign === '-' ? -seconds : seconds };
  }
  const seconds = ISO.test(text) ? Date.parse(text) / 1000 : /^\d{1,10}$/u.test(text) ? +text : -1;
  return seconds >= 0 && seconds <= SECONDS_MAX ? { from: 'epoch', seconds } : undefined;
}

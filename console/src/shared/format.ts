/** Times and numbers as text. Times are shown in the browser's zone. */

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** `2026-11-22 19:04:05` in the local zone. */
export function formatLocalTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return `${formatLocalDate(date)} ${formatClock(date)}`;
}

function formatLocalDate(date: Date): string {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function formatClock(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/**
 * Unix seconds of `2026-11-22 19:04:05` in the local zone; the time, or its seconds, may be left out. Also reads Unix
 * seconds and ISO 8601 with a zone. Undefined when the text is none of these or no real time.
 */
export function parseLocalTime(text: string): number | undefined {
  const trimmed = text.trim();
  if (/^\d{9,11}$/.test(trimmed)) return Number(trimmed);
  if (/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:?\d\d)$/.test(trimmed)) {
    const ms = Date.parse(trimmed);
    return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
  }
  const parts = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?$/.exec(
    trimmed,
  );
  if (parts === null) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1).map((part) => Number(part ?? 0));
  const date = new Date(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
  // Date rolls 31 April over to 1 May; such a text is a mistake of the user.
  if (date.getMonth() + 1 !== month || date.getDate() !== day) return undefined;
  if ((hour ?? 0) > 23 || (minute ?? 0) > 59 || (second ?? 0) > 59) return undefined;
  return Math.floor(date.getTime() / 1000);
}

/** The time of a log with as many digits below the second as the log has, at most milliseconds. */
export function formatLogTime(seconds: string, nanoseconds: string | undefined): string {
  const value = Number(seconds);
  if (!Number.isFinite(value) || seconds === '') return seconds;
  const text = formatLocalTime(value);
  if (nanoseconds === undefined || !/^\d{1,9}$/.test(nanoseconds)) return text;
  return `${text}.${nanoseconds.padStart(9, '0').slice(0, 3)}`;
}

/** `12,345`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** A number for an axis or a tooltip: grouped, at most four significant decimals. */
export function formatNumber(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 15, maximumFractionDigits: 4 });
}

/** A number for an axis: `1.2k`, `3M`. */
export function formatCompact(value: number): string {
  if (Math.abs(value) < 10_000) return formatNumber(value);
  return value.toLocaleString('en-US', { notation: 'compact', maximumFractionDigits: 1 });
}

/** `0.4 ms`, `17 ms`, `1.3 s`: what is to be compared, not measured. */
export function formatMs(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toPrecision(3)} s`;
  return ms >= 10 || ms < 0.05 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`;
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `512 B`, `1.4 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit] ?? ''}`;
}

const UNITS: readonly (readonly [number, string])[] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
];

/** `15 min`, `1 h 30 min`: the two largest units. */
export function formatSpan(seconds: number): string {
  const parts: string[] = [];
  let rest = Math.max(0, Math.round(seconds));
  for (const [unit, name] of UNITS) {
    const count = Math.floor(rest / unit);
    if (count > 0 && parts.length < 2) parts.push(`${count} ${name}`);
    rest %= unit;
  }
  return parts.length === 0 ? '0 s' : parts.join(' ');
}

/** `UTC+08:00`: the local zone at that moment. */
export function formatZone(seconds: number): string {
  const minutes = -new Date(seconds * 1000).getTimezoneOffset();
  const sign = minutes < 0 ? '−' : '+';
  const size = Math.abs(minutes);
  return `UTC${sign}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** A span of time as short as it can be said: the second date is left out when it is the first. */
export function formatWindow(from: number, to: number): string {
  const start = formatLocalTime(from);
  const end = formatLocalTime(to);
  return start.slice(0, 10) === end.slice(0, 10)
    ? `${start} – ${end.slice(11)}`
    : `${start} – ${end}`;
}

/**
 * Texts of sizes and of spans of time: a number and a unit (sls-query appendix B). Sizes go in steps of 1024; a result without
 * a fraction has no decimals, else two.
 */
import { AppError } from '#base/app-error.ts';
import { HUGE, REAL, TEXT, udf, type UdfFamily } from './scalar-udf.ts';

const SIZE_UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'] as const;
const SIZE_STEP = 1024;
/** As many digits as a decimal of the service has. */
const BYTES_MAX = 1e38;

/** Nanoseconds of each unit, smallest first: whole numbers, so that no unit adds an error of its own. */
const TIME_UNITS: readonly (readonly [string, number])[] = [
  ['ns', 1],
  ['us', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
  ['m', 60e9],
  ['h', 3600e9],
  ['d', 86_400e9],
];
const TIME_NAMES: Readonly<Record<string, string>> = {
  d: 'days',
  h: 'hours',
  m: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
};
const WEEK_SECONDS = 7 * 86_400;
const PARTS: readonly (readonly [string, number])[] = [
  ['week', WEEK_SECONDS],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];

export const UNITS: UdfFamily = {
  functions: [
    udf('sls_size', [TEXT], REAL, parseSize),
    udf('sls_size_bytes', [TEXT], HUGE, sizeBytes),
    udf('sls_size_text', [REAL], TEXT, (bytes) => sizeText(bytes, bestSizeUnit(bytes))),
    udf('sls_size_text_in', [REAL, TEXT], TEXT, sizeText),
    udf('sls_size_in', [TEXT, TEXT], REAL, (text, unit) => parseSize(text) / sizeOf(unit)),
    udf('sls_time_in', [TEXT, TEXT], REAL, timeIn),
    udf('sls_time_text', [TEXT], TEXT, bestTimeText),
    udf('sls_time_clock', [TEXT], TEXT, clockText),
    udf('sls_time_words', [REAL], TEXT, (seconds) => timeWords(seconds, 'day')),
    udf('sls_time_words_week', [REAL], TEXT, (seconds) => timeWords(seconds, 'week')),
  ],
  macros: `
CREATE MACRO convert_data_size(x) AS sls_size_text(sls_size(x::VARCHAR)),
  (x, unit) AS sls_size_text_in(sls_size(x::VARCHAR), unit);
CREATE MACRO format_data_size(x, unit) AS sls_size_text_in(x::DOUBLE, unit);
CREATE MACRO parse_data_size(x) AS sls_size_bytes(x::VARCHAR);
${SIZE_UNITS.map((unit) => `CREATE MACRO to_data_size_${unit}(x) AS sls_size_in(x::VARCHAR, '${unit}');`).join('\n')}
CREATE MACRO format_duration(x) AS sls_time_words(x::DOUBLE);
CREATE MACRO human_readable_seconds(x) AS sls_time_words_week(x::DOUBLE);
CREATE MACRO parse_duration(x) AS sls_time_clock(x::VARCHAR);
CREATE MACRO to_most_succinct_time_unit(x) AS sls_time_text(x::VARCHAR);
${TIME_UNITS.map(([unit]) => `CREATE MACRO sls_to_${TIME_NAMES[unit]}(x) AS sls_time_in(x::VARCHAR, '${unit}');`).join('\n')}
`,
};

function sizeOf(unit: string): number {
  const upper = unit.trim().toUpperCase();
  const power = SIZE_UNITS.findIndex((name) => name === upper || name === `${upper}B`);
  if (power < 0) throw new AppError('ParameterInvalid', `unknown unit of size: ${shown(unit)}`);
  return SIZE_STEP ** power;
}

function parseSize(text: string): number {
  const [number, unit] = numberAndUnit(text, 'data size');
  return number * sizeOf(unit === '' ? 'B' : unit);
}

function sizeBytes(text: string): bigint {
  const bytes = parseSize(text);
  if (Math.abs(bytes) > BYTES_MAX) throw new AppError('ParameterInvalid', 'data size is too large');
  return BigInt(Math.round(bytes));
}

function bestSizeUnit(bytes: number): string {
  const best = SIZE_UNITS.findLast((_unit, i) => Math.abs(bytes) >= SIZE_STEP ** i);
  return best ?? 'B';
}

function sizeText(bytes: number, unit: string): string {
  return `${shortNumber(bytes / sizeOf(unit))}${unit.trim()}`;
}

function timeNs(text: string): number {
  const [number, unit] = numberAndUnit(text, 'duration');
  return number * nsOf(unit);
}

function nsOf(unit: string): number {
  const ns = TIME_UNITS.find(([name]) => name === unit)?.[1];
  if (ns === undefined)
    throw new AppError('ParameterInvalid', `unknown unit of time: ${shown(unit)}`);
  return ns;
}

function timeIn(text: string, unit: string): number {
  return timeNs(text) / nsOf(unit);
}

function bestTimeText(text: string): string {
  const ns = timeNs(text);
  const unit = TIME_UNITS.findLast(([, size]) => Math.abs(ns) >= size)?.[0] ?? 'ns';
  return `${shortNumber(ns / nsOf(unit))}${unit}`;
}

/** `days hours:minutes:seconds.milliseconds` */
function clockText(text: string): string {
  const ms = Math.round(timeIn(text, 'ms'));
  if (!Number.isSafeInteger(ms)) throw new AppError('ParameterInvalid', 'duration is too long');
  const sign = ms < 0 ? '-' : '';
  const rest = Math.abs(ms);
  const part = (size: number, modulus: number, digits: number): string =>
    String(Math.floor(rest / size) % modulus).padStart(digits, '0');
  const days = Math.floor(rest / 86_400_000);
  return `${sign}${days} ${part(3_600_000, 24, 2)}:${part(60_000, 60, 2)}:${part(1000, 60, 2)}.${part(1, 1000, 3)}`;
}

/** `3 minutes, 55 seconds`, from that unit down. */
function timeWords(seconds: number, largest: 'week' | 'day'): string {
  const whole = Math.round(Math.abs(seconds));
  if (!Number.isSafeInteger(whole)) throw new AppError('ParameterInvalid', 'duration is too long');
  const words: string[] = [];
  let rest = whole;
  for (const [name, size] of largest === 'week' ? PARTS : PARTS.slice(1)) {
    const count = Math.floor(rest / size);
    rest %= size;
    if (count > 0) words.push(`${count} ${name}${count === 1 ? '' : 's'}`);
  }
  const text = words.length === 0 ? '0 seconds' : words.join(', ');
  return seconds < 0 && whole > 0 ? `-${text}` : text;
}

function numberAndUnit(text: string, what: string): readonly [number, string] {
  const match = /^\s*([-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)\s*([a-zA-Z]*)\s*$/.exec(
    // Far longer than any number, and short enough for the pattern's steps back.
    text.length > 400 ? '' : text,
  );
  const number = Number(match?.[1]);
  if (match === null || !Number.isFinite(number))
    throw new AppError('ParameterInvalid', `invalid ${what}: ${shown(text)}`);
  return [number, match[2] ?? ''];
}

function shortNumber(value: number): string {
  const text = value.toFixed(2);
  return text.replace(/\.00$/, '');
}

function shown(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

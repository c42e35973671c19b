/**
 * `date_format` and `date_parse` with a format that is known only row by row (sls-query §3.7). Constant formats, which nearly
 * all are, go to DuckDB's own functions and mean the same.
 */
import { AppError } from '#base/app-error.ts';
import { TEXT, TIME, udf, type UdfFamily } from './scalar-udf.ts';

const DAY_MS = 86_400_000;
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;
const DAYS = [
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
] as const;
/** Wall time that JavaScript can take apart, in microseconds. */
const TIME_MAX = 8_640_000_000_000_000_000n;

export const TIME_TEXTS: UdfFamily = {
  functions: [
    udf('sls_date_format', [TIME, TEXT], TEXT, formatTime),
    udf('sls_date_parse', [TEXT, TEXT], TIME, parseTime),
  ],
  macros: '',
};

interface Moment {
  readonly date: Date;
  readonly micros: number;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function hour12(date: Date): number {
  return date.getUTCHours() % 12 || 12;
}

function yearStart(year: number): number {
  return new Date(0).setUTCFullYear(year, 0, 1);
}

function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - yearStart(date.getUTCFullYear())) / DAY_MS) + 1;
}

/** The week of ISO 8601 and its year: those of its Thursday. */
function isoWeek(date: Date): readonly [year: number, week: number] {
  const thursday = new Date(date.getTime() + (4 - (date.getUTCDay() || 7)) * DAY_MS);
  return [thursday.getUTCFullYear(), Math.ceil(dayOfYear(thursday) / 7)];
}

const WRITERS: Readonly<Record<string, (moment: Moment) => string>> = {
  Y: ({ date }) => String(date.getUTCFullYear()).padStart(4, '0'),
  y: ({ date }) => two(date.getUTCFullYear() % 100),
  m: ({ date }) => two(date.getUTCMonth() + 1),
  c: ({ date }) => String(date.getUTCMonth() + 1),
  d: ({ date }) => two(date.getUTCDate()),
  e: ({ date }) => String(date.getUTCDate()),
  H: ({ date }) => two(date.getUTCHours()),
  k: ({ date }) => String(date.getUTCHours()),
  h: ({ date }) => two(hour12(date)),
  I: ({ date }) => two(hour12(date)),
  l: ({ date }) => String(hour12(date)),
  i: ({ date }) => two(date.getUTCMinutes()),
  s: ({ date }) => two(date.getUTCSeconds()),
  S: ({ date }) => two(date.getUTCSeconds()),
  f: ({ micros }) => String(micros).padStart(6, '0'),
  p: ({ date }) => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
  T: ({ date }) => date.toISOString().slice(-13, -5),
  r: (moment) => formatParts(moment, '%I:%i:%s %p'),
  M: ({ date }) => MONTHS[date.getUTCMonth()] ?? '',
  b: ({ date }) => (MONTHS[date.getUTCMonth()] ?? '').slice(0, 3),
  W: ({ date }) => DAYS[date.getUTCDay()] ?? '',
  a: ({ date }) => (DAYS[date.getUTCDay()] ?? '').slice(0, 3),
  j: ({ date }) => String(dayOfYear(date)).padStart(3, '0'),
  w: ({ date }) => String(date.getUTCDay()),
  v: ({ date }) => two(isoWeek(date)[1]),
  x: ({ date }) => String(isoWeek(date)[0]).padStart(4, '0'),
  V: ({ date }) => two(Math.floor((dayOfYear(date) + 6 - date.getUTCDay()) / 7)),
  '%': () => '%',
};

function formatTime(time: bigint, format: string): string {
  if (time > TIME_MAX || time < -TIME_MAX)
    throw new AppError('ParameterInvalid', 'timestamp is out of range');
  const micros = Number(((time % 1_000_000n) + 1_000_000n) % 1_000_000n);
  return formatParts({ date: new Date(Number(time - BigInt(micros)) / 1000), micros }, format);
}

function formatParts(moment: Moment, format: string): string {
  return format.replaceAll(/%([\s\S])?/g, (_pair, letter: string | undefined) => {
    if (letter === undefined) return '%';
    if (/^[UuXD]$/.test(letter)) throw unsupported(letter);
    return Object.hasOwn(WRITERS, letter) ? (WRITERS[letter]?.(moment) ?? '') : letter;
  });
}

interface Fields {
  year: number;
  month: number;
  day: number;
  dayOfYear: number | undefined;
  hour: number;
  minute: number;
  second: number;
  micros: number;
  isAfternoon: boolean | undefined;
}

interface Reader {
  readonly pattern: RegExp;
  readonly put: (fields: Fields, text: string) => void;
}

const TWO_DIGITS = /\d{1,2}/y;

function nameReader(
  names: readonly string[],
  put: (fields: Fields, index: number) => void,
): Reader {
  const lower = names.map((name) => name.toLowerCase());
  return {
    pattern: new RegExp(names.join('|'), 'iy'),
    put: (fields, text) => put(fields, lower.indexOf(text.toLowerCase())),
  };
}

function numberReader(put: (fields: Fields, value: number) => void, pattern = TWO_DIGITS): Reader {
  return { pattern, put: (fields, text) => put(fields, Number(text)) };
}

const MONTH = numberReader((fields, value) => (fields.month = value));
const DAY = numberReader((fields, value) => (fields.day = value));
const HOUR = numberReader((fields, value) => (fields.hour = value));
const MINUTE = numberReader((fields, value) => (fields.minute = value));
const SECOND = numberReader((fields, value) => (fields.second = value));
const short = (name: string): string => name.slice(0, 3);

const READERS: Readonly<Record<string, Reader>> = {
  Y: numberReader((fields, value) => (fields.year = value), /\d{1,4}/y),
  y: numberReader((fields, value) => (fields.year = value + (value < 70 ? 2000 : 1900))),
  m: MONTH,
  c: MONTH,
  d: DAY,
  e: DAY,
  H: HOUR,
  k: HOUR,
  h: HOUR,
  I: HOUR,
  l: HOUR,
  i: MINUTE,
  s: SECOND,
  S: SECOND,
  j: numberReader((fields, value) => (fields.dayOfYear = value), /\d{1,3}/y),
  f: {
    pattern: /\d{1,9}/y,
    put: (fields, text) => (fields.micros = Number(text.padEnd(6, '0').slice(0, 6))),
  },
  p: {
    pattern: /[ap]m/iy,
    put: (fields, text) => (fields.isAfternoon = text.toLowerCase() === 'pm'),
  },
  M: nameReader(MONTHS, (fields, index) => (fields.month = index + 1)),
  b: nameReader(MONTHS.map(short), (fields, index) => (fields.month = index + 1)),
  W: nameReader(DAYS, () => undefined),
  a: nameReader(DAYS.map(short), () => undefined),
};
const GROUPS: Readonly<Record<string, string>> = { T: '%H:%i:%s', r: '%I:%i:%s %p' };

function parseTime(text: string, format: string): bigint {
  const fields: Fields = {
    year: 1970,
    month: 1,
    day: 1,
    dayOfYear: undefined,
    hour: 0,
    minute: 0,
    second: 0,
    micros: 0,
    isAfternoon: undefined,
  };
  const plain = format.replaceAll(/%([Tr])/g, (_pair, letter: string) => GROUPS[letter] ?? '');
  let at = 0;
  for (const [part, letter] of plain.matchAll(/%([\s\S])|[\s\S]/gu)) {
    const reader =
      letter !== undefined && Object.hasOwn(READERS, letter) ? READERS[letter] : undefined;
    if (letter !== undefined && /^[UuXDVvxw]$/.test(letter)) throw unsupported(letter);
    if (reader === undefined) {
      const wanted = letter ?? part;
      if (!text.startsWith(wanted, at)) throw unreadable(text, format);
      at += wanted.length;
      continue;
    }
    reader.pattern.lastIndex = at;
    const found = reader.pattern.exec(text)?.[0];
    if (found === undefined) throw unreadable(text, format);
    reader.put(fields, found);
    at += found.length;
  }
  const time = at === text.length ? timeOf(fields) : undefined;
  if (time === undefined) throw unreadable(text, format);
  return time;
}

/** Undefined when there is no such time. */
function timeOf(fields: Fields): bigint | undefined {
  const { year, month, day, minute, second, micros, isAfternoon } = fields;
  let { hour } = fields;
  if (isAfternoon !== undefined) {
    if (hour < 1 || hour > 12) return undefined;
    hour = (hour % 12) + (isAfternoon ? 12 : 0);
  }
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  if (fields.dayOfYear !== undefined) {
    date.setUTCFullYear(year, 0, fields.dayOfYear);
    if (date.getUTCFullYear() !== year) return undefined;
  }
  date.setUTCHours(hour, minute, second);
  return BigInt(date.getTime()) * 1000n + BigInt(micros);
}

function unsupported(letter: string): AppError {
  return new AppError(
    'ParameterInvalid',
    `invalid format: %${letter} not supported in date format string`,
  );
}

function unreadable(text: string, format: string): AppError {
  return new AppError(
    'ParameterInvalid',
    `invalid format: "${text.slice(0, 80)}" does not fit "${format.slice(0, 80)}"`,
  );
}

/**
 * Log groups as JSON: the body of JSON writes (sls-api §5.4) and of web tracking (§5.5).
 *
 *   {"__topic__": "", "__source__": "", "__tags__": {"k": "v"},
 *    "__logs__": [{"__time__": 1700000000, "__time_ns_part__": 0, "k": "v"}]}
 *
 * Only `__logs__` is required. Values that are not strings are stored as their JSON text. Unknown members
 * beside these are ignored.
 */
import { AppError } from '#base/app-error.ts';
import type { Log, LogGroup, LogPair } from './log-group.ts';

const SECONDS_TEXT = /^\d{1,10}$/;

export interface JsonGroupOptions {
  /** Unix seconds given to logs without `__time__`. */
  readonly receiveTime: number;
  /** Web tracking: every log gets the receive time, whatever it says itself. */
  readonly overwriteTime: boolean;
  /** The group's source when the body names none. */
  readonly defaultSource: string;
}

/**
 * The log group that a JSON body (UTF-8) describes. Keys, sizes and times still have to be checked, as those of
 * any group. Errors: PostBodyInvalid, InvalidTimestamp (a `__time__` that is no whole number of seconds).
 */
export function parseJsonLogGroup(body: Uint8Array, options: JsonGroupOptions): LogGroup {
  const root = parseJson(body);
  if (!isObject(root)) throw invalid('the body is not a JSON object');
  const logs = root['__logs__'];
  if (!Array.isArray(logs)) throw invalid('__logs__ is not an array');
  const tags = root['__tags__'] ?? {};
  if (!isObject(tags)) throw invalid('__tags__ is not an object');
  return {
    logs: logs.map((log: unknown) => toLog(log, options)),
    topic: textMember(root, '__topic__') ?? '',
    source: textMember(root, '__source__') || options.defaultSource,
    tags: Object.entries(tags).map(([key, value]) => toPair(key, value)),
  };
}

/**
 * The log group of a web-tracking GET: one log of all query parameters but `APIVersion`, `__topic__`
 * and `__source__`. Without any parameter left the group holds no log.
 */
export function trackQueryLogGroup(
  parameters: readonly (readonly [key: string, value: string])[],
  options: JsonGroupOptions,
): LogGroup {
  const contents: LogPair[] = [];
  let topic = '';
  let source = options.defaultSource;
  for (const [key, value] of parameters) {
    if (key === '__topic__') topic = value;
    else if (key === '__source__') source = value || options.defaultSource;
    else if (key !== 'APIVersion' && key !== '__time__') contents.push({ key, value });
  }
  const logs = contents.length === 0 ? [] : [{ time: options.receiveTime, contents }];
  return { logs, topic, source, tags: [] };
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(TEXT.decode(body));
  } catch (error) {
    throw new AppError('PostBodyInvalid', 'the body is not valid JSON', { cause: error });
  }
}

const TEXT = new TextDecoder();

function toLog(log: unknown, options: JsonGroupOptions): Log {
  if (!isObject(log)) throw invalid('an entry of __logs__ is not an object');
  const contents: LogPair[] = [];
  let time = options.receiveTime;
  let timeNs = 0;
  for (const [key, value] of Object.entries(log)) {
    if (key === '__time__') {
      if (!options.overwriteTime) time = wholeNumber(key, value);
    } else if (key === '__time_ns_part__') {
      if (!options.overwriteTime) timeNs = wholeNumber(key, value);
    } else contents.push(toPair(key, value));
  }
  return { time, timeNs, contents };
}

/** A number or a decimal text of at most 32 bits. */
function wholeNumber(key: string, value: unknown): number {
  const number =
    typeof value === 'string' && SECONDS_TEXT.test(value.trim()) ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number)) {
    if (number >= 0 && number <= 0xffffffff) return number;
  }
  throw new AppError('InvalidTimestamp', `${key} is not a whole number in range`);
}

function toPair(key: string, value: unknown): LogPair {
  return { key, value: typeof value === 'string' ? value : jsonText(value) };
}

/** Parsing has no limit of depth, writing has one: thousands of nested arrays end in a RangeError. */
function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw new AppError('PostBodyInvalid', 'a value is nested too deeply', { cause: error });
  }
}

function textMember(root: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = root[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw invalid(`${key} is not a string`);
  return value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string): AppError {
  return new AppError('PostBodyInvalid', message);
}

/**
 * The LogGroup message (proto2; field keys are number × 8 + wire type):
 *
 *   LogGroup  0x0a Logs*  0x12 Reserved  0x1a Topic  0x22 Source  0x2a MachineUUID  0x32 LogTags*
 *   Log       0x08 Time (varint, Unix seconds, required)  0x12 Contents*  0x25 Time_ns (fixed32, 0–999 999 999)
 *   Content   0x0a Key  0x12 Value (both required)        LogTag: the same two fields
 *
 * Fields may stand in any order; of a field that must not repeat the last one counts; unknown fields are
 * skipped; a known field with another wire type is malformed. Values are bytes: some writers put in
 * text that is not UTF-8. Keys must be UTF-8. Source: sls-api §4.
 */
import { AppError } from '#base/app-error.ts';
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from './limits.ts';
import { isUtf8, utf8Length } from './utf8.ts';
import { malformed, varintBytes, WireReader, WireWriter } from './wire.ts';

const GROUP_LOG = 0x0a;
const GROUP_TOPIC = 0x1a;
const GROUP_SOURCE = 0x22;
const GROUP_TAG = 0x32;
const LOG_TIME = 0x08;
const LOG_CONTENT = 0x12;
const LOG_TIME_NS = 0x25;
const PAIR_KEY = 0x0a;
const PAIR_VALUE = 0x12;

const GROUP_FIELD_MAX = 6;
const PAIR_FIELD_MAX = 2;
const TIME_MAX = 0xffffffff;
const TIME_NS_END = 1_000_000_000;
const KEY_CACHE_MAX = 1024;

export interface LogGroupLimits {
  readonly keyBytesMax: number;
  readonly valueBytesMax: number;
}

export const LOG_GROUP_LIMITS: LogGroupLimits = {
  keyBytesMax: KEY_BYTES_MAX,
  valueBytesMax: VALUE_BYTES_MAX,
};

/** What a write needs to know of a group. Times are Unix seconds, 0 when the group holds no log. */
export interface LogGroupSummary {
  readonly logCount: number;
  readonly minTime: number;
  readonly maxTime: number;
}

/** Gets the parts of a group as byte ranges [start, end) of the group's bytes. */
export interface LogGroupVisitor {
  /** At most once, before any log. Not called when the group has no topic field. */
  topic(start: number, end: number): void;
  /** At most once, before any log. */
  source(start: number, end: number): void;
  /** All tags come before any log, in wire order; keys may repeat. */
  tag(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void;
  /** `time` Unix seconds; `timeNs` the part inside the second, 0 when absent. */
  beginLog(time: number, timeNs: number): void;
  /** In wire order; keys may repeat inside a log. */
  content(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void;
  endLog(): void;
}

export interface LogPair<Value = string> {
  readonly key: string;
  readonly value: Value;
}

export interface Log<Value = string> {
  /** Unix seconds, 1–4294967295. */
  readonly time: number;
  /** Nanoseconds inside the second, 0–999999999. */
  readonly timeNs?: number | undefined;
  readonly contents: readonly LogPair<Value>[];
}

export interface LogGroup<Value = string> {
  readonly logs: readonly Log<Value>[];
  readonly topic: string;
  readonly source: string;
  readonly tags: readonly LogPair<Value>[];
}

/** Reads one key–value pair message; its last Key and Value are in the four fields afterwards. */
class PairReader extends WireReader {
  keyStart: number = 0;
  keyEnd: number = 0;
  valueStart: number = 0;
  valueEnd: number = 0;

  /** Reads from the position to `end`, which is inside the bytes. */
  pair(end: number): void {
    const bytes = this.bytes;
    const start = this.position;
    // Nearly every writer puts a short key first and the value right after it, to the end.
    if (start + 2 < end && bytes[start] === PAIR_KEY) {
      const keyStart = start + 2;
      const keyEnd = keyStart + bytes[start + 1]!;
      if (bytes[start + 1]! < 0x80 && keyEnd + 1 < end && bytes[keyEnd] === PAIR_VALUE) {
        this.position = keyEnd + 1;
        const valueEnd = this.bytesEnd(end);
        if (valueEnd === end) {
          this.keyStart = keyStart;
          this.keyEnd = keyEnd;
          this.valueStart = this.position;
          this.valueEnd = valueEnd;
          this.position = end;
          return;
        }
        this.position = start;
      }
    }
    this.#anyPair(end);
  }

  #anyPair(end: number): void {
    this.keyStart = -1;
    this.valueStart = -1;
    while (this.position < end) {
      const key = this.key(end);
      if (key === PAIR_KEY) {
        this.keyEnd = this.bytesEnd(end);
        this.keyStart = this.position;
        this.position = this.keyEnd;
      } else if (key === PAIR_VALUE) {
        this.valueEnd = this.bytesEnd(end);
        this.valueStart = this.position;
        this.position = this.valueEnd;
      } else {
        if (key >>> 3 <= PAIR_FIELD_MAX) throw malformed('wrong wire type in content');
        this.skip(key, end);
      }
    }
    if (this.keyStart < 0) throw malformed('content without key');
    if (this.valueStart < 0) throw malformed('content without value');
  }

  /** A field of LogGroup or Log that is not read, refusing known ones with a wrong wire type. */
  other(key: number, knownMax: number, end: number): void {
    if (key >>> 3 <= knownMax && (key & 7) !== 2) throw malformed('wrong wire type');
    this.skip(key, end);
  }
}

/** Checks a group in one walk. The logs are counted, never built. */
class Inspector extends PairReader {
  readonly #limits: LogGroupLimits;
  #logCount: number = 0;
  #minTime: number = TIME_MAX;
  #maxTime: number = 0;

  constructor(bytes: Uint8Array, limits: LogGroupLimits) {
    super(bytes);
    this.#limits = limits;
  }

  group(): LogGroupSummary {
    const end = this.bytes.length;
    while (this.position < end) {
      const key = this.key(end);
      if (key === GROUP_LOG) this.#log(this.bytesEnd(end));
      else if (key === GROUP_TAG) this.#checkedPair(this.bytesEnd(end));
      else this.other(key, GROUP_FIELD_MAX, end);
    }
    return {
      logCount: this.#logCount,
      minTime: this.#logCount === 0 ? 0 : this.#minTime,
      maxTime: this.#maxTime,
    };
  }

  #log(end: number): void {
    let time = -1;
    let timeNs = 0;
    while (this.position < end) {
      const key = this.key(end);
      if (key === LOG_CONTENT) this.#checkedPair(this.bytesEnd(end));
      else if (key === LOG_TIME) time = this.varint(end);
      else if (key === LOG_TIME_NS) timeNs = this.fixed32(end);
      else skipLogField(this, key, end);
    }
    if (time < 0) throw malformed('log without time');
    checkTime(time, timeNs);
    this.#logCount += 1;
    if (time < this.#minTime) this.#minTime = time;
    if (time > this.#maxTime) this.#maxTime = time;
  }

  #checkedPair(end: number): void {
    this.pair(end);
    const length = this.keyEnd - this.keyStart;
    if (length === 0) throw new AppError('InvalidKey', 'the key of a field must not be empty');
    if (length > this.#limits.keyBytesMax) {
      const limit = this.#limits.keyBytesMax;
      throw new AppError('InvalidKey', `the key of a field is longer than ${limit} bytes`);
    }
    if (!isUtf8(this.bytes, this.keyStart, this.keyEnd)) {
      throw new AppError('InvalidEncoding', 'the key of a field is not valid UTF-8');
    }
    if (this.valueEnd - this.valueStart > this.#limits.valueBytesMax) {
      const limit = this.#limits.valueBytesMax;
      throw new AppError('PostBodyInvalid', `the value of a field is longer than ${limit} bytes`);
    }
  }
}

function skipLogField(reader: WireReader, key: number, end: number): void {
  const field = key >>> 3;
  if (field === 1 || field === 2 || field === 4) throw malformed('wrong wire type in log');
  reader.skip(key, end);
}

function checkTime(time: number, timeNs: number): void {
  if (time === 0) throw new AppError('InvalidTimestamp', 'the time of a log must not be 0');
  if (time > TIME_MAX) {
    throw new AppError('InvalidTimestamp', 'the time of a log is not in seconds since 1970');
  }
  if (timeNs >= TIME_NS_END) {
    throw new AppError('InvalidTimestamp', 'the nanosecond part of a log is beyond 999999999');
  }
}

/**
 * Validates the bytes of a group completely: after success `readLogGroup` cannot fail on them.
 * Errors: PostBodyInvalid (structure, value too long), InvalidKey, InvalidEncoding, InvalidTimestamp.
 */
export function inspectLogGroup(
  bytes: Uint8Array,
  limits: LogGroupLimits = LOG_GROUP_LIMITS,
): LogGroupSummary {
  return new Inspector(bytes, limits).group();
}

/**
 * Walks a group: topic, source and tags first, then the logs in order. The bytes should have passed
 * `inspectLogGroup`; keys and value sizes are not checked again. Errors: PostBodyInvalid, InvalidTimestamp.
 */
export function readLogGroup(bytes: Uint8Array, visitor: LogGroupVisitor): void {
  visitMeta(new PairReader(bytes), visitor);
  const reader = new PairReader(bytes);
  const end = bytes.length;
  while (reader.position < end) {
    const key = reader.key(end);
    if (key === GROUP_LOG) visitLog(reader, reader.bytesEnd(end), visitor);
    else reader.skip(key, end);
  }
}

function visitMeta(reader: PairReader, visitor: LogGroupVisitor): void {
  const end = reader.bytes.length;
  let topicStart = -1;
  let topicEnd = 0;
  let sourceStart = -1;
  let sourceEnd = 0;
  while (reader.position < end) {
    const key = reader.key(end);
    if (key === GROUP_TAG) {
      reader.pair(reader.bytesEnd(end));
      visitor.tag(reader.keyStart, reader.keyEnd, reader.valueStart, reader.valueEnd);
    } else if (key === GROUP_TOPIC) {
      topicEnd = reader.bytesEnd(end);
      topicStart = reader.position;
      reader.position = topicEnd;
    } else if (key === GROUP_SOURCE) {
      sourceEnd = reader.bytesEnd(end);
      sourceStart = reader.position;
      reader.position = sourceEnd;
    } else reader.other(key, GROUP_FIELD_MAX, end);
  }
  if (topicStart >= 0) visitor.topic(topicStart, topicEnd);
  if (sourceStart >= 0) visitor.source(sourceStart, sourceEnd);
}

/** Time and Time_ns may stand behind the contents, so a first hop over the fields looks for them. */
function visitLog(reader: PairReader, end: number, visitor: LogGroupVisitor): void {
  const start = reader.position;
  let time = -1;
  let timeNs = 0;
  while (reader.position < end) {
    const key = reader.key(end);
    if (key === LOG_CONTENT) reader.position = reader.bytesEnd(end);
    else if (key === LOG_TIME) time = reader.varint(end);
    else if (key === LOG_TIME_NS) timeNs = reader.fixed32(end);
    else skipLogField(reader, key, end);
  }
  if (time < 0) throw malformed('log without time');
  checkTime(time, timeNs);
  visitor.beginLog(time, timeNs);
  reader.position = start;
  while (reader.position < end) {
    const key = reader.key(end);
    if (key === LOG_CONTENT) {
      reader.pair(reader.bytesEnd(end));
      visitor.content(reader.keyStart, reader.keyEnd, reader.valueStart, reader.valueEnd);
    } else reader.skip(key, end);
  }
  visitor.endLog();
}

/** The group as objects; text that is not UTF-8 comes out with U+FFFD. Errors: PostBodyInvalid, InvalidTimestamp. */
export function decodeLogGroup(bytes: Uint8Array): LogGroup {
  return decodeWith(bytes, (start, end) => TEXT.decode(bytes.subarray(start, end)));
}

/** As `decodeLogGroup`, but values are the bytes themselves: views of `bytes`, not copies. */
export function decodeLogGroupBytes(bytes: Uint8Array): LogGroup<Uint8Array> {
  return decodeWith(bytes, (start, end) => bytes.subarray(start, end));
}

/** A leading byte-order mark is part of the value. */
const TEXT = new TextDecoder('utf-8', { ignoreBOM: true });

function decodeWith<Value>(
  bytes: Uint8Array,
  valueOf: (start: number, end: number) => Value,
): LogGroup<Value> {
  const textOf = (start: number, end: number): string => TEXT.decode(bytes.subarray(start, end));
  const logs: Log<Value>[] = [];
  const tags: LogPair<Value>[] = [];
  let contents: LogPair<Value>[] = [];
  let topic = '';
  let source = '';
  readLogGroup(bytes, {
    topic: (start, end) => {
      topic = textOf(start, end);
    },
    source: (start, end) => {
      source = textOf(start, end);
    },
    tag: (keyStart, keyEnd, valueStart, valueEnd) => {
      tags.push({ key: textOf(keyStart, keyEnd), value: valueOf(valueStart, valueEnd) });
    },
    beginLog: (time, timeNs) => {
      contents = [];
      logs.push(timeNs === 0 ? { time, contents } : { time, timeNs, contents });
    },
    content: (keyStart, keyEnd, valueStart, valueEnd) => {
      contents.push({ key: textOf(keyStart, keyEnd), value: valueOf(valueStart, valueEnd) });
    },
    endLog: () => {},
  });
  return { logs, topic, source, tags };
}

/**
 * The group's bytes, fields in the order of their numbers; `timeNs` 0 is left out. Nothing is checked:
 * what must hold for a write is what `inspectLogGroup` says.
 */
export function encodeLogGroup(group: LogGroup<string | Uint8Array>): Uint8Array {
  const writer = new GroupWriter();
  for (const log of group.logs) writer.log(log);
  writer.out.textField(GROUP_TOPIC, group.topic, utf8Length(group.topic));
  writer.out.textField(GROUP_SOURCE, group.source, utf8Length(group.source));
  for (const tag of group.tags) writer.tag(tag);
  return writer.out.finish();
}

type AnyValue = string | Uint8Array;

class GroupWriter {
  readonly out: WireWriter = new WireWriter(4096);
  /** Keys repeat from log to log, so each is encoded once. */
  readonly #keys: Map<string, Uint8Array> = new Map();
  /** Bytes of each value of the log at hand, kept from sizing to writing. */
  readonly #valueBytes: number[] = [];

  log(log: Log<AnyValue>): void {
    const { contents } = log;
    const timeNs = log.timeNs ?? 0;
    let bodyBytes = 1 + varintBytes(log.time) + (timeNs === 0 ? 0 : 5);
    for (let index = 0; index < contents.length; index += 1) {
      const { key, value } = contents[index]!;
      const valueBytes = byteLength(value);
      this.#valueBytes[index] = valueBytes;
      bodyBytes += fieldBytes(fieldBytes(this.#key(key).length) + fieldBytes(valueBytes));
    }
    this.out.varintField(GROUP_LOG, bodyBytes);
    this.out.varintField(LOG_TIME, log.time);
    for (let index = 0; index < contents.length; index += 1) {
      this.#pair(LOG_CONTENT, contents[index]!, this.#valueBytes[index]!);
    }
    if (timeNs !== 0) this.out.fixed32Field(LOG_TIME_NS, timeNs);
  }

  tag(tag: LogPair<AnyValue>): void {
    this.#pair(GROUP_TAG, tag, byteLength(tag.value));
  }

  #pair(fieldKey: number, pair: LogPair<AnyValue>, valueBytes: number): void {
    const key = this.#key(pair.key);
    this.out.varintField(fieldKey, fieldBytes(key.length) + fieldBytes(valueBytes));
    this.out.bytesField(PAIR_KEY, key);
    if (typeof pair.value === 'string') this.out.textField(PAIR_VALUE, pair.value, valueBytes);
    else this.out.bytesField(PAIR_VALUE, pair.value);
  }

  #key(key: string): Uint8Array {
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    const bytes = ENCODER.encode(key);
    if (this.#keys.size < KEY_CACHE_MAX) this.#keys.set(key, bytes);
    return bytes;
  }
}

const ENCODER = new TextEncoder();

function byteLength(value: AnyValue): number {
  return typeof value === 'string' ? utf8Length(value) : value.length;
}

/** A length-delimited field with a one-byte key. */
function fieldBytes(length: number): number {
  return 1 + varintBytes(length) + length;
}

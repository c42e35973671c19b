/**
 * Writes log groups straight into bytes (the wire form is at the top of `#protocol/log-group.ts`): a corpus of
 * gigabytes is made in seconds, without an object for each log.
 */

/** Where a kind of logs puts its logs. */
export interface LogSink {
  /** `time` Unix seconds; `timeNs` 0–999 999 999, undefined: without. */
  beginLog(time: number, timeNs?: number): void;
  field(key: FieldKey, value: string): void;
  endLog(): void;
}

/** A field name and the bytes that stand before each of its values. */
export class FieldKey {
  readonly name: string;
  /** 0x0a, length, name, 0x12. */
  readonly head: Uint8Array;

  constructor(name: string) {
    const bytes = Buffer.from(name);
    if (bytes.length === 0 || bytes.length > 127)
      throw new Error('name of a field has 1–127 bytes');
    this.name = name;
    this.head = Uint8Array.from([0x0a, bytes.length, ...bytes, 0x12]);
  }
}

/** Below it a loop over the characters is faster than a call into the runtime. */
const SHORT_TEXT = 24;

/** Grows when a log is larger. */
const SCRATCH_BYTES = 1 << 20;

export class GroupWriter implements LogSink {
  #bytes: Buffer = Buffer.alloc(SCRATCH_BYTES);
  #length = 0;
  #log: Buffer = Buffer.alloc(SCRATCH_BYTES);
  #logLength = 0;
  #logCount = 0;
  #fieldCount = 0;
  #valueBytes = 0;

  get length(): number {
    return this.#length;
  }

  get logCount(): number {
    return this.#logCount;
  }

  /** Bytes of all values of the group so far. */
  get valueBytes(): number {
    return this.#valueBytes;
  }

  get fieldCount(): number {
    return this.#fieldCount;
  }

  clear(): void {
    this.#length = 0;
    this.#logCount = 0;
    this.#fieldCount = 0;
    this.#valueBytes = 0;
  }

  beginLog(time: number, timeNs?: number): void {
    this.#log[0] = 0x08;
    this.#logLength = writeVarint(this.#log, 1, time);
    if (timeNs === undefined) return;
    this.#log[this.#logLength] = 0x25;
    this.#log.writeUInt32LE(timeNs, this.#logLength + 1);
    this.#logLength += 5;
  }

  field(key: FieldKey, value: string): void {
    const isShort = value.length < SHORT_TEXT && isAscii(value);
    const valueLength = isShort ? value.length : Buffer.byteLength(value);
    this.#reserveLog(valueLength + key.head.length + 16);
    this.#valueBytes += valueLength;
    this.#fieldCount++;
    const log = this.#log;
    const { head } = key;
    let position = this.#logLength;
    log[position++] = 0x12;
    position = writeVarint(log, position, head.length + varintLength(valueLength) + valueLength);
    for (let i = 0; i < head.length; i++) log[position++] = head[i]!;
    position = writeVarint(log, position, valueLength);
    if (isShort) for (let i = 0; i < valueLength; i++) log[position + i] = value.charCodeAt(i);
    else log.write(value, position);
    this.#logLength = position + valueLength;
  }

  endLog(): void {
    const length = this.#logLength;
    this.#reserve(length + 8);
    this.#bytes[this.#length++] = 0x0a;
    this.#length = writeVarint(this.#bytes, this.#length, length);
    this.#log.copy(this.#bytes, this.#length, 0, length);
    this.#length += length;
    this.#logCount++;
  }

  /** Ends the group and gives its bytes, a view that the next group overwrites. */
  finish(meta: GroupMeta): Uint8Array {
    this.#text(0x1a, meta.topic);
    this.#text(0x22, meta.source);
    for (const [key, value] of meta.tags) {
      const pair = [
        ...lengthPrefixed(0x0a, Buffer.from(key)),
        ...lengthPrefixed(0x12, Buffer.from(value)),
      ];
      this.#append(lengthPrefixed(0x32, Uint8Array.from(pair)));
    }
    return this.#bytes.subarray(0, this.#length);
  }

  #text(key: number, value: string): void {
    this.#append(lengthPrefixed(key, Buffer.from(value)));
  }

  #append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(count: number): void {
    if (this.#length + count > this.#bytes.length)
      this.#bytes = grown(this.#bytes, this.#length, count);
  }

  #reserveLog(count: number): void {
    if (this.#logLength + count > this.#log.length)
      this.#log = grown(this.#log, this.#logLength, count);
  }
}

export interface GroupMeta {
  readonly topic: string;
  readonly source: string;
  readonly tags: readonly (readonly [key: string, value: string])[];
}

function grown(bytes: Buffer, used: number, count: number): Buffer {
  const larger = Buffer.alloc((used + count) * 2);
  bytes.copy(larger, 0, 0, used);
  return larger;
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length++;
  return length;
}

function writeVarint(bytes: Uint8Array, start: number, value: number): number {
  let position = start;
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[position++] = (rest % 128) + 128;
  bytes[position++] = rest;
  return position;
}

function lengthPrefixed(key: number, content: Uint8Array): Uint8Array {
  const out = new Uint8Array(1 + varintLength(content.length) + content.length);
  out[0] = key;
  out.set(content, writeVarint(out, 1, content.length));
  return out;
}

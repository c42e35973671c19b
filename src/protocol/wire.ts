/**
 * The protobuf wire format (protobuf.dev/programming-guides/encoding), as far as the SLS messages need it:
 * varint (0), 64-bit (1), length-delimited (2), 32-bit (5). Groups (3, 4) are refused.
 */
import { AppError } from '#base/app-error.ts';

export const WIRE_VARINT = 0;
export const WIRE_FIXED64 = 1;
export const WIRE_BYTES = 2;
export const WIRE_FIXED32 = 5;

const FIELD_KEY_MAX = 0xffffffff;
const VARINT_BYTES_MAX = 10;
const WRITER_BYTES_MIN = 256;

/** Shorter ASCII text is copied faster by a loop than by a call of the encoder (measured). */
const ASCII_LOOP_MAX = 100;

const ENCODER = new TextEncoder();

export function malformed(reason: string): AppError {
  return new AppError('PostBodyInvalid', `cannot parse protobuf body: ${reason}`);
}

/**
 * A forward cursor over borrowed bytes. One is made per message tree, none per log: nested messages are read
 * by the same reader with their own end.
 */
export class WireReader {
  readonly bytes: Uint8Array;
  position: number;

  constructor(bytes: Uint8Array, position: number = 0) {
    this.bytes = bytes;
    this.position = position;
  }

  /** An unsigned varint that ends before `end`. Exact up to 2^53; larger ones lose low bits. */
  varint(end: number): number {
    const position = this.position;
    if (position < end) {
      const byte = this.bytes[position]!;
      if (byte < 0x80) {
        this.position = position + 1;
        return byte;
      }
    }
    return this.#longVarint(end);
  }

  /** The field key: number × 8 + wire type. Field number 0 and numbers past 29 bits are malformed. */
  key(end: number): number {
    const key = this.varint(end);
    if (key < 8 || key > FIELD_KEY_MAX) throw malformed('illegal field number');
    return key;
  }

  /** Reads a length and returns where its bytes end; the position is at their start. */
  bytesEnd(end: number): number {
    const length = this.varint(end);
    const bytesEnd = this.position + length;
    if (bytesEnd > end) throw malformed('truncated');
    return bytesEnd;
  }

  fixed32(end: number): number {
    const at = this.position;
    if (at + 4 > end) throw malformed('truncated');
    const bytes = this.bytes;
    this.position = at + 4;
    return (
      (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
    );
  }

  /** Steps over the value of an unknown field whose key has been read. */
  skip(key: number, end: number): void {
    switch (key & 7) {
      case WIRE_VARINT:
        this.varint(end);
        return;
      case WIRE_FIXED64:
        this.position += 8;
        break;
      case WIRE_BYTES:
        this.position = this.bytesEnd(end);
        return;
      case WIRE_FIXED32:
        this.position += 4;
        break;
      default:
        throw malformed('unsupported wire type');
    }
    if (this.position > end) throw malformed('truncated');
  }

  #longVarint(end: number): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < VARINT_BYTES_MAX; count += 1) {
      if (this.position >= end) throw malformed('truncated');
      const byte = this.bytes[this.position]!;
      this.position += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw malformed('varint is too long');
  }
}

/** Bytes that `value` takes as a varint; `value` is an integer in [0, 2^53). */
export function varintBytes(value: number): number {
  let count = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 128)) count += 1;
  return count;
}

/** A growing output buffer. Field keys are given whole (number × 8 + wire type) and are below 128. */
export class WireWriter {
  #bytes: Uint8Array;
  #length: number = 0;

  constructor(bytesHint: number = WRITER_BYTES_MIN) {
    this.#bytes = new Uint8Array(Math.max(bytesHint, WRITER_BYTES_MIN));
  }

  varint(value: number): void {
    this.#reserve(VARINT_BYTES_MAX);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length] = (rest % 128) | 0x80;
      this.#length += 1;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length] = rest;
    this.#length += 1;
  }

  varintField(key: number, value: number): void {
    this.varint(key);
    this.varint(value);
  }

  fixed32Field(key: number, value: number): void {
    this.varint(key);
    this.#reserve(4);
    for (let shift = 0; shift < 32; shift += 8) {
      this.#bytes[this.#length] = (value >>> shift) & 0xff;
      this.#length += 1;
    }
  }

  bytesField(key: number, value: Uint8Array): void {
    this.varintField(key, value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** A field of text whose length in UTF-8 (`utf8Length`) is `bytes`. */
  textField(key: number, text: string, bytes: number): void {
    this.varintField(key, bytes);
    this.#reserve(bytes);
    if (bytes === text.length && bytes <= ASCII_LOOP_MAX) {
      for (let index = 0; index < bytes; index += 1) {
        this.#bytes[this.#length + index] = text.charCodeAt(index);
      }
    } else ENCODER.encodeInto(text, this.#bytes.subarray(this.#length));
    this.#length += bytes;
  }

  /** What was written so far; a view that the writer does not touch as long as it is not used again. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

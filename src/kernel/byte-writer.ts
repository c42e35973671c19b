/** A growing byte buffer. Integers are little-endian; a varint is LEB128 of a non-negative safe integer. */
export class ByteWriter {
  #bytes: Uint8Array;
  #length: number = 0;

  /** A number: bytes of room at first; an array: memory to begin with, whose content is lost. */
  constructor(room: number | Uint8Array = 1024) {
    this.#bytes = typeof room === 'number' ? new Uint8Array(room) : room;
  }

  get length(): number {
    return this.#length;
  }

  /** Bytes of memory that it has. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** Room for `count` more bytes; returns the buffer, whose free part starts at `length`. */
  reserve(count: number): Uint8Array {
    const needed = this.#length + count;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    return this.#bytes;
  }

  /** Takes `count` bytes that the caller has put behind `length` after a `reserve`. */
  advance(count: number): void {
    this.#length += count;
  }

  u8(value: number): void {
    this.reserve(1)[this.#length++] = value;
  }

  u32(value: number): void {
    const bytes = this.reserve(4);
    bytes[this.#length++] = value;
    bytes[this.#length++] = value >>> 8;
    bytes[this.#length++] = value >>> 16;
    bytes[this.#length++] = value >>> 24;
  }

  varint(value: number): void {
    const bytes = this.reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      bytes[this.#length++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    bytes[this.#length++] = rest;
  }

  bytes(source: Uint8Array, start: number = 0, end: number = source.length): void {
    const target = this.reserve(end - start);
    let at = this.#length;
    if (end - start > 32) target.set(source.subarray(start, end), at);
    else for (let i = start; i < end; i++) target[at++] = source[i]!;
    this.#length += end - start;
  }

  /** Forgets the content and keeps the memory. */
  clear(): void {
    this.#length = 0;
  }

  /** The content from `start` on, without a copy: valid until the next write. */
  view(start: number = 0): Uint8Array {
    return this.#bytes.subarray(start, this.#length);
  }
}

/** Reads what `ByteWriter` wrote. Past the end it throws a RangeError. */
export class ByteReader {
  readonly bytes: Uint8Array;
  position: number;

  constructor(bytes: Uint8Array, position: number = 0) {
    this.bytes = bytes;
    this.position = position;
  }

  get atEnd(): boolean {
    return this.position >= this.bytes.length;
  }

  u8(): number {
    if (this.position >= this.bytes.length) throw new RangeError('read past the end');
    return this.bytes[this.position++]!;
  }

  u32(): number {
    const low = this.u8() | (this.u8() << 8) | (this.u8() << 16);
    return (low | (this.u8() << 24)) >>> 0;
  }

  varint(): number {
    let byte = this.u8();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    let scale = 128;
    do {
      byte = this.u8();
      value += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80 && scale < 2 ** 57);
    if (byte >= 0x80) throw new RangeError('varint is too long');
    return value;
  }

  /** The next `count` bytes, as a view. */
  take(count: number): Uint8Array {
    const end = this.position + count;
    if (end > this.bytes.length) throw new RangeError('read past the end');
    const view = this.bytes.subarray(this.position, end);
    this.position = end;
    return view;
  }
}

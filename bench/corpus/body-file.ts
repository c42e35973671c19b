/**
 * A corpus on disk: the bodies of PutLogs requests as they are sent, so that nothing but the server works while it is
 * measured. Records one after the other: u32 raw bytes, u32 body bytes (little-endian), body (one LZ4 block).
 * A file of the benchmark's own folder for passing data, made again when it is not there: no magic, no checksum.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';

export interface Body {
  /** Bytes of the log group before compression. */
  readonly rawBytes: number;
  readonly body: Uint8Array;
}

const HEAD_BYTES = 8;

export class BodyFileWriter {
  readonly #descriptor: number;
  bodyBytes = 0;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'w');
  }

  add({ rawBytes, body }: Body): void {
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt32LE(rawBytes, 0);
    head.writeUInt32LE(body.length, 4);
    writeSync(this.#descriptor, head);
    writeSync(this.#descriptor, body);
    this.bodyBytes += body.length;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** Reads the bodies in order; several clients may share it, for a read does not wait. */
export class BodyFileReader implements Disposable {
  readonly #descriptor: number;
  #position = 0;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'r');
  }

  /** Undefined at the end. */
  next(): Body | undefined {
    const head = Buffer.alloc(HEAD_BYTES);
    if (readSync(this.#descriptor, head, 0, HEAD_BYTES, this.#position) < HEAD_BYTES)
      return undefined;
    const body = Buffer.alloc(head.readUInt32LE(4));
    const count = readSync(this.#descriptor, body, 0, body.length, this.#position + HEAD_BYTES);
    if (count < body.length) throw new Error('the file of the corpus is cut');
    this.#position += HEAD_BYTES + body.length;
    return { rawBytes: head.readUInt32LE(0), body };
  }

  rewind(): void {
    this.#position = 0;
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}

import type { FileHandle } from '#platform/files.ts';

/** A file read piece by piece, forward, up to `endOffset`. Views it gave stay valid for ever. */
export class FileWindow {
  readonly endOffset: number;
  readonly #readBytes: number;
  readonly #handle: FileHandle;
  #start = 0;
  #bytes = new Uint8Array(0);

  constructor(
    options: { readonly endOffset: number; readonly readBytes: number },
    collaborators: { readonly handle: FileHandle },
  ) {
    this.endOffset = options.endOffset;
    this.#readBytes = options.readBytes;
    this.#handle = collaborators.handle;
  }

  /** The `length` bytes at `offset`, fewer at the end. A view; it must not be written to. */
  async take(offset: number, length: number): Promise<Uint8Array> {
    const end = Math.min(offset + length, this.endOffset);
    if (end <= offset) return this.#bytes.subarray(0, 0);
    if (offset < this.#start || end > this.#start + this.#bytes.length)
      await this.#load(offset, end);
    return this.#bytes.subarray(offset - this.#start, end - this.#start);
  }

  /** All bytes at hand from `offset` on, at least `minimum` of them except at the end. A view. */
  async takeLoaded(offset: number, minimum: number): Promise<Uint8Array> {
    const first = await this.take(offset, minimum);
    return first.length < minimum ? first : this.#bytes.subarray(offset - this.#start);
  }

  async #load(offset: number, end: number): Promise<void> {
    const count = Math.min(Math.max(end - offset, this.#readBytes), this.endOffset - offset);
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(count).buffer);
    const found = await this.#handle.read(bytes, offset);
    this.#start = offset;
    this.#bytes = bytes.subarray(0, found);
  }
}

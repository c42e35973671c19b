/**
 * Reads request bodies into memory with two bounds: one per body, one for all bodies together. Only bytes
 * that have arrived count, so a client that announces much and sends nothing holds nothing.
 */
import type { IncomingMessage } from 'node:http';
import { AppError } from '#base/app-error.ts';
import { BODIES_BYTES_MAX } from './limits.ts';

export class BodyReader {
  readonly #totalBytesMax: number;
  #heldBytes = 0;

  constructor(options: { readonly totalBytesMax?: number } = {}) {
    this.#totalBytesMax = options.totalBytesMax ?? BODIES_BYTES_MAX;
  }

  /** Bytes of all bodies that are in memory for requests not yet answered. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * The whole body. `hold` gets the bytes taken so far; the caller gives them back with `release` when
   * the request is over, whatever came of it.
   */
  async read(
    message: IncomingMessage,
    maxBytes: number,
    hold: (bytes: number) => void,
  ): Promise<Buffer> {
    const declared = Number(message.headers['content-length'] ?? 0);
    if (declared > maxBytes) throw tooLarge(maxBytes);
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      // Without `destroyOnReturn: false` giving up would cut the connection before the answer is out.
      for await (const chunk of message.iterator({ destroyOnReturn: false })) {
        if (!Buffer.isBuffer(chunk)) throw new TypeError('the request stream gave no buffer');
        size += chunk.length;
        if (size > maxBytes) throw tooLarge(maxBytes);
        if (this.#heldBytes + chunk.length > this.#totalBytesMax)
          throw new AppError('ServerBusy', 'too many request bodies in memory, try again');
        this.#heldBytes += chunk.length;
        hold(chunk.length);
        chunks.push(chunk);
      }
    } catch (error) {
      // What is still to come is read and dropped, so that the client gets to see the answer.
      message.resume();
      if (error instanceof AppError) throw error;
      throw new AppError('PostBodyInvalid', 'the request body ended too early', { cause: error });
    }
    const first = chunks[0];
    return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, size);
  }

  release(bytes: number): void {
    this.#heldBytes -= bytes;
  }
}

function tooLarge(maxBytes: number): AppError {
  return new AppError('PostBodyTooLarge', `the request body is larger than ${maxBytes} bytes`);
}

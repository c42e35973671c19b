/**
 * Logs that a server refuses for what they are. One JSON object a line, made durable before the log counts as done:
 *
 *   {"time":"<ISO>","path":"…","project":"…","logstore":"…","code":"…","message":"…","log":{"time":n,
 *    "contents":[{"key":"content","base64":"…"}]}}
 *
 * A torn last line after a crash belongs to a log that will be refused, and written, again.
 */
import { errorCode } from '#base/app-error.ts';
import type { Files } from '#platform/files.ts';
import { DEAD_LETTER_BYTES_MAX } from './limits.ts';
import type { OutgoingBatch } from './log-batch.ts';

export const DEAD_LETTER_FILE = 'dead-letter.jsonl';

export class DeadLetter {
  readonly #files: Files;
  readonly #directory: string;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(options: { readonly directory: string }, collaborators: { readonly files: Files }) {
    this.#directory = options.directory;
    this.#files = collaborators.files;
  }

  /** Durable once it resolves with true; false when there is no more room. Errors of the disk pass through. */
  async write(
    batch: OutgoingBatch,
    refusal: { readonly code: string; readonly message: string; readonly nowMs: number },
  ): Promise<boolean> {
    const lines = batch.logs.map((log) => {
      const contents = log.contents.map(({ key, value }) => ({
        key,
        base64: Buffer.from(value).toString('base64'),
      }));
      return `${JSON.stringify({
        time: new Date(refusal.nowMs).toISOString(),
        path: batch.path,
        project: batch.target.project,
        logstore: batch.target.logstore,
        code: refusal.code,
        message: refusal.message.slice(0, 512),
        log: { time: log.time, contents },
      })}\n`;
    });
    const result = this.#tail.then(() => this.#append(Buffer.from(lines.join(''))));
    this.#tail = result.catch(() => undefined);
    return await result;
  }

  async #append(bytes: Uint8Array): Promise<boolean> {
    const path = `${this.#directory}/${DEAD_LETTER_FILE}`;
    let created = false;
    const handle = await this.#files.open(path, 'readwrite').catch(async (error: unknown) => {
      if (errorCode(error) !== 'ENOENT') throw error;
      created = true;
      return await this.#files.open(path, 'create');
    });
    try {
      const size = await handle.size();
      if (size + bytes.length > DEAD_LETTER_BYTES_MAX) return false;
      await handle.write([bytes], size);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (created) await this.#files.syncDirectory(this.#directory);
    return true;
  }
}

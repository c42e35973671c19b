import { AppError, errorCode } from '#base/app-error.ts';
import { assert, must } from '#base/assert.ts';
import { BATCH_BYTES_MAX, CLIENT_ADDRESS_BYTES_MAX } from '../limits.ts';
import { RECORD_HEADER_BYTES } from './record-codec.ts';
import type { AppendWriter, NewRecord } from '../shard-log.ts';

const WRITER_KEY = /^[0-9a-f]{32}$/u;

/** Bytes that wait in all shards of a log together. */
export interface ByteBudget {
  usedBytes: number;
  readonly bytesMax: number;
}

export interface QueuedAppend {
  readonly records: readonly NewRecord[];
  readonly writer: AppendWriter | undefined;
}

/**
 * Makes the appends durable, all or none of those it does not refuse. Returns for each, in order, the
 * sequence of its first record or why it is refused. When it throws none of them may ever be read.
 */
export type CommitBatch = (
  appends: readonly QueuedAppend[],
) => Promise<readonly (number | AppError)[]>;

interface WaitingAppend extends QueuedAppend {
  readonly bytes: number;
  readonly resolve: (firstSequence: number) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Group commit: while one batch is written and synced the appends that arrive form the next. Appends
 * keep their order and are never split. Bytes that wait or are being written are bounded, in this shard
 * and in all shards together.
 */
export class WriteQueue {
  readonly #bytesMax: number;
  readonly #budget: ByteBudget;
  readonly #commit: CommitBatch;
  #waiting: WaitingAppend[] = [];
  #bytes = 0;
  #running: Promise<void> | undefined;
  #stopped: AppError | undefined;

  constructor(
    options: { readonly bytesMax: number },
    collaborators: { readonly budget: ByteBudget; readonly commit: CommitBatch },
  ) {
    this.#bytesMax = options.bytesMax;
    this.#budget = collaborators.budget;
    this.#commit = collaborators.commit;
  }

  /** The sequence of the first record, once the append is durable. */
  append(records: readonly NewRecord[], writer: AppendWriter | undefined): Promise<number> {
    assert(records.length > 0, 'an append has records');
    if (writer !== undefined) assertWriter(writer);
    if (this.#stopped !== undefined) return Promise.reject(this.#stopped);
    let bytes = 0;
    for (const record of records)
      bytes += record.payload.length + RECORD_HEADER_BYTES + CLIENT_ADDRESS_BYTES_MAX;
    if (bytes > this.#bytesMax)
      return Promise.reject(new AppError('PostBodyTooLarge', 'append is larger than the queue'));
    if (
      this.#bytes + bytes > this.#bytesMax ||
      this.#budget.usedBytes + bytes > this.#budget.bytesMax
    )
      return Promise.reject(new AppError('ServerBusy', 'shard write queue is full'));
    this.#bytes += bytes;
    this.#budget.usedBytes += bytes;
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#waiting.push({ records, writer, bytes, resolve, reject });
    this.#running ??= this.#run();
    return promise;
  }

  /** Resolves when nothing waits and nothing is being written. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Refuses new appends from now on; those that are here already are still written. */
  stop(error: AppError): void {
    this.#stopped = error;
  }

  async #run(): Promise<void> {
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch();
      try {
        const outcomes = await this.#commit(batch);
        for (const [index, append] of batch.entries()) {
          const outcome = must(outcomes[index], 'every append has an outcome');
          if (typeof outcome === 'number') append.resolve(outcome);
          else append.reject(outcome);
        }
      } catch (error) {
        const refusal = asRefusal(error);
        for (const append of batch) append.reject(refusal);
      }
      for (const append of batch) {
        this.#bytes -= append.bytes;
        this.#budget.usedBytes -= append.bytes;
      }
    }
    this.#running = undefined;
  }

  #takeBatch(): readonly WaitingAppend[] {
    let bytes = 0;
    let count = 0;
    for (const append of this.#waiting) {
      bytes += append.bytes;
      if (count > 0 && bytes > BATCH_BYTES_MAX) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }
}

function assertWriter(writer: AppendWriter): void {
  const { key, previous, sequence } = writer;
  assert(WRITER_KEY.test(key), 'a writer key has 32 lower-case hex digits');
  assert(Number.isSafeInteger(sequence) && previous >= 0, 'writer sequences are not negative');
  assert(sequence > previous, 'a writer goes forward');
}

/** What the disk did is an operating error that may pass; anything else is a bug and stays one. */
function asRefusal(error: unknown): Error {
  const code = errorCode(error);
  if (error instanceof AppError) return error;
  if (code === undefined) return error instanceof Error ? error : new Error(String(error));
  const reason = code === 'ENOSPC' ? 'the disk is full' : 'the disk failed';
  return new AppError('ServerBusy', `cannot write the shard log: ${reason}`, { cause: error });
}

/**
 * One path and the generations of files that were behind it, oldest first: read, parse, batch and send in order. While
 * one batch is on its way the next one is prepared; the server sees one batch of a path at a time.
 */
import { errorMessage } from '#base/app-error.ts';
import type { Clock } from '#platform/clock.ts';
import type { Alarms } from './alarms.ts';
import type { FileReader, LineBatch } from './file-reader.ts';
import { BATCH_OVERHEAD_BYTES, CHUNK_BYTES, ROTATED_FLUSH_MS } from './limits.ts';
import {
  buildBatch,
  fileTags,
  lineEnds,
  packIdPrefix,
  parseLines,
  serverKey,
  type GroupFrame,
  type OutgoingBatch,
} from './log-batch.ts';
import type { LogtailInput, LogtailLimits } from './logtail-config.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { Sender } from './sender.ts';

/** What all followers share. */
export interface FollowerContext {
  readonly limits: LogtailLimits;
  readonly clock: Clock;
  readonly alarms: Alarms;
  readonly budget: MemoryBudget;
  readonly sender: Sender;
  readonly hostname: string;
  readonly source: string;
  /** Differs from start to start: part of `__pack_id__`. */
  readonly instance: string;
  /** Aborted: take no more lines. */
  readonly stopReading: AbortSignal;
  /** Aborted: give up what is on its way. */
  readonly stopSending: AbortSignal;
  /** A key that no writer had before, 32 hex digits. */
  readonly newWriterKey: () => string;
  /** Resolves when a crash cannot bring the file back without its writer key, or that cannot be had now. */
  readonly beforeSend: (reader: FileReader) => Promise<void>;
  /** A batch was acknowledged; the next one of the file goes out when this is noted. */
  readonly onAcknowledged: (follower: PathFollower, reader: FileReader) => Promise<void>;
  /** A file turned out not to be text. */
  readonly onBinary: (reader: FileReader) => void;
}

/** The server is elsewhere in a file than at the end of a batch. */
interface Resume {
  readonly reader: FileReader;
  readonly offset: number;
}

export class PathFollower {
  readonly path: string;
  readonly input: LogtailInput;
  /** Oldest first; the last one is, or was last, behind the path. Changed only while no pump runs or at the end. */
  readonly readers: FileReader[] = [];
  /** Recent rotations, for the search of generations that nobody saw; `bornNs` is that of the file before. */
  rotations: readonly { readonly atMs: number; readonly bornNs: bigint }[] = [];
  searchedMs = 0;
  /** Nothing was behind the path at the last look. */
  absent = false;
  readonly #context: FollowerContext;
  readonly #targetKey: string;
  readonly #packPrefix: string;
  #packSequence = 0;
  #pump: Promise<void> | undefined;

  constructor(
    options: { readonly path: string; readonly input: LogtailInput },
    context: FollowerContext,
  ) {
    this.path = options.path;
    this.input = options.input;
    this.#context = context;
    this.#targetKey = `${this.input.project}/${this.input.logstore}`;
    this.#packPrefix = packIdPrefix(`${context.instance}:${this.input.name}:${this.path}`);
  }

  get isPumping(): boolean {
    return this.#pump !== undefined;
  }

  /** Resolves when what was taken is acknowledged or given up. */
  async settled(): Promise<void> {
    await this.#pump;
  }

  /** Starts to read when there is something; returns at once. */
  start(): void {
    if (this.#pump !== undefined || this.#context.stopReading.aborted) return;
    if (this.#nextReady(new Set()) === undefined) return;
    this.#pump = this.#run()
      .catch((error: unknown) => {
        if (!this.#context.stopReading.aborted)
          this.#context.alarms.raise('OPEN_LOGFILE_FAIL_ALARM', this.path, errorMessage(error));
      })
      .finally(() => {
        this.#pump = undefined;
      });
  }

  /** A rotated or deleted file gets no more lines, so its last one waits for its end less long. */
  flushIsDue(reader: FileReader, nowMs: number): boolean {
    const current = reader === this.readers.at(-1) && reader.facts.linkCount > 0;
    const { flushTimeoutMs } = this.#context.limits;
    const waitMs = current ? flushTimeoutMs : Math.min(flushTimeoutMs, ROTATED_FLUSH_MS);
    return nowMs - reader.lastGrowthMs >= waitMs;
  }

  #nextReady(skipped: ReadonlySet<FileReader>): FileReader | undefined {
    const ms = this.#context.clock.monotonicMs();
    const { lingerMs } = this.#context.limits;
    return this.readers.find(
      (reader) =>
        reader.isOpen &&
        !skipped.has(reader) &&
        reader.isReady({ ms, lingerMs, flush: this.flushIsDue(reader, ms) }),
    );
  }

  async #run(): Promise<void> {
    const context = this.#context;
    const skipped = new Set<FileReader>();
    let pending: Promise<Resume | undefined> = Promise.resolve(undefined);
    try {
      for (;;) {
        const reader = this.#nextReady(skipped);
        if (reader === undefined || context.stopReading.aborted) break;
        const cost = Math.min(CHUNK_BYTES, reader.unreadBytes) + BATCH_OVERHEAD_BYTES;
        await context.budget.acquire(this.#targetKey, cost, context.stopReading);
        const taken = await this.#take(reader).catch((error: unknown) => {
          context.budget.release(this.#targetKey, cost);
          throw error;
        });
        if (taken === undefined) {
          context.budget.release(this.#targetKey, cost);
          skipped.add(reader);
          continue;
        }
        let resume: Resume | undefined;
        try {
          resume = await pending;
          pending = Promise.resolve(undefined);
          await this.#resume(resume);
        } catch (error) {
          context.budget.release(this.#targetKey, cost);
          // Nobody will send what was taken: it is read again.
          reader.rewind();
          throw error;
        }
        if (resume?.reader === reader) {
          context.budget.release(this.#targetKey, cost);
          continue;
        }
        pending = this.#deliver(reader, taken.lines, taken.batch).finally(() => {
          context.budget.release(this.#targetKey, cost);
        });
        // Its failure is seen where it is awaited.
        pending.catch(() => undefined);
      }
    } finally {
      await this.#resume(await pending);
    }
  }

  async #deliver(
    reader: FileReader,
    lines: LineBatch,
    batch: OutgoingBatch,
  ): Promise<Resume | undefined> {
    await this.#context.beforeSend(reader);
    const offset = await this.#context.sender.send(batch, this.#context.stopSending);
    if (offset !== undefined) return { reader, offset };
    reader.acknowledge(lines);
    await this.#context.onAcknowledged(this, reader);
    return undefined;
  }

  /** Sets a reader to where the server is. Nothing of it is on its way, and nobody reads it. */
  async #resume(resume: Resume | undefined): Promise<void> {
    if (resume === undefined) return;
    const { reader, offset } = resume;
    // Content that is known to be another gets another reader, and a copy of it goes on from here.
    reader.rewind();
    if (!reader.changed && !(await reader.resumeAt(offset)))
      reader.becomeWriter(this.#context.newWriterKey());
    await this.#context.onAcknowledged(this, reader);
  }

  async #take(
    reader: FileReader,
  ): Promise<{ readonly lines: LineBatch; readonly batch: OutgoingBatch } | undefined> {
    const context = this.#context;
    const flush = this.flushIsDue(reader, context.clock.monotonicMs());
    const { batchBytes, batchLogs } = context.limits;
    const longLines = reader.longLines;
    const result = await reader.next({ batchBytes, batchLogs, flush });
    if (reader.longLines > longLines)
      context.alarms.raise('SPLIT_LOG_FAIL_ALARM', this.path, 'a line is longer than a batch');
    if (result.kind === 'lines')
      return { lines: result, batch: this.#build(result, reader.writerKey) };
    if (result.kind === 'changed') reader.changed = true;
    else if (result.kind === 'binary') context.onBinary(reader);
    else await reader.refresh(context.clock.monotonicMs());
    return undefined;
  }

  #build(lines: LineBatch, writerKey: string): OutgoingBatch {
    const context = this.#context;
    const { topic, project, logstore } = this.input;
    const sequence = (this.#packSequence++).toString(16).toUpperCase();
    const frame: GroupFrame = {
      topic,
      source: context.source,
      tags: [
        ...fileTags(this.input, this.path, context.hostname),
        { key: '__pack_id__', value: `${this.#packPrefix}-${sequence}` },
      ],
    };
    const time = Math.floor(context.clock.nowMs() / 1000);
    const logs = parseLines(lines, time);
    const key = serverKey(writerKey, context.hostname);
    const writer = { key, start: lines.start, ends: lineEnds(lines) };
    return buildBatch({ target: { project, logstore }, path: this.path, frame, logs, writer });
  }
}

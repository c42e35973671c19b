/**
 * The DuckDB instance that reads segments: bounded memory, threads and spill space, no access to anything but
 * the segment folders, and a configuration that nothing can change after the start.
 */
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { AppError, errorMessage } from '#base/app-error.ts';
import type { Clock } from '#platform/clock.ts';
import { SPILL_BYTES_MAX } from './limits.ts';
import { sqlPrelude } from './sql-prelude.ts';
import { quoteText } from './sql-text.ts';

export interface DuckEngineOptions {
  /** For all queries together. */
  readonly memoryLimitBytes: number;
  readonly threads: number;
  /** Made when needed; may be lost at any time between queries. */
  readonly spillDirectory: string;
  /** Folders below which every segment file is; nothing else can be read. */
  readonly segmentDirectories: readonly string[];
  /** IANA name. */
  readonly timeZone: string;
}

/** When a query must end. */
export class QueryBudget {
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock;
  readonly startMs: number;
  readonly #limitMs: number;

  constructor(clock: Clock, limitMs: number, signal: AbortSignal | undefined) {
    this.clock = clock;
    this.signal = signal;
    this.startMs = clock.monotonicMs();
    this.#limitMs = limitMs;
  }

  get elapsedMs(): number {
    return this.clock.monotonicMs() - this.startMs;
  }

  get remainingMs(): number {
    return Math.max(0, this.#limitMs - this.elapsedMs);
  }

  /** Whether the time is over. Throws the signal's reason when the client has gone. */
  isOver(): boolean {
    this.signal?.throwIfAborted();
    return this.remainingMs === 0;
  }
}

/** How long after an interrupt the next one follows, for one that hit the gap between two statements. */
const INTERRUPT_AGAIN_MS = 50;

export class DuckEngine implements AsyncDisposable {
  readonly #options: DuckEngineOptions;
  #opening: Promise<DuckDBInstance> | undefined;
  #running = 0;
  #idle: (() => void) | undefined;
  #isClosed = false;

  constructor(options: DuckEngineOptions) {
    this.#options = options;
  }

  /**
   * Runs work on a connection of its own, interrupted when the budget ends. Temporary tables and views
   * are gone afterwards. Errors: QueryTimeout (internal) when the time was over, the signal's reason when the
   * client has gone, else those of the work.
   */
  async use<T>(
    budget: QueryBudget,
    work: (connection: DuckDBConnection) => Promise<T>,
  ): Promise<T> {
    if (this.#isClosed) throw new AppError('ServerBusy', 'queries are shutting down');
    this.#opening ??= this.#open();
    this.#running++;
    try {
      const connection = await (await this.#opening).connect();
      try {
        return await interruptible(connection, budget, work);
      } finally {
        connection.closeSync();
      }
    } finally {
      this.#running--;
      if (this.#running === 0) this.#idle?.();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    if (this.#running > 0)
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    const opening = this.#opening;
    this.#opening = undefined;
    if (opening !== undefined) (await opening).closeSync();
  }

  async #open(): Promise<DuckDBInstance> {
    const { memoryLimitBytes, threads, spillDirectory, segmentDirectories } = this.#options;
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: `${Math.floor(memoryLimitBytes)}B`,
      threads: String(threads),
    });
    const connection = await instance.connect();
    try {
      const folders = segmentDirectories.map((path) => quoteText(`${path.replace(/\/+$/, '')}/`));
      await connection.run(sqlPrelude(this.#options.timeZone));
      for (const setting of [
        'autoinstall_known_extensions=false',
        'autoload_known_extensions=false',
        'preserve_insertion_order=false',
        `temp_directory=${quoteText(spillDirectory)}`,
        `max_temp_directory_size='${SPILL_BYTES_MAX}B'`,
        `allowed_directories=[${folders.join(', ')}]`,
        'enable_external_access=false',
        'lock_configuration=true',
      ])
        await connection.run(`SET GLOBAL ${setting}`);
      return instance;
    } catch (cause) {
      this.#opening = undefined;
      instance.closeSync();
      throw new AppError('InternalServerError', 'cannot start the query engine', { cause });
    } finally {
      connection.closeSync();
    }
  }
}

async function interruptible<T>(
  connection: DuckDBConnection,
  budget: QueryBudget,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const done = new AbortController();
  const stop =
    budget.signal === undefined ? done.signal : AbortSignal.any([done.signal, budget.signal]);
  const watch = interruptAtEnd(connection, { budget, stop, done: done.signal });
  try {
    return await work(connection);
  } catch (cause) {
    if (budget.isOver() && /interrupt/i.test(errorMessage(cause)))
      throw new AppError('QueryTimeout', 'query ran out of time', { cause });
    throw cause;
  } finally {
    done.abort();
    await watch;
  }
}

/** Interrupts when the time is over or the client has gone, again and again until the work is done. */
async function interruptAtEnd(
  connection: DuckDBConnection,
  watch: {
    readonly budget: QueryBudget;
    readonly stop: AbortSignal;
    readonly done: AbortSignal;
  },
): Promise<void> {
  const { clock } = watch.budget;
  await quietSleep(clock, watch.budget.remainingMs, watch.stop);
  while (!watch.done.aborted) {
    connection.interrupt();
    await quietSleep(clock, INTERRUPT_AGAIN_MS, watch.done);
  }
}

async function quietSleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch {
    // Being woken early is what the signal is for.
  }
}

/**
 * DuckDB as the server sees it: tasks go to a process of its own, which starts with the first task and is replaced
 * whenever it is lost. DuckDB bounds most of what a statement takes; this bounds the rest, since scalar functions
 * allocate past DuckDB's memory limit and do not hear its interrupts. Memory is the process's as a whole, so a
 * process that has too much takes all its statements with it.
 */
import { mkdir, rm } from 'node:fs/promises';
import { AppError, errorCode, errorMessage } from '#base/app-error.ts';
import type { Clock } from '#platform/clock.ts';
import type { Logger } from '#telemetry/logger.ts';
import { DuckChild, PROCESS_LOST } from './duck-child.ts';
import type { DuckKind, DuckOptions, DuckTask, DuckTasks } from './duck-messages.ts';
import {
  IDLE_MEMORY_SHARE,
  INTERRUPT_GRACE_MS,
  MEMORY_OVERHEAD_BYTES,
  MEMORY_POLL_MS,
  PROCESS_IDLE_MS,
  TRANSLATIONS_BYTES_MAX,
} from '../limits.ts';
import type { QueryBudget } from '../query-budget.ts';
import { memoryExceeded } from '../sql/errors.ts';
import type { SqlRequest } from '../sql/request.ts';
import { Translations, type Translation } from './translations.ts';

export interface DuckProcessOptions extends DuckOptions {
  /** Tasks that run at once at most; the caller sees to it. */
  readonly concurrencyMax: number;
  /** Default: 3 s. */
  readonly interruptGraceMs?: number | undefined;
  /** Memory beside DuckDB's own limit. Default: 512 MB. */
  readonly memoryOverheadBytes?: number | undefined;
  /** Default: 5 minutes. */
  readonly idleMs?: number | undefined;
}

export class DuckProcess implements AsyncDisposable {
  readonly #options: DuckProcessOptions;
  readonly #logger: Logger;
  readonly #rssMax: number;
  readonly #translations: Translations = new Translations({ bytesMax: TRANSLATIONS_BYTES_MAX });
  readonly #ended = new Set<Promise<void>>();
  #opening: Promise<DuckChild> | undefined;
  #child: DuckChild | undefined;
  #childCount = 0;
  #running = 0;
  #guard: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;
  #whenIdle: (() => void) | undefined;
  #isClosed = false;

  constructor(options: DuckProcessOptions, collaborators: { readonly logger: Logger }) {
    this.#options = options;
    this.#logger = collaborators.logger;
    this.#rssMax =
      options.memoryLimitBytes + (options.memoryOverheadBytes ?? MEMORY_OVERHEAD_BYTES);
  }

  /** What DuckDB may take for all statements together. */
  get memoryLimitBytes(): number {
    return this.#options.memoryLimitBytes;
  }

  /** Of the process that new tasks go to. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts the process unless it is there, so that a query's time begins when it can run. */
  async start(): Promise<void> {
    await this.#hold(() => this.#current());
  }

  /** Keeps what it translates for its repetition. Errors: those of `run`. */
  async translate(budget: QueryBudget, request: SqlRequest): Promise<Translation> {
    return await this.#translations.get(request, () => this.run(budget, 'translate', request));
  }

  /**
   * Runs one task. When its process is lost it runs once more, unless the memory that its own statement took may
   * be why. Errors: QueryTimeout (internal) when the time was over, the signal's reason when the client has gone,
   * ParameterInvalid when the process had too much memory, else those of the task.
   */
  async run<Kind extends DuckKind>(
    budget: QueryBudget,
    kind: Kind,
    request: DuckTasks[Kind]['request'],
  ): Promise<DuckTasks[Kind]['answer']> {
    const task = { kind, request } as DuckTask;
    const answer = await this.#hold(async () => {
      const once = async (): Promise<unknown> => this.#runOn(await this.#current(), budget, task);
      try {
        return await once();
      } catch (error) {
        if (!mayRunAgain(error)) throw error;
        return await once();
      }
    }).catch((error: unknown) => {
      throw this.#userError(error);
    });
    return answer as DuckTasks[Kind]['answer'];
  }

  /** Waits for running tasks. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    if (this.#running > 0)
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    this.#endChild();
    await Promise.all(this.#ended);
  }

  /** Work during which the process is watched, and keeps this one alive. */
  async #hold<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new AppError('ServerBusy', 'queries are shutting down');
    clearTimeout(this.#idle);
    this.#running++;
    this.#child?.hold(true);
    this.#guard ??= setInterval(() => this.#checkMemory(), MEMORY_POLL_MS);
    try {
      return await work();
    } finally {
      this.#running--;
      if (this.#running === 0) this.#rest();
    }
  }

  #rest(): void {
    clearInterval(this.#guard);
    this.#guard = undefined;
    const child = this.#child;
    if (child !== undefined) {
      child.hold(false);
      if (child.rssBytes > this.#rssMax * IDLE_MEMORY_SHARE) this.#endChild();
      else
        this.#idle = setTimeout(
          () => this.#endChild(),
          this.#options.idleMs ?? PROCESS_IDLE_MS,
        ).unref();
    }
    this.#whenIdle?.();
  }

  #checkMemory(): void {
    const child = this.#child;
    if (child === undefined || child.isLost) return;
    const rssBytes = child.rssBytes;
    if (rssBytes <= this.#rssMax) return;
    this.#logger.warn({ rssBytes, rssMax: this.#rssMax }, 'query process has too much memory');
    this.#child = undefined;
    child.kill('memory');
  }

  async #current(): Promise<DuckChild> {
    if (this.#child !== undefined && !this.#child.isLost) return this.#child;
    this.#child = undefined;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return await this.#opening;
  }

  async #open(): Promise<DuckChild> {
    const { concurrencyMax, memoryLimitBytes, threads, segmentDirectories, timeZone, dataFiles } =
      this.#options;
    // What a process before this server's left is of no use to anyone.
    if (this.#childCount === 0)
      await rm(this.#options.spillDirectory, { recursive: true, force: true });
    const spillDirectory = `${this.#options.spillDirectory}/${++this.#childCount}`;
    await mkdir(spillDirectory, { recursive: true });
    const child = new DuckChild(
      { memoryLimitBytes, threads, segmentDirectories, timeZone, dataFiles, spillDirectory },
      concurrencyMax,
    );
    const ended = child.exited
      .then(() => rm(spillDirectory, { recursive: true, force: true }))
      .catch((error: unknown) => {
        this.#logger.warn({ err: error }, 'cannot remove a spill folder');
      })
      .finally(() => this.#ended.delete(ended));
    this.#ended.add(ended);
    try {
      await child.ready();
    } catch (cause) {
      child.kill('crash');
      this.#logger.error({ err: cause }, 'cannot start a query process');
      throw new AppError('InternalServerError', 'cannot start the query engine', { cause });
    }
    this.#child = child;
    return child;
  }

  #endChild(): void {
    const child = this.#child;
    this.#child = undefined;
    clearTimeout(this.#idle);
    // It holds nothing that a kill could harm, and disposal waits for its end.
    if (child !== undefined && this.#isClosed) child.hold(true);
    child?.kill('crash');
  }

  async #runOn(child: DuckChild, budget: QueryBudget, task: DuckTask): Promise<unknown> {
    const done = new AbortController();
    let watch: Promise<void> | undefined;
    try {
      return await child.run(task, (id) => {
        watch = this.#stopAtEnd({ child, id, budget, done: done.signal });
      });
    } catch (cause) {
      const isStopped = errorCode(cause) === PROCESS_LOST || /interrupt/i.test(errorMessage(cause));
      if (budget.isOver() && isStopped)
        throw new AppError('QueryTimeout', 'query ran out of time', { cause });
      throw cause;
    } finally {
      done.abort();
      await watch;
    }
  }

  /** Interrupts when the time is over or the client has gone, and kills when that does not help. */
  async #stopAtEnd(watch: {
    readonly child: DuckChild;
    readonly id: number;
    readonly budget: QueryBudget;
    readonly done: AbortSignal;
  }): Promise<void> {
    const { child, id, budget, done } = watch;
    const stop = budget.signal === undefined ? done : AbortSignal.any([done, budget.signal]);
    await quietSleep(budget.clock, budget.remainingMs, stop);
    if (done.aborted) return;
    child.interrupt(id);
    await quietSleep(budget.clock, this.#options.interruptGraceMs ?? INTERRUPT_GRACE_MS, done);
    if (done.aborted || child.isLost) return;
    this.#logger.warn({}, 'query does not stop, ending its process');
    if (this.#child === child) this.#child = undefined;
    child.kill('time');
  }

  #userError(error: unknown): unknown {
    if (errorCode(error) !== PROCESS_LOST) return error;
    this.#logger.warn({ err: error }, 'query lost its process');
    return lostReason(error) === 'memory'
      ? memoryExceeded(this.#options.memoryLimitBytes)
      : new AppError('InternalServerError', 'query process stopped', { cause: error });
  }
}

/** A user's statement is not to blame when another one would not stop. */
function mayRunAgain(error: unknown): boolean {
  return errorCode(error) === PROCESS_LOST && lostReason(error) === 'time';
}

function lostReason(error: unknown): unknown {
  return error instanceof AppError ? error.details['reason'] : undefined;
}

async function quietSleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch {
    // Being woken early is what the signal is for.
  }
}

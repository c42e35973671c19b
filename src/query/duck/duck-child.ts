/** One process that owns a DuckDB instance, from its start to its end. `duck-process.ts` decides when it starts and ends. */
import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { AppError } from '#base/app-error.ts';
import type { DuckCommand, DuckOptions, DuckReply, DuckTask, SqlAnswer } from './duck-messages.ts';
import { PROCESS_START_MS } from '../limits.ts';

/** Why a process is no more: killed for its memory, killed for a task that would not stop, or by itself. */
export type LostReason = 'memory' | 'time' | 'crash';

/** The code of the error of every task that a process had when it was lost; `details.reason` is a `LostReason`. */
export const PROCESS_LOST = 'QueryProcessLost';

interface Pending {
  readonly rows: (readonly string[])[];
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

const ENTRY = new URL('./duck-worker.ts', import.meta.url);

/** Signals of a process that the system, or the process itself, ended for want of memory. */
const MEMORY_SIGNALS: ReadonlySet<string> = new Set(['SIGKILL', 'SIGABRT']);

export class DuckChild {
  /** Resolves when the process has ended. */
  readonly exited: Promise<void>;
  readonly #process: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  readonly #ready: PromiseWithResolvers<void> = Promise.withResolvers();
  #reason: LostReason | undefined;
  #isLost = false;
  #nextId = 1;
  #reportedBytes = 0;

  /** `tasksMax`: how many tasks may run at once without waiting for a thread. */
  constructor(options: DuckOptions, tasksMax: number) {
    this.#process = fork(ENTRY, {
      serialization: 'advanced',
      // Each task holds at most one of them; a hung one must not stop the others.
      env: { UV_THREADPOOL_SIZE: String(tasksMax + 1) },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const ended = Promise.withResolvers<void>();
    this.exited = ended.promise;
    this.#process.on('message', (reply) => this.#receive(reply as DuckReply));
    this.#process.once('exit', (_code, signal) => {
      this.#lose(signal);
      ended.resolve();
    });
    this.#process.on('error', () => {
      // It could not start or be reached.
      if (this.#process.pid === undefined) ended.resolve();
      this.#lose(null);
    });
    this.#ready.promise.catch(() => undefined);
    this.#send({ kind: 'open', options });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** Resident memory in bytes; 0 when unknown. */
  get rssBytes(): number {
    try {
      const status = readFileSync(`/proc/${this.#process.pid}/status`, 'latin1');
      return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
    } catch {
      return this.#reportedBytes;
    }
  }

  /** Resolves when tasks can run. Errors: QueryProcessLost, or why DuckDB cannot start. */
  async ready(): Promise<void> {
    const timer = setTimeout(() => this.kill('crash'), PROCESS_START_MS);
    try {
      await this.#ready.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** `started` gets the number for `interrupt`. Errors: those of the task; QueryProcessLost. */
  run(task: DuckTask, started: (id: number) => void): Promise<unknown> {
    if (this.#isLost) return Promise.reject(this.#lostError());
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { rows: [], resolve, reject });
    this.#send({ kind: 'run', id, task });
    started(id);
    return promise;
  }

  interrupt(id: number): void {
    this.#send({ kind: 'interrupt', id });
  }

  /** Ends it at once; its tasks fail. */
  kill(reason: LostReason): void {
    this.#reason ??= reason;
    this.#process.kill('SIGKILL');
    this.#lose(null);
  }

  /** Whether it keeps this process alive. */
  hold(isHeld: boolean): void {
    if (isHeld) {
      this.#process.ref();
      this.#process.channel?.ref();
    } else {
      this.#process.unref();
      this.#process.channel?.unref();
    }
  }

  #send(command: DuckCommand): void {
    // A failure to send is followed by the end of the process, which fails the task.
    this.#process.send(command, () => undefined);
  }

  #receive(reply: DuckReply): void {
    if (reply.kind === 'ready') this.#ready.resolve();
    else if (reply.kind === 'broken')
      this.#ready.reject(
        new AppError('InternalServerError', 'cannot start the query engine', {
          details: { message: reply.message },
        }),
      );
    else if (reply.kind === 'memory') this.#reportedBytes = reply.rssBytes;
    else if (reply.kind === 'rows') this.#pending.get(reply.id)?.rows.push(...reply.rows);
    else this.#finish(reply);
  }

  #finish(reply: Extract<DuckReply, { kind: 'done' | 'failed' }>): void {
    const pending = this.#pending.get(reply.id);
    if (pending === undefined) return;
    this.#pending.delete(reply.id);
    if (reply.kind === 'failed') {
      const { code, message } = reply;
      pending.reject(code === undefined ? new Error(message) : new AppError(code, message));
    } else if (pending.rows.length === 0) pending.resolve(reply.answer);
    else pending.resolve({ ...(reply.answer as SqlAnswer), rows: pending.rows });
  }

  #lose(signal: string | null): void {
    this.#isLost = true;
    this.#reason ??= signal !== null && MEMORY_SIGNALS.has(signal) ? 'memory' : 'crash';
    const error = this.#lostError();
    this.#ready.reject(error);
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }

  #lostError(): AppError {
    const details = { reason: this.#reason ?? 'crash' };
    return new AppError(PROCESS_LOST, 'query process was lost', { details });
  }
}

/**
 * A query process for each time zone that statements ask for. The zone is part of what a process locks when it starts (the
 * macros and casts of times know one), so a statement in another zone than the server's gets a process of that zone.
 */
import { AppError } from '#base/app-error.ts';
import { must } from '#base/assert.ts';
import type { Logger } from '#telemetry/logger.ts';
import { OTHER_ZONES_MAX } from '../limits.ts';
import { DuckProcess, type DuckProcessOptions } from './duck-process.ts';

interface Zoned {
  readonly process: DuckProcess;
  /** Statements that are under way. */
  users: number;
}

export class ZonedProcesses implements AsyncDisposable {
  readonly #options: DuckProcessOptions;
  readonly #logger: Logger;
  readonly #own: DuckProcess;
  /** By zone, the least recently used first. */
  readonly #others = new Map<string, Zoned>();
  readonly #closing = new Set<Promise<void>>();
  #zoneCount = 0;

  /** `options.timeZone` is the server's; processes of other zones share the memory of one more. */
  constructor(options: DuckProcessOptions, collaborators: { readonly logger: Logger }) {
    this.#options = options;
    this.#logger = collaborators.logger;
    this.#own = this.#open(options.timeZone, `${options.spillDirectory}/sql`, 1);
  }

  /**
   * Runs a statement's work with the process of a zone (IANA name; undefined: the server's). Errors: ParameterInvalid when
   * too many zones are asked for at once, those of the work.
   */
  async use<T>(
    timeZone: string | undefined,
    work: (process: DuckProcess) => Promise<T>,
  ): Promise<T> {
    if (timeZone === undefined || timeZone === this.#options.timeZone) return await work(this.#own);
    const zoned = this.#others.get(timeZone) ?? this.#openOther(timeZone);
    this.#others.delete(timeZone);
    this.#others.set(timeZone, zoned);
    zoned.users++;
    try {
      return await work(zoned.process);
    } finally {
      zoned.users--;
    }
  }

  /** Waits for running tasks. */
  async [Symbol.asyncDispose](): Promise<void> {
    const processes = [this.#own, ...[...this.#others.values()].map(({ process }) => process)];
    await Promise.all(processes.map((process) => process[Symbol.asyncDispose]()));
    await Promise.all(this.#closing);
  }

  #openOther(timeZone: string): Zoned {
    if (this.#others.size >= OTHER_ZONES_MAX) this.#closeOne();
    const spillDirectory = `${this.#options.spillDirectory}/zone-${++this.#zoneCount}`;
    return { process: this.#open(timeZone, spillDirectory, OTHER_ZONES_MAX), users: 0 };
  }

  #open(timeZone: string, spillDirectory: string, share: number): DuckProcess {
    const memoryLimitBytes = Math.floor(this.#options.memoryLimitBytes / share);
    const options = { ...this.#options, timeZone, spillDirectory, memoryLimitBytes };
    return new DuckProcess(options, { logger: this.#logger });
  }

  #closeOne(): void {
    const zone = [...this.#others.keys()].find((name) => this.#others.get(name)?.users === 0);
    if (zone === undefined)
      throw new AppError('ParameterInvalid', 'too many time zones at once, please try again later');
    const { process } = must(this.#others.get(zone), 'it was found');
    this.#others.delete(zone);
    const closed = process[Symbol.asyncDispose]().finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }
}

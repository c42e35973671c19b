/** How many queries run at once, and how many may wait: of all projects, and of each, so that one leaves room for others. */
import { AppError } from '#base/app-error.ts';

export interface QuerySlotsOptions {
  /** Queries that run at once. */
  readonly runningMax: number;
  /** Of them, those of one project. */
  readonly projectRunningMax: number;
  /** Queries that wait. */
  readonly queuedMax: number;
  /** Of them, those of one project. */
  readonly projectQueuedMax: number;
}

/** Only projects with queries have one. */
interface ProjectQueries {
  running: number;
  /** In order of arrival. */
  readonly waiting: (() => void)[];
}

export class QuerySlots {
  readonly #options: QuerySlotsOptions;
  /** The project whose turn it is comes first. */
  readonly #projects = new Map<string, ProjectQueries>();
  #running = 0;
  #queued = 0;

  constructor(options: QuerySlotsOptions) {
    this.#options = options;
  }

  /**
   * Runs the work when a slot is free: first come, first served within a project, and projects in turn. Errors:
   * ParameterInvalid when too many wait; the signal's reason when it is aborted while waiting.
   */
  async run<T>(
    projectName: string,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    const project = this.#project(projectName);
    try {
      if (this.#hasSlot(project)) this.#take(projectName, project);
      else await this.#wait(project, signal);
      try {
        return await work();
      } finally {
        this.#running--;
        project.running--;
        this.#startNext();
      }
    } finally {
      if (project.running === 0 && project.waiting.length === 0) this.#projects.delete(projectName);
    }
  }

  #project(projectName: string): ProjectQueries {
    const project = this.#projects.get(projectName) ?? { running: 0, waiting: [] };
    this.#projects.set(projectName, project);
    return project;
  }

  #hasSlot(project: ProjectQueries): boolean {
    const { runningMax, projectRunningMax } = this.#options;
    return this.#running < runningMax && project.running < projectRunningMax;
  }

  /** The project goes to the end of the row. */
  #take(projectName: string, project: ProjectQueries): void {
    this.#running++;
    project.running++;
    this.#projects.delete(projectName);
    this.#projects.set(projectName, project);
  }

  /** One slot has become free, so one query at most can start. */
  #startNext(): void {
    for (const [projectName, project] of this.#projects) {
      if (project.waiting.length === 0 || !this.#hasSlot(project)) continue;
      this.#take(projectName, project);
      project.waiting.shift()?.();
      return;
    }
  }

  #wait(project: ProjectQueries, signal: AbortSignal | undefined): Promise<void> {
    const { queuedMax, projectQueuedMax } = this.#options;
    if (this.#queued >= queuedMax || project.waiting.length >= projectQueuedMax)
      throw new AppError('ParameterInvalid', 'Too many queued queries');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const start = (): void => {
      this.#queued--;
      signal?.removeEventListener('abort', leave);
      resolve();
    };
    const leave = (): void => {
      this.#queued--;
      project.waiting.splice(project.waiting.indexOf(start), 1);
      reject(signal?.reason as Error);
    };
    this.#queued++;
    project.waiting.push(start);
    signal?.addEventListener('abort', leave, { once: true });
    return promise;
  }
}

/**
 * Segment building on worker threads, so that it never stands in the way of requests. Work waits in two lanes:
 * what searches wait for (builds, merges of local segments) and what nobody waits for (merges for the BlobStore,
 * up to a gigabyte each). With two workers or more the last one takes only the second lane and the others only
 * the first, so a long merge never delays a build; a single worker takes the first lane first.
 * A worker that dies fails its task and is replaced with the next one.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { AppError } from '#base/app-error.ts';
import { BUILD_QUEUE_MAX, WORKER_HEAP_BYTES_MAX, WORKER_SCRIPT_HEAP_MB } from './limits.ts';
import type {
  SegmentBuilder,
  SegmentBuildRequest,
  SegmentBuildResult,
  SegmentMergeRequest,
} from './segment-builder.ts';
import type { SegmentInfo } from './segment.ts';
import type { WorkerAnswer, WorkerTask } from './segment-worker.ts';

export interface SegmentWorkersOptions {
  /** Worker threads, at least 1. Default: 2, or 1 on a machine with one core. */
  readonly workerCount?: number | undefined;
  /** Wasm bytes after which a worker is replaced between two tasks. */
  readonly heapBytesMax?: number | undefined;
  /** JavaScript heap of a worker, MB; the thread dies when it needs more. Row data is not in it. */
  readonly scriptHeapMb?: number | undefined;
}

type Lane = 'quick' | 'long';

interface Job {
  readonly task: WorkerTask;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (result: WorkerAnswer['result']) => void;
  readonly reject: (error: unknown) => void;
}

/** One thread and the job that it is at. */
interface Slot {
  /** The lanes that it serves, the first one first. */
  readonly lanes: readonly Lane[];
  worker: Worker | undefined;
  job: Job | undefined;
}

const ENTRY = new URL('./segment-worker.ts', import.meta.url);
const WORKERS_DEFAULT = 2;

export class SegmentWorkers implements SegmentBuilder {
  readonly #slots: readonly Slot[];
  readonly #heapBytesMax: number;
  readonly #scriptHeapMb: number;
  readonly #queues: Readonly<Record<Lane, Job[]>> = { quick: [], long: [] };
  #isClosed: boolean = false;

  constructor(options: SegmentWorkersOptions = {}) {
    const fallback = Math.min(WORKERS_DEFAULT, availableParallelism());
    const count = Math.max(1, options.workerCount ?? fallback);
    this.#slots = Array.from({ length: count }, (_, i) => ({
      lanes: count === 1 ? ['quick', 'long'] : [i === count - 1 ? 'long' : 'quick'],
      worker: undefined,
      job: undefined,
    }));
    this.#heapBytesMax = options.heapBytesMax ?? WORKER_HEAP_BYTES_MAX;
    this.#scriptHeapMb = options.scriptHeapMb ?? WORKER_SCRIPT_HEAP_MB;
  }

  /**
   * Builds in a worker. Payloads that own their whole buffer are transferred: they are empty afterwards.
   * Errors: those of `buildSegment` with their codes; SegmentWorkerFailed (the thread died, or the builder
   * was disposed); ServerBusy (too many builds wait).
   */
  async build(request: SegmentBuildRequest): Promise<SegmentBuildResult> {
    return (await this.#run({ kind: 'build', request }, undefined)) as SegmentBuildResult;
  }

  /** In a worker, as `build`. Aborting ends the worker that is at it; what it wrote so far stays. */
  async merge(request: SegmentMergeRequest, signal?: AbortSignal): Promise<readonly SegmentInfo[]> {
    return (await this.#run({ kind: 'merge', request }, signal)) as readonly SegmentInfo[];
  }

  async #run(task: WorkerTask, signal: AbortSignal | undefined): Promise<WorkerAnswer['result']> {
    signal?.throwIfAborted();
    if (this.#isClosed) throw workerFailed('segment builder is closed');
    const queue = this.#queues[laneOf(task)];
    if (queue.length >= BUILD_QUEUE_MAX)
      throw new AppError('ServerBusy', 'too many segments wait to be built');
    const { promise, resolve, reject } = Promise.withResolvers<WorkerAnswer['result']>();
    const job: Job = { task, signal, resolve, reject };
    const onAbort = (): void => this.#abort(job);
    signal?.addEventListener('abort', onAbort, { once: true });
    queue.push(job);
    this.#startNext();
    try {
      return await promise;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Ends the threads; tasks that have not finished fail. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const queue of Object.values(this.#queues))
      for (const job of queue.splice(0)) job.reject(workerFailed('segment builder is closed'));
    await Promise.all(this.#slots.map(async ({ worker }) => void (await worker?.terminate())));
  }

  #startNext(): void {
    for (const slot of this.#slots)
      while (slot.job === undefined) {
        const lane = slot.lanes.find((name) => this.#queues[name].length > 0);
        const job = lane === undefined ? undefined : this.#queues[lane].shift();
        if (job === undefined) break;
        this.#start(slot, job);
      }
  }

  #start(slot: Slot, job: Job): void {
    slot.job = job;
    slot.worker ??= this.#newWorker(slot);
    // An idle worker must not keep the process alive, a task must.
    slot.worker.ref();
    try {
      slot.worker.postMessage(job.task, ownBuffers(job.task));
    } catch (error) {
      slot.job = undefined;
      slot.worker.unref();
      job.reject(error);
    }
  }

  #newWorker(slot: Slot): Worker {
    const worker = new Worker(ENTRY, {
      name: `segment-${slot.lanes[0]}`,
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: this.#scriptHeapMb },
    });
    worker.on('message', (answer: WorkerAnswer) => this.#finish(slot, worker, answer));
    worker.on('error', (error) => this.#lose(slot, worker, error));
    worker.on('exit', () => this.#lose(slot, worker, undefined));
    return worker;
  }

  #finish(slot: Slot, worker: Worker, answer: WorkerAnswer): void {
    // The worker may have been given up while its answer was on the way.
    if (slot.worker !== worker) return;
    const job = slot.job;
    slot.job = undefined;
    worker.unref();
    if (answer.heapBytes > this.#heapBytesMax) {
      slot.worker = undefined;
      void worker.terminate();
    }
    if (answer.failure === undefined) job?.resolve(answer.result);
    else job?.reject(errorOf(answer.failure));
    this.#startNext();
  }

  #lose(slot: Slot, worker: Worker, cause: unknown): void {
    if (slot.worker !== worker) return;
    slot.worker = undefined;
    const job = slot.job;
    slot.job = undefined;
    job?.reject(workerFailed('segment worker stopped', cause));
    if (!this.#isClosed) this.#startNext();
  }

  /** A waiting job leaves its line; one under way takes its worker along, for a worker cannot be interrupted. */
  #abort(job: Job): void {
    const queue = this.#queues[laneOf(job.task)];
    const at = queue.indexOf(job);
    if (at >= 0) queue.splice(at, 1);
    const slot = this.#slots.find((one) => one.job === job);
    if (slot !== undefined) {
      const { worker } = slot;
      slot.worker = undefined;
      slot.job = undefined;
      void worker?.terminate();
    }
    job.reject(job.signal?.reason);
    if (!this.#isClosed) this.#startNext();
  }
}

function laneOf(task: WorkerTask): Lane {
  return task.kind === 'merge' && task.request.storage === 'stored' ? 'long' : 'quick';
}

function workerFailed(message: string, cause?: unknown): AppError {
  return new AppError('SegmentWorkerFailed', message, { cause });
}

function errorOf(failure: NonNullable<WorkerAnswer['failure']>): Error {
  const error =
    failure.code === undefined
      ? new Error(failure.message)
      : new AppError(failure.code, failure.message, { details: failure.details });
  if (failure.stack !== undefined) error.stack = failure.stack;
  return error;
}

/** Buffers that payloads cover completely; a view of a larger one (a pooled Buffer) has to be copied. */
function ownBuffers(task: WorkerTask): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  if (task.kind === 'merge') return [];
  for (const { payload } of task.request.records)
    if (payload.buffer instanceof ArrayBuffer && payload.byteLength === payload.buffer.byteLength)
      buffers.add(payload.buffer);
  return [...buffers];
}

/**
 * Segment building on worker threads, so that it never stands in the way of requests. Builds wait in one queue;
 * a worker that dies fails its build and is replaced with the next one.
 */
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
  /** Worker threads, at least 1. */
  readonly workerCount?: number | undefined;
  /** Wasm bytes after which a worker is replaced between two builds. */
  readonly heapBytesMax?: number | undefined;
  /** JavaScript heap of a worker, MB; the thread dies when it needs more. Row data is not in it. */
  readonly scriptHeapMb?: number | undefined;
}

interface Build {
  readonly task: WorkerTask;
  readonly resolve: (result: WorkerAnswer['result']) => void;
  readonly reject: (error: unknown) => void;
}

/** One thread and the build that it is at. */
interface Slot {
  worker: Worker | undefined;
  build: Build | undefined;
}

const ENTRY = new URL('./segment-worker.ts', import.meta.url);

export class SegmentWorkers implements SegmentBuilder {
  readonly #slots: readonly Slot[];
  readonly #heapBytesMax: number;
  readonly #scriptHeapMb: number;
  readonly #queue: Build[] = [];
  #isClosed: boolean = false;

  constructor(options: SegmentWorkersOptions = {}) {
    const count = Math.max(1, options.workerCount ?? 1);
    this.#slots = Array.from({ length: count }, () => ({ worker: undefined, build: undefined }));
    this.#heapBytesMax = options.heapBytesMax ?? WORKER_HEAP_BYTES_MAX;
    this.#scriptHeapMb = options.scriptHeapMb ?? WORKER_SCRIPT_HEAP_MB;
  }

  /**
   * Builds in a worker. Payloads that own their whole buffer are transferred: they are empty afterwards.
   * Errors: those of `buildSegment` with their codes; SegmentWorkerFailed (the thread died, or the builder
   * was disposed); ServerBusy (too many builds wait).
   */
  async build(request: SegmentBuildRequest): Promise<SegmentBuildResult> {
    return (await this.#run({ kind: 'build', request })) as SegmentBuildResult;
  }

  /** In a worker, as `build`. */
  async merge(request: SegmentMergeRequest): Promise<readonly SegmentInfo[]> {
    return (await this.#run({ kind: 'merge', request })) as readonly SegmentInfo[];
  }

  #run(task: WorkerTask): Promise<WorkerAnswer['result']> {
    if (this.#isClosed) return Promise.reject(workerFailed('segment builder is closed'));
    if (this.#queue.length >= BUILD_QUEUE_MAX)
      return Promise.reject(new AppError('ServerBusy', 'too many segments wait to be built'));
    return new Promise((resolve, reject) => {
      this.#queue.push({ task, resolve, reject });
      this.#startNext();
    });
  }

  /** Ends the threads; builds that have not finished fail. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const build of this.#queue.splice(0))
      build.reject(workerFailed('segment builder is closed'));
    await Promise.all(this.#slots.map((slot) => this.#endWorker(slot)));
  }

  #startNext(): void {
    while (this.#queue.length > 0) {
      const slot = this.#slots.find((one) => one.build === undefined);
      if (slot === undefined) return;
      const build = this.#queue.shift();
      if (build === undefined) return;
      slot.build = build;
      slot.worker ??= this.#newWorker(slot);
      // An idle worker must not keep the process alive, a build must.
      slot.worker.ref();
      try {
        slot.worker.postMessage(build.task, ownBuffers(build.task));
      } catch (error) {
        slot.build = undefined;
        slot.worker.unref();
        build.reject(error);
      }
    }
  }

  #newWorker(slot: Slot): Worker {
    const worker = new Worker(ENTRY, {
      name: 'segment-build',
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: this.#scriptHeapMb },
    });
    worker.on('message', (answer: WorkerAnswer) => this.#finish(slot, worker, answer));
    worker.on('error', (error) => this.#lose(slot, worker, error));
    worker.on('exit', () => this.#lose(slot, worker, undefined));
    return worker;
  }

  #finish(slot: Slot, worker: Worker, answer: WorkerAnswer): void {
    const build = slot.build;
    slot.build = undefined;
    worker.unref();
    if (answer.heapBytes > this.#heapBytesMax) {
      slot.worker = undefined;
      void worker.terminate();
    }
    if (answer.failure === undefined) build?.resolve(answer.result);
    else build?.reject(errorOf(answer.failure));
    this.#startNext();
  }

  #lose(slot: Slot, worker: Worker, cause: unknown): void {
    if (slot.worker !== worker) return;
    slot.worker = undefined;
    const build = slot.build;
    slot.build = undefined;
    build?.reject(workerFailed('segment worker stopped', cause));
    if (!this.#isClosed) this.#startNext();
  }

  async #endWorker(slot: Slot): Promise<void> {
    await slot.worker?.terminate();
  }
}

function workerFailed(message: string, cause?: unknown): AppError {
  return new AppError('SegmentWorkerFailed', message, { cause });
}

function errorOf(failure: NonNullable<WorkerAnswer['failure']>): Error {
  const error =
    failure.code === undefined
      ? new Error(failure.message)
      : new AppError(failure.code, failure.message);
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

/** Entry of a build worker thread: one request at a time, as `segment-workers.ts` sends them. */
import { parentPort } from 'node:worker_threads';
import { AppError, errorCode, errorMessage } from '#base/app-error.ts';
import { must } from '#base/assert.ts';
import { RealFiles } from '#platform/real-files.ts';
import { buildSegment } from './build-segment.ts';
import { mergeSegments } from './merge-segments.ts';
import type {
  SegmentBuildRequest,
  SegmentBuildResult,
  SegmentMergeRequest,
} from './segment-builder.ts';
import type { SegmentInfo } from './segment.ts';

export type WorkerTask =
  | { readonly kind: 'build'; readonly request: SegmentBuildRequest }
  | { readonly kind: 'merge'; readonly request: SegmentMergeRequest };

/** What the worker answers to each request. */
export interface WorkerAnswer {
  readonly result?: SegmentBuildResult | readonly SegmentInfo[];
  /** An error in parts: classes and their fields do not survive the way between threads. */
  readonly failure?: {
    readonly code: string | undefined;
    readonly message: string;
    readonly stack: string | undefined;
    readonly details: AppError['details'] | undefined;
  };
  /** Memory of buffers that the worker holds, bytes. */
  readonly heapBytes: number;
}

/** What is outside of the JavaScript heap; garbage counts as long as nobody collected it. */
function heldBytes(): number {
  return process.memoryUsage().arrayBuffers;
}

const port = must(parentPort, 'the file runs as a worker thread');

async function answer(task: WorkerTask): Promise<WorkerAnswer> {
  try {
    const options = { files: new RealFiles() };
    const result =
      task.kind === 'build'
        ? await buildSegment(task.request, options)
        : await mergeSegments(task.request, options);
    return { result, heapBytes: heldBytes() };
  } catch (error) {
    const failure = {
      code: errorCode(error),
      message: errorMessage(error),
      stack: error instanceof Error ? error.stack : undefined,
      details: error instanceof AppError ? error.details : undefined,
    };
    return { failure, heapBytes: heldBytes() };
  }
}

port.on('message', (task: WorkerTask) => {
  void answer(task).then((message) => port.postMessage(message));
});

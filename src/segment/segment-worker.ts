/** Entry of a build worker thread: one request at a time, as `segment-workers.ts` sends them. */
import { parentPort } from 'node:worker_threads';
import { errorCode, errorMessage } from '#base/app-error.ts';
import { must } from '#base/assert.ts';
import { RealFiles } from '#platform/real-files.ts';
import { buildSegment } from './build-segment.ts';
import { parquetHeapBytes } from './parquet-writer.ts';
import type { SegmentBuildRequest, SegmentBuildResult } from './segment-builder.ts';

/** What the worker answers to each request. */
export interface WorkerAnswer {
  readonly result?: SegmentBuildResult;
  /** An error in parts: classes and their fields do not survive the way between threads. */
  readonly failure?: {
    readonly code: string | undefined;
    readonly message: string;
    readonly stack: string | undefined;
  };
  /** Memory that the worker keeps for ever, bytes. */
  readonly heapBytes: number;
}

const port = must(parentPort, 'the file runs as a worker thread');

async function answer(request: SegmentBuildRequest): Promise<WorkerAnswer> {
  try {
    const result = await buildSegment(request, { files: new RealFiles() });
    return { result, heapBytes: parquetHeapBytes() };
  } catch (error) {
    const failure = {
      code: errorCode(error),
      message: errorMessage(error),
      stack: error instanceof Error ? error.stack : undefined,
    };
    return { failure, heapBytes: parquetHeapBytes() };
  }
}

port.on('message', (request: SegmentBuildRequest) => {
  void answer(request).then((message) => port.postMessage(message));
});

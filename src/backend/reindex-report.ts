/** What a reindex is asked and tells: the words of the `Reindexer`, its routes and its command. */
import { z } from 'zod';
import { AppError } from '#base/app-error.ts';

/**
 * `waiting`: for jobs of other logstores. `failed`: `errorCode` says why; what is rebuilt so far stays. All but the
 * first two are the end of a job.
 */
export type ReindexState = 'waiting' | 'running' | 'done' | 'cancelled' | 'failed';

/** How much segments hold. */
export interface ReindexExtent {
  readonly segmentCount: number;
  readonly rowCount: number;
  /** Bytes of the logs as they were sent, decompressed. */
  readonly rawBytes: number;
}

/** A job as it travels, JSON. */
export interface ReindexReport {
  readonly state: ReindexState;
  /** Segments with log times in [fromTime, toTime), Unix seconds, are rebuilt. */
  readonly fromTime: number;
  readonly toTime: number;
  readonly createTimeMs: number;
  /** Undefined while the job is waiting or running. */
  readonly endTimeMs?: number | undefined;
  /** Names the configuration that segments are rebuilt with. */
  readonly indexHash: string;
  /**
   * What was of another configuration when the job began, or when the configuration last changed under it; and what of
   * it no longer is, because it was rebuilt or has expired.
   */
  readonly total: ReindexExtent;
  readonly done: ReindexExtent;
  /** Raw bytes a second since the job began, or the server started. Undefined before there is anything to tell. */
  readonly bytesPerSecond?: number | undefined;
  readonly remainingMs?: number | undefined;
  /** Why the job failed; of a running one, why its last attempt did, which is made again. */
  readonly errorCode?: string | undefined;
  readonly errorMessage?: string | undefined;
}

export const REINDEX_STATES: readonly ReindexState[] = [
  'waiting',
  'running',
  'done',
  'cancelled',
  'failed',
];

const count = z.number().int().nonnegative();

export const extentSchema: z.ZodType<ReindexExtent> = z.object({
  segmentCount: count,
  rowCount: count,
  rawBytes: count,
});

const reportSchema: z.ZodType<ReindexReport> = z.object({
  state: z.enum(REINDEX_STATES),
  fromTime: count,
  toTime: count,
  createTimeMs: z.number(),
  endTimeMs: z.number().optional(),
  indexHash: z.string(),
  total: extentSchema,
  done: extentSchema,
  bytesPerSecond: z.number().optional(),
  remainingMs: z.number().optional(),
  errorCode: z.string().optional(),
  errorMessage: z.string().optional(),
});

/** Whether the job will not do any more. */
export function isOver(state: ReindexState): boolean {
  return state !== 'waiting' && state !== 'running';
}

/** The answer of a server. Errors: AnswerInvalid. */
export function decodeReindexReport(text: string): ReindexReport {
  try {
    return reportSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError('AnswerInvalid', 'cannot read what the server says of the reindex', {
      cause,
    });
  }
}

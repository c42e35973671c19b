import { AppError } from '#base/app-error.ts';
import { callApi } from '../../shared/api.ts';
import type { Place } from '../../shared/log-types.ts';

/** What the server tells of the last reindex of a logstore (docs/operations/reindex.md), as far as it is shown. */
export interface ReindexJob {
  readonly state: 'waiting' | 'running' | 'done' | 'cancelled' | 'failed';
  readonly total: { readonly rawBytes: number };
  readonly done: { readonly rawBytes: number };
  readonly remainingMs?: number;
  readonly errorCode?: string;
  readonly errorMessage?: string;
}

/** Undefined when there never was one. */
export async function readReindex(
  place: Place,
  signal: AbortSignal,
): Promise<ReindexJob | undefined> {
  const path = `/logstores/${encodeURIComponent(place.logstore)}/reindex`;
  try {
    return (await callApi<ReindexJob>({ path, project: place.project, signal })).body;
  } catch (error) {
    if (error instanceof AppError && error.code === 'JobNotExist') return undefined;
    throw error;
  }
}

/** Gathering the segments that a query has to look at. */
import { AppError, errorCode } from '#base/app-error.ts';
import type { ShardLog } from '#loghub/shard-log.ts';
import type { Clock } from '#platform/clock.ts';
import type { SegmentLease } from '#segment/segment.ts';
import { ACQUIRE_ATTEMPTS_MAX, REPAIR_WAIT_MS } from './limits.ts';
import { overlaps } from './manifest.ts';
import type { ManifestHead } from './manifest-codec.ts';
import { blobSegment } from './segment-files.ts';
import type { SegmentRegistry } from './segment-registry.ts';
import type { ShardIndexer } from './shard-indexer.ts';

export interface AcquireRequest {
  readonly fromTime: number;
  readonly toTime: number;
  readonly waitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface AcquireCollaborators {
  readonly shardLog: ShardLog;
  readonly registry: SegmentRegistry;
  readonly clock: Clock;
  /** The rebuild that an error of opening a segment tells of, if it does. */
  readonly repairOf: (error: unknown) => Promise<unknown> | undefined;
}

interface Target {
  readonly indexer: ShardIndexer;
  /** Rows of the sequences below are to be found. */
  readonly nextSequence: number;
}

type OpenLease = Omit<SegmentLease, 'isComplete'>;

/**
 * As `SegmentSource.acquire`, for the shards of the indexers. Segments that are damaged are waited for while they
 * are built again, for a bounded time. Errors: those of the builder and the stores, ServerBusy.
 */
export async function acquireSegments(
  indexers: readonly ShardIndexer[],
  request: AcquireRequest,
  collaborators: AcquireCollaborators,
): Promise<SegmentLease> {
  const { shardLog, repairOf } = collaborators;
  const targets = await Promise.all(
    indexers.map(async (indexer) => ({
      indexer,
      nextSequence: (await shardLog.bounds(indexer.shard)).nextSequence,
    })),
  );
  for (let attempt = 1; ; attempt++) {
    try {
      const sealing = targets.map(({ indexer, nextSequence }) => indexer.sealTo(nextSequence));
      const isSealed = await waitFor(Promise.all(sealing), request, collaborators.clock);
      const wanted = isSealed
        ? targets
        : targets.map(({ indexer }) => ({ indexer, nextSequence: 0 }));
      const lease = await openLease(wanted, request, collaborators.registry);
      if (lease !== undefined) return { ...lease, isComplete: isSealed };
    } catch (error) {
      if (attempt >= ACQUIRE_ATTEMPTS_MAX) throw error;
      const repair = repairOf(error);
      if (repair !== undefined) {
        const waitMs = Math.min(REPAIR_WAIT_MS, request.waitMs ?? REPAIR_WAIT_MS);
        const { signal } = request;
        if (!(await waitFor(repair, { waitMs, signal }, collaborators.clock))) throw error;
      } else if (errorCode(error) !== 'BlobNotExist') throw error;
      // Otherwise a segment that the snapshot named was dropped meanwhile: look again.
    }
  }
}

/** Undefined when something was unsealed since, or moved to other records; then the caller looks again. */
async function openLease(
  targets: readonly Target[],
  range: { readonly fromTime: number; readonly toTime: number },
  registry: SegmentRegistry,
): Promise<OpenLease | undefined> {
  const snapshots = targets.flatMap(({ indexer, nextSequence }) => {
    const snapshot = indexer.snapshot(nextSequence);
    return snapshot === undefined ? [] : [{ indexer, ...snapshot }];
  });
  if (snapshots.length < targets.length) return undefined;
  const sealed = snapshots.flatMap((snapshot) => snapshot.sealed);
  const stack = new AsyncDisposableStack();
  try {
    const sealedPin = stack.use(registry.pin(sealed.filter(({ info }) => overlaps(info, range))));
    const committed = await Promise.all(
      snapshots.map(async ({ indexer, head }) => {
        const infos = await indexer.manifest.segmentsOf(head, range);
        return infos?.map((info) => blobSegment(indexer.shard, info));
      }),
    );
    const known = committed.filter((segments) => segments !== undefined);
    if (known.length < committed.length) {
      await stack.disposeAsync();
      return undefined;
    }
    const committedPin = stack.use(registry.pin(known.flat()));
    const opened = await committedPin.open();
    return {
      segments: [...opened, ...(await sealedPin.open())],
      committedCount: opened.length,
      total: {
        committed: snapshots.reduce((sum, { head }) => sum + segmentCount(head), 0),
        sealed: sealed.length,
      },
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

function segmentCount({ segments, days }: ManifestHead): number {
  return days.reduce((sum, day) => sum + day.segmentCount, segments.length);
}

/** False when the work is not done after `waitMs`; it goes on. */
async function waitFor(
  work: Promise<unknown>,
  limits: { readonly waitMs?: number | undefined; readonly signal?: AbortSignal | undefined },
  clock: Clock,
): Promise<boolean> {
  const done = work.then(() => true);
  if (limits.waitMs === undefined) return await abortable(done, limits.signal);
  const timer = new AbortController();
  const late = clock.sleep(limits.waitMs, timer.signal).then(
    () => false,
    () => true,
  );
  try {
    return await abortable(Promise.race([done, late]), limits.signal);
  } finally {
    timer.abort();
    done.catch(() => {});
  }
}

/** Rejects with the signal's reason when it is aborted; work that others share goes on. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    work.catch(() => {});
    aborted.catch(() => {});
  }
}

/** The error of a query that met a segment which is being built again. */
export function rebuilding(segmentId: string, cause: unknown): AppError {
  return new AppError('ServerBusy', 'a damaged segment is being built again, try again later', {
    cause,
    details: { segmentId },
  });
}

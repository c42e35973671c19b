/** Putting a segment that is built from the rows of another in its place. */
import type { SegmentInfo } from '#segment/segment.ts';
import { Publication, type PublicationCollaborators } from './publication.ts';
import {
  rebuildFromRows,
  type RowsRebuildCollaborators,
  type RowsRebuildRequest,
} from './rows-rebuild.ts';
import type { ShardIndexer } from './shard-indexer.ts';

/**
 * `rebuilt`: its logs are in new segments. `gone`: no manifest names it (any more). `lost`: what it would be built from
 * does not hold all of its logs, and nothing was changed.
 */
export type RebuildOutcome = 'rebuilt' | 'gone' | 'lost';

export interface ReplaceRequest extends Pick<RowsRebuildRequest, 'directory' | 'sealBytes'> {
  readonly info: SegmentInfo;
  readonly signal: AbortSignal;
  readonly onRows?: RowsRebuildRequest['onRows'];
}

/**
 * One committed segment, with the present settings of its shard, by one compare-and-set; to be run as an upkeep of the
 * indexer. A failure leaves the segment as it is. Errors: those of the builder and the stores, the signal's reason.
 */
export async function replaceFromRows(
  indexer: ShardIndexer,
  request: ReplaceRequest,
  collaborators: RowsRebuildCollaborators & PublicationCollaborators,
): Promise<RebuildOutcome> {
  const { shard, manifest, unnamedIds, settings } = indexer;
  const { directory, info, signal } = request;
  await using publication = new Publication(
    { shard, directory, manifest, unnamedIds },
    collaborators,
  );
  const rebuilt = await rebuildFromRows({ ...request, shard, settings }, collaborators);
  if (rebuilt === undefined) return 'lost';
  await publication.put([rebuilt]);
  signal.throwIfAborted();
  return (await publication.replace([info])) ? 'rebuilt' : 'gone';
}

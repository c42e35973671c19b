/**
 * Building damaged or outdated committed segments again from the shard log, one rebuild at a time. Segments share
 * ranges of sequences (one commit makes a segment for each day), so what is built again is the closure of all
 * segments whose ranges overlap: each log then still stands in exactly one segment. One compare-and-set puts
 * the new segments in the place of all of them.
 *
 * When the log cannot give back every row of the closure, because it does not hold the whole range any more or has
 * damage in it, the damaged segment alone is built from its own rows (`rows-rebuild.ts`): those must be sound. Where
 * both have damage nothing is changed, for rows that can still be read somewhere must not be lost for the sake of
 * others; only when no Parquet file of the closure can even be opened, what the log has left takes its place. Segments
 * get the present index configuration; the one that they had may be among what is damaged.
 */
import { AppError } from '#base/app-error.ts';
import type { BlobStore } from '#blob/blob-store.ts';
import type { ShardKey } from '#loghub/shard-log.ts';
import type { SegmentInfo } from '#segment/segment.ts';
import { buildRange, type BuildSettings, type BuiltRange } from './build-range.ts';
import { indexHash } from './index-hash.ts';
import type { IndexerCollaborators } from './indexer-parts.ts';
import type { Limiter } from './limiter.ts';
import { DAYS_PER_COMMIT_MAX, REPAIRS_MAX } from './limits.ts';
import { localInput, mergeFiles } from './merge-files.ts';
import { Publication } from './publication.ts';
import { replaceFromRows, type RebuildOutcome } from './replace-from-rows.ts';
import { hasReadableRows } from './rows-rebuild.ts';
import type { ShardIndexer } from './shard-indexer.ts';

export interface SegmentRepairsOptions {
  readonly directory: string;
  readonly sealBytes: number;
  readonly commitBytes: number;
}

export interface SegmentRepairsCollaborators extends IndexerCollaborators {
  readonly blobStore: BlobStore;
  readonly indexerOf: (shard: ShardKey) => Promise<ShardIndexer>;
  /** Compactions and rebuilds: one of all at a time. */
  readonly upkeep: Limiter;
}

interface BuildContext {
  readonly indexer: ShardIndexer;
  readonly settings: BuildSettings;
  readonly signal: AbortSignal;
}

export class SegmentRepairs {
  readonly #options: SegmentRepairsOptions;
  readonly #with: SegmentRepairsCollaborators;
  /** By segment id, until it is rebuilt, gone or has failed. */
  readonly #pending = new Map<string, Promise<RebuildOutcome>>();
  /** Found damaged and neither rebuilt nor gone; the newest. */
  readonly #damagedIds = new Set<string>();

  /** Those that cannot be built again, as far as is known of the other segments. */
  readonly #lostIds = new Set<string>();

  constructor(options: SegmentRepairsOptions, collaborators: SegmentRepairsCollaborators) {
    this.#options = options;
    this.#with = collaborators;
  }

  /** Segments that are known to be damaged and could not be built again so far. */
  get damagedCount(): number {
    return this.#damagedIds.size;
  }

  /** Whether an attempt has shown that a segment cannot be built again. */
  isLost(segmentId: string): boolean {
    return this.#lostIds.has(segmentId);
  }

  /**
   * Builds a committed segment again. Calls for the same one share the work. Errors: ServerBusy (too many wait),
   * LogStoreNotExist, those of the builder and the stores; then it may be asked for again.
   */
  repair(shard: ShardKey, segmentId: string): Promise<RebuildOutcome> {
    const known = this.#pending.get(segmentId);
    if (known !== undefined) return known;
    if (this.#pending.size >= REPAIRS_MAX)
      return Promise.reject(new AppError('ServerBusy', 'too many segments wait to be built again'));
    this.noteDamaged(segmentId);
    const repair = this.#with.upkeep
      .run(() => this.#repair(shard, segmentId))
      .finally(() => this.#pending.delete(segmentId));
    this.#pending.set(segmentId, repair);
    repair.catch((error: unknown) => {
      this.#with.logger.error({ ...shard, segmentId, err: error }, 'cannot rebuild a segment');
    });
    return repair;
  }

  /** Resolves when none is under way; the indexers must have been stopped. */
  async stop(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending.values());
  }

  /** Says of a segment that it is damaged. */
  noteDamaged(segmentId: string): void {
    // What shares sequences with the new one may be built again together with it.
    if (!this.#damagedIds.has(segmentId)) this.#lostIds.clear();
    this.#damagedIds.delete(segmentId);
    this.#damagedIds.add(segmentId);
    const [oldest] = this.#damagedIds;
    if (this.#damagedIds.size > REPAIRS_MAX && oldest !== undefined)
      this.#damagedIds.delete(oldest);
  }

  async #repair(shard: ShardKey, segmentId: string): Promise<RebuildOutcome> {
    const { logger, counters } = this.#with;
    const indexer = await this.#with.indexerOf(shard);
    return indexer.upkeep(async (signal) => {
      const all = await indexer.manifest.all();
      const damaged = all.find(({ id }) => id === segmentId);
      if (damaged === undefined) {
        this.#damagedIds.delete(segmentId);
        return 'gone';
      }
      const closure = closureOf(damaged, all);
      const outcome = await this.#rebuild(damaged, closure, {
        indexer,
        settings: indexer.settings,
        signal,
      });
      const context = { ...shard, segmentId, segmentCount: closure.length };
      if (outcome === 'rebuilt') {
        counters.rebuildCount++;
        logger.warn(context, 'built damaged segments again');
      } else if (outcome === 'lost' && !this.#lostIds.has(segmentId)) {
        this.#lostIds.add(segmentId);
        logger.error(context, 'a damaged segment cannot be built again');
      }
      return outcome;
    });
  }

  async #rebuild(
    damaged: SegmentInfo,
    closure: readonly SegmentInfo[],
    context: BuildContext,
  ): Promise<RebuildOutcome> {
    const fromLog = await this.#rebuildFromLog(closure, context, false);
    if (fromLog !== 'lost') return fromLog;
    const { indexer, signal } = context;
    const fromRows = await replaceFromRows(
      indexer,
      { ...this.#options, info: damaged, signal },
      this.#with,
    );
    if (fromRows === 'rebuilt') this.#damagedIds.delete(damaged.id);
    if (fromRows !== 'lost') return fromRows;
    const { shard } = indexer;
    for (const info of closure) {
      const isLost = this.#damagedIds.has(info.id);
      if (!isLost || (await hasReadableRows(shard, info, this.#with))) return 'lost';
    }
    return this.#rebuildFromLog(closure, context, true);
  }

  /**
   * The closure as the log has it. `lost` when the log cannot give all of its rows back; `takesLess` says that what
   * it has will do, as long as that is something.
   */
  async #rebuildFromLog(
    closure: readonly SegmentInfo[],
    context: BuildContext,
    takesLess: boolean,
  ): Promise<RebuildOutcome> {
    const { indexer, signal } = context;
    const { shard } = indexer;
    const range = rangeOf(closure);
    const bounds = await this.#with.shardLog.bounds(shard);
    const firstSequence = Math.max(range.firstSequence, bounds.firstSequence);
    const nextSequence = Math.min(range.nextSequence, bounds.nextSequence);
    const isShort = firstSequence > range.firstSequence || nextSequence < range.nextSequence;
    if (firstSequence >= nextSequence || (isShort && !takesLess)) return 'lost';
    await using publication = this.#publicationOf(indexer);
    let sequence = firstSequence;
    while (sequence < nextSequence) {
      const built = await this.#buildPart({ sequence, nextSequence, takesLess }, context);
      if (built === undefined) return 'lost';
      await publication.put(built.infos);
      sequence = built.nextSequence;
      signal.throwIfAborted();
    }
    const rowCount = rowCountOf(publication.infos);
    if (rowCount === 0 || (rowCount < rowCountOf(closure) && !takesLess)) return 'lost';
    return this.#publish(publication, closure);
  }

  #publicationOf({ shard, manifest, unnamedIds }: ShardIndexer): Publication {
    const { directory } = this.#options;
    return new Publication({ shard, directory, manifest, unnamedIds }, this.#with);
  }

  async #publish(
    publication: Publication,
    replaced: readonly SegmentInfo[],
  ): Promise<RebuildOutcome> {
    if (!(await publication.replace(replaced))) return 'gone';
    for (const { id } of replaced) this.#damagedIds.delete(id);
    return 'rebuilt';
  }

  /** About `commitBytes` of the range as stored segments; undefined when some of its logs cannot be read. */
  async #buildPart(
    range: {
      readonly sequence: number;
      readonly nextSequence: number;
      readonly takesLess: boolean;
    },
    context: BuildContext,
  ): Promise<
    { readonly infos: readonly SegmentInfo[]; readonly nextSequence: number } | undefined
  > {
    const { settings, signal } = context;
    const { shard } = context.indexer;
    const { directory, commitBytes } = this.#options;
    const pieces: BuiltRange[] = [];
    let { sequence } = range;
    let rawBytes = 0;
    try {
      while (sequence < range.nextSequence && rawBytes < commitBytes) {
        signal.throwIfAborted();
        const piece = await this.#buildPiece(context, sequence, range.nextSequence);
        pieces.push(piece);
        if (piece.lostCount > 0 && !range.takesLess) return undefined;
        sequence = piece.nextSequence;
        rawBytes += piece.rawBytes;
      }
      const infos = await mergeFiles(
        pieces.flatMap(({ segment }) => segment ?? []).map(localInput),
        {
          shard,
          directory,
          storage: 'stored',
          daysMax: DAYS_PER_COMMIT_MAX,
          indexHash: indexHash(settings.indexConfig),
          signal,
        },
        this.#with,
      );
      return { infos, nextSequence: sequence };
    } finally {
      for (const { segment } of pieces)
        if (segment !== undefined) await this.#with.registry.retire(segment);
    }
  }

  #buildPiece(
    { indexer, settings }: BuildContext,
    firstSequence: number,
    toSequence: number,
  ): Promise<BuiltRange> {
    const { shard } = indexer;
    const { directory, sealBytes } = this.#options;
    return this.#with.seals.run(() =>
      buildRange(
        { shard, directory, firstSequence, toSequence, rawBytesMax: sealBytes },
        settings,
        this.#with,
      ),
    );
  }
}

function rangeOf(infos: readonly SegmentInfo[]): {
  readonly firstSequence: number;
  readonly nextSequence: number;
} {
  return {
    firstSequence: Math.min(...infos.map((info) => info.firstSequence)),
    nextSequence: Math.max(...infos.map((info) => info.nextSequence)),
  };
}

function rowCountOf(infos: readonly SegmentInfo[]): number {
  return infos.reduce((sum, { rowCount }) => sum + rowCount, 0);
}

/** The segments that share sequences with one, directly or through others. */
function closureOf(one: SegmentInfo, all: readonly SegmentInfo[]): readonly SegmentInfo[] {
  let { firstSequence, nextSequence } = one;
  for (;;) {
    const inside = all.filter(
      (info) => info.firstSequence < nextSequence && info.nextSequence > firstSequence,
    );
    const first = Math.min(...inside.map((info) => info.firstSequence));
    const next = Math.max(...inside.map((info) => info.nextSequence));
    if (first === firstSequence && next === nextSequence) return inside;
    firstSequence = first;
    nextSequence = next;
  }
}

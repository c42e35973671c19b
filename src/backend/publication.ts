/**
 * Making new segments part of a manifest: their files go to the BlobStore first, then one compare-and-set names
 * them. Whatever ends it before that leaves no file. When the outcome of the compare-and-set cannot be found
 * out, the files stay: the manifest may name them, and if not the next sweep takes them.
 */
import type { BlobStore } from '#blob/blob-store.ts';
import type { ShardKey } from '#loghub/shard-log.ts';
import type { Files } from '#platform/files.ts';
import type { Clock } from '#platform/clock.ts';
import type { SegmentInfo } from '#segment/segment.ts';
import { fileCrc } from '#segment/verify-segment.ts';
import type { Logger } from '#telemetry/logger.ts';
import { settledAt } from './compaction-plan.ts';
import type { ShardManifest } from './manifest.ts';
import { openSource } from './open-source.ts';
import { blobKeyPrefix, blobSegment, localPaths, localSegment } from './segment-files.ts';
import type { SegmentRegistry } from './segment-registry.ts';

export interface PublicationOptions {
  readonly shard: ShardKey;
  /** Folder with the local files. */
  readonly directory: string;
  readonly manifest: ShardManifest;
  /** Ids of segments whose files may be in the BlobStore before the manifest names them; shared by the shard. */
  readonly unnamedIds: Set<string>;
}

export interface PublicationCollaborators {
  readonly blobStore: BlobStore;
  readonly registry: SegmentRegistry;
  readonly clock: Clock;
  readonly files: Files;
  readonly logger: Logger;
}

export class Publication implements AsyncDisposable {
  readonly #options: PublicationOptions;
  readonly #with: PublicationCollaborators;
  #infos: readonly SegmentInfo[] = [];
  #mayBeNamed = false;

  constructor(options: PublicationOptions, collaborators: PublicationCollaborators) {
    this.#options = options;
    this.#with = collaborators;
  }

  get infos(): readonly SegmentInfo[] {
    return this.#infos;
  }

  /**
   * Moves the local files of the segments to the BlobStore, durable when it resolves; gives what the manifest is to
   * say of them.
   */
  async put(infos: readonly SegmentInfo[]): Promise<readonly SegmentInfo[]> {
    const { shard, directory, unnamedIds } = this.#options;
    const start = this.#infos.length;
    this.#infos = [...this.#infos, ...infos];
    for (const { id } of infos) unnamedIds.add(id);
    for (const [i, info] of infos.entries()) {
      const { parquetPath, indexPath } = localPaths(directory, info.id);
      const parquetCrc = await this.#crcOf(parquetPath);
      this.#infos = this.#infos.with(start + i, { ...info, parquetCrc });
      const keyPrefix = blobKeyPrefix(shard, info.id);
      await this.#with.blobStore.putFile(`${keyPrefix}.parquet`, parquetPath);
      await this.#with.blobStore.putFile(`${keyPrefix}.idx`, indexPath);
    }
    return this.#infos.slice(start);
  }

  /**
   * Runs the change of the manifest that names the segments. False: it changed nothing. An error after which the
   * manifest names them all the same is none.
   */
  async commit(change: () => Promise<boolean>): Promise<boolean> {
    this.#mayBeNamed = true;
    try {
      this.#mayBeNamed = await change();
    } catch (error) {
      await this.#options.manifest.reload();
      const ids = new Set(this.#infos.map(({ id }) => id));
      this.#mayBeNamed = this.#options.manifest.head.segments.some(({ id }) => ids.has(id));
      if (!this.#mayBeNamed) throw error;
    }
    return this.#mayBeNamed;
  }

  /**
   * Puts the segments in the place of others with the same rows, whose files go when no query uses them. False, and
   * nothing changed, when one of the others is not there any more.
   */
  async replace(removed: readonly SegmentInfo[]): Promise<boolean> {
    const { shard, manifest } = this.#options;
    if (!(await this.commit(() => manifest.replace(removed, this.#infos)))) return false;
    for (const info of removed) await this.#with.registry.retire(blobSegment(shard, info));
    await manifest.moveOld(settledAt(this.#with.clock.nowMs()));
    return true;
  }

  async #crcOf(path: string): Promise<number> {
    await using opened = new AsyncDisposableStack();
    return await fileCrc(await openSource(this.#with.files, path, opened));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { shard, directory, unnamedIds } = this.#options;
    try {
      if (this.#mayBeNamed) return;
      for (const info of this.#infos) {
        await this.#with.registry.retire(localSegment(shard, directory, info));
        await this.#with.registry.retire(blobSegment(shard, info));
      }
    } catch (error) {
      this.#with.logger.warn({ ...shard, err: error }, 'cannot remove files that are not needed');
    } finally {
      for (const { id } of this.#infos) unnamedIds.delete(id);
    }
  }
}

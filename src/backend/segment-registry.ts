/**
 * The readers of this machine's segments, shared by all queries: who uses which, which idle ones stay open, and
 * when the files of a dropped segment may go. Files of a retired segment are removed when the last query that
 * uses it has ended, at once when there is none.
 */
import { AppError, errorCode } from '#base/app-error.ts';
import { assert } from '#base/assert.ts';
import type { BlobStore } from '#blob/blob-store.ts';
import type { Files } from '#platform/files.ts';
import { removeIfThere } from '#platform/remove-if-there.ts';
import type { SegmentInfo, SegmentReader } from '#segment/segment.ts';
import { IDLE_READERS_MAX, OPENS_AT_ONCE, USED_READERS_MAX } from './limits.ts';
import { Limiter } from './limiter.ts';
import { localPaths, type SegmentPaths, type StoredSegment } from './segment-files.ts';
import { isDamage, watchReader } from './watch-reader.ts';

export type OpenSegment = (
  info: SegmentInfo,
  paths: SegmentPaths,
) => Promise<SegmentReader & AsyncDisposable>;

/** Told of a segment that cannot be read; what it gives is thrown to the reader. */
export type DamageHandler = (segment: StoredSegment, error: unknown) => Promise<unknown>;

interface Entry {
  readonly segment: StoredSegment;
  useCount: number;
  retired: boolean;
  opened: Promise<OpenedSegment> | undefined;
}

interface OpenedSegment extends AsyncDisposable {
  readonly reader: SegmentReader;
}

export class SegmentRegistry {
  readonly #blobStore: BlobStore;
  readonly #files: Files;
  readonly #openSegment: OpenSegment;
  readonly #idleReadersMax: number;
  readonly #opens = new Limiter(OPENS_AT_ONCE);
  /** In order of use, the least recently used first. */
  readonly #entries = new Map<string, Entry>();
  #onDamage: DamageHandler = async (_, error) => error;
  #usedCount = 0;
  #closed = false;

  constructor(
    options: { readonly idleReadersMax?: number | undefined },
    collaborators: {
      readonly blobStore: BlobStore;
      readonly files: Files;
      readonly openSegment: OpenSegment;
    },
  ) {
    this.#idleReadersMax = options.idleReadersMax ?? IDLE_READERS_MAX;
    this.#blobStore = collaborators.blobStore;
    this.#files = collaborators.files;
    this.#openSegment = collaborators.openSegment;
  }

  /** Sets who hears of damage. */
  onDamage(handler: DamageHandler): void {
    this.#onDamage = handler;
  }

  /** Says that the files of a segment cannot be read; gives what to tell whoever wanted to. */
  reportDamage(segment: StoredSegment, error: unknown): Promise<unknown> {
    return this.#onDamage(segment, error);
  }

  /** Readers that are open, in use or not. */
  get readerCount(): number {
    return this.#entries.size;
  }

  /**
   * Marks the segments as used, at once: from now on their local files stay. `open` gives the readers; the
   * pin must be disposed whatever happens. Errors: ServerBusy.
   */
  pin(segments: readonly StoredSegment[]): SegmentPin {
    assert(!this.#closed, 'segment registry is open');
    const added = segments.filter((segment) => this.#useCountOf(segment) === 0).length;
    if (this.#usedCount + added > USED_READERS_MAX)
      throw new AppError('ServerBusy', 'too many segments are being searched');
    const entries = segments.map((segment) => this.#use(segment));
    let held = true;
    return {
      open: () => Promise.all(entries.map((entry) => this.#open(entry))),
      [Symbol.asyncDispose]: async () => {
        if (!held) return;
        held = false;
        await Promise.all(entries.map((entry) => this.#release(entry)));
      },
    };
  }

  /** The segment is in no manifest any more: its files go as soon as nobody uses them. */
  async retire(segment: StoredSegment): Promise<void> {
    const entry = this.#entries.get(segment.info.id);
    if (entry !== undefined) entry.retired = true;
    if (entry === undefined) await this.#removeFiles(segment);
    else if (entry.useCount === 0) await this.#discard(entry);
  }

  /** Closes the idle readers; those in use close with their pins. */
  async close(): Promise<void> {
    this.#closed = true;
    const idle = [...this.#entries.values()].filter((entry) => entry.useCount === 0);
    await Promise.all(idle.map((entry) => this.#discard(entry)));
  }

  #useCountOf(segment: StoredSegment): number {
    return this.#entries.get(segment.info.id)?.useCount ?? 0;
  }

  #use(segment: StoredSegment): Entry {
    const { id } = segment.info;
    const entry = this.#entries.get(id) ?? {
      segment,
      useCount: 0,
      retired: false,
      opened: undefined,
    };
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    if (entry.useCount === 0) this.#usedCount++;
    entry.useCount++;
    return entry;
  }

  async #release(entry: Entry): Promise<void> {
    entry.useCount--;
    if (entry.useCount > 0) return;
    this.#usedCount--;
    if (entry.retired || entry.opened === undefined || this.#closed) await this.#discard(entry);
    else await this.#evictIdle();
  }

  async #evictIdle(): Promise<void> {
    let idleCount = this.#entries.size - this.#usedCount;
    for (const entry of this.#entries.values()) {
      if (idleCount <= this.#idleReadersMax) return;
      if (entry.useCount > 0) continue;
      idleCount--;
      await this.#discard(entry);
    }
  }

  /** Forgets an unused entry, closes its reader and, when it is retired, removes the files. */
  async #discard(entry: Entry): Promise<void> {
    if (this.#entries.get(entry.segment.info.id) === entry)
      this.#entries.delete(entry.segment.info.id);
    const opened = await entry.opened?.catch(() => undefined);
    entry.opened = undefined;
    await opened?.[Symbol.asyncDispose]();
    if (entry.retired) await this.#removeFiles(entry.segment);
  }

  async #open(entry: Entry): Promise<SegmentReader> {
    entry.opened ??= this.#opens.run(() => this.#openFiles(entry.segment));
    const { opened } = entry;
    try {
      return (await opened).reader;
    } catch (error) {
      if (entry.opened === opened) entry.opened = undefined;
      const isMissing = errorCode(error) === 'BlobNotExist' || errorCode(error) === 'ENOENT';
      if (isMissing || isDamage(error)) throw await this.#onDamage(entry.segment, error);
      throw error;
    }
  }

  async #openFiles(segment: StoredSegment): Promise<OpenedSegment> {
    const { info, place } = segment;
    const stack = new AsyncDisposableStack();
    try {
      let paths: SegmentPaths;
      if (place.kind === 'local') paths = localPaths(place.directory, info.id);
      else {
        const parquet = stack.use(await this.#blobStore.openLocal(`${place.keyPrefix}.parquet`));
        const index = stack.use(await this.#blobStore.openLocal(`${place.keyPrefix}.idx`));
        paths = { parquetPath: parquet.path, indexPath: index.path };
      }
      const opened = stack.use(await this.#openSegment(info, paths));
      const reader = watchReader(opened, (error) => this.#onDamage(segment, error));
      return { reader, [Symbol.asyncDispose]: () => stack.disposeAsync() };
    } catch (error) {
      await stack.disposeAsync();
      throw error;
    }
  }

  async #removeFiles({ info, place }: StoredSegment): Promise<void> {
    if (place.kind === 'blob') {
      await this.#blobStore.delete(`${place.keyPrefix}.parquet`);
      await this.#blobStore.delete(`${place.keyPrefix}.idx`);
      return;
    }
    const { parquetPath, indexPath } = localPaths(place.directory, info.id);
    for (const path of [parquetPath, indexPath]) await removeIfThere(this.#files, path);
  }
}

export interface SegmentPin extends AsyncDisposable {
  /** The readers, in the order of the pinned segments. Errors: BlobNotExist, those of the opener. */
  readonly open: () => Promise<readonly SegmentReader[]>;
}

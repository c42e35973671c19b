/**
 * A new file that begins like a followed one may be the copy that a copy-and-truncate rotation is making. It waits here
 * until that is clear: when the original is truncated the copy holds what was unread of it; when the copy stands still
 * and all of it was read from the original there is nothing new in it; when it differs it is a file like any other.
 */
import type { Clock } from '#platform/clock.ts';
import { fileKey, type FoundFile } from './discovery.ts';
import type { FileReader } from './file-reader.ts';
import type { FileTable } from './file-table.ts';
import { headMatches, tailHash } from './file-signature.ts';
import { COPY_SETTLE_MS, SIGNATURE_BYTES } from './limits.ts';
import { holdsContent, openFile, splitPath } from './rotation-search.ts';

interface Pending {
  readonly original: FileReader;
  readonly sizeBytes: number;
  readonly sinceMs: number;
}

type OpenedFile = NonNullable<Awaited<ReturnType<typeof openFile>>>;

export class PendingCopies {
  readonly #table: FileTable;
  readonly #clock: Clock;
  readonly #pending = new Map<string, Pending>();
  /** Readers by folder, of one round. */
  #byDirectory: Map<string, FileReader[]> | undefined;

  constructor(collaborators: { readonly table: FileTable; readonly clock: Clock }) {
    this.#table = collaborators.table;
    this.#clock = collaborators.clock;
  }

  /** Begins a round of discovery: forgets what became of files that are gone. */
  beginRound(found: readonly FoundFile[]): void {
    this.#byDirectory = undefined;
    if (this.#pending.size === 0) return;
    const keys = new Set(found.map(fileKey));
    for (const key of this.#pending.keys()) if (!keys.has(key)) this.#pending.delete(key);
  }

  /** Where a file that is not followed is to start, or `wait`. Errors of the disk pass through. */
  async startOf(found: FoundFile): Promise<number | 'wait'> {
    if (found.sizeBytes < SIGNATURE_BYTES) return 0;
    const key = fileKey(found);
    const opened = await openFile(found.path);
    if (opened === undefined) return 'wait';
    try {
      let pending = this.#pending.get(key);
      if (pending === undefined) {
        const original = await this.#originalOf(found, opened);
        if (original === undefined) return 0;
        pending = { original, sizeBytes: -1, sinceMs: this.#clock.monotonicMs() };
        this.#pending.set(key, pending);
      }
      const start = await this.#decide(key, opened, pending);
      if (start !== 'wait') this.#pending.delete(key);
      return start;
    } finally {
      await opened.handle.close();
    }
  }

  async #originalOf(found: FoundFile, opened: OpenedFile): Promise<FileReader | undefined> {
    const { directory } = splitPath(found.path);
    for (const reader of this.#readersIn(directory))
      if (reader.head.bytes === SIGNATURE_BYTES && (await headMatches(opened.handle, reader.head)))
        return reader;
    return undefined;
  }

  #readersIn(directory: string): readonly FileReader[] {
    if (this.#byDirectory === undefined) {
      this.#byDirectory = new Map();
      for (const { reader } of this.#table.files) {
        const place = splitPath(reader.name).directory;
        const readers = this.#byDirectory.get(place);
        if (readers === undefined) this.#byDirectory.set(place, [reader]);
        else readers.push(reader);
      }
    }
    return this.#byDirectory.get(directory) ?? [];
  }

  async #decide(key: string, opened: OpenedFile, pending: Pending): Promise<number | 'wait'> {
    const { original } = pending;
    const { sizeBytes } = opened.facts;
    const alive = this.#table.find(original.facts)?.reader === original;
    if (alive && original.changed) return 'wait';
    if (!alive) {
      const content = {
        head: original.head,
        offset: original.readOffset,
        tailHash: original.readTailHash,
      };
      return (await holdsContent(opened.handle, content)) ? original.readOffset : 0;
    }
    const same = await sameBefore(opened, original, Math.min(sizeBytes, original.readOffset));
    if (same === 'unclear') return 'wait';
    if (same === 'other') return 0;
    const nowMs = this.#clock.monotonicMs();
    if (sizeBytes !== pending.sizeBytes) {
      this.#pending.set(key, { original, sizeBytes, sinceMs: nowMs });
      return 'wait';
    }
    const settled = nowMs - pending.sinceMs >= COPY_SETTLE_MS;
    return settled && sizeBytes <= original.readOffset ? sizeBytes : 'wait';
  }
}

/**
 * Whether the copy and the original agree right before an offset, which is at most the one the original is read to.
 * Unclear when the original is no longer what was read: then its reader will find out.
 */
async function sameBefore(
  copy: OpenedFile,
  original: FileReader,
  offset: number,
): Promise<'same' | 'other' | 'unclear'> {
  const copied = await tailHash(copy.handle, offset);
  if (offset === original.readOffset) return copied === original.readTailHash ? 'same' : 'other';
  const opened = await openFile(original.name).catch(() => undefined);
  if (opened === undefined) return 'unclear';
  try {
    const { handle, facts } = opened;
    if (fileKey(facts) !== original.key) return 'unclear';
    if ((await tailHash(handle, original.readOffset)) !== original.readTailHash) return 'unclear';
    return (await tailHash(handle, offset)) === copied ? 'same' : 'other';
  } finally {
    await opened.handle.close();
  }
}

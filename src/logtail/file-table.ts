/**
 * All followed files: which reader stands for which (dev, inode), what is open, and what has to happen when a name
 * shows another file than before. Its methods run one at a time; only the followers' pumps run beside them, and a reader
 * is replaced or removed only while its follower's pump rests.
 */
import type { FileHandle } from 'node:fs/promises';
import { errorCode } from '#base/app-error.ts';
import { fileKey, lookAt, type FileFacts, type FoundFile } from './discovery.ts';
import { FileReader } from './file-reader.ts';
import { firstHead, readAt, readHead, tailHash } from './file-signature.ts';
import {
  CHUNK_BYTES,
  DELETED_RELEASE_MS,
  GENERATIONS_MAX,
  IDLE_CLOSE_MS,
  OPEN_FILES_MAX,
  ROTATED_RELEASE_MS,
  ROTATION_SEARCH_GAP_MS,
  ROTATION_SEARCH_MS,
} from './limits.ts';
import type { LogtailInput } from './logtail-config.ts';
import { PathFollower, type FollowerContext } from './path-follower.ts';
import { bornNs, findCopy, holdsContent, listRotated, openFile } from './rotation-search.ts';

/** Idle files closed together, so that a full table is not searched for every file. */
const CLOSE_AT_ONCE = 100;

export interface Followed {
  readonly reader: FileReader;
  readonly follower: PathFollower;
}

export interface FileCounters {
  truncations: number;
  rotations: number;
  /** Sent logs of files that are no longer followed. */
  releasedLogs: number;
  skippedBytes: number;
  longLines: number;
}

export class FileTable {
  readonly #context: FollowerContext;
  readonly #followers = new Map<string, PathFollower>();
  readonly #byKey = new Map<string, Followed>();
  readonly #onChange: () => void;
  /** Not below the number of open files. */
  #openEstimate = 0;
  readonly counters: FileCounters = {
    truncations: 0,
    rotations: 0,
    releasedLogs: 0,
    skippedBytes: 0,
    longLines: 0,
  };

  constructor(context: FollowerContext, onChange: () => void) {
    this.#context = context;
    this.#onChange = onChange;
  }

  get followers(): Iterable<PathFollower> {
    return this.#followers.values();
  }

  /** Every followed file, the generations of a path in order. */
  get files(): readonly Followed[] {
    return [...this.#followers.values()].flatMap((follower) =>
      follower.readers.map((reader) => ({ reader, follower })),
    );
  }

  get fileCount(): number {
    return this.#byKey.size;
  }

  find(facts: FileFacts): Followed | undefined {
    const followed = this.#byKey.get(fileKey(facts));
    if (followed === undefined) return undefined;
    const then = followed.reader.facts.birthNs;
    // The number was given to another file. Where there is no time of birth the content tells later.
    return then > 0n && facts.birthNs > 0n && then !== facts.birthNs ? undefined : followed;
  }

  follow(path: string, input: LogtailInput): PathFollower {
    const known = this.#followers.get(path);
    if (known !== undefined) return known;
    const follower = new PathFollower({ path, input }, this.#context);
    this.#followers.set(path, follower);
    return follower;
  }

  /** Puts a reader into a follower, in front of `before` or at the end. */
  add(follower: PathFollower, reader: FileReader, before?: FileReader): void {
    const index = before === undefined ? -1 : follower.readers.indexOf(before);
    if (index < 0) follower.readers.push(reader);
    else follower.readers.splice(index, 0, reader);
    this.#byKey.set(reader.key, { reader, follower });
    this.#onChange();
  }

  /** A file that was not followed is behind the path; `start` says where to begin, as an offset or at the last line. */
  async appear(found: FoundFile, start: number | 'end'): Promise<void> {
    const follower = this.follow(found.path, found.input);
    const newest = follower.readers.at(-1);
    if (follower.readers.length >= GENERATIONS_MAX) {
      this.#context.alarms.raise('DROP_LOG_ALARM', found.path, 'too many unread generations wait');
      return;
    }
    const opened = await this.#open(found.path);
    if (opened === undefined) return;
    if (this.find(opened.facts) !== undefined) {
      await opened.handle.close();
      return;
    }
    if (newest !== undefined) {
      this.counters.rotations++;
      await this.#locate(follower);
      const rotation = { atMs: this.#context.clock.monotonicMs(), bornNs: bornNs(newest.facts) };
      follower.rotations = [...follower.rotations, rotation];
      const from = follower.rotations[0]?.bornNs ?? rotation.bornNs;
      await this.#addMissed(follower, { from, current: opened.facts });
    }
    const { sizeBytes } = opened.facts;
    const offset = start === 'end' ? await lineStartBefore(opened.handle, sizeBytes) : start;
    const reader = await this.#makeReader(found.path, opened, Math.min(offset, sizeBytes));
    this.add(follower, reader);
    const idleMs = this.#context.clock.nowMs() - Number(opened.facts.modifiedNs / 1_000_000n);
    if (reader.isDrained && idleMs >= IDLE_CLOSE_MS) await reader.close();
  }

  /** Makes a reader of an open file and hands it the descriptor. */
  async #makeReader(
    name: string,
    opened: { readonly handle: FileHandle; readonly facts: FileFacts },
    offset: number,
    writerKey: string = this.#context.newWriterKey(),
  ): Promise<FileReader> {
    const { handle, facts } = opened;
    const reader = new FileReader(
      {
        facts,
        name,
        offset,
        head: offset === 0 ? await firstHead(handle) : await readHead(handle),
        tailHash: offset === 0 ? undefined : await tailHash(handle, offset),
        checkBinary: true,
        writerKey,
      },
      this.#context.clock.monotonicMs(),
    );
    reader.adopt(handle);
    return reader;
  }

  /**
   * Generations that were made and rotated away since the last look, oldest first. A listing that runs into a rotation
   * can miss names, so the search is repeated for a while.
   */
  async #addMissed(
    follower: PathFollower,
    span: { readonly from: bigint; readonly current: FileFacts | undefined },
  ): Promise<void> {
    const { from, current } = span;
    follower.searchedMs = this.#context.clock.monotonicMs();
    const to = current === undefined ? undefined : bornNs(current);
    const currentKey = current === undefined ? '' : fileKey(current);
    for (const sibling of await listRotated(follower.path)) {
      const born = bornNs(sibling.facts);
      if (born < from || (to !== undefined && born > to)) continue;
      if (this.find(sibling.facts) !== undefined) continue;
      const opened = await this.#open(sibling.name);
      if (opened === undefined) continue;
      if (this.find(opened.facts) !== undefined || fileKey(opened.facts) === currentKey) {
        await opened.handle.close();
        continue;
      }
      const offset = await copiedBytes(opened, follower.readers);
      const reader = await this.#makeReader(sibling.name, opened, offset);
      const next = follower.readers.find((other) => bornNs(other.facts) > born);
      this.add(follower, reader, next);
    }
  }

  /**
   * After a rotation, and now and then while nothing is behind the path: its last generation may have been made and
   * rotated away unseen, with none after it.
   */
  async #searchAgain(
    follower: PathFollower,
    current: FileFacts | undefined,
    nowMs: number,
  ): Promise<void> {
    follower.rotations = follower.rotations.filter(({ atMs }) => nowMs - atMs < ROTATION_SEARCH_MS);
    const newest = follower.readers.at(-1);
    const from = follower.rotations[0]?.bornNs ?? (newest && bornNs(newest.facts));
    if (from === undefined) return;
    if (follower.rotations.length === 0 && current !== undefined) {
      follower.absent = false;
      return;
    }
    if (current === undefined && !follower.absent) {
      follower.absent = true;
      follower.rotations = [...follower.rotations, { atMs: nowMs, bornNs: from }];
    }
    const gapMs = follower.rotations.length > 0 ? ROTATION_SEARCH_GAP_MS : ROTATION_SEARCH_MS;
    if (nowMs - follower.searchedMs >= gapMs) await this.#addMissed(follower, { from, current });
  }

  /** Finds the names that closed readers of a rotated path have now, while they can still be found. */
  async #locate(follower: PathFollower): Promise<void> {
    const lost = follower.readers.filter((reader) => !reader.isOpen);
    if (lost.length === 0) return;
    const siblings = await listRotated(follower.path);
    for (const reader of lost) {
      const there = siblings.find((sibling) => fileKey(sibling.facts) === reader.key);
      if (there === undefined) continue;
      reader.name = there.name;
      reader.observe(there.facts, this.#context.clock.monotonicMs());
    }
  }

  /** Looks at one path again: its open files, the file behind its name, and what has become of the old ones. */
  async look(follower: PathFollower): Promise<void> {
    const nowMs = this.#context.clock.monotonicMs();
    for (const reader of follower.readers) await reader.refresh(nowMs).catch(() => undefined);
    const facts = await lookAt(follower.path).catch(() => undefined);
    let currentKey: string | undefined;
    if (facts !== undefined) {
      currentKey = fileKey(facts);
      const followed = this.find(facts);
      if (followed === undefined)
        await this.appear({ ...facts, path: follower.path, input: follower.input }, 0);
      else this.see(followed, facts, follower.path);
    }
    await this.#searchAgain(follower, facts, nowMs);
    if (!follower.isPumping) await this.#settle(follower, currentKey, nowMs);
    follower.start();
  }

  /** A followed file was seen under a name. */
  see(followed: Followed, facts: FileFacts, name: string): void {
    const { reader } = followed;
    const nowMs = this.#context.clock.monotonicMs();
    reader.lastSeenMs = nowMs;
    reader.name = name;
    if (!reader.isOpen) reader.observe(facts, nowMs);
  }

  /** What needs the pump to rest: content that changed, files to open, to close and to let go. */
  async #settle(
    follower: PathFollower,
    currentKey: string | undefined,
    nowMs: number,
  ): Promise<void> {
    for (const reader of follower.readers.slice()) {
      if (!reader.isOpen && (reader.unreadBytes > 0 || reader.changed || reader.needsVerification))
        await this.#reopen(reader, follower);
      if (reader.isOpen && reader.needsVerification) await reader.verify().catch(() => undefined);
      if (reader.changed && reader.isOpen) await this.#restart(follower, reader);
      else await this.#letGo(follower, reader, { nowMs, current: reader.key === currentKey });
    }
    if (follower.readers.length === 0) this.#followers.delete(follower.path);
  }

  /** Goes on with a file whose content is another than the one that was read. */
  async #restart(follower: PathFollower, reader: FileReader): Promise<void> {
    const nowMs = this.#context.clock.monotonicMs();
    const handle = reader.release();
    if (handle === undefined) return;
    this.counters.truncations++;
    this.#context.alarms.raise(
      'LOG_TRUNCATE_ALARM',
      reader.name,
      'the file was truncated or replaced; what was unread in it is looked for in a copy',
    );
    const content = {
      head: reader.head,
      offset: reader.readOffset,
      tailHash: reader.readTailHash,
    };
    const copy = await findCopy(follower.path, content, (facts) => this.find(facts) !== undefined);
    if (copy !== undefined) {
      // The copy holds what was sent under the key and what was not; the file itself is another writer from now on.
      const made = await this.#makeReader(copy.name, copy, content.offset, reader.writerKey);
      this.add(follower, made, reader);
    }
    const { sizeBytes } = reader.facts;
    const offset =
      sizeBytes < reader.readOffset ? await reader.offsetAfterShrink(handle, sizeBytes) : 0;
    const next = await this.#makeReader(reader.name, { handle, facts: reader.facts }, offset);
    next.lastSeenMs = nowMs;
    const index = follower.readers.indexOf(reader);
    this.#countReleased(reader);
    follower.readers.splice(index, 1, next);
    this.#byKey.set(next.key, { reader: next, follower });
    this.#onChange();
  }

  async #reopen(reader: FileReader, follower: PathFollower): Promise<void> {
    if (!(await this.#mayOpen())) return;
    try {
      if (!(await reader.open())) await this.#locate(follower);
    } catch (error) {
      const code = errorCode(error) ?? 'unknown';
      if (code === 'ENOENT') await this.#locate(follower);
      else this.#context.alarms.raise('OPEN_LOGFILE_FAIL_ALARM', reader.name, code);
    }
  }

  async #letGo(
    follower: PathFollower,
    reader: FileReader,
    now: { readonly nowMs: number; readonly current: boolean },
  ): Promise<void> {
    const idleMs = now.nowMs - reader.lastGrowthMs;
    const finished = reader.isDrained && !reader.changed;
    const deleted = reader.facts.linkCount === 0;
    if (finished && deleted && idleMs >= DELETED_RELEASE_MS) await this.remove(follower, reader);
    else if (!now.current && isForgotten(reader, now.nowMs)) {
      if (finished || deleted || !reader.isOpen) {
        // Only NULs are left of it, or it cannot be found any more.
        if (!finished)
          this.#context.alarms.raise('DROP_LOG_ALARM', reader.name, 'gone with unread bytes');
        await this.remove(follower, reader);
      }
    } else if (finished && reader.isOpen && idleMs >= IDLE_CLOSE_MS) await reader.close();
  }

  async remove(follower: PathFollower, reader: FileReader): Promise<void> {
    const index = follower.readers.indexOf(reader);
    if (index >= 0) follower.readers.splice(index, 1);
    if (this.#byKey.get(reader.key)?.reader === reader) this.#byKey.delete(reader.key);
    this.#countReleased(reader);
    await reader.close();
    this.#onChange();
  }

  async closeAll(): Promise<void> {
    for (const { reader } of this.files) await reader.close();
  }

  #countReleased(reader: FileReader): void {
    this.counters.releasedLogs += reader.sentLogs;
    this.counters.skippedBytes += reader.skippedBytes;
    this.counters.longLines += reader.longLines;
  }

  /** Whether one more file may be opened; closes idle ones when there are too many. */
  async #mayOpen(): Promise<boolean> {
    if (this.#openEstimate < OPEN_FILES_MAX) {
      this.#openEstimate++;
      return true;
    }
    const open = [...this.#byKey.values()].filter(({ reader }) => reader.isOpen);
    // Deleted files stay open: they could not be opened again.
    const idle = open
      .filter(({ reader, follower }) => reader.isDrained && !follower.isPumping)
      .filter(({ reader }) => reader.facts.linkCount > 0)
      .toSorted((x, y) => x.reader.lastGrowthMs - y.reader.lastGrowthMs)
      .slice(0, CLOSE_AT_ONCE);
    if (open.length >= OPEN_FILES_MAX) for (const { reader } of idle) await reader.close();
    const left = open.filter(({ reader }) => reader.isOpen).length;
    this.#openEstimate = left + 1;
    if (left < OPEN_FILES_MAX) return true;
    this.#context.alarms.raise('OPEN_FILE_LIMIT_ALARM', '', 'too many files are being read');
    return false;
  }

  async #open(
    path: string,
  ): Promise<{ readonly handle: FileHandle; readonly facts: FileFacts } | undefined> {
    if (!(await this.#mayOpen())) return undefined;
    try {
      return await openFile(path);
    } catch (error) {
      const code = errorCode(error) ?? 'unknown';
      if (code !== 'ENOENT') this.#context.alarms.raise('OPEN_LOGFILE_FAIL_ALARM', path, code);
      return undefined;
    }
  }
}

/** Silent and unseen for so long that nothing more is expected of it. */
function isForgotten(reader: FileReader, nowMs: number): boolean {
  return (
    reader.inFlightBytes === 0 &&
    nowMs - reader.lastGrowthMs >= ROTATED_RELEASE_MS &&
    nowMs - reader.lastSeenMs >= ROTATED_RELEASE_MS
  );
}

/** How much of a file is nothing but a copy of what a followed one holds, or held when it was read. */
async function copiedBytes(
  opened: { readonly handle: FileHandle; readonly facts: FileFacts },
  readers: readonly FileReader[],
): Promise<number> {
  for (const reader of readers) {
    const offset = reader.readOffset;
    if (offset === 0 || offset > opened.facts.sizeBytes) continue;
    const content = { head: reader.head, offset, tailHash: reader.readTailHash };
    if (!(await holdsContent(opened.handle, content))) continue;
    return reader.isOpen && !reader.changed ? opened.facts.sizeBytes : offset;
  }
  return 0;
}

/** The start of the line that is being written at the end of a file. */
async function lineStartBefore(handle: FileHandle, sizeBytes: number): Promise<number> {
  const from = Math.max(0, sizeBytes - CHUNK_BYTES);
  const bytes = await readAt(handle, from, sizeBytes - from);
  const newline = bytes.lastIndexOf(0x0a);
  if (newline >= 0) return from + newline + 1;
  return from === 0 ? 0 : sizeBytes;
}

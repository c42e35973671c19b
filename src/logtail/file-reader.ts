/**
 * Read: one generation of one file, from an offset to its end, as batches of lines.
 *
 * - Identity is (dev, inode) plus content: before every read the bytes in front of the offset are compared with the
 *   ones read before, in the same system call. A file that was truncated or replaced in place is never continued.
 * - The offset stands behind a newline, or behind a last line that was taken without one. A newline found right behind
 *   such an offset is swallowed: it ends a line that was sent.
 * - The file is the buffer: lines are read when a batch is full or its time has come, and nothing is kept of a line
 *   that is still being written.
 * - `ackedOffset` is the end of what the server has acknowledged; batches are acknowledged in order.
 * - An offset and the bytes around it say all that is needed to go on from there, so the reader can be set to any end of a
 *   batch: after a restart, or when the server says that it has more.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { assert } from '#base/assert.ts';
import { factsOf, type FileFacts } from './discovery.ts';
import {
  hashBytes,
  headMatches,
  looksBinary,
  piecesBefore,
  readAt,
  readHead,
  tailHash,
  type HeadSignature,
} from './file-signature.ts';
import { CHUNK_BYTES, HOLE_SCAN_BYTES, SIGNATURE_BYTES } from './limits.ts';
import { cutPosition, leadingNuls, splitLines, trimNuls } from './line-splitter.ts';

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const NOTHING = new Uint8Array(0);

/** Lines with the range of the file they stand for. */
export interface LineBatch {
  readonly kind: 'lines';
  /** Views of a buffer of this batch alone. */
  readonly lines: readonly Uint8Array[];
  readonly start: number;
  /** Offset to go on from once the batch is acknowledged. */
  readonly end: number;
  /** Hash of the up to 1024 bytes before `end`. */
  readonly tailHash: string;
  /** 1, 2, … when the only line is a piece of one that was too long to be sent whole. */
  readonly part: number | undefined;
}

export type ReadResult =
  | LineBatch
  /** Nothing to take now. */
  | { readonly kind: 'none' }
  /** The content is no longer the one that was read. */
  | { readonly kind: 'changed' }
  /** Not a text file. */
  | { readonly kind: 'binary' };

export interface ReadRequest {
  readonly batchBytes: number;
  readonly batchLogs: number;
  /** Take the last line although it has no newline. */
  readonly flush: boolean;
}

export interface ReaderStart {
  readonly facts: FileFacts;
  /** A name it can be opened by. */
  readonly name: string;
  readonly offset: number;
  readonly head: HeadSignature;
  /** Hash of the bytes before `offset`; undefined when it is not known and need not be checked. */
  readonly tailHash: string | undefined;
  /** A file that nothing was ever read of is refused when it is not text. */
  readonly checkBinary: boolean;
  /** 32 hex digits, of this content alone. */
  readonly writerKey: string;
}

export class FileReader {
  /** Times are those of the monotonic clock; the owner sets them. */
  lastGrowthMs: number;
  firstUnreadMs: number | undefined;
  lastSeenMs: number;
  /** The last known name. Changes when the file is renamed. */
  name: string;
  facts: FileFacts;
  changed = false;
  isBinary = false;
  ackedOffset: number;
  ackedTailHash: string | undefined;
  /** Bytes that were taken but hold no log: holes and newlines behind a flushed line are not among them. */
  skippedBytes = 0;
  sentLogs = 0;
  longLines = 0;
  readonly key: string;
  /** Bytes of the head that a durable checkpoint holds together with the writer key; -1 when it holds no key. */
  durableHeadBytes = -1;

  #writerKey: string;
  #handle: FileHandle | undefined;
  #head: HeadSignature;
  #readOffset: number;
  /** Bytes before `#readOffset` as they were read, or their hash after a restart. */
  #tail: Uint8Array | undefined;
  #tailHash: string | undefined;
  #buffer: Uint8Array = NOTHING;
  /** Position of `#readOffset` in the buffer, and the buffer's end. */
  #position = 0;
  #limit = 0;
  #part = 0;
  /** End of the last batch that was taken. */
  #takenEnd: number;
  /** End of the file when a look found only an unfinished line. */
  #partialEnd = -1;
  #holeScanned = 0;
  #checkBinary: boolean;
  #headVerified = false;
  /** Set to an offset that may lie within a line that was cut: its pieces are counted when it is read on. */
  #isPlaced: boolean;
  /** Written to without growing: its content may be another. */
  #suspect = false;

  constructor(start: ReaderStart, nowMs: number) {
    this.facts = start.facts;
    this.name = start.name;
    this.key = `${start.facts.dev}:${start.facts.inode}`;
    this.#readOffset = start.offset;
    this.ackedOffset = start.offset;
    this.#takenEnd = start.offset;
    this.#head = start.head;
    this.#tailHash = start.tailHash;
    this.ackedTailHash = start.tailHash;
    this.#checkBinary = start.checkBinary && start.offset === 0;
    this.#writerKey = start.writerKey;
    this.#isPlaced = start.offset > 0;
    this.changed = start.facts.sizeBytes < start.offset;
    this.lastGrowthMs = nowMs;
    this.lastSeenMs = nowMs;
    this.firstUnreadMs = start.facts.sizeBytes > start.offset ? nowMs : undefined;
  }

  get readOffset(): number {
    return this.#readOffset;
  }

  get writerKey(): string {
    return this.#writerKey;
  }

  get head(): HeadSignature {
    return this.#head;
  }

  get isOpen(): boolean {
    return this.#handle !== undefined;
  }

  get unreadBytes(): number {
    return Math.max(0, this.facts.sizeBytes - this.#readOffset);
  }

  /** Bytes taken and not acknowledged. */
  get inFlightBytes(): number {
    return Math.max(0, this.#takenEnd - this.ackedOffset);
  }

  get isDrained(): boolean {
    return this.unreadBytes === 0 && this.inFlightBytes === 0;
  }

  /** Opens the file by its name. False when another file has that name by now; then nothing is open. */
  async open(): Promise<boolean> {
    if (this.#handle !== undefined) return true;
    const handle = await open(this.name, 'r');
    try {
      const facts = factsOf(await handle.stat({ bigint: true }));
      if (facts.dev === this.facts.dev && facts.inode === this.facts.inode) {
        this.#handle = handle;
        return true;
      }
    } catch (error) {
      await handle.close();
      throw error;
    }
    await handle.close();
    return false;
  }

  /** Gives an open descriptor to the reader, which closes it. */
  adopt(handle: FileHandle): void {
    assert(this.#handle === undefined, 'a reader has one descriptor');
    this.#handle = handle;
  }

  /** Takes the descriptor away, for the next generation of the same file. */
  release(): FileHandle | undefined {
    const handle = this.#handle;
    this.#handle = undefined;
    return handle;
  }

  async close(): Promise<void> {
    const handle = this.release();
    if (this.#buffer.length > 0) this.#tail = this.#tailBytes().slice();
    this.#buffer = NOTHING;
    this.#position = 0;
    this.#limit = 0;
    await handle?.close();
  }

  /** Looks at the open file. */
  async refresh(nowMs: number): Promise<void> {
    if (this.#handle === undefined) return;
    this.observe(factsOf(await this.#handle.stat({ bigint: true })), nowMs);
  }

  /** Takes note of what a look at the file said. */
  observe(facts: FileFacts, nowMs: number): void {
    const grown = facts.sizeBytes !== this.facts.sizeBytes;
    if (grown || facts.modifiedNs !== this.facts.modifiedNs) {
      this.lastGrowthMs = nowMs;
      // Data may have come into room that was laid out in advance.
      if (!grown) {
        this.#partialEnd = -1;
        this.#suspect = true;
      }
    }
    this.facts = facts;
    if (facts.sizeBytes < this.#readOffset) this.changed = true;
    if (this.unreadBytes > 0) this.firstUnreadMs ??= nowMs;
  }

  /** Compares the content with what was read. Needs the file open; sets `changed`. */
  async verify(): Promise<void> {
    if (!this.#suspect || this.changed || this.unreadBytes > 0) return;
    this.#suspect = false;
    if (!(await this.#fill())) this.changed = true;
  }

  get needsVerification(): boolean {
    return this.#suspect && !this.changed && this.unreadBytes === 0;
  }

  /** Marks a restored file that was written to since its checkpoint. */
  suspect(): void {
    this.#suspect = true;
  }

  /** Hash of the bytes before the read offset, to find a copy of the file by. */
  get readTailHash(): string | undefined {
    if (this.#tailHash !== undefined) return this.#tailHash;
    if (this.#buffer.length > 0) return hashBytes(this.#tailBytes());
    return this.#tail === undefined ? undefined : hashBytes(this.#tail);
  }

  /**
   * Where a shrunk file goes on: when the bytes that are left right before its end are still the ones that were read,
   * it was only cut, and its last line start is the place; else it is new and starts at 0.
   */
  async offsetAfterShrink(handle: FileHandle, sizeBytes: number): Promise<number> {
    const tail = this.#buffer.length > 0 ? this.#tailBytes() : this.#tail;
    if (tail === undefined || sizeBytes < SIGNATURE_BYTES) return 0;
    const tailStart = this.#readOffset - tail.length;
    if (sizeBytes <= tailStart || sizeBytes > this.#readOffset) return 0;
    const left = tail.subarray(0, sizeBytes - tailStart);
    const now = await readAt(handle, tailStart, left.length);
    if (Buffer.compare(left, now) !== 0 || !(await headMatches(handle, this.#head))) return 0;
    const newline = left.lastIndexOf(NEWLINE);
    return newline < 0 ? 0 : tailStart + newline + 1;
  }

  /** Whether a call of `next` is worth while: a full batch, an old one, or a last line to flush. */
  isReady(now: {
    readonly ms: number;
    readonly lingerMs: number;
    readonly flush: boolean;
  }): boolean {
    if (this.changed || this.isBinary) return false;
    if (this.#limit > this.#position && this.#hasLine()) return true;
    const { unreadBytes } = this;
    if (unreadBytes === 0) return false;
    if (this.facts.sizeBytes === this.#partialEnd) return now.flush;
    if (unreadBytes >= CHUNK_BYTES) return true;
    return this.firstUnreadMs !== undefined && now.ms - this.firstUnreadMs >= now.lingerMs;
  }

  /** The next lines. The caller opens the reader before. */
  async next(request: ReadRequest): Promise<ReadResult> {
    if (!(this.#limit > this.#position && this.#hasLine()) && !(await this.#fill()))
      return { kind: 'changed' };
    if (this.#checkBinary && this.#limit > 0) {
      this.#checkBinary = false;
      this.isBinary = looksBinary(this.#buffer.subarray(0, SIGNATURE_BYTES));
      if (this.isBinary) return { kind: 'binary' };
    }
    await this.#skipBeforeLine();
    const start = this.#readOffset;
    const buffer = this.#buffer;
    const { lines, next } = splitLines(
      buffer,
      { start: this.#position, end: this.#limit },
      request.batchLogs,
      request.batchBytes,
    );
    if (lines.length > 0) {
      const part = this.#part === 0 ? undefined : this.#part + 1;
      if (part === undefined) return this.#take(lines, next, start);
      // The end of a line that was cut: it goes alone, so that its mark is its own.
      this.#part = 0;
      const first = lines[0] ?? NOTHING;
      return { ...this.#take([first], this.#position + first.length + 1, start), part };
    }
    return this.#takeUnfinished(request, start);
  }

  /** The server has acknowledged the file up to the batch's end. */
  acknowledge(batch: LineBatch): void {
    assert(batch.end >= this.ackedOffset, 'batches are acknowledged in order');
    this.ackedOffset = batch.end;
    this.ackedTailHash = batch.tailHash;
    this.sentLogs += batch.lines.length;
  }

  /**
   * Goes on from what the server has, which may be more than we know of, or end within a batch. False when the file does
   * not reach so far: then its content is not the one that was sent, and it needs another writer key. The reader must be
   * open and rest.
   */
  async resumeAt(offset: number): Promise<boolean> {
    const handle = this.#handle;
    assert(handle !== undefined, 'a reader is open while it is set');
    const to = Math.max(offset, this.ackedOffset);
    const hash = await tailHash(handle, to);
    if (hash === undefined) return false;
    this.ackedOffset = to;
    this.ackedTailHash = hash;
    this.#place();
    return true;
  }

  /** Takes back what was taken and is not acknowledged. The reader must rest. */
  rewind(): void {
    this.#place();
  }

  /** Begins anew as another writer: what is not acknowledged is sent again. The reader must rest. */
  becomeWriter(writerKey: string): void {
    this.#writerKey = writerKey;
    this.durableHeadBytes = -1;
    this.#place();
  }

  /** Back, or forward, to what is acknowledged; the content around is checked when it is read. */
  #place(): void {
    this.#readOffset = this.ackedOffset;
    this.#takenEnd = this.ackedOffset;
    this.#tail = undefined;
    this.#tailHash = this.ackedTailHash;
    this.#buffer = NOTHING;
    this.#position = 0;
    this.#limit = 0;
    this.#part = 0;
    this.#partialEnd = -1;
    this.#holeScanned = 0;
    this.#isPlaced = true;
    this.#headVerified = false;
    if (this.unreadBytes > 0) this.firstUnreadMs ??= this.lastGrowthMs;
  }

  #hasLine(): boolean {
    const newline = this.#buffer.indexOf(NEWLINE, this.#position);
    return newline >= 0 && newline < this.#limit;
  }

  #take(lines: readonly Uint8Array[], next: number, start: number): LineBatch {
    this.#advance(next);
    this.#partialEnd = -1;
    if (this.unreadBytes === 0) this.firstUnreadMs = undefined;
    const tailHash = hashBytes(this.#tailBytes());
    this.#takenEnd = this.#readOffset;
    return { kind: 'lines', lines, start, end: this.#readOffset, tailHash, part: undefined };
  }

  /** No newline in sight: a line too long for a batch, a last line to flush, or one still being written. */
  #takeUnfinished(request: ReadRequest, start: number): ReadResult {
    const available = this.#limit - this.#position;
    const tooLong = available >= CHUNK_BYTES;
    if (available === 0 || (!tooLong && !request.flush)) {
      this.#partialEnd = this.#readOffset + available;
      this.#finishEmpty();
      return { kind: 'none' };
    }
    const buffer = this.#buffer;
    const from = this.#position;
    if (leadingNuls(buffer, from, this.#limit) === available) {
      const { sizeBytes } = this.facts;
      const searching = tooLong && this.#holeScanned < sizeBytes;
      this.#partialEnd = searching ? -1 : sizeBytes;
      return { kind: 'none' };
    }
    const cut = tooLong ? cutPosition(buffer, from, from + CHUNK_BYTES) : this.#limit;
    const line = trimNuls(buffer.subarray(from, cut));
    if (tooLong && this.#part === 0) this.longLines++;
    const index = this.#part + 1;
    const part = tooLong || index > 1 ? index : undefined;
    this.#part = tooLong ? index : 0;
    // NULs behind a flushed line are room that the writer may still fill.
    return { ...this.#take([line], tooLong ? cut : from + line.length, start), part };
  }

  /** Nothing but swallowed bytes: once all before them is acknowledged, so are they. */
  #finishEmpty(): void {
    if (this.unreadBytes === 0) this.firstUnreadMs = undefined;
  }

  #advance(position: number): void {
    this.#readOffset += position - this.#position;
    this.#position = position;
    this.#tail = undefined;
  }

  /** The up to 1024 bytes before the offset; the buffer always holds them. */
  #tailBytes(): Uint8Array {
    const length = Math.min(SIGNATURE_BYTES, this.#readOffset, this.#position);
    return this.#buffer.subarray(this.#position - length, this.#position);
  }

  /**
   * Reads a chunk at the offset together with the bytes in front of it. False when those are not the ones read
   * before, or the head has changed.
   */
  async #fill(): Promise<boolean> {
    const handle = this.#handle;
    assert(handle !== undefined, 'a reader is open while it reads');
    const tail = this.#tail ?? (this.#buffer.length > 0 ? this.#tailBytes().slice() : undefined);
    const tailLength = Math.min(SIGNATURE_BYTES, this.#readOffset);
    if (!(await this.#headHolds(handle))) return false;
    const wanted = Math.max(0, this.facts.sizeBytes - this.#readOffset);
    const length = tailLength + Math.min(CHUNK_BYTES, Math.max(wanted, 4096));
    const buffer = await readAt(handle, this.#readOffset - tailLength, length);
    if (buffer.length < tailLength) return false;
    const before = buffer.subarray(0, tailLength);
    if (tail !== undefined && Buffer.compare(tail, before) !== 0) return false;
    if (tail === undefined && hashBytes(before) !== (this.#tailHash ?? hashBytes(before)))
      return false;
    this.#tail = before.slice();
    this.#tailHash = undefined;
    this.#buffer = buffer;
    this.#position = tailLength;
    this.#limit = buffer.length;
    if (this.#isPlaced) this.#part = await piecesBefore(handle, this.#readOffset, before);
    this.#isPlaced = false;
    const end = this.#readOffset + buffer.length - tailLength;
    if (end > this.facts.sizeBytes) this.facts = { ...this.facts, sizeBytes: end };
    return true;
  }

  /** The head is compared at the first read from a place. Short files are told apart by more bytes as they grow. */
  async #headHolds(handle: FileHandle): Promise<boolean> {
    const isShort = this.#head.bytes < SIGNATURE_BYTES;
    if (this.#headVerified && !isShort) return true;
    if (!(await headMatches(handle, this.#head))) return false;
    this.#headVerified = true;
    if (!isShort) return true;
    const now = await readHead(handle);
    if (now.bytes > this.#head.bytes) this.#head = now;
    return true;
  }

  /** Swallows the newline of a line that was sent without it, and steps over holes of NULs. */
  async #skipBeforeLine(): Promise<void> {
    const before = this.#position === 0 ? NEWLINE : (this.#buffer[this.#position - 1] ?? NEWLINE);
    if (before !== NEWLINE && this.#position < this.#limit && before !== 0) {
      const returned = this.#buffer[this.#position] === RETURN && this.#part === 0 ? 1 : 0;
      if (this.#buffer[this.#position + returned] === NEWLINE) {
        this.#part = 0;
        this.#skip(returned + 1);
      }
    }
    const nuls = leadingNuls(this.#buffer, this.#position, this.#limit);
    if (nuls === 0) return;
    if (nuls < this.#limit - this.#position) this.#skip(nuls);
    else if (nuls >= CHUNK_BYTES) await this.#crossHole();
  }

  #skip(count: number): void {
    this.#advance(this.#position + count);
    this.skippedBytes += count;
  }

  /**
   * A whole chunk of NULs is a hole left by a truncation under a writer that kept its position, or room laid out in
   * advance. The first is crossed; in the second the reader waits, because data will come where it stands.
   */
  async #crossHole(): Promise<void> {
    const handle = this.#handle;
    assert(handle !== undefined, 'a reader is open while it reads');
    let scanned = Math.max(this.#holeScanned, this.#readOffset + (this.#limit - this.#position));
    const scanEnd = scanned + HOLE_SCAN_BYTES;
    while (scanned < scanEnd) {
      const bytes = await readAt(handle, scanned, CHUNK_BYTES);
      const nuls = leadingNuls(bytes, 0, bytes.length);
      scanned += nuls;
      if (nuls < bytes.length) {
        const from = this.#readOffset;
        this.skippedBytes += scanned - from;
        this.#readOffset = scanned;
        this.#tail = undefined;
        this.#buffer = NOTHING;
        await this.#fill();
        this.#holeScanned = 0;
        return;
      }
      if (bytes.length < CHUNK_BYTES) break;
    }
    this.#holeScanned = scanned;
  }
}

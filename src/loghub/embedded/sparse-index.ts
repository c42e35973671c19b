/**
 * The sparse index of one WAL file: one entry for about every 64 KiB. It answers "near which offset is
 * this sequence, or this receive time". A copy beside the WAL file, `<first sequence>.sparse`, written
 * when a file is closed and when the log is shut down, saves walking the file again:
 *
 *   offset size
 *        0    8  magic "SLUICSPX"
 *        8    2  version, 1
 *       10    2  zero
 *       12    4  entries, N
 *       16    8  synced bytes, S: the WAL file was durable up to here, the end of an append
 *       24    8  next sequence: of the record that starts at S
 *       32    8  last receive time of the records before S (or the file's time floor), Unix ms
 *       40    4  writers, W
 *       44    4  zero
 *       48  24N  entries, ascending: sequence, offset, receive time (u64 each)
 *   48+24N  24W  the writer table as it stands after the records before S, as in `writer-table.ts`
 *      end    4  CRC32C of the bytes before
 *
 * It is never synced and only a hint: when it is missing or not valid the WAL file is walked from its
 * start, and an entry that points at no record of its sequence is ignored the same way. What it says
 * about S holds for ever, because a WAL file only grows past its synced bytes.
 *
 * Versions: 1, first.
 */
import { crc32c } from '#kernel/crc32c.ts';
import { SPARSE_INDEX_STEP_BYTES } from '../limits.ts';
import { encodeWriterEntry, getUint64, setUint64, type WriterEntry } from './record-codec.ts';
import { readWriterEntries, WRITER_ENTRY_BYTES } from './writer-table.ts';

const MAGIC = 'SLUICSPX';
const VERSION = 1;
const HEAD_BYTES = 48;
const ENTRY_BYTES = 24;
const ENTRY_COUNT_MAX = 1 << 20;

export interface SparseEntry {
  readonly sequence: number;
  readonly offset: number;
  readonly receiveTimeMs: number;
}

/** What a sparse file says. */
export interface SparseContent {
  readonly index: SparseIndex;
  readonly synced: SyncedPoint;
  /** Least recently written first. */
  readonly writers: readonly WriterEntry[];
}

/** How far a file is known to be durable, and what comes there. */
export interface SyncedPoint {
  readonly syncedBytes: number;
  readonly nextSequence: number;
  readonly lastReceiveTimeMs: number;
}

export class SparseIndex {
  readonly #sequences: number[] = [];
  readonly #offsets: number[] = [];
  readonly #times: number[] = [];

  get entryCount(): number {
    return this.#sequences.length;
  }

  /** Tells of a record, in order; it becomes an entry when the last one is 64 KiB back. */
  add(entry: SparseEntry): void {
    const last = this.#offsets.at(-1);
    if (last === undefined || entry.offset - last >= SPARSE_INDEX_STEP_BYTES) this.#push(entry);
  }

  /** Forgets the entries from `sequence` on. */
  cut(sequence: number): void {
    const count = countBelow(this.#sequences, sequence);
    this.#sequences.length = count;
    this.#offsets.length = count;
    this.#times.length = count;
  }

  /** The last entry at or before the sequence. */
  beforeSequence(sequence: number): SparseEntry | undefined {
    return this.#at(countBelow(this.#sequences, sequence + 1) - 1);
  }

  /** The last entry received before the time. */
  beforeTime(timeMs: number): SparseEntry | undefined {
    return this.#at(countBelow(this.#times, timeMs) - 1);
  }

  encode(synced: SyncedPoint, writers: readonly WriterEntry[]): Uint8Array {
    const count = this.entryCount;
    const writersAt = HEAD_BYTES + count * ENTRY_BYTES;
    const bytes = new Uint8Array(writersAt + writers.length * WRITER_ENTRY_BYTES + 4);
    const view = new DataView(bytes.buffer);
    new TextEncoder().encodeInto(MAGIC, bytes);
    view.setUint16(8, VERSION, true);
    view.setUint32(12, count, true);
    setUint64(view, 16, synced.syncedBytes);
    setUint64(view, 24, synced.nextSequence);
    setUint64(view, 32, synced.lastReceiveTimeMs);
    view.setUint32(40, writers.length, true);
    for (let i = 0; i < count; i++) {
      const at = HEAD_BYTES + i * ENTRY_BYTES;
      setUint64(view, at, this.#sequences[i]!);
      setUint64(view, at + 8, this.#offsets[i]!);
      setUint64(view, at + 16, this.#times[i]!);
    }
    for (const [index, writer] of writers.entries())
      encodeWriterEntry(view, writersAt + index * WRITER_ENTRY_BYTES, writer);
    view.setUint32(bytes.length - 4, crc32c(bytes.subarray(0, -4)), true);
    return bytes;
  }

  /** The index and what it says of the file, or undefined when the bytes are not valid. */
  static decode(bytes: Uint8Array): SparseContent | undefined {
    if (bytes.length < HEAD_BYTES + 4) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (new TextDecoder().decode(bytes.subarray(0, 8)) !== MAGIC) return undefined;
    const count = view.getUint32(12, true);
    if (view.getUint16(8, true) !== VERSION || count > ENTRY_COUNT_MAX) return undefined;
    const writerCount = view.getUint32(40, true);
    const writersAt = HEAD_BYTES + count * ENTRY_BYTES;
    if (bytes.length !== writersAt + writerCount * WRITER_ENTRY_BYTES + 4) return undefined;
    if (crc32c(bytes.subarray(0, -4)) !== view.getUint32(bytes.length - 4, true)) return undefined;
    const index = new SparseIndex();
    for (let at = HEAD_BYTES; at < writersAt; at += ENTRY_BYTES)
      index.#push({
        sequence: getUint64(view, at),
        offset: getUint64(view, at + 8),
        receiveTimeMs: getUint64(view, at + 16),
      });
    const synced = {
      syncedBytes: getUint64(view, 16),
      nextSequence: getUint64(view, 24),
      lastReceiveTimeMs: getUint64(view, 32),
    };
    return { index, synced, writers: readWriterEntries(view, writersAt, writerCount) };
  }

  #push(entry: SparseEntry): void {
    this.#sequences.push(entry.sequence);
    this.#offsets.push(entry.offset);
    this.#times.push(entry.receiveTimeMs);
  }

  #at(index: number): SparseEntry | undefined {
    const sequence = this.#sequences[index];
    if (sequence === undefined) return undefined;
    return {
      sequence,
      offset: this.#offsets[index]!,
      receiveTimeMs: this.#times[index]!,
    };
  }
}

/** How many of the ascending values are below the bound. */
function countBelow(values: readonly number[], bound: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * What each writer of a shard has stored last. It is derived from the records: those of the newest WAL file
 * over a snapshot of the table as it was before that file. The snapshot is a file of its own,
 * `<first sequence>.writers`, durable before the WAL file has its name; an empty table has none:
 *
 *   offset size
 *        0    8  magic "SLUICWRT"
 *        8    2  version, 1
 *       10    2  zero
 *       12    4  entries, N
 *       16    8  first sequence of the WAL file that the snapshot stands before
 *       24  24N  entries, the least recently written first: writer key (16), sequence (u64)
 *   24+24N    4  CRC32C of the bytes before, seeded like those of the shard's records
 *
 * Only the one of the newest WAL file is used; others are left from a crash and are removed. When it is lost
 * or damaged the table begins empty, and then a repeated append can be accepted.
 *
 * Versions: 1, first.
 */
import { AppError } from '#base/app-error.ts';
import { crc32c } from '#kernel/crc32c.ts';
import { WRITERS_MAX } from '../limits.ts';
import {
  decodeWriterEntry,
  encodeWriterEntry,
  getUint64,
  setUint64,
  type WriterEntry,
} from './record-codec.ts';
import type { AppendWriter } from '../shard-log.ts';

const MAGIC = 'SLUICWRT';
const VERSION = 1;
const HEAD_BYTES = 24;

export const WRITER_ENTRY_BYTES = 24;

/** At most `WRITERS_MAX` writers; the one that wrote least recently gives way. */
export class WriterTable {
  readonly #writersMax: number;
  readonly #sequences: Map<string, number>;

  constructor(entries: readonly WriterEntry[] = [], writersMax: number = WRITERS_MAX) {
    this.#writersMax = writersMax;
    this.#sequences = new Map(entries.map((entry) => [entry.key, entry.sequence]));
  }

  /** The sequence that the writer has stored last, or undefined when it is not known. */
  lastSequence(key: string): number | undefined {
    return this.#sequences.get(key);
  }

  /** Takes note of what is stored. */
  note(entry: WriterEntry): void {
    this.#sequences.delete(entry.key);
    this.#sequences.set(entry.key, entry.sequence);
    if (this.#sequences.size <= this.#writersMax) return;
    const oldest = this.#sequences.keys().next().value;
    if (oldest !== undefined) this.#sequences.delete(oldest);
  }

  /** A copy of all entries, the least recently written first. */
  entries(): readonly WriterEntry[] {
    return Array.from(this.#sequences, ([key, sequence]) => ({ key, sequence }));
  }
}

/** What becomes of the appends of one batch: a refusal each, or undefined for those to write. */
export function refuseRepeated(
  table: WriterTable,
  appends: readonly { readonly writer: AppendWriter | undefined }[],
): readonly (AppError | undefined)[] {
  const written = new Map<string, number>();
  return appends.map(({ writer }) => {
    if (writer === undefined) return undefined;
    const last = written.get(writer.key) ?? table.lastSequence(writer.key);
    if (last !== undefined && last > writer.previous) return invalidSequenceId(last);
    written.set(writer.key, writer.sequence);
    return undefined;
  });
}

function invalidSequenceId(lastSequence: number): AppError {
  return new AppError('InvalidSequenceId', 'the sequence id is repeated or old', {
    details: { lastSequence },
  });
}

/** The snapshot file of a table. `salt` is that of the shard. */
export function encodeWriterTable(
  entries: readonly WriterEntry[],
  place: { readonly firstSequence: number; readonly salt: number },
): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + entries.length * WRITER_ENTRY_BYTES + 4);
  const view = new DataView(bytes.buffer);
  new TextEncoder().encodeInto(MAGIC, bytes);
  view.setUint16(8, VERSION, true);
  view.setUint32(12, entries.length, true);
  setUint64(view, 16, place.firstSequence);
  for (const [index, entry] of entries.entries())
    encodeWriterEntry(view, HEAD_BYTES + index * WRITER_ENTRY_BYTES, entry);
  view.setUint32(bytes.length - 4, crc32c(bytes.subarray(0, -4), place.salt), true);
  return bytes;
}

/** The entries of a snapshot file, or undefined when it is not a valid one of this place. */
export function decodeWriterTable(
  bytes: Uint8Array,
  place: { readonly firstSequence: number; readonly salt: number },
): readonly WriterEntry[] | undefined {
  if (bytes.length < HEAD_BYTES + 4) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (new TextDecoder().decode(bytes.subarray(0, 8)) !== MAGIC) return undefined;
  const count = view.getUint32(12, true);
  if (view.getUint16(8, true) !== VERSION || view.getUint16(10, true) !== 0) return undefined;
  if (bytes.length !== HEAD_BYTES + count * WRITER_ENTRY_BYTES + 4) return undefined;
  const checksum = view.getUint32(bytes.length - 4, true);
  if (crc32c(bytes.subarray(0, -4), place.salt) !== checksum) return undefined;
  if (getUint64(view, 16) !== place.firstSequence) return undefined;
  return readWriterEntries(view, HEAD_BYTES, count);
}

/** `count` entries that follow each other from the offset on. */
export function readWriterEntries(
  view: DataView,
  offset: number,
  count: number,
): readonly WriterEntry[] {
  return Array.from({ length: count }, (_, index) =>
    decodeWriterEntry(view, offset + index * WRITER_ENTRY_BYTES),
  );
}

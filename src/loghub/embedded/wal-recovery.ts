/**
 * Brings the newest file of a shard into a state that can be appended to: finds its end, cuts a torn
 * tail, and makes what stays durable. The rules are those at the top of `record-codec.ts`.
 */
import { HEADER_READ_BYTES, READ_BYTES_MAX } from '../limits.ts';
import { FileWindow } from './file-window.ts';
import { decodeFileHeader, fileHeaderBytes, isBodyValid } from './record-codec.ts';
import { RecordWalk, type GapStep, type RecordStep } from './record-walk.ts';
import { SparseIndex, type SparseContent, type SyncedPoint } from './sparse-index.ts';
import type { WriterTable } from './writer-table.ts';
import type { FileHandle } from '#platform/files.ts';
import type { ShardKey } from '../shard-log.ts';

export interface RecoveryInput {
  readonly shard: ShardKey;
  readonly salt: number;
  readonly firstSequence: number;
  /** What the sparse file says, when there is a valid one. */
  readonly hint: SparseContent | undefined;
  /** As it stands where the hint ends, or before the file; takes in the records that stay. */
  readonly writers: WriterTable;
}

export interface RecoveredFile extends SyncedPoint {
  readonly index: SparseIndex;
  readonly timeFloorMs: number | undefined;
  /** Bytes of the torn tail that was cut. */
  readonly tornBytes: number;
  /** Records that were there once and cannot be read any more: [first, end) for each stretch. */
  readonly damaged: readonly (readonly [first: number, end: number])[];
  /** False when the file must not be appended to: its start or its durable end is damaged. */
  readonly isWritable: boolean;
}

interface UnprovenRecord extends RecordStep {
  /** The latest receive time before it. */
  readonly timeBeforeMs: number;
}

interface Tail {
  /** Records that may be torn: those that no later record says to be synced. */
  readonly unproven: readonly UnprovenRecord[];
  readonly damaged: readonly (readonly [number, number])[];
}

/** Durable when it resolves. Repeating it, after a crash or an error in the middle, is harmless. */
export async function recoverNewestFile(
  handle: FileHandle,
  input: RecoveryInput,
): Promise<RecoveredFile> {
  const size = await handle.size();
  const headerBytes = fileHeaderBytes(input.shard);
  const start = new Uint8Array(headerBytes);
  const header = decodeFileHeader(start.subarray(0, await handle.read(start, 0)));
  const known: SyncedPoint = input.hint?.synced ?? {
    syncedBytes: headerBytes,
    nextSequence: input.firstSequence,
    lastReceiveTimeMs: header?.timeFloorMs ?? 0,
  };
  const index = input.hint?.index ?? new SparseIndex();
  const timeFloorMs = header?.timeFloorMs;
  if (size < known.syncedBytes) {
    const damaged = [[input.firstSequence, known.nextSequence]] as const;
    const end = { ...known, syncedBytes: size };
    return { ...end, index, timeFloorMs, tornBytes: 0, damaged, isWritable: false };
  }
  const tail = await walkTail(handle, { input, known, index, size });
  const end = await proveTail(handle, tail.unproven, known);
  index.cut(end.nextSequence);
  noteWriters(
    input.writers,
    tail.unproven.filter(({ header }) => header.sequence < end.nextSequence),
  );
  if (size > end.syncedBytes) await handle.truncate(end.syncedBytes);
  const unprovenFrom = tail.unproven[0]?.offset ?? end.syncedBytes;
  if (size > known.syncedBytes) await rewriteAndSync(handle, unprovenFrom, end.syncedBytes);
  return {
    ...end,
    index,
    timeFloorMs,
    tornBytes: size - end.syncedBytes,
    damaged: tail.damaged,
    isWritable: header !== undefined,
  };
}

/** Follows the headers to the end of the file or to a torn record. */
async function walkTail(
  handle: FileHandle,
  from: {
    readonly input: RecoveryInput;
    readonly known: SyncedPoint;
    readonly index: SparseIndex;
    readonly size: number;
  },
): Promise<Tail> {
  const { known, index, input } = from;
  const walk = new RecordWalk(
    {
      salt: input.salt,
      offset: known.syncedBytes,
      sequence: known.nextSequence,
      endOffset: from.size,
      endSequence: Number.MAX_SAFE_INTEGER,
    },
    { handle },
  );
  const damaged: [number, number][] = [];
  let unproven: UnprovenRecord[] = [];
  let timeBeforeMs = known.lastReceiveTimeMs;
  for (let step = await walk.next(); step !== undefined; step = await walk.next()) {
    if (step.kind === 'gap') {
      if (!isDamage(step)) break;
      damaged.push([step.sequence, step.resumed.header.sequence]);
      continue;
    }
    const { header, offset } = step;
    if (unproven.length > 0 && header.syncedBytes > unproven[0]!.offset) {
      const isProven = (before: UnprovenRecord): boolean => before.offset < header.syncedBytes;
      noteWriters(input.writers, unproven.filter(isProven));
      unproven = unproven.filter((before) => !isProven(before));
    }
    unproven.push({ ...step, timeBeforeMs });
    timeBeforeMs = header.receiveTimeMs;
    index.add({ sequence: header.sequence, offset, receiveTimeMs: header.receiveTimeMs });
  }
  return { unproven, damaged };
}

function noteWriters(writers: WriterTable, records: readonly RecordStep[]): void {
  for (const { header } of records) if (header.writer !== undefined) writers.note(header.writer);
}

/** A gap inside bytes that a later record knows to be synced is damage; any other is a torn tail. */
function isDamage(
  gap: GapStep,
): gap is GapStep & { readonly resumed: NonNullable<GapStep['resumed']> } {
  return gap.resumed !== undefined && gap.resumed.header.syncedBytes > gap.offset;
}

/** The end of the last whole append, all of whose bodies check out. */
async function proveTail(
  handle: FileHandle,
  unproven: readonly UnprovenRecord[],
  known: SyncedPoint,
): Promise<SyncedPoint> {
  const first = unproven[0];
  const last = unproven.at(-1);
  if (first === undefined || last === undefined) return known;
  const endOffset = last.offset + last.header.recordBytes;
  const window = new FileWindow({ endOffset, readBytes: READ_BYTES_MAX }, { handle });
  let end: SyncedPoint = {
    syncedBytes: first.offset,
    nextSequence: first.header.sequence,
    lastReceiveTimeMs: first.timeBeforeMs,
  };
  for (const { header, offset } of unproven) {
    if (!isBodyValid(await window.take(offset, header.recordBytes), header)) break;
    if (header.endsAppend)
      end = {
        syncedBytes: offset + header.recordBytes,
        nextSequence: header.sequence + 1,
        lastReceiveTimeMs: header.receiveTimeMs,
      };
  }
  return end;
}

/**
 * A process before this one may have had a failed sync, after which the system holds the bytes for
 * written and a new sync alone does nothing. Writing them again makes the sync count.
 */
async function rewriteAndSync(handle: FileHandle, start: number, end: number): Promise<void> {
  const window = new FileWindow({ endOffset: end, readBytes: HEADER_READ_BYTES }, { handle });
  for (let offset = start; offset < end; offset += READ_BYTES_MAX)
    await handle.write([await window.take(offset, READ_BYTES_MAX)], offset);
  await handle.sync();
}

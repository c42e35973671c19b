/** One WAL file that is read: its place in the shard, and ways into it. */
import { AppError, errorCode } from '#base/app-error.ts';
import { READ_BYTES_MAX, READ_BYTES_MIN } from '../limits.ts';
import { FileWindow } from './file-window.ts';
import {
  decodeFileHeader,
  decodeRecord,
  decodeRecordHeader,
  fileHeaderBytes,
  isBodyValid,
  RECORD_HEADER_BYTES,
  type RecordHeader,
} from './record-codec.ts';
import { RecordWalk, type WalkRange } from './record-walk.ts';
import { SparseIndex, type SparseEntry } from './sparse-index.ts';
import type { FileHandle } from '#platform/files.ts';
import type { LogRecord, ShardKey } from '../shard-log.ts';

const NAME = /^(\d{16})\.wal$/u;
const SPARSE_NAME = /^(\d{16})\.sparse$/u;

export function walFileName(firstSequence: number): string {
  return `${String(firstSequence).padStart(16, '0')}.wal`;
}

export function sparseFileName(firstSequence: number): string {
  return `${String(firstSequence).padStart(16, '0')}.sparse`;
}

export function writersFileName(firstSequence: number): string {
  return `${String(firstSequence).padStart(16, '0')}.writers`;
}

/** The first sequence that a file's name states, or undefined for other files. */
export function parseWalFileName(name: string): number | undefined {
  const digits = NAME.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The same for the name of a sparse file. */
export function parseSparseFileName(name: string): number | undefined {
  const digits = SPARSE_NAME.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The part of a file that readers may see: up to `endSequence`, which is not in it. */
export interface ReadableFile {
  readonly shard: ShardKey;
  readonly salt: number;
  readonly firstSequence: number;
  readonly endSequence: number;
  readonly endOffset: number;
}

/** Where a read stops; counts down while records are added. */
export interface ReadBudget {
  records: number;
  payloadBytes: number;
}

export function shardLogDamaged(firstDamaged: number, resumeAt: number): AppError {
  return new AppError('ShardLogDamaged', 'a stretch of the shard log is damaged', {
    details: { firstDamaged, resumeAt },
  });
}

/** Walks the whole file. Damaged stretches have no entries. */
export async function buildIndex(handle: FileHandle, file: ReadableFile): Promise<SparseIndex> {
  const index = new SparseIndex();
  const walk = new RecordWalk(rangeFrom(file, undefined), { handle });
  for (let step = await walk.next(); step !== undefined; step = await walk.next())
    if (step.kind === 'record')
      index.add({
        sequence: step.header.sequence,
        offset: step.offset,
        receiveTimeMs: step.header.receiveTimeMs,
      });
  return index;
}

/** The offset of a record of the file. Throws `ShardLogDamaged` when it lies in a damaged stretch. */
async function locate(
  handle: FileHandle,
  file: ReadableFile,
  target: { readonly sequence: number; readonly entry: SparseEntry | undefined },
): Promise<number> {
  const { sequence, entry } = target;
  const walk = new RecordWalk(rangeFrom(file, entry), { handle });
  for (let step = await walk.next(); step !== undefined; step = await walk.next()) {
    if (step.kind === 'record') {
      if (step.header.sequence === sequence) return step.offset;
      continue;
    }
    const resumeAt = step.resumed?.header.sequence ?? file.endSequence;
    if (resumeAt <= sequence) continue;
    // An entry of a sparse file is only a hint: damage counts when a walk without it finds it too.
    if (entry !== undefined) return await locate(handle, file, { sequence, entry: undefined });
    throw shardLogDamaged(sequence, resumeAt);
  }
  if (entry !== undefined) return await locate(handle, file, { sequence, entry: undefined });
  throw shardLogDamaged(sequence, file.endSequence);
}

/**
 * The first record of the file received at or after the time, or undefined. A damaged stretch right
 * before it counts as received then, so that a reader who starts there learns of the damage.
 */
export async function findTime(
  handle: FileHandle,
  file: ReadableFile,
  target: { readonly timeMs: number; readonly entry: SparseEntry | undefined },
): Promise<number | undefined> {
  const walk = new RecordWalk(rangeFrom(file, target.entry), { handle });
  let gapSequence: number | undefined;
  for (let step = await walk.next(); step !== undefined; step = await walk.next()) {
    if (step.kind === 'gap') {
      gapSequence = step.sequence;
      continue;
    }
    if (step.header.receiveTimeMs >= target.timeMs) return gapSequence ?? step.header.sequence;
    gapSequence = undefined;
  }
  return gapSequence;
}

/**
 * Reads records from a sequence on until the budget or the file is used up; returns the sequence after
 * the last. Damage ends the read when there are records already, or else throws.
 */
export async function readFrom(
  handle: FileHandle,
  file: ReadableFile,
  read: {
    readonly sequence: number;
    readonly entry: SparseEntry | undefined;
    readonly budget: ReadBudget;
    readonly records: LogRecord[];
  },
): Promise<number> {
  const { budget, records } = read;
  let { sequence } = read;
  try {
    let offset = await locate(handle, file, read);
    const readBytes = Math.min(Math.max(budget.payloadBytes, READ_BYTES_MIN), READ_BYTES_MAX);
    const window = new FileWindow({ endOffset: file.endOffset, readBytes }, { handle });
    while (sequence < file.endSequence && budget.records > 0 && budget.payloadBytes > 0) {
      const found = await readRecord(window, file, { offset, sequence });
      if (found === undefined)
        throw shardLogDamaged(sequence, await resumeAfter(handle, file, { offset, sequence }));
      const record = decodeRecord(found.bytes, found.header);
      records.push(record);
      budget.records--;
      budget.payloadBytes -= record.payload.length;
      offset += found.header.recordBytes;
      sequence++;
    }
  } catch (error) {
    if (records.length === 0 || errorCode(error) !== 'ShardLogDamaged') throw error;
  }
  return sequence;
}

/** The time floor of a file, or the time of its first readable record when its header is damaged. */
export async function readTimeFloor(handle: FileHandle, file: ReadableFile): Promise<number> {
  const start = new Uint8Array(fileHeaderBytes(file.shard));
  const header = decodeFileHeader(start.subarray(0, await handle.read(start, 0)));
  if (header !== undefined) return header.timeFloorMs;
  const walk = new RecordWalk(rangeFrom(file, undefined), { handle });
  for (let step = await walk.next(); step !== undefined; step = await walk.next())
    if (step.kind === 'record') return step.header.receiveTimeMs;
  return Number.POSITIVE_INFINITY;
}

async function readRecord(
  window: FileWindow,
  file: ReadableFile,
  at: { readonly offset: number; readonly sequence: number },
): Promise<{ readonly header: RecordHeader; readonly bytes: Uint8Array } | undefined> {
  const head = await window.take(at.offset, RECORD_HEADER_BYTES);
  const header = decodeRecordHeader(head, file.salt);
  if (header?.sequence !== at.sequence) return undefined;
  const bytes = await window.take(at.offset, header.recordBytes);
  if (bytes.length < header.recordBytes || !isBodyValid(bytes, header)) return undefined;
  return { header, bytes };
}

/** The sequence of the next record with a valid header after the damaged one. */
async function resumeAfter(
  handle: FileHandle,
  file: ReadableFile,
  damaged: { readonly offset: number; readonly sequence: number },
): Promise<number> {
  const walk = new RecordWalk({ ...rangeFrom(file, undefined), ...damaged }, { handle });
  const step = await walk.next();
  if (step?.kind === 'record') return step.header.sequence + 1;
  return step?.resumed?.header.sequence ?? file.endSequence;
}

function rangeFrom(file: ReadableFile, entry: SparseEntry | undefined): WalkRange {
  return {
    salt: file.salt,
    offset: entry?.offset ?? fileHeaderBytes(file.shard),
    sequence: entry?.sequence ?? file.firstSequence,
    endOffset: file.endOffset,
    endSequence: file.endSequence,
  };
}

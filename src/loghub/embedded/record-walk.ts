import { HEADER_READ_BYTES, RESYNC_READ_BYTES } from '../limits.ts';
import { FileWindow } from './file-window.ts';
import {
  decodeRecordHeader,
  RECORD_HEADER_BYTES,
  RECORD_MARKER,
  type RecordHeader,
} from './record-codec.ts';
import type { FileHandle } from '#platform/files.ts';

/** The stretch of a file to walk: from a record's start up to offsets and sequences exclusive. */
export interface WalkRange {
  readonly salt: number;
  readonly offset: number;
  readonly sequence: number;
  readonly endOffset: number;
  readonly endSequence: number;
}

export interface RecordStep {
  readonly kind: 'record';
  readonly offset: number;
  readonly header: RecordHeader;
}

/** Bytes that hold no valid record. The walk goes on at `resumed`, when a record follows. */
export interface GapStep {
  readonly kind: 'gap';
  readonly offset: number;
  readonly sequence: number;
  readonly resumed: { readonly offset: number; readonly header: RecordHeader } | undefined;
}

/**
 * Goes from record to record by their headers alone. A header that is not valid, or not the one that
 * must follow, gives a gap; the walk then looks for the next valid header byte by byte.
 */
export class RecordWalk {
  readonly #range: WalkRange;
  readonly #window: FileWindow;
  readonly #handle: FileHandle;
  #offset: number;
  #sequence: number;

  constructor(range: WalkRange, collaborators: { readonly handle: FileHandle }) {
    this.#range = range;
    this.#handle = collaborators.handle;
    this.#window = new FileWindow(
      { endOffset: range.endOffset, readBytes: HEADER_READ_BYTES },
      collaborators,
    );
    this.#offset = range.offset;
    this.#sequence = range.sequence;
  }

  /** Where the next record should start. */
  get offset(): number {
    return this.#offset;
  }

  /** The next step, or undefined at the end of the range. */
  async next(): Promise<RecordStep | GapStep | undefined> {
    const { endOffset, endSequence, salt } = this.#range;
    const offset = this.#offset;
    const sequence = this.#sequence;
    if (sequence >= endSequence || offset >= endOffset) return undefined;
    const header = decodeRecordHeader(await this.#window.take(offset, RECORD_HEADER_BYTES), salt);
    if (header?.sequence === sequence && offset + header.recordBytes <= endOffset) {
      this.#offset += header.recordBytes;
      this.#sequence++;
      return { kind: 'record', offset, header };
    }
    const resumed = await this.#resync(offset + 1, sequence);
    this.#offset = resumed?.offset ?? endOffset;
    this.#sequence = resumed?.header.sequence ?? endSequence;
    return { kind: 'gap', offset, sequence, resumed };
  }

  /** The first valid record at or after the offset whose sequence is above the missing one. */
  async #resync(fromOffset: number, missing: number): Promise<GapStep['resumed']> {
    const { endOffset, endSequence, salt } = this.#range;
    const window = new FileWindow(
      { endOffset, readBytes: RESYNC_READ_BYTES },
      { handle: this.#handle },
    );
    let offset = fromOffset;
    for (;;) {
      const bytes = await window.takeLoaded(offset, RECORD_HEADER_BYTES);
      if (bytes.length < RECORD_HEADER_BYTES) return undefined;
      const found = indexOfMarker(bytes);
      if (found < 0) {
        offset += bytes.length - (RECORD_MARKER.length - 1);
        continue;
      }
      offset += found;
      const header = decodeRecordHeader(await window.take(offset, RECORD_HEADER_BYTES), salt);
      if (
        header !== undefined &&
        header.sequence > missing &&
        header.sequence < endSequence &&
        offset + header.recordBytes <= endOffset
      )
        return { offset, header };
      offset++;
    }
  }
}

function indexOfMarker(bytes: Uint8Array): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(RECORD_MARKER);
}

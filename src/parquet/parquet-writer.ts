/** Writes a Parquet file, a column chunk at a time; the caller takes the pieces and puts them into the file in order. */
import { assert } from '#base/assert.ts';
import { MIB } from '#base/units.ts';
import { ByteWriter } from '#kernel/byte-writer.ts';
import { encodeChunk, encodeTimeNs, encodeTimes, type Target } from './chunk-writer.ts';
import type { ColumnChunk } from './column-chunk.ts';
import { BUFFERS_KEPT_BYTES, PAGE_BYTES } from './limits.ts';
import {
  encodeTail,
  MAGIC,
  type Codec,
  type GroupInfo,
  type ParquetColumn,
  type WrittenChunk,
} from './metadata.ts';

export interface ParquetWriterOptions {
  readonly columns: readonly ParquetColumn[];
  readonly codec: Codec;
}

/** The rows of a group but for its columns. */
export interface RowGroupTimes {
  /** Log times, Unix seconds. */
  readonly times: Uint32Array;
  /** Nanoseconds inside their second; 0: the log has none. */
  readonly timeNs: Uint32Array;
}

/** A chunk of another file, with its bytes as they are there. */
export interface ChunkCopy {
  readonly bytes: Uint8Array;
  readonly info: WrittenChunk;
}

/** What is held at first: callers take a little more than a megabyte at once. */
const HELD_BYTES: number = 2 * MIB;

/**
 * Call `begin`, then `addChunk` or `addCopy` for each column in order, for every row group; at last `finish`. What
 * they write is held until it is taken. What it keeps is the footer. Dispose it.
 */
export class ParquetWriter implements Disposable {
  readonly #columns: readonly ParquetColumn[];
  readonly #codec: Codec;
  readonly #groups: GroupInfo<WrittenChunk>[] = [];
  #chunks: WrittenChunk[] = [];
  readonly #buffers: Buffers = takeBuffers();
  #takenBytes: number = 0;

  constructor({ columns, codec }: ParquetWriterOptions) {
    this.#columns = columns;
    this.#codec = codec;
    this.#buffers.out.bytes(MAGIC);
  }

  /** Bytes that wait to be taken. */
  get heldBytes(): number {
    return this.#buffers.out.length;
  }

  /** The next bytes of the file. A view, valid until the next call. */
  take(): Uint8Array {
    const bytes = this.#buffers.out.view();
    this.#takenBytes += bytes.length;
    this.#buffers.out.clear();
    return bytes;
  }

  begin(rows: RowGroupTimes): void {
    assert(rows.times.length === rows.timeNs.length, 'every row has both times');
    this.#chunks = [];
    this.#groups.push({ rowCount: rows.times.length, chunks: this.#chunks });
    this.#chunks.push(encodeTimes(rows.times, this.#target));
    this.#chunks.push(encodeTimeNs(rows.timeNs, this.#target));
  }

  /** Undefined: no row has the field. Its texts must all be of the type of the column. */
  addChunk(chunk: ColumnChunk | undefined): void {
    const column = this.#columns[this.#chunks.length - 2];
    assert(column !== undefined, 'a chunk has a column');
    const whole = chunk ?? absentChunk(this.#rowCount);
    this.#chunks.push(encodeChunk(whole, column.type, this.#target));
  }

  /** A chunk of the same type and codec, with all rows of the group. */
  addCopy({ bytes, info }: ChunkCopy): void {
    assert(info.rowCount === this.#rowCount, 'a copied chunk has the rows of its group');
    const isPlain = info.statistics.nullCount === info.rowCount;
    assert(isPlain || info.codec === this.#codec, 'a copied chunk has the codec of the file');
    const { offset } = this.#target;
    const shift = offset - info.offset;
    const pages = info.pages.map((page) => ({ ...page, offset: page.offset + shift }));
    this.#buffers.out.bytes(bytes);
    this.#chunks.push({ ...info, offset, pages });
  }

  finish(): void {
    this.#buffers.out.bytes(encodeTail(this.#columns, this.#groups, this.#target.offset));
  }

  /** When everything that was taken is written; the writer must not be used again. */
  [Symbol.dispose](): void {
    giveBuffers(this.#buffers);
  }

  get #rowCount(): number {
    return this.#groups.at(-1)?.rowCount ?? 0;
  }

  get #target(): Target {
    const offset = this.#takenBytes + this.#buffers.out.length;
    return { codec: this.#codec, offset, ...this.#buffers };
  }
}

interface Buffers {
  readonly out: ByteWriter;
  readonly scratch: ByteWriter;
}

/** Those of one writer are kept for each thread, for the next file. */
let spare: Buffers | undefined;

function takeBuffers(): Buffers {
  const buffers = spare ?? {
    out: new ByteWriter(HELD_BYTES),
    scratch: new ByteWriter(PAGE_BYTES),
  };
  spare = undefined;
  buffers.out.clear();
  return buffers;
}

function giveBuffers(buffers: Buffers): void {
  const { out, scratch } = buffers;
  if (out.capacity + scratch.capacity <= BUFFERS_KEPT_BYTES) spare = buffers;
}

function absentChunk(rowCount: number): ColumnChunk {
  return {
    rowCount,
    present: new Uint8Array((rowCount + 7) >>> 3),
    valueCount: 0,
    ids: undefined,
    strings: { arena: new Uint8Array(0), starts: new Uint32Array(0), ends: new Uint32Array(0) },
  };
}

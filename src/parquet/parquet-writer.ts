/** Writes a Parquet file, a column chunk at a time; the caller puts the pieces into the file in order. */
import { assert } from '#base/assert.ts';
import { ByteWriter } from '#kernel/byte-writer.ts';
import {
  encodeChunk,
  encodeTimeNs,
  encodeTimes,
  type EncodedChunk,
  type Target,
} from './chunk-writer.ts';
import type { ColumnChunk } from './column-chunk.ts';
import { PAGE_BYTES } from './limits.ts';
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

/**
 * Call `begin`, then `addChunk` or `addCopy` for each column in order, for every row group; at last `finish`. Each gives
 * the next pieces of the file. What it keeps is the footer.
 */
export class ParquetWriter {
  readonly #columns: readonly ParquetColumn[];
  readonly #codec: Codec;
  readonly #groups: GroupInfo<WrittenChunk>[] = [];
  #chunks: WrittenChunk[] = [];
  readonly #scratch: ByteWriter = new ByteWriter(PAGE_BYTES);
  #offset: number = MAGIC.length;

  constructor({ columns, codec }: ParquetWriterOptions) {
    this.#columns = columns;
    this.#codec = codec;
  }

  begin(rows: RowGroupTimes): readonly Uint8Array[] {
    assert(rows.times.length === rows.timeNs.length, 'every row has both times');
    const isFirst = this.#groups.length === 0;
    this.#chunks = [];
    this.#groups.push({ rowCount: rows.times.length, chunks: this.#chunks });
    return [
      ...(isFirst ? [MAGIC] : []),
      ...this.#add(encodeTimes(rows.times, this.#target)),
      ...this.#add(encodeTimeNs(rows.timeNs, this.#target)),
    ];
  }

  /** Undefined: no row has the field. Its texts must all be of the type of the column. */
  addChunk(chunk: ColumnChunk | undefined): readonly Uint8Array[] {
    const column = this.#columns[this.#chunks.length - 2];
    assert(column !== undefined, 'a chunk has a column');
    return this.#add(encodeChunk(chunk ?? absentChunk(this.#rowCount), column.type, this.#target));
  }

  /** A chunk of the same type and codec, with all rows of the group. */
  addCopy({ bytes, info }: ChunkCopy): readonly Uint8Array[] {
    assert(info.rowCount === this.#rowCount, 'a copied chunk has the rows of its group');
    const isPlain = info.statistics.nullCount === info.rowCount;
    assert(isPlain || info.codec === this.#codec, 'a copied chunk has the codec of the file');
    const shift = this.#offset - info.offset;
    const pages = info.pages.map((page) => ({ ...page, offset: page.offset + shift }));
    return this.#add({ pieces: [bytes], info: { ...info, offset: this.#offset, pages } });
  }

  finish(): readonly Uint8Array[] {
    const tail = encodeTail(this.#columns, this.#groups, this.#offset);
    return this.#groups.length === 0 ? [MAGIC, tail] : [tail];
  }

  get #rowCount(): number {
    return this.#groups.at(-1)?.rowCount ?? 0;
  }

  get #target(): Target {
    return { codec: this.#codec, offset: this.#offset, scratch: this.#scratch };
  }

  #add({ pieces, info }: EncodedChunk): readonly Uint8Array[] {
    this.#chunks.push(info);
    this.#offset += info.length;
    return pieces;
  }
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

/** Writes the rows of a segment as Parquet. */
import { MIB } from '#base/units.ts';
import { chooseType } from '#parquet/choose-type.ts';
import type { ColumnChunk, ColumnType } from '#parquet/column-chunk.ts';
import type { Codec } from '#parquet/metadata.ts';
import { ParquetWriter } from '#parquet/parquet-writer.ts';
import type { SegmentStorage } from './segment-builder.ts';

/** Rows in their final order; at most what a row group may hold. */
export interface RowGroupChunks {
  readonly times: Uint32Array;
  /** 0: the log has no nanosecond part. */
  readonly timeNs: Uint32Array;
  /** By column; undefined: no row of the group has the field. */
  readonly chunks: readonly (ColumnChunk | undefined)[];
}

/** Bytes that are handed on at once: a page or its header alone would be a system call each. */
export const PIECE_BYTES: number = MIB;

export function codecOf(storage: SegmentStorage): Codec {
  return storage === 'local' ? 'none' : 'zstd';
}

/** The types of `columnCount` columns over all row groups. */
export function columnTypes(
  groups: readonly RowGroupChunks[],
  columnCount: number,
): readonly ColumnType[] {
  return Array.from({ length: columnCount }, (_, column) =>
    chooseType(groups.map(({ chunks }) => chunks[column])),
  );
}

export interface WriteRowsRequest {
  /** Names in the file, with `__rest__` where there is one. */
  readonly names: readonly string[];
  readonly types: readonly ColumnType[];
  readonly groups: Iterable<RowGroupChunks>;
  readonly storage: SegmentStorage;
}

/** The pieces of the file, in order, each valid until the next one. A group is asked for when the one before it is written. */
export function* writeRows(request: WriteRowsRequest): Generator<Uint8Array> {
  const { names, types, groups, storage } = request;
  const columns = names.map((name, i) => ({ name, type: types[i]! }));
  using writer = new ParquetWriter({ columns, codec: codecOf(storage) });
  for (const group of groups) {
    writer.begin(group);
    for (const chunk of group.chunks) {
      writer.addChunk(chunk);
      if (writer.heldBytes >= PIECE_BYTES) yield writer.take();
    }
  }
  writer.finish();
  yield writer.take();
}

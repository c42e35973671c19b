/** The columns of a build, a row group at a time. */
import { ByteWriter } from '#kernel/byte-writer.ts';
import type { ColumnChunk } from '#parquet/column-chunk.ts';
import { ROW_GROUP_BYTES, ROW_GROUP_ROWS } from '#parquet/limits.ts';
import type { ColumnChoice } from './columns.ts';
import type { LogBuild } from './log-build.ts';
import type { RowGroupChunks } from './write-rows.ts';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * Row groups of the columns of the choice, with `__rest__` behind them when it has fields. Valid until the build is
 * disposed; its index must have been made.
 */
export function* buildChunks(build: LogBuild, columns: ColumnChoice): Generator<RowGroupChunks> {
  const { kernel, rowCount } = build;
  const fields = columns.columnFields.map((field) => (kernel.isUsed(field) ? field : undefined));
  const restFields = columns.restFields.filter((field) => kernel.isUsed(field));
  for (let from = 0; from < rowCount;) {
    const to = kernel.rowsWithin(from, ROW_GROUP_ROWS, ROW_GROUP_BYTES);
    const chunks = fields.map((field) =>
      field === undefined ? undefined : kernel.column(field, from, to),
    );
    if (columns.restFields.length > 0) chunks.push(restChunk(build, restFields, { from, to }));
    yield {
      times: build.times.subarray(from, to),
      timeNs: build.timeNs.subarray(from, to),
      chunks,
    };
    from = to;
  }
}

interface RowRange {
  readonly from: number;
  readonly to: number;
}

/** JSON of the fields that have no column, for the rows that have any. */
function restChunk(
  build: LogBuild,
  fields: readonly number[],
  rows: RowRange,
): ColumnChunk | undefined {
  const { kernel } = build;
  const rowCount = rows.to - rows.from;
  const members: (string[] | undefined)[] = Array.from({ length: rowCount });
  for (const field of fields) {
    const name = JSON.stringify(build.names[field]);
    kernel.forEachValue(field, rows, (row, start, end) => {
      const value = decoder.decode(kernel.arena.subarray(start, end));
      (members[row - rows.from] ??= []).push(`${name}:${JSON.stringify(value)}`);
    });
  }
  const present = new Uint8Array((rowCount + 7) >>> 3);
  const arena = new ByteWriter();
  const ends: number[] = [];
  for (const [row, texts] of members.entries()) {
    if (texts === undefined) continue;
    present[row >>> 3]! |= 1 << (row & 7);
    arena.bytes(encoder.encode(`{${texts.join(',')}}`));
    ends.push(arena.length);
  }
  if (ends.length === 0) return undefined;
  return {
    rowCount,
    present: ends.length === rowCount ? undefined : present,
    valueCount: ends.length,
    ids: undefined,
    strings: {
      arena: arena.view(),
      starts: Uint32Array.from([0, ...ends.slice(0, -1)]),
      ends: Uint32Array.from(ends),
    },
  };
}

/** The cells of a build become chunks of columns, a row group at a time. Values stay where they are in the arena. */
import { ByteWriter } from '#kernel/byte-writer.ts';
import { GrowingU32 } from '#kernel/growing-u32.ts';
import type { ColumnChunk } from '#parquet/column-chunk.ts';
import { ROW_GROUP_BYTES, ROW_GROUP_ROWS } from '#parquet/limits.ts';
import { findRepeats } from '#parquet/text-table.ts';
import type { ColumnChoice } from './columns.ts';
import type { LogCells, RowCursor } from './log-cells.ts';
import type { RowGroupChunks } from './write-rows.ts';

export interface CellSource {
  readonly cells: LogCells;
  /** Arrival numbers of the rows in their final order; undefined when that is the same. */
  readonly order: Uint32Array | undefined;
  readonly columns: ColumnChoice;
}

const NO_COLUMN = -1;
const CELLS_FIRST = 256;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Places of the values of one column. */
class ChunkBuilder {
  readonly #present: Uint8Array;
  readonly #starts: GrowingU32 = new GrowingU32(CELLS_FIRST);
  readonly #ends: GrowingU32 = new GrowingU32(CELLS_FIRST);

  constructor(rowsMax: number) {
    this.#present = new Uint8Array((rowsMax + 7) >>> 3);
  }

  add(row: number, start: number, end: number): void {
    this.#present[row >>> 3]! |= 1 << (row & 7);
    this.#starts.push(start);
    this.#ends.push(end);
  }

  finish(rowCount: number, arena: Uint8Array): ColumnChunk | undefined {
    const valueCount = this.#starts.length;
    if (valueCount === 0) return undefined;
    return findRepeats({
      rowCount,
      present:
        valueCount === rowCount ? undefined : this.#present.subarray(0, (rowCount + 7) >>> 3),
      valueCount,
      ids: undefined,
      strings: { arena, starts: this.#starts.view(), ends: this.#ends.view() },
    });
  }
}

/** Row groups of the columns of the choice, with `__rest__` behind them when it has fields. */
export function* cellChunks(source: CellSource): Generator<RowGroupChunks> {
  const maker = new GroupMaker(source);
  for (let from = 0; from < source.cells.rowCount;) {
    const group = maker.group(from);
    yield group;
    from += group.times.length;
  }
}

class GroupMaker {
  readonly #source: CellSource;
  readonly #cursor: RowCursor;
  /** Column of each field, or NO_COLUMN for fields that go to `__rest__`. */
  readonly #columnOf: Int32Array;

  constructor(source: CellSource) {
    this.#source = source;
    this.#cursor = source.cells.rows();
    this.#columnOf = new Int32Array(source.cells.fields.names.length).fill(NO_COLUMN);
    for (const [column, field] of source.columns.columnFields.entries())
      this.#columnOf[field] = column;
  }

  /** The row group that starts at a row. */
  group(from: number): RowGroupChunks {
    const { cells, columns } = this.#source;
    const last = Math.min(cells.rowCount, from + ROW_GROUP_ROWS);
    const builders = columns.columnFields.map(() => new ChunkBuilder(last - from));
    const rest = new ChunkBuilder(last - from);
    const restArena = new ByteWriter();
    let bytes = 0;
    let row = from;
    for (; row < last && bytes < ROW_GROUP_BYTES; row++) {
      this.#cursor.load(this.#arrival(row));
      bytes += this.#addRow(row - from, builders);
      const text = this.#restText();
      if (text === undefined) continue;
      const start = restArena.length;
      restArena.bytes(encoder.encode(text));
      rest.add(row - from, start, restArena.length);
    }
    const rowCount = row - from;
    const chunks = builders.map((builder) => builder.finish(rowCount, cells.arena));
    if (columns.restFields.length > 0) chunks.push(rest.finish(rowCount, restArena.view()));
    return { ...this.#times(from, row), chunks };
  }

  #arrival(row: number): number {
    return this.#source.order?.[row] ?? row;
  }

  /** Gives the bytes of the row's values. */
  #addRow(row: number, builders: readonly ChunkBuilder[]): number {
    const cursor = this.#cursor;
    let bytes = 0;
    for (let i = 0; i < cursor.count; i++) {
      const column = this.#columnOf[cursor.fields[i]!]!;
      const start = cursor.starts[i]!;
      const end = cursor.ends[i]!;
      bytes += end - start;
      if (column !== NO_COLUMN) builders[column]!.add(row, start, end);
    }
    return bytes;
  }

  /** JSON of the current row's fields that have no column; undefined when there are none. */
  #restText(): string | undefined {
    if (this.#source.columns.restFields.length === 0) return undefined;
    const { cells } = this.#source;
    const cursor = this.#cursor;
    const members: string[] = [];
    for (let i = 0; i < cursor.count; i++) {
      const field = cursor.fields[i]!;
      if (this.#columnOf[field] !== NO_COLUMN) continue;
      const value = decoder.decode(cells.arena.subarray(cursor.starts[i], cursor.ends[i]));
      members.push(`${JSON.stringify(cells.fields.names[field]!)}:${JSON.stringify(value)}`);
    }
    return members.length === 0 ? undefined : `{${members.join(',')}}`;
  }

  #times(from: number, to: number): { readonly times: Uint32Array; readonly timeNs: Uint32Array } {
    const { cells, order } = this.#source;
    const times = cells.times.view();
    const timeNs = cells.timeNs.view();
    if (order === undefined)
      return { times: times.subarray(from, to), timeNs: timeNs.subarray(from, to) };
    const rows = order.subarray(from, to);
    return { times: rows.map((row) => times[row]!), timeNs: rows.map((row) => timeNs[row]!) };
  }
}

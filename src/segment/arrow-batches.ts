/**
 * The third pass of a build: cells become Arrow record batches, a bounded piece at a time. Values are copied as
 * bytes; only the `__rest__` column makes strings.
 */
import {
  Field,
  Int32,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableToIPC,
  Utf8,
  type Data,
} from 'apache-arrow';
import { REST_COLUMN, TIME_COLUMN, TIME_NS_COLUMN, type ColumnChoice } from './columns.ts';
import { BATCH_BYTES_MAX, BATCH_CELLS_MAX } from './limits.ts';
import type { LogCells, RowCursor } from './log-cells.ts';

export interface BatchSource {
  readonly cells: LogCells;
  /** Arrival numbers of the rows in their final order; undefined when that is the same. */
  readonly order: Uint32Array | undefined;
  readonly columns: ColumnChoice;
  /** Rows of one batch. */
  readonly rowsMax: number;
}

const NO_COLUMN = -1;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A nullable UTF-8 column of one batch. */
class TextColumn {
  readonly #offsets: Int32Array;
  readonly #valid: Uint8Array;
  readonly #data: Uint8Array;
  #used: number = 0;
  #filled: number = 0;
  #validCount: number = 0;

  /** `sizeBytes`: what the values will take together. */
  constructor(rowCount: number, sizeBytes: number) {
    this.#offsets = new Int32Array(rowCount + 1);
    this.#valid = new Uint8Array((rowCount + 7) >>> 3);
    this.#data = new Uint8Array(sizeBytes);
  }

  /** The value of a row; rows come in ascending order. */
  // oxlint-disable-next-line max-params -- once for each value of a segment; an object would cost more
  add(row: number, arena: Uint8Array, start: number, end: number): void {
    while (this.#filled < row) this.#offsets[++this.#filled] = this.#used;
    const data = this.#data;
    let at = this.#used;
    if (end - start > 48) data.set(arena.subarray(start, end), at);
    else for (let i = start; i < end; i++) data[at++] = arena[i]!;
    this.#used += end - start;
    this.#valid[row >>> 3]! |= 1 << (row & 7);
    this.#validCount++;
  }

  finish(rowCount: number): Data<Utf8> {
    while (this.#filled < rowCount) this.#offsets[++this.#filled] = this.#used;
    return makeData({
      type: new Utf8(),
      length: rowCount,
      nullCount: rowCount - this.#validCount,
      nullBitmap: this.#valid,
      valueOffsets: this.#offsets,
      data: this.#data,
    });
  }
}

/** The segment's rows as Arrow IPC streams of one batch each. */
export function* arrowBatches(source: BatchSource): Generator<Uint8Array> {
  const maker = new BatchMaker(source);
  for (let from = 0; from < source.cells.rowCount;) {
    const { to, bytes } = maker.batch(from);
    yield bytes;
    from = to;
  }
}

class BatchMaker {
  readonly #source: BatchSource;
  readonly #cursor: RowCursor;
  readonly #arena: Uint8Array;
  readonly #times: Uint32Array;
  readonly #timeNs: Uint32Array;
  /** Column of each field, or NO_COLUMN for fields that go to `__rest__`. */
  readonly #columnOf: Int32Array;
  readonly #names: readonly string[];
  readonly #rowsMax: number;

  constructor(source: BatchSource) {
    this.#source = source;
    this.#cursor = source.cells.rows();
    this.#arena = source.cells.arena;
    this.#times = source.cells.times.view();
    this.#timeNs = source.cells.timeNs.view();
    const names = source.cells.fields.names;
    const { columnFields, restFields } = source.columns;
    this.#columnOf = new Int32Array(names.length).fill(NO_COLUMN);
    for (const [column, field] of columnFields.entries()) this.#columnOf[field] = column;
    this.#names = columnFields.map((field) => names[field]!);
    if (restFields.length > 0) this.#names = [...this.#names, REST_COLUMN];
    const rowsForCells = Math.floor(BATCH_CELLS_MAX / (this.#names.length + 1));
    this.#rowsMax = Math.max(1, Math.min(source.rowsMax, rowsForCells));
  }

  /** The batch that starts at a row; it ends before `to`, when it has enough rows or enough bytes. */
  batch(from: number): { readonly to: number; readonly bytes: Uint8Array } {
    const sizes = new Float64Array(this.#names.length);
    const rest = new Map<number, Uint8Array>();
    const to = this.#measure(from, sizes, rest);
    const columns = Array.from(sizes, (sizeBytes) => new TextColumn(to - from, sizeBytes));
    this.#fill(from, to, columns);
    const restColumn = columns.at(-1);
    for (const [row, text] of rest) restColumn?.add(row, text, 0, text.length);
    return { to, bytes: this.#encode(from, to, columns) };
  }

  #arrival(row: number): number {
    return this.#source.order?.[row] ?? row;
  }

  /**
   * Counts the bytes of each column until the batch has enough of them; returns where it ends. Puts the texts
   * of the `__rest__` column into `rest`, by row of the batch.
   */
  #measure(from: number, sizes: Float64Array, rest: Map<number, Uint8Array>): number {
    const cursor = this.#cursor;
    const last = Math.min(from + this.#rowsMax, this.#source.cells.rowCount);
    let bytes = 0;
    let row = from;
    for (; row < last && bytes < BATCH_BYTES_MAX; row++) {
      cursor.load(this.#arrival(row));
      let hasRest = false;
      for (let i = 0; i < cursor.count; i++) {
        const column = this.#columnOf[cursor.fields[i]!]!;
        const size = cursor.ends[i]! - cursor.starts[i]!;
        bytes += size;
        if (column === NO_COLUMN) hasRest = true;
        else sizes[column]! += size;
      }
      if (!hasRest) continue;
      const text = encoder.encode(this.#restText());
      rest.set(row - from, text);
      sizes[sizes.length - 1]! += text.length;
      bytes += text.length;
    }
    return row;
  }

  /** JSON of the current row's fields that have no column. */
  #restText(): string {
    const cursor = this.#cursor;
    const members: string[] = [];
    for (let i = 0; i < cursor.count; i++) {
      const field = cursor.fields[i]!;
      if (this.#columnOf[field] !== NO_COLUMN) continue;
      const name = this.#source.cells.fields.names[field]!;
      const value = decoder.decode(this.#arena.subarray(cursor.starts[i], cursor.ends[i]));
      members.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
    }
    return `{${members.join(',')}}`;
  }

  #fill(from: number, to: number, columns: readonly TextColumn[]): void {
    const cursor = this.#cursor;
    for (let row = from; row < to; row++) {
      cursor.load(this.#arrival(row));
      for (let i = 0; i < cursor.count; i++) {
        const column = this.#columnOf[cursor.fields[i]!]!;
        if (column !== NO_COLUMN)
          columns[column]!.add(row - from, this.#arena, cursor.starts[i]!, cursor.ends[i]!);
      }
    }
  }

  #encode(from: number, to: number, columns: readonly TextColumn[]): Uint8Array {
    const rowCount = to - from;
    const schema = new Schema([
      new Field(TIME_COLUMN, new Int64(), false),
      new Field(TIME_NS_COLUMN, new Int32(), true),
      ...this.#names.map((name) => new Field(name, new Utf8(), true)),
    ]);
    const children: Data[] = [
      this.#timeData(from, to),
      this.#timeNsData(from, to),
      ...columns.map((column) => column.finish(rowCount)),
    ];
    const data = makeData({
      type: new Struct(schema.fields),
      length: rowCount,
      nullCount: 0,
      children,
    });
    return tableToIPC(new Table(schema, [new RecordBatch(schema, data)]), 'stream');
  }

  #timeData(from: number, to: number): Data<Int64> {
    const data = new BigInt64Array(to - from);
    const words = new Uint32Array(data.buffer);
    for (let row = from; row < to; row++)
      words[(row - from) * 2] = this.#times[this.#arrival(row)]!;
    return makeData({ type: new Int64(), length: data.length, nullCount: 0, data });
  }

  /** Null where the log has no nanosecond part, which the wire cannot tell from 0. */
  #timeNsData(from: number, to: number): Data<Int32> {
    const data = new Int32Array(to - from);
    const nullBitmap = new Uint8Array((data.length + 7) >>> 3);
    let nullCount = 0;
    for (let i = 0; i < data.length; i++) {
      const timeNs = this.#timeNs[this.#arrival(from + i)]!;
      data[i] = timeNs;
      if (timeNs === 0) nullCount++;
      else nullBitmap[i >>> 3]! |= 1 << (i & 7);
    }
    return makeData({ type: new Int32(), length: data.length, nullCount, nullBitmap, data });
  }
}

/**
 * Plain twin of the kernel's walk: log groups become cells (row, field, byte range) over one arena. No log and no
 * value becomes a JavaScript object. Topic, source and tags are kept once for their group.
 */
import { AppError } from '#base/app-error.ts';
import { ByteWriter } from '#kernel/byte-writer.ts';
import { GrowingU32 } from '#kernel/growing-u32.ts';
import type { LogRecord } from '#loghub/shard-log.ts';
import { decompress } from '#protocol/compression.ts';
import { readLogGroup, type LogGroupVisitor } from '#protocol/log-group.ts';
import { isUtf8 } from '#protocol/utf8.ts';
import { FieldTable } from './field-table.twin.ts';
import { BUILD_RAW_BYTES_MAX } from './limits.ts';

const TAG_PREFIX = '__tag__:';
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/** Cells are three parallel lists: field number, start and end of the value in the arena. */
class CellList {
  readonly fields: GrowingU32 = new GrowingU32();
  readonly starts: GrowingU32 = new GrowingU32();
  readonly ends: GrowingU32 = new GrowingU32();

  get length(): number {
    return this.fields.length;
  }

  push(field: number, start: number, end: number): void {
    this.fields.push(field);
    this.starts.push(start);
    this.ends.push(end);
  }

  set(cell: number, start: number, end: number): void {
    this.starts.set(cell, start);
    this.ends.set(cell, end);
  }
}

export class LogCells implements LogGroupVisitor {
  readonly fields: FieldTable = new FieldTable();
  readonly times: GrowingU32 = new GrowingU32();
  readonly timeNs: GrowingU32 = new GrowingU32();

  readonly #arena: ByteWriter;
  readonly #cells: CellList = new CellList();
  readonly #rowCells: GrowingU32 = new GrowingU32();
  readonly #rowGroups: GrowingU32 = new GrowingU32();
  readonly #groupCells: CellList = new CellList();
  readonly #groupStarts: GrowingU32 = new GrowingU32();
  /** The last cell of each field + 1, to find a key that repeats inside a log or a group. */
  readonly #lastCell: GrowingU32 = new GrowingU32();
  readonly #lastGroupCell: GrowingU32 = new GrowingU32();
  readonly #topicField: number = this.fields.idOfName('__topic__');
  readonly #sourceField: number = this.fields.idOfName('__source__');
  /** Where the bytes of the group that is being walked start in the arena. */
  #base: number = 0;
  #raw: Uint8Array = new Uint8Array(0);

  /** `rawBytes`: what all groups together will take. Errors: BuildTooLarge. */
  constructor(rawBytes: number) {
    if (rawBytes > BUILD_RAW_BYTES_MAX)
      throw new AppError('BuildTooLarge', 'too many bytes of logs for one segment');
    this.#arena = new ByteWriter(rawBytes + 1024);
  }

  get rowCount(): number {
    return this.times.length;
  }

  /** The bytes that cells point into; valid until the next group. */
  get arena(): Uint8Array {
    return this.#arena.view();
  }

  /** Adds the logs of a record. Errors: those of `decompress` and `readLogGroup`. */
  addRecord(record: LogRecord, appendMeta: boolean): void {
    const raw = decompress(record.compression, record.payload, record.rawBytes, record.rawBytes);
    this.#raw = raw;
    this.#base = this.#arena.length;
    this.#arena.bytes(raw);
    this.#groupStarts.push(this.#groupCells.length);
    this.#setGroupCell(this.#topicField, this.#base, this.#base);
    this.#setGroupCell(this.#sourceField, this.#base, this.#base);
    readLogGroup(raw, this);
    if (!appendMeta) return;
    if (record.clientAddress !== '') this.#addTag('__client_ip__', record.clientAddress);
    this.#addTag('__receive_time__', String(Math.floor(record.receiveTimeMs / 1000)));
  }

  topic(start: number, end: number): void {
    this.#groupValue(this.#topicField, start, end);
  }

  source(start: number, end: number): void {
    this.#groupValue(this.#sourceField, start, end);
  }

  tag(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    const key = decoder.decode(this.#raw.subarray(keyStart, keyEnd));
    this.#groupValue(this.fields.idOfName(TAG_PREFIX + key), valueStart, valueEnd);
  }

  beginLog(time: number, timeNs: number): void {
    this.#rowCells.push(this.#cells.length);
    this.#rowGroups.push(this.#groupStarts.length - 1);
    this.times.push(time);
    this.timeNs.push(timeNs);
  }

  content(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    const field = this.fields.idOf(this.#raw, keyStart, keyEnd);
    let start = this.#base + valueStart;
    let end = this.#base + valueEnd;
    if (!isUtf8(this.#raw, valueStart, valueEnd)) {
      start = this.#arena.length;
      end = this.#appendCleaned(valueStart, valueEnd);
    }
    while (this.#lastCell.length <= field) this.#lastCell.push(0);
    const earlier = this.#lastCell.get(field) - 1;
    if (earlier >= this.#rowCells.get(this.#rowCells.length - 1)) {
      this.#cells.set(earlier, start, end);
      return;
    }
    this.#cells.push(field, start, end);
    this.#lastCell.set(field, this.#cells.length);
  }

  endLog(): void {}

  /** A cursor over the finished rows; no group may be added while it is used. */
  rows(): RowCursor {
    return new RowCursor({
      cells: this.#cells,
      rowCells: this.#rowCells.view(),
      rowGroups: this.#rowGroups.view(),
      groupCells: this.#groupCells,
      groupStarts: this.#groupStarts.view(),
      fieldCount: this.fields.names.length,
    });
  }

  #groupValue(field: number, start: number, end: number): void {
    if (isUtf8(this.#raw, start, end)) {
      this.#setGroupCell(field, this.#base + start, this.#base + end);
      return;
    }
    const cleaned = this.#arena.length;
    this.#setGroupCell(field, cleaned, this.#appendCleaned(start, end));
  }

  #addTag(name: string, value: string): void {
    const start = this.#arena.length;
    this.#arena.bytes(encoder.encode(value));
    this.#setGroupCell(this.fields.idOfName(TAG_PREFIX + name), start, this.#arena.length);
  }

  #setGroupCell(field: number, start: number, end: number): void {
    while (this.#lastGroupCell.length <= field) this.#lastGroupCell.push(0);
    const earlier = this.#lastGroupCell.get(field) - 1;
    if (earlier >= this.#groupStarts.get(this.#groupStarts.length - 1)) {
      this.#groupCells.set(earlier, start, end);
      return;
    }
    this.#groupCells.push(field, start, end);
    this.#lastGroupCell.set(field, this.#groupCells.length);
  }

  /** Appends a value with U+FFFD for what is not UTF-8; returns where it ends in the arena. */
  #appendCleaned(start: number, end: number): number {
    this.#arena.bytes(encoder.encode(decoder.decode(this.#raw.subarray(start, end))));
    return this.#arena.length;
  }
}

interface RowSource {
  readonly cells: CellList;
  readonly rowCells: Uint32Array;
  readonly rowGroups: Uint32Array;
  readonly groupCells: CellList;
  readonly groupStarts: Uint32Array;
  readonly fieldCount: number;
}

/** The cells of one row at a time: its own ones, then those of its group that it does not replace. */
export class RowCursor {
  readonly fields: number[] = [];
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  /** How many entries of the three lists count. */
  count: number = 0;
  readonly #source: RowSource;
  /** Row + 1 that last had the field itself. */
  readonly #seen: Uint32Array;

  constructor(source: RowSource) {
    this.#source = source;
    this.#seen = new Uint32Array(source.fieldCount);
  }

  /** Makes `row`, in order of arrival, the current one. */
  load(row: number): void {
    const { cells, rowCells, rowGroups, groupCells, groupStarts } = this.#source;
    let count = 0;
    const end = row + 1 < rowCells.length ? rowCells[row + 1]! : cells.length;
    for (let cell = rowCells[row]!; cell < end; cell++) {
      const field = cells.fields.get(cell);
      this.#seen[field] = row + 1;
      this.fields[count] = field;
      this.starts[count] = cells.starts.get(cell);
      this.ends[count++] = cells.ends.get(cell);
    }
    const group = rowGroups[row]!;
    const groupEnd = group + 1 < groupStarts.length ? groupStarts[group + 1]! : groupCells.length;
    for (let cell = groupStarts[group]!; cell < groupEnd; cell++) {
      const field = groupCells.fields.get(cell);
      if (this.#seen[field] === row + 1) continue;
      this.fields[count] = field;
      this.starts[count] = groupCells.starts.get(cell);
      this.ends[count++] = groupCells.ends.get(cell);
    }
    this.count = count;
  }
}

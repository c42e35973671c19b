/**
 * The build kernel (`assembly/build.ts`): log groups become a term index and columns, without an object for a log or
 * a value. Its memory grows with the largest build and is used again by the next. One build at a time; what it
 * returns are views of that memory unless said otherwise, valid until the next `begin`.
 */
import { AppError } from '#base/app-error.ts';
import { assert, must } from '#base/assert.ts';
import type { BuildExports } from './build-exports.ts';
import { instantiateKernel } from './kernel-module.ts';
import { BUILD_BYTES_MIN, BUILD_RECORDS_MIN } from './limits.ts';
import { timeOrder } from './sort-rows.ts';
import type { TermIndex } from './term-index.ts';
import type { TermSink, Tokenizer } from './tokenizer.ts';

export type NumberType = 'long' | 'double';

/** A list of an index field's rows: those that have it, those where it is empty. Numbers of lists of the result. */
export interface FieldLists {
  readonly present: number;
  readonly empty: number;
}

export interface NumberColumn {
  readonly column: number;
  readonly type: NumberType;
}

/** What a JSON leaf adds: terms of a target (`textTarget`), or numbers of a column. */
export type LeafTarget = { readonly target: number } | NumberColumn | undefined;

export type GroupTags = readonly (readonly [name: string, value: string])[];

/** What the kernel asks about while it inverts. */
export interface BuildHost {
  /** `json`: as in `FieldTargets`; `path`: the names from the top of the value, with dots. */
  leaf(json: number, path: string): LeafTarget;
  /** NaN: not a number of that type. */
  number(type: NumberType, bytes: Uint8Array, start: number, end: number): number;
}

/** Where the values of a field go. */
export interface FieldTargets {
  /** Its name goes to the full text; so does its value. */
  readonly line: boolean;
  readonly lineValue: boolean;
  /** Target of its own terms; with `json` the one whose presence lists it feeds. */
  readonly own: number | undefined;
  readonly numeric: NumberColumn | undefined;
  /** Any number that the host knows the field by. */
  readonly json: number | undefined;
}

/** Numbers of one column; a row has at most one. */
export interface ColumnNumbers {
  /** Ascending. */
  readonly rows: Uint32Array;
  readonly values: Float64Array;
}

/** As `ColumnChunk` of `#parquet/column-chunk.ts`. The lists are copies; the arena is the kernel's memory. */
export interface FieldColumn {
  readonly rowCount: number;
  readonly present: Uint8Array | undefined;
  readonly valueCount: number;
  readonly ids: Uint32Array | undefined;
  readonly strings: {
    readonly arena: Uint8Array;
    readonly starts: Uint32Array;
    readonly ends: Uint32Array;
  };
}

const FLAG_LINE = 1;
const FLAG_LINE_VALUE = 2;
const FLAG_CASE_SENSITIVE = 1;
const FLAG_WIDE = 2;
const FLAG_CHN = 4;
const KINDS: Readonly<Record<NumberType, number>> = { long: 1, double: 2 };
const WORD = 4;
/** The decoder writes whole vectors. */
const LZ4_SLACK_BYTES = 32;
/** Bytes of an entry of `numbers` and of a column. */
const ENTRY_BYTES = 16;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

export class BuildKernel {
  readonly #kernel: BuildExports;
  #bytes: Uint8Array = new Uint8Array(0);
  #rawBytesMax: number = 0;
  #recordsMax: number = 0;
  #host: BuildHost | undefined;
  #tokenizers: Tokenizer[] = [];
  readonly #tokenizerNumbers: Map<string, number> = new Map();
  readonly #targets: Map<string, number> = new Map();
  #lists: FieldLists[] = [];
  readonly #sink: TermSink;
  readonly #mark: number;

  constructor() {
    this.#kernel = instantiateKernel({
      host: {
        hostClean: (start: number, end: number) => this.#clean(start >>> 0, end >>> 0),
        hostScan: (tokenizer: number, start: number, end: number) =>
          must(this.#tokenizers[tokenizer], 'the tokenizer is known').scan(
            this.#bytes,
            start >>> 0,
            end >>> 0,
            this.#sink,
          ),
        hostLeaf: (json: number, path: number, length: number) =>
          this.#leaf(json, path >>> 0, length),
        hostNumber: (kind: number, start: number, end: number) =>
          must(this.#host, 'a build has a host').number(
            kind === KINDS.long ? 'long' : 'double',
            this.#bytes,
            start >>> 0,
            end >>> 0,
          ),
      },
    }) as BuildExports;
    this.#mark = this.#kernel.heapMark();
    this.#sink = {
      term: (bytes, length) => {
        this.#bytes.set(bytes.subarray(0, length), this.#kernel.buildHostScratch() >>> 0);
        this.#kernel.buildHostTerm(length);
      },
    };
  }

  /** Bytes of memory, most of which are addresses only: pages that no build wrote to take nothing. */
  get memoryBytes(): number {
    return this.#kernel.memory.buffer.byteLength;
  }

  /** Bytes that the last build wrote to, by and large; they stay with the kernel. */
  get usedBytes(): number {
    return this.#kernel.buildUsedBytes();
  }

  /** Begins a build of so many records of so many raw bytes together. Errors: BuildTooLarge. */
  begin(rawBytes: number, recordCount: number, host: BuildHost): void {
    if (rawBytes > this.#rawBytesMax || recordCount > this.#recordsMax) {
      this.#rawBytesMax = Math.max(rawBytes, this.#rawBytesMax, BUILD_BYTES_MIN);
      this.#recordsMax = Math.max(recordCount, this.#recordsMax, BUILD_RECORDS_MIN);
      this.#kernel.release(this.#mark);
      const isReserved = this.#kernel.buildReserve(this.#rawBytesMax, this.#recordsMax);
      this.#bytes = new Uint8Array(this.#kernel.memory.buffer);
      if (isReserved === 0) {
        this.#rawBytesMax = 0;
        throw tooLarge();
      }
    }
    this.#host = host;
    this.#tokenizers = [];
    this.#tokenizerNumbers.clear();
    this.#targets.clear();
    this.#lists = [];
    this.#kernel.buildBegin(this.#recordsMax);
  }

  /**
   * Adds the logs of a group, with further tags. False: the group is malformed, or there is no room for it; the
   * build is over then.
   */
  addGroup(raw: Uint8Array, tags: GroupTags): boolean {
    return this.#addAt(this.#append(raw), raw.length, tags);
  }

  /** As `addGroup`, of an LZ4 block; undefined: it does not decode to so many bytes, and nothing is added. */
  addLz4Group(block: Uint8Array, rawBytes: number, tags: GroupTags): boolean | undefined {
    const at = this.#kernel.buildAppend(rawBytes) >>> 0;
    if (at === 0) return false;
    // The block lies behind its logs, and is overwritten by what comes next.
    const slack = this.#kernel.buildAppend(LZ4_SLACK_BYTES) >>> 0;
    const blockAt = slack === 0 ? 0 : this.#append(block);
    if (blockAt === 0) return false;
    if (this.#kernel.buildDecode(blockAt, block.length, at, rawBytes) === 0) return undefined;
    return this.#addAt(at, rawBytes, tags);
  }

  #addAt(at: number, length: number, tags: GroupTags): boolean {
    if (at === 0 || this.#kernel.buildMeta(at, length) === 0) return false;
    for (const [name, value] of tags) {
      const key = encoder.encode(name);
      const bytes = encoder.encode(value);
      const keyAt = this.#append(key);
      const valueAt = this.#append(bytes);
      if (keyAt === 0 || valueAt === 0) return false;
      if (this.#kernel.buildTag(keyAt, keyAt + key.length, valueAt, valueAt + bytes.length) === 0)
        return false;
    }
    return this.#kernel.buildLogs(at, length) !== 0;
  }

  get rowCount(): number {
    return this.#kernel.buildRowCount();
  }

  /** Times and nanosecond parts by order of arrival. */
  get arrivalTimes(): { readonly times: Uint32Array; readonly timeNs: Uint32Array } {
    const { rowCount } = this;
    return {
      times: this.#words(this.#kernel.buildRowTimes(), rowCount),
      timeNs: this.#words(this.#kernel.buildRowNs(), rowCount),
    };
  }

  /** Names by field number, of all groups so far. */
  fieldNames(): string[] {
    return Array.from({ length: this.#kernel.buildFieldCount() }, (_, field) => {
      const start = this.#kernel.buildFieldName(field) >>> 0;
      const end = start + this.#kernel.buildFieldNameBytes(field);
      return decoder.decode(this.#bytes.subarray(start, end));
    });
  }

  /** Whether any row has the field. */
  isUsed(field: number): boolean {
    return this.#kernel.buildFieldUsed(field) !== 0;
  }

  /** Whether log groups have the field, so that all of their rows do. After `invert`. */
  isOfGroups(field: number): boolean {
    return this.#kernel.buildGroupEntryCount(field) > 0;
  }

  /** The number of what cuts values into terms of an index field. Errors: BuildTooLarge. */
  textTarget(field: number, tokenizer: Tokenizer): number {
    const number = this.#tokenizerNumber(tokenizer);
    const key = `${field} ${number}`;
    const known = this.#targets.get(key);
    if (known !== undefined) return known;
    const { present, empty } = this.lists(field);
    const target = this.#kernel.buildTarget(field, number, present, empty);
    if (target < 0) throw tooLarge();
    this.#targets.set(key, target);
    return target;
  }

  /** The presence lists of an index field. */
  lists(field: number): FieldLists {
    let lists = this.#lists[field];
    if (lists === undefined) {
      lists = { present: this.#kernel.buildNewList(), empty: this.#kernel.buildNewList() };
      this.#lists[field] = lists;
    }
    return lists;
  }

  /** The target of the full text; before `setTargets`. */
  setLine(target: number): void {
    this.#kernel.buildLine(target);
  }

  setTargets(field: number, targets: FieldTargets): void {
    const { line, lineValue, own, numeric, json } = targets;
    const flags = (line ? FLAG_LINE : 0) | (lineValue ? FLAG_LINE_VALUE : 0);
    const ownNumber = own === undefined ? 0 : own + 1;
    const number = numeric === undefined ? 0 : numeric.column * 4 + KINDS[numeric.type];
    this.#kernel.buildPlan(field, flags, ownNumber, number, json === undefined ? 0 : json + 1);
  }

  /** Puts the rows in order of their times; returns arrival numbers by row, undefined when they are in order already. */
  sort(): Uint32Array | undefined {
    this.#kernel.buildPrepare();
    const { times, timeNs } = this.arrivalTimes;
    const order = timeOrder(times, timeNs);
    if (order !== undefined) this.#words(this.#kernel.buildArrivals(), order.length).set(order);
    return order;
  }

  /** Inverts the rows in the order of `sort`. Errors: BuildTooLarge. */
  invert(isReordered: boolean): void {
    if (this.#kernel.buildInvert(isReordered ? 1 : 0) === 0) throw tooLarge();
  }

  /** The term index; `fieldCount`: index fields. Errors: BuildTooLarge. */
  finish(fieldCount: number): TermIndex {
    if (this.#kernel.buildFinish(fieldCount) === 0) throw tooLarge();
    const part = (number: number): number => this.#kernel.buildResult(number) >>> 0;
    const list = (number: number, length: number): Uint32Array => this.#words(part(number), length);
    const termCount = part(0);
    const setCount = part(10);
    const offsets = list(2, termCount + 1);
    const rowStarts = list(6, termCount + 1);
    const setStarts = list(8, termCount + 1);
    const setRowStarts = list(11, setCount + 1);
    return {
      rowCount: this.rowCount,
      termCount,
      arena: this.#bytes.subarray(part(1), part(1) + offsets[termCount]!),
      offsets,
      fields: new Int32Array(this.#bytes.buffer, part(3), termCount),
      order: list(4, part(5)),
      rowStarts,
      rows: list(7, rowStarts[termCount]!),
      setStarts,
      sets: list(9, setStarts[termCount]!),
      setCount,
      setRowStarts,
      setRows: list(12, setRowStarts[setCount]!),
    };
  }

  /** The numbers of `columnCount` columns; copies. Of several numbers of a row the last counts. */
  numbers(columnCount: number): ColumnNumbers[] {
    const start = this.#kernel.buildResult(13) >>> 0;
    const count = ((this.#kernel.buildResult(14) >>> 0) - start) / ENTRY_BYTES;
    const words = this.#words(start, count * WORD);
    const values = new Float64Array(this.#bytes.buffer, start, count * 2);
    const sizes = new Uint32Array(columnCount);
    for (let i = 0; i < count; i++) sizes[words[i * WORD]!]!++;
    const columns = Array.from(sizes, (size) => ({
      rows: new Uint32Array(size),
      values: new Float64Array(size),
    }));
    const filled = new Uint32Array(columnCount);
    for (let i = 0; i < count; i++) {
      const number = words[i * WORD]!;
      const { rows, values: into } = columns[number]!;
      const row = words[i * WORD + 1]!;
      let place = filled[number]!;
      if (place > 0 && rows[place - 1] === row) place--;
      rows[place] = row;
      into[place] = values[i * 2 + 1]!;
      filled[number] = place + 1;
    }
    return columns.map(({ rows, values: into }, number) => ({
      rows: rows.subarray(0, filled[number]),
      values: into.subarray(0, filled[number]),
    }));
  }

  /** Where rows from `from` on end that are so many, or have so many bytes of values, at most. */
  rowsWithin(from: number, rowsMax: number, bytesMax: number): number {
    return this.#kernel.buildRowsWithin(from, rowsMax, bytesMax);
  }

  /** A field's values in rows [from, to), at most 2^17; undefined when no row has it. After `finish`. */
  column(field: number, from: number, to: number): FieldColumn | undefined {
    this.#kernel.buildColumn(field, from, to);
    const part = (number: number): number => this.#kernel.buildColumnPart(number) >>> 0;
    const valueCount = part(1);
    const rowCount = to - from;
    if (valueCount === 0) return undefined;
    const present =
      valueCount === rowCount
        ? undefined
        : this.#bytes.slice(part(0), part(0) + ((rowCount + 7) >>> 3));
    return {
      rowCount,
      present,
      valueCount,
      ids: part(2) === 0 ? undefined : this.#words(part(2), valueCount).slice(),
      strings: {
        arena: this.#bytes,
        starts: this.#words(part(4), part(3)).slice(),
        ends: this.#words(part(5), part(3)).slice(),
      },
    };
  }

  /** Calls for the value of each row of [from, to) that has the field; rows ascend. Offsets are into `arena`. */
  forEachValue(
    field: number,
    rows: { readonly from: number; readonly to: number },
    visit: (row: number, start: number, end: number) => void,
  ): void {
    const { from, to } = rows;
    if (this.#kernel.buildGroupEntryCount(field) > 0) {
      this.#visitColumn(this.column(field, from, to), from, visit);
      return;
    }
    const count = this.#kernel.buildEntryCount(field);
    const words = this.#words(this.#kernel.buildEntries(field), count * WORD);
    let low = 0;
    for (let high = count; low < high;) {
      const middle = (low + high) >>> 1;
      if (words[middle * WORD]! < from) low = middle + 1;
      else high = middle;
    }
    for (let at = low * WORD; at < words.length && words[at]! < to; at += WORD)
      visit(words[at]!, words[at + 1]!, words[at + 2]!);
  }

  /** What the offsets of values are in. */
  get arena(): Uint8Array {
    return this.#bytes;
  }

  #visitColumn(
    column: FieldColumn | undefined,
    from: number,
    visit: (row: number, start: number, end: number) => void,
  ): void {
    if (column === undefined) return;
    const { present, ids, strings } = column;
    let value = 0;
    for (let row = 0; row < column.rowCount; row++) {
      if (present !== undefined && (present[row >>> 3]! & (1 << (row & 7))) === 0) continue;
      const entry = ids === undefined ? value : ids[value]!;
      visit(from + row, strings.starts[entry]!, strings.ends[entry]!);
      value++;
    }
  }

  #tokenizerNumber(tokenizer: Tokenizer): number {
    const { token, caseSensitive, chn } = tokenizer.options;
    const delimiters = token.join('');
    const key = JSON.stringify([delimiters, caseSensitive, chn]);
    const known = this.#tokenizerNumbers.get(key);
    if (known !== undefined) return known;
    const classes = this.#kernel.buildTokenizerBegin() >>> 0;
    if (classes === 0) throw tooLarge();
    let flags = (caseSensitive ? FLAG_CASE_SENSITIVE : 0) | (chn ? FLAG_CHN : 0);
    for (const char of delimiters) {
      const codePoint = char.codePointAt(0) ?? 0;
      if (codePoint < 128) this.#bytes[classes + codePoint] = 1;
      else flags |= FLAG_WIDE;
    }
    const number = this.#kernel.buildTokenizerEnd(flags);
    assert(number === this.#tokenizers.length, 'tokenizers are numbered in order');
    this.#tokenizers.push(tokenizer);
    this.#tokenizerNumbers.set(key, number);
    return number;
  }

  #leaf(json: number, path: number, length: number): number {
    const text = decoder.decode(this.#bytes.subarray(path, path + length));
    const leaf = must(this.#host, 'a build has a host').leaf(json, text);
    if (leaf === undefined) return -1;
    return 'target' in leaf ? leaf.target * 4 : leaf.column * 4 + KINDS[leaf.type];
  }

  #clean(start: number, end: number): void {
    this.#append(encoder.encode(decoder.decode(this.#bytes.subarray(start, end))));
  }

  /** Address of a copy in the arena, 0 when it is full. */
  #append(bytes: Uint8Array): number {
    const at = this.#kernel.buildAppend(bytes.length) >>> 0;
    if (at !== 0) this.#bytes.set(bytes, at);
    return at;
  }

  #words(at: number, length: number): Uint32Array {
    return new Uint32Array(this.#bytes.buffer, at >>> 0, length);
  }
}

function tooLarge(): AppError {
  return new AppError('BuildTooLarge', 'too many bytes of logs for one segment');
}

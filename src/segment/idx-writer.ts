/** Makes the bytes of an `.idx` file (`idx-codec.ts`): of a build, or piece by piece for a merge. */
import { ByteWriter } from '#kernel/byte-writer.ts';
import { NO_FIELD, type TermIndex } from '#kernel/term-index.ts';
import {
  IdxFileWriter,
  LEVEL_NONE,
  SECTION_DIRECTORY,
  SECTION_INFO,
  SECTION_TIME_NS,
  SECTION_TIMES,
  writePacked,
  type IdxInfo,
} from './idx-codec.ts';
import {
  encodeDirectory,
  type SetBlock,
  type StoredNumericField,
  type StoredTextField,
} from './idx-directory.ts';
import { IdKey } from './id-key.ts';
import { IdCollector, IdListWriter } from './id-list.ts';
import type { IndexedField, NumericCells } from './index-lists.ts';
import {
  ID_ROWS_MAX,
  INLINE_SET_BYTES_MAX,
  REFERENCE_BLOCK_BYTES,
  SET_BLOCK_SETS,
} from './limits.ts';
import { ListBlockWriter } from './list-block.ts';
import { encodeNumbers } from './numeric-codec.ts';
import { PostingStore, type NumberList } from './posting-store.ts';
import type { SegmentStorage } from './segment-builder.ts';
import { DictionaryWriter, type ByteRange } from './term-dictionary.ts';
import { encodeTimeNs, encodeTimes } from './time-codec.ts';

const encoder = new TextEncoder();

/** zstd level of dictionary blocks: higher ones save little of what is left after front coding. */
const BLOCK_LEVEL = 1;
const DIRECTORY_LEVEL = 3;

const NO_NUMBERS: NumberList = { items: new Uint32Array(0), start: 0, end: 0 };

/** The lists of rows, own and by term sets, of a term or a field. */
export interface TermLists {
  readonly rows: NumberList;
  readonly sets: NumberList;
}

export interface IdxWriterOptions {
  readonly rowCount: number;
  readonly setCount: number;
  /** Of `local` ones nothing is compressed. */
  readonly storage: SegmentStorage;
}

/**
 * Takes the parts of one index in this order: all term sets; for each text field its terms in order of their bytes,
 * its ids, then the field; numeric columns; the end. Lists are ascending and only read during the call.
 */
export class IdxWriter {
  readonly #file: IdxFileWriter = new IdxFileWriter();
  readonly #rowCount: number;
  readonly #setLists: ListBlockWriter;
  readonly #fieldLists: ListBlockWriter;
  readonly #numericLists: TermLists[] = [];
  readonly #dictionary: DictionaryWriter;
  readonly #ids: IdListWriter;
  readonly #setBlocks: SetBlock[] = [];
  readonly #textFields: StoredTextField[] = [];
  readonly #numericFields: StoredNumericField[] = [];
  readonly #scratch: ByteWriter = new ByteWriter(1 << 16);
  readonly #blockLevel: number;
  readonly #directoryLevel: number;

  constructor(options: IdxWriterOptions) {
    const { rowCount, setCount, storage } = options;
    this.#blockLevel = storage === 'local' ? LEVEL_NONE : BLOCK_LEVEL;
    this.#directoryLevel = storage === 'local' ? LEVEL_NONE : DIRECTORY_LEVEL;
    this.#rowCount = rowCount;
    const rowLists = new PostingStore(this.#file, rowCount);
    const setNumbers = new PostingStore(this.#file, setCount);
    const rowsOfSets = new PostingStore(this.#file, rowCount, INLINE_SET_BYTES_MAX);
    this.#setLists = new ListBlockWriter(rowsOfSets, setNumbers);
    this.#fieldLists = new ListBlockWriter(rowLists, setNumbers);
    const termLists = new ListBlockWriter(rowLists, setNumbers);
    this.#dictionary = new DictionaryWriter(this.#file, termLists, this.#blockLevel);
    this.#ids = new IdListWriter(this.#file);
  }

  /** The rows of the next term set. */
  addSet(rows: NumberList): void {
    this.#setLists.add(rows, NO_NUMBERS);
    const { entryCount, refBytes } = this.#setLists;
    if (entryCount >= SET_BLOCK_SETS || refBytes >= REFERENCE_BLOCK_BYTES) this.#closeSets();
  }

  /** The next pieces of the file that are complete, the caller's own. */
  takeFull(): readonly Uint8Array[] {
    return this.#file.takeFull();
  }

  addTerm(term: ByteRange, rows: NumberList, sets: NumberList): void {
    this.#dictionary.add(term, rows, sets);
  }

  /** A term that only this row has. */
  addRowTerm(term: ByteRange, row: number): void {
    this.#dictionary.addRow(term, row);
  }

  /** The id list of the field; its keys must come in ascending order, each once. */
  get ids(): IdListWriter {
    return this.#ids;
  }

  /** Ends the text field whose terms and ids were added. */
  addTextField(
    field: Pick<StoredTextField, 'name' | 'hasTerms' | 'hasUpperIds'>,
    present: TermLists,
    empty: TermLists,
  ): void {
    const { name, hasTerms, hasUpperIds } = field;
    const blocks = this.#dictionary.finish();
    const idBlocks = this.#ids.finish();
    this.#textFields.push({ name, hasTerms, hasUpperIds, blocks, idBlocks });
    for (const { rows, sets } of [present, empty]) this.#fieldLists.add(rows, sets);
  }

  addNumericField(name: string, rows: Uint32Array, values: Float64Array): void {
    const place = this.#file.block(encodeNumbers(values, this.#directoryLevel));
    this.#numericFields.push({ name, place });
    const list = { items: rows, start: 0, end: rows.length };
    this.#numericLists.push({ rows: list, sets: NO_NUMBERS });
  }

  /** `times` and `timeNs`: by row. The pieces of the file that were not taken; the writer must not be used again. */
  finish(
    info: IdxInfo,
    times: Uint32Array,
    timeNs: Uint32Array | undefined,
  ): readonly Uint8Array[] {
    if (this.#setLists.entryCount > 0) this.#closeSets();
    for (const { rows, sets } of this.#numericLists) this.#fieldLists.add(rows, sets);
    const fieldLists = new ByteWriter(4096);
    this.#fieldLists.finish(undefined, this.#directoryLevel, fieldLists);
    const directory = encodeDirectory({
      rowCount: this.#rowCount,
      setBlocks: this.#setBlocks,
      textFields: this.#textFields,
      numericFields: this.#numericFields,
      fieldLists: fieldLists.view(),
    });
    const parts =
      timeNs === undefined ? undefined : encodeTimeNs(times, timeNs, this.#directoryLevel);
    if (parts !== undefined) this.#file.section(SECTION_TIME_NS, parts);
    this.#file.section(SECTION_TIMES, encodeTimes(times, this.#directoryLevel));
    this.#section(SECTION_DIRECTORY, directory);
    this.#section(SECTION_INFO, encoder.encode(JSON.stringify(info)));
    return this.#file.finish();
  }

  #section(kind: number, content: Uint8Array): void {
    this.#scratch.clear();
    writePacked(content, this.#directoryLevel, this.#scratch);
    this.#file.section(kind, this.#scratch.view());
  }

  #closeSets(): void {
    const setCount = this.#setLists.entryCount;
    this.#scratch.clear();
    this.#setLists.finish(undefined, this.#blockLevel, this.#scratch);
    this.#setBlocks.push({ setCount, place: this.#file.block(this.#scratch.view()) });
  }
}

/** All that an index file holds. */
export interface IdxContent {
  readonly terms: TermIndex;
  /** By field number of `terms`; their lists are numbers in `terms` too. */
  readonly textFields: readonly IndexedField[];
  readonly numericFields: readonly NumericCells[];
  /** Unix seconds by row, ascending. */
  readonly times: Uint32Array;
  /** Nanosecond parts by row; undefined: all are 0. */
  readonly timeNs?: Uint32Array | undefined;
  readonly info: IdxInfo;
  readonly storage: SegmentStorage;
}

/** The pieces of the file in their order. */
export function encodeIdx(content: IdxContent): readonly Uint8Array[] {
  const { terms, times, storage } = content;
  const { setCount } = terms;
  const writer = new IdxWriter({ rowCount: times.length, setCount, storage });
  const rows = { items: terms.setRows, start: 0, end: 0 };
  for (let set = 0; set < terms.setCount; set++) {
    rows.start = terms.setRowStarts[set]!;
    rows.end = terms.setRowStarts[set + 1]!;
    writer.addSet(rows);
  }
  const text = new TextFields(terms, writer);
  for (const [number, field] of content.textFields.entries()) {
    const hasUpperIds = text.addTerms(number);
    const { name, hasTerms, presentList, emptyList } = field;
    const present = listsOf(terms, presentList);
    writer.addTextField({ name, hasTerms, hasUpperIds }, present, listsOf(terms, emptyList));
  }
  for (const { field, rows: cells, values } of content.numericFields)
    writer.addNumericField(field, cells, values);
  return writer.finish(content.info, times, content.timeNs);
}

/** Gives the terms of one field after the other to the writer. */
class TextFields {
  readonly #terms: TermIndex;
  readonly #writer: IdxWriter;
  readonly #ids: IdCollector = new IdCollector();
  readonly #key: IdKey = new IdKey();
  #at: number = 0;

  constructor(terms: TermIndex, writer: IdxWriter) {
    this.#terms = terms;
    this.#writer = writer;
  }

  /** The next field in their order; whether an id in its list has a letter in upper case. */
  addTerms(field: number): boolean {
    const terms = this.#terms;
    const { order, fields, offsets, rowStarts, setStarts } = terms;
    const term = { arena: terms.arena, start: 0, end: 0 };
    const rows = { items: terms.rows, start: 0, end: 0 };
    const sets = { items: terms.sets, start: 0, end: 0 };
    let hasUpper = false;
    for (; this.#at < order.length && fields[order[this.#at]!] === field; this.#at++) {
      const id = order[this.#at]!;
      term.start = offsets[id]!;
      term.end = offsets[id + 1]!;
      rows.start = rowStarts[id]!;
      rows.end = rowStarts[id + 1]!;
      sets.start = setStarts[id]!;
      sets.end = setStarts[id + 1]!;
      if (this.#isId(term, rows, sets)) hasUpper ||= this.#key.hasUpper;
      else this.#writer.addTerm(term, rows, sets);
    }
    this.#ids.writeTo(this.#writer.ids);
    return hasUpper;
  }

  /** Whether the term belongs to the id list, where it is then put. */
  #isId(term: ByteRange, rows: NumberList, sets: NumberList): boolean {
    const rowCount = rows.end - rows.start;
    if (sets.end > sets.start || rowCount === 0 || rowCount > ID_ROWS_MAX) return false;
    if (!this.#key.read(term.arena, term.start, term.end)) return false;
    this.#ids.add(this.#key.prefix, this.#key.hash, rows);
    return true;
  }
}

function listsOf(terms: TermIndex, list: number): TermLists {
  if (list === NO_FIELD) return { rows: NO_NUMBERS, sets: NO_NUMBERS };
  return {
    rows: { items: terms.rows, start: terms.rowStarts[list]!, end: terms.rowStarts[list + 1]! },
    sets: { items: terms.sets, start: terms.setStarts[list]!, end: terms.setStarts[list + 1]! },
  };
}

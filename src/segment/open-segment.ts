/** Reading the index of one segment (`idx-codec.ts` has the format). */
import { AppError } from '#base/app-error.ts';
import { Bitset } from '#kernel/bitset.ts';
import type { ByteSource } from '#parquet/byte-source.ts';
import type { IndexConfig } from '#protocol/index-config.ts';
import type { BlockStore } from './block-cache.ts';
import { emptyRows } from './empty-rows.ts';
import { IdxBlocks, type IdxSource } from './idx-blocks.ts';
import { damaged, guarded } from './idx-codec.ts';
import { IdKey } from './id-key.ts';
import { findKey, type IdBlock } from './id-list.ts';
import type { IdxDirectory, NumericField, TextField } from './idx-directory.ts';
import { entryAt, type EntryRefs, type ListBlock } from './list-block.ts';
import { matchIds, mayHaveIds, type IdSource } from './match-ids.ts';
import { decodeNumbers } from './numeric-codec.ts';
import { readDirectory, type OpenDirectory } from './open-directory.ts';
import type { LogRow } from './log-row.ts';
import type { ReadCounts } from './read-counts.ts';
import { findRows, readRows, type RowSource } from './read-rows.ts';
import type {
  MatchingRows,
  NumericColumn,
  SegmentColumn,
  SegmentInfo,
  SegmentReader,
  TermPattern,
} from './segment.ts';
import { compareBytes, EntryCursor, findEntry, findPrefix } from './term-dictionary.ts';
import { decodeTimeNs, decodeTimes } from './time-codec.ts';

export interface OpenSegmentOptions {
  readonly info: SegmentInfo;
  readonly idx: IdxSource;
  readonly parquetPath: string;
  /** The bytes of the Parquet file. */
  readonly parquet: ByteSource;
  readonly cache: BlockStore;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** About the memory of the info (configuration, names of columns) against its JSON. */
const INFO_MEMORY_FACTOR = 3;

/**
 * Opens a segment with one read of its index (two when its directory is large). Errors: SegmentDamaged,
 * SegmentVersionUnknown, and those of the source. Nothing has to be closed: the source stays the caller's.
 */
export async function openSegment(options: OpenSegmentOptions): Promise<SegmentReader> {
  const directory = await guarded('directory', () => readDirectory(options.idx));
  const { segment } = directory.info;
  if (segment.id !== options.info.id || segment.rowCount !== options.info.rowCount)
    throw damaged('directory: it belongs to another segment');
  return new IndexReader(options, directory);
}

class IndexReader implements SegmentReader {
  readonly info: SegmentInfo;
  readonly indexConfig: IndexConfig;
  readonly columns: readonly SegmentColumn[];
  readonly restFields: readonly string[] | undefined;
  readonly textFields: readonly string[];
  readonly numericFields: readonly string[];
  readonly parquetPath: string;
  readonly sizeBytes: number;
  readonly #rows: RowSource;
  readonly #cache: BlockStore;
  readonly #places: OpenDirectory;
  readonly #directory: IdxDirectory;
  readonly #blocks: IdxBlocks;
  readonly #idSource: IdSource;
  readonly #options: OpenSegmentOptions;
  readonly #counts: ReadCounts | undefined;

  constructor(options: OpenSegmentOptions, opened: OpenDirectory, counts?: ReadCounts) {
    this.#options = options;
    this.#counts = counts;
    const { info, directory } = opened;
    this.info = options.info;
    this.indexConfig = info.indexConfig;
    this.columns = info.columns;
    this.restFields = info.restFields ?? undefined;
    const text = [...directory.textFields];
    this.textFields = text.filter(([, field]) => field.hasTerms).map(([name]) => name);
    this.numericFields = [...directory.numericFields.keys()];
    this.parquetPath = options.parquetPath;
    this.sizeBytes = directory.sizeBytes + INFO_MEMORY_FACTOR * JSON.stringify(info).length;
    this.#rows = {
      parquet: { source: options.parquet, cache: options.cache, cacheKey: info.segment.id },
      columns: info.columns,
      rowCount: info.segment.rowCount,
      times: () => this.times(),
      timeNs: () => this.timeNs(),
    };
    this.#cache = options.cache;
    this.#places = opened;
    this.#directory = directory;
    this.#blocks = new IdxBlocks(options, directory);
    const rows = this.#rows;
    this.#idSource = {
      directory,
      blocks: this.#blocks,
      indexConfig: this.indexConfig,
      logs: (numbers, texts) => {
        const columns = rows.columns.filter(({ field }) => texts.isFedBy(field));
        return readRows({ ...rows, columns }, numbers);
      },
    };
  }

  counted(counts: ReadCounts): SegmentReader {
    const { cache, idx, parquet } = this.#options;
    const options = {
      ...this.#options,
      cache: counts.cache(cache),
      idx: counts.source(idx, 'indexBytes'),
      parquet: counts.source(parquet, 'rowBytes'),
    };
    return new IndexReader(options, this.#places, counts);
  }

  async logs(
    rows: readonly number[],
    isNeeded?: (field: string) => boolean,
  ): Promise<readonly LogRow[]> {
    if (this.#counts !== undefined) this.#counts.fetchedRows += rows.length;
    if (isNeeded === undefined) return readRows(this.#rows, rows);
    const columns = this.columns.filter(({ field }) => isNeeded(field));
    return readRows({ ...this.#rows, columns }, rows);
  }

  async rowsWhere(field: string, test: (text: string) => boolean): Promise<Bitset> {
    return findRows(this.#rows, field, test);
  }

  async term(field: string, term: string): Promise<Bitset | undefined> {
    return this.termIn([field], term);
  }

  async termIn(fields: readonly string[], term: string): Promise<Bitset | undefined> {
    return guarded('dictionary', async () => {
      const found: TextField[] = [];
      for (const name of fields) {
        const field = this.#directory.textFields.get(name);
        if (field !== undefined) found.push(field);
      }
      if (this.#counts !== undefined) this.#counts.termLookups += found.length;
      const bytes = encoder.encode(term);
      const [entries, idRows] = await Promise.all([
        this.#entriesOf(found, bytes),
        this.#idRows(found, bytes),
      ]);
      if (entries.length === 0) {
        if (idRows !== undefined) this.#counts?.addLists(1, idRows);
        return idRows;
      }
      const rows = await this.#blocks.rows(entries);
      if (idRows !== undefined) rows.or(idRows);
      this.#counts?.addLists(entries.length, rows);
      return rows;
    });
  }

  async termsMatching(name: string, pattern: TermPattern, termsMax: number): Promise<MatchingRows> {
    return guarded('dictionary', async () => {
      const field = this.#directory.textFields.get(name);
      const none = { rows: emptyRows(this.info.rowCount), truncated: false, isEmpty: true };
      if (field === undefined) return none;
      if (this.#counts !== undefined) this.#counts.termLookups++;
      const { entries, truncated } = await this.#matching(field, pattern, termsMax);
      const hasIds = !truncated && mayHaveIds(field, pattern);
      // Most patterns are asked of many fields and found in few: a set for each would cost more than the rest.
      if (entries.length === 0 && !truncated && !hasIds) return none;
      const rows = await this.#blocks.rows(entries);
      this.#counts?.addLists(entries.length, rows);
      if (!hasIds) return { rows, truncated, isEmpty: false };
      const idsMax = termsMax - entries.length;
      const ids = await matchIds(this.#idSource, { name, field, pattern, termsMax: idsMax });
      return { rows: rows.or(ids.rows), truncated: ids.truncated, isEmpty: false };
    });
  }

  async present(field: string): Promise<Bitset> {
    return this.#fieldList(this.#directory.textFields.get(field)?.presentEntry);
  }

  async empty(field: string): Promise<Bitset> {
    const found = this.#directory.textFields.get(field);
    return this.#fieldList(found === undefined ? undefined : found.presentEntry + 1);
  }

  async numeric(field: string): Promise<NumericColumn | undefined> {
    const found = this.#directory.numericFields.get(field);
    if (found === undefined) return undefined;
    const column = await this.#cache.get(`${this.info.id}:n${found.place.offset}`, () =>
      guarded('numeric column', () => this.#loadNumeric(found)),
    );
    // Sets are combined in place, so callers get their own.
    return { valid: column.valid.clone(), values: column.values };
  }

  async times(): Promise<Uint32Array> {
    return this.#cache.get(`${this.info.id}:times`, () =>
      guarded('time column', async () => {
        const bytes = await this.#blocks.read(this.#places.times);
        const value = decodeTimes(bytes, this.info.rowCount);
        return { value, sizeBytes: value.byteLength };
      }),
    );
  }

  async timeNs(): Promise<Uint32Array | undefined> {
    const place = this.#places.timeNs;
    if (place === undefined) return undefined;
    const times = await this.times();
    return this.#cache.get(`${this.info.id}:ns`, () =>
      guarded('nanosecond parts', async () => {
        const value = decodeTimeNs(await this.#blocks.read(place), times);
        return { value, sizeBytes: value.byteLength };
      }),
    );
  }

  async #fieldList(entry: number | undefined): Promise<Bitset> {
    if (entry === undefined) return new Bitset(this.info.rowCount);
    return guarded('presence list', async () => {
      const rows = await this.#blocks.rows([entryAt(this.#directory.fieldLists, entry)]);
      this.#counts?.addLists(1, rows);
      return rows;
    });
  }

  /** What the dictionaries of the fields have of the term. */
  async #entriesOf(fields: readonly TextField[], term: Uint8Array): Promise<readonly EntryRefs[]> {
    const loads: Promise<ListBlock>[] = [];
    for (const field of fields) {
      const number = this.#directory.findBlock(field, term);
      if (number >= 0) loads.push(this.#blocks.dictionary(number));
    }
    const entries: EntryRefs[] = [];
    for (const block of await Promise.all(loads)) {
      const entry = findEntry(block, term);
      if (entry >= 0) entries.push(entryAt(block, entry));
    }
    return entries;
  }

  /** Rows of the id lists of the fields that have the term; undefined: none has. */
  async #idRows(fields: readonly TextField[], term: Uint8Array): Promise<Bitset | undefined> {
    const key = new IdKey();
    if (!key.read(term, 0, term.length)) return undefined;
    const { prefix, hash } = key;
    const loads: Promise<IdBlock>[] = [];
    for (const field of fields) {
      const number = this.#directory.findIdBlock(field, prefix, hash);
      if (number >= 0) loads.push(this.#blocks.ids(number));
    }
    let rows: Bitset | undefined;
    for (const block of await Promise.all(loads)) {
      const at = findKey(block, prefix, hash);
      if (at < 0) continue;
      rows ??= new Bitset(this.info.rowCount);
      for (let i = block.rowStarts[at]!; i < block.rowStarts[at + 1]!; i++)
        rows.add(block.rows[i]!);
    }
    return rows;
  }

  async #matching(
    field: TextField,
    pattern: TermPattern,
    termsMax: number,
  ): Promise<{ readonly entries: readonly EntryRefs[]; readonly truncated: boolean }> {
    const entries: EntryRefs[] = [];
    const prefix = encoder.encode(pattern.prefix);
    const first = Math.max(field.blockStart, this.#directory.findBlock(field, prefix));
    for (let number = first; number < field.blockEnd; number++) {
      const block = await this.#blocks.dictionary(number);
      const found = findPrefix(block, prefix);
      if (found === 'before') return { entries, truncated: false };
      if (found === 'after') continue;
      const cursor = new EntryCursor(block);
      while (cursor.next()) {
        const { bytes, length } = cursor.term;
        if (compareBytes(bytes, prefix, Math.min(length, prefix.length)) < 0) continue;
        const term = bytes.subarray(0, length);
        if (!prefix.every((byte, at) => term[at] === byte)) return { entries, truncated: false };
        if (!pattern.matches(decoder.decode(term))) continue;
        if (entries.length === termsMax) return { entries, truncated: true };
        const { rows, sets } = cursor.lists;
        entries.push({ block, rows: rows.copy(), sets: sets.copy() });
      }
    }
    return { entries, truncated: false };
  }

  async #loadNumeric(
    field: NumericField,
  ): Promise<{ readonly value: NumericColumn; readonly sizeBytes: number }> {
    const valid = await this.#blocks.rows([entryAt(this.#directory.fieldLists, field.rowsEntry)]);
    const stored = decodeNumbers(await this.#blocks.read(field.place), valid.count());
    const values = new Float64Array(this.info.rowCount);
    let next = 0;
    valid.forEach((row) => {
      values[row] = stored[next++]!;
    });
    return { value: { valid, values }, sizeBytes: values.byteLength + valid.words.byteLength };
  }
}

/** Errors that mean that the segment's files must be fetched or built again. */
export function isSegmentDamage(error: unknown): boolean {
  return error instanceof AppError && error.code === 'SegmentDamaged';
}
